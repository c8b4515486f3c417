// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// D8, E3: what a Secret holds, and what its annotations quote of it, is in no memory of this process once it was dealt with.
// The server is another process.

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "kube/informer.h"
#include "reach.h"
#include "remains.h"

// The server's side, in a process of its own.

#define SECRET                                                                                                                    \
	"{\"metadata\":{\"namespace\":\"n\",\"name\":\"s\",\"resourceVersion\":\"%s\",\"annotations\":{\"a\":\"%s\"},"            \
	"\"managedFields\":[\"%s\"]},\"data\":{\"token\":\"%s\"}}"

static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	char plain[REMAINS_SIZE + 1], object[1024], text[2048];
	bool watch = strstr(call->target, "watch=true");
	bool list = !watch && strstr(call->target, "limit=");

	(void)number;
	remains_word(plain);
	(void)snprintf(object, sizeof(object), SECRET, watch ? "6" : "1", plain, plain, plain);
	if (watch)
		(void)snprintf(text, sizeof(text), "{\"type\":\"MODIFIED\",\"object\":%s}\n", object);
	else if (list)
		(void)snprintf(text, sizeof(text), "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[%s]}", object);
	else
		(void)snprintf(text, sizeof(text), "%s", object);
	if (!watch) {
		actor_answer(conn, 200, NULL, strstr(call->target, "/secrets") ? text : "{}");
		return;
	}
	actor_stream(conn);
	actor_write(conn, text);
	actor_silence(actor);
}

struct server {
	pid_t pid;
	int stop; // closed to end it
	unsigned port;
};

static struct server start_server(void)
{
	struct server server;
	int told[2], stop[2];

	assert_true(pipe(told) == 0 && pipe(stop) == 0);
	server.pid = fork();
	assert_true(server.pid >= 0);
	if (server.pid == 0) {
		struct actor *actor = actor_start(play, NULL);
		char byte;

		server.port = actor_port(actor);
		(void)close(stop[1]);
		if (write(told[1], &server.port, sizeof(server.port)) > 0)
			(void)!read(stop[0], &byte, 1);
		actor_stop(actor);
		_exit(0);
	}
	(void)close(stop[0]);
	(void)close(told[1]);
	assert_int_equal(read(told[0], &server.port, sizeof(server.port)), sizeof(server.port));
	(void)close(told[0]);
	server.stop = stop[1];
	return server;
}

static void stop_server(const struct server *server)
{
	(void)close(server->stop);
	(void)waitpid(server->pid, NULL, 0);
}

static int told[2];

static void on_change(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous)
{
	(void)user, (void)resource, (void)object, (void)previous;
	(void)!write(told[1], "!", 1);
}

static void wait_change(void)
{
	struct pollfd fd = {.fd = told[0], .events = POLLIN};
	char byte;

	assert_int_equal(poll(&fd, 1, 20000), 1);
	assert_int_equal(read(told[0], &byte, 1), 1);
}

static void test_secret_by_name(void **state)
{
	struct server server = start_server();
	struct kube_object *object = NULL;
	struct err err = ERR_INIT;
	struct reach reach;

	(void)state;
	reach_to_port(&reach, server.port);
	assert_int_equal(kube_get_secret(reach.client, (struct kube_name){"n", "s"}, &object, &err), 0);
	assert_true(remains_search() > 0);
	kube_object_unref(object);
	assert_int_equal(remains_search(), 0);
	reach_end(&reach);
	stop_server(&server);
}

static void test_created_secret(void **state)
{
	struct server server = start_server();
	struct buf text = BUF_INIT_SECRET((size_t)4096);
	char plain[REMAINS_SIZE + 1];
	struct err err = ERR_INIT;
	struct reach reach;

	(void)state;
	reach_to_port(&reach, server.port);
	remains_word(plain);
	buf_addf(&text, SECRET, "", plain, plain, plain);
	explicit_bzero(plain, sizeof(plain));
	assert_int_equal(kube_create_secret(reach.client, "n", buf_str(&text), &err), 0);
	assert_true(remains_search() > 0);
	buf_release(&text);
	assert_int_equal(remains_search(), 0);
	reach_end(&reach);
	stop_server(&server);
}

static void test_metadata_watch(void **state)
{
	struct server server = start_server();
	struct kube_informer *informer = NULL;
	struct kube_informer_options options = {.resource = &kube_secrets, .metadata_only = true, .handler = on_change};
	struct err err = ERR_INIT;
	struct reach reach;

	(void)state;
	assert_int_equal(pipe(told), 0);
	reach_to_port(&reach, server.port);
	assert_int_equal(kube_informer_new(reach.client, &options, &informer, &err), 0);
	kube_informer_start(informer);
	wait_change();
	wait_change();
	// The watch goes on; the loop thread is done with the event when it has answered this.
	assert_int_equal(kube_get(reach.client, &kube_pods, (struct kube_name){"n", "p"}, NULL, &err), 0);
	assert_int_equal(remains_search(), 0);
	loop_stop(reach.loop);
	kube_informer_free(informer);
	assert_int_equal(remains_search(), 0);
	reach_end(&reach);
	stop_server(&server);
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
		cmocka_unit_test(remains_test),
		cmocka_unit_test(test_secret_by_name),
		cmocka_unit_test(test_created_secret),
		cmocka_unit_test(test_metadata_watch),
	};

	return cmocka_run_group_tests(tests, quiet, NULL);
}
