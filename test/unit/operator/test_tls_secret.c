// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B9: what is read of a TLS Secret.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "api/dbms.h"
#include "base/clock.h"
#include "base/json.h"
#include "operator/object/tls_secret.h"
#include "operator/server/server_login.h"
#include "test/unit/pki.h"

#define PAIRS_MAX (512 * 1024)
#define DAY_MS (INT64_C(24) * 3600 * 1000)

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
	struct tls_secret certificate;
	const char *problem = NULL;

	assert_false(tls_secret_read(object, clock_wall_ms(&clock_system), arena, &certificate, &problem));
	assert_non_null(problem);
	if (!strstr(problem, part))
		fail_msg("'%s' does not hold '%s'", problem, part);
}

// A certificate that is its own authority is trusted itself; one of an authority by that.
static void test_usable(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pki alone = pki_make(NULL, "DNS:n-client", -1, 30), authority = pki_make(NULL, NULL, -1, 30);
	struct pki issued = pki_make(&authority, "DNS:*.n-headless.space.svc.cluster.local", -1, 30);
	struct tls_secret certificate;
	const char *problem = NULL, *ca = pki_certificate_pem(authority.certificate, arena), *chain;
	char pin[TLS_SECRET_PIN_SIZE];
	int64_t now = clock_wall_ms(&clock_system);

	(void)state;
	assert_true(tls_secret_read(secret(pki_certificate_pem(alone.certificate, arena), pki_key_pem(alone.key, arena), NULL, arena), now, arena,
				    &certificate, &problem));
	assert_string_equal(certificate.trust, certificate.chain);
	assert_true(certificate.turns_ms > now + 29 * DAY_MS && certificate.turns_ms <= now + 30 * DAY_MS);
	assert_true(tls_secret_pin_of(certificate.mark, pin));
	assert_string_equal(pin, certificate.mark);
	// An issuer without an authority of its own leaves the key empty.
	assert_true(tls_secret_read(secret(pki_certificate_pem(alone.certificate, arena), pki_key_pem(alone.key, arena), "", arena), now, arena,
				    &certificate, &problem));

	chain = arena_printf(arena, "%s%s", pki_certificate_pem(issued.certificate, arena), ca);
	assert_true(tls_secret_read(secret(chain, pki_key_pem(issued.key, arena), ca, arena), now, arena, &certificate, &problem));
	assert_string_equal(certificate.trust, ca);
	assert_true(strlen(certificate.mark) > TLS_SECRET_PIN_SIZE);
	assert_true(tls_secret_pin_of(certificate.mark, pin));
	assert_int_equal(strncmp(pin, certificate.mark, TLS_SECRET_PIN_SIZE - 1), 0);
	assert_true(tls_secret_covers(&certificate, "n-0.n-headless.space.svc.cluster.local"));
	assert_false(tls_secret_covers(&certificate, "n-0.n-headless.other.svc.cluster.local"));
	// The common name is none of the names.
	assert_false(tls_secret_covers(&certificate, "a.common.name"));
	pki_free(&alone), pki_free(&authority), pki_free(&issued);
}

