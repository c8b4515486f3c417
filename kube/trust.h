// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The certificates of a configuration: inline, in files, or from a credential plugin. Each request for them looks at the files again: when
// somebody replaces an authority or a client certificate while the operator runs, the next connection uses the new one.

#include "base/err.h"
#include "net/http.h"

struct trust;

enum trust_part { TRUST_CA, TRUST_CERTIFICATE, TRUST_KEY, TRUST_PARTS };

struct trust *trust_new(void);
void trust_free(struct trust *trust); // wipes; sets that were handed out are gone, too; NULL is allowed
DEFINE_CLEANUP(struct trust *, trust_free);

// The text of a part, or the file that holds it (read at once). Both are copied. ERR_NOT_FOUND, ERR_IO, ERR_TOO_LARGE. Call it before the first
// trust_get().
void trust_set_text(struct trust *trust, enum trust_part part, const char *pem);
int trust_set_file(struct trust *trust, enum trust_part part, const char *path, struct err *err);

// The parts that never change: the texts, or NULL, are copied. Call it before the first trust_get().
struct trust_server {
	const char *name;  // http_tls.server_name
	const char *proxy; // http_tls.proxy
	bool insecure;
};

void trust_set_server(struct trust *trust, const struct trust_server *server);

// Sets a new client certificate with its key; NULL both: none any more. Any thread, at any time.
void trust_replace_client(struct trust *trust, const char *certificate, const char *key);

// The valid set; give it back by trust_put(). A file that is empty or cannot be read leaves the old text. Any thread.
const struct http_tls *trust_get(struct trust *trust);
void trust_put(struct trust *trust, const struct http_tls *tls); // NULL is allowed
