// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/pod.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "operator/object/live_set.h"
#include "operator/object/last_words.h"
#include "operator/object/names.h"

// Room for the runs of sixty pods, three times what a deployment may have.
#define RUNS_MAX ((size_t)2048)

#define FIRST_CONDITION_MS 2000

// A container without a probe is ready whenever it runs, and one that ends again and again runs for a moment each time. So a pod counts as
// steady only when that container has run clearly longer than the time before; after ten minutes the kubelet, too, takes a crash loop for ended
// (its back-off begins anew then).
#define STEADY_MIN_MS INT64_C(60000)
#define STEADY_MAX_MS INT64_C(600000)
#define ENDS_OF_A_LOOP 3

static const char *str(yyjson_val *obj, const char *key)
{
	return yyjson_get_str(yyjson_obj_get(obj, key));
}

static bool condition_is(yyjson_val *status, const char *type, const char *value)
{
	yyjson_val *condition = json_item(yyjson_obj_get(status, "conditions"), "type", type);

	return yyjson_equals_str(yyjson_obj_get(condition, "status"), value);
}

static const char *with_detail(struct arena *arena, const char *reason, const char *message)
{
	return message && *message ? arena_printf(arena, "%s: %.300s", reason, message) : reason;
}

// The container's limit in effect, which a LimitRange or an in-place resize may have changed; NULL: no limit.
static const char *memory_limit(yyjson_val *containers, yyjson_val *status)
{
	yyjson_val *container = json_item(containers, "name", str(status, "name"));
	const char *now = str(yyjson_ptr_get(status, "/resources/limits"), "memory");

	return now ? now : str(yyjson_ptr_get(container, "/resources/limits"), "memory");
}

// The container's own words about its end, with the limit where memory is the cause.
static const char *words_of(yyjson_val *end, const char *limit, struct arena *arena)
{
	bool cut;
	const char *words = last_words(str(end, "message"), &cut, arena);

	if (yyjson_equals_str(yyjson_obj_get(end, "reason"), "OOMKilled"))
		return limit ? arena_printf(arena, "it took more memory than its limit of %.40s; raise spec.resources.limits.memory", limit)
			     : "it took more memory than its node has; set spec.resources.limits.memory";
	if (limit && words && strstr(words, "Invalid memory configuration"))
		return arena_printf(arena, "%.240s (its limit is %.40s)", words, limit);
	return words;
}

static const char *how_ended(yyjson_val *container, yyjson_val *end, struct arena *arena)
{
	return arena_printf(arena, "container %s ended with exit code %lld", str(container, "name"),
			    (long long)yyjson_get_sint(yyjson_obj_get(end, "exitCode")));
}

// How a container that is being restarted ended last.
static const char *last_end(yyjson_val *container, yyjson_val *containers, struct arena *arena)
{
	yyjson_val *end = yyjson_obj_get(yyjson_obj_get(container, "state"), "terminated");

	if (!end)
		end = yyjson_obj_get(yyjson_obj_get(container, "lastState"), "terminated");
	if (!end)
		return NULL;
	return with_detail(arena, how_ended(container, end, arena), words_of(end, memory_limit(containers, container), arena));
}

// Of a run that is over for good: until the kubelet starts the container again, "previous" is the run before.
static void read_cut_end(yyjson_val *container, struct pod *ret, struct arena *arena)
{
	yyjson_val *end = yyjson_ptr_get(container, "/lastState/terminated");
	bool cut = false;

	if (!end || yyjson_ptr_get(container, "/state/terminated") || yyjson_equals_str(yyjson_obj_get(end, "reason"), "OOMKilled"))
		return;
	(void)last_words(str(end, "message"), &cut, arena);
	if (!cut)
		return;
	ret->cut_end = str(end, "containerID");
	ret->cut_how = how_ended(container, end, arena);
}

static int64_t count_ends(yyjson_val *container)
{
	yyjson_val *state = yyjson_obj_get(container, "state");
	bool ended = yyjson_obj_get(state, "terminated") != NULL ||
		     (yyjson_obj_get(state, "waiting") != NULL &&
		      yyjson_obj_get(yyjson_obj_get(container, "lastState"), "terminated") != NULL);

	return yyjson_get_sint(yyjson_obj_get(container, "restartCount")) + ended;
}

