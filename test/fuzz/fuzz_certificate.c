// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A TLS Secret of pieces of good PEM texts, in any order and with any changes (B9): one that is found usable lets a client of ours and
// a server do the handshake, for the names that it covers and for no other; one that is not is refused without a word of its key (D8).
// Input: for tls.crt, tls.key and ca.crt each a list of pieces up to 0xff, then changes of three bytes each.

#include <string.h>
#include <time.h>

#include <openssl/err.h>

#include "base/json.h"
#include "bolt/tls.h"
#include "operator/certificate.h"
#include "test/fuzz/fuzz.h"
#include "test/unit/pki.h"

#define COVERED "n-server-1.n-headless.x.svc.cluster.local"
#define PIECES_MAX 5
#define CHANGES_MAX 8
#define FLIGHTS_MAX 8

DEFINE_CLEANUP(SSL *, SSL_free);
DEFINE_CLEANUP(SSL_CTX *, SSL_CTX_free);
DEFINE_CLEANUP(BIO *, BIO_free);
DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free);
DEFINE_CLEANUP(X509 *, X509_free);

enum { AUTHORITY, OTHER_AUTHORITY, BETWEEN, ISSUED, DEEP, ALONE, EXPIRED, EARLY, FOREIGN, CERTIFICATES };

static const char *certificates[CERTIFICATES], *private_keys[CERTIFICATES];

static const char *const texts[] = {"\n", "a comment\n", "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n",
				    "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"};
#define TEXTS (sizeof(texts) / sizeof(texts[0]))

static void make_pool(struct arena *arena)
{
	static const char names[] = "DNS:n-client,DNS:*.n-headless.x.svc.cluster.local";
	struct pki made[CERTIFICATES];

	made[AUTHORITY] = pki_make(NULL, NULL, -1, 300);
	made[OTHER_AUTHORITY] = pki_make(NULL, NULL, -1, 300);
	made[BETWEEN] = pki_make(&made[AUTHORITY], NULL, -1, 300);
	made[ISSUED] = pki_make(&made[AUTHORITY], names, -1, 300);
	made[DEEP] = pki_make(&made[BETWEEN], names, -1, 300);
	made[ALONE] = pki_make(NULL, names, -1, 300);
	made[EXPIRED] = pki_make(&made[AUTHORITY], names, -30, -1);
	made[EARLY] = pki_make(&made[AUTHORITY], names, 10, 30);
	made[FOREIGN] = pki_make(&made[OTHER_AUTHORITY], "DNS:elsewhere", -1, 300);
	for (int i = 0; i < CERTIFICATES; i++) {
		certificates[i] = pki_certificate_pem(made[i].certificate, arena);
		private_keys[i] = pki_key_pem(made[i].key, arena);
		pki_free(&made[i]);
	}
}

static const char *piece(uint8_t which)
{
	unsigned at = which % (2U * CERTIFICATES + TEXTS);

	if (at < CERTIFICATES)
		return certificates[at];
	return at < 2 * CERTIFICATES ? private_keys[at - CERTIFICATES] : texts[at - 2 * CERTIFICATES];
}

static char *take_text_of_pieces(const uint8_t **data, size_t *size, struct arena *arena)
{
	char *text = arena_strdup(arena, "");

	for (int i = 0; i < PIECES_MAX && *size > 0; i++) {
		uint8_t which = *(*data)++;

		*size -= 1;
		if (which == 0xff)
			break;
		text = arena_printf(arena, "%s%s", text, piece(which));
	}
	return text;
}

static const char *base64(const char *text, struct arena *arena)
{
	unsigned char *out = arena_alloc(arena, strlen(text) * 2 + 5);

	(void)EVP_EncodeBlock(out, (const unsigned char *)text, (int)strlen(text));
	return (const char *)out;
}

// A Secret, with ca.crt only where it is not empty.
static yyjson_val *secret_of(char *const parts[3], struct arena *arena)
{
	const char *authority = *parts[2] ? arena_printf(arena, ",\"ca.crt\":\"%s\"", base64(parts[2], arena)) : "";
	const char *text = arena_printf(arena, "{\"data\":{\"tls.crt\":\"%s\",\"tls.key\":\"%s\"%s}}", base64(parts[0], arena),
					base64(parts[1], arena), authority);

	return json_parse(arena, text, strlen(text));
}

