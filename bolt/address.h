// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Where a server listens, as routers, resolvers and pools name it. Plain data.

#include <stddef.h>
#include <stdint.h>

struct bolt_address {
	const char *host; // a name or an IP address, without brackets
	uint16_t port;
	const char *name; // what its certificate must be for; NULL: the host, or what the options say
};

struct bolt_addresses {
	struct bolt_address *items; // in an arena, as are the hosts
	size_t n;
};
