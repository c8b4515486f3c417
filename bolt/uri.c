// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/uri.h"

#include <ctype.h>
#include <string.h>

#include "bolt/misuse.h"

#define URI_MAX 4096
#define CONTEXT_MAX 64

static const struct {
	const char *name;
	bool routing, encrypted, unverified;
} schemes[] = {
	{"bolt", false, false, false},	 {"bolt+s", false, true, false},  {"bolt+ssc", false, true, true},
	{"neo4j", true, false, false},	 {"neo4j+s", true, true, false},  {"neo4j+ssc", true, true, true},
};

static int read_scheme(const char *text, size_t len, struct bolt_uri *ret, struct err *err)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strlen(schemes[i].name) != len || strncasecmp(schemes[i].name, text, len) != 0)
			continue;
		ret->routing = schemes[i].routing;
		ret->encrypted = schemes[i].encrypted;
		ret->unverified = schemes[i].unverified;
		return 0;
	}
	return err_set(err, ERR_INVALID, "the URI's scheme '%.*s' is none of bolt, bolt+s, bolt+ssc, neo4j, neo4j+s, neo4j+ssc",
		       (int)(len < 32 ? len : 32), text);
}

static int read_port(const char *text, struct bolt_uri *ret, struct err *err)
{
	size_t digits = strspn(text, "0123456789");
	long port = digits > 0 && digits < 6 && !text[digits] ? strtol(text, NULL, 10) : 0;

	if (port < 1 || port > 65535)
		return err_set(err, ERR_INVALID, "the URI's port '%.32s' is no number from 1 to 65535", text);
	ret->port = (uint16_t)port;
	return 0;
}

// HOST, HOST:PORT, [IPV6], [IPV6]:PORT; text may be changed.
static int read_authority(char *text, struct bolt_uri *ret, struct err *err)
{
	char *end;

	ret->port = BOLT_PORT;
	if (*text == '[') {
		ret->host = text + 1;
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return err_set(err, ERR_INVALID, "the URI's host '%.64s' is no IPv6 address in brackets", text);
		*end++ = '\0';
	} else {
		ret->host = text;
		end = text + strcspn(text, ":");
		if (*end && strchr(end + 1, ':'))
			return err_set(err, ERR_INVALID, "the URI's host '%.64s' has more than one colon; an IPv6 address stands in brackets", text);
	}
	if (*end == ':') {
		*end = '\0';
		if (read_port(end + 1, ret, err) < 0)
			return err->class;
	}
	if (!*ret->host)
		return err_set(err, ERR_INVALID, "the URI names no host");
	if (strpbrk(ret->host, "[]"))
		return err_set(err, ERR_INVALID, "the URI's host '%.64s' has a bracket in it", ret->host);
	return 0;
}

static int nibble(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

// %41 becomes A, in place. False for what is no encoding, and for a NUL.
static bool decode(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		int high, low;

		if (*from != '%') {
			*to++ = *from;
			continue;
		}
		high = nibble(from[1]);
		low = high < 0 ? -1 : nibble(from[2]);
		if (low < 0 || high * 16 + low == 0)
			return false;
		*to++ = (char)(high * 16 + low);
		from += 2;
	}
	*to = '\0';
	return true;
}

static int read_pair(char *pair, struct bolt_entry *entries, uint32_t n, struct err *err)
{
	char *value = strchr(pair, '=');

	if (!value || value == pair || !value[1])
		return err_set(err, ERR_INVALID, "the URI's routing context has '%.64s', which is no KEY=VALUE", pair);
	*value++ = '\0';
	if (!decode(pair) || !decode(value))
		return err_set(err, ERR_INVALID, "the URI's routing context has a wrong %%-encoding in '%.64s'", pair);
	if (strcmp(pair, "address") == 0)
		return err_set(err, ERR_INVALID, "the URI's routing context has 'address', which the library sets itself");
	for (uint32_t i = 0; i < n; i++) {
		if (strcmp(entries[i].key, pair) == 0)
			return err_set(err, ERR_INVALID, "the URI's routing context has '%.64s' twice", pair);
	}
	entries[n] = (struct bolt_entry){pair, bolt_string(value)};
	return 0;
}

static int read_context(char *text, struct arena *arena, struct bolt_uri *ret, struct err *err)
{
	struct bolt_entry *entries = arena_new_array(arena, struct bolt_entry, CONTEXT_MAX);
	uint32_t n = 0;

	while (text) {
		char *next = strchr(text, '&');

		if (next)
			*next++ = '\0';
		if (n == CONTEXT_MAX)
			return err_set(err, ERR_INVALID, "the URI's routing context has more than %d entries", CONTEXT_MAX);
		if (read_pair(text, entries, n, err) < 0)
			return err->class;
		n++;
		text = next;
	}
	ret->context = bolt_map(entries, n);
	return 0;
}

static int parse(const char *text, struct arena *arena, struct bolt_uri *ret, struct err *err)
{
	const char *colon = text ? strstr(text, "://") : NULL;
	char *rest, *query;

	if (!colon)
		return err_set(err, ERR_INVALID, "the URI is no SCHEME://HOST[:PORT], as in neo4j://localhost:7687");
	// Wherever it stands: a password may hold what would end the host, and no text below may repeat a piece of it.
	if (strchr(text, '@'))
		return err_set(err, ERR_INVALID, "the URI holds a user or a password ('@'); credentials are given apart from it, and in a routing context '@' is %%40");
	if (strlen(text) > URI_MAX)
		return err_set(err, ERR_INVALID, "the URI is longer than %d bytes", URI_MAX);
	if (read_scheme(text, (size_t)(colon - text), ret, err) < 0)
		return err->class;
	rest = arena_strdup(arena, colon + 3);
	if (strchr(rest, '#'))
		return err_set(err, ERR_INVALID, "the URI has a fragment ('#'), which means nothing here");
	query = strchr(rest, '?');
	if (query)
		*query++ = '\0';
	if (*rest && rest[strlen(rest) - 1] == '/')
		rest[strlen(rest) - 1] = '\0';
	if (strchr(rest, '/'))
		return err_set(err, ERR_INVALID, "the URI has a path ('/'); a database is chosen apart from it");
	if (read_authority(rest, ret, err) < 0)
		return err->class;
	if (!query || !*query)
		return 0;
	if (!ret->routing)
		return err_set(err, ERR_INVALID, "the URI '%.200s' has a routing context ('?'), which only neo4j schemes take: bolt is one server, without routing",
			       text);
	return read_context(query, arena, ret, err);
}

int bolt_uri_parse(const char *text, struct arena *arena, struct bolt_uri *ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = (struct bolt_uri){.context = bolt_map(NULL, 0)};
	return MISUSED(err, NEED(arena), NEED(ret)) ? err->class : parse(text, arena, ret, err);
}
