// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The verdicts of the servers' own classes on values, flags, passwords and tokens (test/neo4j/verdicts.tsv), beside ours. A
// difference needs a line with its reason in test/neo4j/differences.tsv. With --differences the lines are printed that would be needed.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "base/json.h"
#include "neo4j/conf_flags.h"
#include "neo4j/conf_types.h"
#include "neo4j/conf_value.h"
#include "neo4j/token.h"
#include "operator/object/admin_secret.h"

#define VERSIONS 4
#define ROWS_MAX 1024
#define TEXT_MAX (256 * 1024)

struct row {
	const char *grammar, *input, *verdicts[VERSIONS];
};

struct table {
	struct row rows[ROWS_MAX];
	size_t n;
};

static struct table verdicts, differences; // of a difference, verdicts are ours and the reason
static struct arena *arena;
static bool print_only;

static char *read_file(const char *name)
{
	char *text = arena_alloc(arena, TEXT_MAX);
	FILE *file = fopen(name, "re");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, TEXT_MAX - 1, file);
	assert_true(len < TEXT_MAX - 1);
	assert_int_equal(fclose(file), 0);
	text[len] = '\0';
	return text;
}

static void read_table(const char *name, struct table *table)
{
	char *line, *rest = read_file(name);

	while ((line = strsep(&rest, "\n"))) {
		struct row *row = &table->rows[table->n];

		if (!*line || *line == '#')
			continue;
		row->grammar = strsep(&line, "\t");
		row->input = strsep(&line, "\t");
		for (size_t i = 0; i < VERSIONS && line; i++) {
			row->verdicts[i] = strsep(&line, "\t");
			if (!strcmp(row->verdicts[i], "="))
				row->verdicts[i] = row->verdicts[i - 1];
		}
		assert_true(++table->n < ROWS_MAX);
	}
}

static const struct row *find(const struct table *table, const char *grammar, const char *input)
{
	for (size_t i = 0; i < table->n; i++)
		if (!strcmp(table->rows[i].grammar, grammar) && !strcmp(table->rows[i].input, input))
			return &table->rows[i];
	return NULL;
}

static const char *unescape(const char *text)
{
	static const char from[] = "tnrs", to[] = "\t\n\r ";
	char *out = arena_alloc(arena, strlen(text) + 1);
	size_t n = 0;

	for (; *text; text++) {
		if (*text != '\\') {
			out[n++] = *text;
			continue;
		}
		text++;
		if (*text != 'e')
			out[n++] = strchr(from, *text) ? to[strchr(from, *text) - from] : *text;
	}
	out[n] = '\0';
	return out;
}

static const char *escape(const char *text)
{
	const char *out = "";

	for (; *text; text++)
		out = arena_printf(arena, "%s%s%c", out, *text == '\\' ? "\\" : "", *text);
	return out;
}

static const char *encode(const char *text)
{
	size_t len = strlen(text);
	unsigned char *out = arena_alloc(arena, len * 2 + 8);

	(void)EVP_EncodeBlock(out, (const unsigned char *)text, (int)len);
	return (const char *)out;
}

static const char *taken(bool good, const char *text)
{
	return good ? arena_printf(arena, "taken: %s", text) : "refused";
}

static const char *judge_address(const char *input, size_t version)
{
	struct conf_address address;

	// The defaults of the setting that the servers were asked for; the last two take brackets.
	if (!conf_value_address(input, version >= 2, arena, &address))
		return "refused";
	return arena_printf(arena, "taken: %s %d", address.host ? address.host : "localhost", address.port < 0 ? 7687 : address.port);
}

static const char *judge_number(const char *grammar, const char *input)
{
	int64_t number = 0;
	uint64_t bytes = 0;
	bool flag = false, good;

	if (!strcmp(grammar, "size")) {
		good = conf_value_size(input, &bytes);
		return taken(good, arena_printf(arena, "%llu", (unsigned long long)bytes));
	}
	if (!strcmp(grammar, "boolean")) {
		good = conf_value_bool(input, &flag);
		return taken(good, flag ? "true" : "false");
	}
	if (!strcmp(grammar, "integer")) {
		good = conf_value_integer(input, 1, INT_MAX, &number);
		return taken(good, arena_printf(arena, "%lld", (long long)number));
	}
	good = conf_value_duration(input, &number);
	return taken(good, arena_printf(arena, "%lld ms", (long long)number));
}

static const char *judge_password(const char *input)
{
	const char *blank = strchr(input, ' '), *secret, *problem;
	struct admin_secret admin;

	secret = arena_printf(arena, "{\"data\":{\"password\":\"%s\"}}", encode(blank + 1));
	return admin_secret_read(json_parse(arena, secret, strlen(secret)), atoi(input), arena, &admin, &problem) ? "taken" : "refused";
}

