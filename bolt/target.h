// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Where a server is and what must be proved of it before a byte of Bolt is spoken. Nothing is copied: all of it must outlive the
// call that takes it.

#include <stdbool.h>
#include <stdint.h>

#include "bolt/limits.h"
#include "bolt/notifications.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "bolt/value.h"

enum bolt_tls {
	BOLT_TLS_NONE,	 // plain TCP; never fallen back to from the others
	BOLT_TLS_VERIFY, // chain and name are verified (bolt+s, neo4j+s)
	BOLT_TLS_ANY,	 // encrypted, whoever it is (bolt+ssc, neo4j+ssc)
};

// err.code of a server whose certificate is not accepted (unknown authority, another name, expired, another one pinned): ERR_PROTOCOL,
// and never retried, since nothing that the network does can mend it. The text says what does.
#define BOLT_CERTIFICATE_REFUSED "Neobolt.CertificateRefused"

// What of a target is about TLS, read once for any number of connections.
struct bolt_trust;

struct bolt_target {
	// An IP address or a name; IPv6 without brackets. A name is looked up by getaddrinfo() on a thread of its own, so
	// that the deadline holds: one that takes longer is left behind, up to 32 of them (bolt/resolve.h). A hook of the driver can take
	// its place (names, bolt/options.h).
	const char *host;
	uint16_t port;		 // 7687 where 0
	enum bolt_tls tls;
	const char *ca_pem;	 // PEM text to trust instead of the system's store; NULL for the system's
	const char *server_name; // the name to verify (and SNI); host where NULL
	const char *pinned;	 // sha256 of a certificate, in hex: a server that shows this very one is verified by that; or NULL
	const char *cert_pem;	 // a certificate of the client's own and what signed it, for servers that ask for one; or NULL
	const char *key_pem;	 // its private key, not encrypted or with key_password
	const char *key_password;
	const struct bolt_trust *trust; // in the place of ca_pem, cert_pem, key_pem and key_password; NULL: they are read
	const char *user_agent;	 // "neofleet/0.1.0" form; required
	const struct bolt_value *routing; // the routing context, a map, where the server is to be a router; NULL: it is not
	const struct bolt_notifications *notifications; // which are wanted; NULL: as the server is set up
	int64_t connect_ms; // what TCP and TLS alone may take; 0: as long as the call
	const struct bolt_limits *limits; // on what the server may say; NULL: the library's
	bool expired_ok; // a password that must be changed is let in, to change it
	struct bolt_cancel *cancel; // ends every call of the link; NULL: none
};

// Reads ca_pem (or the system's store, which takes tens of milliseconds), cert_pem and key_pem of a target that has TLS. Any thread
// may use it. ERR_INVALID: one of the texts is none, or they do not fit.
int bolt_trust_new(const struct bolt_target *target, struct bolt_trust **ret, struct err *err);

// Connections that were opened with it go on. NULL is allowed.
void bolt_trust_free(struct bolt_trust *trust);
DEFINE_CLEANUP(struct bolt_trust *, bolt_trust_free);
