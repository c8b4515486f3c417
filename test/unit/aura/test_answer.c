// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aura/answer.h"

static struct http_response response_of(int status, const char *body)
{
	struct http_response response = {.status = status, .body = BUF_INIT(100000)};

	buf_add(&response.body, body);
	return response;
}

struct told {
	int status;
	const char *body, *text;
	enum err_class class;
};

// The five shapes of errors, and answers that have none.
static const struct told told[] = {
	{400, "{\"errors\":[{\"message\":\"Name is too long\",\"reason\":\"bad-name\",\"field\":\"name\"}]}",
	 "the Aura API refused to do it: Name is too long (field 'name') (status 400)", ERR_INVALID},
	{400, "{\"errors\":[{\"reason\":\"quota-exceeded\"}]}", "the Aura API refused to do it: quota-exceeded (status 400)", ERR_INVALID},
	{400, "{\"errors\":[\"a word\"]}", "the Aura API refused to do it: a word (status 400)", ERR_INVALID},
	{500, "{\"message\":\"failed to create api key\",\"reason\":\"internal\"}",
	 "the Aura API refused to do it: failed to create api key (status 500)", ERR_SERVER},
	{403, "{\"error\":\"Access denied\"}", "the Aura API refused to do it: Access denied (status 403)", ERR_FORBIDDEN},
	{401, "{\"error\":\"access_denied\",\"error_description\":\"Unauthorized\"}", "the Aura API refused to do it: Unauthorized (status 401)",
	 ERR_FORBIDDEN},
	{404, "{\"error\":{\"message\":\"no such page\"}}", "the Aura API refused to do it: no such page (status 404)", ERR_NOT_FOUND},
	{409, "{\"errors\":[]}", "the Aura API refused to do it: it gave no reason (status 409)", ERR_CONFLICT},
	{429, "", "the Aura API refused to do it: it gave no reason (status 429)", ERR_TOO_MANY},
	{502, "<html>Bad gateway</html>", "the Aura API refused to do it: it gave no reason (status 502)", ERR_SERVER},
	{400, "{\"message\":\"two\\nlines \\u0007 and \\u00e9\"}", "the Aura API refused to do it: two lines ? and ?? (status 400)", ERR_INVALID},
	{400, "{\"errors\":[7]}", "the Aura API refused to do it: it gave no reason (status 400)", ERR_INVALID},
	{400, "[[", "the Aura API refused to do it: it gave no reason (status 400)", ERR_INVALID},
	{301, "", "the Aura API refused to do it: it gave no reason (status 301)", ERR_INVALID},
	// A service that repeats what it was sent.
	{400, "{\"message\":\"cannot read 'the-secret'\"}", "the Aura API refused to do it: it gave no reason (status 400)", ERR_INVALID},
	{400, "{\"errors\":[{\"message\":\"bad\",\"field\":\"the-bearer\"}]}", "the Aura API refused to do it: it gave no reason (status 400)",
	 ERR_INVALID},
};

static void test_errors(void **state)
{
	static const char *const secrets[] = {"the-secret", "the-bearer", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		struct http_response response = response_of(told[i].status, told[i].body);
		struct err err = ERR_INIT;

		strcpy(response.header, "id-7");
		response.retry_after_ms = 3000;
		assert_int_equal(answer_error(&response, "do it", secrets, &err), told[i].class);
		assert_string_equal(err.text, told[i].text);
		assert_string_equal(err.code, "id-7");
		assert_int_equal(err.retry_after_ms, 3000);
		assert_int_equal(err.status, told[i].status);
		buf_release(&response.body);
	}
}

static void test_long_words(void **state)
{
	static const char *const none[] = {NULL};
	struct http_response response = response_of(400, "{\"message\":\"");
	struct err err = ERR_INIT;

	(void)state;
	for (int i = 0; i < 2000; i++)
		buf_add(&response.body, "word ");
	buf_add(&response.body, "\"}");
	assert_int_equal(answer_error(&response, "do it", none, &err), ERR_INVALID);
	assert_true(strlen(err.text) < 320);
	assert_non_null(strstr(err.text, "(status 400)"));
	buf_release(&response.body);
}

