// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The client's requests to the API server, and the meaning of its answers.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kube/informer.h"
#include "kube/path.h"
#include "reach.h"

// One answer for all calls, unless the test plays another.
struct part {
	int status;
	const char *extra;
	const char *body;
	bool silent, broken;
	size_t length; // of a body of so many spaces instead
};

static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	const struct part *part = actor_user(actor);
	char *spaces;

	(void)call, (void)number;
	if (part->silent) {
		actor_silence(actor);
	} else if (part->broken) {
		actor_stream(conn);
		actor_write(conn, "{\"meta");
		actor_break(conn);
	} else if (part->length) {
		spaces = malloc(part->length + 1);
		memset(spaces, ' ', part->length);
		spaces[part->length] = '\0';
		actor_answer(conn, part->status, NULL, spaces);
		free(spaces);
	} else {
		actor_answer(conn, part->status, part->extra, part->body);
	}
}

static const struct kube_name pod = {.namespace = "ns", .name = "p"};

// Gets a pod from a server that plays the part; the class of the error, or 0.
static int get(const struct part *part, int timeout_ms, struct kube_object **ret, struct err *err)
{
	struct part copy = *part;
	struct reach reach;
	int r;

	reach_begin(&reach, play, &copy);
	kube_client_set_timeout_ms(reach.client, timeout_ms);
	r = kube_get(reach.client, &kube_pods, pod, ret, err);
	reach_end(&reach);
	return r;
}

static void test_get(void **state)
{
	struct part part = {.status = 200, .body = "{\"metadata\":{\"name\":\"p\",\"managedFields\":[]}}"};
	struct kube_object *object = NULL;
	const struct actor_call *call;
	struct err err = ERR_INIT;
	struct reach reach;

	(void)state;
	reach_begin(&reach, play, &part);
	assert_int_equal(kube_get(reach.client, &kube_pods, pod, &object, &err), 0);
	assert_string_equal(kube_object_name(object), "p");
	call = actor_wait_call(reach.actor, 0);
	assert_string_equal(call->method, "GET");
	assert_string_equal(call->target, "/api/v1/namespaces/ns/pods/p");
	assert_non_null(strstr(call->head, "Authorization: Bearer " REACH_TOKEN "\r\n"));
	assert_non_null(strstr(call->head, "Accept: application/json\r\n"));
	assert_non_null(strstr(call->head, "User-Agent: neofleet/"));
	kube_object_unref(object);
	reach_end(&reach);
}

static void test_classes(void **state)
{
	static const struct {
		int status, class;
	} wanted[] = {{400, ERR_INVALID}, {401, ERR_FORBIDDEN}, {403, ERR_FORBIDDEN}, {404, ERR_NOT_FOUND}, {409, ERR_CONFLICT},
		      {410, ERR_GONE},	  {422, ERR_INVALID},	{429, ERR_TOO_MANY},  {500, ERR_SERVER},    {503, ERR_SERVER},
		      {504, ERR_TIMEOUT}, {302, ERR_INVALID}};

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		struct part part = {.status = wanted[i].status,
				    .extra = "Location: http://127.0.0.1:1/\r\n",
				    .body = "{\"kind\":\"Status\",\"message\":\"the server's words\",\"reason\":\"Why\"}"};
		struct err err = ERR_INIT;

		assert_int_equal(get(&part, 10000, NULL, &err), wanted[i].class);
		assert_int_equal(err.status, wanted[i].status);
		assert_string_equal(err.text, "the server's words");
		assert_string_equal(err.code, "Why");
		assert_int_equal(err.retry_after_ms, 0);
	}
}

