// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// E1: an event repeats only as a count.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "kube/event.h"
#include "reach.h"

static const struct event_about about = {
	.api_version = "neo4j.neo4j.com/v1alpha1",
	.kind = "Neo4jEnterpriseStandalone",
	.namespace = "ns",
	.name = "my-standalone",
	.uid = "u-1",
	.resource_version = "5",
};

// A server that has the names of what was created, and one count for all.
struct events {
	char names[8][256];
	size_t n;
	int status; // of every answer; 0: in order
	const char *last; // when the event that is read was told last; NULL: there is none
};

static const char *event_name(yyjson_doc *doc)
{
	return yyjson_get_str(yyjson_ptr_get(yyjson_doc_get_root(doc), "/metadata/name"));
}

static void create(struct events *events, struct actor_conn *conn, const char *body)
{
	yyjson_doc *doc = yyjson_read(body, strlen(body), 0);
	bool known = false;

	for (size_t i = 0; i < events->n; i++)
		known = known || strcmp(events->names[i], event_name(doc)) == 0;
	if (!known)
		(void)snprintf(events->names[events->n++], sizeof(events->names[0]), "%s", event_name(doc));
	actor_answer(conn, known ? 409 : 201, NULL, known ? "{\"reason\":\"AlreadyExists\"}" : "{}");
	yyjson_doc_free(doc);
}

static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	struct events *events = actor_user(actor);

	(void)number;
	if (events->status)
		actor_answer(conn, events->status, NULL, "{}");
	else if (strcmp(call->method, "POST") == 0)
		create(events, conn, call->body);
	else if (strcmp(call->method, "GET") == 0 && !events->last)
		actor_answer(conn, 404, NULL, "{}");
	else
		actor_answer(conn, 200, NULL, "{\"metadata\":{\"name\":\"x\"},\"count\":41,\"lastTimestamp\":\"2026-01-01T00:00:00Z\"}");
}

static void test_first_and_repeated(void **state)
{
	struct events events = {.last = "2026-01-01T00:00:00Z"};
	struct event_recorder *recorder;
	const struct actor_call *call;
	struct reach reach;
	char target[512];

	(void)state;
	reach_begin(&reach, play, &events);
	recorder = event_recorder_new(reach.client, "neofleet");
	event_record(recorder, &about, &(struct event_text){EVENT_NORMAL, "AuraFleetManagementRegistered", "Registered"});
	call = actor_wait_call(reach.actor, 0);
	assert_string_equal(call->target, "/api/v1/namespaces/ns/events");
	assert_non_null(strstr(call->body, "\"involvedObject\":{\"apiVersion\":\"neo4j.neo4j.com/v1alpha1\",\"kind\":"
					   "\"Neo4jEnterpriseStandalone\",\"namespace\":\"ns\",\"name\":\"my-standalone\",\"uid\":\"u-1\","
					   "\"resourceVersion\":\"5\"}"));
	assert_non_null(strstr(call->body, "\"type\":\"Normal\",\"reason\":\"AuraFleetManagementRegistered\",\"message\":\"Registered\""));
	assert_non_null(strstr(call->body, "\"count\":1"));
	event_record(recorder, &about, &(struct event_text){EVENT_NORMAL, "AuraFleetManagementRegistered", "Registered"});
	assert_int_equal(actor_calls(reach.actor), 4);
	call = actor_wait_call(reach.actor, 3);
	(void)snprintf(target, sizeof(target), "/api/v1/namespaces/ns/events/%s", events.names[0]);
	assert_string_equal(call->method, "PATCH");
	assert_string_equal(call->target, target);
	assert_non_null(strstr(call->body, "{\"count\":42,\"lastTimestamp\":\"20"));
	assert_int_equal(events.n, 1);
	event_recorder_free(recorder);
	reach_end(&reach);
}

