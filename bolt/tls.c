// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/cleanup.h"
#include "base/exhausted.h"

#include "bolt/misuse.h"

DEFINE_CLEANUP(SSL *, SSL_free);
DEFINE_CLEANUP(BIO *, BIO_free_all);
DEFINE_CLEANUP(X509 *, X509_free);
DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free);

// The name or the address that the certificate is not for.
static void say_wrong_name(SSL *ssl, const char *text, struct err *err)
{
	const char *host = X509_VERIFY_PARAM_get0_host(SSL_get0_param(ssl), 0);
	char *address = host ? NULL : X509_VERIFY_PARAM_get1_ip_asc(SSL_get0_param(ssl));

	(void)err_set(err, ERR_PROTOCOL, "%s, it is not for '%s'; name the server as its certificate does", text, host ? host : address);
	OPENSSL_free(address);
}

// Why the server is not taken for the one it should be, and what would mend it.
static int refuse(SSL *ssl, const char *doing, long verdict, struct err *err)
{
	const char *text = X509_verify_cert_error_string(verdict);

	switch (verdict) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		say_wrong_name(ssl, text, err);
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		(void)err_set(err, ERR_PROTOCOL, "%s; renew it, unless the clock here is wrong", text);
		break;
	default:
		(void)err_set(err, ERR_PROTOCOL, "%s; trust the authority that signed it, or pin it", text);
		break;
	}
	err_set_code(err, BOLT_CERTIFICATE_REFUSED);
	return err_wrap(err, "%s: the server's certificate is not accepted", doing);
}

int tls_error(SSL *ssl, const char *doing, struct err *err)
{
	long verdict = ssl ? SSL_get_verify_result(ssl) : X509_V_OK;
	unsigned long code = ERR_get_error();
	char text[160] = "closed by the peer";

	if (code)
		ERR_error_string_n(code, text, sizeof(text));
	ERR_clear_error();
	return verdict == X509_V_OK ? err_set(err, ERR_IO, "%s: %s", doing, text) : refuse(ssl, doing, verdict, err);
}

static BIO *bio_of(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);

	if (!bio)
		memory_is_exhausted();
	return bio;
}

static int trust(SSL_CTX *ctx, const char *ca_pem, struct err *err)
{
	_cleanup_(BIO_free_allp) BIO *bio = NULL;
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	X509 *certificate;
	int n = 0;

	if (!ca_pem)
		return SSL_CTX_set_default_verify_paths(ctx) == 1
			       ? 0
			       : err_set(err, ERR_INTERNAL, "the system's certificate store cannot be read");
	bio = bio_of(ca_pem);
	while ((certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		n += X509_STORE_add_cert(store, certificate);
		X509_free(certificate);
	}
	ERR_clear_error();
	// A certificate that is itself trusted need not be a CA: pinning a self-signed one.
	(void)X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	return n ? 0 : err_set(err, ERR_INVALID, "the CA text holds no PEM certificate");
}

static bool is_pinned(X509_STORE_CTX *context, const char *pinned)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
	unsigned len = 0;

	if (X509_digest(X509_STORE_CTX_get0_cert(context), EVP_sha256(), digest, &len) != 1)
		return false;
	for (unsigned i = 0; i < len; i++)
		(void)snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
	return strcmp(hex, pinned) == 0;
}

// Whether the server is the right one: by its pin, or the usual way, or without a check. The target says which, so that one context serves many.
static int verify(X509_STORE_CTX *context, void *unused)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx());
	const struct bolt_target *target = SSL_get_app_data(ssl);

	(void)unused;
	if (target->pinned && is_pinned(context, target->pinned))
		return 1;
	if (target->tls == BOLT_TLS_VERIFY)
		return X509_verify_cert(context);
	if (!target->pinned)
		return 1;
	X509_STORE_CTX_set_error(context, X509_V_ERR_CERT_UNTRUSTED);
	return 0;
}

static int password(char *text, int size, int writing, void *user)
{
	const char *given = user;
	int len = given ? (int)strlen(given) : 0;

	(void)writing;
	if (len == 0 || len >= size)
		return -1;
	memcpy(text, given, (size_t)len);
	return len;
}

