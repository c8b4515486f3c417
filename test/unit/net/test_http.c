// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "actor.h"
#include "base/clock.h"
#include "net/http.h"

enum deed { ANSWER, PIECES, BREAK_BEFORE, BREAK_WITHIN, SILENCE, SILENCE_WITHIN };

struct scene {
	enum deed deed;
	int status;
	const char *extra, *body;
	struct actor *actor;
	struct loop *loop;
	char url[256];
};

static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	const struct scene *scene = actor_user(actor);

	(void)call, (void)number;
	switch (scene->deed) {
	case ANSWER:
		actor_answer(conn, scene->status ? scene->status : 200, scene->extra, scene->body ? scene->body : "");
		break;
	case PIECES:
		actor_stream(conn);
		for (int i = 0; i < 100; i++)
			actor_write(conn, "piece ");
		actor_end(conn);
		break;
	case BREAK_BEFORE:
		actor_break(conn);
		break;
	case BREAK_WITHIN:
		actor_stream(conn);
		actor_write(conn, "half");
		actor_break(conn);
		break;
	case SILENCE_WITHIN:
		actor_stream(conn);
		actor_write(conn, "half");
		actor_silence(actor);
		break;
	case SILENCE:
		actor_silence(actor);
		break;
	}
}

static const struct http_tls no_proxy = {0};

static struct http_request begin(struct scene *scene)
{
	struct err err = ERR_INIT;

	scene->actor = actor_start(play, scene);
	(void)snprintf(scene->url, sizeof(scene->url), "http://127.0.0.1:%u/a/b?secret=query", actor_port(scene->actor));
	assert_int_equal(loop_new(&scene->loop, &err), 0);
	assert_int_equal(loop_start(scene->loop, &err), 0);
	return (struct http_request){.method = "GET",
				     .url = scene->url,
				     .tls = &no_proxy,
				     .user_agent = "test/1",
				     .timeout_ms = 20000,
				     .max_bytes = 1000};
}

static void end(struct scene *scene)
{
	loop_stop(scene->loop);
	loop_free(scene->loop);
	actor_stop(scene->actor);
}

static void test_what_is_sent(void **state)
{
	struct scene scene = {.body = "fine"};
	struct http_request request = begin(&scene);
	struct http_response response;
	const struct actor_call *call;
	struct err err = ERR_INIT;

	(void)state;
	request.method = "PATCH";
	request.body = "{\"a\":1}";
	request.headers[0] = "Content-Type: application/merge-patch+json";
	request.headers[3] = "X-Last: yes";
	request.bearer = "the-bearer";
	assert_int_equal(http_perform(scene.loop, &request, &response, &err), 0);
	assert_int_equal(response.status, 200);
	assert_string_equal(buf_str(&response.body), "fine");
	buf_release(&response.body);
	call = actor_wait_call(scene.actor, 0);
	assert_string_equal(call->method, "PATCH");
	assert_string_equal(call->target, "/a/b?secret=query");
	assert_string_equal(call->body, "{\"a\":1}");
	assert_non_null(strstr(call->head, "\r\nContent-Type: application/merge-patch+json\r\n"));
	assert_non_null(strstr(call->head, "\r\nX-Last: yes\r\n"));
	assert_non_null(strstr(call->head, "\r\nAuthorization: Bearer the-bearer\r\n"));
	assert_non_null(strstr(call->head, "\r\nUser-Agent: test/1\r\n"));
	assert_null(strstr(call->head, "Expect"));
	assert_null(strstr(call->head, "x-www-form-urlencoded"));
	end(&scene);
}

// No status is an error here, and none is followed elsewhere: the bearer is for this server only.
static void test_status(void **state)
{
	static const int statuses[] = {201, 204, 301, 307, 404, 500};

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct scene scene = {.status = statuses[i],
				      .extra = "Location: /elsewhere\r\nRetry-After: 2\r\nx-kept: a value\r\n",
				      .body = statuses[i] == 204 ? "" : "body"};
		struct http_request request = begin(&scene);
		struct http_response response;
		struct err err = ERR_INIT;

		request.wanted = i % 2 ? "X-Kept" : "X-Absent";
		assert_int_equal(http_perform(scene.loop, &request, &response, &err), 0);
		assert_int_equal(response.status, statuses[i]);
		assert_int_equal(response.retry_after_ms, 2000);
		assert_string_equal(response.header, i % 2 ? "a value" : "");
		assert_string_equal(buf_str(&response.body), scene.body);
		buf_release(&response.body);
		assert_int_equal(actor_calls(scene.actor), 1);
		end(&scene);
	}
}

