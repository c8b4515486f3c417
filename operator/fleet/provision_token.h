// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The steps to the token of a deployment in Aura (F4).

#include <stdbool.h>

#include "base/err.h"
#include "operator/fleet/provision_work.h"

// Before the first call: without the right to keep a token none must be made. False: the error is ERR_CONFLICT, or 0 and the result tells.
bool provision_may_keep_token(struct provision_work *work, struct err *err);

// Writes down that a token is about to be made.
int provision_intend(struct provision_work *work, struct err *err);

// Has a token made, and writes it into the Secret as it was read. mark: provision_token_mark(). ERR_CONFLICT: the resource or the Secret has
// changed since; a token that was made in vain ends when the next one is made.
int provision_mint(struct provision_work *work, const char *mark, struct err *err);

// An unknown deployment and a refused client have the same answer: the list tells which it is.
int provision_confirm(struct provision_work *work, struct err *err);
