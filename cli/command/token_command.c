// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Everything that holds the token is wiped: the Secret's object, the buffers, and the program's arena. Only its project and its expiry are ever
// printed (neo4j/token.h).

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/input.h"
#include "cli/program.h"
#include "cli/rendering.h"
#include "cli/secret_token.h"
#include "cli/timespan.h"

#define KEY_DEFAULT "token"
#define DAY_MS (INT64_C(86400) * 1000)
#define DAYS_MAX 36500

static const struct flag flag_file = {"filename", 'f', "FILE", NULL, "read the token from a file, or from standard input for -"};
static const struct flag flag_key = {"key", 0, "KEY", NULL, "its key in the Secret (default: token)"};
static const struct flag flag_within = {"expires-within", 0, "DAYS", NULL, "end with 1 also when it expires within so many days"};
static const struct flag flag_output = {"output", 'o', "FORMAT", "json yaml", "how"};

struct found {
	enum token_verdict verdict;
	struct token token;
};

static int read_secret(struct program *program, const char *name, struct found *ret, struct err *err)
{
	const char *key = invocation_value(&program->call, &flag_key, KEY_DEFAULT);
	int r = program_connect(program, err);

	return r < 0 ? r : secret_token_read(program, (struct kube_name){program_namespace(program), name}, key, &ret->verdict, &ret->token, err);
}

static int read_file(struct program *program, const char *path, struct found *ret, struct err *err)
{
	// Room for one byte more than a token may have, and for white space around it.
	_cleanup_buf_ struct buf text = BUF_INIT_SECRET(2 * TOKEN_MAX_BYTES);
	int r = input_read(program, path, &text, err);

	if (r == 0)
		ret->verdict = token_check(buf_str(&text), text.len, clock_wall_ms(program->clock), program->arena, &ret->token);
	return r;
}

static int read_token(struct program *program, struct found *ret, struct err *err)
{
	const char *path = invocation_value(&program->call, &flag_file, NULL);

	if (path && program->call.n_args)
		return err_set(err, ERR_INVALID, "a SECRET and --filename exclude each other");
	if (!path && !program->call.n_args)
		return err_set(err, ERR_INVALID, "name a SECRET, or use --filename FILE (- for standard input)");
	return path ? read_file(program, path, ret, err) : read_secret(program, program->call.args[0], ret, err);
}

static int read_within(const struct program *program, int64_t *ret_ms, struct err *err)
{
	const char *text = invocation_value(&program->call, &flag_within, "0");
	char *end;
	unsigned long days;

	errno = 0;
	days = strtoul(text, &end, 10);
	if (errno || end == text || *end || days > DAYS_MAX)
		return err_set(err, ERR_INVALID, "--expires-within: '%.32s' is no number of days from 0 to %d", text, DAYS_MAX);
	*ret_ms = (int64_t)days * DAY_MS;
	return 0;
}

static const char *verdict_word(enum token_verdict verdict)
{
	static const char *const words[] = {
		[TOKEN_GOOD] = "Good", [TOKEN_EMPTY] = "Empty", [TOKEN_MALFORMED] = "Malformed", [TOKEN_EXPIRED] = "Expired"};

	return words[verdict];
}

static const char *verdict_text(enum token_verdict verdict, const struct token *token, struct arena *arena)
{
	if (verdict == TOKEN_EMPTY)
		return "there is nothing but white space; copy the token again from the Aura console";
	if (verdict == TOKEN_MALFORMED)
		return arena_printf(arena, "%s; copy the token again, in full, from the Aura console", token->problem);
	return verdict == TOKEN_EXPIRED ? "make a new token in the Aura console" : "a key, its id, a project and an expiry are there";
}

static void show(struct program *program, enum token_verdict verdict, const struct token *token)
{
	FILE *out = program->streams.out;
	char expires[TIME_TEXT_SIZE];

	(void)fprintf(out, "verdict:  %s: %s\n", verdict_word(verdict), verdict_text(verdict, token, program->arena));
	if (verdict != TOKEN_GOOD && verdict != TOKEN_EXPIRED)
		return;
	time_format_rfc3339(token->expires_ms, expires, sizeof(expires));
	(void)fprintf(out, "project:  %s\n", rendering_shown(program->arena, token->project, ""));
	(void)fprintf(out, "expires:  %s (%s)\n", expires,
		      timespan_from_now(token->expires_ms - clock_wall_ms(program->clock), program->arena));
}

static yyjson_mut_doc *document(struct program *program, enum token_verdict verdict, const struct token *token)
{
	yyjson_mut_doc *doc = json_doc_new(program->arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	char expires[TIME_TEXT_SIZE];

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "verdict", verdict_word(verdict));
	yyjson_mut_obj_add_strcpy(doc, root, "message", verdict_text(verdict, token, program->arena));
	if (verdict == TOKEN_GOOD || verdict == TOKEN_EXPIRED) {
		time_format_rfc3339(token->expires_ms, expires, sizeof(expires));
		yyjson_mut_obj_add_strcpy(doc, root, "projectId", token->project);
		yyjson_mut_obj_add_strcpy(doc, root, "expiryTime", expires);
	}
	return doc;
}

static int run(struct program *program, struct err *err)
{
	int64_t within = 0;
	struct found found;
	int r;

	if ((r = read_within(program, &within, err)) < 0 || (r = read_token(program, &found, err)) < 0)
		return r;
	if (!rendering_write(program, invocation_value(&program->call, &flag_output, NULL), document(program, found.verdict, &found.token)))
		show(program, found.verdict, &found.token);
	return found.verdict == TOKEN_GOOD && found.token.expires_ms - clock_wall_ms(program->clock) >= within ? EXIT_FINE : EXIT_WRONG;
}

static const struct flag *const flags[] = {&flag_file, &flag_key, &flag_within, &flag_output, FLAGS_OF_SERVER, NULL};
static const struct right rights[] = {{"get", "secrets", "where the token is in a Secret", false}, {0}};
static const struct command_exit exits[] = {{EXIT_WRONG, "the token is empty, malformed or expired, or expires within --expires-within"}, {0}};

const struct command command_token = {
	.name = "token",
	.args = "[SECRET]",
	.summary = "shows a registration token's project, its expiry, and whether it is whole",
	.text = "The token is read from a Secret, from a file, or from standard input. No part of its key is shown, and none of it is sent anywhere.\n\n"
		"It is the token as it was copied from the Aura console. A server that rotates its token by itself holds a newer one.",
	.example = "token aura-fleet-token\ntoken -f - < token.txt\ntoken aura-fleet-token --expires-within 30",
	.flags = flags,
	.rights = rights,
	.exits = exits,
	.max_args = 1,
	.run = run,
};
