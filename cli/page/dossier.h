// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// All that a deployment's own page shows: the portrait, all conditions, the way into Fleet Management, what the user may do with it, and the
// YAML.

#include "base/buf.h"
#include "cli/page/view.h"

// Appends it as a JSON text.
int dossier_write(const struct view *view, struct buf *out, struct err *err);
