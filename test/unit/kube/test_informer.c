// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// List and watch on a scripted API server. E2: whatever is lost on the way, the store converges; E1: nothing is asked in a
// tight loop.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "kube/informer.h"
#include "reach.h"

enum then { ANSWER, STREAM_END, STREAM_BREAK, STREAM_HOLD };

struct part {
	enum then then;
	int status; // of an ANSWER
	const char *extra;
	const char *body;
	bool wait; // until the test says go
};

#define CALLS_MAX 32

struct world {
	struct reach reach;
	struct kube_informer *informer;
	const struct part *parts; // one a call; then streams that hold
	size_t n_parts;
	// Under the actor's lock:
	int64_t times_ms[CALLS_MAX];
	unsigned gone_on; // how often the test has said go
	char told[1024]; // what the handler was told, "+a/1 -b "
	size_t n_told;
};

static void hold_back(struct actor *actor, const struct world *world)
{
	bool goes_on = true;

	actor_lock(actor);
	while (!world->gone_on && goes_on)
		goes_on = actor_wait(actor);
	actor_unlock(actor);
}

static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	const struct part last = {.then = STREAM_HOLD}, *part = &last;
	struct world *world = actor_user(actor);

	(void)call;
	actor_lock(actor);
	if (number < CALLS_MAX)
		world->times_ms[number] = clock_monotonic_ms(&clock_system);
	actor_changed(actor);
	actor_unlock(actor);
	if (number < world->n_parts)
		part = &world->parts[number];
	if (part->wait)
		hold_back(actor, world);
	if (part->then == ANSWER) {
		actor_answer(conn, part->status ? part->status : 200, part->extra, part->body);
		return;
	}
	actor_stream(conn);
	if (part->body)
		actor_write(conn, part->body);
	if (part->then == STREAM_END)
		actor_end(conn);
	else if (part->then == STREAM_BREAK)
		actor_break(conn);
	else
		actor_silence(actor);
}

static void on_change(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous)
{
	const struct kube_object *known = object ? object : previous;
	struct world *world = user;
	size_t len;

	assert_ptr_equal(resource, &kube_pods);
	actor_lock(world->reach.actor);
	len = strlen(world->told);
	(void)snprintf(world->told + len, sizeof(world->told) - len, "%c%s/%s ", !object ? '-' : previous ? '~' : '+',
		       kube_object_name(known), kube_object_resource_version(known));
	world->n_told++;
	actor_changed(world->reach.actor);
	actor_unlock(world->reach.actor);
}

static void begin(struct world *world, const struct part *parts, size_t n_parts, const struct kube_informer_options *more)
{
	struct kube_informer_options options = *more;
	struct err err = ERR_INIT;

	*world = (struct world){.parts = parts, .n_parts = n_parts};
	reach_begin(&world->reach, play, world);
	options.resource = &kube_pods;
	options.retry_ms = 10;
	options.handler = on_change;
	options.user = world;
	assert_int_equal(kube_informer_new(world->reach.client, &options, &world->informer, &err), 0);
	assert_false(kube_informer_synced(world->informer));
	kube_informer_start(world->informer);
}

#define BEGIN(world, parts, ...)                                                                                                  \
	begin(world, parts, sizeof(parts) / sizeof((parts)[0]), &(struct kube_informer_options){__VA_ARGS__})

static void end(struct world *world)
{
	loop_stop(world->reach.loop);
	kube_informer_free(world->informer);
	reach_end(&world->reach);
}

// Waits until the handler was told of n changes.
static void assert_told(struct world *world, size_t n, const char *wanted)
{
	bool goes_on = true;

	actor_lock(world->reach.actor);
	while (world->n_told < n && goes_on)
		goes_on = actor_wait(world->reach.actor);
	assert_true(goes_on);
	assert_string_equal(world->told, wanted);
	actor_unlock(world->reach.actor);
}

static void assert_target(struct world *world, size_t number, const char *wanted)
{
	const char *target = actor_wait_call(world->reach.actor, number)->target;

	// How long a watch lasts is random.
	if (!strstr(target, wanted))
		fail_msg("call %zu: '%s' lacks '%s'", number, target, wanted);
}

// The milliseconds between a call and the one before.
static int64_t pause_before(struct world *world, size_t number)
{
	bool goes_on = true;
	int64_t ms;

	actor_lock(world->reach.actor);
	while (!world->times_ms[number] && goes_on)
		goes_on = actor_wait(world->reach.actor);
	ms = world->times_ms[number] - world->times_ms[number - 1];
	actor_unlock(world->reach.actor);
	assert_true(goes_on);
	return ms;
}

