// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A TLS Secret of pieces of good PEM texts, in any order and with any changes (B9): one that is found usable lets a client of ours and
// a server do the handshake, for the names that it covers and for no other; one that is not is refused without a word of its key (D8).
// Input: for tls.crt, tls.key and ca.crt each a list of pieces up to 0xff, then changes of three bytes each.

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/json.h"
#include "bolt/tls.h"
#include "operator/object/tls_secret.h"
#include "test/fuzz/fuzz.h"

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

// A key of its own for each number, the same in each run, so that an input means the same in each run: an authority's is Ed25519, whose
// signatures are the same, too.
static EVP_PKEY *make_key(int number, bool authority)
{
	unsigned char ec[] = {0x30, 0x31, 2, 1, 1, 4, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
			      0,    0,	  0, 0, 0, 0, 0,    0, 0, 0, 0, 0, 0, 0xa0, 0x0a, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7};
	const unsigned char *at = ec;
	unsigned char *secret = ec + 7;
	EVP_PKEY *key;

	memset(secret, 0x40 + number, 32);
	key = authority ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, 32) : d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, sizeof(ec));
	must(key != NULL);
	return key;
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX extension_context;
	X509_EXTENSION *made;

	X509V3_set_ctx(&extension_context, issuer, certificate, NULL, NULL, 0);
	made = X509V3_EXT_conf_nid(NULL, &extension_context, nid, value);
	must(made && X509_add_ext(certificate, made, -1) == 1);
	X509_EXTENSION_free(made);
}

struct issued {
	EVP_PKEY *key;
	X509 *certificate;
};

// issuer NULL: signed by itself; names NULL: an authority.
static struct issued issue(int number, const struct issued *issuer, const char *names, const char *const days[2])
{
	struct issued made = {.key = make_key(number, !names), .certificate = X509_new()};
	X509_NAME *subject = X509_get_subject_name(made.certificate);
	const struct issued *by = issuer ? issuer : &made;
	const char *name = names ? "a.common.name" : number == OTHER_AUTHORITY ? "another" : number == BETWEEN ? "between" : "an authority";
	bool signs_by_itself = EVP_PKEY_get_base_id(by->key) == EVP_PKEY_ED25519;

	must(X509_set_version(made.certificate, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), 100 + number) == 1);
	must(ASN1_TIME_set_string(X509_getm_notBefore(made.certificate), days[0]) == 1 &&
	     ASN1_TIME_set_string(X509_getm_notAfter(made.certificate), days[1]) == 1);
	must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) == 1);
	must(X509_set_issuer_name(made.certificate, X509_get_subject_name(by->certificate)) == 1 &&
	     X509_set_pubkey(made.certificate, made.key) == 1);
	add_extension(made.certificate, by->certificate, names ? NID_subject_alt_name : NID_basic_constraints, names ? names : "critical,CA:TRUE");
	must(X509_sign(made.certificate, by->key, signs_by_itself ? NULL : EVP_sha256()) > 0);
	return made;
}

static const char *text_of(BIO *bio, struct arena *arena)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	const char *text = arena_memdup0(arena, data, (size_t)len);

	BIO_free(bio);
	return text;
}

static void make_pool(struct arena *arena)
{
	static const char names[] = "DNS:n-client,DNS:*.n-headless.x.svc.cluster.local";
	static const char *const good[2] = {"20200101000000Z", "20900101000000Z"}, *const past[2] = {"20200101000000Z", "20210101000000Z"};
	static const char *const future[2] = {"20890101000000Z", "20900101000000Z"};
	struct issued made[CERTIFICATES];

	made[AUTHORITY] = issue(AUTHORITY, NULL, NULL, good);
	made[OTHER_AUTHORITY] = issue(OTHER_AUTHORITY, NULL, NULL, good);
	made[BETWEEN] = issue(BETWEEN, &made[AUTHORITY], NULL, good);
	made[ISSUED] = issue(ISSUED, &made[AUTHORITY], names, good);
	made[DEEP] = issue(DEEP, &made[BETWEEN], names, good);
	made[ALONE] = issue(ALONE, NULL, names, good);
	made[EXPIRED] = issue(EXPIRED, &made[AUTHORITY], names, past);
	made[EARLY] = issue(EARLY, &made[AUTHORITY], names, future);
	made[FOREIGN] = issue(FOREIGN, &made[OTHER_AUTHORITY], "DNS:elsewhere", good);
	for (int i = 0; i < CERTIFICATES; i++) {
		BIO *certificate = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_mem());

		must(PEM_write_bio_X509(certificate, made[i].certificate) == 1 &&
		     PEM_write_bio_PrivateKey(key, made[i].key, NULL, NULL, 0, NULL, NULL) == 1);
		certificates[i] = text_of(certificate, arena);
		private_keys[i] = text_of(key, arena);
		EVP_PKEY_free(made[i].key);
		X509_free(made[i].certificate);
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
static SSL *server_of(const struct tls_secret *certificate, const char *key_pem)
{
	_cleanup_(SSL_CTX_freep) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	_cleanup_(BIO_freep) BIO *chain = BIO_new_mem_buf(certificate->chain, -1), *key_bio = BIO_new_mem_buf(key_pem, -1);
	_cleanup_(X509_freep) X509 *own = PEM_read_bio_X509(chain, NULL, NULL, NULL);
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
	X509 *next;
	SSL *ssl;

	must(own && key && SSL_CTX_use_certificate(ctx, own) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1);
	while ((next = PEM_read_bio_X509(chain, NULL, NULL, NULL))) {
		// OpenSSL's server, unlike Java's, sends none with a key of a kind that it does not know; it signs for nobody.
		if (!X509_get0_pubkey(next) || SSL_CTX_add_extra_chain_cert(ctx, next) != 1)
			X509_free(next);
	}
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
static int shakes_hands(const struct tls_secret *certificate, const char *key_pem, const char *host)
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

static void check_usable(const struct tls_secret *certificate, const char *key_pem, int64_t now_ms)
{
	static const char *const hosts[] = {"n-client", COVERED, "elsewhere", "a.common.name"};
	char pin[TLS_SECRET_PIN_SIZE];

	must(tls_secret_pin_of(certificate->mark, pin) && strncmp(certificate->mark, pin, strlen(pin)) == 0);
	must(certificate->turns_ms > now_ms);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		must(shakes_hands(certificate, key_pem, hosts[i]) == tls_secret_covers(certificate, hosts[i]));
}

// No piece of a key; its first letters are the same for all keys of its kind.
static void check_refused(const char *problem)
{
	must(problem && *problem);
	for (int i = 0; i < CERTIFICATES; i++) {
		char piece_of_key[17] = "";

		memcpy(piece_of_key, private_keys[i] + 60, 16);
		must(!strstr(problem, piece_of_key));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *pool;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct tls_secret certificate, again;
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
	if (!tls_secret_read(secret, now_ms, arena, &certificate, &problem)) {
		check_refused(problem);
		return 0;
	}
	must(!problem && tls_secret_read(secret, now_ms, arena, &again, &problem_again) && strcmp(certificate.mark, again.mark) == 0);
	check_usable(&certificate, parts[1], now_ms);
	return 0;
}
