// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any bytes as a token (D2): what is good is complete, and no text that quotes it survives scrubbing (D8).

#include <string.h>

#include "neo4j/scrub.h"
#include "neo4j/token.h"
#include "test/fuzz/fuzz.h"

#define NOW INT64_C(1764583200000) // 2025-12-01T10:00:00Z
#define RUN ((size_t)12)

static void check_scrub(const struct token *token, struct arena *arena)
{
	const char *text = arena_printf(arena, "refused: %s (see the log)", token->text);
	size_t len = strlen(token->text);
	struct scrub scrub = {0};
	const char *scrubbed;

	scrub_add_token(&scrub, token->text, arena);
	scrubbed = scrub_text(&scrub, text, arena);
	must(strlen(scrubbed) <= SCRUB_MAX_BYTES);
	for (size_t i = 0; i + RUN <= len; i++)
		must(!strstr(scrubbed, arena_memdup0(arena, token->text + i, RUN)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct token token;
	enum token_verdict verdict = token_check((const char *)data, size, NOW, arena, &token);

	must((verdict == TOKEN_MALFORMED) == (token.problem != NULL));
	must(token.text != NULL);
	if (verdict == TOKEN_GOOD || verdict == TOKEN_EXPIRED) {
		must(token.project && *token.project);
		must((token.expires_ms > NOW) == (verdict == TOKEN_GOOD));
		check_scrub(&token, arena);
	}
	return 0;
}