static void go_on(struct world *world)
{
	actor_lock(world->reach.actor);
	world->gone_on++;
	actor_changed(world->reach.actor);
	actor_unlock(world->reach.actor);
}

#define POD(name, version) "{\"metadata\":{\"namespace\":\"n\",\"name\":\"" name "\",\"resourceVersion\":\"" version "\"}}"
#define LIST(version, items) "{\"metadata\":{\"resourceVersion\":\"" version "\"},\"items\":[" items "]}"
#define PAGE(version, token, items)                                                                                               \
	"{\"metadata\":{\"resourceVersion\":\"" version "\",\"continue\":\"" token "\"},\"items\":[" items "]}"
#define EVENT(type, pod) "{\"type\":\"" type "\",\"object\":" pod "}\n"
#define ERROR_410 "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"message\":\"too old\"}}\n"

static void test_list_and_watch(void **state)
{
	static const struct part parts[] = {
		{.body = PAGE("5", "next", POD("a", "1"))},
		{.body = LIST("5", POD("b", "2")), .wait = true},
		{.then = STREAM_END,
		 .body = EVENT("ADDED", POD("c", "6")) EVENT("MODIFIED", POD("a", "7")) EVENT("DELETED", POD("b", "8"))
				 EVENT("MODIFIED", POD("a", "7")) EVENT("BOOKMARK", POD("", "99"))},
	};
	struct kube_object *object;
	struct world world;

	(void)state;
	BEGIN(&world, parts, .namespace = "n", .label_selector = "x=y", .field_selector = "spec.nodeName=m");
	assert_target(&world, 0, "/api/v1/namespaces/n/pods?labelSelector=x%3Dy&fieldSelector=spec.nodeName%3Dm&limit=500");
	assert_target(&world, 1, "&limit=500&continue=next");
	// Half a list is no reason to begin.
	assert_false(kube_informer_synced(world.informer));
	assert_told(&world, 1, "+a/1 ");
	go_on(&world);
	assert_target(&world, 2, "/namespaces/n/pods?labelSelector=x%3Dy&fieldSelector=spec.nodeName%3Dm&watch=true&allowWatchBookmarks=true&timeoutSeconds=");
	assert_target(&world, 2, "&resourceVersion=5");
	assert_true(kube_informer_synced(world.informer));
	// It resumes from the bookmark; an object of a version that is known is no change.
	assert_target(&world, 3, "&resourceVersion=99");
	assert_told(&world, 5, "+a/1 +b/2 +c/6 ~a/7 -b/2 ");
	object = kube_store_get(kube_informer_store(world.informer), (struct kube_name){"n", "a"});
	assert_string_equal(kube_object_resource_version(object), "7");
	kube_object_unref(object);
	assert_int_equal(kube_store_count(kube_informer_store(world.informer)), 2);
	end(&world);
}

static bool is_kept(yyjson_val *object)
{
	return !yyjson_equals_str(yyjson_ptr_get(object, "/metadata/labels/whose"), "theirs");
}

#define THEIRS(name, version) \
	"{\"metadata\":{\"namespace\":\"n\",\"name\":\"" name "\",\"resourceVersion\":\"" version "\",\"labels\":{\"whose\":\"theirs\"}}}"

// E4: nothing of what is none of ours is kept; one that was ours and is no more is told as gone, and the other way round.
static void test_what_is_not_ours_is_not_kept(void **state)
{
	static const struct part parts[] = {
		{.body = LIST("5", POD("a", "1") "," THEIRS("b", "2") "," POD("c", "3"))},
		{.then = STREAM_END,
		 .body = EVENT("ADDED", THEIRS("d", "6")) EVENT("MODIFIED", THEIRS("a", "7")) EVENT("MODIFIED", POD("b", "8"))
				 EVENT("DELETED", THEIRS("d", "9")) EVENT("BOOKMARK", POD("", "99"))},
	};
	struct world world;

	(void)state;
	BEGIN(&world, parts, .keep = is_kept);
	assert_told(&world, 4, "+a/1 +c/3 -a/1 +b/8 ");
	assert_target(&world, 2, "&resourceVersion=99");
	assert_int_equal(kube_store_count(kube_informer_store(world.informer)), 2);
	end(&world);
}

#define LARGE(name, version) \
	"{\"metadata\":{\"namespace\":\"n\",\"name\":\"" name "\",\"resourceVersion\":\"" version "\",\"annotations\":{\"x\":\"0123456789012345678901234567890123456789\"}}}"

