// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Who is trusted and who we are, what is spoken where HTTP/2 is not, and the way through a proxy. E2: what is replaced counts for the
// next connection.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "actor.h"
#include "net/http.h"
#include "test/unit/pki.h"

struct world {
	struct pki authority, other, server, client;
	struct arena *arena;
	struct actor *actor, *proxy; // proxy NULL: none
	struct loop *loop;
	struct http_tls tls; // as it should be
	char url[64];
};

static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	(void)actor, (void)call, (void)number;
	actor_answer(conn, 200, NULL, "fine");
}

static void begin(struct world *world, const struct actor_tls *tls)
{
	struct actor_tls copy = *tls;
	struct err err = ERR_INIT;

	*world = (struct world){.arena = arena_new()};
	world->authority = pki_make(NULL, NULL, -1, 1);
	world->other = pki_make(NULL, NULL, -1, 1);
	world->server = pki_make(&world->authority, "IP:127.0.0.1", -1, 1);
	world->client = pki_make(&world->authority, "DNS:client", -1, 1);
	copy.identity = &world->server;
	copy.client_ca = tls->client_ca ? &world->authority : NULL;
	world->actor = actor_start_tls(&copy, play, world);
	world->tls.ca_pem = pki_certificate_pem(world->authority.certificate, world->arena);
	(void)snprintf(world->url, sizeof(world->url), "https://127.0.0.1:%u/path", actor_port(world->actor));
	assert_int_equal(loop_new(&world->loop, &err), 0);
	assert_int_equal(loop_start(world->loop, &err), 0);
}

static void end(struct world *world)
{
	loop_stop(world->loop);
	loop_free(world->loop);
	actor_stop(world->actor);
	if (world->proxy)
		actor_stop(world->proxy);
	pki_free(&world->authority);
	pki_free(&world->other);
	pki_free(&world->server);
	pki_free(&world->client);
	arena_free(world->arena);
}

// The class of the error, or 0 when the answer is the server's.
static int ask(struct world *world, const struct http_tls *tls, struct err *err)
{
	const struct http_request request = {.method = "GET",
					     .url = world->url,
					     .bearer = "the-bearer",
					     .tls = tls,
					     .user_agent = "test/1",
					     .timeout_ms = 20000,
					     .max_bytes = 1000};
	struct http_response response;
	int r = http_perform(world->loop, &request, &response, err);

	if (r < 0)
		return r;
	assert_int_equal(response.status, 200);
	assert_string_equal(buf_str(&response.body), "fine");
	buf_release(&response.body);
	return 0;
}

static void assert_fine(struct world *world, const struct http_tls *tls)
{
	struct err err = ERR_INIT;

	if (ask(world, tls, &err) < 0)
		fail_msg("%s", err.text);
}

static void assert_refused(struct world *world, const struct http_tls *tls, const char *word)
{
	struct err err = ERR_INIT;

	assert_int_equal(ask(world, tls, &err), ERR_IO);
	if (!strstr(err.text, word))
		fail_msg("'%s' lacks '%s'", err.text, word);
	assert_null(strstr(err.text, "the-bearer"));
}

// A server, or what stands before it, that does not speak HTTP/2: HTTP/1.1, on one connection for calls one after the other.
static void test_http_1_where_there_is_no_other(void **state)
{
	static const char *const agreed[] = {"http/1.1", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(agreed) / sizeof(agreed[0]); i++) {
		struct world world;

		begin(&world, &(struct actor_tls){.alpn = agreed[i]});
		for (unsigned n = 0; n < 3; n++) {
			const struct actor_call *call;

			assert_fine(&world, &world.tls);
			call = actor_wait_call(world.actor, n);
			assert_non_null(strstr(call->head, "GET /path HTTP/1.1\r\n"));
			assert_int_equal(call->conn, 0);
		}
		end(&world);
	}
}

static void test_whom_we_trust(void **state)
{
	struct http_tls stranger = {0}, insecure = {.insecure = true};
	struct world world;

	(void)state;
	begin(&world, &(struct actor_tls){0});
	stranger.ca_pem = insecure.ca_pem = pki_certificate_pem(world.other.certificate, world.arena);
	assert_refused(&world, &stranger, "SSL certificate problem: certificate signature failure");
	assert_refused(&world, NULL, "certificate"); // the system's store does not know it either
	assert_int_equal(actor_calls(world.actor), 0);
	assert_fine(&world, &insecure);
	// That connection was not verified, so a request that wants to know its peer cannot use it.
	assert_refused(&world, &stranger, "certificate");
	assert_fine(&world, &world.tls);
	assert_int_equal(actor_wait_call(world.actor, 0)->conn + 1 < actor_wait_call(world.actor, 1)->conn, 1);
	end(&world);
}

