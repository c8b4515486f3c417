// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// status -w on a scripted API server: the first picture, a change, the second one; and who may not watch.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

#include "actor.h"
#include "cli/program.h"

struct scene {
	struct actor *actor;
	bool denied;
	const char *phase; // of the one deployment; guarded by the actor's lock
	char *text;	   // that was written
	size_t len;
};

static bool is_of(const struct actor_call *call, const char *plural)
{
	return strstr(call->target, plural) != NULL;
}

static void answer_list(struct actor_conn *conn, const struct actor_call *call, const char *phase)
{
	char item[512] = "", body[1024];

	if (is_of(call, "neo4jenterprisestandalones"))
		(void)snprintf(item, sizeof(item),
			       "{\"metadata\":{\"namespace\":\"shop\",\"name\":\"orders\",\"resourceVersion\":\"6\"},\"spec\":{\"image\":{\"repo\":\"neo4j\","
			       "\"tag\":\"2025.12\"}},\"status\":{\"phase\":\"%s\"}}",
			       phase);
	(void)snprintf(body, sizeof(body), "{\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[%s]}", item);
	actor_answer(conn, 200, NULL, body);
}

// The one change comes when the first picture has been drawn.
static void answer_watch(struct scene *scene, struct actor *actor, struct actor_conn *conn, const struct actor_call *call)
{
	actor_stream(conn);
	if (is_of(call, "neo4jenterprisestandalones")) {
		actor_lock(actor);
		while (strcmp(scene->phase, "Ready") != 0 && actor_wait(actor))
			;
		actor_unlock(actor);
		actor_write(conn, "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"namespace\":\"shop\",\"name\":\"orders\",\"resourceVersion\":\"8\"}}}\n");
	}
	actor_silence(actor);
}

static void answer(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	struct scene *scene = actor_user(actor);
	const char *phase;

	(void)number;
	if (strcmp(call->method, "POST") == 0) {
		assert_non_null(strstr(call->body, "\"verb\":\"watch\""));
		assert_non_null(strstr(call->body, "\"namespace\":\"shop\""));
		actor_answer(conn, 201, NULL, scene->denied ? "{\"status\":{\"allowed\":false}}" : "{\"status\":{\"allowed\":true}}");
	} else if (strstr(call->target, "watch=")) {
		answer_watch(scene, actor, conn, call);
	} else {
		actor_lock(actor);
		phase = scene->phase;
		actor_unlock(actor);
		answer_list(conn, call, phase);
	}
}

// Nobody reads any more after the second picture.
static ssize_t take(void *cookie, const char *data, size_t len)
{
	struct scene *scene = cookie;

	scene->text = realloc(scene->text, scene->len + len + 1);
	assert_non_null(scene->text);
	memcpy(scene->text + scene->len, data, len);
	scene->len += len;
	scene->text[scene->len] = '\0';
	actor_lock(scene->actor);
	scene->phase = "Ready";
	actor_changed(scene->actor);
	actor_unlock(scene->actor);
	return strstr(scene->text, "Ready") ? 0 : (ssize_t)len;
}

static int run(struct scene *scene, char **notes)
{
	char kubeconfig[] = "/tmp/neofleet-cli-XXXXXX";
	char *argv[] = {(char[]){"kubectl-neofleet"}, (char[]){"status"}, (char[]){"-w"}, (char[]){"--kubeconfig"}, kubeconfig};
	struct program_streams streams = {.in = stdin};
	size_t len;
	int fd = mkstemp(kubeconfig), status;

	assert_true(fd >= 0);
	scene->phase = "Updating";
	scene->actor = actor_start(answer, scene);
	assert_true(dprintf(fd,
			    "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a, namespace: shop}}]\n"
			    "clusters: [{name: a, cluster: {server: 'http://127.0.0.1:%u'}}]\nusers: [{name: a, user: {token: t}}]\n",
			    actor_port(scene->actor)) > 0);
	(void)close(fd);
	streams.out = fopencookie(scene, "w", (cookie_io_functions_t){.write = take});
	streams.notes = open_memstream(notes, &len);
	status = program_run(5, argv, &streams);
	(void)fclose(streams.out);
	(void)fclose(streams.notes);
	(void)unlink(kubeconfig);
	actor_stop(scene->actor);
	return status;
}

static void test_two_pictures(void **state)
{
	struct scene scene = {.denied = false};
	const char *second;
	char *notes;

	(void)state;
	assert_int_equal(run(&scene, &notes), EXIT_UNABLE);
	assert_non_null(scene.text);
	assert_non_null(strstr(scene.text, "orders  standalone  Updating"));
	second = strstr(scene.text, "\n\nNAME");
	assert_non_null(second);
	assert_non_null(strstr(second, "orders  standalone  Ready"));
	free(scene.text);
	free(notes);
}

static void test_denied(void **state)
{
	struct scene scene = {.denied = true};
	char *notes;

	(void)state;
	assert_int_equal(run(&scene, &notes), EXIT_UNABLE);
	assert_null(scene.text);
	assert_string_equal(notes, "kubectl neofleet: you lack a right: you may not watch neo4jenterpriseclusters.neo4j.neo4j.com\n");
	free(notes);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_two_pictures), cmocka_unit_test(test_denied)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