// A server as it would use the Secret: the first certificate, the others as its chain, the first key.
static SSL *server_of(const struct certificate *certificate, const char *key_pem)
{
	_cleanup_(SSL_CTX_freep) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	_cleanup_(BIO_freep) BIO *chain = BIO_new_mem_buf(certificate->chain, -1), *key_bio = BIO_new_mem_buf(key_pem, -1);
	_cleanup_(X509_freep) X509 *own = PEM_read_bio_X509(chain, NULL, NULL, NULL);
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
	X509 *next;
	SSL *ssl;

	must(own && key && SSL_CTX_use_certificate(ctx, own) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1);
	while ((next = PEM_read_bio_X509(chain, NULL, NULL, NULL)))
		must(SSL_CTX_add_extra_chain_cert(ctx, next) == 1);
	ERR_clear_error();
	ssl = SSL_new(ctx);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_accept_state(ssl);
	return ssl;
}

static void carry(SSL *from, SSL *to)
{
	char data[4096];
	int n;

	while ((n = BIO_read(SSL_get_wbio(from), data, sizeof(data))) > 0)
		must(BIO_write(SSL_get_rbio(to), data, n) == n);
}

// Whether a client of ours takes the server for the host.
static int shakes_hands(const struct certificate *certificate, const char *key_pem, const char *host)
{
	struct bolt_target target = {.host = host, .tls = BOLT_TLS_VERIFY, .ca_pem = certificate->trust, .user_agent = "fuzz/1"};
	_cleanup_(SSL_freep) SSL *server = server_of(certificate, key_pem), *client = NULL;
	struct err err = ERR_INIT;
	int done = 0;

	must(tls_new(&target, &client, &err) == 0);
	for (int i = 0; i < FLIGHTS_MAX && !done; i++) {
		done = SSL_do_handshake(client) == 1;
		carry(client, server);
		done = SSL_do_handshake(server) == 1 && done;
		carry(server, client);
	}
	ERR_clear_error();
	return done;
}

static void check_usable(const struct certificate *certificate, const char *key_pem, int64_t now_ms)
{
	static const char *const hosts[] = {"n-client", COVERED, "elsewhere", "a.common.name"};
	char pin[CERTIFICATE_PIN_SIZE];

	must(certificate_pin_of(certificate->mark, pin) && strncmp(certificate->mark, pin, strlen(pin)) == 0);
	must(certificate->turns_ms > now_ms);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		must(shakes_hands(certificate, key_pem, hosts[i]) == certificate_covers(certificate, hosts[i]));
}

// A key's first lines are the same for all keys of its kind, and the last may be short.
static void check_refused(const char *problem)
{
	must(problem && *problem);
	for (int i = 0; i < CERTIFICATES; i++) {
		char line[33] = "";

		memcpy(line, private_keys[i] + 100, 32);
		must(!strstr(problem, line));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *pool;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct certificate certificate, again;
	const char *problem = NULL, *problem_again = NULL;
	int64_t now_ms = (int64_t)time(NULL) * 1000;
	char *parts[3];
	yyjson_val *secret;

	if (!pool)
		make_pool(pool = arena_new());
	for (int i = 0; i < 3; i++)
		parts[i] = take_text_of_pieces(&data, &size, arena);
	for (int i = 0; i < CHANGES_MAX && size >= 3; i++, data += 3, size -= 3) {
		char *part = parts[data[0] % 3];
		size_t len = strlen(part);

		if (len > 0 && data[2])
			part[(data[0] / 3 * 256U + data[1]) % len] = (char)data[2];
	}
	secret = secret_of(parts, arena);
	if (!certificate_read(secret, now_ms, arena, &certificate, &problem)) {
		check_refused(problem);
		return 0;
	}
	must(!problem && certificate_read(secret, now_ms, arena, &again, &problem_again) && strcmp(certificate.mark, again.mark) == 0);
	check_usable(&certificate, parts[1], now_ms);
	return 0;
}