// tls-server-name: dialled by an address that is not in the certificate.
static void test_another_name(void **state)
{
	struct http_tls tls;
	struct world world;

	(void)state;
	begin(&world, &(struct actor_tls){0});
	tls = world.tls;
	tls.server_name = "kubernetes.default";
	assert_refused(&world, &tls, "kubernetes.default");
	(void)snprintf(world.url, sizeof(world.url), "https://127.0.0.2:%u/path", actor_port(world.actor));
	tls.server_name = "127.0.0.1";
	// The listener is at 127.0.0.1 alone: that the call fails to connect shows that the address is still the URL's.
	assert_refused(&world, &tls, "127.0.0.2");
	(void)snprintf(world.url, sizeof(world.url), "https://localhost:%u/path", actor_port(world.actor));
	assert_refused(&world, &world.tls, "localhost");
	assert_fine(&world, &tls);
	assert_non_null(strstr(actor_wait_call(world.actor, 0)->head, "\r\nHost: localhost:"));
	end(&world);
}

static void test_who_we_are(void **state)
{
	struct pki next;
	struct http_tls tls;
	struct world world;
	struct err err = ERR_INIT;

	(void)state;
	begin(&world, &(struct actor_tls){.client_ca = &(struct pki){0}});
	assert_int_equal(ask(&world, &world.tls, &err), ERR_IO);
	err_clear(&err);
	tls = world.tls;
	tls.certificate_pem = pki_certificate_pem(world.client.certificate, world.arena);
	tls.key_pem = pki_key_pem(world.client.key, world.arena);
	assert_fine(&world, &tls);
	assert_fine(&world, &tls);
	assert_string_equal(actor_wait_call(world.actor, 0)->client, "a.common.name");
	assert_int_equal(actor_wait_call(world.actor, 1)->conn, actor_wait_call(world.actor, 0)->conn);
	// Renewed: the next call is on a connection with the new one.
	next = pki_make(&world.authority, "DNS:client", -1, 1);
	tls.certificate_pem = pki_certificate_pem(next.certificate, world.arena);
	tls.key_pem = pki_key_pem(next.key, world.arena);
	assert_fine(&world, &tls);
	assert_int_not_equal(actor_wait_call(world.actor, 2)->conn, actor_wait_call(world.actor, 1)->conn);
	pki_free(&next);
	// A key that is another's is our own mistake.
	next = pki_make(&world.authority, "DNS:client", -1, 1);
	tls.certificate_pem = pki_certificate_pem(next.certificate, world.arena);
	assert_int_equal(ask(&world, &tls, &err), ERR_INVALID);
	pki_free(&next);
	end(&world);
}

static void play_proxy(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	struct world *world = actor_user(actor);

	(void)number;
	if (strcmp(call->method, "CONNECT") == 0 && strstr(call->head, "Proxy-Authorization: Basic dTpw"))
		actor_tunnel(conn, actor_port(world->actor));
	else if (strcmp(call->method, "CONNECT") == 0)
		actor_answer(conn, 407, NULL, "");
	else
		actor_answer(conn, 200, NULL, "fine"); // as the server would
}

// A kubeconfig's proxy is taken whatever $NO_PROXY says, and learns nothing of what goes through it.
static void test_proxy(void **state)
{
	char with_password[64], without[64];
	const struct actor_call *call;
	struct http_tls tls;
	struct world world;

	(void)state;
	begin(&world, &(struct actor_tls){.alpn = "http/1.1"});
	world.proxy = actor_start(play_proxy, &world);
	(void)snprintf(with_password, sizeof(with_password), "http://u:p@127.0.0.1:%u", actor_port(world.proxy));
	(void)snprintf(without, sizeof(without), "http://127.0.0.1:%u", actor_port(world.proxy));
	(void)setenv("NO_PROXY", "*", 1);
	(void)setenv("no_proxy", "127.0.0.1", 1);
	tls = world.tls;
	tls.proxy = without;
	assert_refused(&world, &tls, "407");
	assert_int_equal(actor_calls(world.actor), 0);
	tls.proxy = with_password;
	assert_fine(&world, &tls);
	assert_fine(&world, &tls);
	call = actor_wait_call(world.proxy, 1);
	assert_string_equal(call->method, "CONNECT");
	assert_int_equal(strncmp(call->target, world.url + strlen("https://"), strlen(call->target)), 0);
	assert_null(strstr(call->head, "the-bearer"));
	assert_int_equal(actor_calls(world.proxy), 2);
	assert_int_equal(actor_calls(world.actor), 2);
	assert_non_null(strstr(actor_wait_call(world.actor, 0)->head, "Authorization: Bearer the-bearer\r\n"));
	assert_null(strstr(actor_wait_call(world.actor, 0)->head, "Proxy-"));
	// Without TLS the proxy is asked for the whole URL.
	(void)snprintf(world.url, sizeof(world.url), "http://nowhere.invalid:1/path");
	assert_fine(&world, &tls);
	assert_string_equal(actor_wait_call(world.proxy, 2)->target, world.url);
	(void)unsetenv("NO_PROXY");
	(void)unsetenv("no_proxy");
	end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http_1_where_there_is_no_other),
		cmocka_unit_test(test_whom_we_trust),
		cmocka_unit_test(test_another_name),
		cmocka_unit_test(test_who_we_are),
		cmocka_unit_test(test_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
