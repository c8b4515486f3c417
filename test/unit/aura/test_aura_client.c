// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "actor.h"
#include "aura/aura_client.h"
#include "aura/pace.h"

#define PATH "/v2beta1/organizations/org-1/projects/project-1/fleet-manager/deployments"
#define REQUEST "X-Request-Id: req-9\r\n"

static const struct aura_project project = {{"client-1", "the-client-secret"}, "org-1", "project-1"};

enum { ANSWER, BREAK, SILENCE };

// The test's service: each bearer is a new one, and the present one is the only one that is taken.
struct scene {
	struct actor *actor;
	struct loop *loop;
	struct aura_client *client;
	struct clock clock;
	_Atomic int64_t now_ms;
	_Atomic int bearers;
	// What tests change between two calls.
	_Atomic bool refuses_pair, forgets; // the bearer is refused at once
	const char *_Atomic body;	    // of the answer to all but the bearer
	_Atomic int status, deed;
	bool expired_is_401;
	const char *extra;
	char url[64];
};

static int64_t now_of(void *user)
{
	return atomic_load(&((struct scene *)user)->now_ms);
}

static void give_bearer(struct scene *scene, struct actor_conn *conn, const struct actor_call *call)
{
	char body[128];

	// base64 of client-1:the-client-secret
	if (scene->refuses_pair || !strstr(call->head, "\r\nAuthorization: Basic Y2xpZW50LTE6dGhlLWNsaWVudC1zZWNyZXQ=\r\n")) {
		actor_answer(conn, 401, REQUEST, "{\"error\":\"access_denied\",\"error_description\":\"Unauthorized\"}");
		return;
	}
	(void)snprintf(body, sizeof(body), "{\"access_token\":\"bearer-%d\",\"expires_in\":3600,\"token_type\":\"bearer\"}",
		       atomic_fetch_add(&scene->bearers, 1) + 1);
	actor_answer(conn, 200, NULL, body);
}

static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	struct scene *scene = actor_user(actor);
	char wanted[64];

	(void)number;
	if (scene->deed == BREAK) {
		actor_break(conn);
		return;
	}
	if (scene->deed == SILENCE) {
		actor_silence(actor);
		return;
	}
	if (strcmp(call->target, "/oauth/token") == 0) {
		give_bearer(scene, conn, call);
		return;
	}
	(void)snprintf(wanted, sizeof(wanted), "\r\nAuthorization: Bearer bearer-%d\r\n", atomic_load(&scene->bearers));
	if (scene->forgets || !strstr(call->head, wanted))
		actor_answer(conn, scene->expired_is_401 ? 401 : 403, REQUEST, "{\"error\":\"Access denied\"}");
	else
		actor_answer(conn, scene->status ? scene->status : 200, scene->extra, scene->body ? scene->body : "");
}

static void begin(struct scene *scene, int timeout_ms)
{
	struct err err = ERR_INIT;
	struct aura_options options = {.user_agent = "test/1", .timeout_ms = timeout_ms, .clock = &scene->clock};

	scene->clock = (struct clock){.monotonic_ms = now_of, .wall_ms = now_of, .user = scene};
	atomic_store(&scene->now_ms, 1000000);
	scene->actor = actor_start(play, scene);
	(void)snprintf(scene->url, sizeof(scene->url), "http://127.0.0.1:%u", actor_port(scene->actor));
	assert_int_equal(loop_new(&scene->loop, &err), 0);
	assert_int_equal(loop_start(scene->loop, &err), 0);
	options.url = scene->url;
	scene->client = aura_client_new(&options, scene->loop);
	// A new client has no call to spend.
	atomic_fetch_add(&scene->now_ms, PACE_MINUTE_MS);
}

static void end(struct scene *scene)
{
	loop_stop(scene->loop);
	aura_client_free(scene->client);
	loop_free(scene->loop);
	actor_stop(scene->actor);
}

static int get(struct scene *scene, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct aura_deployment deployment;

	err_clear(err);
	return aura_get(scene->client, &project, "d-1", arena, &deployment, err);
}

