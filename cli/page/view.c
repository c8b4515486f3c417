// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/page/view.h"

#include <string.h>

#define CLUSTERS "clusters"
#define STANDALONES "standalones"

const char *view_id(struct arena *arena, bool cluster, const char *namespace, const char *name)
{
	return arena_printf(arena, "%s/%s/%s", cluster ? CLUSTERS : STANDALONES, namespace, name);
}

struct program *view_program(const struct program *program, struct arena *arena)
{
	struct program *copy = arena_new_array(arena, struct program, 1);

	*copy = *program;
	copy->arena = arena;
	return copy;
}

// A name as Kubernetes allows it: this checks what goes into a path of the API.
static bool is_name(const char *text)
{
	return *text && strlen(text) < 254 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(text);
}

int view_open(const struct program *program, struct arena *arena, const char *id, struct view *ret, struct err *err)
{
	char *rest = arena_strdup(arena, id), *kind = strsep(&rest, "/"), *namespace = strsep(&rest, "/");
	const char *only = program_namespace(program);

	if (!namespace || !rest || !is_name(namespace) || !is_name(rest) || (strcmp(kind, CLUSTERS) != 0 && strcmp(kind, STANDALONES) != 0))
		return err_set(err, ERR_INVALID, "'%.64s' is no deployment", id);
	if (only && strcmp(only, namespace) != 0)
		return err_set(err, ERR_INVALID, "the page shows namespace '%s' alone", only);
	*ret = (struct view){.program = view_program(program, arena), .namespace = namespace, .name = rest, .cluster = strcmp(kind, CLUSTERS) == 0};
	ret->reference = arena_printf(arena, "%s/%s", ret->cluster ? "n4jc" : "n4js", rest);
	ret->program->call.n_flags = 1;
	ret->program->call.flags[0] = (struct invocation_flag){&flag_namespace, namespace};
	return 0;
}