// E4: of an object that is too large the handler is told what the store keeps: when it changes, the one before is the same.
static void test_a_large_object_is_told_as_it_is_kept(void **state)
{
	static const struct part parts[] = {
		{.body = LIST("5", POD("a", "1") "," LARGE("b", "2"))},
		{.then = STREAM_END, .body = EVENT("MODIFIED", LARGE("a", "6")) EVENT("MODIFIED", POD("b", "7")) EVENT("BOOKMARK", POD("", "99"))},
	};
	struct kube_object *object;
	struct world world;

	(void)state;
	BEGIN(&world, parts, .store = {.max_bytes = 90});
	assert_told(&world, 4, "+a/1 +b/2 ~a/6 ~b/7 ");
	assert_target(&world, 2, "&resourceVersion=99");
	object = kube_store_get(kube_informer_store(world.informer), (struct kube_name){"n", "a"});
	assert_true(kube_object_cut_bytes(object) > 90);
	assert_string_equal(kube_object_resource_version(object), "6");
	kube_object_unref(object);
	object = kube_store_get(kube_informer_store(world.informer), (struct kube_name){"n", "b"});
	assert_int_equal(kube_object_cut_bytes(object), 0);
	kube_object_unref(object);
	end(&world);
}

static void test_a_relist_never_empties_the_store(void **state)
{
	static const struct part gone[] = {
		{.then = ANSWER, .status = 410, .body = "{\"message\":\"too old\"}"},
		{.then = STREAM_HOLD, .body = ERROR_410},
		{.then = STREAM_HOLD, .body = EVENT("MODIFIED", POD("a", "6")) ERROR_410},
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const struct part parts[] = {
			{.body = LIST("5", POD("a", "1") "," POD("b", "2") "," POD("c", "3"))},
			gone[i],
			{.body = PAGE("9", "next", POD("c", "8"))},
			{.body = LIST("9", POD("a", "6") "," POD("d", "9")), .wait = true},
		};
		struct world world;

		BEGIN(&world, parts, .metadata_only = i == 1);
		assert_target(&world, 2, "/pods?limit=500");
		assert_null(strstr(actor_wait_call(world.reach.actor, 2)->target, "resourceVersion"));
		assert_target(&world, 3, "continue=next");
		assert_int_equal(kube_store_count(kube_informer_store(world.informer)), 3);
		assert_true(kube_informer_synced(world.informer));
		go_on(&world);
		assert_target(&world, 4, "&resourceVersion=9");
		assert_told(&world, 7, i == 2 ? "+a/1 +b/2 +c/3 ~a/6 ~c/8 +d/9 -b/2 " : "+a/1 +b/2 +c/3 ~c/8 ~a/6 +d/9 -b/2 ");
		end(&world);
	}
}

static void test_gone_on_a_continue_token(void **state)
{
	static const struct part parts[] = {
		{.body = PAGE("5", "old", POD("a", "1") "," POD("z", "2"))},
		{.status = 410, .body = "{\"message\":\"the token has expired\"}"},
		{.body = PAGE("7", "new", POD("a", "6"))},
		{.body = LIST("7", POD("b", "7"))},
	};
	struct world world;

	(void)state;
	BEGIN(&world, parts);
	assert_target(&world, 1, "continue=old");
	assert_target(&world, 2, "/pods?limit=500");
	assert_null(strstr(actor_wait_call(world.reach.actor, 2)->target, "continue"));
	assert_target(&world, 3, "continue=new");
	assert_target(&world, 4, "resourceVersion=7");
	// An object that only the first list had is gone before anybody begins.
	assert_told(&world, 5, "+a/1 +z/2 ~a/6 +b/7 -z/2 ");
	end(&world);
}

// Where even a list from the beginning is too old, it is asked for again at once, and then after pauses.
static void test_gone_on_a_list(void **state)
{
	static const struct part parts[] = {
		{.status = 410, .body = "{\"message\":\"too old\"}"},
		{.status = 410, .body = "{\"message\":\"too old\"}"},
		{.status = 410, .body = "{\"message\":\"too old\"}"},
		{.body = LIST("5", POD("a", "1"))},
	};
	struct world world;

	(void)state;
	BEGIN(&world, parts);
	assert_told(&world, 1, "+a/1 ");
	for (size_t i = 0; i < 4; i++)
		assert_target(&world, i, "/pods?limit=500");
	assert_true(pause_before(&world, 2) >= 19);
	assert_true(pause_before(&world, 3) >= 39);
	end(&world);
}

