// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Certificates made in a test, by OpenSSL.

#include <stdbool.h>

#include "base/arena.h"

struct certificate {
	const char *certificate_pem;
	const char *key_pem;
};

struct certificate_request {
	const char *name;	      // the subject's
	const char *alternative;      // "DNS:n-client" or "IP:127.0.0.1"; NULL: none
	const struct certificate *ca; // who signs; NULL: itself
	bool is_ca;
	bool expired;
};

struct certificate certificate_make(const struct certificate_request *request, struct arena *arena);
