// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The certificates of a configuration, inline, in files, or from a credential plugin. Files are looked at again whenever the
// certificates are asked for: an authority or a client certificate that is replaced while the operator runs is used for the next
// connection.

#include "base/err.h"
#include "net/http.h"

struct trust;

enum trust_part { TRUST_CA, TRUST_CERTIFICATE, TRUST_KEY, TRUST_PARTS };

struct trust *trust_new(void);
void trust_free(struct trust *trust); // wipes; what was got is gone, too; NULL is allowed
DEFINE_CLEANUP(struct trust *, trust_free);

// A part's text, or the file that holds it (read at once). Both are copied. ERR_NOT_FOUND, ERR_IO, ERR_TOO_LARGE. Before the first
// trust_get().
void trust_set_text(struct trust *trust, enum trust_part part, const char *pem);
int trust_set_file(struct trust *trust, enum trust_part part, const char *path, struct err *err);

// What does not change: of these the texts, or NULL, are copied. Before the first trust_get().
struct trust_server {
	const char *name;  // http_tls.server_name
	const char *proxy; // http_tls.proxy
	bool insecure;
};

void trust_set_server(struct trust *trust, const struct trust_server *server);

// A new client certificate with its key; NULL both: none any more. Any thread, at any time.
void trust_replace_client(struct trust *trust, const char *certificate, const char *key);

// What is good now, to be given back by trust_put(). A file that cannot be read, or is empty, leaves what was. Any thread.
const struct http_tls *trust_get(struct trust *trust);
void trust_put(struct trust *trust, const struct http_tls *tls); // NULL is allowed
