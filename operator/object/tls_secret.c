// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/tls_secret.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "operator/object/admin_secret.h"

#define MAX_PEM_BYTES ((size_t)128 * 1024)
#define MARK_REST 16 // hex digits of the rest's digest

DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free);
DEFINE_CLEANUP(BIO *, BIO_free);
DEFINE_CLEANUP(X509_STORE *, X509_STORE_free);
DEFINE_CLEANUP(X509_STORE_CTX *, X509_STORE_CTX_free);

static void free_certificates(STACK_OF(X509) * list)
{
	sk_X509_pop_free(list, X509_free);
}
DEFINE_CLEANUP(STACK_OF(X509) *, free_certificates);

// Asks nobody for a password: a key with one cannot be used, since neither the server nor we would know it.
static int no_password(char *text, int size, int writing, void *user)
{
	(void)text, (void)size, (void)writing, (void)user;
	return -1;
}

static STACK_OF(X509) * parse_certificates(const char *pem)
{
	_cleanup_(BIO_freep) BIO *bio = BIO_new_mem_buf(pem, -1);
	STACK_OF(X509) *list = sk_X509_new_null();
	X509 *certificate;

	while ((certificate = PEM_read_bio_X509(bio, NULL, no_password, NULL)))
		(void)sk_X509_push(list, certificate);
	ERR_clear_error();
	return list;
}

static int64_t wall_ms(const ASN1_TIME *time)
{
	struct tm tm;

	return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) * 1000 : 0;
}

static const char *wall_text(int64_t ms, struct arena *arena)
{
	char text[TIME_TEXT_SIZE];

	time_format_rfc3339(ms, text, sizeof(text));
	return arena_strdup(arena, text);
}

static void hex(const unsigned char *digest, unsigned n, char *text)
{
	for (unsigned i = 0; i < n; i++) {
		text[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		text[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	text[(size_t)2 * n] = '\0';
}

// The servers must also read the chain anew when only its intermediate certificates change.
static const char *mark_of(STACK_OF(X509) * chain, struct arena *arena)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char first[2 * EVP_MAX_MD_SIZE + 1], rest[2 * EVP_MAX_MD_SIZE + 1];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned len = 0;

	if (!md || X509_digest(sk_X509_value(chain, 0), EVP_sha256(), digest, &len) != 1)
		abort();
	hex(digest, len, first);
	if (EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1)
		abort();
	for (int i = 1; i < sk_X509_num(chain); i++) {
		unsigned char one[EVP_MAX_MD_SIZE];

		if (X509_digest(sk_X509_value(chain, i), EVP_sha256(), one, &len) != 1 || EVP_DigestUpdate(md, one, len) != 1)
			abort();
	}
	if (EVP_DigestFinal_ex(md, digest, &len) != 1)
		abort();
	EVP_MD_CTX_free(md);
	hex(digest, MARK_REST / 2, rest);
	return sk_X509_num(chain) > 1 ? arena_printf(arena, "%s-%s", first, rest) : arena_strdup(arena, first);
}

// The name of the next block in a PEM text; NULL: there is none. Moves *pem past its first line.
static const char *next_block(const char **pem, struct arena *arena)
{
	static const char begin[] = "-----BEGIN ", end[] = "-----";
	const char *name = strstr(*pem, begin), *behind;

	if (!name)
		return NULL;
	name += strlen(begin);
	behind = strstr(name, end);
	*pem = behind ? behind + strlen(end) : name + strlen(name);
	return arena_memdup0(arena, name, behind && behind - name < 40 ? (size_t)(behind - name) : 0);
}

static bool ends(const char *text, const char *with)
{
	return strlen(text) >= strlen(with) && strcmp(text + strlen(text) - strlen(with), with) == 0;
}

// Neo4j reads the first block of the key's file, and every one of the certificates'.
static const char *block_problem(const char *key, const char *chain, struct arena *arena)
{
	const char *block = next_block(&key, arena);

	if (block && !ends(block, "PRIVATE KEY"))
		return arena_printf(arena,
				    "key 'tls.key' begins with a block '%s', at which Neo4j ends; put the private key first (openssl genpkey writes it "
				    "alone)",
				    block);
	while ((block = next_block(&chain, arena)))
		if (!ends(block, "CERTIFICATE"))
			return arena_printf(arena, "key 'tls.crt' holds a block '%s', at which Neo4j ends; take it out", block);
	return NULL;
}

// Whether Neo4j can read a key of this kind and clients can then speak with it.
static bool is_kind_of_neo4j(const EVP_PKEY *key)
{
	static const char *const curves[] = {"prime256v1", "secp384r1", "secp521r1"};
	char name[64] = "";

	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
		return true;
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC || EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) != 1)
		return false;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (strcmp(curves[i], name) == 0)
			return true;
	return false;
}

// The verdicts follow the servers' own classes, kind by kind (test/neo4j/tls-pairs.json).
static const char *key_problem(const char *pem, const char *chain, const X509 *certificate, struct arena *arena)
{
	_cleanup_(BIO_freep) BIO *bio = BIO_new_mem_buf(pem, -1);
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	int fits = key ? X509_check_private_key(certificate, key) : 0;
	const char *problem = block_problem(pem, chain, arena);

	ERR_clear_error();
	if (problem)
		return problem;
	if (!key)
		return "key 'tls.key' holds no private key in PEM that can be read without a password";
	if (!is_kind_of_neo4j(key))
		return "the private key in key 'tls.key' is of a kind that Neo4j cannot use; make one of RSA, or of EC on P-256, P-384 or P-521";
	return fits == 1 ? NULL : "the private key in key 'tls.key' does not belong to the certificate in key 'tls.crt'";
}