static void test_problems(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pki good = pki_make(NULL, "DNS:n-client", -1, 30), old = pki_make(NULL, "DNS:n-client", -30, -1);
	struct pki early = pki_make(NULL, "DNS:n-client", 1, 30), authority = pki_make(NULL, NULL, -1, 30);
	const char *crt = pki_certificate_pem(good.certificate, arena), *key = pki_key_pem(good.key, arena);
	struct tls_secret certificate;
	const char *problem;

	(void)state;
	expect_problem(secret(NULL, key, NULL, arena), "key 'tls.crt' not found (the keys are: 'x', 'tls.key')", arena);
	expect_problem(secret(crt, NULL, NULL, arena), "key 'tls.key' not found", arena);
	expect_problem(secret("no", key, NULL, arena), "key 'tls.crt' holds no certificate", arena);
	expect_problem(secret(crt, "no", NULL, arena), "key 'tls.key' holds no private key", arena);
	expect_problem(secret(crt, key, "no", arena), "key 'ca.crt' holds no certificate", arena);
	expect_problem(secret(crt, pki_key_pem(old.key, arena), NULL, arena), "does not belong to the certificate", arena);
	expect_problem(secret(pki_certificate_pem(old.certificate, arena), pki_key_pem(old.key, arena), NULL, arena), "expired on 20", arena);
	expect_problem(secret(crt, key, pki_certificate_pem(authority.certificate, arena), arena), "not issued by it", arena);
	expect_problem(secret(pki_certificate_pem(early.certificate, arena), pki_key_pem(early.key, arena), NULL, arena), "not valid before 20", arena);
	(void)tls_secret_read(secret(pki_certificate_pem(early.certificate, arena), pki_key_pem(early.key, arena), NULL, arena),
			      clock_wall_ms(&clock_system), arena, &certificate, &problem);
	assert_true(certificate.turns_ms > clock_wall_ms(&clock_system)); // it turns usable by itself
	pki_free(&good), pki_free(&old), pki_free(&early), pki_free(&authority);
}

// B9: exactly the keys and certificates that the servers take are taken, before a renewal touches a pod (M3).
static void test_real_pairs(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	char *text = arena_alloc(arena, PAIRS_MAX);
	FILE *file = fopen(NEOFLEET_SOURCE_DIR "/test/neo4j/tls-pairs.json", "re");
	yyjson_val *pairs, *pair, *version, *verdict;
	size_t index, max, i, n, len;

	(void)state;
	assert_non_null(file);
	len = fread(text, 1, PAIRS_MAX, file);
	assert_in_range(len, 1, PAIRS_MAX - 1);
	assert_int_equal(fclose(file), 0);
	pairs = json_parse(arena, text, len);
	assert_true(yyjson_arr_size(pairs) > 25);
	yyjson_arr_foreach(pairs, index, max, pair) {
		struct tls_secret certificate;
		const char *problem = NULL, *name = yyjson_get_str(yyjson_obj_get(pair, "name"));
		bool taken = tls_secret_read(secret(yyjson_get_str(yyjson_obj_get(pair, "crt")), yyjson_get_str(yyjson_obj_get(pair, "key")), NULL, arena),
					     clock_wall_ms(&clock_system), arena, &certificate, &problem);

		yyjson_obj_foreach(yyjson_obj_get(pair, "verdicts"), i, n, version, verdict) {
			// A certificate that openssl calls TRUSTED has openssl's own form, which our client does not read.
			if (taken != yyjson_equals_str(verdict, "taken") && strcmp(name, "certificate called TRUSTED") != 0)
				fail_msg("%s: %s of %s, ours: %s", name, yyjson_get_str(verdict), yyjson_get_str(version), problem ? problem : "taken");
		}
	}
}

// B9: without ca.crt the server's own certificate is trusted and nothing that stands behind it: an intermediate authority signs for
// others, too.
static void test_trust_without_authority(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pki root = pki_make(NULL, NULL, -1, 30), between = pki_make(&root, NULL, -1, 30);
	struct pki issued = pki_make(&between, "DNS:n-client", -1, 30);
	const char *own = pki_certificate_pem(issued.certificate, arena), *authority = pki_certificate_pem(between.certificate, arena);
	const char *chain = arena_printf(arena, "%s%s", own, authority);
	struct tls_secret certificate;
	const char *problem = NULL;

	(void)state;
	assert_true(tls_secret_read(secret(chain, pki_key_pem(issued.key, arena), NULL, arena), clock_wall_ms(&clock_system), arena,
				    &certificate, &problem));
	assert_string_equal(certificate.chain, chain);
	assert_string_equal(certificate.trust, own);
	// With an authority it is that one.
	assert_true(tls_secret_read(secret(chain, pki_key_pem(issued.key, arena), authority, arena), clock_wall_ms(&clock_system), arena,
				    &certificate, &problem));
	assert_string_equal(certificate.trust, authority);
	pki_free(&root), pki_free(&between), pki_free(&issued);
}