// Requests and their outcomes: for metrics.
static void test_requests_are_counted(void **state)
{
	static const struct part parts[] = {
		{.status = 500, .body = "{}"},
		{.body = LIST("5", POD("a", "1"))},
		{.then = STREAM_END},
		{.status = 401, .body = "{}"},
	};
	struct traffic_count count[3];
	struct world world;

	(void)state;
	BEGIN(&world, parts);
	assert_target(&world, 4, "watch=true");
	for (size_t i = 0; i < 3; i++)
		assert_true(traffic_get(kube_client_traffic(world.reach.client), i, &count[i]));
	assert_int_equal(count[0].status, 500);
	assert_int_equal(count[1].status, 200);
	assert_int_equal(count[1].n, 2); // the list, and the watch that has ended
	assert_int_equal(count[2].status, 401);
	assert_string_equal(count[2].method, "GET");
	end(&world);
}

// Refused, broken and meaningless lists are asked for again.
static void test_lists_that_fail(void **state)
{
	static const struct part parts[] = {
		{.status = 500, .body = "{\"message\":\"etcd has no leader\"}"},
		{.status = 403, .body = "{\"message\":\"forbidden\"}"},
		{.then = STREAM_BREAK, .body = "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":["},
		{.body = "{\"metadata\":{}}"},
		{.body = ""},
		{.body = LIST("5", "1,null,\"x\",[]," POD("a", "1"))},
	};
	struct world world;

	(void)state;
	BEGIN(&world, parts);
	assert_target(&world, 5, "limit=500");
	assert_target(&world, 6, "resourceVersion=5");
	assert_told(&world, 1, "+a/1 ");
	for (size_t i = 1; i < 6; i++)
		assert_true(pause_before(&world, i) >= (10 << (i - 1)) - 1);
	end(&world);
}

static void test_retry_after(void **state)
{
	static const struct part parts[] = {
		{.status = 429, .extra = "Retry-After: 1\r\n", .body = "{\"message\":\"slow down\"}"},
		{.body = LIST("5", POD("a", "1"))},
	};
	struct world world;

	(void)state;
	BEGIN(&world, parts);
	assert_told(&world, 1, "+a/1 ");
	assert_true(pause_before(&world, 1) >= 999);
	end(&world);
}

// A stream breaks in the middle of a line: what was whole counts, and the rest comes again.
static void test_a_broken_stream_is_resumed(void **state)
{
	static const struct part parts[] = {
		{.body = LIST("5", POD("a", "1"))},
		{.then = STREAM_BREAK, .body = EVENT("ADDED", POD("b", "6")) "{\"type\":\"ADDED\",\"object\":{\"meta"},
		{.then = STREAM_HOLD, .body = EVENT("ADDED", POD("c", "7"))},
	};
	struct world world;

	(void)state;
	BEGIN(&world, parts);
	assert_target(&world, 2, "resourceVersion=6");
	assert_told(&world, 3, "+a/1 +b/6 +c/7 ");
	end(&world);
}

// As does garbage.
static void test_garbage_is_not_taken(void **state)
{
	static const struct part parts[] = {
		{.body = LIST("5", POD("a", "1"))},
		{.then = STREAM_HOLD, .body = EVENT("ADDED", POD("b", "6")) "<html>\n" EVENT("ADDED", POD("x", "7"))},
		{.then = STREAM_HOLD, .body = "{\"type\":\"ADDED\",\"object\":null}\n"},
		{.then = STREAM_HOLD, .body = EVENT("ADDED", POD("c", "8"))},
	};
	struct world world;

	(void)state;
	BEGIN(&world, parts);
	assert_target(&world, 2, "resourceVersion=6");
	assert_target(&world, 3, "resourceVersion=6");
	assert_told(&world, 3, "+a/1 +b/6 +c/8 ");
	end(&world);
}

// Half-open: the connection stands, but nobody speaks any more.
static void test_silence_is_given_up_and_resumed(void **state)
{
	static const struct part parts[] = {
		{.body = LIST("5", POD("a", "1"))},
		{.then = STREAM_HOLD, .body = EVENT("BOOKMARK", POD("", "6"))},
		// It speaks once, so that the silence begins after the call has been seen: the pauses are taken on this side. That must come
		// before the silence of the call itself is over, on whatever machine.
		{.then = STREAM_HOLD, .body = EVENT("BOOKMARK", POD("", "6"))},
		{.then = STREAM_HOLD, .body = EVENT("ADDED", POD("b", "7"))},
	};
	struct world world;

	(void)state;
	BEGIN(&world, parts, .silent_ms = 500);
	assert_target(&world, 1, "resourceVersion=5");
	assert_target(&world, 2, "resourceVersion=6");
	assert_target(&world, 3, "resourceVersion=6");
	assert_told(&world, 2, "+a/1 +b/7 ");
	assert_true(pause_before(&world, 2) >= 499);
	assert_true(pause_before(&world, 3) >= 499);
	end(&world);
}

// A server, or a proxy, that ends every watch at once.
static void test_closed_at_once_again_and_again(void **state)
{
	static const struct part parts[] = {
		{.body = LIST("5", POD("a", "1"))}, {.then = STREAM_END}, {.then = STREAM_END}, {.then = STREAM_END},
		{.then = STREAM_END},		    {.then = STREAM_END}, {.then = STREAM_END},
	};
	struct world world;

	(void)state;
	BEGIN(&world, parts);
	assert_target(&world, 7, "resourceVersion=5");
	// At once, 20, 40, 80, 160, 320 ms.
	for (size_t i = 3; i <= 7; i++)
		assert_true(pause_before(&world, i) >= (10 << (i - 2)) - 1);
	end(&world);
}

// E3: a watch of metadata asks for metadata, and keeps of it only what identifies.
static void test_metadata_only(void **state)
{
#define NOTED "{\"metadata\":{\"namespace\":\"n\",\"name\":\"s\",\"uid\":\"u\",\"resourceVersion\":\"%s\",\"labels\":{\"l\":\"v\"}," \
	      "\"annotations\":{\"last-applied\":\"{\\\"data\\\":\\\"hunter2\\\"}\"},\"managedFields\":[{\"f\":\"hunter2\"}]}," \
	      "\"data\":{\"token\":\"hunter2\"}}"
	char list[1024], event[1024], *text;
	struct kube_object *object;
	struct world world;

	(void)state;
	(void)snprintf(list, sizeof(list), "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[" NOTED "]}", "1");
	(void)snprintf(event, sizeof(event), "{\"type\":\"MODIFIED\",\"object\":" NOTED "}\n", "6");
	for (size_t n = 1; n <= 2; n++) {
		const struct part parts[] = {{.body = list}, {.then = STREAM_HOLD, .body = n == 2 ? event : NULL}};

		BEGIN(&world, parts, .metadata_only = true);
		assert_told(&world, n, n == 1 ? "+s/1 " : "+s/1 ~s/6 ");
		assert_non_null(strstr(actor_wait_call(world.reach.actor, 0)->head,
				       "Accept: application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1\r\n"));
		assert_non_null(strstr(actor_wait_call(world.reach.actor, 1)->head,
				       "Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1\r\n"));
		object = kube_store_get(kube_informer_store(world.informer), (struct kube_name){"n", "s"});
		text = yyjson_val_write(kube_object_root(object), 0, NULL);
		assert_null(strstr(text, "hunter2"));
		assert_null(kube_object_get(object, "/metadata/labels"));
		assert_string_equal(kube_object_uid(object), "u");
		free(text);
		kube_object_unref(object);
		end(&world);
	}
}

// The end comes at any time: before the list, within it, within a watch, within a pause.
static void test_stops_at_any_time(void **state)
{
	static const struct part parts[][2] = {
		{{.body = LIST("5", POD("a", "1")), .wait = true}},
		{{.body = LIST("5", POD("a", "1"))}, {.then = STREAM_HOLD}},
		{{.then = STREAM_HOLD, .body = "{\"meta"}},
		{{.status = 500, .extra = "Retry-After: 60\r\n", .body = ""}},
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct world world;

		BEGIN(&world, parts[i], .metadata_only = i % 2);
		(void)actor_wait_call(world.reach.actor, i == 1 ? 1 : 0);
		end(&world);
	}
	kube_informer_free(NULL);
}

static int quiet(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_and_watch),
		cmocka_unit_test(test_what_is_not_ours_is_not_kept),
		cmocka_unit_test(test_a_large_object_is_told_as_it_is_kept),
		cmocka_unit_test(test_a_relist_never_empties_the_store),
		cmocka_unit_test(test_gone_on_a_continue_token),
		cmocka_unit_test(test_gone_on_a_list),
		cmocka_unit_test(test_requests_are_counted),
		cmocka_unit_test(test_lists_that_fail),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_a_broken_stream_is_resumed),
		cmocka_unit_test(test_garbage_is_not_taken),
		cmocka_unit_test(test_silence_is_given_up_and_resumed),
		cmocka_unit_test(test_closed_at_once_again_and_again),
		cmocka_unit_test(test_metadata_only),
		cmocka_unit_test(test_stops_at_any_time),
	};

	return cmocka_run_group_tests(tests, quiet, NULL);
}
