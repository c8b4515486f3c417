// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// SHOW DATABASES has a row for each copy, in no promised order. The code sorts the copies by database, and each run of them makes one line.
// Values that change by themselves stay out (who leads, how far a copy lags behind), since each change would write the status.

#include "operator/cluster/inventory.h"

#include <stdlib.h>
#include <string.h>

#define ONLINE "online"
#define NAMED_MAX 3

static bool is(const char *text, const char *word)
{
	return strcmp(text, word) == 0;
}

static int by_database(const void *a, const void *b)
{
	const struct topology_copy *const *x = a, *const *y = b;

	return strcmp((*x)->database, (*y)->database);
}

// Of two copies, the one that is not as requested counts; of two such, the one whose state comes first in the alphabet.
static const char *worse(const char *requested, const char *a, const char *b)
{
	if (!a || is(a, requested))
		return b;
	return is(b, requested) || strcmp(a, b) < 0 ? a : b;
}

static struct inventory_database line_of(const struct topology_copy *const *copies, size_t n)
{
	struct inventory_database line = {.name = copies[0]->database, .requested = copies[0]->requested};

	for (size_t i = 0; i < n; i++) {
		line.copies += copies[i]->address != NULL;
		line.online += copies[i]->address && is(copies[i]->current, ONLINE);
		line.current = worse(line.requested, line.current, copies[i]->current);
	}
	return line;
}

static int by_trouble(const void *a, const void *b)
{
	const struct inventory_database *x = a, *y = b;
	bool x_online = is(x->current, ONLINE), y_online = is(y->current, ONLINE);

	return x_online != y_online ? x_online - y_online : strcmp(x->name, y->name);
}

// All databases, those that are not online first.
static const struct inventory_database *list(const struct survey *survey, struct arena *arena, size_t *ret_n)
{
	size_t n = survey->copies.n, n_lines = 0, end;
	const struct topology_copy **copies = arena_new_array(arena, const struct topology_copy *, n);
	struct inventory_database *lines = arena_new_array(arena, struct inventory_database, n);

	for (size_t i = 0; i < n; i++)
		copies[i] = &survey->copies.items[i];
	if (n)
		qsort(copies, n, sizeof(const struct topology_copy *), by_database);
	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && is(copies[end]->database, copies[i]->database);)
			end++;
		lines[n_lines++] = line_of(&copies[i], end - i);
	}
	if (n_lines)
		qsort(lines, n_lines, sizeof(*lines), by_trouble);
	*ret_n = n_lines;
	return lines;
}

