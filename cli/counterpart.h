// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Kinds of the Go operator of the same group (v1alpha1 and v1beta1) that this one lacks. A table. The fields are in the schemas
// (deploy/crds/go_operator.py).

// What to do instead of a kind that this operator lacks; never NULL.
const char *counterpart_of_kind(const char *kind);
