// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A report: secrets are left out of texts and objects, and tar reads what is written.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "cli/report/blackout.h"
#include "cli/report/secret_names.h"
#include "cli/report/tarball.h"

static void assert_scrubbed(const struct blackout *scrub, const char *text, const char *expected)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	size_t len;
	const char *found = blackout_text(scrub, arena, text, strlen(text), &len);

	assert_string_equal(found, expected);
	assert_int_equal(len, strlen(expected));
}

// The token is base64 of {"project_id":"p","private_key":"the-key","kid":"1"}, and the Secret's data base64 of that.
static void test_texts(void **state)
{
	static const char data[] = "{\"password\":\"aHVudGVyMgo=\",\"longer\":\"aHVudGVyMjM=\",\"short\":\"YWI=\",\"number\":7,"
				   "\"token\":\"ZXlKd2NtOXFaV04wWDJsa0lqb2ljQ0lzSW5CeWFYWmhkR1ZmYTJWNUlqb2lkR2hsTFd0bGVTSXNJbXRwWkNJNklqRWlmUT09\"}";
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct blackout scrub = {.arena = arena};

	(void)state;
	blackout_add_secret(&scrub, json_parse(arena, data, strlen(data)));
	assert_scrubbed(&scrub, "nothing of it ab", "nothing of it ab");
	assert_scrubbed(&scrub, "", "");
	assert_scrubbed(&scrub, "login with hunter2!", "login with (left out)!");
	assert_scrubbed(&scrub, "hunter2hunter23hunter", "(left out)(left out)hunter");
	assert_scrubbed(&scrub, "password: aHVudGVyMgo=", "password: (left out)=");
	assert_scrubbed(&scrub, "the key is the-key", "the key is (left out)");
	assert_scrubbed(&scrub, "eyJwcm9qZWN0X2lkIjoicCIsInByaXZhdGVfa2V5IjoidGhlLWtleSIsImtpZCI6IjEifQ==", "(left out)");
}

// NEO4J_AUTH: "neo4j/pa\"ss\\word\n", username: "neo4j".
static void test_a_pair(void **state)
{
	static const char data[] = "{\"NEO4J_AUTH\":\"bmVvNGovcGEic3Ncd29yZAo=\",\"username\":\"bmVvNGo=\",\"other\":\"bmVvNGo=\",\"line\":\"b25lCXR3bwo=\"}";
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct blackout scrub = {.arena = arena};

	(void)state;
	blackout_add_secret(&scrub, json_parse(arena, data, strlen(data)));
	// With the password that nobody may keep.
	blackout_add(&scrub, "neo4j/neo4j", strlen("neo4j/neo4j"));
	assert_scrubbed(&scrub, "user neo4j of bmVvNGo=", "user neo4j of bmVvNGo=");
	assert_scrubbed(&scrub, "neo4j/pa\"ss\\word", "(left out)");
	assert_scrubbed(&scrub, "by pa\"ss\\word!", "by (left out)!");
	// Neither the password, nor the pair without the line's end.
	assert_scrubbed(&scrub, "cGEic3Ncd29yZA== bmVvNGovcGEic3Ncd29yZA==", "(left out)== (left out)==");
	assert_scrubbed(&scrub, "{\"m\":\"pa\\\"ss\\\\word\"}", "{\"m\":\"(left out)\"}");
	assert_scrubbed(&scrub, "{\"m\":\"one\\ttwo\"}", "{\"m\":\"(left out)\"}");
}

// .dockerconfigjson: {"auths":{"r":{"password":"of-the-registry","auth":"dTpvZi10aGU="}}}
static void test_a_login(void **state)
{
	static const char data[] = "{\".dockerconfigjson\":\"eyJhdXRocyI6eyJyIjp7InBhc3N3b3JkIjoib2YtdGhlLXJlZ2lzdHJ5IiwiYXV0aCI6ImRUcHZaaTEwYUdVPSJ9fX0=\"}";
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct blackout scrub = {.arena = arena};

	(void)state;
	blackout_add_secret(&scrub, json_parse(arena, data, strlen(data)));
	assert_scrubbed(&scrub, "login of-the-registry dTpvZi10aGU=", "login (left out) (left out)");
}

static yyjson_mut_doc *doc_of(struct arena *arena, const char *text)
{
	yyjson_mut_doc *doc = json_doc_new(arena);

	yyjson_mut_doc_set_root(doc, yyjson_val_mut_copy(doc, json_parse(arena, text, strlen(text))));
	return doc;
}

