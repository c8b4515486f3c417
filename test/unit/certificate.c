// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "test/unit/certificate.h"

#include <string.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static const char *taken(BIO *bio, struct arena *arena)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	const char *text = arena_memdup0(arena, data, (size_t)len);

	BIO_free(bio);
	return text;
}

static X509 *read_certificate(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return certificate;
}

static EVP_PKEY *read_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return key;
}

static void add_extension(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	(void)X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

static void fill(X509 *certificate, const struct certificate_request *request, EVP_PKEY *key)
{
	static long serial;
	X509_NAME *name = X509_get_subject_name(certificate);

	(void)X509_set_version(certificate, X509_VERSION_3);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
	(void)X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
	(void)X509_gmtime_adj(X509_getm_notAfter(certificate), request->expired ? -3600 : 3600);
	(void)X509_set_pubkey(certificate, key);
	(void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)request->name, -1, -1, 0);
	add_extension(certificate, NID_basic_constraints, request->is_ca ? "critical,CA:TRUE" : "CA:FALSE");
	if (request->alternative)
		add_extension(certificate, NID_subject_alt_name, request->alternative);
}

static void sign(X509 *certificate, const struct certificate *ca, EVP_PKEY *key)
{
	X509 *issuer = ca ? read_certificate(ca->certificate_pem) : NULL;
	EVP_PKEY *issuer_key = ca ? read_key(ca->key_pem) : NULL;

	(void)X509_set_issuer_name(certificate, X509_get_subject_name(issuer ? issuer : certificate));
	if (X509_sign(certificate, issuer_key ? issuer_key : key, EVP_sha256()) == 0)
		abort();
	X509_free(issuer);
	EVP_PKEY_free(issuer_key);
}

struct certificate certificate_make(const struct certificate_request *request, struct arena *arena)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	BIO *certificate_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());

	fill(certificate, request, key);
	sign(certificate, request->ca, key);
	(void)PEM_write_bio_X509(certificate_bio, certificate);
	(void)PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return (struct certificate){
		.certificate_pem = taken(certificate_bio, arena),
		.key_pem = taken(key_bio, arena),
	};
}
