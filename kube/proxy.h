// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which proxy leads to a server, by the rules that kubectl inherits from Go. Pure. Source: golang.org/x/net/http/httpproxy.

#include <stdbool.h>

#include "base/arena.h"

// The variables of the environment; NULL: not set.
struct proxy_environment {
	const char *http, *https; // HTTP_PROXY, HTTPS_PROXY
	const char *none;	  // NO_PROXY: addresses, networks (10.0.0.0/8), names with all names below them, each with an optional port
};

// Reads the variables in capitals; those in small letters come second.
struct proxy_environment proxy_environment(void);

// The proxy for the server (an http:// or https:// URL), in the arena; NULL: none. This machine itself never needs one.
const char *proxy_choose(const struct proxy_environment *environment, const char *server, struct arena *arena);

// Whether a text is the URL of a usable proxy: http://, https:// or socks5:// and a host.
bool proxy_is_valid(const char *url);
