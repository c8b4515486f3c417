// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/server.h"

static unsigned ready(void *user, struct buf *body, const char **ret_content_type)
{
	int *calls = user;

	++*calls;
	*ret_content_type = "text/x-test";
	buf_add(body, "not yet\n");
	return 503;
}

static unsigned metrics(void *user, struct buf *body, const char **ret_content_type)
{
	(void)user, (void)ret_content_type;
	for (int i = 0; i < 50000; i++)
		buf_add(body, "a_metric 1\n");
	return 200;
}

static uint16_t begin(const char *address, struct server **ret, int *calls)
{
	const struct server_route routes[] = {{"/readyz", ready, calls}, {"/metrics", metrics, NULL}};
	const struct server_options options = {
		.address = address, .connections = 64, .connections_of_one = 8, .idle_s = 2, .routes = routes, .n_routes = 2};
	struct err err = ERR_INIT;
	uint16_t port = 0;

	assert_int_equal(server_start(&options, ret, &port, &err), 0);
	assert_int_not_equal(port, 0);
	return port;
}

// From 127.0.0.LAST.
static int dial_from(uint16_t port, unsigned last)
{
	struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + last)};
	const struct timeval limit = {.tv_sec = 20};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof(where)), 0);
	return fd;
}

static int dial(uint16_t port)
{
	return dial_from(port, 1);
}

// Reads everything until the server closes.
static char *exchange(uint16_t port, const char *request)
{
	_cleanup_buf_ struct buf answer = BUF_INIT(4 * 1024 * 1024);
	int fd = dial(port);
	char piece[4096];
	ssize_t n;

	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	while ((n = recv(fd, piece, sizeof(piece), 0)) > 0)
		buf_append(&answer, piece, (size_t)n);
	assert_int_equal(n, 0);
	(void)close(fd);
	return strdup(buf_str(&answer));
}

static void assert_answer(uint16_t port, const char *request, const char *begins, const char *ends)
{
	char *answer = exchange(port, request);
	size_t len = strlen(answer);

	if (strncmp(answer, begins, strlen(begins)) != 0 || len < strlen(ends) || strcmp(answer + len - strlen(ends), ends) != 0)
		fail_msg("'%s' was answered by '%.200s'", request, answer);
	free(answer);
}

#define CLOSE " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static void test_routes(void **state)
{
	struct server *server;
	int calls = 0;
	uint16_t port = begin("127.0.0.1", &server, &calls);
	char *answer;

	(void)state;
	assert_answer(port, "GET /readyz" CLOSE, "HTTP/1.1 503 ", "\r\n\r\nnot yet\n");
	answer = exchange(port, "GET /readyz?verbose" CLOSE);
	assert_non_null(strcasestr(answer, "Content-Type: text/x-test\r\n"));
	free(answer);
	// HEAD gets the same answer without a body.
	assert_answer(port, "HEAD /readyz" CLOSE, "HTTP/1.1 503 ", "\r\n\r\n");
	assert_int_equal(calls, 3);
	assert_answer(port, "GET /" CLOSE, "HTTP/1.1 404 ", "not found\n");
	assert_answer(port, "GET /readyz/" CLOSE, "HTTP/1.1 404 ", "not found\n");
	assert_int_equal(calls, 3);
	answer = exchange(port, "GET /metrics" CLOSE);
	assert_non_null(strstr(answer, "Content-Length: 550000\r\n"));
	assert_int_equal(strlen(strstr(answer, "\r\n\r\n") + 4), 550000);
	free(answer);
	server_stop(server);
}

static void test_other_methods(void **state)
{
	static const char *const requests[] = {
		"POST /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
		"PUT /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		"DELETE /readyz" CLOSE,
		"OPTIONS /readyz" CLOSE,
	};
	struct server *server;
	int calls = 0;
	uint16_t port = begin("127.0.0.1", &server, &calls);

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		assert_answer(port, requests[i], "HTTP/1.1 405 ", "only GET and HEAD\n");
	assert_int_equal(calls, 0);
	server_stop(server);
}

