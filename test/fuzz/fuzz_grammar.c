// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B4 D2: any text in the readers of Neo4j's own grammars: values, names and flags of settings, times of tokens, and ends of logs.

#include <limits.h>
#include <string.h>

#include "neo4j/conf_flags.h"
#include "neo4j/conf_names.h"
#include "neo4j/conf_types.h"
#include "neo4j/conf_value.h"
#include "neo4j/instant.h"
#include "operator/object/last_words.h"
#include "test/fuzz/fuzz.h"

static void check_values(const char *text, struct arena *arena)
{
	struct conf_address address;
	int64_t number;
	uint64_t bytes;
	bool flag;

	if (conf_value_size(text, &bytes))
		must(bytes <= INT64_MAX);
	(void)conf_value_duration(text, &number);
	(void)conf_value_bool(text, &flag);
	if (conf_value_integer(text, INT_MIN, INT_MAX, &number))
		must(number >= INT_MIN && number <= INT_MAX);
	if (conf_value_address(text, true, arena, &address))
		must((address.host || address.port >= 0) && (!address.host || strlen(address.host) <= strlen(text)));
}

// Text that is written for the shell is never read as something that needs writing again.
static void check_flags(const char *text, struct arena *arena)
{
	const char *problem, *written = conf_flags_written(text, arena, &problem);

	must((written != NULL) == (problem == NULL));
	if (written)
		must(strcmp(conf_flags_written(written, arena, &problem), written) == 0);
}

static void check_name(const char *text)
{
	char buffer[CONF_NAME_MAX], again[CONF_NAME_MAX];
	const char *present = conf_present_name(text, buffer);

	// A setting that has its present name keeps it.
	if (present != text)
		must(strncmp(present, "dbms.connector.", 15) != 0 && conf_present_name(present, again) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const settings[] = {"server.memory.heap.max_size", "db.transaction.timeout", "server.bolt.listen_address"};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *text = arena_memdup0(arena, data, size), *words;
	const struct version version = version_of_tag("2026.05");
	int64_t ms;
	bool cut;

	check_values(text, arena);
	check_flags(text, arena);
	check_name(text);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		(void)conf_type_problem(settings[i], text, &version, arena);
	(void)instant_parse(text, &ms);
	words = last_words(text, &cut, arena);
	must(!cut || words);
	must(!words || (*words && !strchr(words, '\n')));
	return 0;
}
