// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The TLS Secret of a deployment (kubernetes.io/tls: tls.crt, tls.key, optional ca.crt): what the operator trusts when it dials a server, and
// whether the servers can use it at all. The private key is only compared with the certificate, never kept. Pure.

#include <stdbool.h>
#include <stdint.h>

#include <yyjson.h>

#include "base/arena.h"

#define TLS_SECRET_PIN_SIZE 65 // sha256 in hex

struct tls_secret {
	const char *chain; // tls.crt, PEM: the server's certificate first
	const char *trust; // ca.crt, PEM; without it the server's own certificate, since no other of the chain signs for others
	const char *mark;  // changes with tls.crt: the pin of the server's certificate, then a digest of the rest, if any
	int64_t turns_ms;  // wall clock, when the verdict changes by itself; 0: never
};

// Reads a Secret object. Returns true when it is usable; else ret_problem says what is wrong with which key. It sets turns_ms either way.
bool tls_secret_read(yyjson_val *secret, int64_t now_ms, struct arena *arena, struct tls_secret *ret,
		     const char **ret_problem);

// Whether the certificate's subject alternative names cover a host.
bool tls_secret_covers(const struct tls_secret *certificate, const char *host);

// The pin at the start of a mark, as bolt_target.pinned takes it; false when the text is no mark.
bool tls_secret_pin_of(const char *mark, char pin[TLS_SECRET_PIN_SIZE]);
