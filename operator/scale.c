// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/scale.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

// A status is read by people, and a cluster may have thousands of databases: so many are named.
#define NAMES_SHOWN 10

struct scale {
	const struct scale_facts *facts;
	struct arena *arena;
	struct scale_decision *ret;
	int target; // servers that stay
};

static bool is(const struct topology_server *server, const char *state)
{
	return strcmp(server->state, state) == 0;
}

static const struct volume *volume_of(const struct scale_facts *facts, int ordinal)
{
	for (size_t i = 0; i < facts->n_volumes; i++) {
		if (facts->volumes[i].ordinal == ordinal)
			return &facts->volumes[i];
	}
	return NULL;
}

static const struct pod *pod_of(const struct scale_facts *facts, int ordinal)
{
	for (size_t i = 0; i < facts->n_pods; i++) {
		if (names_ordinal(facts->names, facts->pods[i].name) == ordinal)
			return &facts->pods[i];
	}
	return NULL;
}

static const struct topology_server *server_of(const struct scale *s, int ordinal)
{
	return survey_server(s->facts->survey, s->facts->names, names_pod(s->facts->names, ordinal, s->arena));
}

// What has begun to leave leaves, even if the spec wants it back meanwhile: it comes back as a new server.
static int target_of(const struct scale_facts *facts)
{
	int target = facts->wanted;

	for (size_t i = 0; i < facts->n_volumes; i++) {
		if (facts->volumes[i].leaving && facts->volumes[i].ordinal < target)
			target = facts->volumes[i].ordinal;
	}
	return target;
}

static bool settle(struct scale *s, enum scale_action action, const char *message)
{
	s->ret->action = action;
	s->ret->message = message;
	return true;
}

static const char *unanswered(const struct scale *s)
{
	const struct survey *survey = s->facts->survey;

	return survey ? survey->problem : "waiting for servers that can be asked where the databases are";
}

// A server that tells no address may be any of those that seem to be gone.
static bool wait_for_address(struct scale *s)
{
	const struct topology_servers *servers = &s->facts->survey->servers;

	for (size_t i = 0; i < servers->n; i++) {
		const struct topology_server *server = &servers->items[i];

		if (!server->address && !is(server, "Dropped"))
			return settle(s, SCALE_WAIT,
				      arena_printf(s->arena,
						   "SHOW SERVERS knows no address of server '%.100s' (%s, %s), which may be one to be "
						   "removed; bring it back, or remove it with DEALLOCATE DATABASES and DROP SERVER",
						   server->name ? server->name : server->id, server->state, server->health));
	}
	return false;
}

static bool has_left(const struct scale *s, const struct volume *volume)
{
	return volume->leaving && volume->ordinal >= s->facts->replicas;
}

// Somebody else took the pod away (scaled the StatefulSet, deleted it) before its server was dropped: what is on the volume may be all
// that there is of a database.
static bool bring_back(struct scale *s)
{
	for (size_t i = 0; i < s->facts->n_volumes; i++) {
		const struct volume *volume = &s->facts->volumes[i];

		if (!has_left(s, volume) || volume->deleting || !server_of(s, volume->ordinal) || volume->ordinal < s->ret->replicas)
			continue;
		s->ret->replicas = volume->ordinal + 1;
		(void)settle(s, SCALE_WAIT,
			     arena_printf(s->arena, "bringing %s back, which was taken away before its server was dropped",
					  names_pod(s->facts->names, volume->ordinal, s->arena)));
	}
	return s->ret->action == SCALE_WAIT;
}

// A claim whose pod has left already.
static bool discard_volume(struct scale *s, const struct volume *volume)
{
	const char *pod = names_pod(s->facts->names, volume->ordinal, s->arena), *why = unanswered(s);

	s->ret->volume = volume;
	if (pod_of(s->facts, volume->ordinal))
		return settle(s, SCALE_WAIT, arena_printf(s->arena, "waiting for %s to end", pod));
	if (volume->deleting)
		return settle(s, SCALE_WAIT, arena_printf(s->arena, "waiting for claim '%s' to go", volume->name));
	if (why)
		return settle(s, SCALE_WAIT, arena_strdup(s->arena, why));
	return wait_for_address(s) || settle(s, SCALE_DISCARD, arena_printf(s->arena, "deleting claim '%s'", volume->name));
}

static bool discard_volumes(struct scale *s)
{
	if (!unanswered(s) && bring_back(s))
		return true;
	for (size_t i = 0; i < s->facts->n_volumes; i++) {
		if (has_left(s, &s->facts->volumes[i]))
			return discard_volume(s, &s->facts->volumes[i]);
	}
	return false;
}

