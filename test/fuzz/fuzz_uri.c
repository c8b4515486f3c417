// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any text as a URI: what is taken says all that is needed, and means the same when it is written anew; and credentials in it are
// refused and not repeated.

#include <stdbool.h>
#include <string.h>

#include "bolt/uri.h"
#include "test/fuzz/fuzz.h"

static const char *write_anew(const struct bolt_uri *uri, struct arena *arena)
{
	bool brackets = strchr(uri->host, ':');

	return arena_printf(arena, "%s%s://%s%s%s:%u", uri->routing ? "NEO4J" : "bolt", uri->unverified ? "+ssc" : uri->encrypted ? "+s" : "",
			    brackets ? "[" : "", uri->host, brackets ? "]" : "", uri->port);
}

static void look_at_context(const struct bolt_uri *uri)
{
	must(uri->context.type == BOLT_MAP && (uri->routing || uri->context.size == 0));
	for (uint32_t i = 0; i < uri->context.size; i++) {
		const struct bolt_entry *entry = &uri->context.entries[i];

		must(*entry->key && strcmp(entry->key, "address") != 0 && entry->value.type == BOLT_STRING);
		must(entry->value.size > 0 && strlen(entry->value.string) == entry->value.size);
		must(bolt_map_get(&uri->context, entry->key) == &entry->value); // none twice
	}
}

static void look_at(const struct bolt_uri *uri, struct arena *arena)
{
	struct bolt_uri again;
	struct err err = ERR_INIT;

	must(*uri->host && uri->port > 0 && (uri->encrypted || !uri->unverified));
	must(!strpbrk(uri->host, "@/?#"));
	look_at_context(uri);
	must(bolt_uri_parse(write_anew(uri, arena), arena, &again, &err) == 0);
	must(strcmp(again.host, uri->host) == 0 && again.port == uri->port && again.routing == uri->routing &&
	     again.encrypted == uri->encrypted && again.unverified == uri->unverified && again.context.size == 0);
}

// The same text with a user and a password before its host.
static void add_credentials(const char *text, struct arena *arena)
{
	const char *host = strstr(text, "://");
	struct bolt_uri uri;
	struct err err = ERR_INIT;

	text = arena_printf(arena, "%.*suser:s3cr3tword@%s", (int)(host - text) + 3, text, host + 3);
	must(bolt_uri_parse(text, arena, &uri, &err) == ERR_INVALID);
	must(!strstr(err.text, "s3cr3tword"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *text = arena_memdup0(arena, data, size);
	struct err err = ERR_INIT;
	struct bolt_uri uri;
	int r = bolt_uri_parse(text, arena, &uri, &err);

	must(r == (int)err.class && (r == 0 || r == ERR_INVALID));
	if (r == 0)
		look_at(&uri, arena);
	if (strstr(text, "://"))
		add_credentials(text, arena);
	return 0;
}
