// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Where a server is, and what it must prove before a byte of Bolt is spoken. Nothing is copied: all of it must outlive the call that takes it.

#include <stdbool.h>
#include <stdint.h>

#include "bolt/limits.h"
#include "bolt/logging.h"
#include "bolt/notifications.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "bolt/value.h"

enum bolt_tls {
	BOLT_TLS_NONE,	 // plain TCP; the others never fall back to it
	BOLT_TLS_VERIFY, // verifies chain and name (bolt+s, neo4j+s)
	BOLT_TLS_ANY,	 // encrypted, but with anybody (bolt+ssc, neo4j+ssc)
};

// err.code of a server whose certificate is refused (unknown authority, another name, expired, not the pinned one): ERR_PROTOCOL, and never
// retried, since nothing in the network can mend it. The text names the cure.
#define BOLT_CERTIFICATE_REFUSED "Neobolt.CertificateRefused"

// The TLS parts of a target, read once for any number of connections.
struct bolt_trust;

struct bolt_target {
	// An IP address or a name; IPv6 without brackets. A thread of its own looks a name up by getaddrinfo(), so that the deadline holds: a
	// look-up that takes longer is left behind, up to 32 of them (bolt/resolve.h). A hook of the driver can replace it (names,
	// bolt/options.h).
	const char *host;
	uint16_t port;		 // 7687 where 0
	enum bolt_tls tls;
	const char *ca_pem;	 // PEM text to trust instead of the system's store; NULL: the system's
	const char *server_name; // the name to verify (and SNI); NULL: host
	const char *pinned;	 // sha256 of a certificate, in hex: a server that shows this very one is verified by it; or NULL
	const char *cert_pem;	 // a client certificate and its chain, for servers that ask for one; or NULL
	const char *key_pem;	 // its private key, not encrypted or with key_password
	const char *key_password;
	const struct bolt_trust *trust; // replaces ca_pem, cert_pem, key_pem and key_password; NULL: they are read
	const char *user_agent;	 // "neofleet/0.1.0" form; required
	const struct bolt_value *routing; // the routing context, a map, if the server shall be a router; NULL: it shall not
	const struct bolt_notifications *notifications; // the wanted ones; NULL: the server's setting
	int64_t connect_ms; // the limit for TCP and TLS alone; 0: the call's deadline
	const struct bolt_limits *limits; // of the server's answers; NULL: the library's
	bool expired_ok; // let a user in whose password must be changed, to change it
	struct bolt_cancel *cancel; // ends every call of the link; NULL: none
	const struct bolt_log *log; // what happens on the connection; NULL: nobody wants to know
	const void *reserved[BOLT_RESERVED];
};

// Reads ca_pem (or the system's store, which takes tens of milliseconds), cert_pem and key_pem of a target with TLS. Any thread may use the
// result. ERR_INVALID: one of the texts is malformed, or they do not fit each other.
int bolt_trust_new(const struct bolt_target *target, struct bolt_trust **ret, struct err *err);

// Connections that were opened with it go on. NULL is allowed.
void bolt_trust_free(struct bolt_trust *trust);
DEFINE_CLEANUP(struct bolt_trust *, bolt_trust_free);
