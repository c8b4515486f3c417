// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A server's address as routers, resolvers and pools name it. Plain data.

#include <stddef.h>
#include <stdint.h>

struct bolt_address {
	const char *host; // a name or an IP address, without brackets
	uint16_t port;
	const char *name; // the name that its certificate must have; NULL: the host, or the options' name
};

struct bolt_addresses {
	struct bolt_address *items; // in an arena, as are the hosts
	size_t n;
};
