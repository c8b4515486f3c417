// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The client's side of TLS for a target, without I/O: it reads and writes two memory BIOs. Source: OpenSSL 3, SSL_set1_host(3),
// BIO_s_mem(3).

#include <openssl/ssl.h>

#include "base/err.h"
#include "bolt/target.h"

// ERR_INVALID: ca_pem holds no certificate, the name cannot be one, or the client's certificate and key cannot be read or do not fit each other.
// All that target points at must outlive the handshake. Free *ret by SSL_free().
int tls_new(const struct bolt_target *target, SSL **ret, struct err *err);

// OpenSSL's error as ERR_IO; or, where the server's certificate was the cause, the verdict on it as ERR_PROTOCOL with BOLT_CERTIFICATE_REFUSED.
int tls_error(SSL *ssl, const char *doing, struct err *err);
