// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The one place where this library sleeps: until a descriptor is ready, the deadline passes or somebody cancels.

#include <stddef.h>
#include <stdint.h>

#include <poll.h>

#include "base/err.h"
#include "bolt/cancel.h"

#define WAIT_ITEMS_MAX 16

struct wait {
	int64_t deadline; // base/clock.h
	const struct bolt_cancel *cancel; // NULL: none
	const char *doing; // for the error: "no answer in time while reading"
};

// 1: at least one of the items is ready, as poll() says in them. ERR_TIMEOUT, ERR_CANCELLED. n at most WAIT_ITEMS_MAX.
int wait_for(const struct wait *wait, struct pollfd *items, size_t n, struct err *err);