static void test_trees(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct blackout scrub = {.arena = arena};
	yyjson_mut_doc *doc = doc_of(arena, "{\"a\":[\"by pa\\\"ss\\\\word\",7,{\"pa\\\"ss\\\\word\":\"fine\"}]}");
	_cleanup_buf_ struct buf deep = BUF_INIT(1024);

	(void)state;
	blackout_add(&scrub, "pa\"ss\\word", strlen("pa\"ss\\word"));
	blackout_tree(&scrub, arena, yyjson_mut_doc_get_root(doc));
	assert_string_equal(json_text(arena, doc), "{\"a\":[\"by (left out)\",7,{\"(left out)\":\"fine\"}]}");
	// Deeper than is looked.
	for (int i = 0; i < 100; i++)
		buf_addc(&deep, '[');
	buf_add(&deep, "\"pa\\\"ss\\\\word\"");
	for (int i = 0; i < 100; i++)
		buf_addc(&deep, ']');
	doc = doc_of(arena, buf_str(&deep));
	blackout_object(yyjson_mut_doc_get_root(doc));
	assert_null(strstr(json_text(arena, doc), "word"));
	doc = doc_of(arena, buf_str(&deep));
	blackout_tree(&scrub, arena, yyjson_mut_doc_get_root(doc));
	assert_null(strstr(json_text(arena, doc), "word"));
}

static void test_commands(void **state)
{
	static const char text[] = "{\"config\":{\"server.jvm.additional\":\"-Djavax.net.ssl.keyStorePassword=x\",\"db.x\":\"1\"},"
				   "\"containers\":[{\"args\":[\"--password=x\",\"--token\",\"y\",\"-v\",7],\"command\":[\"sh\",\"-c\",\"login --passwd z\",\"w\"]}]}";
	static const char expected[] = "{\"config\":{\"server.jvm.additional\":\"(left out)\",\"db.x\":\"1\"},"
				       "\"containers\":[{\"args\":[\"(left out)\",\"(left out)\",\"(left out)\",\"-v\",7],\"command\":[\"sh\",\"-c\",\"(left out)\",\"w\"]}]}";
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_mut_doc *doc = doc_of(arena, text);

	(void)state;
	blackout_object(yyjson_mut_doc_get_root(doc));
	assert_string_equal(json_text(arena, doc), expected);
}

static void test_names(void **state)
{
	static const char text[] =
		"{\"auth\":{\"adminSecret\":\"a\"},\"auraFleetManagement\":{\"tokenSecretRef\":{\"name\":\"b\"}},\"image\":{\"pullSecrets\":[\"c\",7]},"
		"\"tls\":{\"certificateSecret\":\"d\"},\"env\":[{\"name\":\"E\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"e\",\"key\":\"k\"}}}],"
		"\"config\":{\"secretName\":\"a value\"},\"podTemplate\":{\"spec\":{\"imagePullSecrets\":[{\"name\":\"f\"}],\"containers\":[{\"envFrom\":[{\"secretRef\":{\"name\":\"g\"}}]}],"
		"\"volumes\":[{\"secret\":{\"secretName\":\"h\"}},{\"projected\":{\"sources\":[{\"secret\":{\"name\":\"i\"}},{\"secret\":{\"name\":\"a\"}}]}}]}}}";
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_buf_ struct buf found = BUF_INIT(64), many = BUF_INIT(4096);
	struct secret_names names;

	(void)state;
	secret_names_collect(json_parse(arena, text, strlen(text)), &names);
	for (size_t i = 0; i < names.n; i++)
		buf_add(&found, names.names[i]);
	assert_string_equal(buf_str(&found), "abcdefghi");
	assert_false(names.more);
	secret_names_collect(NULL, &names);
	assert_int_equal(names.n, 0);
	buf_add(&many, "{\"pullSecrets\":[\"0\"");
	for (int i = 1; i <= SECRET_NAMES_MAX; i++)
		buf_addf(&many, ",\"%d\"", i);
	buf_add(&many, "]}");
	secret_names_collect(json_parse(arena, many.data, many.len), &names);
	assert_int_equal(names.n, SECRET_NAMES_MAX);
	assert_true(names.more);
}