// Those that stay must be able to take the databases over.
static bool wait_for_others(struct scale *s)
{
	for (int i = 0; i < s->target; i++) {
		const char *name = names_pod(s->facts->names, i, s->arena);
		const struct pod *pod = pod_of(s->facts, i);
		const char *problem;

		if (!pod || !pod->ready || pod->terminating)
			return settle(s, SCALE_WAIT, arena_printf(s->arena, "waiting for %s, which stays, to be ready", name));
		problem = survey_problem(s->facts->survey, s->facts->names, name, s->arena);
		if (problem)
			return settle(s, SCALE_WAIT, arena_printf(s->arena, "waiting for the servers that stay; %s", problem));
	}
	return false;
}

// Where the copies of one database are, seen from a number of servers that stay.
struct copies {
	int all;
	int primaries;
	int safe;   // on a server that stays, or online on one that leaves and can hand it over
	bool online; // that is requested
};

static bool stays(const struct scale *s, const char *address)
{
	int ordinal = survey_ordinal(address, s->facts->names);

	return ordinal >= 0 && ordinal < s->target;
}

static struct copies count_copies(const struct scale *s, const struct topology_copy *const *rows, size_t n)
{
	struct copies copies = {0};

	for (size_t i = 0; i < n; i++) {
		const struct topology_copy *copy = rows[i];
		bool online = strcmp(copy->current, "online") == 0;

		if (!copy->address)
			continue;
		copies.all += strcmp(copy->current, "deallocating") != 0;
		copies.primaries += copy->role && strcmp(copy->role, "primary") == 0;
		copies.online = copies.online || strcmp(copy->requested, "online") == 0;
		copies.safe += stays(s, copy->address) || online;
	}
	return copies;
}

static bool refuse_database(struct scale *s, const char *database, const struct copies *copies)
{
	if (copies->all > 0 && copies->safe == 0)
		return settle(s, SCALE_REFUSED,
			      arena_printf(s->arena,
					   "database '%s' would lose its last copy: its servers are among those to be removed and none "
					   "of them has it online; %s, or leave spec.topology.servers at %d",
					   database,
					   copies->online ? "bring one of them back" : "start it (START DATABASE) so that it can move",
					   s->facts->replicas));
	if (copies->online && copies->all > s->target)
		return settle(s, SCALE_REFUSED,
			      arena_printf(s->arena,
					   "database '%s' has %d copies (%d primaries, %d secondaries), but only %d servers would be left; "
					   "give it fewer first (ALTER DATABASE ... SET TOPOLOGY ...), or leave spec.topology.servers "
					   "at %d",
					   database, copies->all, copies->primaries, copies->all - copies->primaries, s->target,
					   s->facts->replicas));
	return false;
}

static int by_database(const void *a, const void *b)
{
	const struct topology_copy *const *left = a, *const *right = b;

	return strcmp((*left)->database, (*right)->database);
}

// The copies sorted, so that those of one database lie side by side.
static const struct topology_copy **sorted_copies(const struct scale *s)
{
	const struct topology_copies *copies = &s->facts->survey->copies;
	const struct topology_copy **rows = arena_new_array(s->arena, const struct topology_copy *, copies->n);

	for (size_t i = 0; i < copies->n; i++)
		rows[i] = &copies->items[i];
	if (copies->n > 0)
		qsort(rows, copies->n, sizeof(rows[0]), by_database);
	return rows;
}

// Before the first server is drained: is there room for everything? What the servers alone know, they refuse themselves.
static bool refuse(struct scale *s)
{
	const struct topology_copy **rows = sorted_copies(s);
	size_t n = s->facts->survey->copies.n, end;

	for (size_t i = 0; i < n; i = end) {
		const struct topology_copy *first = rows[i];
		struct copies copies;

		for (end = i + 1; end < n && strcmp(rows[end]->database, first->database) == 0;)
			end++;
		// System is on every server; a composite database has no data of its own.
		if (strcmp(first->database, "system") == 0 || (first->type && strcmp(first->type, "composite") == 0))
			continue;
		copies = count_copies(s, rows + i, end - i);
		if (refuse_database(s, first->database, &copies))
			return true;
	}
	return false;
}

// One past the highest ordinal that a server may have: somebody may have scaled the StatefulSet beyond what the spec allows.
static int ordinals(const struct scale *s)
{
	return s->facts->replicas > TOPOLOGY_SERVERS_MAX ? s->facts->replicas : TOPOLOGY_SERVERS_MAX;
}

