// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/cluster/phase.h"

#include <assert.h>
#include <string.h>

#include "operator/cluster/inventory.h"
#include "operator/cluster/scale.h"
#include "operator/object/reason.h"

// A container that has ended so often without becoming ready will not become ready by itself.
#define ENDS_MAX 3

const char *phase_name(enum phase phase)
{
	static const char *const names[] = {"Pending", "Forming", "Ready", "Updating", "Degraded", "Failed"};

	return names[phase];
}

bool pod_is_outdated(const struct phase_facts *facts, const struct pod *pod)
{
	return facts->workload_current && facts->update_revision && pod->revision &&
	       strcmp(pod->revision, facts->update_revision) != 0;
}

struct tally {
	int ready; // steadily, and up to date
	int outdated;
	const struct pod *ailing; // the first pod that is not ready, preferably one with a known problem
};

static struct tally count_pods(const struct phase_facts *facts)
{
	struct tally tally = {0};

	for (size_t i = 0; i < facts->n_pods; i++) {
		const struct pod *pod = &facts->pods[i];
		bool outdated = pod_is_outdated(facts, pod);

		tally.outdated += outdated;
		tally.ready += pod_is_steady(pod) && !pod->terminating && !outdated;
		if (!pod_is_steady(pod) && (!tally.ailing || (pod->problem && !tally.ailing->problem)))
			tally.ailing = pod;
	}
	return tally;
}

const char *phase_members_problem(const struct phase_facts *facts, member_problem_fn problem_of, const struct pod *but, struct arena *arena)
{
	if (!facts->cluster)
		return NULL;
	if (!facts->survey)
		return "the servers have not been asked yet";
	for (size_t i = 0; i < facts->n_pods; i++) {
		const struct pod *pod = &facts->pods[i];
		const char *problem;

		if (pod == but)
			continue;
		problem = problem_of(facts->survey, facts->names, pod, arena);
		if (problem)
			return problem;
	}
	return NULL;
}

// The scheduler does not say which class it is that gives no volume.
static const char *unbound(const struct phase_facts *facts, const struct pod *pod, struct arena *arena)
{
	for (size_t i = 0; strstr(pod->problem, "ersistent") && i < facts->n_volumes; i++) {
		const struct data_volume *volume = &facts->volumes[i];

		if (!volume->pending || volume->ordinal != names_ordinal(facts->names, pod->name))
			continue;
		return arena_printf(arena, "claim '%s' has no volume yet, of %s%.253s%s: see whether there is such a class (kubectl get storageclass), "
					   "and the claim's events",
				    volume->name, volume->class ? "storage class '" : "the default storage class", volume->class ? volume->class : "",
				    volume->class ? "'" : "");
	}
	return NULL;
}

static const char *progress(const struct phase_facts *facts, const struct tally *tally, struct arena *arena)
{
	const char *text = arena_printf(arena, "%d of %d servers ready", tally->ready, facts->servers);

	if (tally->ailing && tally->ailing->problem) {
		const char *claim = unbound(facts, tally->ailing, arena);

		text = arena_printf(arena, "%s; %s: %s%s%s", text, tally->ailing->name, tally->ailing->problem, claim ? "; " : "", claim ? claim : "");
	}
	if (facts->uncreated)
		text = arena_printf(arena, "%s; %s", text, facts->uncreated);
	return facts->loss.words ? arena_printf(arena, "%s; %s", text, facts->loss.words) : text;
}

static void settle(struct phase_verdict *ret, enum phase phase, enum reason reason, const char *message)
{
	*ret = (struct phase_verdict){.phase = phase, .reason = reason, .message = message};
}

// A volume that is gone took a server with it.
static const char *lost_words(const struct phase_facts *facts, struct arena *arena)
{
	for (size_t i = 0; facts->cluster && i < facts->n_pods; i++) {
		const struct topology_server *lost = survey_lost(facts->survey, facts->names, &facts->pods[i]);

		if (lost)
			return arena_printf(arena,
					    "%s has a new volume, and the server of the one before is still a member: %s, which is %s and %s%s%s",
					    facts->pods[i].name, lost->id, lost->state, lost->health, facts->lost ? "; " : "",
					    facts->lost ? facts->lost : "");
	}
	return NULL;
}

// The storage says when it is done; a driver that only works on volumes that are not in use wants the pod to be restarted.
static const char *growing_words(const struct phase_facts *facts, struct arena *arena)
{
	for (size_t i = 0; i < facts->n_volumes; i++) {
		const struct data_volume *volume = &facts->volumes[i];

		if (volume->ordinal < facts->servers && data_volume_is_growing(volume))
			return arena_printf(arena, "claim '%s' still has %.40s and waits for the storage to make it %.40s: kubectl describe pvc %s shows how far it is",
					    volume->name, volume->capacity, volume->size, volume->name);
	}
	return NULL;
}

