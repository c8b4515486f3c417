// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B7, E2 (M4): whole passes over a standalone whose server ends with a stack trace of which the kubelet keeps only the end: the log of the ended
// container tells the cause, and is asked for once for each end.

#include "support/scene.h"

#define ASKED "pods/a-0/log"
#define ASKED_IN_FULL ASKED "?container=neo4j&previous=true&tailLines=200&limitBytes=65536"
#define FRAMES "\\tat a.b.C.d(C.java:1)\\n\\tat a.b.C.e(C.java:2)\\n"
#define ENDED "0 of 1 servers ready; a-0: container neo4j ended with exit code 1: "
#define KEPT_TOLD ENDED "only the end of a stack trace was kept; kubectl logs --previous shows its beginning"
#define CAUSE_TOLD ENDED "IOException: No space left on device"

static void pass(struct scene *scene)
{
	scene_watch(scene);
	if (scene_pass(scene, SCENE_KEY) < 0)
		fail_msg("%s", scene->err.text);
	scene_watch(scene);
}

// The server ends for the n-th time, and the kubelet waits before it starts it again; message: what the kubelet keeps, as in a JSON text.
static void end(struct scene *scene, int n, const char *message)
{
	kubernetes_merge(scene->kubernetes, SCENE_POD,
			 arena_printf(scene->arena,
				      "{\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\"}],\"containerStatuses\":[{\"name\":\"neo4j\","
				      "\"restartCount\":%d,\"ready\":false,\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}},\"lastState\":{\"terminated\":{"
				      "\"exitCode\":1,\"containerID\":\"containerd://c%d\",\"message\":\"%s\"}}}]}}",
				      n, n, message));
	pass(scene);
}

static void say(struct scene *scene, const char *text)
{
	kubernetes_put(scene->kubernetes, "/api/v1/namespaces/ns/logs/a-0", arena_printf(scene->arena, "{\"text\":\"%s\"}", text));
}

static unsigned asked(struct scene *scene)
{
	return kubernetes_calls(scene->kubernetes, "GET", ASKED);
}

// A pod whose server has not been ready yet.
static void begin(struct scene *scene)
{
	scene_begin(scene);
	pass(scene);
	scene_run_pods(scene);
}

static void test_told(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	say(&scene, "java.io.IOException: No space left on device\\n" FRAMES FRAMES);
	end(&scene, 1, FRAMES);
	assert_string_equal(scene_status(&scene, "/message"), CAUSE_TOLD);
	assert_int_equal(asked(&scene), 1);
	assert_int_equal(kubernetes_calls(scene.kubernetes, "GET", ASKED_IN_FULL), 1);
	// Another pass knows it, and so does one over the server's next start.
	pass(&scene);
	kubernetes_merge(scene.kubernetes, SCENE_POD, "{\"metadata\":{\"labels\":{\"touched\":\"1\"}}}");
	pass(&scene);
	assert_int_equal(asked(&scene), 1);
	assert_string_equal(scene_status(&scene, "/message"), CAUSE_TOLD);
	// Each further end may have another cause.
	say(&scene, "Exception in thread \\\"main\\\" java.lang.OutOfMemoryError: Java heap space\\n" FRAMES);
	end(&scene, 2, FRAMES);
	assert_int_equal(asked(&scene), 2);
	assert_string_equal(scene_status(&scene, "/message"), ENDED "OutOfMemoryError: Java heap space; server.memory.heap.max_size is too small");
	scene_end(&scene);
}

// The kubelet has kept the cause, or the server serves: nothing is asked.
static void test_not_asked(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene_settle(&scene);
	assert_string_equal(scene_status(&scene, "/phase"), "Ready");
	kubernetes_merge(scene.kubernetes, SCENE_POD,
			 "{\"status\":{\"containerStatuses\":[{\"name\":\"neo4j\",\"restartCount\":1,\"ready\":true,\"state\":{\"running\":{}},\"lastState\":{"
			 "\"terminated\":{\"exitCode\":1,\"containerID\":\"c\",\"message\":\"" FRAMES "\"}}}]}}");
	pass(&scene);
	assert_string_equal(scene_status(&scene, "/phase"), "Ready");
	end(&scene, 2, "Caused by: a.Bad: why\\n" FRAMES);
	assert_non_null(strstr(scene_status(&scene, "/message"), "ended with exit code 1: Bad: why"));
	assert_int_equal(asked(&scene), 0);
	scene_end(&scene);
}

// A cluster's administrator may keep the right back; the API server may fail or be slow, or the log tell no more. What was kept is told then.
static void test_not_to_be_read(void **state)
{
	static const struct kubernetes_fault faults[] = {
		{.method = "GET", .part = ASKED, .status = 403, .message = "pods/log is forbidden"},
		{.method = "GET", .part = ASKED, .status = 400, .message = "previous terminated container not found"},
		{.method = "GET", .part = ASKED, .status = 500, .message = "no"},
		{.method = "GET", .part = ASKED, .status = KUBERNETES_CUT},
	};
	struct scene scene;

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		begin(&scene);
		say(&scene, "java.io.IOException: No space left on device\\n" FRAMES);
		scene_fail(&scene, &faults[i]);
		end(&scene, 1, FRAMES);
		pass(&scene);
		assert_string_equal(scene_status(&scene, "/message"), KEPT_TOLD);
		assert_true(asked(&scene) >= 1);
		scene_fail(&scene, NULL);
		end(&scene, 2, FRAMES);
		assert_string_equal(scene_status(&scene, "/message"), CAUSE_TOLD);
		scene_end(&scene);
	}
	begin(&scene);
	say(&scene, FRAMES FRAMES);
	end(&scene, 1, FRAMES);
	pass(&scene);
	assert_string_equal(scene_status(&scene, "/message"), KEPT_TOLD);
	assert_int_equal(asked(&scene), 1);
	end(&scene, 3, "Exception: /data\\n" FRAMES);
	assert_string_equal(scene_status(&scene, "/message"), ENDED "Exception: /data");
	assert_int_equal(asked(&scene), 2);
	// More than was asked for is not taken.
	say(&scene, arena_printf(scene.arena, "%070000d\\njava.io.IOException: No space left on device\\n" FRAMES, 0));
	end(&scene, 2, FRAMES);
	assert_string_equal(scene_status(&scene, "/message"), KEPT_TOLD);
	assert_int_equal(asked(&scene), 3);
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_not_asked),
		cmocka_unit_test(test_not_to_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