// When a kubelet ceases to report, the node controller marks its pods as not ready and touches nothing else: the containers stay ready in the
// status, and the condition has no reason.
static bool node_is_lost(yyjson_val *status)
{
	yyjson_val *ready = json_item(yyjson_obj_get(status, "conditions"), "type", "Ready");
	const char *reason = str(ready, "reason");

	return yyjson_equals_str(yyjson_obj_get(ready, "status"), "False") && (!reason || !*reason) &&
	       condition_is(status, "ContainersReady", "True");
}

static const char *lost_words(yyjson_val *spec, bool terminating, struct arena *arena)
{
	const char *node = str(spec, "nodeName");

	if (terminating)
		return arena_printf(arena, "node '%s' does not report, so the pod cannot end; delete the Node if it will not come back", node ? node : "");
	return arena_printf(arena, "node '%s' does not report", node ? node : "");
}

static const char *waiting_for(yyjson_val *container, struct arena *arena)
{
	yyjson_val *waiting = yyjson_obj_get(yyjson_obj_get(container, "state"), "waiting");
	const char *reason = str(waiting, "reason");

	if (reason && strcmp(reason, "ContainerCreating") != 0 && strcmp(reason, "PodInitializing") != 0)
		return with_detail(arena, reason, str(waiting, "message"));
	return NULL;
}

// The pod's own spec tells how it was started; the deployment's spec may have changed since.
static const char *domain_of(yyjson_val *spec)
{
	static const char host[] = "$(" POD_NAME_VARIABLE ").";
	yyjson_val *container = json_item(yyjson_obj_get(spec, "containers"), "name", CONTAINER_NAME);
	const char *address = str(json_item(yyjson_obj_get(container, "env"), "name", POD_ADDRESS_VARIABLE), "value");

	return address && strncmp(address, host, strlen(host)) == 0 ? address + strlen(host) : NULL;
}

static const char *tls_secret_of(yyjson_val *spec)
{
	yyjson_val *volume = json_item(yyjson_obj_get(spec, "volumes"), "name", POD_TLS_VOLUME);

	return str(yyjson_obj_get(volume, "secret"), "secretName");
}

// Why an init container has not done its part; NULL when it has.
static const char *init_problem(yyjson_val *container, yyjson_val *containers, struct arena *arena)
{
	yyjson_val *end = yyjson_ptr_get(container, "/state/terminated");
	const char *words;

	if (end && yyjson_get_sint(yyjson_obj_get(end, "exitCode")) == 0)
		return NULL;
	words = last_end(container, containers, arena);
	return words ? words : waiting_for(container, arena);
}

static const char *waiting_container(yyjson_val *container, struct arena *arena)
{
	const char *words = waiting_for(container, arena);

	return words ? arena_printf(arena, "container %.63s: %s", str(container, "name"), words) : NULL;
}

// An init container that runs beside the server's and ends with the pod.
static bool is_sidecar(yyjson_val *specs, const char *name)
{
	return name && yyjson_equals_str(yyjson_obj_get(json_item(specs, "name", name), "restartPolicy"), "Always");
}

// Init containers run one by one, and the server's container starts after them. Ours are soon done; a user's may wait for something.
static const char *initializing_problem(yyjson_val *status, yyjson_val *specs, bool waits, struct pod *ret, struct arena *arena)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(yyjson_obj_get(status, "initContainerStatuses"));
	const char *running = NULL;
	yyjson_val *container;

	while ((container = yyjson_arr_iter_next(&iter))) {
		const char *name = str(container, "name"), *problem;
		bool runs = yyjson_ptr_get(container, "/state/running") != NULL;

		if (runs && is_sidecar(specs, name))
			continue;
		problem = init_problem(container, specs, arena);
		if (problem)
			return problem;
		if (name && runs && strcmp(name, FIRST_PASSWORD_CONTAINER) != 0)
			running = name;
	}
	ret->beside = ret->passing = waits && running;
	return ret->passing ? arena_printf(arena, "init container %.63s has not ended yet", running) : NULL;
}

