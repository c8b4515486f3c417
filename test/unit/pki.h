// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Keys and certificates for tests, made when the test runs, so that they are as old as it is.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/arena.h"

struct pki {
	EVP_PKEY *key;
	X509 *certificate;
};

static inline void pki_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *made;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	made = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	assert_non_null(made);
	assert_int_equal(X509_add_ext(certificate, made, -1), 1);
	X509_EXTENSION_free(made);
}

// issuer NULL: signed by itself; names NULL: a CA.
static inline struct pki pki_make(const struct pki *issuer, const char *names, int from_days, int to_days)
{
	static long serial;
	struct pki made = {.key = EVP_EC_gen("P-256"), .certificate = X509_new()};
	X509_NAME *subject = X509_get_subject_name(made.certificate);
	const struct pki *by = issuer ? issuer : &made;

	(void)X509_set_version(made.certificate, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), ++serial);
	(void)X509_time_adj_ex(X509_getm_notBefore(made.certificate), from_days, 0, NULL);
	(void)X509_time_adj_ex(X509_getm_notAfter(made.certificate), to_days, 0, NULL);
	(void)X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
					 (const unsigned char *)(names ? "a.common.name" : "an authority"), -1, -1, 0);
	(void)X509_set_issuer_name(made.certificate, X509_get_subject_name(by->certificate));
	(void)X509_set_pubkey(made.certificate, made.key);
	if (names)
		pki_extension(made.certificate, by->certificate, NID_subject_alt_name, names);
	else
		pki_extension(made.certificate, by->certificate, NID_basic_constraints, "critical,CA:TRUE");
	assert_true(X509_sign(made.certificate, by->key, EVP_sha256()) > 0);
	return made;
}

static inline void pki_free(struct pki *pki)
{
	EVP_PKEY_free(pki->key);
	X509_free(pki->certificate);
}

static inline const char *pki_take(BIO *bio, struct arena *arena)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	const char *text = arena_memdup0(arena, data, (size_t)len);

	BIO_free(bio);
	return text;
}

static inline const char *pki_certificate_pem(const X509 *certificate, struct arena *arena)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
	return pki_take(bio, arena);
}

static inline const char *pki_key_pem(const EVP_PKEY *key, struct arena *arena)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	return pki_take(bio, arena);
}
