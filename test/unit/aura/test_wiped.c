// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// D8, F4: the client secret, the bearer and a new token are in no memory of this process once they were dealt with. The service is another
// process.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "actor.h"
#include "aura/aura_client.h"
#include "remains.h"

// What the service says: the word as the bearer or as the token, another one in the other's place.
static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	const bool *in_bearer = actor_user(actor);
	char word[REMAINS_SIZE + 1], body[256];

	(void)number;
	remains_word(word);
	if (strcmp(call->target, "/oauth/token") == 0)
		(void)snprintf(body, sizeof(body), "{\"access_token\":\"%s\",\"expires_in\":3600}", *in_bearer ? word : "a-bearer");
	else
		(void)snprintf(body, sizeof(body), "{\"data\":{\"id\":\"d\",\"token\":\"%s\"}}", *in_bearer ? "a-token" : word);
	actor_answer(conn, 200, NULL, body);
}

struct scene {
	pid_t pid;
	int stop; // closed to end the service
	char url[64];
	struct loop *loop;
	struct aura_client *client;
};

// A new client has no call to spend: a minute passes when it is made.
static int64_t ahead_ms;

static int64_t now_of(void *user)
{
	(void)user;
	return clock_monotonic_ms(&clock_system) + ahead_ms;
}

static void begin(struct scene *scene, bool in_bearer)
{
	static const struct clock ahead = {.monotonic_ms = now_of};
	struct aura_options options = {.url = scene->url, .user_agent = "test/1", .timeout_ms = 20000, .clock = &ahead};
	struct err err = ERR_INIT;
	int told[2], stop[2];
	unsigned port = 0;

	assert_true(pipe(told) == 0 && pipe(stop) == 0);
	scene->pid = fork();
	assert_true(scene->pid >= 0);
	if (scene->pid == 0) {
		struct actor *actor = actor_start(play, &in_bearer);
		char byte;

		port = actor_port(actor);
		(void)close(stop[1]);
		if (write(told[1], &port, sizeof(port)) > 0)
			(void)!read(stop[0], &byte, 1);
		actor_stop(actor);
		_exit(0);
	}
	(void)close(stop[0]);
	(void)close(told[1]);
	assert_int_equal(read(told[0], &port, sizeof(port)), sizeof(port));
	(void)close(told[0]);
	scene->stop = stop[1];
	(void)snprintf(scene->url, sizeof(scene->url), "http://127.0.0.1:%u", port);
	assert_int_equal(loop_new(&scene->loop, &err), 0);
	assert_int_equal(loop_start(scene->loop, &err), 0);
	scene->client = aura_client_new(&options, scene->loop);
	ahead_ms += 60000;
}

static void end(struct scene *scene)
{
	loop_stop(scene->loop);
	loop_free(scene->loop);
	(void)close(scene->stop);
	(void)waitpid(scene->pid, NULL, 0);
}

static void mint(struct scene *scene, const char *id, const char *secret, size_t found)
{
	const struct aura_project project = {{id, secret}, "o", "p"};
	struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	const char *token;

	arena_wipe_on_free(arena);
	assert_int_equal(aura_mint(scene->client, &project, "d", arena, &token, &err), 0);
	assert_true(remains_search() >= found);
	arena_free(arena);
}

static void test_token(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, false);
	mint(&scene, "c", "a-secret", 1);
	assert_int_equal(remains_search(), 0);
	aura_client_free(scene.client);
	end(&scene);
}

// It is kept as long as the client is.
static void test_bearer(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, true);
	mint(&scene, "c", "a-secret", 1);
	assert_int_equal(remains_search(), 1);
	aura_client_free(scene.client);
	assert_int_equal(remains_search(), 0);
	end(&scene);
}

// The client keeps a digest alone.
static void test_client_secret(void **state)
{
	struct scene scene;
	char *secret = calloc(1, REMAINS_SIZE + 1);

	(void)state;
	begin(&scene, false);
	remains_word(secret);
	mint(&scene, "c", secret, 2);
	explicit_bzero(secret, REMAINS_SIZE);
	free(secret);
	assert_int_equal(remains_search(), 0);
	aura_client_free(scene.client);
	end(&scene);
}

// The pair goes out in base64, and the base64 of this id is the word.
static void test_pair(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, true);
	mint(&scene, "hunter2-hunter2", "a-secret", 1);
	aura_client_free(scene.client);
	assert_int_equal(remains_search(), 0);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remains_test),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_bearer),
		cmocka_unit_test(test_client_secret),
		cmocka_unit_test(test_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
