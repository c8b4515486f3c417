// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B9 D8: what the operator knows of a pod may be old, and its address somebody else's. Without TLS the password goes nowhere that the
// API server has not confirmed right before.

#include "base/clock.h"
#include "lone_server.h"
#include "operator/fleet/gates.h"
#include "operator/fleet/registration_attempt.h"
#include "operator/object/reason.h"
#include "operator/server/confirmation.h"

#define SAME "\"uid\":\"u\""
#define DELETED SAME ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\""
#define NOT_SENT "the password is not sent to the address that pod 'a-0' had: "
#define NOT_ASKED "Server 'a-0' is not asked: " NOT_SENT
#define SOON "; it is tried again"

static const struct kube_resource standalones = {.kind = API_KIND_STANDALONE};

static const struct {
	int status;
	const char *metadata, *address, *ready; // address NULL: as it was
	const char *why;
} changes[] = {
	{200, "\"uid\":\"another\"", NULL, "True", "the pod has changed, another pod has its name"},
	{200, SAME, "127.9.9.9", "True", "the pod has changed, it has another address"},
	{200, SAME, "", "True", "the pod has changed, it has another address"},
	{200, DELETED, NULL, "True", "the pod has changed, it is being deleted"},
	{200, SAME, NULL, "False", "the pod has changed, it is not ready"},
	{404, SAME, NULL, "True", "the pod has changed, it is gone"},
	{401, SAME, NULL, "True", "the API server cannot be asked for the pod (no reason was given)"},
	{403, SAME, NULL, "True", "the API server cannot be asked for the pod (no reason was given)"},
	{500, SAME, NULL, "True", "the API server cannot be asked for the pod (no reason was given)"},
};

#define N_CHANGES (sizeof(changes) / sizeof(changes[0]))

static const char *change(struct lone_server *world, size_t i, const char *sentence)
{
	world->status = changes[i].status;
	lone_pod(world, changes[i].metadata, changes[i].address ? changes[i].address : world->address, changes[i].ready);
	return arena_printf(world->arena, "%s%s" SOON, sentence, changes[i].why);
}

// It was not refused, so nothing keeps the next login back.
static void assert_not_refused(const struct lone_server *world)
{
	const struct access_memory *memory = world->query.memory;

	assert_false(memory->refused);
	assert_int_equal(histogram_count(&world->logins), 0);
}

static void test_a_question(void **state)
{
	struct access_problem problem;
	struct lone_server world;
	const char *version;

	(void)state;
	for (size_t i = 0; i < N_CHANGES; i++) {
		lone_begin(&world, NULL, 0);
		const char *message = change(&world, i, NOT_ASKED);

		assert_false(query_version(&world.query, &world.pod, &version, &problem));
		assert_int_equal(problem.reason, REASON_UNREACHABLE);
		assert_string_equal(problem.message, message);
		assert_not_refused(&world);
		lone_end(&world, 0);
	}
	lone_begin(&world, NULL, 0);
	assert_true(query_version(&world.query, &world.pod, &version, &problem));
	lone_end(&world, 1);
}

// The login's own deadline holds, not the longer one of calls to the API server.
static void test_a_silent_api_server(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_link *link = NULL;
	struct access_problem problem;
	struct lone_server world;
	struct err err = ERR_INIT;
	int64_t started;

	(void)state;
	lone_begin(&world, NULL, 0);
	struct access access = {.servers = &world.query.servers, .arena = arena};
	struct access_login login = {.context = &world.context, .memory = world.query.memory, .access = &access, .pod = &world.pod};

	assert_true(access_read(&world.context, &access, world.arena, &problem));
	world.status = 0;
	started = clock_monotonic_ms(&clock_system);
	login.deadline = deadline_in_ms(300);
	assert_int_equal(access_log_in(&login, &link, &err), ERR_IO);
	assert_string_equal(err.code, CONFIRMATION_FAILED);
	// A call has whole milliseconds: one may be lost.
	assert_in_range(clock_monotonic_ms(&clock_system) - started, 299, 5000);
	assert_not_refused(&world);
	lone_end(&world, 0);
}

