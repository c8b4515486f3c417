// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// D8: what a server quotes of a secret.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "neo4j/scrub.h"

// {"project_id":"p-1","private_key":"MIGHAgEAMBMGByqGSM49AgEG"}
#define TOKEN "eyJwcm9qZWN0X2lkIjoicC0xIiwicHJpdmF0ZV9rZXkiOiJNSUdIQWdFQU1CTUdCeXFHU000OUFnRUcifQ=="

static void test_token(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct scrub scrub = {0};

	(void)state;
	scrub_add_token(&scrub, TOKEN, arena);
	assert_string_equal(scrub_text(&scrub, "a plain sentence\nin two lines", arena), "a plain sentence in two lines");
	assert_string_equal(scrub_text(&scrub, "bad token " TOKEN ".", arena), "bad token [redacted].");
	assert_string_equal(scrub_text(&scrub, "key MIGHAgEAMBMGByqGSM49AgEG here", arena), "key [redacted] here");
	assert_string_equal(scrub_text(&scrub, "it has no private_key", arena), "it has no private_key");
	assert_string_equal(scrub_text(&scrub, NULL, arena), "");
	assert_string_equal(scrub_text(NULL, "as it\tis", arena), "as it is");
}

static void test_password(void **state)
{
	static const struct {
		const char *password, *text, *shown;
	} cases[] = {
		{"correct-horse", "wrong password correct-horse", "wrong password [redacted]"},
		{"correct-horse", "starts with correct-", "starts with [redacted]"},
		{"correct-horse", "correct, horse", "correct, horse"},
		{"tiny", "it is 'tiny', it is", "it is '[redacted]', it is"},
		{"a\nb line break", "a\nb line break, twice: a\nb line break", "[redacted], twice: [redacted]"},
		{"\u00e9\u00e8\u00e0\u00fc\u00f6\u00e4\u00f1\u00e7", "no \u00e9\u00e8\u00e0\u00fc\u00f6\u00e4\u00f1\u00e7 here", "no [redacted] here"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct scrub scrub = {0};

		scrub_add_password(&scrub, cases[i].password);
		assert_string_equal(scrub_text(&scrub, cases[i].text, arena), cases[i].shown);
	}
}

// Callers match codes, so a password that has a word of one in it leaves it alone; and a text that was cut ends in no piece.
static void test_error(void **state)
{
	struct scrub scrub = {0};
	struct err err = ERR_INIT, quoted = ERR_INIT, cut = ERR_INIT;
	char text[700];

	(void)state;
	scrub_add_password(&scrub, "Security-2024!");
	(void)err_set(&err, ERR_FORBIDDEN, "Security-2024! is wrong, Security is not");
	err_set_code(&err, "Neo.ClientError.Security.Unauthorized");
	scrub_err(&scrub, &err);
	assert_string_equal(err.text, "[redacted] is wrong, [redacted] is not");
	assert_string_equal(err.code, "Neo.ClientError.Security.Unauthorized");
	(void)err_set(&quoted, ERR_SERVER, "no");
	err_set_code(&quoted, "Neo.Security-2024!");
	scrub_err(&scrub, &quoted);
	assert_string_equal(quoted.code, "Neo.[redacted]");
	memset(text, 'x', sizeof(text));
	memcpy(text + sizeof(cut.text) - 6, "Security-2024!", 14);
	text[sizeof(text) - 1] = '\0';
	(void)err_set(&cut, ERR_SERVER, "%s", text);
	scrub_err(&scrub, &cut);
	assert_null(strstr(cut.text, "Sec"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