// A container beside the server's that is not ready keeps the whole pod from being ready.
static const char *sidecar_problem(yyjson_val *status, yyjson_val *specs, bool *ret_passing, struct arena *arena)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(yyjson_obj_get(status, "containerStatuses"));
	yyjson_val *container;

	while ((container = yyjson_arr_iter_next(&iter))) {
		const char *words;

		if (yyjson_equals_str(yyjson_obj_get(container, "name"), CONTAINER_NAME) || yyjson_is_true(yyjson_obj_get(container, "ready")))
			continue;
		words = last_end(container, specs, arena);
		words = words ? words : waiting_container(container, arena);
		if (words)
			return words;
		*ret_passing = yyjson_ptr_get(container, "/state/running") != NULL;
		if (*ret_passing)
			return arena_printf(arena, "container %.63s is not ready", str(container, "name"));
	}
	return NULL;
}

// Whether the first init container has started, and with it the volumes were there.
static bool has_begun(yyjson_val *status)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(yyjson_obj_get(status, "initContainerStatuses"));
	yyjson_val *container;

	while ((container = yyjson_arr_iter_next(&iter))) {
		if (yyjson_ptr_get(container, "/state/running") || yyjson_ptr_get(container, "/state/terminated"))
			return true;
	}
	return false;
}

static const char *problem_of(yyjson_val *root, yyjson_val *container, struct pod *ret, struct arena *arena)
{
	yyjson_val *status = yyjson_obj_get(root, "status");
	yyjson_val *scheduled = json_item(yyjson_obj_get(status, "conditions"), "type", "PodScheduled");
	const char *waits = str(yyjson_ptr_get(container, "/state/waiting"), "reason"), *problem;

	if (yyjson_equals_str(yyjson_obj_get(scheduled, "status"), "False"))
		return with_detail(arena, "not scheduled", str(scheduled, "message"));
	problem = initializing_problem(status, yyjson_ptr_get(root, "/spec/initContainers"), waits && !strcmp(waits, "PodInitializing"),
				       ret, arena);
	if (problem)
		return problem;
	// The server serves again, so an earlier end explains nothing.
	if (ret->last_words && !yyjson_is_true(yyjson_obj_get(container, "ready")))
		return ret->last_words;
	problem = waiting_for(container, arena);
	if (problem)
		return problem;
	if (waits && (strcmp(waits, "ContainerCreating") == 0 || (strcmp(waits, "PodInitializing") == 0 && !has_begun(status)))) {
		ret->beside = ret->passing = ret->unstarted = true;
		return arena_printf(arena, "its containers are being made (kubectl describe pod %s shows what that waits for)", ret->name);
	}
	ret->beside = true;
	return sidecar_problem(status, yyjson_ptr_get(root, "/spec/containers"), &ret->passing, arena);
}

// The kubelet writes the start and the first condition Ready (which is False) at the same time.
static bool was_never_ready(yyjson_val *status, const char *unready_since)
{
	const char *start = str(status, "startTime");
	int64_t started_ms, since_ms;

	if (!unready_since)
		return true;
	return start && time_parse_rfc3339(start, &started_ms) == 0 && time_parse_rfc3339(unready_since, &since_ms) == 0 &&
	       since_ms <= started_ms + FIRST_CONDITION_MS;
}

// How long a container must run after a run like this one; 0 where the kubelet does not tell, or that run was long enough.
static int64_t steady_after_ms(yyjson_val *end)
{
	const char *start = str(end, "startedAt"), *finish = str(end, "finishedAt");
	int64_t started_ms, finished_ms, ms;

	if (!start || !finish || time_parse_rfc3339(start, &started_ms) < 0 || time_parse_rfc3339(finish, &finished_ms) < 0)
		return 0;
	ms = finished_ms - started_ms;
	if (ms < 0 || ms >= STEADY_MAX_MS)
		return 0;
	ms *= 3;
	return ms < STEADY_MIN_MS ? STEADY_MIN_MS : ms > STEADY_MAX_MS ? STEADY_MAX_MS : ms;
}

// When a container that runs now, and whose runs were short, has run for long enough; 0: it is no such container. The node's clock may be another
// than ours: a time that is further away than a whole run cannot be right, and keeps nothing waiting.
static int64_t steady_at(yyjson_val *container, int64_t now_ms)
{
	const char *start = str(yyjson_ptr_get(container, "/state/running"), "startedAt");
	int64_t after_ms = steady_after_ms(yyjson_ptr_get(container, "/lastState/terminated")), started_ms, left_ms;

	if (yyjson_get_sint(yyjson_obj_get(container, "restartCount")) < ENDS_OF_A_LOOP || !after_ms || !start ||
	    time_parse_rfc3339(start, &started_ms) < 0)
		return 0;
	left_ms = started_ms + after_ms - now_ms;
	return left_ms > 0 && left_ms <= after_ms ? started_ms + after_ms : 0;
}

