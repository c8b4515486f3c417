// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/cluster/scale.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/plural.h"
#include "operator/cluster/capacity.h"
#include "operator/cluster/scale_leftovers.h"
#include "operator/cluster/scale_lineup.h"
#include "operator/cluster/scale_mend.h"

// People read a status, and a cluster may have thousands of databases: it names only so many.
#define NAMES_SHOWN 10

struct scale {
	const struct scale_facts *facts;
	struct scale_lineup lineup;
	struct arena *arena;
	struct scale_decision *ret;
	int target; // servers that stay
};

// Neo4j undoes neither of these states.
static bool was_drained(const struct topology_server *server)
{
	return server && (server_is(server, "Deallocating") || server_is(server, "Deallocated"));
}

// A server that has begun to leave leaves, even if the spec wants it back meanwhile: it comes back as a new server. The first mark alone is no
// beginning: the operator may have died before it told the server, and an older mark may have been wrong.
static int target_of(const struct scale *s)
{
	const struct scale_facts *facts = s->facts;
	int target = facts->wanted;

	for (size_t i = 0; i < facts->n_volumes; i++) {
		const struct data_volume *volume = &facts->volumes[i];

		if (volume->ordinal < target && (volume->deallocated || (volume->leaving && scale_has_survey(facts) &&
									was_drained(lineup_server(&s->lineup, volume->ordinal)))))
			target = volume->ordinal;
	}
	return target;
}

static bool settle(struct scale *s, enum scale_action action, const char *message)
{
	s->ret->action = action;
	s->ret->message = message;
	return true;
}

// Only a server that stays knows what the servers that stay hold.
static const char *unanswered(const struct scale *s)
{
	const struct survey *survey = s->facts->survey;
	int asked;

	if (!survey)
		return "waiting for servers that can be asked where the databases are";
	if (survey->problem)
		return survey->problem;
	asked = survey->asked ? names_ordinal(s->facts->names, survey->asked) : -1;
	return asked >= 0 && asked < s->target ? NULL : "waiting for one of the servers that stay to answer where the databases are";
}

// Whether a pod that is not ready may yet recover and tell what it holds.
static bool may_come_back(const struct pod *pod)
{
	return !pod || pod->terminating || (!pod->ready && (!pod->problem || pod->beside));
}

// A pod of an older template will be replaced, whatever its problem is.
static bool will_be_replaced(const struct scale *s, const struct pod *pod)
{
	const char *revision = s->facts->update_revision;

	return !pod->ready && (!revision || !pod->revision || strcmp(pod->revision, revision) != 0);
}

// Stops at a server that no pod accounts for: it may be the one that seems to be gone.
static bool stop_at_stranger(struct scale *s)
{
	static const char cure[] = "wait until it is back, or remove it with DEALLOCATE DATABASES FROM SERVER and DROP SERVER";
	const struct scale_facts *facts = s->facts;
	const struct topology_server *server = survey_stranger(facts->survey, facts->names, facts->pods, facts->n_pods);
	const struct pod *pod;

	if (!server)
		return false;
	pod = survey_pod(server->address, facts->names, facts->pods, facts->n_pods);
	if (!server->address)
		return settle(s, SCALE_STOPPED,
			      arena_printf(s->arena,
					   "SHOW SERVERS knows no address of server '%.100s' (%s, %s), which may be one to be removed; %s",
					   server_name(server), server->state, server->health, cure));
	return settle(s, SCALE_STOPPED,
		      arena_printf(s->arena, "SHOW SERVERS lists server '%.100s' (%s, %s) at %.200s, where %s; %s", server_name(server),
				   server->state, server->health, server->address,
				   pod ? "a pod is ready whose server is another one" : "no pod of this deployment is", cure));
}

static bool is_condemned(const struct scale *s, int ordinal)
{
	const struct data_volume *volume = lineup_volume(s->facts, ordinal);

	return volume && volume->deallocated;
}

// Stops at a pod that no server accounts for: it may be the last of another cluster, with data that no server that stays has.
static bool stop_at_outsider(struct scale *s)
{
	const struct scale_facts *facts = s->facts;

	for (size_t i = 0; i < facts->n_pods; i++) {
		const struct pod *pod = &facts->pods[i];
		int ordinal = names_ordinal(facts->names, pod->name);
		const char *says = survey_outsider_says(facts->survey, pod->name);

		if (ordinal < 0 || is_condemned(s, ordinal) || !survey_is_outside(facts->survey, facts->names, pod))
			continue;
		return settle(s, SCALE_STOPPED,
			      arena_printf(s->arena,
					   "%s is ready, but SHOW SERVERS of %s does not list its server%s%s; its volume may hold what no other "
					   "has: set spec.topology.servers to %d, or, if nothing on it is needed, delete claim '%s' and then "
					   "the pod",
					   pod->name, facts->survey->asked, says ? "; asked itself, " : "", says ? says : "", facts->replicas,
					   names_claim(facts->names, ordinal, s->arena)));
	}
	return false;
}