// Whether a client that trusts the CA accepts the chain; the name is checked elsewhere.
static bool is_trusted(STACK_OF(X509) * chain, STACK_OF(X509) * authorities)
{
	_cleanup_(X509_STORE_freep) X509_STORE *store = X509_STORE_new();
	_cleanup_(X509_STORE_CTX_freep) X509_STORE_CTX *context = X509_STORE_CTX_new();
	bool trusted;

	for (int i = 0; i < sk_X509_num(authorities); i++)
		(void)X509_STORE_add_cert(store, sk_X509_value(authorities, i));
	(void)X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	if (X509_STORE_CTX_init(context, store, sk_X509_value(chain, 0), chain) != 1)
		abort();
	(void)X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
	trusted = X509_verify_cert(context) == 1;
	ERR_clear_error();
	return trusted;
}

static const char *time_problem(const X509 *certificate, int64_t now_ms, struct arena *arena, int64_t *ret_turns_ms)
{
	int64_t from = wall_ms(X509_get0_notBefore(certificate)), to = wall_ms(X509_get0_notAfter(certificate));

	*ret_turns_ms = now_ms < from ? from : now_ms < to ? to : 0;
	if (now_ms >= to)
		return arena_printf(arena, "the certificate in key 'tls.crt' expired on %s; renew it", wall_text(to, arena));
	if (now_ms < from)
		return arena_printf(arena, "the certificate in key 'tls.crt' is not valid before %s", wall_text(from, arena));
	return NULL;
}

static const char *text_of(yyjson_val *secret, const char *key, struct arena *arena, const char **ret_problem)
{
	size_t len = 0;
	const char *text = secret_value(secret, key, arena, &len);

	*ret_problem = NULL;
	if (!text)
		*ret_problem = arena_printf(arena, "key '%s' not found (the keys are: %s); it must be of type kubernetes.io/tls",
					    key, secret_keys(secret, arena));
	else if (len > MAX_PEM_BYTES || strlen(text) != len)
		*ret_problem = arena_printf(arena, "key '%s' is no text of at most 128 KiB", key);
	return *ret_problem ? NULL : text;
}

// The server's own certificate in PEM, without the rest of the chain.
static const char *first_of(const char *chain, struct arena *arena)
{
	_cleanup_(free_certificatesp) STACK_OF(X509) *list = parse_certificates(chain);
	_cleanup_(BIO_freep) BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	long len;

	if (sk_X509_num(list) == 0)
		return "";
	if (!bio || PEM_write_bio_X509(bio, sk_X509_value(list, 0)) != 1)
		abort();
	len = BIO_get_mem_data(bio, &pem);
	return arena_memdup0(arena, pem, (size_t)len);
}

static const char *no_certificate(const char *key, struct arena *arena)
{
	return arena_printf(arena, "key '%s' holds no certificate in PEM", key);
}

// The texts of the Secret; false with a problem where one is missing.
static bool read_texts(yyjson_val *secret, struct arena *arena, struct tls_secret *ret, const char **ret_key,
		       const char **ret_problem)
{
	const char *ignored, *authority;

	ret->chain = text_of(secret, "tls.crt", arena, ret_problem);
	if (!ret->chain)
		return false;
	*ret_key = text_of(secret, "tls.key", arena, ret_problem);
	if (!*ret_key)
		return false;
	// An issuer without a CA of its own leaves this key empty.
	authority = text_of(secret, "ca.crt", arena, &ignored);
	ret->trust = authority && *authority ? authority : first_of(ret->chain, arena);
	return true;
}

bool tls_secret_read(yyjson_val *secret, int64_t now_ms, struct arena *arena, struct tls_secret *ret,
		     const char **ret_problem)
{
	_cleanup_(free_certificatesp) STACK_OF(X509) *chain = NULL, *authorities = NULL;
	const char *key;

	arena_wipe_on_free(arena);
	*ret = (struct tls_secret){0};
	if (!read_texts(secret, arena, ret, &key, ret_problem))
		return false;
	chain = parse_certificates(ret->chain);
	authorities = parse_certificates(ret->trust);
	if (sk_X509_num(chain) == 0)
		*ret_problem = no_certificate("tls.crt", arena);
	else if (sk_X509_num(authorities) == 0)
		*ret_problem = no_certificate("ca.crt", arena);
	else
		*ret_problem = key_problem(key, ret->chain, sk_X509_value(chain, 0), arena);
	if (!*ret_problem)
		*ret_problem = time_problem(sk_X509_value(chain, 0), now_ms, arena, &ret->turns_ms);
	if (!*ret_problem && !is_trusted(chain, authorities))
		*ret_problem = "a client that trusts key 'ca.crt' does not trust the certificate in key 'tls.crt': it is not "
			       "issued by it, not for servers, or a certificate between them is missing";
	if (*ret_problem)
		return false;
	ret->mark = mark_of(chain, arena);
	return true;
}

bool tls_secret_covers(const struct tls_secret *certificate, const char *host)
{
	_cleanup_(free_certificatesp) STACK_OF(X509) *chain = parse_certificates(certificate->chain);

	return sk_X509_num(chain) > 0 &&
	       X509_check_host(sk_X509_value(chain, 0), host, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;
}

bool tls_secret_pin_of(const char *mark, char pin[TLS_SECRET_PIN_SIZE])
{
	for (size_t i = 0; i < TLS_SECRET_PIN_SIZE - 1; i++) {
		if (!mark || !isxdigit((unsigned char)mark[i]))
			return false;
		pin[i] = mark[i];
	}
	pin[TLS_SECRET_PIN_SIZE - 1] = '\0';
	return mark[TLS_SECRET_PIN_SIZE - 1] == '\0' || mark[TLS_SECRET_PIN_SIZE - 1] == '-';
}