static const char *growth_words(const struct phase_facts *facts, struct arena *arena)
{
	const char *words = facts->growth_refused ? facts->growth_refused : growing_words(facts, arena);

	return words || !facts->growth_asked ? words : "its volumes are asked to grow";
}

static const char *ready_words(const struct phase_facts *facts, const char *growth, struct arena *arena)
{
	const char *text = facts->cluster ? "All servers are ready" : "The server is ready";
	const char *troubles = facts->cluster ? inventory_troubles(facts->survey, arena) : NULL;

	// Neither the operator nor Kubernetes stopped it: a person with the right to has, or Fleet Manager for a migration.
	if (troubles)
		text = arena_printf(arena, "%s; %s", text, troubles);
	if (growth)
		text = arena_printf(arena, "%s; %s", text, growth);
	return facts->leftovers ? arena_printf(arena, "%s; %s", text, facts->leftovers) : text;
}

static const char *with_hint(const struct phase_facts *facts, const char *words, struct arena *arena)
{
	return facts->cluster && facts->hint ? arena_printf(arena, "%s; %s", words, facts->hint) : words;
}

// The servers are as wanted. Their volumes are part of the spec, too.
static void judge_volumes(const struct phase_facts *facts, struct arena *arena, struct phase_verdict *ret)
{
	const char *growth = growth_words(facts, arena), *words = ready_words(facts, growth, arena);

	if (growth)
		settle(ret, PHASE_UPDATING, facts->growth_refused ? REASON_STORAGE_GROWTH_REFUSED : REASON_STORAGE_GROWING, words);
	else
		settle(ret, PHASE_READY, REASON_READY, words);
	ret->serving = true;
}

// The pods are as wanted, seen from outside.
static void judge_members(const struct phase_facts *facts, struct arena *arena, struct phase_verdict *ret)
{
	const char *problem = phase_members_problem(facts, survey_member_problem, NULL, arena);
	enum reason reason = facts->survey && facts->survey->problem ? facts->survey->reason : REASON_SERVERS_NOT_ENABLED;
	const char *lost = problem ? NULL : lost_words(facts, arena);

	if (!problem && facts->unscalable)
		settle(ret, PHASE_FAILED, REASON_SCALE_IN_REFUSED, facts->unscalable);
	else if (lost)
		settle(ret, facts->rolling ? PHASE_UPDATING : PHASE_DEGRADED, REASON_SERVER_LOST, lost);
	else if (!problem)
		judge_volumes(facts, arena, ret);
	else if (!facts->formed)
		settle(ret, PHASE_FORMING, facts->survey && facts->survey->problem ? reason : REASON_FORMING, with_hint(facts, problem, arena));
	else
		settle(ret, facts->rolling ? PHASE_UPDATING : PHASE_DEGRADED, reason, problem);
}

static void judge_pods(const struct phase_facts *facts, const struct tally *tally, struct arena *arena, struct phase_verdict *ret)
{
	const char *words = progress(facts, tally, arena);

	if (!facts->formed)
		settle(ret, PHASE_FORMING, REASON_FORMING, with_hint(facts, words, arena));
	else if (tally->outdated > 0)
		settle(ret, PHASE_UPDATING, REASON_UPDATING,
		       arena_printf(arena, "%d of %d servers still to be replaced; %s", tally->outdated, facts->servers,
				    facts->roll_waiting && !facts->uncreated ? facts->roll_waiting : words));
	else
		settle(ret, facts->rolling ? PHASE_UPDATING : PHASE_DEGRADED, facts->rolling ? REASON_UPDATING : REASON_SERVERS_NOT_READY, words);
}

// Ready vouches for a server that is not there; and nothing of the spec is carried out meanwhile.
static void judge_offline(const struct phase_facts *facts, const struct tally *tally, struct arena *arena, struct phase_verdict *ret)
{
	const struct pod *pod = pod_named(facts->pods, facts->n_pods, facts->offline);
	const char *words;

	if (pod && !pod->terminating && !pod_is_outdated(facts, pod) && pod->started_at)
		words = arena_printf(arena,
				     "%s is offline for maintenance: its pod runs without a server until annotation " OFFLINE_ANNOTATION
				     " is removed",
				     facts->offline);
	else
		words = arena_printf(arena, "%s is going offline for maintenance: %s", facts->offline,
				     facts->roll_waiting && !facts->uncreated ? facts->roll_waiting : progress(facts, tally, arena));
	settle(ret, facts->formed ? PHASE_DEGRADED : PHASE_FORMING, REASON_OFFLINE, words);
}