static void check_call(struct scene *scene, size_t number, const char *method, const char *target, const char *body)
{
	const struct actor_call *call = actor_wait_call(scene->actor, number);

	assert_string_equal(call->method, method);
	assert_string_equal(call->target, target);
	assert_string_equal(call->body ? call->body : "", body);
	assert_non_null(strstr(call->head, "\r\nUser-Agent: test/1\r\n"));
}

static void check_counts(const struct scene *scene, const unsigned wanted[AURA_RESULTS])
{
	for (int i = 0; i < AURA_RESULTS; i++)
		assert_int_equal(aura_client_count(scene->client, (enum aura_result)i), wanted[i]);
}

static void test_what_is_sent(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct scene scene = {.body = "{\"data\":{\"id\":\"d-1\",\"name\":\"n\",\"token\":\"the-token\"}}"};
	struct aura_deployment deployment;
	struct err err = ERR_INIT;
	char id[AURA_ID_SIZE];
	const char *token;

	(void)state;
	begin(&scene, 20000);
	assert_int_equal(aura_create(scene.client, &project, "my \"name\"", "neo4j://h:7687", id, &err), 0);
	assert_string_equal(id, "d-1");
	assert_int_equal(aura_create(scene.client, &project, "n", NULL, id, &err), 0);
	assert_int_equal(aura_get(scene.client, &project, "d-1", arena, &deployment, &err), 0);
	assert_int_equal(aura_mint(scene.client, &project, "d-1", arena, &token, &err), 0);
	assert_string_equal(token, "the-token");
	assert_int_equal(aura_rotate(scene.client, &project, "d-1", arena, &token, &err), 0);
	assert_int_equal(aura_delete(scene.client, &project, "d-1", &err), 0);
	check_call(&scene, 0, "POST", "/oauth/token", "grant_type=client_credentials");
	check_call(&scene, 1, "POST", PATH, "{\"name\":\"my \\\"name\\\"\",\"connection_url\":\"neo4j://h:7687\"}");
	check_call(&scene, 2, "POST", PATH, "{\"name\":\"n\"}");
	check_call(&scene, 3, "GET", PATH "/d-1", "");
	check_call(&scene, 4, "POST", PATH "/d-1/token", "{}");
	check_call(&scene, 5, "PATCH", PATH "/d-1/token", "{}");
	check_call(&scene, 6, "DELETE", PATH "/d-1", "");
	assert_int_equal(actor_calls(scene.actor), 7); // one bearer for all
	check_counts(&scene, (const unsigned[AURA_RESULTS]){[AURA_OK] = 7});
	end(&scene);
}

static void test_list(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct scene scene = {.body = "{\"data\":[{\"id\":\"d-1\",\"name\":\"n\"},{\"id\":\"d-2\"}]}"};
	struct aura_deployments list;
	struct err err = ERR_INIT;

	(void)state;
	begin(&scene, 20000);
	assert_int_equal(aura_list(scene.client, &project, arena, &list, &err), 0);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.items[0].name, "n");
	check_call(&scene, 1, "GET", PATH, "");
	end(&scene);
}

// Rule F4: a bearer that has ended is renewed once, whether the service says 401 or 403.
static void test_renewed(void **state)
{
	(void)state;
	for (int is_401 = 0; is_401 < 2; is_401++) {
		struct scene scene = {.body = "{\"data\":{\"id\":\"d-1\"}}", .expired_is_401 = is_401};
		struct err err = ERR_INIT;

		begin(&scene, 20000);
		assert_int_equal(get(&scene, &err), 0);
		atomic_fetch_add(&scene.bearers, 1); // the service forgets it
		atomic_fetch_add(&scene.now_ms, 1800000);
		assert_int_equal(get(&scene, &err), 0);
		check_call(&scene, 2, "GET", PATH "/d-1", "");
		check_call(&scene, 3, "POST", "/oauth/token", "grant_type=client_credentials");
		assert_int_equal(actor_calls(scene.actor), 5);
		// Refused again and again: two tries, no more.
		scene.forgets = true;
		atomic_fetch_add(&scene.now_ms, 1800000);
		assert_int_equal(get(&scene, &err), ERR_FORBIDDEN);
		assert_string_equal(err.code, "req-9");
		assert_int_equal(actor_calls(scene.actor), 8);
		end(&scene);
	}
}

