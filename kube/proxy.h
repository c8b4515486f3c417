// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which proxy leads to a server, by the rules that kubectl has from Go. Pure. Source: golang.org/x/net/http/httpproxy.

#include <stdbool.h>

#include "base/arena.h"

// As the variables of the environment say it; NULL: not set.
struct proxy_environment {
	const char *http, *https; // HTTP_PROXY, HTTPS_PROXY
	const char *none;	  // NO_PROXY: addresses, networks (10.0.0.0/8), names with all below them, each with an optional port
};

// In capitals or small letters, which come second.
struct proxy_environment proxy_environment(void);

// The proxy to reach the server (an http:// or https:// URL) by, in the arena; NULL: none. This machine itself is never reached by one.
const char *proxy_choose(const struct proxy_environment *environment, const char *server, struct arena *arena);

// Whether a text is the URL of a proxy that can be used: http://, https:// or socks5:// and a host.
bool proxy_is_valid(const char *url);