static const char *judge_token(const char *text)
{
	struct token token;

	if (token_check(text, strlen(text), INT64_MIN, arena, &token) != TOKEN_GOOD)
		return "refused";
	return arena_printf(arena, "taken: %s %lld", token.project, (long long)(token.expires_ms - (token.expires_ms % 1000 + 1000) % 1000) / 1000);
}

// Each flag whole, as it was before it was written for the shell.
static const char *wanted(const char *written)
{
	size_t len = strlen(written);
	bool peeled = strchr("\"'", *written) != NULL, whole = strpbrk(written, "\"'") != NULL;
	const char *out = "";

	for (size_t i = peeled; i < len - peeled; i++)
		if (written[i] != '\\')
			out = arena_printf(arena, "%s%s%c", out, written[i] == ' ' && !whole ? " |" : "", written[i]);
	return arena_printf(arena, "gets: %s", out);
}

// The text that Java gets when we write this one: it is among the inputs, too.
static const char *judge_flags(const struct row *row, size_t version)
{
	const char *input = unescape(row->input), *problem, *written = conf_flags_written(input, arena, &problem);
	const struct row *answer;

	if (!written)
		return "refused";
	if (!strcmp(written, input))
		return row->verdicts[version];
	answer = find(&verdicts, "written", escape(written));
	if (!answer && print_only)
		return arena_printf(arena, "? written\t%s", escape(written));
	if (!answer)
		fail_msg("the servers have not been asked for what is written for %s: written %s", row->input, escape(written));
	assert_string_equal(answer->verdicts[version], wanted(written));
	return answer->verdicts[version];
}

static const char *judge(const struct row *row, size_t version)
{
	const char *input = unescape(row->input);

	if (!strcmp(row->grammar, "address"))
		return judge_address(input, version);
	if (!strcmp(row->grammar, "password"))
		return judge_password(input);
	if (!strcmp(row->grammar, "token"))
		return judge_token(encode(input));
	if (!strcmp(row->grammar, "encoding"))
		return judge_token(input);
	if (!strcmp(row->grammar, "instant"))
		return judge_token(encode(arena_printf(
			arena, "{\"project_id\":\"p-1\",\"private_key\":\"x\",\"kid\":\"k-1\",\"expiry_time\":\"%s\"}", input)));
	if (!strcmp(row->grammar, "flags"))
		return judge_flags(row, version);
	return judge_number(row->grammar, input);
}

static void check_row(const struct row *row)
{
	const struct row *difference = find(&differences, row->grammar, row->input);
	bool differs = false;

	for (size_t i = 0; i < VERSIONS; i++) {
		const char *ours = judge(row, i);

		if (!strcmp(row->verdicts[i], "-") || !strcmp(ours, row->verdicts[i]))
			continue;
		differs = true;
		if (print_only)
			printf("%s\t%s\t%s\t%s\n", row->grammar, row->input, ours, difference ? difference->verdicts[1] : "?");
		else if (!difference || strcmp(difference->verdicts[0], ours) != 0)
			fail_msg("%s '%s': ours '%s', the server's '%s'", row->grammar, row->input, ours, row->verdicts[i]);
		else
			assert_true(strlen(difference->verdicts[1]) > 10); // a reason
		if (print_only)
			break;
	}
	if (difference && !differs)
		fail_msg("%s '%s' is no difference any more", row->grammar, row->input);
}

static void check(const char *const *grammars, size_t least)
{
	size_t n = 0;

	for (size_t i = 0; i < verdicts.n; i++)
		for (const char *const *grammar = grammars; *grammar; grammar++)
			if (!strcmp(verdicts.rows[i].grammar, *grammar)) {
				check_row(&verdicts.rows[i]);
				n++;
			}
	assert_true(n >= least);
}

// B4: sizes (M1), durations, truth values, numbers and addresses are what the servers take.
static void test_values(void **state)
{
	(void)state;
	check((const char *const[]){"size", "duration", "boolean", "integer", "address", NULL}, 250);
}

// B4: flags of the JVM reach Java as they are written (M5), and those that would not are refused.
static void test_flags(void **state)
{
	(void)state;
	check((const char *const[]){"flags", NULL}, 55);
}

// B5: any password that set-initial-password takes, with the least length that is configured (M6, M7).
static void test_passwords(void **state)
{
	(void)state;
	check((const char *const[]){"password", NULL}, 45);
}

// D2: tokens as the server reads them: their padding, members and times (M8, M15).
static void test_tokens(void **state)
{
	(void)state;
	check((const char *const[]){"token", "instant", "encoding", NULL}, 140);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_passwords),
		cmocka_unit_test(test_tokens),
	};
	int failed;

	print_only = argc > 1 && !strcmp(argv[1], "--differences");
	arena = arena_new();
	read_table(NEOFLEET_SOURCE_DIR "/test/neo4j/verdicts.tsv", &verdicts);
	read_table(NEOFLEET_SOURCE_DIR "/test/neo4j/differences.tsv", &differences);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
