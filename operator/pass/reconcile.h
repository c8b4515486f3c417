// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The reconciler: a key in, an outcome out. It is level-triggered: whatever happened, it looks at the present state and goes one step towards
// the wanted one. user is a struct context.

#include "kube/runner.h"
#include "operator/context.h"
#include "operator/object/key.h"
#include "operator/pass/memory.h"

int reconcile(void *user, const char *key, struct outcome *ret, struct err *err);

// For a cluster or a standalone.
int reconcile_dbms(const struct context *context, const struct key *key, struct memory *memory, struct outcome *ret,
		   struct err *err);

int reconcile_plugin(const struct context *context, const struct key *key, struct memory *memory, struct outcome *ret,
		     struct err *err);
