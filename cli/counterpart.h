// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the Go operator of the same group (v1alpha1 and v1beta1) has and this one lacks, and what to do instead. Tables.

struct counterpart {
	const char *pointer; // of the field, as a JSON pointer
	const char *usual;   // a JSON list of values that are the default here anyway; of objects, what they may say; NULL: none
	const char *instead; // what to do; NAME stands for the deployment's name
};

extern const struct counterpart counterparts_of_dbms[], counterparts_of_plugin[]; // ended with a NULL pointer

// What to do instead of a kind that this operator lacks; never NULL.
const char *counterpart_of_kind(const char *kind);
