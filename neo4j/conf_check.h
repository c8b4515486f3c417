// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which settings a user may write, and how. Pure.

#include <stdbool.h>

#include "base/err.h"
#include "neo4j/conf.h"

// ERR_INVALID with the setting's field and the cure: a name or a value that would not stay one line of its own, or a setting
// that is the operator's.
int conf_check_setting(const struct conf_setting *setting, bool cluster, struct err *err);

// Settings whose value is a set: what several parties put in is joined.
bool conf_is_list(const char *name);

// Settings that count at the first start only: they may change without a restart.
bool conf_is_initial(const char *name);