static bool has_left(const struct scale *s, const struct data_volume *volume)
{
	return volume->deallocated && volume->ordinal >= s->facts->replicas;
}

static bool drop(struct scale *s, const struct topology_server *server, int ordinal)
{
	s->ret->servers[0] = server->id;
	s->ret->n_servers = 1;
	return settle(s, SCALE_DROP,
		      arena_printf(s->arena, "dropping the server of %s", names_pod(s->facts->names, ordinal, s->arena)));
}

static bool bears(const struct data_volume *volume, const char *id)
{
	return volume->deallocated && strcmp(volume->deallocated, id) == 0;
}

// Somebody else took the pod away (scaled the StatefulSet, deleted the pod) before its server was dropped: its volume may hold the only copy of
// a database.
static bool bring_back(struct scale *s)
{
	bool any = false;

	for (size_t i = 0; i < s->facts->n_volumes; i++) {
		const struct data_volume *volume = &s->facts->volumes[i];
		const struct topology_server *server;

		if (volume->deleting || volume->ordinal < s->ret->replicas)
			continue;
		server = lineup_server(&s->lineup, volume->ordinal);
		if (!server || server_is(server, "Free") || (server_is(server, "Deallocated") && bears(volume, server->id)))
			continue;
		s->ret->replicas = volume->ordinal + 1;
		any = settle(s, SCALE_WAIT,
			     arena_printf(s->arena, "bringing %s back, which was taken away before its server was dropped",
					  names_pod(s->facts->names, volume->ordinal, s->arena)));
	}
	return any;
}

// A claim whose pod has left already.
static bool discard_volume(struct scale *s, const struct data_volume *volume)
{
	const char *pod = names_pod(s->facts->names, volume->ordinal, s->arena), *why = unanswered(s);
	const struct topology_server *server;

	s->ret->volume = volume;
	if (lineup_pod(&s->lineup, volume->ordinal))
		return settle(s, SCALE_WAIT, arena_printf(s->arena, "waiting for %s to end", pod));
	if (volume->deleting)
		return settle(s, SCALE_WAIT, arena_printf(s->arena, "waiting for claim '%s' to go", volume->name));
	if (why)
		return settle(s, SCALE_WAIT, arena_strdup(s->arena, why));
	server = lineup_server_with(s->facts, volume->deallocated);
	if (server && server_is(server, "Deallocated"))
		return drop(s, server, volume->ordinal);
	if (server)
		return settle(s, SCALE_STOPPED,
			      arena_printf(s->arena, "the server of claim '%s' is %s again; drop it (DROP SERVER '%.100s'), or delete the claim",
					   volume->name, server->state, server->id));
	return settle(s, SCALE_DISCARD, arena_printf(s->arena, "deleting claim '%s'", volume->name));
}

static bool discard_volumes(struct scale *s)
{
	if (scale_has_survey(s->facts) && bring_back(s))
		return true;
	for (size_t i = 0; i < s->facts->n_volumes; i++) {
		if (has_left(s, &s->facts->volumes[i]))
			return discard_volume(s, &s->facts->volumes[i]);
	}
	return false;
}

static bool enable(struct scale *s, int from, int to)
{
	for (int i = from; i < to && s->ret->n_servers < TOPOLOGY_SERVERS_MAX; i++) {
		const struct topology_server *server = lineup_server(&s->lineup, i);

		if (server && server_is(server, "Free") && strcmp(server->health, "Available") == 0)
			s->ret->servers[s->ret->n_servers++] = server->id;
	}
	return s->ret->n_servers > 0 && settle(s, SCALE_ENABLE, "enabling new servers");
}

