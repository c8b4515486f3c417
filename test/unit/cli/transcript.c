// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/release.h"
#include "cli/program.h"

#define WORDS_MAX 32
#define TEXT_MAX ((size_t)4 * 1024 * 1024)

static int64_t monotonic(void *user)
{
	(void)user;
	return 0;
}

static int64_t wall(void *user)
{
	(void)user;
	return INT64_C(1795953600000); // 2026-11-29T12:00:00Z
}

static const struct clock noon = {.monotonic_ms = monotonic, .wall_ms = wall};

// Words between spaces; in single quotes a space is one of the word.
static int split(struct arena *arena, const char *line, size_t len, char **ret)
{
	char *to = arena_alloc(arena, len + 1);
	bool quoted = false, word = false;
	int n = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i == len || (line[i] == ' ' && !quoted)) {
			word = false;
			*to++ = '\0';
			continue;
		}
		if (!word) {
			assert_true(n < WORDS_MAX);
			ret[n++] = to;
			word = true;
		}
		if (line[i] == '\'')
			quoted = !quoted;
		else
			*to++ = line[i];
		if (i + 1 == len) {
			*to++ = '\0';
			break;
		}
	}
	return n;
}

static void run(struct arena *arena, const char *line, size_t len, struct buf *out)
{
	struct program_streams streams = {.clock = &noon};
	char *words[WORDS_MAX], *texts[2];
	int n = split(arena, line, len, words), status, first = 0;
	const char *input = "/dev/null";
	size_t lengths[2];

	bool quiet = n >= 2 && strcmp(words[n - 2], ">") == 0;

	n -= quiet ? 2 : 0;
	if (n >= 2 && strcmp(words[n - 2], "<") == 0) {
		input = words[n - 1];
		n -= 2;
	}
	// "kubectl neofleet" is the program kubectl-neofleet.
	if (n >= 2 && strcmp(words[0], "kubectl") == 0)
		words[first = 1] = arena_strdup(arena, "/usr/local/bin/kubectl-neofleet");
	streams.in = fopen(input, "r");
	assert_non_null(streams.in);
	streams.out = open_memstream(&texts[0], &lengths[0]);
	streams.notes = open_memstream(&texts[1], &lengths[1]);
	status = program_run(n - first, words + first, &streams);
	(void)fclose(streams.in);
	(void)fclose(streams.out);
	(void)fclose(streams.notes);
	if (!quiet)
		buf_append(out, texts[0], lengths[0]);
	buf_append(out, texts[1], lengths[1]);
	if (status)
		buf_addf(out, "[status %d]\n", status);
	free(texts[0]);
	free(texts[1]);
}

// Whatever is printed, no secret of the fixtures is in it, nor the beginning of a token.
static void check_secrets(const char *text)
{
	static const char *const secrets[] = {"the-secret-of-the-test", "kid-of-the-test", "the-password", "bearer-of-eva", "PRIVATE", "eyJwcm9qZWN0"};

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		assert_null(strstr(text, secrets[i]));
}

// Where the client's version stands, what the page shows.
static void show_version(struct buf *out)
{
	static const char shown[] = "0.1.0";
	char *at = strstr(out->data, "client");
	size_t len = strlen(release_version), rest;

	for (; at; at = strstr(at, "client")) {
		at = strpbrk(at, "0123456789\n");
		if (!at)
			return;
		if (strncmp(at, release_version, len) != 0 || len < strlen(shown))
			continue;
		rest = strlen(at + len);
		memcpy(at, shown, strlen(shown));
		memmove(at + strlen(shown), at + len, rest + 1);
		out->len -= len - strlen(shown);
	}
}

// Replaces the address of the scripted server by a fixed word.
static const char *without_ports(struct arena *arena, const char *text, const struct apiserver *apiserver)
{
	char *copy = arena_strdup(arena, text), *at;

	while (apiserver && (at = strstr(copy, apiserver_kubeconfig(apiserver)))) {
		memcpy(at, "KUBECONFIG", strlen("KUBECONFIG"));
		memmove(at + strlen("KUBECONFIG"), at + strlen(apiserver_kubeconfig(apiserver)), strlen(at + strlen(apiserver_kubeconfig(apiserver))) + 1);
	}
	for (at = strstr(copy, "127.0.0.1:"); at; at = strstr(at, "127.0.0.1:")) {
		size_t digits = strspn(at + strlen("127.0.0.1:"), "0123456789");

		at += strlen("127.0.0.1");
		memmove(at, at + 1 + digits, strlen(at + 1 + digits) + 1);
	}
	return copy;
}

const char *transcript_replay(struct arena *arena, const char *text, struct apiserver *apiserver)
{
	size_t written = 0;
	_cleanup_buf_ struct buf out = BUF_INIT(TEXT_MAX);
	bool begun = false;

	assert_int_equal(setenv("KUBECONFIG", apiserver ? apiserver_kubeconfig(apiserver) : "/nonexistent", 1), 0);
	assert_int_equal(chdir(NEOFLEET_SOURCE_DIR "/test/unit/cli/files"), 0);
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (strncmp(text, "$ ", 2) == 0) {
			buf_addf(&out, "%.*s\n", (int)len, text);
			run(arena, text + 2, len - 2, &out);
			begun = true;
			if (apiserver) {
				const char *all = apiserver_written(apiserver);

				buf_add(&out, all + written);
				written = strlen(all);
			}
		} else if (text[0] == '#' && !begun) {
			buf_addf(&out, "%.*s\n", (int)len, text);
		}
		text += len + (text[len] == '\n');
	}
	assert_false(out.overflow);
	check_secrets(buf_str(&out));
	if (out.data)
		show_version(&out);
	return without_ports(arena, buf_str(&out), apiserver);
}

void transcript_same(const char *what, const char *expected, const char *found)
{
	size_t i = 0, line = 0;

	if (strcmp(expected, found) == 0)
		return;
	for (; expected[i] && expected[i] == found[i]; i++)
		line = expected[i] == '\n' ? i + 1 : line;
	(void)fprintf(stderr, "%s: expected\n%.*s\nbut it is\n%.*s\n", what, (int)strcspn(expected + line, "\n"), expected + line,
		      (int)strcspn(found + line, "\n"), found + line);
	fail_msg("%s is not as expected; NEOFLEET_GOLDEN_UPDATE=1 writes it anew", what);
}