static void test_retry_after(void **state)
{
	static const struct {
		const char *extra, *body;
		int wanted;
	} cases[] = {
		{"Retry-After: 7\r\n", "{\"details\":{\"retryAfterSeconds\":3}}", 7000},
		{NULL, "{\"details\":{\"retryAfterSeconds\":3}}", 3000},
		{NULL, "{\"details\":{\"retryAfterSeconds\":-3}}", 0},
		{NULL, "{\"details\":{\"retryAfterSeconds\":99999999999}}", 0},
		{"Retry-After: 99999999\r\n", "", 3600000},
		{"Retry-After: soon\r\n", "not JSON", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct part part = {.status = 429, .extra = cases[i].extra, .body = cases[i].body};
		struct err err = ERR_INIT;

		assert_int_equal(get(&part, 10000, NULL, &err), ERR_TOO_MANY);
		assert_int_equal(err.retry_after_ms, cases[i].wanted);
		assert_string_equal(err.text, "no reason was given");
	}
}

// As a date, it is how long from now.
static void test_retry_after_as_a_date(void **state)
{
	char extra[128];
	struct part part = {.status = 429, .extra = extra, .body = ""};
	struct err err = ERR_INIT;
	time_t then = time(NULL) + 100;
	struct tm parts;

	(void)state;
	(void)strftime(extra, sizeof(extra), "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime_r(&then, &parts));
	assert_int_equal(get(&part, 10000, NULL, &err), ERR_TOO_MANY);
	assert_in_range(err.retry_after_ms, 60000, 100000);
	err_clear(&err);
	part.extra = "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n";
	assert_int_equal(get(&part, 10000, NULL, &err), ERR_TOO_MANY);
	assert_int_equal(err.retry_after_ms, 0);
}

static void test_answers_that_are_none(void **state)
{
	static const struct {
		struct part part;
		int class;
	} cases[] = {
		{{.status = 200, .body = "<html>"}, ERR_PROTOCOL},
		{{.status = 200, .body = "[1]"}, ERR_PROTOCOL},
		{{.status = 200, .body = ""}, ERR_PROTOCOL},
		{{.broken = true}, ERR_IO},
		{{.status = 200, .length = (size_t)8 * 1024 * 1024 + 1}, ERR_TOO_LARGE},
		{{.status = 200, .length = (size_t)8 * 1024 * 1024}, ERR_PROTOCOL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kube_object *object = NULL;
		struct err err = ERR_INIT;

		assert_int_equal(get(&cases[i].part, 10000, &object, &err), cases[i].class);
		assert_null(object);
		assert_null(strstr(err.text, REACH_TOKEN));
	}
}

static void test_deadline(void **state)
{
	struct part part = {.silent = true};
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(get(&part, 50, NULL, &err), ERR_TIMEOUT);
	assert_non_null(strstr(err.text, "/api/v1/namespaces/ns/pods/p"));
}

static void test_nobody_there(void **state)
{
	struct err err = ERR_INIT;
	struct reach reach;

	(void)state;
	reach_to_port(&reach, 1);
	assert_int_equal(kube_get(reach.client, &kube_pods, pod, NULL, &err), ERR_IO);
	err_clear(&err);
	loop_stop(reach.loop);
	assert_int_equal(kube_get(reach.client, &kube_pods, pod, NULL, &err), ERR_CANCELLED);
	reach_end(&reach);
}

// Who is told to end does not wait for a server that is silent, nor does what comes after the call that waits.
static void test_end_while_silent(void **state)
{
	struct part part = {.silent = true};
	int64_t deadline = deadline_in_ms(8000);
	struct err err = ERR_INIT;
	struct reach reach;

	(void)state;
	reach_begin(&reach, play, &part);
	kube_client_set_timeout_ms(reach.client, 3600 * 1000);
	// Between two of curl's own timers (0.2 s and 10 s after it has begun to connect), which would wake the loop.
	loop_stop_when_stuck(reach.loop, 500);
	assert_int_equal(kube_get(reach.client, &kube_pods, pod, NULL, &err), ERR_CANCELLED);
	assert_true(deadline_left_ms(deadline) > 0);
	assert_int_equal(actor_calls(reach.actor), 1);
	err_clear(&err);
	assert_int_equal(kube_get(reach.client, &kube_pods, pod, NULL, &err), ERR_CANCELLED);
	reach_end(&reach);
}

static void answer_or_not(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	const struct timespec a_while = {.tv_nsec = 100 * 1000 * 1000};

	(void)number;
	if (strstr(call->target, "silent") || strstr(call->target, "watch=true"))
		actor_silence(actor);
	if (strstr(call->target, "limit=")) {
		actor_answer(conn, 200, NULL, "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]}");
		return;
	}
	(void)nanosleep(&a_while, NULL); // a server that takes its time
	actor_answer(conn, 404, NULL, "{}");
}

static void wait_for_watch(struct actor *actor)
{
	size_t number = 0;

	while (!strstr(actor_wait_call(actor, number)->target, "watch=true"))
		number++;
}

// Who is told to end goes on while he is answered, also beyond the patience; that a watch has nothing to say does not count.
static void test_end_while_answered(void **state)
{
	const struct kube_name silent = {.namespace = "ns", .name = "silent"};
	const struct kube_informer_options options = {.resource = &kube_pods};
	struct kube_informer *informer;
	struct err err = ERR_INIT;
	struct reach reach;
	int64_t enough;

	(void)state;
	reach_begin(&reach, answer_or_not, NULL);
	assert_int_equal(kube_informer_new(reach.client, &options, &informer, &err), 0);
	kube_informer_start(informer);
	wait_for_watch(reach.actor);
	enough = deadline_in_ms(2200);
	loop_stop_when_stuck(reach.loop, 1000);
	while (deadline_left_ms(enough) > 0) {
		assert_int_equal(kube_get(reach.client, &kube_pods, pod, NULL, &err), ERR_NOT_FOUND);
		err_clear(&err);
	}
	assert_int_equal(kube_get(reach.client, &kube_pods, silent, NULL, &err), ERR_CANCELLED);
	loop_stop(reach.loop);
	kube_informer_free(informer);
	reach_end(&reach);
}

static void test_secret(void **state)
{
	struct part part = {.status = 200, .body = "{\"metadata\":{\"name\":\"s\"},\"data\":{\"token\":\"aHVudGVyMg==\"}}"};
	struct kube_object *object = NULL;
	struct err err = ERR_INIT;
	struct reach reach;

	(void)state;
	reach_begin(&reach, play, &part);
	assert_int_equal(kube_get_secret(reach.client, (struct kube_name){"ns", "s"}, &object, &err), 0);
	assert_string_equal(kube_object_str(object, "/data/token"), "aHVudGVyMg==");
	assert_string_equal(actor_wait_call(reach.actor, 0)->target, "/api/v1/namespaces/ns/secrets/s");
	kube_object_unref(object);
	assert_int_equal(kube_create_secret(reach.client, "ns", part.body, &err), 0);
	assert_string_equal(actor_wait_call(reach.actor, 1)->method, "POST");
	assert_string_equal(actor_wait_call(reach.actor, 1)->target, "/api/v1/namespaces/ns/secrets");
	assert_string_equal(actor_wait_call(reach.actor, 1)->body, part.body);
	reach_end(&reach);
}

// The writes: method, path with query, content type, body.
static void test_writes(void **state)
{
	static const char *const wanted[][4] = {
		{"POST", "/api/v1/namespaces/ns/events", "Content-Type: application/json\r\n", "{\"a\":1}"},
		{"PATCH", "/apis/apps/v1/namespaces/ns/statefulsets/s?fieldManager=neo%20fleet&force=true",
		 "Content-Type: application/apply-patch+yaml\r\n", "{\"b\":1}"},
		{"PATCH", "/apis/apps/v1/namespaces/ns/statefulsets/s/status?fieldManager=m&dryRun=All",
		 "Content-Type: application/apply-patch+yaml\r\n", "{\"b\":2}"},
		{"PATCH", "/api/v1/namespaces/ns/pods/p/status", "Content-Type: application/merge-patch+json\r\n", "{\"c\":1}"},
		{"PATCH", "/api/v1/namespaces/ns/pods/p", "Content-Type: application/json-patch+json\r\n",
		 "[{\"op\":\"test\",\"path\":\"/metadata/uid\",\"value\":\"u\"}]"},
		{"PUT", "/api/v1/namespaces/ns/pods/p/status", "Content-Type: application/json\r\n", "{\"d\":1}"},
		{"DELETE", "/api/v1/namespaces/ns/pods/p", "Content-Type: application/json\r\n",
		 "{\"propagationPolicy\":\"Background\",\"preconditions\":{\"uid\":\"u\",\"resourceVersion\":\"5\"},"
		 "\"gracePeriodSeconds\":0}"},
		{"DELETE", "/api/v1/namespaces/ns/pods/p", "Content-Type: application/json\r\n", "{\"propagationPolicy\":\"Background\"}"},
		{"POST", "/api/v1/namespaces/ns/pods/p/eviction", "Content-Type: application/json\r\n",
		 "{\"apiVersion\":\"policy/v1\",\"kind\":\"Eviction\",\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\"},"
		 "\"deleteOptions\":{\"preconditions\":{\"uid\":\"u\"}}}"},
	};
	const struct kube_delete_options exact = {.uid = "u", .resource_version = "5", .grace_period_s = 0};
	const struct kube_name set = {.namespace = "ns", .name = "s"};
	struct part part = {.status = 200, .body = "{}"};
	struct err err = ERR_INIT;
	struct reach reach;

	(void)state;
	reach_begin(&reach, play, &part);
	assert_int_equal(kube_create(reach.client, &kube_events, "ns", "{\"a\":1}", NULL, &err), 0);
	assert_int_equal(kube_apply(reach.client, &kube_statefulsets, set, "{\"b\":1}",
				    &(struct kube_apply_options){.field_manager = "neo fleet", .force = true}, NULL, &err),
			 0);
	assert_int_equal(kube_apply(reach.client, &kube_statefulsets, set, "{\"b\":2}",
				    &(struct kube_apply_options){.field_manager = "m", .subresource = "status", .dry_run = true}, NULL,
				    &err),
			 0);
	assert_int_equal(kube_patch(reach.client, &kube_pods, pod, "status", KUBE_PATCH_MERGE, "{\"c\":1}", NULL, &err), 0);
	assert_int_equal(kube_patch(reach.client, &kube_pods, pod, NULL, KUBE_PATCH_JSON,
				    "[{\"op\":\"test\",\"path\":\"/metadata/uid\",\"value\":\"u\"}]", NULL, &err),
			 0);
	assert_int_equal(kube_update_status(reach.client, &kube_pods, pod, "{\"d\":1}", NULL, &err), 0);
	assert_int_equal(kube_delete(reach.client, &kube_pods, pod, &exact, &err), 0);
	assert_int_equal(kube_delete(reach.client, &kube_pods, pod, NULL, &err), 0);
	assert_int_equal(kube_evict(reach.client, pod, "u", &err), 0);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const struct actor_call *call = actor_wait_call(reach.actor, i);

		assert_string_equal(call->method, wanted[i][0]);
		assert_string_equal(call->target, wanted[i][1]);
		assert_non_null(strstr(call->head, wanted[i][2]));
		assert_string_equal(call->body, wanted[i][3]);
	}
	reach_end(&reach);
}

static void play_pages(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	static const char *const pages[] = {
		"{\"metadata\":{\"resourceVersion\":\"5\",\"continue\":\"t/1\"},\"items\":[{\"n\":1},{\"n\":2}]}",
		"{\"metadata\":{\"resourceVersion\":\"5\",\"continue\":\"t/2\"},\"items\":null}",
		"{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[{\"n\":3}]}",
		"{\"message\":\"no list\"}",
	};

	(void)actor, (void)call;
	actor_answer(conn, 200, NULL, pages[number < 4 ? number : 3]);
}

static void add_up(void *user, yyjson_val *item)
{
	long long *sum = user;

	*sum = *sum * 10 + yyjson_get_sint(yyjson_obj_get(item, "n"));
}

static void test_list(void **state)
{
	static const char *const targets[] = {"/api/v1/namespaces/ns/pods?limit=100&labelSelector=a%3Db%2Cc&fieldSelector=d%3De",
					      "/api/v1/namespaces/ns/pods?limit=100&labelSelector=a%3Db%2Cc&fieldSelector=d%3De&continue=t%2F1",
					      "/api/v1/namespaces/ns/pods?limit=100&labelSelector=a%3Db%2Cc&fieldSelector=d%3De&continue=t%2F2",
					      "/api/v1/pods?limit=100"};
	const struct kube_selection some = {.namespace = "ns", .labels = "a=b,c", .fields = "d=e"}, all = {0};
	long long sum = 0;
	const struct kube_reader reader = {add_up, &sum};
	struct err err = ERR_INIT;
	struct reach reach;

	(void)state;
	reach_begin(&reach, play_pages, NULL);
	assert_int_equal(kube_list(reach.client, &kube_pods, &some, &reader, &err), 0);
	assert_int_equal(sum, 123);
	assert_int_equal(kube_list(reach.client, &kube_pods, &all, &reader, &err), ERR_PROTOCOL);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(actor_wait_call(reach.actor, i)->target, targets[i]);
	reach_end(&reach);
}

static void test_list_of_the_first(void **state)
{
	const struct kube_selection first = {.namespace = "ns", .most = 2}, narrow = {.namespace = "ns", .max_bytes = 16};
	long long sum = 0;
	const struct kube_reader reader = {add_up, &sum};
	struct err err = ERR_INIT;
	struct reach reach;

	(void)state;
	reach_begin(&reach, play_pages, NULL);
	assert_int_equal(kube_list(reach.client, &kube_events, &first, &reader, &err), 0);
	assert_int_equal(sum, 12);
	assert_int_equal(kube_list(reach.client, &kube_events, &narrow, &reader, &err), ERR_TOO_LARGE);
	assert_int_equal(sum, 12);
	assert_string_equal(actor_wait_call(reach.actor, 0)->target, "/api/v1/namespaces/ns/events?limit=2");
	assert_string_equal(actor_wait_call(reach.actor, 1)->target, "/api/v1/namespaces/ns/events?limit=100");
	reach_end(&reach);
}

// Any bytes, and no more than was asked for.
static void test_log(void **state)
{
	struct part part = {.status = 200, .body = "first\n{\"a\": \xff\nlast\n"};
	const struct kube_log some = {"neo4j", .previous = true, .lines = 200, .max_bytes = 64}, few = {"a b", .lines = 1, .max_bytes = 8};
	const struct kube_name one = {"ns", "p"};
	struct err err = ERR_INIT;
	struct reach reach;
	struct buf text;

	(void)state;
	reach_begin(&reach, play, &part);
	assert_int_equal(kube_get_log(reach.client, one, &some, &text, &err), 0);
	assert_string_equal(buf_str(&text), part.body);
	buf_release(&text);
	assert_int_equal(kube_get_log(reach.client, one, &few, &text, &err), ERR_TOO_LARGE);
	err_clear(&err);
	assert_string_equal(actor_wait_call(reach.actor, 0)->target,
			    "/api/v1/namespaces/ns/pods/p/log?container=neo4j&previous=true&tailLines=200&limitBytes=64");
	assert_string_equal(actor_wait_call(reach.actor, 1)->target, "/api/v1/namespaces/ns/pods/p/log?container=a%20b&tailLines=1&limitBytes=8");
	part = (struct part){.status = 403, .body = "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"no logs\"}"};
	assert_int_equal(kube_get_log(reach.client, one, &some, &text, &err), ERR_FORBIDDEN);
	assert_string_equal(err.text, "no logs");
	reach_end(&reach);
}

// The server's answer about an API that it lacks is no JSON.
static void test_no_such_api(void **state)
{
	struct part part = {.status = 404, .body = "404 page not found\n"};
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(get(&part, 10000, NULL, &err), ERR_NOT_FOUND);
	assert_string_equal(err.text, "the API server has nothing under this path");
}

static void test_calls_are_counted(void **state)
{
	struct part part = {.status = 409, .body = "{}"};
	struct err err = ERR_INIT;
	struct traffic_count count;
	struct reach reach;

	(void)state;
	reach_begin(&reach, play, &part);
	assert_int_equal(kube_create(reach.client, &kube_events, "ns", "{}", NULL, &err), ERR_CONFLICT);
	err_clear(&err);
	loop_stop(reach.loop);
	assert_int_equal(kube_get(reach.client, &kube_pods, pod, NULL, &err), ERR_CANCELLED);
	assert_true(traffic_get(kube_client_traffic(reach.client), 0, &count));
	assert_string_equal(count.method, "POST");
	assert_int_equal(count.status, 409);
	assert_int_equal(count.n, 1);
	assert_true(traffic_get(kube_client_traffic(reach.client), 1, &count));
	assert_string_equal(count.method, "GET");
	assert_int_equal(count.status, 0);
	assert_int_equal(kube_client_calls(reach.client, 0), 1);
	assert_ptr_equal(kube_client_config(reach.client), reach.config);
	reach_end(&reach);
}

static void test_url_limit(void **state)
{
	struct part part = {.status = 200, .body = "{}"};
	char *name = calloc(1, 9001);
	struct err err = ERR_INIT;
	struct reach reach;

	(void)state;
	memset(name, 'n', 9000);
	reach_begin(&reach, play, &part);
	assert_int_equal(kube_get(reach.client, &kube_pods, (struct kube_name){"ns", name}, NULL, &err), ERR_TOO_LARGE);
	assert_int_equal(actor_calls(reach.actor), 0);
	reach_end(&reach);
	free(name);
}

// E4: an object that others may have made large is read up to the size that ours have.
static void test_a_limit_of_one_call(void **state)
{
	struct part part = {.status = 200, .length = 5000};
	struct err err = ERR_INIT;
	struct reach reach;

	(void)state;
	reach_begin(&reach, play, &part);
	assert_int_equal(kube_get_within(reach.client, &kube_pods, (struct kube_name){"ns", "p"}, &(struct kube_limits){.max_bytes = 4000}, NULL, &err),
			 ERR_TOO_LARGE);
	err_clear(&err);
	assert_int_equal(kube_get_within(reach.client, &kube_pods, (struct kube_name){"ns", "p"}, &(struct kube_limits){.max_bytes = 6000}, NULL, &err), 0);
	reach_end(&reach);
}

// A name is one segment of the path, whatever it holds.
static void test_names_are_escaped(void **state)
{
	static const struct {
		struct kube_name name;
		const char *path;
	} cases[] = {
		{{"ns", "p-1.x"}, "/api/v1/namespaces/ns/pods/p-1.x"},
		{{"ns", "a/../../secrets/s?x=1#y"}, "/api/v1/namespaces/ns/pods/a%2F..%2F..%2Fsecrets%2Fs%3Fx%3D1%23y"},
		{{"n/s", "%41 b"}, "/api/v1/namespaces/n%2Fs/pods/%2541%20b"},
		{{"..", "."}, "/api/v1/namespaces/%2E%2E/pods/%2E"},
		{{"ns", "\xc3\xa4"}, "/api/v1/namespaces/ns/pods/%C3%A4"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_buf_ struct buf path = BUF_INIT(1024);

		kube_path(&path, &kube_pods, cases[i].name.namespace, cases[i].name.name);
		assert_string_equal(buf_str(&path), cases[i].path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),	 cmocka_unit_test(test_classes),
		cmocka_unit_test(test_retry_after), cmocka_unit_test(test_retry_after_as_a_date), cmocka_unit_test(test_answers_that_are_none),
		cmocka_unit_test(test_deadline), cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_end_while_silent),
		cmocka_unit_test(test_end_while_answered),
		cmocka_unit_test(test_secret),	 cmocka_unit_test(test_writes),
		cmocka_unit_test(test_list), cmocka_unit_test(test_list_of_the_first), cmocka_unit_test(test_log), cmocka_unit_test(test_url_limit),
		cmocka_unit_test(test_names_are_escaped),
		cmocka_unit_test(test_a_limit_of_one_call),
		cmocka_unit_test(test_no_such_api), cmocka_unit_test(test_calls_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
