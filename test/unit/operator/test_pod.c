// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "operator/object/pod.h"

static void read_pod(struct arena *arena, const char *status, struct pod *ret)
{
	const char *text = arena_printf(arena,
					"{\"metadata\":{\"name\":\"n-0\",\"uid\":\"u\",\"labels\":{\"controller-revision-hash\":"
					"\"r1\"}},\"status\":%s}",
					status);

	pod_read(json_parse(arena, text, strlen(text)), arena, ret);
}

static void test_ready(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pod pod;

	(void)state;
	read_pod(arena,
		 "{\"podIP\":\"10.0.0.1\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}],\"containerStatuses\":["
		 "{\"name\":\"sidecar\",\"restartCount\":9},{\"name\":\"neo4j\",\"restartCount\":2,\"state\":{\"running\":{"
		 "\"startedAt\":\"t\"}},\"lastState\":{\"terminated\":{\"exitCode\":1}}}]}",
		 &pod);
	assert_true(pod.ready);
	assert_string_equal(pod.address, "10.0.0.1");
	assert_string_equal(pod.revision, "r1");
	assert_int_equal(pod.restarts, 2);
	assert_string_equal(pod.started_at, "t");
	assert_null(pod.problem);
}

// B7: what the node controller leaves of a pod whose node is cut off or dead (seen on Kubernetes 1.36).
static void test_lost_node(void **state)
{
	static const char *const texts[][2] = {
		{"{\"metadata\":{\"name\":\"n-0\"},\"spec\":{\"nodeName\":\"w1\"},\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":"
		 "\"False\"},{\"type\":\"ContainersReady\",\"status\":\"True\"}],\"containerStatuses\":[{\"name\":\"neo4j\",\"state\":{"
		 "\"running\":{}},\"lastState\":{\"terminated\":{\"exitCode\":1}}}]}}",
		 "node 'w1' does not report"},
		{"{\"metadata\":{\"name\":\"n-0\",\"deletionTimestamp\":\"t\"},\"spec\":{\"nodeName\":\"w1\"},\"status\":{\"conditions\":[{"
		 "\"type\":\"Ready\",\"status\":\"False\"},{\"type\":\"ContainersReady\",\"status\":\"True\"}]}}",
		 "node 'w1' does not report, so the pod cannot end; delete the Node if it will not come back"},
		{"{\"metadata\":{\"name\":\"n-0\"},\"spec\":{\"nodeName\":\"w1\"},\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":"
		 "\"False\",\"reason\":\"ReadinessGatesNotReady\"},{\"type\":\"ContainersReady\",\"status\":\"True\"}]}}",
		 NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct pod pod;

		pod_read(json_parse(arena, texts[i][0], strlen(texts[i][0])), arena, &pod);
		assert_false(pod.ready);
		if (texts[i][1])
			assert_string_equal(pod.problem, texts[i][1]);
		else
			assert_null(pod.problem);
	}
}

static void test_problems(void **state)
{
	static const struct {
		const char *status, *problem;
	} cases[] = {
		{"{}", NULL},
		{"{\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"False\",\"message\":\"no node\"}]}",
		 "not scheduled: no node"},
		{"{\"containerStatuses\":[{\"name\":\"neo4j\",\"state\":{\"waiting\":{\"reason\":\"ContainerCreating\"}}}]}",
		 "its containers are being made (kubectl describe pod n-0 shows what that waits for)"},
		{"{\"containerStatuses\":[{\"name\":\"neo4j\",\"state\":{\"waiting\":{\"reason\":\"ErrImagePull\",\"message\":"
		 "\"not there\"}}}]}",
		 "ErrImagePull: not there"},
		{"{\"containerStatuses\":[{\"name\":\"neo4j\",\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}},"
		 "\"lastState\":{\"terminated\":{\"exitCode\":3,\"message\":\"bad conf\"}}}]}",
		 "container neo4j ended with exit code 3: bad conf"},
		{"{\"containerStatuses\":[{\"name\":\"neo4j\",\"state\":{\"terminated\":{\"exitCode\":1,\"message\":\"first\\nlast\\n\\n\"}},"
		 "\"lastState\":{\"terminated\":{\"exitCode\":3,\"message\":\"before\"}}}]}",
		 "container neo4j ended with exit code 1: last"},
		// The line that says why, and not the last one; the limit that holds in truth.
		{"{\"containerStatuses\":[{\"name\":\"neo4j\",\"state\":{\"terminated\":{\"exitCode\":1,\"message\":"
		 "\"2026-11-29 07:00:18.817+0000 ERROR Invalid memory configuration - exceeds physical memory.\\n"
		 "2026-11-29 07:00:18.817+0000 INFO  Stopped.\\n\"}},\"resources\":{\"limits\":{\"memory\":\"400Mi\"}}}]}",
		 "container neo4j ended with exit code 1: Invalid memory configuration - exceeds physical memory. (its limit is 400Mi)"},
		{"{\"containerStatuses\":[{\"name\":\"neo4j\",\"state\":{\"terminated\":{\"exitCode\":137,\"reason\":\"OOMKilled\","
		 "\"message\":\"2026-11-29 07:00:18.817+0000 INFO  Started.\"}},\"resources\":{\"limits\":{\"memory\":\"1Gi\"}}}]}",
		 "container neo4j ended with exit code 137: it took more memory than its limit of 1Gi; raise spec.resources.limits.memory"},
		// The container that sets the first password comes first.
		{"{\"initContainerStatuses\":[{\"name\":\"first-password\",\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}},"
		 "\"lastState\":{\"terminated\":{\"exitCode\":1,\"message\":\"too short\"}}}],\"containerStatuses\":[{\"name\":\"neo4j\","
		 "\"state\":{\"waiting\":{\"reason\":\"PodInitializing\"}}}]}",
		 "container first-password ended with exit code 1: too short"},
		{"{\"initContainerStatuses\":[{\"name\":\"first-password\",\"state\":{\"waiting\":{\"reason\":\"ErrImagePull\","
		 "\"message\":\"not there\"}}}]}",
		 "ErrImagePull: not there"},
		// No init container has started either: a Secret that it mounts is missing.
		{"{\"initContainerStatuses\":[{\"name\":\"first-password\",\"state\":{\"waiting\":{\"reason\":\"PodInitializing\"}}}],"
		 "\"containerStatuses\":[{\"name\":\"neo4j\",\"state\":{\"waiting\":{\"reason\":\"PodInitializing\"}}}]}",
		 "its containers are being made (kubectl describe pod n-0 shows what that waits for)"},
		{"{\"initContainerStatuses\":[{\"name\":\"first-password\",\"state\":{\"terminated\":{\"exitCode\":0}}}],"
		 "\"containerStatuses\":[{\"name\":\"neo4j\",\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}},"
		 "\"lastState\":{\"terminated\":{\"exitCode\":3,\"message\":\"bad conf\"}}}]}",
		 "container neo4j ended with exit code 3: bad conf"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pod pod;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_pod(arena, cases[i].status, &pod);
		assert_false(pod.ready);
		if (cases[i].problem)
			assert_string_equal(pod.problem, cases[i].problem);
		else
			assert_null(pod.problem);
	}
}

// G1: containers of the user's template are named, wherever they stand beside the server's.
static void test_problems_beside(void **state)
{
	static const struct {
		const char *status, *problem;
		bool beside, passing;
	} cases[] = {
		{"{\"initContainerStatuses\":[{\"name\":\"vault\",\"state\":{\"running\":{}}},{\"name\":\"first-password\",\"state\":{"
		 "\"waiting\":{\"reason\":\"PodInitializing\"}}}],\"containerStatuses\":[{\"name\":\"neo4j\",\"state\":{\"waiting\":{\"reason\":"
		 "\"PodInitializing\"}}}]}",
		 "init container vault has not ended yet", true, true},
		{"{\"initContainerStatuses\":[{\"name\":\"proxy\",\"state\":{\"running\":{}}},{\"name\":\"vault\",\"state\":{\"waiting\":{"
		 "\"reason\":\"CrashLoopBackOff\"}},\"lastState\":{\"terminated\":{\"exitCode\":2,\"message\":\"no role\"}}}]}",
		 "container vault ended with exit code 2: no role", false, false},
		{"{\"initContainerStatuses\":[{\"name\":\"proxy\",\"state\":{\"running\":{}}}],\"containerStatuses\":[{\"name\":\"neo4j\","
		 "\"ready\":false,\"state\":{\"running\":{}}}]}",
		 NULL, false, false},
		{"{\"containerStatuses\":[{\"name\":\"shipper\",\"ready\":false,\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}},"
		 "\"lastState\":{\"terminated\":{\"exitCode\":7,\"message\":\"no target\"}}},{\"name\":\"neo4j\",\"ready\":true,\"state\":{"
		 "\"running\":{}},\"lastState\":{\"terminated\":{\"exitCode\":143}}}]}",
		 "container shipper ended with exit code 7: no target", true, false},
		{"{\"containerStatuses\":[{\"name\":\"neo4j\",\"ready\":true,\"state\":{\"running\":{}}},{\"name\":\"shipper\",\"ready\":false,"
		 "\"state\":{\"waiting\":{\"reason\":\"ImagePullBackOff\",\"message\":\"no such image\"}}}]}",
		 "container shipper: ImagePullBackOff: no such image", true, false},
		{"{\"containerStatuses\":[{\"name\":\"neo4j\",\"ready\":true,\"state\":{\"running\":{}}},{\"name\":\"shipper\",\"ready\":false,"
		 "\"state\":{\"running\":{}}}]}",
		 "container shipper is not ready", true, true},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pod pod;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_pod(arena, cases[i].status, &pod);
		if (cases[i].problem)
			assert_string_equal(pod.problem, cases[i].problem);
		else
			assert_null(pod.problem);
		assert_int_equal(pod.problem && pod.beside, cases[i].beside);
		assert_int_equal(pod.passing, cases[i].passing);
	}
}

// G1: a sidecar among the init containers runs as long as the pod; that it ended once, or has not ended, explains nothing.
static void test_sidecar_that_never_ends(void **state)
{
	static const char text[] =
		"{\"spec\":{\"initContainers\":[{\"name\":\"proxy\",\"restartPolicy\":\"Always\"}]},\"status\":{\"initContainerStatuses\":[{\"name\":"
		"\"proxy\",\"state\":{\"running\":{}},\"lastState\":{\"terminated\":{\"exitCode\":2}}}],\"containerStatuses\":[{\"name\":\"neo4j\","
		"\"state\":{\"waiting\":{\"reason\":\"%s\"}}}]}}";
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *waits = arena_printf(arena, text, "PodInitializing"), *fails = arena_printf(arena, text, "CrashLoopBackOff");
	struct pod pod;

	(void)state;
	pod_read(json_parse(arena, waits, strlen(waits)), arena, &pod);
	assert_null(pod.problem);
	pod_read(json_parse(arena, fails, strlen(fails)), arena, &pod);
	assert_string_equal(pod.problem, "CrashLoopBackOff");
}

// C8: one that does not run again has ended once more than it was restarted.
#define NOON INT64_C(1769860800000) // 2026-01-31T12:00:00Z

// A sidecar that ran until noon, and has been started again at a time.
struct sidecar {
	int restarts;
	const char *ran_since, *runs_since;
};

static void read_sidecar(struct arena *arena, struct sidecar sidecar, int64_t now_ms, struct pod *ret)
{
	const char *text = arena_printf(arena,
					"{\"metadata\":{\"name\":\"n-0\"},\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}],"
					"\"containerStatuses\":[{\"name\":\"neo4j\",\"ready\":true,\"restartCount\":9,\"state\":{\"running\":{}}},{\"name\":"
					"\"shipper\",\"ready\":true,\"restartCount\":%d,\"state\":{\"running\":{\"startedAt\":\"%s\"}},\"lastState\":{\"terminated\":"
					"{\"exitCode\":7,\"startedAt\":\"%s\",\"finishedAt\":\"2026-01-31T12:00:00Z\"}}}]}}",
					sidecar.restarts, sidecar.runs_since, sidecar.ran_since);
	yyjson_val *root = json_parse(arena, text, strlen(text));

	pod_read(root, arena, ret);
	pod_read_steadiness(root, now_ms, arena, ret);
}

// B7: a container that ends again and again keeps the pod from being steady also while it runs, until that has lasted.
static void test_steadiness(void **state)
{
	static const char second[] = "2026-01-31T11:59:59Z", noon[] = "2026-01-31T12:00:00Z";
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pod pod;

	(void)state;
	read_sidecar(arena, (struct sidecar){3, second, noon}, NOON + 1000, &pod);
	assert_true(pod.ready && pod.unsteady && pod.beside);
	assert_false(pod_is_steady(&pod));
	assert_int_equal(pod.steady_ms, NOON + 60000);
	// The same words as while it waits for its next start.
	assert_string_equal(pod.problem, "container shipper ended with exit code 7");
	read_sidecar(arena, (struct sidecar){3, second, noon}, NOON + 59999, &pod);
	assert_false(pod_is_steady(&pod));
	read_sidecar(arena, (struct sidecar){3, second, noon}, NOON + 60000, &pod);
	assert_true(pod_is_steady(&pod));
	assert_null(pod.problem);
	// A server that ran for two minutes each time must run for six, and one that ran for nine minutes for ten.
	read_sidecar(arena, (struct sidecar){3, "2026-01-31T11:58:00Z", noon}, NOON + 1000, &pod);
	assert_int_equal(pod.steady_ms, NOON + 360000);
	read_sidecar(arena, (struct sidecar){3, "2026-01-31T11:51:00Z", noon}, NOON + 1000, &pod);
	assert_int_equal(pod.steady_ms, NOON + 600000);
	// Twice may be a start that waits for something else; and a run of a day is no loop.
	read_sidecar(arena, (struct sidecar){2, second, noon}, NOON + 1000, &pod);
	assert_true(pod_is_steady(&pod));
	read_sidecar(arena, (struct sidecar){3, "2026-01-30T12:00:00Z", noon}, NOON + 1000, &pod);
	assert_true(pod_is_steady(&pod));
	// A node whose clock is hours ahead keeps nothing waiting.
	read_sidecar(arena, (struct sidecar){3, second, "2026-01-31T15:00:00Z"}, NOON, &pod);
	assert_true(pod_is_steady(&pod));
	read_sidecar(arena, (struct sidecar){3, second, ""}, NOON, &pod);
	assert_true(pod_is_steady(&pod));
}

static void test_ends(void **state)
{
	static const struct {
		const char *container;
		int ends;
	} cases[] = {
		{"\"restartCount\":0,\"state\":{\"running\":{}}", 0},
		{"\"restartCount\":0,\"state\":{\"waiting\":{\"reason\":\"ErrImagePull\"}}", 0},
		{"\"restartCount\":0,\"state\":{\"terminated\":{\"exitCode\":1}}", 1},
		{"\"restartCount\":1,\"state\":{\"running\":{}},\"lastState\":{\"terminated\":{\"exitCode\":1}}", 1},
		{"\"restartCount\":2,\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}},\"lastState\":{\"terminated\":{"
		 "\"exitCode\":1}}",
		 3},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pod pod;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_pod(arena, arena_printf(arena, "{\"containerStatuses\":[{\"name\":\"neo4j\",%s}]}", cases[i].container), &pod);
		assert_int_equal(pod.ends, cases[i].ends);
		assert_int_equal(pod.last_words != NULL, cases[i].ends > 0);
	}
}

// B7: an end of which only frames were kept can be looked up, but not while the kubelet has not started the container again, since "previous" is
// the run before then; and not one that has other words.
static void test_cut_ends(void **state)
{
	static const char frames[] = "\\tat a.b(C.java:1)\\n";
	static const struct {
		const char *container, *message, *cut;
	} cases[] = {
		{"\"state\":{\"waiting\":{}},\"lastState\":{\"terminated\":{\"exitCode\":1,\"containerID\":\"c1\",\"message\":\"%s\"}}", frames, "c1"},
		{"\"state\":{\"running\":{}},\"lastState\":{\"terminated\":{\"exitCode\":1,\"containerID\":\"c1\",\"message\":\"%s\"}}", frames, "c1"},
		{"\"state\":{\"waiting\":{}},\"lastState\":{\"terminated\":{\"exitCode\":1,\"message\":\"%s\"}}", frames, NULL},
		{"\"state\":{\"waiting\":{}},\"lastState\":{\"terminated\":{\"exitCode\":1,\"containerID\":\"c1\",\"message\":\"%s\"}}", "why", NULL},
		{"\"state\":{\"terminated\":{\"exitCode\":1,\"containerID\":\"c2\",\"message\":\"%s\"}},\"lastState\":{\"terminated\":{\"exitCode\":1,"
		 "\"containerID\":\"c1\",\"message\":\"\\tat a.b(C.java:1)\"}}",
		 frames, NULL},
		{"\"state\":{\"waiting\":{}},\"lastState\":{\"terminated\":{\"exitCode\":137,\"reason\":\"OOMKilled\",\"containerID\":\"c1\",\"message\":\"%s\"}}",
		 frames, NULL},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pod pod;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *before = strstr(cases[i].container, "%s") + 2, *container;

		container = arena_printf(arena, "%.*s%s%s", (int)(before - 2 - cases[i].container), cases[i].container, cases[i].message, before);
		read_pod(arena, arena_printf(arena, "{\"containerStatuses\":[{\"name\":\"neo4j\",\"restartCount\":1,%s}]}", container), &pod);
		if (!cases[i].cut) {
			assert_null(pod.cut_end);
			continue;
		}
		assert_string_equal(pod.cut_end, cases[i].cut);
		pod_tell_end(&pod, "IOException: No space left on device", arena);
		assert_string_equal(pod.last_words, "container neo4j ended with exit code 1: IOException: No space left on device");
		assert_ptr_equal(pod.problem, pod.last_words);
	}
	read_pod(arena,
		 arena_printf(arena,
			      "{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}],\"containerStatuses\":[{\"name\":\"neo4j\",\"state\":{\"running\":{}},"
			      "\"lastState\":{\"terminated\":{\"exitCode\":1,\"containerID\":\"c1\",\"message\":\"%s\"}}}]}",
			      frames),
		 &pod);
	assert_null(pod.cut_end);
}

// E4: however many pods say that they belong to a deployment.
static void test_runs(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(), *own = arena_new();
	const size_t n = 4000;
	struct pod *pods = arena_new_array(arena, struct pod, n);
	const char *before;

	(void)state;
	for (size_t i = 0; i < n; i++)
		pods[i] = (struct pod){.uid = arena_printf(arena, "%08zu-1111-2222", i), .restarts = 3};
	assert_string_equal(pod_runs(pods, 2, false, own), " 00000000-1111/3 00000001-1111/3");
	assert_string_equal(pod_runs(pods, 1, true, own), " 00000000-1111/3/0");
	assert_string_equal(pod_runs(NULL, 0, true, own), "");
	before = pod_runs(pods, 20, true, own);
	pods[19].restarts++;
	assert_string_not_equal(pod_runs(pods, 20, true, own), before);
	(void)pod_runs(pods, n, true, own);
	assert_true(arena_used(own) < (size_t)8 * 1024);
}

// B6: whether a pod that is not ready has served before. The kubelet tells its start and that it is not ready in one second or two.
static void test_never_ready(void **state)
{
	static const struct {
		const char *status;
		bool never;
	} cases[] = {
		{"{}", true},
		{"{\"startTime\":\"2026-11-29T12:00:00Z\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\","
		 "\"lastTransitionTime\":\"2026-11-29T12:00:01Z\"}]}",
		 true},
		{"{\"startTime\":\"2026-11-29T12:00:00Z\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\","
		 "\"lastTransitionTime\":\"2026-11-29T12:00:03Z\"}]}",
		 false},
		{"{\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\",\"lastTransitionTime\":\"2026-11-29T12:00:00Z\"}]}",
		 false},
		{"{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}", false},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pod pod;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_pod(arena, cases[i].status, &pod);
		assert_int_equal(pod.never_ready, cases[i].never);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_ready), cmocka_unit_test(test_problems), cmocka_unit_test(test_problems_beside), cmocka_unit_test(test_sidecar_that_never_ends),
					   cmocka_unit_test(test_never_ready), cmocka_unit_test(test_lost_node),
					   		cmocka_unit_test(test_steadiness),
		cmocka_unit_test(test_ends),
cmocka_unit_test(test_cut_ends), cmocka_unit_test(test_runs)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