void pod_read(yyjson_val *root, struct arena *arena, struct pod *ret)
{
	yyjson_val *metadata = yyjson_obj_get(root, "metadata"), *status = yyjson_obj_get(root, "status");
	yyjson_val *spec = yyjson_obj_get(root, "spec");
	yyjson_val *container = json_item(yyjson_obj_get(status, "containerStatuses"), "name", CONTAINER_NAME);

	*ret = (struct pod){
		.name = str(metadata, "name"),
		.uid = str(metadata, "uid"),
		.address = str(status, "podIP"),
		.revision = str(yyjson_obj_get(metadata, "labels"), "controller-revision-hash"),
		.certificate = str(yyjson_obj_get(metadata, "annotations"), CERTIFICATE_ANNOTATION),
		.tls_secret = tls_secret_of(spec),
		.domain = domain_of(spec),
		.ready = condition_is(status, "Ready", "True"),
		.terminating = yyjson_obj_get(metadata, "deletionTimestamp") != NULL,
		.restarts = yyjson_get_sint(yyjson_obj_get(container, "restartCount")),
		.ends = count_ends(container),
		.last_words = last_end(container, yyjson_obj_get(spec, "containers"), arena),
		.started_at = str(yyjson_obj_get(yyjson_obj_get(container, "state"), "running"), "startedAt"),
	};
	if (ret->ready)
		return;
	read_cut_end(container, ret, arena);
	ret->unready_since = str(json_item(yyjson_obj_get(status, "conditions"), "type", "Ready"), "lastTransitionTime");
	ret->never_ready = was_never_ready(status, ret->unready_since);
	ret->problem = node_is_lost(status) ? lost_words(spec, ret->terminating, arena)
					    : problem_of(root, container, ret, arena);
}

void pod_read_steadiness(yyjson_val *root, int64_t now_ms, struct arena *arena, struct pod *pod)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(yyjson_ptr_get(root, "/status/containerStatuses"));
	yyjson_val *container;

	while (pod->ready && (container = yyjson_arr_iter_next(&iter))) {
		int64_t at_ms = steady_at(container, now_ms);

		if (at_ms <= pod->steady_ms)
			continue;
		pod->unsteady = true;
		pod->steady_ms = at_ms;
		pod->problem = last_end(container, yyjson_ptr_get(root, "/spec/containers"), arena);
		pod->beside = !yyjson_equals_str(yyjson_obj_get(container, "name"), CONTAINER_NAME);
	}
}

void pod_tell_end(struct pod *pod, const char *words, struct arena *arena)
{
	const char *before = pod->last_words;

	pod->last_words = with_detail(arena, pod->cut_how, words);
	if (pod->problem == before)
		pod->problem = pod->last_words;
}

static bool is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

const char *pod_change(const struct pod *known, const struct pod *now)
{
	if (!is_same(known->uid, now->uid))
		return "another pod has its name";
	if (!is_same(known->address, now->address))
		return "it has another address";
	if (now->terminating)
		return "it is being deleted";
	// The address of a pod that has ended, or whose node is lost, may belong to another pod while the status still shows it.
	if (!now->ready && (known->ready || !now->started_at))
		return "it is not ready";
	return NULL;
}

const char *pod_runs(const struct pod *pods, size_t n, bool ready, struct arena *arena)
{
	_cleanup_buf_ struct buf text = BUF_INIT(RUNS_MAX);

	for (size_t i = 0; i < n && !text.overflow; i++) {
		buf_addf(&text, " %.13s/%lld", pods[i].uid, (long long)pods[i].restarts);
		if (ready)
			buf_addf(&text, "/%d", pods[i].ready);
	}
	return arena_strdup(arena, buf_str(&text));
}

const struct pod *pod_named(const struct pod *pods, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(pods[i].name, name) == 0)
			return &pods[i];
	}
	return NULL;
}
