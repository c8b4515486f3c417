// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Both twins say it, since only a person knows which of them is the copy. The one that is heard second wakes the other; one that gets a
// token of its own, is switched off or goes away wakes it once more.

#include "operator/fleet/twins.h"

#include <string.h>

#include "operator/fleet/gates.h"
#include "operator/fleet/roster.h"
#include "operator/object/key.h"

static void wake(const struct context *context, const char *key, const char *identity, struct arena *arena)
{
	const char *twins[ROSTER_TWINS_MAX];
	size_t n = roster_twins(context->roster, key, identity, arena, twins);

	for (size_t i = 0; i < n; i++)
		queue_add(context->queue, twins[i]);
}

void twins_note(const struct context *context, const char *key, const char *identity, struct arena *arena)
{
	const char *former = roster_identity(context->roster, key, arena);

	if (!identity)
		identity = "";
	if (strcmp(former, identity) == 0)
		return;
	roster_set_identity(context->roster, key, identity);
	wake(context, key, former, arena);
	wake(context, key, identity, arena);
}

int twins_find(const struct context *context, const char *key, const struct dbms *dbms, struct arena *arena, const char **ret_message)
{
	const char *identity = roster_identity(context->roster, key, arena), *twins[ROSTER_TWINS_MAX];
	size_t n = roster_twins(context->roster, key, identity, arena, twins);
	const char *list = NULL;

	*ret_message = NULL;
	for (size_t i = 0; i < n; i++) {
		struct key twin;

		if (key_parse(twins[i], &twin))
			list = arena_printf(arena, "%s%s%s '%s' in namespace '%s'", list ? list : "", list ? ", " : "",
					    key_resource(twin.kind)->kind, twin.name, twin.namespace);
	}
	if (!list)
		return *identity ? 0 : -1;
	*ret_message = arena_printf(arena,
				    "In Aura it is one with %s: both have the same DBMS id and the same token, so one runs on a copy of the other's "
				    "volume; put a token of its own into the copy's Secret and register it; if this is the copy: %s",
				    list, fleet_register_command(dbms, arena));
	return 1;
}