static void test_marks(void **state)
{
	char pin[TLS_SECRET_PIN_SIZE];

	(void)state;
	assert_false(tls_secret_pin_of(NULL, pin));
	assert_false(tls_secret_pin_of("", pin));
	assert_false(tls_secret_pin_of("abc", pin));
	assert_false(tls_secret_pin_of("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefX", pin));
	assert_true(tls_secret_pin_of("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-0", pin));
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
		struct pki pair = pki_make(NULL, cases[i].names, -1, 30);
		struct tls_secret certificate;
		const char *problem;

		assert_true(tls_secret_read(secret(pki_certificate_pem(pair.certificate, arena), pki_key_pem(pair.key, arena), NULL, arena),
					    clock_wall_ms(&clock_system), arena, &certificate, &problem));
		problem = access_name_problem(&certificate, &servers, arena);
		if ((problem == NULL) != cases[i].fine)
			fail_msg("%s: %s", cases[i].names, problem ? problem : "no problem");
		if (problem)
			assert_non_null(strstr(problem, "'n-client.space.svc.cluster.local'"));
		pki_free(&pair);
	}
}

#define PIN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

// B6, B9: spec.tls is changed on a running cluster: each pod is asked in the way in which it was started, and never in a weaker one.
static void test_each_pod_as_it_was_started(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct dbms plain = {.kind = DBMS_CLUSTER,
				   .metadata = {.namespace = "space", .name = "n"},
				   .servers = 3,
				   .cluster_domain = "new.example"};
	const struct dbms secure = {.kind = DBMS_CLUSTER,
				    .metadata = {.namespace = "space", .name = "n"},
				    .servers = 3,
				    .cluster_domain = "new.example",
				    .tls_secret = "cert"};
	const struct dbms *const specs[] = {&plain, &secure};
	const struct pod before = {.name = "n-server-0", .address = "10.0.0.1"};
	const struct pod pinned = {.name = "n-server-1", .address = "10.0.0.2", .tls_secret = "gone", .certificate = PIN};
	const struct pod known = {.name = "n-server-2",
				  .address = "10.0.0.3",
				  .tls_secret = "cert",
				  .certificate = PIN,
				  .domain = "n-headless.space.svc.cluster.local"};
	const struct pod unknown = {.name = "n-server-3", .address = "10.0.0.4", .tls_secret = "gone"};
	struct pki pair = pki_make(NULL, "DNS:n-client.space.svc.cluster.local", -1, 30);
	const char *problem;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct names names;
		const struct access_servers servers = {.dbms = specs[i], .names = &names};
		struct access access = {.servers = &servers, .arena = arena, .n_certificates = 1};
		struct bolt_target target;

		names_of(specs[i], arena, &names);
		access.certificates[0].secret = "cert";
		assert_true(tls_secret_read(secret(pki_certificate_pem(pair.certificate, arena), pki_key_pem(pair.key, arena), NULL, arena),
					    clock_wall_ms(&clock_system), arena, &access.certificates[0].certificate, &problem));
		target = access_target(&access, &before);
		assert_int_equal(target.tls, BOLT_TLS_NONE);
		// Without its Secret: the very certificate that it was started with, and no other.
		target = access_target(&access, &pinned);
		assert_int_equal(target.tls, BOLT_TLS_ANY);
		assert_string_equal(target.pinned, PIN);
		// With the name of the domain that it was started in.
		target = access_target(&access, &known);
		assert_int_equal(target.tls, BOLT_TLS_VERIFY);
		assert_string_equal(target.ca_pem, access.certificates[0].certificate.trust);
		assert_string_equal(target.server_name, "n-client.space.svc.cluster.local");
		// With neither: nobody is trusted, the system's authorities least of all.
		target = access_target(&access, &unknown);
		assert_int_equal(target.tls, BOLT_TLS_VERIFY);
		assert_string_equal(target.ca_pem, "");
	}
	pki_free(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usable),
		cmocka_unit_test(test_problems), cmocka_unit_test(test_real_pairs), cmocka_unit_test(test_trust_without_authority),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_each_pod_as_it_was_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