// The certificate of the client's own, and what signed it.
static int show_certificate(SSL_CTX *ctx, const char *pem, struct err *err)
{
	_cleanup_(BIO_free_allp) BIO *bio = bio_of(pem);
	_cleanup_(X509_freep) X509 *own = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	X509 *signer;

	if (!own || SSL_CTX_use_certificate(ctx, own) != 1) {
		ERR_clear_error();
		return err_set(err, ERR_INVALID, "the text of the client's certificate holds no PEM certificate that can be used");
	}
	while ((signer = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		if (SSL_CTX_add_extra_chain_cert(ctx, signer) != 1)
			X509_free(signer);
	}
	ERR_clear_error();
	return 0;
}

static int use_key(SSL_CTX *ctx, const struct bolt_target *target, struct err *err)
{
	_cleanup_(BIO_free_allp) BIO *bio = NULL;
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	bool fits;

	if (!target->key_pem)
		return err_set(err, ERR_INVALID, "the client's certificate comes without its private key");
	bio = bio_of(target->key_pem);
	key = PEM_read_bio_PrivateKey(bio, NULL, password, (void *)(uintptr_t)target->key_password);
	fits = key && SSL_CTX_use_PrivateKey(ctx, key) == 1;
	ERR_clear_error();
	if (!key)
		return err_set(err, ERR_INVALID, "the client's private key cannot be read; is it PEM, and its password right?");
	return fits ? 0 : err_set(err, ERR_INVALID, "the client's private key does not belong to its certificate");
}

static int set_up(SSL_CTX *ctx, const struct bolt_target *target, struct err *err)
{
	int r = 0;

	(void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	// The server is verified once, while its target is there.
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify, NULL);
	if (target->tls == BOLT_TLS_VERIFY)
		r = trust(ctx, target->ca_pem, err);
	if (r == 0 && target->cert_pem)
		r = show_certificate(ctx, target->cert_pem, err);
	if (r == 0 && target->cert_pem)
		r = use_key(ctx, target, err);
	return r;
}

struct bolt_trust {
	SSL_CTX *ctx;
};

int bolt_trust_new(const struct bolt_target *target, struct bolt_trust **ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = NULL;
	if (MISUSED(err, NEED(target), NEED(ret)) || NEWER(err, target))
		return err->class;

	_cleanup_(bolt_trust_freep) struct bolt_trust *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		memory_is_exhausted();
	made->ctx = SSL_CTX_new(TLS_client_method());
	if (!made->ctx)
		return tls_error(NULL, "TLS", err);
	r = set_up(made->ctx, target, err);
	if (r == 0)
		*ret = steal_ptr(made);
	return r;
}

void bolt_trust_free(struct bolt_trust *made)
{
	if (!made)
		return;
	SSL_CTX_free(made->ctx);
	free(made);
}

// The name to verify and to ask for; an address is verified, but not asked for.
static bool set_name(SSL *ssl, const char *name)
{
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1)
		return true;
	// SSL_set_tlsext_host_name() without its cast that drops const.
	return SSL_set1_host(ssl, name) == 1 &&
	       SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)name) == 1;
}

static SSL *ssl_of(SSL_CTX *ctx)
{
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

	if (!ssl || !in || !out)
		memory_is_exhausted();
	SSL_set_bio(ssl, in, out);
	SSL_set_connect_state(ssl);
	return ssl;
}

int tls_new(const struct bolt_target *target, SSL **ret, struct err *err)
{
	_cleanup_(bolt_trust_freep) struct bolt_trust *own = NULL;
	_cleanup_(SSL_freep) SSL *ssl = NULL;
	const char *name = target->server_name ? target->server_name : target->host;
	int r = target->trust ? 0 : bolt_trust_new(target, &own, err);

	if (r < 0)
		return r;
	ssl = ssl_of(own ? own->ctx : target->trust->ctx);
	(void)SSL_set_app_data(ssl, (void *)(uintptr_t)target);
	if (!set_name(ssl, name)) {
		ERR_clear_error();
		return err_set(err, ERR_INVALID, "'%.64s' cannot be the name of a server", name);
	}
	*ret = steal_ptr(ssl);
	return 0;
}
