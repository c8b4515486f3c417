// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which settings a user may write, and how. Pure.

#include <stdbool.h>

#include "base/err.h"
#include "neo4j/conf_setting.h"
#include "neo4j/version.h"

// ERR_INVALID with the setting's field and the cure: a name or a value that would not stay one line, a setting that belongs to the operator, or
// a value that a server of this version refuses.
int conf_check_setting(const struct conf_setting *setting, bool cluster, const struct version *version, struct err *err);

// Settings whose value is a set: the items of all parties are joined.
bool conf_is_list(const char *name);

// Settings that count at the first start only: they may change without a restart.
bool conf_is_initial(const char *name);

// Whether an environment variable must not replace this setting: the entrypoint would lose what others put into it, or the operator sets or
// reads it. Then a variable whose value we cannot see is not allowed. ret_cure is static text.
bool conf_is_reserved(const char *setting, bool cluster, const char **ret_cure);