// The servers that stay must be able to take the databases over.
static bool wait_for_others(struct scale *s)
{
	for (int i = 0; i < s->target; i++) {
		const struct pod *pod = lineup_pod(&s->lineup, i);
		const char *problem;

		if (!pod || !pod->ready || pod->terminating)
			return settle(s, SCALE_WAIT,
				      arena_printf(s->arena, "waiting for %s, which stays, to be ready",
						   names_pod(s->facts->names, i, s->arena)));
		problem = survey_problem(s->facts->survey, s->facts->names, pod, s->arena);
		if (problem)
			return settle(s, survey_is_outside(s->facts->survey, s->facts->names, pod) ? SCALE_STOPPED : SCALE_WAIT, arena_printf(s->arena, "waiting for the servers that stay; %s", problem));
	}
	return false;
}

// Marks come before the servers are told, so that a later operator knows that it was us.
static bool mark(struct scale *s, int ordinal)
{
	const struct data_volume *volume = lineup_volume(s->facts, ordinal);

	if (!volume || volume->leaving || volume->deleting)
		return false;
	s->ret->volume = volume;
	return settle(s, SCALE_MARK, arena_printf(s->arena, "marking claim '%s'", volume->name));
}

static bool is_to_be_drained(const struct topology_server *server)
{
	return server && (server_is(server, "Enabled") || server_is(server, "Cordoned"));
}

