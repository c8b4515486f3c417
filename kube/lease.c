// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A thread of its own, since a step is one or two blocking calls; others only read one number, the end of the lease. A lost answer is no special
// case: a write that took effect after all makes the next one conflict, a conflict makes us read, and the read finds our name. Between two steps
// the thread waits for a timer of the clock that goes on while the machine sleeps, so that it looks at a lease that has run out right when the
// machine wakes.

#include "kube/lease.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/log.h"
#include "base/must.h"

#define DURATION_S 30
#define RENEW_MS 5000
#define RETRY_MS 2000
// The longest duration of another's lease that we believe.
#define FOREIGN_MAX_S 600
#define VERSION_SIZE 256
#define HOLDER_SIZE 256
// How often the log repeats that we wait.
#define TELL_MS 300000

struct lease {
	struct kube_client *client;
	struct lease_options options;
	char *namespace, *name;
	char identity[LEASE_IDENTITY_SIZE];

	// The lease as it was last seen; only the stepping thread uses it. version is "" while there is none.
	char version[VERSION_SIZE];
	bool free; // nobody holds it
	bool mine;
	int64_t changed_ms; // when this version was first seen
	int64_t lasts_ms;
	long long transitions;
	bool complained; // several failures in a row are logged once
	char holder[HOLDER_SIZE], told[HOLDER_SIZE]; // the present holder, and the holder of the last log line about our wait
	int64_t told_ms;

	_Atomic int64_t waits_since_ms; // 0: it does not wait

	_Atomic int64_t until_ms; // 0: not held
	_Atomic bool lost;

	pthread_t thread;
	int timer, stop; // descriptors: a timer, and an event that ends the thread; -1: none
	bool started;
};

static int64_t now_ms(const struct lease *lease)
{
	return clock_monotonic_ms(lease->options.clock);
}

static int64_t duration_ms(const struct lease *lease)
{
	return (int64_t)lease->options.duration_s * 1000;
}

static void make_identity(char *text, size_t size)
{
	char host[64] = "";
	uint64_t number;

	(void)gethostname(host, sizeof(host) - 1);
	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		abort();
	(void)snprintf(text, size, "%s_%016llx", *host ? host : "neofleet", (unsigned long long)number);
}

static int make_waits(struct lease *lease, struct err *err)
{
	lease->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
	lease->stop = lease->timer < 0 ? -1 : eventfd(0, EFD_CLOEXEC);
	return lease->stop < 0 ? err_errno(err, errno, "cannot make the lease's timer") : 0;
}

int lease_new(const struct kube_config *config, struct loop *loop, const struct lease_options *options, struct lease **ret,
	      struct err *err)
{
	_cleanup_(lease_freep) struct lease *lease = must(calloc(1, sizeof(*lease)));
	int r;

	lease->timer = lease->stop = -1;
	lease->options = *options;
	lease->options.duration_s = options->duration_s ? options->duration_s : DURATION_S;
	lease->options.renew_ms = options->renew_ms ? options->renew_ms : RENEW_MS;
	lease->options.retry_ms = options->retry_ms ? options->retry_ms : RETRY_MS;
	lease->options.clock = options->clock ? options->clock : &clock_system;
	lease->namespace = must(strdup(options->name.namespace));
	lease->name = must(strdup(options->name.name));
	lease->options.name = (struct kube_name){.namespace = lease->namespace, .name = lease->name};
	if (options->identity)
		(void)snprintf(lease->identity, sizeof(lease->identity), "%s", options->identity);
	else
		make_identity(lease->identity, sizeof(lease->identity));
	r = make_waits(lease, err);
	if (r < 0 || (r = kube_client_new(config, loop, &lease->client, err)) < 0)
		return r;
	// Short enough for more than one try before the lease is given up.
	kube_client_set_timeout_ms(lease->client, (int)duration_ms(lease) / 6);
	*ret = steal_ptr(lease);
	return 0;
}

void lease_free(struct lease *lease)
{
	if (!lease)
		return;
	kube_client_free(lease->client);
	if (lease->timer >= 0)
		(void)close(lease->timer);
	if (lease->stop >= 0)
		(void)close(lease->stop);
	free(lease->namespace);
	free(lease->name);
	free(lease);
}

int64_t lease_left_ms(const struct lease *lease)
{
	int64_t left = atomic_load(&lease->until_ms) - now_ms(lease);

	return left > 0 ? left : 0;
}

bool lease_is_held(const struct lease *lease)
{
	return lease_left_ms(lease) > 0;
}

bool lease_is_lost(const struct lease *lease)
{
	int64_t until_ms = atomic_load(&lease->until_ms);

	return atomic_load(&lease->lost) || (until_ms && until_ms <= now_ms(lease));
}

int64_t lease_waits_ms(const struct lease *lease)
{
	int64_t since_ms = atomic_load(&lease->waits_since_ms);

	return since_ms ? now_ms(lease) - since_ms : 0;
}

const char *lease_name(const struct lease *lease)
{
	return lease->name;
}