// All servers that are to leave and were not drained yet. Ordinals beyond the replicas are those of a pod that was taken away
// before its server was known.
static bool drain(struct scale *s)
{
	for (int i = s->target; i < ordinals(s) && s->ret->n_servers < TOPOLOGY_SERVERS_MAX; i++) {
		const struct topology_server *server = server_of(s, i);

		if (server && (is(server, "Enabled") || is(server, "Cordoned")))
			s->ret->servers[s->ret->n_servers++] = server->id;
	}
	if (s->ret->n_servers == 0)
		return false;
	if (refuse(s)) {
		s->ret->n_servers = 0;
		return true;
	}
	return settle(s, SCALE_DRAIN, arena_printf(s->arena, "draining %zu servers", s->ret->n_servers));
}

// What was drained is marked, before it is too late to tell it from a claim of an earlier deployment.
static bool mark(struct scale *s)
{
	for (int i = s->facts->replicas - 1; i >= s->target; i--) {
		const struct volume *volume = volume_of(s->facts, i);

		if (!volume || volume->leaving)
			continue;
		s->ret->volume = volume;
		return settle(s, SCALE_MARK, arena_printf(s->arena, "marking claim '%s'", volume->name));
	}
	return false;
}

// "'a', 'b' and 7 more"
static const char *hosted(const struct topology_server *server, struct arena *arena)
{
	_cleanup_buf_ struct buf text = BUF_INIT((size_t)NAMES_SHOWN * 70 + 40);
	size_t n = 0;

	for (size_t i = 0; i < server->n_hosting; i++) {
		if (strcmp(server->hosting[i], "system") == 0 || ++n > NAMES_SHOWN)
			continue;
		buf_addf(&text, "%s'%.63s'", n > 1 ? ", " : "", server->hosting[i]);
	}
	if (n > NAMES_SHOWN)
		buf_addf(&text, " and %zu more", n - NAMES_SHOWN);
	return arena_strdup(arena, buf_str(&text));
}

// The highest one first; the replicas follow when its server is gone.
static void take_away(struct scale *s)
{
	for (int i = ordinals(s) - 1; i >= s->target; i--) {
		const struct topology_server *server = server_of(s, i);
		const char *name = names_pod(s->facts->names, i, s->arena), *left;

		if (!server && i == s->facts->replicas - 1) {
			s->ret->replicas = i;
			(void)settle(s, SCALE_WAIT, arena_printf(s->arena, "removing %s", name));
			return;
		}
		if (!server)
			continue;
		left = hosted(server, s->arena);
		if (is(server, "Deallocating")) {
			(void)settle(s, SCALE_WAIT, arena_printf(s->arena, "draining %s%s%s", name, *left ? ", which still has " : "", left));
			return;
		}
		s->ret->servers[0] = server->id;
		s->ret->n_servers = 1;
		(void)settle(s, SCALE_DROP, arena_printf(s->arena, "dropping the server of %s", name));
		return;
	}
}

static void remove_servers(struct scale *s)
{
	const char *why = unanswered(s);

	if (why)
		(void)settle(s, SCALE_WAIT, arena_strdup(s->arena, why));
	else if (!wait_for_others(s) && !drain(s) && !wait_for_address(s) && !mark(s))
		take_away(s);
}

static void enable(struct scale *s)
{
	for (int i = 0; i < s->target && i < TOPOLOGY_SERVERS_MAX; i++) {
		const struct topology_server *server = server_of(s, i);

		if (server && is(server, "Free") && strcmp(server->health, "Available") == 0)
			s->ret->servers[s->ret->n_servers++] = server->id;
	}
	if (s->ret->n_servers > 0)
		(void)settle(s, SCALE_ENABLE, "enabling new servers");
}

// A server of ours whose pod is gone for good.
static bool has_stray(struct scale *s)
{
	for (int i = s->target; i < ordinals(s); i++) {
		if (server_of(s, i))
			return true;
	}
	return false;
}

bool scale_needs_survey(const struct scale_facts *facts)
{
	bool needs = facts->replicas > target_of(facts);

	for (size_t i = 0; i < facts->n_volumes; i++)
		needs = needs || (facts->volumes[i].leaving && facts->volumes[i].ordinal >= facts->replicas);
	return needs;
}

bool scale_is_removing(const struct scale_decision *decision)
{
	return decision->action == SCALE_WAIT || decision->action == SCALE_DRAIN || decision->action == SCALE_MARK ||
	       decision->action == SCALE_DROP || decision->action == SCALE_DISCARD;
}

void scale_decide(const struct scale_facts *facts, struct arena *arena, struct scale_decision *ret)
{
	struct scale s = {.facts = facts, .arena = arena, .ret = ret, .target = target_of(facts)};
	bool surveyed = !unanswered(&s);

	*ret = (struct scale_decision){.replicas = facts->replicas > s.target ? facts->replicas : s.target};
	if (facts->replicas > 0 && discard_volumes(&s))
		return;
	if (facts->replicas > s.target || (facts->replicas == s.target && surveyed && has_stray(&s)))
		remove_servers(&s);
	else if (surveyed)
		enable(&s);
}