static void test_objects(void **state)
{
	static const char text[] =
		"{\"metadata\":{\"name\":\"a\",\"managedFields\":[1],\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":\"x\","
		"\"neofleet.neo4j.com/applied\":\"d\"}},\"spec\":{\"auth\":{\"adminSecret\":\"name\"},\"tokenSecretRef\":{\"name\":\"n\",\"key\":\"token\"},"
		"\"config\":{\"db.x\":\"1\",\"dbms.ldap.system_password\":\"p\"},\"env\":[{\"name\":\"A\",\"value\":\"v\"},"
		"{\"name\":\"B\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"k\"}}}],"
		"\"template\":{\"metadata\":{\"annotations\":{\"vault.example/secret\":\"v\"}}}}}";
	static const char expected[] =
		"{\"metadata\":{\"name\":\"a\",\"annotations\":{\"neofleet.neo4j.com/applied\":\"d\"}},\"spec\":{\"auth\":{\"adminSecret\":\"name\"},"
		"\"tokenSecretRef\":{\"name\":\"n\",\"key\":\"token\"},\"config\":{\"db.x\":\"1\",\"dbms.ldap.system_password\":\"(left out)\"},"
		"\"env\":[{\"name\":\"A\",\"value\":\"(left out)\"},{\"name\":\"B\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"k\"}}}],"
		"\"template\":{\"metadata\":{\"annotations\":{}}}}}";
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_val_mut_copy(doc, json_parse(arena, text, strlen(text)));

	(void)state;
	yyjson_mut_doc_set_root(doc, root);
	blackout_object(root);
	assert_string_equal(json_text(arena, doc), expected);
}

// The stored blocks of a gzip file, whose lengths are checked.
static char *unpack(const unsigned char *data, size_t len, size_t *ret_len)
{
	char *tar = malloc(len);
	size_t at = 10, n = 0;
	bool last = false;

	assert_non_null(tar);
	assert_memory_equal(data, "\x1f\x8b\x08", 3);
	while (!last) {
		size_t size = data[at + 1] | (size_t)data[at + 2] << 8;

		last = data[at] == 1;
		assert_true(last || data[at] == 0);
		assert_int_equal(size ^ 0xffff, data[at + 3] | (size_t)data[at + 4] << 8);
		memcpy(tar + n, data + at + 5, size);
		n += size;
		at += 5 + size;
	}
	assert_int_equal(at + 8, len);
	assert_int_equal(n & 0xff, data[at + 4]);
	*ret_len = n;
	return tar;
}

#define FOLDER "0123456789012345678901234567890123456789/0123456789012345678901234567890123456789/0123456789012345678901234567890123456789"

static void test_archive(void **state)
{
	struct tarball archive = TARBALL_INIT(1764417600);
	struct err err = ERR_INIT;
	static char large[200000];
	char *text, *tar;
	size_t len, n;
	FILE *file = open_memstream(&text, &len);

	(void)state;
	memset(large, 'x', sizeof(large));
	tarball_add(&archive, "a/b.txt", "hello", 5);
	tarball_add(&archive, FOLDER "/c.txt", large, sizeof(large));
	assert_int_equal(tarball_write(&archive, file, &err), 0);
	assert_int_equal(fclose(file), 0);
	tarball_release(&archive);
	tar = unpack((const unsigned char *)text, len, &n);
	assert_int_equal(n % 512, 0);
	assert_string_equal(tar, "a/b.txt");
	assert_memory_equal(tar + 257, "ustar\00000", 8);
	assert_string_equal(tar + 124, "00000000005");
	assert_memory_equal(tar + 512, "hello", 6);
	// The long path is parted at a slash: what stands before it is the prefix.
	assert_string_equal(tar + 1024 + 345, "0123456789012345678901234567890123456789");
	assert_string_equal(tar + 1024, "0123456789012345678901234567890123456789/0123456789012345678901234567890123456789/c.txt");
	assert_memory_equal(tar + 1536, large, sizeof(large));
	free(tar);
	free(text);
}

// The end of a name that is too long is kept, since it tells one file from another.
static void test_a_long_name(void **state)
{
	struct tarball archive = TARBALL_INIT(1764417600);
	char path[256] = "folder/";

	(void)state;
	memset(path + 7, 'n', 120);
	(void)snprintf(path + 127, sizeof(path) - 127, ".previous.log");
	tarball_add(&archive, path, "x", 1);
	assert_memory_equal(archive.tar.data, path + strlen(path) - 100, 100);
	assert_string_equal(archive.tar.data + 345, "folder");
	tarball_release(&archive);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts), cmocka_unit_test(test_a_pair), cmocka_unit_test(test_a_login), cmocka_unit_test(test_trees),
						  cmocka_unit_test(test_objects), cmocka_unit_test(test_commands), cmocka_unit_test(test_names),
						  cmocka_unit_test(test_archive), cmocka_unit_test(test_a_long_name)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