// A header that fits no memory, and noise: refused, and the server goes on.
static void test_too_much_and_noise(void **state)
{
	struct server *server;
	int calls = 0;
	uint16_t port = begin("127.0.0.1", &server, &calls);
	char *much = malloc(20000), *answer;

	(void)state;
	memset(much, 'h', 20000);
	memcpy(much, "GET /readyz HTTP/1.1\r\nX: ", 25);
	memcpy(much + 20000 - 5, "\r\n\r\n", 5);
	answer = exchange(port, much);
	assert_true(!*answer || strncmp(answer, "HTTP/1.1 4", 10) == 0);
	free(answer);
	free(much);
	answer = exchange(port, "\x16\x03\x01\x02 TLS?\r\n\r\n");
	assert_true(!*answer || strncmp(answer, "HTTP/1.", 7) == 0);
	free(answer);
	assert_int_equal(calls, 0);
	assert_answer(port, "GET /readyz" CLOSE, "HTTP/1.1 503 ", "not yet\n");
	server_stop(server);
}

static void ask(int fd)
{
	const char *request = "GET /readyz" CLOSE;

	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
}

// Whether an answer comes within ms.
static bool is_answered(int fd, int ms)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	char byte;

	return poll(&wait, 1, ms) == 1 && recv(fd, &byte, 1, 0) == 1;
}

// Whether one of an address is answered before a deadline; those that are closed at once are tried again.
static bool is_served_from(uint16_t port, unsigned last, int64_t deadline)
{
	bool answered = false;

	while (!answered && deadline_left_ms(deadline) > 0) {
		int fd = dial_from(port, last);

		(void)send(fd, "GET /readyz" CLOSE, strlen("GET /readyz" CLOSE), MSG_NOSIGNAL);
		answered = is_answered(fd, 1000);
		(void)close(fd);
	}
	return answered;
}

// E4: a pod that opens connections and says nothing takes what one address may have, and the others are answered at once.
static void test_one_address_silences_nobody(void **state)
{
	struct server *server;
	int calls = 0, fds[200], other;
	uint16_t port = begin("127.0.0.1", &server, &calls);
	char byte;

	(void)state;
	for (size_t i = 0; i < 200; i++)
		fds[i] = dial_from(port, 2);
	other = dial_from(port, 3);
	ask(other);
	assert_true(is_answered(other, 1900));
	(void)close(other);
	// The server closes connections above the address's limit at once, and the others when they have said nothing for two seconds.
	for (size_t i = 0; i < 200; i++) {
		assert_true(recv(fds[i], &byte, 1, 0) <= 0);
		(void)close(fds[i]);
	}
	// The server counts a connection a moment longer than its peer sees it.
	assert_true(is_served_from(port, 2, deadline_in_ms(20000)));
	server_stop(server);
}

// With many addresses, a connection beyond the limit of all waits until there is room.
static void test_connection_limit(void **state)
{
	struct server *server;
	int calls = 0, fds[65];
	uint16_t port = begin("127.0.0.1", &server, &calls);

	(void)state;
	for (unsigned i = 0; i < 65; i++)
		fds[i] = dial_from(port, 2 + i / 8);
	ask(fds[64]);
	assert_false(is_answered(fds[64], 50));
	(void)close(fds[0]);
	assert_true(is_answered(fds[64], 1500));
	for (size_t i = 1; i < 65; i++)
		(void)close(fds[i]);
	server_stop(server);
}

// A connection is not kept by whoever asks again and again.
static void test_one_request_a_connection(void **state)
{
	const char *request = "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\nGET /readyz HTTP/1.1\r\nHost: x\r\n\r\n";
	struct server *server;
	int calls = 0;
	uint16_t port = begin("127.0.0.1", &server, &calls);

	(void)state;
	free(exchange(port, request));
	assert_int_equal(calls, 1);
	server_stop(server);
}

static void test_addresses(void **state)
{
	struct server *server = NULL, *second = NULL;
	struct err err = ERR_INIT;
	int calls = 0;
	uint16_t port = begin(NULL, &server, &calls);

	(void)state;
	assert_answer(port, "GET /readyz" CLOSE, "HTTP/1.1 503 ", "not yet\n");
	assert_int_equal(server_start(&(struct server_options){.address = "::"}, &second, NULL, &err), ERR_INVALID);
	err_clear(&err);
	assert_true(server_start(&(struct server_options){.port = port, .connections = 1, .connections_of_one = 1}, &second, NULL, &err) < 0);
	assert_non_null(strstr(err.text, "cannot serve HTTP on port"));
	server_stop(server);
	server_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),		cmocka_unit_test(test_other_methods),
		cmocka_unit_test(test_too_much_and_noise), cmocka_unit_test(test_connection_limit),
		cmocka_unit_test(test_addresses),	cmocka_unit_test(test_one_address_silences_nobody),
		cmocka_unit_test(test_one_request_a_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