static int compare(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int by_pod(const void *a, const void *b)
{
	const struct inventory_server *x = a, *y = b;
	int order = compare(x->pod, y->pod);

	order = order ? order : compare(x->address, y->address);
	return order ? order : strcmp(x->name, y->name);
}

static const char *volume_of(const struct inventory_sight *sight, const struct pod *pod)
{
	const struct data_volume *volume = data_volume_of(sight->volumes, sight->n_volumes, names_ordinal(sight->names, pod->name));

	return volume ? volume->volume : NULL;
}

static struct inventory_server server_of(const struct survey *survey, const struct inventory_sight *sight, const struct topology_server *server)
{
	bool alone = sight->alone && sight->n_pods == 1;
	const struct pod *pod = alone ? sight->pods : survey_pod(server->address, sight->names, sight->pods, sight->n_pods);
	bool runs = pod && (alone || survey_server(survey, sight->names, pod) == server);

	return (struct inventory_server){
		.name = server->name ? server->name : server->id,
		.pod = runs ? pod->name : NULL,
		.address = runs ? NULL : server->address,
		.volume = runs && !alone ? volume_of(sight, pod) : NULL,
		.state = server->state,
		.health = server->health,
		.version = server->version,
	};
}

// The copy outlives the survey.
static struct inventory_server server_copy(const struct inventory_server *of, struct arena *arena)
{
	return (struct inventory_server){
		.name = arena_strdup(arena, of->name),
		.pod = arena_strdup(arena, of->pod),
		.address = arena_strdup(arena, of->address),
		.volume = arena_strdup(arena, of->volume),
		.state = arena_strdup(arena, of->state),
		.health = arena_strdup(arena, of->health),
		.version = arena_strdup(arena, of->version),
	};
}

static struct inventory_database database_copy(const struct inventory_database *of, struct arena *arena)
{
	struct inventory_database copy = *of;

	copy.name = arena_strdup(arena, of->name);
	copy.requested = arena_strdup(arena, of->requested);
	copy.current = arena_strdup(arena, of->current);
	return copy;
}

static void add_servers(struct inventory *inventory, const struct survey *survey, const struct inventory_sight *sight, struct arena *arena)
{
	const struct topology_servers *servers = &survey->servers;
	struct inventory_server *all = arena_new_array(arena, struct inventory_server, servers->n);
	size_t n = 0;

	for (size_t i = 0; i < servers->n; i++) {
		if (!is(servers->items[i].state, "Dropped"))
			all[n++] = server_of(survey, sight, &servers->items[i]);
	}
	if (n)
		qsort(all, n, sizeof(*all), by_pod);
	inventory->n_servers = n < INVENTORY_SERVERS_MAX ? n : INVENTORY_SERVERS_MAX;
	inventory->servers_left_out = n - inventory->n_servers;
	for (size_t i = 0; i < inventory->n_servers; i++)
		inventory->servers[i] = server_copy(&all[i], arena);
}

static void add_databases(struct inventory *inventory, const struct survey *survey, struct arena *arena)
{
	size_t n;
	const struct inventory_database *all = list(survey, arena, &n);

	inventory->n_databases = n < INVENTORY_DATABASES_MAX ? n : INVENTORY_DATABASES_MAX;
	inventory->databases_left_out = n - inventory->n_databases;
	for (size_t i = 0; i < inventory->n_databases; i++)
		inventory->databases[i] = database_copy(&all[i], arena);
}

const struct inventory *inventory_of(const struct survey *survey, const struct inventory_sight *sight, struct arena *arena)
{
	struct inventory *inventory;

	if (!survey || survey->problem || !survey->asked)
		return NULL;
	inventory = arena_new_array(arena, struct inventory, 1);
	add_servers(inventory, survey, sight, arena);
	add_databases(inventory, survey, arena);
	return inventory;
}

static const char *trouble_of(const struct inventory_database *database, struct arena *arena)
{
	if (is(database->requested, database->current))
		return arena_printf(arena, "database '%s' is %s, as somebody has asked in the database", database->name, database->current);
	if (database->online == 0)
		return arena_printf(arena, "database '%s' is %s", database->name, database->current);
	return arena_printf(arena, "database '%s' is %s on %d of %d servers", database->name, database->current,
			    database->copies - database->online, database->copies);
}

const char *inventory_troubles(const struct survey *survey, struct arena *arena)
{
	const char *text = NULL;
	size_t n, n_bad = 0;
	const struct inventory_database *all = list(survey, arena, &n);

	for (; n_bad < n && !is(all[n_bad].current, ONLINE); n_bad++) {
		if (n_bad < NAMED_MAX)
			text = arena_printf(arena, "%s%s%s", text ? text : "", text ? "; " : "", trouble_of(&all[n_bad], arena));
	}
	if (n_bad > NAMED_MAX)
		text = arena_printf(arena, "%s; %zu more database%s not online", text, n_bad - NAMED_MAX,
				    n_bad - NAMED_MAX == 1 ? " is" : "s are");
	return text;
}

bool inventory_is_moving(const struct survey *survey)
{
	for (size_t i = 0; i < survey->copies.n; i++) {
		if (!is(survey->copies.items[i].requested, survey->copies.items[i].current))
			return true;
	}
	return false;
}