const char *lease_identity(const struct lease *lease)
{
	return lease->identity;
}

const struct traffic *lease_traffic(const struct lease *lease)
{
	return kube_client_traffic(lease->client);
}

// Notes the lease as the server has it. While the version stays the same, its time runs on.
static int observe(struct lease *lease, const struct kube_object *object, struct err *err)
{
	const char *version = kube_object_resource_version(object);
	const char *holder = kube_object_str(object, "/spec/holderIdentity");
	long long seconds = kube_object_int(object, "/spec/leaseDurationSeconds", lease->options.duration_s);

	if (!*version || strlen(version) >= sizeof(lease->version))
		return err_set(err, ERR_PROTOCOL, "the lease has no resourceVersion, or one that is too long");
	if (strcmp(version, lease->version) == 0)
		return 0;
	memcpy(lease->version, version, strlen(version) + 1);
	lease->changed_ms = now_ms(lease);
	lease->free = !holder || !*holder;
	lease->mine = holder && strcmp(holder, lease->identity) == 0;
	(void)snprintf(lease->holder, sizeof(lease->holder), "%s", holder ? holder : "");
	if (seconds < 1 || seconds > FOREIGN_MAX_S)
		seconds = FOREIGN_MAX_S;
	lease->lasts_ms = seconds * 1000;
	lease->transitions = kube_object_int(object, "/spec/leaseTransitions", 0);
	return 0;
}

// The API's MicroTime wants all six digits.
static const char *micro_time(struct lease *lease, struct arena *arena)
{
	int64_t wall = clock_wall_ms(lease->options.clock);
	char text[TIME_TEXT_SIZE];

	time_format_rfc3339(wall, text, sizeof(text));
	return arena_printf(arena, "%.19s.%03d000Z", text, (int)(wall % 1000));
}

enum claim { CLAIM_ACQUIRE, CLAIM_RENEW, CLAIM_RELEASE };

// The body of a write, as a merge patch, conditional on the last version; without a version, a whole object.
static const char *body(struct lease *lease, enum claim claim, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *metadata, *spec;
	const char *now = micro_time(lease, arena);

	yyjson_mut_doc_set_root(doc, root);
	(void)yyjson_mut_obj_add_strcpy(doc, root, "apiVersion", "coordination.k8s.io/v1");
	(void)yyjson_mut_obj_add_str(doc, root, "kind", kube_leases.kind);
	metadata = yyjson_mut_obj_add_obj(doc, root, "metadata");
	(void)yyjson_mut_obj_add_str(doc, metadata, "name", lease->name);
	if (*lease->version)
		(void)yyjson_mut_obj_add_str(doc, metadata, "resourceVersion", lease->version);
	spec = yyjson_mut_obj_add_obj(doc, root, "spec");
	(void)yyjson_mut_obj_add_str(doc, spec, "holderIdentity", claim == CLAIM_RELEASE ? "" : lease->identity);
	// client-go releases like this: the API takes no less than a second.
	(void)yyjson_mut_obj_add_int(doc, spec, "leaseDurationSeconds", claim == CLAIM_RELEASE ? 1 : lease->options.duration_s);
	(void)yyjson_mut_obj_add_str(doc, spec, "renewTime", now);
	if (claim != CLAIM_ACQUIRE)
		return json_text(arena, doc);
	(void)yyjson_mut_obj_add_str(doc, spec, "acquireTime", now);
	(void)yyjson_mut_obj_add_int(doc, spec, "leaseTransitions", lease->transitions + (*lease->version ? 1 : 0));
	return json_text(arena, doc);
}

// Writes; a success counts from before the request was sent.
static int claim(struct lease *lease, enum claim claim, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(kube_object_unrefp) struct kube_object *object = NULL;
	const char *text = body(lease, claim, arena);
	int64_t sent_ms = now_ms(lease);
	int r;

	if (*lease->version)
		r = kube_patch(lease->client, &kube_leases, lease->options.name, NULL, KUBE_PATCH_MERGE, text, &object, err);
	else
		r = kube_create(lease->client, &kube_leases, lease->namespace, text, &object, err);
	if (r < 0 || claim == CLAIM_RELEASE)
		return r;
	r = observe(lease, object, err);
	if (r == 0) {
		atomic_store(&lease->until_ms, sent_ms + duration_ms(lease));
		atomic_store(&lease->waits_since_ms, 0);
	}
	return r;
}

// Tells a person why the process is idle: when its wait begins, when the holder changes, and now and then.
static void tell_waiting(struct lease *lease)
{
	if (!atomic_load(&lease->waits_since_ms))
		atomic_store(&lease->waits_since_ms, now_ms(lease));
	if (strcmp(lease->told, lease->holder) == 0 && now_ms(lease) - lease->told_ms < TELL_MS)
		return;
	memcpy(lease->told, lease->holder, sizeof(lease->told));
	lease->told_ms = now_ms(lease);
	log_info("waiting for the lease, which another process holds", "lease", lease->name, "namespace", lease->namespace, "holder",
		 lease->holder);
}

