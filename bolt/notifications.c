// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/notifications.h"

const struct bolt_notifications *bolt_notifications_copy(const struct bolt_notifications *from, struct arena *arena)
{
	struct bolt_notifications *to;
	const char **disabled;

	if (!from || !arena)
		return NULL;
	to = arena_alloc(arena, sizeof(*to));
	disabled = arena_new_array(arena, const char *, from->n_disabled);
	for (size_t i = 0; i < from->n_disabled; i++)
		disabled[i] = arena_strdup(arena, from->disabled[i]);
	*to = (struct bolt_notifications){
		.minimum_severity = arena_strdup(arena, from->minimum_severity),
		.disabled = from->disabled ? disabled : NULL,
		.n_disabled = from->n_disabled,
	};
	return to;
}
