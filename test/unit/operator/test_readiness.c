// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "operator/manifest/readiness.h"

// One connection: what the probe said, and what it is answered.
struct peer {
	int listener;
	unsigned char asked[512];
	size_t n_asked, want;
	const char *answer;
	size_t n_answer;
};

static void *serve(void *user)
{
	struct peer *peer = user;
	int fd = accept(peer->listener, NULL, NULL);

	while (peer->n_asked < peer->want) {
		ssize_t n = read(fd, peer->asked + peer->n_asked, sizeof(peer->asked) - peer->n_asked);

		if (n <= 0)
			break;
		peer->n_asked += (size_t)n;
	}
	if (write(fd, peer->answer, peer->n_answer) < 0)
		perror("write");
	(void)close(fd);
	return NULL;
}

static int listen_on(int *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

// The exit status of the script, in a container with a certificate or without one.
static int run(bool tls, int port)
{
	struct arena *arena = arena_new();
	const char *script = readiness_script(), *number = arena_printf(arena, "%d", port);
	char folder[] = "/tmp/probe.XXXXXX";
	const char *certificate;
	int status = -1;
	pid_t child;

	assert_non_null(mkdtemp(folder));
	certificate = arena_printf(arena, "%s/tls.crt", folder);
	if (tls)
		(void)close(creat(certificate, 0600));
	child = fork();
	if (child == 0) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(126);
		if (!freopen("/dev/null", "w", stderr))
			_exit(126);
		(void)execlp("bash", "bash", "-c", script, "bash", number, folder, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	(void)unlink(certificate);
	(void)rmdir(folder);
	arena_free(arena);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int probe(bool tls, struct peer *peer)
{
	pthread_t thread;
	int port, result;

	peer->listener = listen_on(&port);
	assert_int_equal(pthread_create(&thread, NULL, serve, peer), 0);
	result = run(tls, port);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(peer->listener);
	return result;
}

static const struct {
	const char *answer;
	size_t len;
	int result;
} bolt[] = {
	{"\x00\x00\x08\x05", 4, 0}, {"\x00\x00\x00\x06", 4, 0}, {"\x00\x00\x04\x04", 4, 0},
	{"\x00\x00\x00\x00", 4, 1}, {"HTTP", 4, 1},		{"\x00\x00\x08", 3, 1},
	{"", 0, 1},		    {"\x15\x03\x03\x00", 4, 1},
};

// B5.
static void test_bolt(void **state)
{
	static const unsigned char request[] = "\x60\x60\xb0\x17\x00\x00\x00\x06\x00\x08\x08\x05\x00\x00\x04\x04\x00\x00\x00";

	(void)state;
	for (size_t i = 0; i < sizeof(bolt) / sizeof(bolt[0]); i++) {
		struct peer peer = {.want = 20, .answer = bolt[i].answer, .n_answer = bolt[i].len};

		if (probe(false, &peer) != bolt[i].result)
			fail_msg("answer %zu", i);
		assert_int_equal(peer.n_asked, 20);
		assert_memory_equal(peer.asked, request, 20);
	}
}

static void test_tls(void **state)
{
	static const struct {
		const char *answer;
		int result;
	} cases[] = {{"\x16\x03\x03\x00\x7a", 0}, {"\x16\x03\x01\x00\x7a", 0}, {"\x15\x03\x03\x00\x02", 1}, {"HTTP/", 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct peer peer = {.want = 167, .answer = cases[i].answer, .n_answer = 5};

		assert_int_equal(probe(true, &peer), cases[i].result);
		assert_int_equal(peer.n_asked, 167);
		// A record of the length it says, with a ClientHello of the length it says.
		assert_int_equal(peer.asked[0], 0x16);
		assert_int_equal((peer.asked[3] << 8) + peer.asked[4], 167 - 5);
		assert_int_equal(peer.asked[5], 1);
		assert_int_equal((peer.asked[7] << 8) + peer.asked[8], 167 - 9);
	}
}

static void test_refused(void **state)
{
	int port, fd = listen_on(&port);

	(void)state;
	(void)close(fd);
	assert_int_equal(run(false, port), 1);
	assert_int_equal(run(true, port), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bolt),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
