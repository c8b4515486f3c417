// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any JSON as one of our objects: decoded, or refused with a text that names a field.

#include <string.h>

#include "api/dbms.h"
#include "api/plugin.h"
#include "base/json.h"
#include "test/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *root = json_parse(arena, (const char *)data, size);
	struct err err = ERR_INIT, plugin_err = ERR_INIT;
	struct plugin plugin;
	struct dbms dbms;

	// The API server hands out objects only.
	if (!yyjson_is_obj(root))
		return 0;
	if (dbms_decode(root, arena, &dbms, &err) < 0) {
		must(err.class == ERR_INVALID && err.text[0]);
	} else {
		must(dbms.servers >= 1 && dbms.image.reference && dbms.storage.size && dbms.admin_secret);
		must(!dbms.fleet.token_secret || dbms.fleet.token_key);
	}
	must(dbms.metadata.name && dbms.metadata.namespace);
	if (plugin_decode(root, arena, &plugin, &plugin_err) < 0)
		must(plugin_err.class == ERR_INVALID && plugin_err.text[0]);
	return 0;
}
