// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The server for one browser: what the handler is told, what the browser gets, streams and limits.

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/site.h"

static _Atomic int ended;

static bool count_to_three(void *stream, struct buf *out)
{
	int *n = stream;

	if (++*n > 3)
		return false;
	// One of them is larger than what the connection takes at once.
	for (int i = 0; *n == 2 && i < 100000; i++)
		buf_addc(out, 'x');
	buf_addf(out, "[%d]", *n);
	return true;
}

static void end_of_stream(void *stream)
{
	free(stream);
	atomic_fetch_add(&ended, 1);
}

static void answer(void *user, const struct site_request *request, struct site_answer *answer)
{
	const char *word = site_header(request, "X-Word"), *argument = site_argument(request, "a");

	assert_ptr_equal(user, &ended);
	answer->status = 200;
	site_add_header(answer, "X-Mine", "yes");
	if (request->too_long)
		answer->status = strcmp(request->path, "/mine") == 0 && !*request->body ? 413 : 404;
	if (answer->status != 200)
		return;
	if (strcmp(request->path, "/stream") == 0) {
		answer->more = count_to_three;
		answer->end = end_of_stream;
		answer->stream = calloc(1, sizeof(int));
	} else if (strcmp(request->path, "/fixed") == 0) {
		answer->text = "fixed text";
		answer->text_len = 5;
	} else {
		buf_addf(&answer->body, "%s %s %s %s %zu %s", request->method, request->path, word ? word : "-", argument ? argument : "-",
			 site_header_count(request, "x-word"), request->body);
	}
}

static struct site *begin(uint16_t *ret_port)
{
	const struct site_options options = {
		.address = "127.0.0.1", .connections = 8, .idle_s = 20, .body_max = 64, .handler = answer, .user = &ended};
	struct err err = ERR_INIT;
	struct site *site;

	assert_int_equal(site_start(&options, &site, ret_port, &err), 0);
	return site;
}

static char *exchange(uint16_t port, const char *request)
{
	const struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct timeval limit = {.tv_sec = 20};
	_cleanup_buf_ struct buf got = BUF_INIT(1024 * 1024);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char piece[4096], *copy;
	ssize_t n;

	assert_true(fd >= 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(connect(fd, (const struct sockaddr *)&where, sizeof(where)), 0);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	while ((n = recv(fd, piece, sizeof(piece), 0)) > 0)
		buf_append(&got, piece, (size_t)n);
	(void)close(fd);
	copy = strdup(buf_str(&got));
	assert_non_null(copy);
	return copy;
}

static void assert_answer(uint16_t port, const char *request, const char *begins, const char *contains)
{
	char *got = exchange(port, request);

	if (strncmp(got, begins, strlen(begins)) != 0 || !strstr(got, contains))
		fail_msg("'%s' was answered by '%.300s'", request, got);
	free(got);
}

#define END "Host: x\r\nConnection: close\r\n\r\n"

static void test_requests(void **state)
{
	uint16_t port;
	struct site *site = begin(&port);

	(void)state;
	assert_answer(port, "GET /a/b?a=1%202&b HTTP/1.1\r\nX-Word: w\r\nX-Word: v\r\n" END, "HTTP/1.1 200 ", "\r\n\r\nGET /a/b w 1 2 2 ");
	assert_answer(port, "GET / HTTP/1.1\r\n" END, "HTTP/1.1 200 ", "X-Mine: yes\r\n");
	assert_answer(port, "GET /fixed HTTP/1.1\r\n" END, "HTTP/1.1 200 ", "\r\n\r\nfixed");
	assert_answer(port, "POST / HTTP/1.1\r\nContent-Length: 4\r\n" END "body", "HTTP/1.1 200 ", "POST / - - 0 body");
	site_stop(site);
}

// Who may ask is the handler's to judge, whatever was sent.
static void test_a_long_body(void **state)
{
	static const char *const answers[][2] = {{"/mine", "HTTP/1.1 413 "}, {"/", "HTTP/1.1 404 "}};
	uint16_t port;
	struct site *site = begin(&port);

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		char request[512] = "";

		(void)snprintf(request, sizeof(request), "POST %s HTTP/1.1\r\nContent-Length: 65\r\n" END, answers[i][0]);
		(void)snprintf(request + strlen(request), 66, "%065d", 0);
		assert_answer(port, request, answers[i][1], "X-Mine: yes\r\n");
	}
	site_stop(site);
}

static void test_a_stream(void **state)
{
	uint16_t port;
	struct site *site = begin(&port);
	char *got = exchange(port, "GET /stream HTTP/1.1\r\n" END);
	size_t n = 0;

	(void)state;
	for (const char *c = strstr(got, "\r\n\r\n"); *c; c++)
		n += *c == 'x';
	assert_int_equal(n, 100000);
	assert_non_null(strstr(got, "[1]"));
	assert_non_null(strstr(got, "[3]"));
	free(got);
	site_stop(site);
	assert_int_equal(atomic_load(&ended), 1);
}

static void test_no_address(void **state)
{
	struct site_options options = {.address = "localhost", .handler = answer};
	struct err err = ERR_INIT;
	struct site *site;
	uint16_t port;

	(void)state;
	assert_int_equal(site_start(&options, &site, &port, &err), ERR_INVALID);
	assert_string_equal(err.text, "address 'localhost' is no IPv4 address");
	site_stop(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_requests), cmocka_unit_test(test_a_long_body), cmocka_unit_test(test_a_stream),
						  cmocka_unit_test(test_no_address)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
