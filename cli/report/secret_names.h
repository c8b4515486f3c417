// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which Secrets a spec names: in its own fields, and in those of Kubernetes in a pod's template. Pure.

#include <stdbool.h>
#include <stddef.h>

#include <yyjson.h>

#define SECRET_NAMES_MAX 64

struct secret_names {
	const char *names[SECRET_NAMES_MAX]; // each once; they live as long as the spec
	size_t n;
	bool more; // there are more names, or deeper ones
};

void secret_names_collect(yyjson_val *spec, struct secret_names *ret);
