// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B9: what is read of a TLS Secret. The certificates are made here, so that they are as old as the test.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "api/dbms.h"
#include "base/clock.h"
#include "base/json.h"
#include "operator/access.h"
#include "operator/certificate.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct pair {
	EVP_PKEY *key;
	X509 *certificate;
};

static void extension(X509 *certificate, X509 *issuer, int nid, const char *value)
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
static struct pair make(const struct pair *issuer, const char *names, int from_days, int to_days)
{
	static long serial;
	struct pair made = {.key = EVP_EC_gen("P-256"), .certificate = X509_new()};
	X509_NAME *subject = X509_get_subject_name(made.certificate);
	const struct pair *by = issuer ? issuer : &made;

	(void)X509_set_version(made.certificate, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), ++serial);
	(void)X509_time_adj_ex(X509_getm_notBefore(made.certificate), from_days, 0, NULL);
	(void)X509_time_adj_ex(X509_getm_notAfter(made.certificate), to_days, 0, NULL);
	(void)X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
					 (const unsigned char *)(names ? "a.common.name" : "an authority"), -1, -1, 0);
	(void)X509_set_issuer_name(made.certificate, X509_get_subject_name(by->certificate));
	(void)X509_set_pubkey(made.certificate, made.key);
	if (names)
		extension(made.certificate, by->certificate, NID_subject_alt_name, names);
	else
		extension(made.certificate, by->certificate, NID_basic_constraints, "critical,CA:TRUE");
	assert_true(X509_sign(made.certificate, by->key, EVP_sha256()) > 0);
	return made;
}

static void unmake(struct pair *pair)
{
	EVP_PKEY_free(pair->key);
	X509_free(pair->certificate);
}

static const char *take(BIO *bio, struct arena *arena)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	const char *text = arena_memdup0(arena, data, (size_t)len);

	BIO_free(bio);
	return text;
}

static const char *pem(const X509 *certificate, struct arena *arena)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
	return take(bio, arena);
}

static const char *key_pem(const EVP_PKEY *key, struct arena *arena)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	return take(bio, arena);
}

static const char *base64(const char *text, struct arena *arena)
{
	size_t len = strlen(text);
	unsigned char *out = arena_alloc(arena, len * 2 + 5);

	(void)EVP_EncodeBlock(out, (const unsigned char *)text, (int)len);
	return (const char *)out;
}

// A Secret of these keys; NULL: the key is not there.
static yyjson_val *secret(const char *crt, const char *key, const char *ca, struct arena *arena)
{
	const char *text = arena_printf(arena, "{\"data\":{\"x\":\"\"%s%s%s%s%s%s%s%s%s}}", crt ? ",\"tls.crt\":\"" : "",
					crt ? base64(crt, arena) : "", crt ? "\"" : "", key ? ",\"tls.key\":\"" : "",
					key ? base64(key, arena) : "", key ? "\"" : "", ca ? ",\"ca.crt\":\"" : "",
					ca ? base64(ca, arena) : "", ca ? "\"" : "");

	return json_parse(arena, text, strlen(text));
}

static void expect_problem(yyjson_val *object, const char *part, struct arena *arena)
{
	struct certificate certificate;
	const char *problem = NULL;

	assert_false(certificate_read(object, clock_wall_ms(&clock_system), arena, &certificate, &problem));
	assert_non_null(problem);
	if (!strstr(problem, part))
		fail_msg("'%s' does not hold '%s'", problem, part);
}

// A certificate that is its own authority is trusted itself; one of an authority by that.
static void test_usable(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pair alone = make(NULL, "DNS:n-client", -1, 30), authority = make(NULL, NULL, -1, 30);
	struct pair issued = make(&authority, "DNS:*.n-headless.space.svc.cluster.local", -1, 30);
	struct certificate certificate;
	const char *problem = NULL, *ca = pem(authority.certificate, arena), *chain;
	char pin[CERTIFICATE_PIN_SIZE];
	int64_t now = clock_wall_ms(&clock_system);

	(void)state;
	assert_true(certificate_read(secret(pem(alone.certificate, arena), key_pem(alone.key, arena), NULL, arena), now, arena,
				     &certificate, &problem));
	assert_string_equal(certificate.trust, certificate.chain);
	assert_true(certificate.turns_ms > now + 29 * DAY_MS && certificate.turns_ms <= now + 30 * DAY_MS);
	assert_true(certificate_pin_of(certificate.mark, pin));
	assert_string_equal(pin, certificate.mark);
	// An issuer without an authority of its own leaves the key empty.
	assert_true(certificate_read(secret(pem(alone.certificate, arena), key_pem(alone.key, arena), "", arena), now, arena,
				     &certificate, &problem));

	chain = arena_printf(arena, "%s%s", pem(issued.certificate, arena), ca);
	assert_true(certificate_read(secret(chain, key_pem(issued.key, arena), ca, arena), now, arena, &certificate, &problem));
	assert_string_equal(certificate.trust, ca);
	assert_true(strlen(certificate.mark) > CERTIFICATE_PIN_SIZE);
	assert_true(certificate_pin_of(certificate.mark, pin));
	assert_int_equal(strncmp(pin, certificate.mark, CERTIFICATE_PIN_SIZE - 1), 0);
	assert_true(certificate_covers(&certificate, "n-0.n-headless.space.svc.cluster.local"));
	assert_false(certificate_covers(&certificate, "n-0.n-headless.other.svc.cluster.local"));
	// The common name is none of the names.
	assert_false(certificate_covers(&certificate, "a.common.name"));
	unmake(&alone), unmake(&authority), unmake(&issued);
}

