// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/cluster/stall.h"

#include "operator/object/reason.h"

bool stall_lasts(struct stall *stall, enum reason reason, bool told, int64_t now_ms, int64_t *ret_left_ms)
{
	int64_t left;

	*ret_left_ms = 0;
	if (!reason || stall->reason != reason) {
		stall->reason = reason;
		stall->since_ms = told ? now_ms - STALL_AFTER_MS : now_ms;
	}
	if (!reason)
		return false;
	left = stall->since_ms + STALL_AFTER_MS - now_ms;
	if (left > 0)
		*ret_left_ms = left;
	return left <= 0;
}