// A server that is not ready, and was not, is asked as long as it runs: nothing has changed about it.
static void test_what_was_not_ready(void **state)
{
	const struct pod known = {.uid = "u", .address = "127.0.0.1"}, ended = known;
	struct pod now = known;

	(void)state;
	now.started_at = "2026-01-01T00:00:00Z";
	assert_null(pod_change(&known, &now));
	assert_string_equal(pod_change(&known, &ended), "it is not ready");
}

// The certificate is the proof there, and a settled deployment is to cost little (E1).
static void test_with_tls(void **state)
{
	struct lone_server world;
	struct err err = ERR_INIT;

	(void)state;
	lone_begin(&world, NULL, 0);
	world.pod.tls_secret = "tls";
	assert_int_equal(confirmation_check(&world.context, &(struct confirmation){.servers = &world.query.servers}, &world.pod, deadline_in_ms(1000), &err), 0);
	assert_int_equal(actor_calls(world.reach.actor), 0);
	lone_end(&world, 0);
}

// B5: of two refusals one is of the password (M10: while somebody tries wrong ones, the server looks at none).
static void test_refusals(void **state)
{
	static const struct {
		const char *code;
		bool known;
		enum reason reason;
		int64_t pause_ms;
	} cases[] = {
		{"Neo.ClientError.Security.Unauthorized", true, REASON_CREDENTIALS_REFUSED, 60000},
		{"Neo.ClientError.Security.AuthenticationRateLimit", false, REASON_LOGINS_LIMITED, 6000},
	};
	struct access_problem problem;
	struct access_verdict verdict;
	const char *version;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lone_server world;

		lone_begin(&world, NULL, 0);
		world.book.refuse_code = cases[i].code;
		access_check(&world.context, world.query.memory, &world.query.servers, world.arena, &verdict);
		assert_int_equal(verdict.known, cases[i].known);
		assert_int_equal(verdict.refusal != NULL, cases[i].known);
		assert_in_range(verdict.again_after_ms, 1, cases[i].pause_ms + 1);
		// Nobody else tries before, and whoever would is told the same.
		assert_false(query_version(&world.query, &world.pod, &version, &problem));
		assert_int_equal(problem.reason, cases[i].reason);
		assert_non_null(strstr(problem.message, cases[i].code));
		lone_end(&world, 1);
	}
}

static void test_a_registration(void **state)
{
	struct attempt_result result;
	struct lone_server world;

	(void)state;
	for (size_t i = 0; i < N_CHANGES; i++) {
		lone_begin(&world, NULL, 0);
		lone_token(&world);
		const char *message = change(&world, i, NOT_ASKED);
		const struct attempt_inputs inputs = {
			.resource = &standalones, .servers = world.query.servers, .server = &world.pod, .fresh = true};

		attempt_register(&world.context, &world.memory->attempt, &inputs, world.arena, &result);
		assert_false(result.registered);
		assert_string_equal(result.message, message);
		assert_int_equal(result.reason, REASON_UNREACHABLE);
		assert_not_refused(&world);
		lone_end(&world, 0);
	}
}

static void test_a_look_at_the_connection(void **state)
{
	struct attempt_connection connection;
	struct lone_server world;

	(void)state;
	for (size_t i = 0; i < N_CHANGES; i++) {
		lone_begin(&world, NULL, 0);
		const char *message = change(&world, i, NOT_ASKED);
		const struct attempt_inputs inputs = {.resource = &standalones, .servers = world.query.servers};

		attempt_watch_connection(&world.context, &world.memory->connection, &inputs, "2026-01-01T00:00:00Z", world.arena, &connection);
		assert_true(connection.known);
		assert_int_equal(connection.connected, -1);
		assert_string_equal(connection.message, message);
		assert_not_refused(&world);
		lone_end(&world, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_question),
		cmocka_unit_test(test_a_silent_api_server),
		cmocka_unit_test(test_what_was_not_ready),
		cmocka_unit_test(test_with_tls),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_a_registration),
		cmocka_unit_test(test_a_look_at_the_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
