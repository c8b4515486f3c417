// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any bytes as an answer of the Aura API (F4): what is taken from it may stand in a path, a header or a Secret, and what is told of it is one
// line without the secret.

#include <string.h>

#include "aura/answer.h"
#include "base/buf.h"
#include "test/fuzz/fuzz.h"

static bool is_printable(const char *text, unsigned char first)
{
	for (; *text; text++) {
		if ((unsigned char)*text < first || (unsigned char)*text >= 0x7f)
			return false;
	}
	return true;
}

static void check_error(const struct http_response *response)
{
	static const char *const secrets[] = {"hunter2", "", NULL};
	struct err err = ERR_INIT;

	must(answer_error(response, "do it", secrets, &err) < 0);
	must(is_printable(err.text, ' ') && is_printable(err.code, ' '));
	must(!strstr(err.text, "hunter2"));
	must(strlen(err.text) < 400);
}

static void check_bearer(const struct http_response *response, struct arena *arena)
{
	struct err err = ERR_INIT;
	const char *text;
	int64_t lives_ms;

	if (answer_bearer(response, arena, &text, &lives_ms, &err) == 0)
		must(*text && is_printable(text, '!') && lives_ms > 0 && lives_ms <= 3600000);
}

static void check_deployments(const struct http_response *response, struct arena *arena)
{
	struct aura_deployments list;
	struct aura_deployment one;
	struct err err = ERR_INIT, other = ERR_INIT;

	if (answer_deployments(response, arena, &list, &err) == 0) {
		for (size_t i = 0; i < list.n; i++)
			must(aura_is_id(list.items[i].id) && list.items[i].name && list.items[i].connection_url);
	}
	if (answer_deployment(response, arena, &one, &other) == 0)
		must(aura_is_id(one.id));
}

static void check_made(const struct http_response *response, struct arena *arena)
{
	struct err err = ERR_INIT, other = ERR_INIT;
	char id[AURA_ID_SIZE];
	const char *token;

	if (answer_id(response, id, &err) == 0)
		must(aura_is_id(id));
	if (answer_token(response, arena, &token, &other) == 0)
		must(*token && is_printable(token, '!'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct http_response response = {.status = size ? 400 + data[0] % 110 : 400, .body = BUF_INIT(size + 1)};

	buf_append(&response.body, data, size);
	check_error(&response);
	check_bearer(&response, arena);
	check_deployments(&response, arena);
	check_made(&response, arena);
	buf_release(&response.body);
	return 0;
}
