// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The note is "REVISION UID@TIME UID@TIME": a pod that was ready in between, or was made anew, has another time or uid. The times are only
// compared for equality, so it does not matter whose clock they come from.

#include "operator/cluster/roll.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"

#define RECORD_MAX_BYTES 4096

static bool is_of_revision(const char *record, const char *revision)
{
	size_t len = strlen(revision);

	return record && strncmp(record, revision, len) == 0 && (record[len] == ' ' || record[len] == '\0');
}

static bool is_any_outdated(const struct phase_facts *facts)
{
	for (size_t i = 0; i < facts->n_pods; i++) {
		if (pod_is_outdated(facts, &facts->pods[i]))
			return true;
	}
	return false;
}

static const char *entry_of(const struct pod *pod, struct arena *arena)
{
	return arena_printf(arena, " %s@%s", pod->uid, pod->unready_since ? pod->unready_since : "");
}

static bool holds(const char *record, const struct pod *pod, struct arena *arena)
{
	const char *entry = entry_of(pod, arena), *found = strstr(record, entry);
	size_t len = strlen(entry);

	return found && (found[len] == ' ' || found[len] == '\0');
}

// Whether a pod that is not ready may be away by our doing, or serves nobody anyway.
static bool may_be_ours(const struct phase_facts *facts, const struct pod *pod, struct arena *arena)
{
	return !pod_is_outdated(facts, pod) || pod->never_ready || holds(facts->unready, pod, arena);
}

// Whether the noted roll has not ended: the spec changes again while a pod may be away by our doing.
static bool is_unfinished(const struct phase_facts *facts, struct arena *arena)
{
	bool replaced = false, older = false;

	if (!facts->unready)
		return false;
	for (size_t i = 0; i < facts->n_pods; i++) {
		const struct pod *pod = &facts->pods[i];

		if (pod->terminating || (!pod->ready && may_be_ours(facts, pod, arena)))
			return true;
		if (pod->revision && is_of_revision(facts->unready, pod->revision))
			replaced = true;
		else
			older = true;
	}
	return (replaced && older) || (int)facts->n_pods < facts->servers;
}

const char *roll_record(const struct phase_facts *facts, struct arena *arena)
{
	_cleanup_buf_ struct buf record = BUF_INIT(RECORD_MAX_BYTES);
	bool unfinished;

	if (!is_any_outdated(facts) || is_of_revision(facts->unready, facts->update_revision))
		return facts->unready;
	unfinished = is_unfinished(facts, arena);
	buf_add(&record, facts->update_revision);
	for (size_t i = 0; i < facts->n_pods; i++) {
		const struct pod *pod = &facts->pods[i];
		const char *entry = entry_of(pod, arena);

		if (pod->ready || !pod_is_outdated(facts, pod) || (unfinished && !may_be_ours(facts, pod, arena)))
			continue;
		// More than a cluster needs; entries that do not fit wait like ready pods.
		if (record.len + strlen(entry) < RECORD_MAX_BYTES)
			buf_add(&record, entry);
	}
	return arena_strdup(arena, buf_str(&record));
}

static const struct pod *first_outdated(const struct phase_facts *facts, bool ready, const struct pod *but)
{
	for (size_t i = 0; i < facts->n_pods; i++) {
		const struct pod *pod = &facts->pods[i];

		if (pod != but && pod_is_steady(pod) == ready && pod_is_outdated(facts, pod))
			return pod;
	}
	return NULL;
}

static const struct pod *first_unready_before(const struct phase_facts *facts, struct arena *arena)
{
	for (size_t i = 0; i < facts->n_pods; i++) {
		const struct pod *pod = &facts->pods[i];

		if (!pod->ready && pod_is_outdated(facts, pod) && holds(facts->unready, pod, arena))
			return pod;
	}
	return NULL;
}

// The only pod that may go while it is ready.
static const struct pod *ready_offline(const struct phase_facts *facts)
{
	for (size_t i = 0; i < facts->n_pods; i++) {
		const struct pod *pod = &facts->pods[i];

		if (pod->ready && pod_is_outdated(facts, pod) && strcmp(pod->name, facts->offline) == 0)
			return pod;
	}
	return NULL;
}

// A pod that is not ready, if there is one; the leader comes last. NULL: the others stay as they are while a pod is offline.
static const struct pod *choose(const struct phase_facts *facts)
{
	const struct pod *unready = first_outdated(facts, false, NULL), *leader = NULL, *follower;

	if (unready)
		return unready;
	if (facts->offline)
		return ready_offline(facts);
	if (facts->survey)
		leader = survey_writer(facts->survey, facts->names, facts->pods, facts->n_pods);
	follower = first_outdated(facts, true, leader);
	return follower ? follower : leader;
}

// A pod beside the chosen one that is not ready, preferably one with a known problem.
static const struct pod *other_unready(const struct phase_facts *facts, const struct pod *chosen)
{
	const struct pod *found = NULL;

	for (size_t i = 0; i < facts->n_pods; i++) {
		const struct pod *pod = &facts->pods[i];

		if (pod != chosen && !pod_is_steady(pod) && (!found || (pod->problem && !found->problem)))
			found = pod;
	}
	return found;
}

static const char *pod_words(const struct pod *pod, struct arena *arena)
{
	if (pod->problem && pod->passing)
		return arena_printf(arena, "waiting for %s to be ready: %s", pod->name, pod->problem);
	if (pod->problem)
		return arena_printf(arena, "%s does not come back: %s", pod->name, pod->problem);
	return arena_printf(arena, "waiting for %s to be ready", pod->name);
}

// Why the chosen pod may not go although all others are ready; NULL when it may.
static const char *obstacle(const struct phase_facts *facts, const struct pod *chosen, struct arena *arena)
{
	if ((int)facts->n_pods < facts->servers)
		return "waiting for a pod to be made";
	if (facts->mending && pod_is_steady(chosen))
		return "until the server whose volume is lost is replaced";
	if (pod_is_steady(chosen))
		return facts->removing ? arena_printf(arena, "until servers are removed (%s)", facts->removing)
				       : phase_members_problem(facts, survey_problem, NULL, arena);
	// Leaving servers may be waiting for this very pod, and are never Enabled again.
	return phase_members_problem(facts, facts->removing ? survey_host_problem : survey_problem, chosen, arena);
}

void roll_decide(const struct phase_facts *facts, struct arena *arena, struct roll_decision *ret)
{
	const struct pod *chosen, *other;

	*ret = (struct roll_decision){0};
	if (!is_any_outdated(facts))
		return;
	// One at a time: an evicted pod must be gone before another may follow.
	for (size_t i = 0; i < facts->n_pods; i++) {
		if (facts->pods[i].terminating) {
			ret->waiting = arena_printf(arena, "waiting for %s to end", facts->pods[i].name);
			return;
		}
	}
	if (!is_of_revision(facts->unready, facts->update_revision)) {
		ret->waiting = "until it is noted which pods are not ready";
		return;
	}
	ret->evict = first_unready_before(facts, arena);
	if (ret->evict)
		return;
	chosen = choose(facts);
	if (!chosen && facts->offline)
		return;
	assert(chosen && pod_is_outdated(facts, chosen));
	other = other_unready(facts, chosen);
	ret->stopped = other && other->problem && !other->passing;
	ret->waiting = other ? pod_words(other, arena) : obstacle(facts, chosen, arena);
	if (ret->waiting)
		return;
	ret->evict = chosen;
	ret->surveyed = facts->cluster;
}
