// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A client whose credentials come from a plugin, on a scripted API server with TLS that wants client certificates: what the plugin
// has printed last is what the server sees, and what it takes no more is asked for anew.

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kube/client.h"
#include "actor.h"
#include "test/unit/pki.h"

struct world {
	char folder[64];
	struct pki authority, server, client;
	struct arena *arena;
	struct actor *actor;
	struct kube_config *config;
	struct loop *loop;
	struct kube_client *client_of_it;
};

static const char *path_of(struct world *world, const char *name)
{
	return arena_printf(world->arena, "%s/%s", world->folder, name);
}

static void file(struct world *world, const char *name, const char *content)
{
	FILE *out = fopen(path_of(world, name), "w");

	assert_non_null(out);
	assert_true(fputs(content, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

// PEM as a JSON string has it.
static const char *quoted(const char *pem, struct arena *arena)
{
	_cleanup_buf_ struct buf out = BUF_INIT(65536);

	for (; *pem; pem++) {
		if (*pem == '\n')
			buf_add(&out, "\\n");
		else
			buf_addc(&out, *pem);
	}
	return arena_strdup(arena, buf_str(&out));
}

// From now on the plugin prints this token, and a certificate of the world's client.
static void prints(struct world *world, const char *token)
{
	file(world, "next",
	     arena_printf(world->arena,
			  "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"%s\","
			  "\"clientCertificateData\":\"%s\",\"clientKeyData\":\"%s\"}}",
			  token, quoted(pki_certificate_pem(world->client.certificate, world->arena), world->arena),
			  quoted(pki_key_pem(world->client.key, world->arena), world->arena)));
	assert_int_equal(rename(path_of(world, "next"), path_of(world, "printed")), 0);
}

// Takes the token "good" alone.
static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	(void)actor, (void)number;
	if (strstr(call->head, "Authorization: Bearer good\r\n"))
		actor_answer(conn, 200, NULL, "{\"metadata\":{\"name\":\"p\"}}");
	else
		actor_answer(conn, 401, NULL, "{\"message\":\"Unauthorized\"}");
}

static void begin(struct world *world, const char *token)
{
	struct err err = ERR_INIT;

	*world = (struct world){.folder = "/tmp/neofleet-cred-XXXXXX", .arena = arena_new()};
	assert_non_null(mkdtemp(world->folder));
	world->authority = pki_make(NULL, NULL, -1, 1);
	world->server = pki_make(&world->authority, "DNS:api.example", -1, 1);
	world->client = pki_make(&world->authority, "DNS:client", -1, 1);
	world->actor = actor_start_tls(&(struct actor_tls){.identity = &world->server, .client_ca = &world->authority}, play, world);
	prints(world, token);
	file(world, "ca.crt", pki_certificate_pem(world->authority.certificate, world->arena));
	file(world, "config",
	     arena_printf(world->arena,
			  "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
			  "clusters: [{name: k, cluster: {server: 'https://127.0.0.1:%u', tls-server-name: api.example, certificate-authority: ca.crt}}]\n"
			  "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, 'echo >>%s/runs; cat %s/printed']}}}]\n",
			  actor_port(world->actor), world->folder, world->folder));
	assert_int_equal(kube_config_load(path_of(world, "config"), NULL, &world->config, &err), 0);
	assert_int_equal(loop_new(&world->loop, &err), 0);
	assert_int_equal(loop_start(world->loop, &err), 0);
	assert_int_equal(kube_client_new(world->config, world->loop, &world->client_of_it, &err), 0);
}

static void end(struct world *world)
{
	static const char *const names[] = {"ca.crt", "config", "printed", "runs"};

	loop_stop(world->loop);
	actor_stop(world->actor);
	kube_client_free(world->client_of_it);
	loop_free(world->loop);
	kube_config_free(world->config);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(path_of(world, names[i]));
	assert_int_equal(rmdir(world->folder), 0);
	pki_free(&world->authority);
	pki_free(&world->server);
	pki_free(&world->client);
	arena_free(world->arena);
}

static int get(struct world *world)
{
	struct err err = ERR_INIT;
	int r = kube_get(world->client_of_it, &kube_pods, (struct kube_name){"n", "p"}, NULL, &err);

	if (r < 0 && r != ERR_FORBIDDEN)
		fail_msg("%s", err.text);
	return r;
}

static off_t runs(struct world *world)
{
	struct stat found;

	assert_int_equal(stat(path_of(world, "runs"), &found), 0);
	return found.st_size;
}

static void test_certificate_of_a_plugin(void **state)
{
	struct world world;

	(void)state;
	begin(&world, "good");
	assert_int_equal(get(&world), 0);
	assert_string_equal(actor_wait_call(world.actor, 0)->client, "a.common.name");
	assert_non_null(strstr(actor_wait_call(world.actor, 0)->head, "\r\nHost: 127.0.0.1:"));
	assert_int_equal(runs(&world), 1);
	end(&world);
}

// Fresh ones that are refused are not asked for again and again: the plugin may want a person's attention each time.
static void test_fresh_ones_refused(void **state)
{
	struct world world;

	(void)state;
	begin(&world, "bad");
	for (int i = 0; i < 5; i++)
		assert_int_equal(get(&world), ERR_FORBIDDEN);
	assert_int_equal(runs(&world), 1);
	end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificate_of_a_plugin),
		cmocka_unit_test(test_fresh_ones_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