// All servers that must leave and were not drained yet.
static bool drain(struct scale *s)
{
	const char *problem;
	bool any = false;

	for (int i = s->target; i < lineup_ordinals(s->facts) && !any; i++)
		any = is_to_be_drained(lineup_server(&s->lineup, i));
	if (!any)
		return false;
	problem = capacity_problem(s->facts, s->target, s->arena);
	if (problem)
		return settle(s, SCALE_REFUSED, problem);
	for (int i = lineup_ordinals(s->facts) - 1; i >= s->target; i--) {
		if (is_to_be_drained(lineup_server(&s->lineup, i)) && mark(s, i))
			return true;
	}
	for (int i = s->target; i < lineup_ordinals(s->facts) && s->ret->n_servers < TOPOLOGY_SERVERS_MAX; i++) {
		const struct topology_server *server = lineup_server(&s->lineup, i);

		if (is_to_be_drained(server))
			s->ret->servers[s->ret->n_servers++] = server->id;
	}
	return settle(s, SCALE_DRAIN, arena_printf(s->arena, "draining %zu server%s", s->ret->n_servers, plural(s->ret->n_servers)));
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

// The second mark. A ready pod runs the available server; for a pod that does not come back nobody can tell.
static bool condemn(struct scale *s, const struct topology_server *server, int ordinal)
{
	const struct data_volume *volume = lineup_volume(s->facts, ordinal);
	const struct pod *pod = lineup_pod(&s->lineup, ordinal);

	if (!volume || volume->deleting || bears(volume, server->id))
		return false;
	// A pod that is wanted back would start as a dropped server.
	if (may_come_back(pod) || will_be_replaced(s, pod) || (!pod->ready && ordinal < s->facts->wanted))
		return settle(s, SCALE_WAIT,
			      arena_printf(s->arena, "waiting for %s to be ready, so that its claim can go with its server",
					   names_pod(s->facts->names, ordinal, s->arena)));
	if (!server_is(server, "Deallocated") || !pod->ready || strcmp(server->health, "Available") != 0)
		return false;
	s->ret->servers[0] = server->id;
	s->ret->n_servers = 1;
	s->ret->volume = volume;
	return settle(s, SCALE_CONDEMN, arena_printf(s->arena, "marking claim '%s', whose server is Deallocated", volume->name));
}

// A server that has left the cluster, or never was in it.
static void let_go(struct scale *s, int ordinal)
{
	const struct data_volume *volume = lineup_volume(s->facts, ordinal);
	const char *name = names_pod(s->facts->names, ordinal, s->arena);
	const struct pod *pod = lineup_pod(&s->lineup, ordinal);

	// A pod that is missing, or has not run yet, may hold what its claim held before, or waits for a new claim that would be left behind.
	if (!is_condemned(s, ordinal) && (may_come_back(pod) || pod->ends == 0 || !volume || volume->deleting)) {
		(void)settle(s, SCALE_WAIT, arena_printf(s->arena, "waiting for %s to tell what it holds", name));
		return;
	}
	s->ret->replicas = ordinal;
	(void)settle(s, SCALE_WAIT,
		     volume && !volume->deallocated
			     ? arena_printf(s->arena, "removing %s; claim '%s' is kept, since its server was not seen Deallocated", name,
					    volume->name)
			     : arena_printf(s->arena, "removing %s", name));
}

static void leave_cluster(struct scale *s, const struct topology_server *server, int ordinal)
{
	const char *left = hosted(server, s->arena);

	if (server_is(server, "Deallocating"))
		(void)settle(s, SCALE_WAIT,
			     arena_printf(s->arena, "draining %s%s%s", names_pod(s->facts->names, ordinal, s->arena),
					  *left ? ", which still has " : "", left));
	else if (!condemn(s, server, ordinal))
		(void)drop(s, server, ordinal);
}

// The highest ordinal first; the replicas follow when its server is gone.
static void take_away(struct scale *s)
{
	for (int i = lineup_ordinals(s->facts) - 1; i >= s->target; i--) {
		const struct topology_server *server = lineup_server(&s->lineup, i);

		if (!server && i != s->facts->replicas - 1)
			continue;
		if (server)
			leave_cluster(s, server, i);
		else
			let_go(s, i);
		return;
	}
}

// A server without databases whose pod is gone for good: it joined too late, or its claim is gone or marked.
static const struct topology_server *find_remains(const struct scale *s, int *ret_ordinal)
{
	for (int i = s->facts->replicas > s->target ? s->facts->replicas : s->target; i < lineup_ordinals(s->facts); i++) {
		const struct topology_server *server = lineup_server(&s->lineup, i);
		const struct data_volume *volume = lineup_volume(s->facts, i);

		*ret_ordinal = i;
		if (server && !lineup_pod(&s->lineup, i) &&
		    (server_is(server, "Free") || (server_is(server, "Deallocated") && (!volume || bears(volume, server->id)))))
			return server;
	}
	return NULL;
}

// A Free server cannot be drained, and a server that was not drained keeps its claim.
static void remove_servers(struct scale *s)
{
	const struct topology_server *remains;
	const char *why = unanswered(s);
	int ordinal;

	if (why) {
		(void)settle(s, SCALE_WAIT, arena_strdup(s->arena, why));
		return;
	}
	if (enable(s, 0, s->target) || scale_mend(s->facts, s->arena, s->ret) || wait_for_others(s))
		return;
	remains = find_remains(s, &ordinal);
	if (remains)
		(void)drop(s, remains, ordinal);
	else if (!stop_at_stranger(s) && !stop_at_outsider(s) && !enable(s, s->target, s->facts->replicas) && !drain(s))
		take_away(s);
}

bool scale_needs_survey(const struct scale_facts *facts)
{
	bool needs = facts->replicas > facts->wanted;

	for (size_t i = 0; i < facts->n_volumes; i++)
		needs = needs || facts->volumes[i].leaving;
	return needs;
}

bool scale_is_removing(const struct scale_decision *decision)
{
	return decision->action == SCALE_WAIT || decision->action == SCALE_STOPPED || decision->action == SCALE_MARK ||
	       decision->action == SCALE_DRAIN || decision->action == SCALE_CONDEMN || decision->action == SCALE_DROP ||
	       decision->action == SCALE_DISCARD;
}

bool scale_is_grave(const struct scale_facts *facts, const struct scale_decision *decision)
{
	return decision->replicas < facts->replicas || decision->action == SCALE_RELIEVE || decision->action == SCALE_FORGET ||
	       (scale_is_removing(decision) && decision->action != SCALE_WAIT && decision->action != SCALE_STOPPED);
}

static void decide(struct scale *s)
{
	const struct scale_facts *facts = s->facts;
	bool surveyed;
	int ordinal;

	if (facts->replicas > 0 && discard_volumes(s))
		return;
	surveyed = !unanswered(s);
	if (facts->replicas > s->target || (facts->replicas == s->target && surveyed && find_remains(s, &ordinal)))
		remove_servers(s);
	else if (surveyed && !enable(s, 0, s->target))
		(void)scale_mend(facts, s->arena, s->ret);
	if (facts->replicas > 0)
		s->ret->note = scale_leftovers(facts, s->ret->replicas, s->arena);
}

void scale_decide(const struct scale_facts *facts, struct arena *arena, struct scale_decision *ret)
{
	struct scale s = {.facts = facts, .arena = arena, .ret = ret};

	scale_lineup_make(facts, arena, &s.lineup);
	s.target = target_of(&s);
	*ret = (struct scale_decision){.replicas = facts->replicas > s.target ? facts->replicas : s.target};
	decide(&s);
	// A server that stays keeps its pod, and no pod goes beside another step.
	assert(ret->replicas >= s.target && (ret->replicas >= facts->replicas || ret->action == SCALE_WAIT));
	assert(ret->action == SCALE_REST || ret->message);
}