static void test_failures(void **state)
{
	static const struct {
		enum deed deed;
		int timeout_ms;
		size_t max_bytes;
		int class;
	} cases[] = {
		{BREAK_BEFORE, 20000, 1000, ERR_IO},  {BREAK_WITHIN, 20000, 1000, ERR_IO}, {SILENCE, 40, 1000, ERR_TIMEOUT},
		{SILENCE_WITHIN, 40, 1000, ERR_TIMEOUT}, {PIECES, 20000, 599, ERR_TOO_LARGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene = {.deed = cases[i].deed};
		struct http_request request = begin(&scene);
		struct http_response response;
		struct err err = ERR_INIT;

		request.timeout_ms = cases[i].timeout_ms;
		request.max_bytes = cases[i].max_bytes;
		request.bearer = "the-bearer";
		request.secret = i % 2;
		assert_int_equal(http_perform(scene.loop, &request, &response, &err), cases[i].class);
		assert_non_null(strstr(err.text, "/a/b"));
		assert_null(strstr(err.text, "query"));
		assert_null(strstr(err.text, "the-bearer"));
		end(&scene);
	}
}

// A request may wait for what another request learns of the server, but for no longer than its own time.
static void test_its_own_time(void **state)
{
	struct scene scene = {.deed = SILENCE};
	struct http_request request = begin(&scene);
	struct http_stream *longer, *shorter;
	struct http_response response;
	struct err err = ERR_INIT;

	(void)state;
	longer = http_begin(scene.loop, &request);
	request.timeout_ms = 200;
	shorter = http_begin(scene.loop, &request);
	assert_int_equal(http_end(shorter, &response, &err), ERR_TIMEOUT);
	assert_non_null(strstr(err.text, "GET http://127.0.0.1:"));
	err_clear(&err);
	// The other one is still under way.
	loop_stop(scene.loop);
	assert_int_equal(http_end(longer, &response, &err), ERR_CANCELLED);
	loop_free(scene.loop);
	actor_stop(scene.actor);
}

static void test_exactly_the_limit(void **state)
{
	struct scene scene = {.deed = PIECES};
	struct http_request request = begin(&scene);
	struct http_response response;
	struct err err = ERR_INIT;

	(void)state;
	request.max_bytes = 600;
	request.secret = true;
	assert_int_equal(http_perform(scene.loop, &request, &response, &err), 0);
	assert_int_equal(response.body.len, 600);
	assert_true(response.body.secret);
	buf_release(&response.body);
	end(&scene);
}

static void test_urls(void **state)
{
	static const struct {
		const char *url;
		int class;
	} cases[] = {{"http://127.0.0.1:1/", ERR_IO}, {"no url", ERR_INVALID}, {"file:///etc/passwd", ERR_IO}, {"ftp://127.0.0.1/", ERR_IO}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene = {0};
		struct http_request request = begin(&scene);
		struct http_response response;
		struct err err = ERR_INIT;
		int r;

		request.url = cases[i].url;
		r = http_perform(scene.loop, &request, &response, &err);
		if (r != cases[i].class)
			fail_msg("%s: %s", cases[i].url, err.text);
		end(&scene);
	}
}

// Whatever proxies the environment names, none but the configured one is used.
static void test_environment_is_ignored(void **state)
{
	struct scene scene = {.body = "direct"};
	struct http_request request = begin(&scene);
	struct http_response response;
	struct err err = ERR_INIT;

	(void)state;
	(void)setenv("http_proxy", "http://127.0.0.1:1", 1);
	(void)setenv("all_proxy", "http://127.0.0.1:1", 1);
	assert_int_equal(http_perform(scene.loop, &request, &response, &err), 0);
	buf_release(&response.body);
	request.tls = &(struct http_tls){.proxy = "http://127.0.0.1:1"};
	assert_int_equal(http_perform(scene.loop, &request, &response, &err), ERR_IO);
	err_clear(&err);
	request.tls = NULL;
	assert_int_equal(http_perform(scene.loop, &request, &response, &err), 0);
	buf_release(&response.body);
	(void)unsetenv("http_proxy");
	(void)unsetenv("all_proxy");
	end(&scene);
}

static void *stop_soon(void *user)
{
	struct scene *scene = user;

	(void)actor_wait_call(scene->actor, 0);
	loop_stop(scene->loop);
	return NULL;
}

static void test_stopping_ends_a_call(void **state)
{
	struct scene scene = {.deed = SILENCE};
	struct http_request request = begin(&scene);
	struct http_response response;
	struct err err = ERR_INIT;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, stop_soon, &scene), 0);
	assert_int_equal(http_perform(scene.loop, &request, &response, &err), ERR_CANCELLED);
	(void)pthread_join(thread, NULL);
	err_clear(&err);
	assert_int_equal(http_perform(scene.loop, &request, &response, &err), ERR_CANCELLED);
	end(&scene);
}

// A stream, as a test sees it.
struct watching {
	struct scene *scene;
	const struct http_request *request;
	struct http_stream *stream;
	struct loop_waiter opened, ended;
	size_t bytes, pieces, stop_after; // pieces; 0: never
	int64_t give_up_after_ms;	  // when the first piece has come
	bool close_then;
	int class, status;
	char body[64];
};

static void give_up(void *user)
{
	struct watching *watching = user;

	http_stream_give_up(watching->stream, 5000);
}

