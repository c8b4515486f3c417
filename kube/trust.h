// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The certificates of a configuration, inline or in files. Files are looked at again whenever the certificates are asked for: an
// authority or a client certificate that is replaced while the operator runs is used for the next connection.

#include "base/arena.h"
#include "base/err.h"
#include "net/http.h"

struct trust;

enum trust_part { TRUST_CA, TRUST_CERTIFICATE, TRUST_KEY, TRUST_PARTS };

struct trust *trust_new(void);
void trust_free(struct trust *trust); // wipes; NULL is allowed
DEFINE_CLEANUP(struct trust *, trust_free);

// A part's text, or the file that holds it (read at once). Both are copied. ERR_NOT_FOUND, ERR_IO, ERR_TOO_LARGE. Before the first
// trust_get().
void trust_set_text(struct trust *trust, enum trust_part part, const char *pem);
int trust_set_file(struct trust *trust, enum trust_part part, const char *path, struct err *err);

// What does not come from files.
void trust_set_insecure(struct trust *trust, const char *proxy, bool insecure);

// What is good now. A file that cannot be read, or is empty, leaves what was. Any thread; valid until trust_free().
const struct http_tls *trust_get(struct trust *trust);
