// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The backend of the public testkit: testkit_backend --port PORT [--ca-dir FOLDER]
//
// Listens on loopback, one connection a test, one thread a connection, and does with the library (bolt/driver.h, bolt/session.h, bolt/result.h and no
// other part of it) what testkit asks for. Ends on SIGTERM.

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "test/testkit/talk.h"

static volatile sig_atomic_t ended;
static atomic_int talking;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

struct connection {
	int fd;
	const char *ca_dir;
};

static void *serve(void *user)
{
	_cleanup_free_ struct connection *connection = user;
	struct err err = ERR_INIT;
	struct talk talk;
	sigset_t signals;

	// The end is for the thread that accepts.
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	talk_init(&talk, connection->fd, connection->ca_dir);
	if (talk_run(&talk, &err) < 0)
		log_warning("a conversation broke off", "error", err.text);
	talk_deinit(&talk);
	talking--;
	return NULL;
}

static int listen_on(uint16_t port)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0) {
		perror("cannot listen");
		exit(1);
	}
	return fd;
}

static void take(int listener, const char *ca_dir)
{
	struct connection *connection = malloc(sizeof(*connection));
	pthread_t thread;

	if (!connection)
		abort();
	*connection = (struct connection){.fd = accept(listener, NULL, NULL), .ca_dir = ca_dir};
	if (connection->fd < 0) {
		free(connection);
		return;
	}
	talking++;
	if (pthread_create(&thread, NULL, serve, connection) != 0)
		abort();
	(void)pthread_detach(thread);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"port", required_argument, NULL, 'p'}, {"ca-dir", required_argument, NULL, 'c'}, {0}};
	const struct sigaction on_end = {.sa_handler = end};
	const char *ca_dir = ".";
	uint16_t port = 9876;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (option == 'p')
			port = (uint16_t)strtoul(optarg, NULL, 10);
		else if (option == 'c')
			ca_dir = optarg;
		else
			return 2;
	(void)sigaction(SIGTERM, &on_end, NULL);
	const int listener = listen_on(port);

	(void)printf("listening on 127.0.0.1:%u\n", (unsigned)port);
	(void)fflush(stdout);
	while (!ended)
		take(listener, ca_dir);
	(void)close(listener);
	// Memory of a conversation in the middle of a call is no leak, but would be reported as one.
	if (talking > 0)
		_exit(0);
	return 0;
}
