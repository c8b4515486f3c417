// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "neo4j/scrub.h"

#include <ctype.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"

#define PASSWORD_RUN ((size_t)8)
#define TOKEN_RUN ((size_t)12)
#define HIDDEN "[redacted]"

static void add(struct scrub *scrub, const char *secret, size_t run)
{
	size_t len = secret ? strlen(secret) : 0;

	if (len == 0 || scrub->n == SCRUB_SECRETS_MAX)
		return;
	scrub->secrets[scrub->n].text = secret;
	scrub->secrets[scrub->n++].run = len < run ? len : run;
}

void scrub_add_password(struct scrub *scrub, const char *password)
{
	add(scrub, password, PASSWORD_RUN);
}

void scrub_add_token(struct scrub *scrub, const char *token, struct arena *arena)
{
	size_t len;

	add(scrub, token, TOKEN_RUN);
	add(scrub, base64_decode(arena, token, strlen(token), &len), TOKEN_RUN);
}

// Whether n bytes are part of a secret.
static bool holds(const char *secret, const char *piece, size_t n)
{
	return memmem(secret, strlen(secret), piece, n) != NULL;
}

// How many bytes to hide here: 0 for none. least: the shortest piece to hide, where the secret is that long.
static size_t hidden_at(const struct scrub *scrub, const char *text, size_t left, size_t least)
{
	size_t hidden = 0;

	for (size_t i = 0; scrub && i < scrub->n; i++) {
		size_t len = strlen(scrub->secrets[i].text), run = scrub->secrets[i].run;

		if (run < least)
			run = len < least ? len : least;
		if (left >= run && run > hidden && holds(scrub->secrets[i].text, text, run))
			hidden = run;
	}
	return hidden;
}

static void print(const struct scrub *scrub, const char *text, size_t len, size_t least, struct buf *out)
{
	size_t shown_from = 0;

	for (size_t i = 0; i < len; i++) {
		size_t hidden = hidden_at(scrub, text + i, len - i, least);

		if (hidden) {
			if (i >= shown_from)
				buf_add(out, HIDDEN);
			if (i + hidden > shown_from)
				shown_from = i + hidden;
		}
		if (i >= shown_from)
			buf_addc(out, iscntrl((unsigned char)text[i]) ? ' ' : text[i]);
	}
}

const char *scrub_text(const struct scrub *scrub, const char *text, struct arena *arena)
{
	_cleanup_buf_ struct buf out = BUF_INIT_SECRET(SCRUB_MAX_BYTES);

	if (text)
		print(scrub, text, strlen(text), 0, &out);
	return arena_strdup(arena, buf_str(&out));
}

// A cut text may end in the beginning of a secret, too short to be recognised.
static size_t certain(const char *text, size_t size)
{
	size_t len = strlen(text);

	return len + 1 < size ? len : len - TOKEN_RUN;
}

static void replace(const struct scrub *scrub, char *text, size_t size, size_t least)
{
	_cleanup_buf_ struct buf out = BUF_INIT_SECRET((size_t)4096);

	print(scrub, text, certain(text, size), least, &out);
	memset(text, 0, size);
	memcpy(text, buf_str(&out), out.len < size ? out.len : size - 1);
}

void scrub_err(const struct scrub *scrub, struct err *err)
{
	if (!scrub || !scrub->n)
		return;
	replace(scrub, err->text, sizeof(err->text), 0);
	replace(scrub, err->code, sizeof(err->code), TOKEN_RUN);
}
