// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Where a server is, as users write it: SCHEME://HOST[:PORT][?KEY=VALUE&...]. Pure.
//
//   bolt, neo4j          without TLS
//   bolt+s, neo4j+s      TLS; the certificate and the name are verified
//   bolt+ssc, neo4j+ssc  TLS; any certificate is taken: against listening, not against an impostor
//
// bolt is one server; neo4j asks the server for a routing table. The query is the routing context, for neo4j schemes only.

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/value.h"

#define BOLT_PORT 7687

struct bolt_uri {
	bool routing;	 // neo4j
	bool encrypted;	 // +s, +ssc
	bool unverified; // +ssc
	const char *host; // without the brackets of an IPv6 address
	uint16_t port;
	struct bolt_value context; // a map of strings
};

// ERR_INVALID, with a text that says what is wrong. A user or a password in it is refused (and not repeated in the text).
int bolt_uri_parse(const char *text, struct arena *arena, struct bolt_uri *ret, struct err *err);