static void test_problems(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pair good = make(NULL, "DNS:n-client", -1, 30), old = make(NULL, "DNS:n-client", -30, -1);
	struct pair early = make(NULL, "DNS:n-client", 1, 30), authority = make(NULL, NULL, -1, 30);
	const char *crt = pem(good.certificate, arena), *key = key_pem(good.key, arena);
	struct certificate certificate;
	const char *problem;

	(void)state;
	expect_problem(secret(NULL, key, NULL, arena), "key 'tls.crt' not found (the keys are: 'x', 'tls.key')", arena);
	expect_problem(secret(crt, NULL, NULL, arena), "key 'tls.key' not found", arena);
	expect_problem(secret("no", key, NULL, arena), "key 'tls.crt' holds no certificate", arena);
	expect_problem(secret(crt, "no", NULL, arena), "key 'tls.key' holds no private key", arena);
	expect_problem(secret(crt, key, "no", arena), "key 'ca.crt' holds no certificate", arena);
	expect_problem(secret(crt, key_pem(old.key, arena), NULL, arena), "is not that of the certificate", arena);
	expect_problem(secret(pem(old.certificate, arena), key_pem(old.key, arena), NULL, arena), "expired on 20", arena);
	expect_problem(secret(crt, key, pem(authority.certificate, arena), arena), "not issued by it", arena);
	expect_problem(secret(pem(early.certificate, arena), key_pem(early.key, arena), NULL, arena), "not valid before 20", arena);
	(void)certificate_read(secret(pem(early.certificate, arena), key_pem(early.key, arena), NULL, arena),
			       clock_wall_ms(&clock_system), arena, &certificate, &problem);
	assert_true(certificate.turns_ms > clock_wall_ms(&clock_system)); // it turns usable by itself
	unmake(&good), unmake(&old), unmake(&early), unmake(&authority);
}

static void test_marks(void **state)
{
	char pin[CERTIFICATE_PIN_SIZE];

	(void)state;
	assert_false(certificate_pin_of(NULL, pin));
	assert_false(certificate_pin_of("", pin));
	assert_false(certificate_pin_of("abc", pin));
	assert_false(certificate_pin_of("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefX", pin));
	assert_true(certificate_pin_of("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-0", pin));
}

// Each server must be covered: by the Service for clients, or by its own name.
static void test_names(void **state)
{
	static const struct {
		const char *names;
		bool fine;
	} cases[] = {
		{"DNS:n-client", true},
		{"DNS:n-client.space", true},
		{"DNS:n-client.space.svc.cluster.local", true},
		{"DNS:n-client.other", false},
		{"DNS:*.n-headless.space.svc.cluster.local", true},
		{"DNS:n-server-0.n-headless.space.svc,DNS:n-server-1.n-headless.space.svc", true},
		{"DNS:n-server-0.n-headless.space.svc", false},
		{"DNS:graph.example.com,IP:10.0.0.1", false},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct dbms dbms = {.kind = DBMS_CLUSTER,
				  .metadata = {.namespace = "space", .name = "n"},
				  .servers = 2,
				  .cluster_domain = "cluster.local",
				  .tls_secret = "cert"};
	struct names names;
	const struct access_servers servers = {.dbms = &dbms, .names = &names};

	(void)state;
	names_of(&dbms, arena, &names);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair pair = make(NULL, cases[i].names, -1, 30);
		struct certificate certificate;
		const char *problem;

		assert_true(certificate_read(secret(pem(pair.certificate, arena), key_pem(pair.key, arena), NULL, arena),
					     clock_wall_ms(&clock_system), arena, &certificate, &problem));
		problem = access_name_problem(&certificate, &servers, arena);
		if ((problem == NULL) != cases[i].fine)
			fail_msg("%s: %s", cases[i].names, problem ? problem : "no problem");
		if (problem)
			assert_non_null(strstr(problem, "'n-client.space.svc.cluster.local'"));
		unmake(&pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usable),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