static void judge(const struct phase_facts *facts, struct arena *arena, struct phase_verdict *ret)
{
	struct tally tally = count_pods(facts);

	if (facts->refused)
		settle(ret, PHASE_FAILED, facts->refused_reason, facts->refused);
	else if (facts->waiting_for && !facts->workload_exists)
		settle(ret, PHASE_PENDING, facts->waiting_reason, facts->waiting_for);
	else if (!facts->workload_exists || !facts->workload_current)
		settle(ret, facts->formed ? PHASE_UPDATING : PHASE_PENDING, REASON_WORKLOAD_NOT_OBSERVED,
		       "Waiting for the StatefulSet controller");
	else if (facts->offline)
		judge_offline(facts, &tally, arena, ret);
	else if (facts->removing)
		settle(ret, PHASE_UPDATING, REASON_REMOVING_SERVERS, arena_printf(arena, "Removing servers: %s", facts->removing));
	else if (tally.ready >= facts->servers && tally.outdated == 0)
		judge_members(facts, arena, ret);
	else
		judge_pods(facts, &tally, arena, ret);
}

// The servers are as they were before the change. Condition Ready does not vouch for a spec that is not carried out.
static void hold_back(const struct phase_facts *facts, struct arena *arena, struct phase_verdict *ret)
{
	if (ret->phase == PHASE_READY)
		ret->phase = facts->formed ? PHASE_UPDATING : PHASE_FORMING;
	ret->serving = false;
	if (!facts->offline)
		ret->reason = facts->waiting_reason;
	ret->message = arena_printf(arena, "The last change of the spec waits: %s; until then the servers stay as they are: %s", facts->waiting_for,
				    ret->message);
}

static bool is_lost(const struct phase_facts *facts, const struct pod *pod)
{
	return !facts->mending && facts->survey && !facts->survey->problem && survey_lost(facts->survey, facts->names, pod);
}

static bool ends_again(const struct pod *pod)
{
	return pod->ends >= ENDS_MAX && (!pod->ready || (pod->unsteady && !pod->beside));
}

static bool is_stuck(const struct pod *pod)
{
	return !pod_is_steady(pod) && pod->problem && (!pod->passing || pod->unstarted);
}

static bool is_growing(const struct phase_facts *facts)
{
	for (size_t i = 0; i < facts->n_volumes; i++) {
		if (facts->volumes[i].ordinal < facts->servers && data_volume_is_growing(&facts->volumes[i]))
			return true;
	}
	return false;
}

// Storage may be slow. But a class that forbids growth, or a driver that works only on volumes that no pod uses, waits for a person.
static enum reason stuck_volumes(const struct phase_facts *facts)
{
	struct tally tally = count_pods(facts);

	if (tally.ready < facts->servers || tally.outdated > 0)
		return REASON_NONE;
	if (facts->growth_refused)
		return REASON_STORAGE_GROWTH_REFUSED;
	return is_growing(facts) ? REASON_STORAGE_GROWING : REASON_NONE;
}

// Whether what the operator waits for keeps it from something that the spec asks for.
static bool holds_up(const struct phase_facts *facts)
{
	return !facts->workload_exists || facts->behind || count_pods(facts).outdated > 0;
}

enum reason phase_stuck(const struct phase_facts *facts)
{
	enum reason found = facts->cluster && facts->hint && !facts->formed ? REASON_DOMAIN_DIFFERS : REASON_NONE;

	if (facts->stuck)
		return facts->stuck;
	if (facts->waiting_for && holds_up(facts))
		return facts->waiting_reason;
	if (facts->uncreated)
		found = REASON_POD_NOT_CREATED;
	if (facts->loss.majority)
		return REASON_SERVER_LOST;
	for (size_t i = 0; i < facts->n_pods; i++) {
		const struct pod *pod = &facts->pods[i];

		if (ends_again(pod))
			return REASON_SERVER_FAILS;
		if (is_lost(facts, pod))
			return REASON_SERVER_LOST;
		if (is_stuck(pod))
			found = REASON_POD_STUCK;
	}
	return found ? found : stuck_volumes(facts);
}

static bool is_of_volumes(enum reason reason)
{
	return reason == REASON_STORAGE_GROWING || reason == REASON_STORAGE_GROWTH_REFUSED;
}

void phase_judge(const struct phase_facts *facts, struct arena *arena, struct phase_verdict *ret)
{
	struct phase_facts seen = *facts;

	if (facts->behind)
		seen.roll_waiting = NULL; // told by hold_back()
	judge(&seen, arena, ret);
	if (facts->behind)
		hold_back(facts, arena, ret);
	assert(ret->reason && ret->message);
	if (!facts->stuck || !facts->stalled || ret->phase == PHASE_READY || ret->phase == PHASE_FAILED)
		return;
	// Something else has come up since, such as a server that is away.
	if (is_of_volumes(facts->stuck) && !ret->serving)
		return;
	ret->stalled = true;
	ret->reason = facts->stuck;
}