static void close_stream(void *user)
{
	struct watching *watching = user;

	http_stream_close(watching->stream);
	loop_signal(watching->scene->loop, &watching->ended);
}

static bool on_data(void *user, const char *data, size_t len)
{
	struct watching *watching = user;

	assert_int_equal(memcmp(data, watching->scene->deed == PIECES ? "piece " : "half", 4) == 0 || watching->pieces > 0, 1);
	watching->bytes += len;
	watching->pieces++;
	if (watching->pieces == 1 && watching->give_up_after_ms)
		loop_timer(watching->scene->loop, watching->give_up_after_ms, watching->close_then ? close_stream : give_up, watching);
	return watching->pieces != watching->stop_after;
}

static void on_end(void *user, const struct http_response *response, const struct err *err)
{
	struct watching *watching = user;

	watching->class = err->class;
	watching->status = response->status;
	(void)snprintf(watching->body, sizeof(watching->body), "%s", buf_str(&response->body));
	loop_signal(watching->scene->loop, &watching->ended);
}

static void open_stream(void *user)
{
	struct watching *watching = user;
	const struct http_stream_events events = {.on_data = on_data, .on_end = on_end, .user = watching};

	watching->stream = http_stream_open(watching->scene->loop, watching->request, &events);
	assert_non_null(watching->stream);
}

static void watch(struct watching *watching, struct scene *scene)
{
	struct http_request request = begin(scene);

	request.timeout_ms = 0;
	request.max_bytes = 0;
	watching->scene = scene;
	watching->request = &request;
	loop_post(scene->loop, open_stream, watching);
	loop_wait(scene->loop, &watching->ended);
	end(scene);
}

static void test_stream(void **state)
{
	struct scene scene = {.deed = PIECES};
	struct watching watching = {0};

	(void)state;
	watch(&watching, &scene);
	assert_int_equal(watching.class, 0);
	assert_int_equal(watching.status, 200);
	assert_int_equal(watching.bytes, 600);
	assert_string_equal(watching.body, "");
}

static void test_stream_refused(void **state)
{
	struct scene scene = {.status = 410, .body = "too old"};
	struct watching watching = {0};

	(void)state;
	watch(&watching, &scene);
	assert_int_equal(watching.class, 0);
	assert_int_equal(watching.status, 410);
	assert_int_equal(watching.pieces, 0);
	assert_string_equal(watching.body, "too old");
}

static void test_stream_that_we_stop(void **state)
{
	struct scene scene = {.deed = PIECES};
	struct watching watching = {.stop_after = 1};

	(void)state;
	watch(&watching, &scene);
	assert_int_equal(watching.class, ERR_CANCELLED);
	assert_int_equal(watching.pieces, 1);
}

static void test_stream_that_breaks(void **state)
{
	struct scene scene = {.deed = BREAK_WITHIN};
	struct watching watching = {0};

	(void)state;
	watch(&watching, &scene);
	assert_int_equal(watching.class, ERR_IO);
	assert_int_equal(watching.bytes, 4);
}

static void test_stream_given_up(void **state)
{
	struct scene scene = {.deed = SILENCE_WITHIN};
	struct watching watching = {.give_up_after_ms = 1};

	(void)state;
	watch(&watching, &scene);
	assert_int_equal(watching.class, ERR_TIMEOUT);
	assert_int_equal(watching.bytes, 4);
}

// Closed by us, it tells no end.
static void test_stream_closed(void **state)
{
	struct scene scene = {.deed = SILENCE_WITHIN};
	struct watching watching = {.give_up_after_ms = 1, .close_then = true, .class = 77};

	(void)state;
	watch(&watching, &scene);
	assert_int_equal(watching.class, 77);
	http_stream_close(NULL);
}

// E1: one idle connection that speaks HTTP/1.1 would end the sharing of the other one.
static void test_secrets_have_connections_of_their_own(void **state)
{
	const bool secret[] = {true, false, true, false};
	struct scene scene = {.body = "fine"};
	struct http_request request = begin(&scene);
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct http_response response;

		request.secret = secret[i];
		assert_int_equal(http_perform(scene.loop, &request, &response, &err), 0);
		buf_release(&response.body);
		assert_int_equal(actor_wait_call(scene.actor, i)->conn, secret[i] ? 0 : 1);
	}
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_sent),	  cmocka_unit_test(test_status),
		cmocka_unit_test(test_failures),	  cmocka_unit_test(test_exactly_the_limit),
		cmocka_unit_test(test_urls),		  cmocka_unit_test(test_environment_is_ignored),
		cmocka_unit_test(test_stopping_ends_a_call), cmocka_unit_test(test_its_own_time), cmocka_unit_test(test_stream),
		cmocka_unit_test(test_stream_refused),	  cmocka_unit_test(test_stream_that_we_stop),
		cmocka_unit_test(test_stream_that_breaks), cmocka_unit_test(test_stream_given_up),
		cmocka_unit_test(test_stream_closed),	  cmocka_unit_test(test_secrets_have_connections_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