// Another object, reason or message is another event; a recorder that starts anew names them alike.
static void test_what_is_the_same(void **state)
{
	struct event_about other = about;
	struct events events = {0};
	struct reach reach;

	(void)state;
	other.uid = "u-2";
	events.last = "2026-01-01T00:00:00Z";
	reach_begin(&reach, play, &events);
	for (int run = 0; run < 2; run++) {
		struct event_recorder *recorder = event_recorder_new(reach.client, "neofleet");

		event_record(recorder, &about, &(struct event_text){EVENT_WARNING, "R", "m"});
		event_record(recorder, &other, &(struct event_text){EVENT_WARNING, "R", "m"});
		event_record(recorder, &about, &(struct event_text){EVENT_WARNING, "R2", "m"});
		event_record(recorder, &about, &(struct event_text){EVENT_WARNING, "R", "m2"});
		// Not run together: "R" with "2m" is not "R2" with "m".
		event_record(recorder, &about, &(struct event_text){EVENT_WARNING, "R", "2m"});
		event_recorder_free(recorder);
		assert_int_equal(events.n, 5);
	}
	reach_end(&reach);
}

static void test_limits(void **state)
{
	char message[3000], name[254];
	struct event_about long_named = about;
	struct events events = {0};
	struct event_recorder *recorder;
	const struct actor_call *call;
	struct reach reach;
	yyjson_doc *doc;

	(void)state;
	memset(message, 'm', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	long_named.name = name;
	reach_begin(&reach, play, &events);
	recorder = event_recorder_new(reach.client, "neofleet");
	event_record(recorder, &long_named, &(struct event_text){EVENT_WARNING, "R", message});
	call = actor_wait_call(reach.actor, 0);
	doc = yyjson_read(call->body, strlen(call->body), 0);
	assert_true(strlen(event_name(doc)) <= 253);
	assert_true(yyjson_get_len(yyjson_ptr_get(yyjson_doc_get_root(doc), "/message")) <= 1024);
	yyjson_doc_free(doc);
	event_recorder_free(recorder);
	reach_end(&reach);
}

// A message is not cut in the middle of a letter.
static void test_letters(void **state)
{
	struct events events = {0};
	struct event_recorder *recorder;
	char message[1401] = "x";
	struct reach reach;

	(void)state;
	for (size_t i = 1; i + 2 < sizeof(message); i += 2)
		memcpy(message + i, "\xc3\xa4", 3);
	reach_begin(&reach, play, &events);
	recorder = event_recorder_new(reach.client, "neofleet");
	event_record(recorder, &about, &(struct event_text){EVENT_WARNING, "R", message});
	assert_non_null(strstr(actor_wait_call(reach.actor, 0)->body, "\xc3\xa4\""));
	event_recorder_free(recorder);
	reach_end(&reach);
}

// An event is a courtesy: refused or not, the caller goes on.
static void test_refused(void **state)
{
	struct events events = {.status = 403};
	struct event_recorder *recorder;
	struct reach reach;

	(void)state;
	reach_begin(&reach, play, &events);
	recorder = event_recorder_new(reach.client, "neofleet");
	event_record(recorder, &about, &(struct event_text){EVENT_WARNING, "R", "m"});
	assert_int_equal(actor_calls(reach.actor), 1);
	event_recorder_free(recorder);
	reach_end(&reach);
}

// D3 D7: who may have died before it was told is made good for; what was told is not told again.
static void test_made_sure(void **state)
{
	static const struct {
		const char *last, *since;
		size_t calls; // 1: a look; 2: and a new event; 4: and one more of the old one
		int status;
	} cases[] = {
		{NULL, NULL, 2, 0},
		{NULL, "2025-12-31T23:59:59Z", 2, 0},
		{"2026-01-01T00:00:00Z", NULL, 1, 0},
		{"2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", 1, 0},
		{"2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", 1, 0},
		{"2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", 4, 0},
		{NULL, NULL, 1, 403},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct events events = {.last = cases[i].last, .status = cases[i].status};
		struct event_text text = {EVENT_NORMAL, "R", "m"};
		struct event_recorder *recorder;
		struct reach reach;

		reach_begin(&reach, play, &events);
		recorder = event_recorder_new(reach.client, "neofleet");
		if (cases[i].calls == 4)
			event_record(recorder, &about, &text);
		event_make_sure(recorder, &about, &text, cases[i].since);
		assert_int_equal(actor_calls(reach.actor), cases[i].calls + (cases[i].calls == 4));
		event_recorder_free(recorder);
		reach_end(&reach);
	}
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
		cmocka_unit_test(test_first_and_repeated),
		cmocka_unit_test(test_what_is_the_same),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_made_sure),
	};

	return cmocka_run_group_tests(tests, quiet, NULL);
}
