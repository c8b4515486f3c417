// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which servers of a cluster have lost their volumes, as long as they cannot tell it themselves. status.servers has the volume that each server was
// on when the servers last answered; a claim that is bound to another one, or is gone, tells the loss. Only words come of it: nothing is deleted
// for them, and nothing is kept for want of them. Pure.

#include <stdbool.h>
#include <stddef.h>

#include <yyjson.h>

#include "base/arena.h"

struct deployment;

struct volume_loss {
	const char *words; // for the status, with what to do where only a person can; NULL: no loss is known
	bool majority;	   // more than the cluster can make up for
};

// servers: status.servers as it was before this pass; NULL: none.
void volume_loss_judge(yyjson_val *servers, const struct deployment *deployment, struct arena *arena, struct volume_loss *ret);