// A deployment that is not there costs one call and not three: the bearer is too young to have ended.
static void test_unknown_deployment(void **state)
{
	struct scene scene = {.forgets = true};
	struct err err = ERR_INIT;

	(void)state;
	begin(&scene, 20000);
	assert_int_equal(get(&scene, &err), ERR_FORBIDDEN);
	assert_string_equal(err.text, "the Aura API refused to show the deployment: Access denied (status 403)");
	assert_int_equal(actor_calls(scene.actor), 2);
	end(&scene);
}

static void test_refused_pair(void **state)
{
	struct scene scene = {.refuses_pair = true, .body = "{\"data\":{\"id\":\"d-1\"}}"};
	struct err err = ERR_INIT;

	(void)state;
	begin(&scene, 20000);
	assert_int_equal(get(&scene, &err), ERR_FORBIDDEN);
	assert_string_equal(err.text, "the Aura API refused to let in this client: Unauthorized (status 401)");
	assert_int_equal(get(&scene, &err), ERR_FORBIDDEN);
	assert_int_equal(actor_calls(scene.actor), 1);
	scene.refuses_pair = false;
	atomic_fetch_add(&scene.now_ms, 60000);
	assert_int_equal(get(&scene, &err), 0);
	end(&scene);
}

// Each answer is counted by what came of it, under a name of its own.
static void test_counts(void **state)
{
	static const struct {
		int status;
		enum aura_result result;
		const char *name;
	} cases[] = {
		{400, AURA_INVALID, "invalid"}, {404, AURA_INVALID, "invalid"}, {409, AURA_INVALID, "invalid"}, {403, AURA_REFUSED, "refused"},
		{429, AURA_LIMITED, "limited"}, {500, AURA_FAILED, "failed"},	{503, AURA_FAILED, "failed"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene = {.status = cases[i].status};
		unsigned wanted[AURA_RESULTS] = {[AURA_OK] = 1}; // the bearer
		struct err err = ERR_INIT;

		begin(&scene, 20000);
		assert_true(get(&scene, &err) < 0);
		wanted[cases[i].result]++;
		check_counts(&scene, wanted);
		assert_string_equal(aura_result_name(cases[i].result), cases[i].name);
		end(&scene);
	}
}

static void test_retry_after(void **state)
{
	struct scene scene = {.status = 429, .extra = "Retry-After: 30\r\n"};
	struct err err = ERR_INIT;

	(void)state;
	begin(&scene, 20000);
	assert_int_equal(get(&scene, &err), ERR_TOO_MANY);
	assert_int_equal(err.retry_after_ms, 30000);
	scene.status = 200;
	scene.body = "{\"data\":{\"id\":\"d-1\"}}";
	atomic_fetch_add(&scene.now_ms, 29999);
	assert_int_equal(get(&scene, &err), ERR_TOO_MANY);
	assert_int_equal(err.retry_after_ms, 1);
	assert_int_equal(actor_calls(scene.actor), 2);
	atomic_fetch_add(&scene.now_ms, 1);
	assert_int_equal(get(&scene, &err), 0);
	end(&scene);
}

// Rule F4: a limit of calls, the bearer's among them.
static void test_limit(void **state)
{
	struct scene scene = {.body = "{\"data\":{\"id\":\"d-1\"}}"};
	struct err err = ERR_INIT;

	(void)state;
	begin(&scene, 20000);
	for (int i = 0; i < PACE_AT_ONCE - 1; i++)
		assert_int_equal(get(&scene, &err), 0);
	assert_int_equal(get(&scene, &err), ERR_TOO_MANY);
	assert_int_equal(err.retry_after_ms, PACE_EVERY_MS);
	assert_int_equal(actor_calls(scene.actor), PACE_AT_ONCE);
	atomic_fetch_add(&scene.now_ms, PACE_EVERY_MS);
	assert_int_equal(get(&scene, &err), 0);
	end(&scene);
}

// Nothing that differs from time to time stands in the text, and no word of the URL's path.
static void test_away(void **state)
{
	struct scene scene = {.deed = BREAK, .body = "{\"data\":{\"id\":\"d-1\"}}"};
	struct err err = ERR_INIT;
	char first[sizeof(err.text)];

	(void)state;
	begin(&scene, 20000);
	assert_int_equal(get(&scene, &err), ERR_IO);
	assert_non_null(strstr(err.text, "cannot be reached: "));
	assert_null(strstr(err.text, "oauth"));
	strcpy(first, err.text);
	assert_int_equal(get(&scene, &err), ERR_IO); // without a call
	assert_string_equal(err.text, first);
	assert_int_equal(err.retry_after_ms, 5000);
	check_counts(&scene, (const unsigned[AURA_RESULTS]){[AURA_UNANSWERED] = 1});
	scene.deed = ANSWER;
	atomic_fetch_add(&scene.now_ms, 5000);
	assert_int_equal(get(&scene, &err), 0);
	end(&scene);
}

static void test_silent(void **state)
{
	struct scene scene = {.deed = SILENCE};
	struct err err = ERR_INIT;
	char text[128];

	(void)state;
	begin(&scene, 1000);
	assert_int_equal(get(&scene, &err), ERR_TIMEOUT);
	(void)snprintf(text, sizeof(text), "the Aura API at %s has not answered within 1 s", scene.url);
	assert_string_equal(err.text, text);
	end(&scene);
}

static void test_gateway(void **state)
{
	struct scene scene = {.status = 503, .body = "<html>"};
	struct err err = ERR_INIT;

	(void)state;
	begin(&scene, 20000);
	assert_int_equal(get(&scene, &err), ERR_SERVER);
	assert_int_equal(get(&scene, &err), ERR_SERVER);
	assert_int_equal(actor_calls(scene.actor), 2);
	// A 500 is the answer to one call alone.
	scene.status = 500;
	atomic_fetch_add(&scene.now_ms, 5000);
	assert_int_equal(get(&scene, &err), ERR_SERVER);
	assert_int_equal(get(&scene, &err), ERR_SERVER);
	assert_int_equal(actor_calls(scene.actor), 4);
	end(&scene);
}

static void test_too_large(void **state)
{
	char *body = calloc(1, 100001);
	struct scene scene = {.body = body};
	struct err err = ERR_INIT;

	(void)state;
	memset(body, ' ', 100000);
	begin(&scene, 20000);
	assert_int_equal(get(&scene, &err), ERR_TOO_LARGE);
	assert_string_equal(err.text, "the Aura API's answer is larger than 65536 bytes");
	end(&scene);
	free(body);
}

// Wrong input goes nowhere.
static void test_wrong_input(void **state)
{
	static const struct aura_project wrong[] = {
		{{"", "s"}, "o", "p"},	   {{"c", ""}, "o", "p"},      {{"a:b", "s"}, "o", "p"}, {{"c", "s"}, "", "p"},
		{{"c", "s"}, "../o", "p"}, {{"c", "s"}, "o", "p/../"}, {{"c", "s\r\nX: y"}, "o", "p"},
	};
	struct scene scene = {0};

	(void)state;
	begin(&scene, 20000);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(aura_delete(scene.client, &wrong[i], "d-1", &err), ERR_INVALID);
	}
	assert_int_equal(actor_calls(scene.actor), 0);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_sent),
		cmocka_unit_test(test_counts),	   cmocka_unit_test(test_list),	       cmocka_unit_test(test_renewed),
		cmocka_unit_test(test_unknown_deployment), cmocka_unit_test(test_refused_pair), cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_limit),		   cmocka_unit_test(test_away),	       cmocka_unit_test(test_silent),
		cmocka_unit_test(test_gateway),		   cmocka_unit_test(test_too_large),   cmocka_unit_test(test_wrong_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