// Reads the lease. A missing lease is an answer, too.
static int look(struct lease *lease, struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *object = NULL;
	int r = kube_get(lease->client, &kube_leases, lease->options.name, &object, err);

	if (r == 0)
		return observe(lease, object, err);
	if (r != ERR_NOT_FOUND)
		return r;
	err_clear(err);
	lease->version[0] = '\0';
	lease->free = true;
	lease->mine = false;
	return 0;
}

static int seek(struct lease *lease, int64_t *ret_next_ms, struct err *err)
{
	int64_t left;
	int r = look(lease, err);

	*ret_next_ms = lease->options.retry_ms;
	if (r < 0)
		return r;
	left = lease->changed_ms + lease->lasts_ms - now_ms(lease);
	if (!lease->free && !lease->mine && left > 0) {
		tell_waiting(lease);
		if (left < *ret_next_ms)
			*ret_next_ms = left;
		return 0;
	}
	// The lease has our name already: from an earlier process in the same pod, which has ended.
	r = claim(lease, lease->mine ? CLAIM_RENEW : CLAIM_ACQUIRE, err);
	if (r == 0)
		*ret_next_ms = lease->options.renew_ms;
	return r;
}

// ERR_GONE when another has it.
static int keep(struct lease *lease, int64_t *ret_next_ms, struct err *err)
{
	int r = claim(lease, CLAIM_RENEW, err);

	*ret_next_ms = lease->options.renew_ms;
	if (r != ERR_CONFLICT && r != ERR_NOT_FOUND)
		return r;
	// Somebody has written it: another holder, a person, or we ourselves in a call whose answer was lost.
	err_clear(err);
	r = look(lease, err);
	if (r < 0)
		return r;
	if (!lease->free && !lease->mine)
		return err_set(err, ERR_GONE, "another process has taken the lease '%s'", lease->name);
	return claim(lease, *lease->version && lease->mine ? CLAIM_RENEW : CLAIM_ACQUIRE, err);
}

static int64_t lose(struct lease *lease, const struct err *err)
{
	log_error("lost the lease", "lease", lease->name, "error", err->text);
	atomic_store(&lease->until_ms, 0);
	atomic_store(&lease->lost, true);
	return -1;
}

static void complain(struct lease *lease, const struct err *err)
{
	enum log_level level = lease->complained || err->class == ERR_CONFLICT ? LOG_DEBUG : LOG_WARNING;

	if (err->class != ERR_CANCELLED)
		log_write(level, "cannot write the lease, trying again", "lease", lease->name, "error", err->text, (char *)0);
	lease->complained = true;
}

int64_t lease_step(struct lease *lease)
{
	bool held = atomic_load(&lease->until_ms) != 0;
	int64_t began_ms = now_ms(lease), next_ms, took_ms;
	struct err err = ERR_INIT;
	int r = held ? keep(lease, &next_ms, &err) : seek(lease, &next_ms, &err);

	if (r == 0) {
		lease->complained = false;
		return next_ms;
	}
	if (held && (r == ERR_GONE || lease_left_ms(lease) <= duration_ms(lease) / 3))
		return lose(lease, &err);
	complain(lease, &err);
	// A call that ran into its deadline has already waited.
	took_ms = now_ms(lease) - began_ms;
	return took_ms < lease->options.retry_ms ? lease->options.retry_ms - took_ms : 0;
}

// False when the lease is to stop.
static bool pause_for(struct lease *lease, int64_t ms)
{
	// A timer that is set to zero would never ring.
	const struct itimerspec after = {.it_value = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 + 1}};
	struct pollfd fds[] = {{.fd = lease->stop, .events = POLLIN}, {.fd = lease->timer, .events = POLLIN}};

	(void)timerfd_settime(lease->timer, 0, &after, NULL);
	while (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) <= 0)
		continue;
	return !fds[0].revents;
}

static void *run(void *user)
{
	struct lease *lease = user;
	bool held = false;
	int64_t next_ms;

	do {
		next_ms = lease_step(lease);
		if ((held != lease_is_held(lease) || next_ms < 0) && lease->options.on_change)
			lease->options.on_change(lease->options.user);
		held = lease_is_held(lease);
	} while (next_ms >= 0 && pause_for(lease, next_ms));
	return NULL;
}

int lease_start(struct lease *lease, struct err *err)
{
	int r = pthread_create(&lease->thread, NULL, run, lease);

	if (r != 0)
		return err_errno(err, r, "cannot start the lease's thread");
	lease->started = true;
	return 0;
}

void lease_stop(struct lease *lease)
{
	struct err err = ERR_INIT;

	if (!lease)
		return;
	if (lease->started) {
		(void)eventfd_write(lease->stop, 1);
		(void)pthread_join(lease->thread, NULL);
		lease->started = false;
	}
	if (!lease_is_held(lease))
		return;
	atomic_store(&lease->until_ms, 0);
	if (claim(lease, CLAIM_RELEASE, &err) < 0)
		log_warning("cannot release the lease, it will run out", "lease", lease->name, "error", err.text);
}