static void test_bearer(void **state)
{
	static const struct {
		const char *body;
		int64_t lives_ms; // 0: refused
	} cases[] = {
		{"{\"access_token\":\"abc\",\"expires_in\":60,\"token_type\":\"bearer\"}", 60000},
		{"{\"access_token\":\"abc\",\"expires_in\":999999}", 3600000},
		{"{\"access_token\":\"abc\"}", 600000},
		{"{\"access_token\":\"abc\",\"expires_in\":-4}", 600000},
		{"{\"access_token\":\"\"}", 0},
		{"{\"access_token\":\"a\\nHost: b\"}", 0},
		{"{}", 0},
		{"", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct http_response response = response_of(200, cases[i].body);
		struct err err = ERR_INIT;
		const char *text;
		int64_t lives_ms = 0;
		int r = answer_bearer(&response, arena, &text, &lives_ms, &err);

		assert_int_equal(r, cases[i].lives_ms ? 0 : ERR_PROTOCOL);
		assert_int_equal(lives_ms, cases[i].lives_ms);
		if (r == 0)
			assert_string_equal(text, "abc");
		buf_release(&response.body);
	}
}

// Wrapped as in life, and bare as in the description. A list that is not understood in full is an error.
static void test_deployments(void **state)
{
	static const struct {
		const char *body;
		int n; // -1: refused
	} cases[] = {
		{"{\"data\":[{\"id\":\"a-1\",\"name\":\"x\",\"connection_url\":\"neo4j://h\",\"status\":\"running\"},{\"id\":\"b\"}]}", 2},
		{"[{\"id\":\"a-1\",\"name\":\"x\",\"connection_url\":\"neo4j://h\"}]", 1},
		{"{\"data\":[]}", 0},
		{"{\"data\":null}", -1},
		{"{\"data\":[{\"id\":\"a\"},{\"name\":\"x\"}]}", -1},
		{"{\"data\":[{\"id\":\"../b\"}]}", -1},
		{"{\"data\":{}}", -1},
		{"<html>", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct http_response response = response_of(200, cases[i].body);
		struct aura_deployments list = {0};
		struct err err = ERR_INIT;

		assert_int_equal(answer_deployments(&response, arena, &list, &err), cases[i].n < 0 ? ERR_PROTOCOL : 0);
		assert_int_equal(list.n, cases[i].n < 0 ? 0 : cases[i].n);
		if (cases[i].n > 0) {
			assert_string_equal(list.items[0].id, "a-1");
			assert_string_equal(list.items[0].name, "x");
			assert_string_equal(list.items[0].connection_url, "neo4j://h");
		}
		buf_release(&response.body);
	}
}

static void test_made(void **state)
{
	static const struct {
		const char *body, *id, *token;
	} cases[] = {
		{"{\"data\":{\"id\":\"d-1\",\"token\":\"abc=\"}}", "d-1", "abc="},
		{"{\"id\":\"d-1\",\"token\":\"abc=\"}", "d-1", "abc="},
		{"{\"data\":{\"id\":\"\",\"token\":\"\"}}", NULL, NULL},
		{"{\"data\":{\"id\":7,\"token\":null}}", NULL, NULL},
		{"{\"data\":{\"id\":\"a/b\",\"token\":\"a b\"}}", NULL, NULL},
		{"", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct http_response response = response_of(200, cases[i].body);
		struct err err = ERR_INIT, other = ERR_INIT, third = ERR_INIT;
		struct aura_deployment deployment;
		char id[AURA_ID_SIZE];
		const char *token;

		assert_int_equal(answer_id(&response, id, &err), cases[i].id ? 0 : ERR_PROTOCOL);
		assert_int_equal(answer_deployment(&response, arena, &deployment, &third), cases[i].id ? 0 : ERR_PROTOCOL);
		if (cases[i].id)
			assert_string_equal(id, cases[i].id);
		assert_int_equal(answer_token(&response, arena, &token, &other), cases[i].token ? 0 : ERR_PROTOCOL);
		if (cases[i].token)
			assert_string_equal(token, cases[i].token);
		buf_release(&response.body);
	}
}

static void test_ids(void **state)
{
	char longest[AURA_ID_SIZE + 1];

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_false(aura_is_id(longest));
	assert_true(aura_is_id(longest + 1));
	assert_true(aura_is_id("0b5b4d68-0c1f-4b4e-9a7e-000000000000"));
	assert_false(aura_is_id(""));
	assert_false(aura_is_id("a/b"));
	assert_false(aura_is_id("a b"));
	assert_false(aura_is_id("a%2f"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),	    cmocka_unit_test(test_long_words), cmocka_unit_test(test_bearer),
		cmocka_unit_test(test_deployments), cmocka_unit_test(test_made),       cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
