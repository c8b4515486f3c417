// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A3: what an event FailedCreate tells of a pod, and the cure by the API server's words.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "operator/object/failed_create.h"

#define SECOND INT64_C(1000)
#define TEN_OCLOCK INT64_C(1764583200000) // 2025-12-01

static bool tell(struct arena *arena, const char *reason, const char *message, const char *times, struct failed_create *ret)
{
	const char *event = arena_printf(arena, "{\"reason\":\"%s\",\"message\":\"%s\"%s}", reason, message, times);

	return failed_create_read(json_parse(arena, event, strlen(event)), "c-server", arena, ret);
}

static void test_read(void **state)
{
	static const struct {
		const char *message, *pod, *words;
	} cases[] = {
		{"create Pod c-server-0 in StatefulSet c-server failed error: pods is forbidden", "c-server-0", "pods is forbidden"},
		{"create Claim data-c-server-2 for Pod c-server-2 in StatefulSet c-server failed error: exceeded", "c-server-2", "exceeded"},
		{"(combined from similar events): create Pod c-server-1 in StatefulSet c-server failed error: a Pod b in StatefulSet c", "c-server-1",
		 "a Pod b in StatefulSet c"},
		// Events of others, or in another form.
		{"create Pod c-server-0 in StatefulSet c failed error: no", NULL, NULL},
		{"create Pod c-server-0 in StatefulSet c-server failed error: ", NULL, NULL},
		{"create Pod a of b in StatefulSet c-server failed error: no", NULL, NULL},
		{"create Pod c-server-0 in StatefulSet c-server successful", NULL, NULL},
		{"", NULL, NULL},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct failed_create failed;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(tell(arena, "FailedCreate", cases[i].message, "", &failed), cases[i].pod != NULL);
		if (!cases[i].pod)
			continue;
		assert_string_equal(failed.pod, cases[i].pod);
		assert_string_equal(failed.words, cases[i].words);
		assert_false(tell(arena, "FailedDelete", cases[i].message, "", &failed));
	}
	assert_false(failed_create_read(NULL, "c-server", arena, &failed));
}

static void test_time(void **state)
{
	static const struct {
		const char *times;
		int64_t at_ms;
	} cases[] = {
		{"", 0},
		{",\"lastTimestamp\":\"2025-12-01T10:00:00Z\"", TEN_OCLOCK},
		{",\"lastTimestamp\":null,\"eventTime\":\"2025-12-01T10:00:01.000000Z\"", TEN_OCLOCK + SECOND},
		{",\"eventTime\":\"2025-12-01T10:00:00.000000Z\",\"series\":{\"lastObservedTime\":\"2025-12-01T10:00:02.000000Z\"}", TEN_OCLOCK + 2 * SECOND},
		{",\"lastTimestamp\":\"soon\",\"metadata\":{\"creationTimestamp\":\"2025-12-01T10:00:03Z\"}", TEN_OCLOCK + 3 * SECOND},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct failed_create failed;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(tell(arena, "FailedCreate", "create Pod c-server-0 in StatefulSet c-server failed error: no", cases[i].times, &failed));
		assert_int_equal(failed.at_ms, cases[i].at_ms);
	}
}

// The words are those of Kubernetes 1.36, and of OpenShift 4.
static void test_cure(void **state)
{
	static const struct {
		const char *words, *part;
	} cases[] = {
		{"pods \"a-0\" is forbidden: failed quota: q: must specify limits.memory for: neo4j", "set that in spec.resources"},
		{"pods \"a-0\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0", "raise the quota"},
		{"persistentvolumeclaims \"data-a-0\" is forbidden: exceeded quota: q, requested: requests.storage=1Gi", "raise the quota"},
		{"pods \"a-0\" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi", "spec.resources keep to"},
		{"pods \"a-0\" is forbidden: [minimum cpu usage per Pod is 2, but request is 1]", "spec.resources keep to"},
		{"pods \"a-0\" is forbidden: memory max limit to request ratio per Container is 1, but provided ratio is 2.000000", "requests and limits"},
		{"persistentvolumeclaims \"data-a-0\" is forbidden: maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi",
		 "spec.storage.size"},
		{"pods \"a-0\" is forbidden: violates PodSecurity \"restricted:latest\": hostPath volumes (volume \"x\")", "give the namespace another one"},
		{"pods \"a-0\" is forbidden: unable to validate against any security context constraint: [...]", "ServiceAccount"},
		{"Internal error occurred: failed calling webhook \"w.example.com\": failed to call webhook: connection refused", "does not answer"},
		{"admission webhook \"w.example.com\" denied the request: no", "owner of that webhook"},
		{"pods \"a-0\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no", "owner of that policy"},
		{"pods \"a-0\" is forbidden: error looking up service account ns/x: serviceaccount \"x\" not found", "make that ServiceAccount"},
		{"pods \"a-0\" is forbidden: no PriorityClass with name x was found", "make that PriorityClass"},
		{"the server is busy", "by itself"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!strstr(failed_create_cure(cases[i].words), cases[i].part))
			fail_msg("%s: %s", cases[i].words, failed_create_cure(cases[i].words));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_cure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
