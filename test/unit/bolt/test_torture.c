// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "bolt/link.h"
#include "test/unit/peer.h"
#include "test/unit/pki.h"

// Torture: the n-th system call of a link fails, for every n from the first to the last, in every way that it can. Each
// time there is an error, unless the link had its answer already, and nothing leaks: no descriptor, and under ASan no
// memory. What is no failure (a signal, a short read) changes nothing.
//
// The linker puts the functions below in the place of the C library's (--wrap). They count in the client's thread only. So
// that the n-th call is the same one in each run, data is never there before the client has waited for it, by poll() or in a recv()
// that sleeps, and the server sends what belongs together at once.

#define LIMIT 10000
#define CALLS_MAX 1000
#define QUERY_TEXT "RETURN 1 AS x"

enum way {
	BREAKS,	    // the call fails
	ENDS,	    // nothing more to read; other calls fail
	RUNS_LATE,  // poll() says that nothing came in time; other calls fail
	INTERRUPTS, // EINTR
	STUTTERS,   // one byte is read or written
	HESITATES,  // EAGAIN although poll() had said yes, or because a recv() had slept for long enough
	WAYS,
};

static _Thread_local struct {
	bool on;
	bool polls; // no recv() sleeps: the socket cannot be told for how long
	enum way way;
	unsigned n, calls;
	unsigned connects;
	bool hit;
	bool readable; // poll() has said so since the last recv()
} fault;

// Whether this is the call.
static bool strikes(void)
{
	if (!fault.on || ++fault.calls != fault.n)
		return false;
	fault.hit = true;
	return true;
}

static int fail_with(int errnum)
{
	errno = errnum;
	return -1;
}

int __real_socket(int domain, int type, int protocol);
int __real_connect(int fd, const struct sockaddr *address, socklen_t size);
int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t size);
int __real_poll(struct pollfd *items, nfds_t n, int timeout);
ssize_t __real_recv(int fd, void *data, size_t size, int flags);
ssize_t __real_send(int fd, const void *data, size_t size, int flags);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t size);
int __wrap_poll(struct pollfd *items, nfds_t n, int timeout);
ssize_t __wrap_recv(int fd, void *data, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags);

static bool is_harmless(enum way way)
{
	return way >= INTERRUPTS;
}

int __wrap_socket(int domain, int type, int protocol)
{
	if (strikes() && !is_harmless(fault.way))
		return fail_with(EMFILE);
	return __real_socket(domain, type, protocol);
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size)
{
	if (strikes() && !is_harmless(fault.way))
		return fail_with(ECONNREFUSED);
	fault.connects++;
	// Never at once, for the same reason.
	return __real_connect(fd, address, size) == 0 ? fail_with(EINPROGRESS) : -1;
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	if (fault.on && fault.polls && name == SO_RCVTIMEO)
		return fail_with(ENOPROTOOPT);
	return __real_setsockopt(fd, level, name, value, size);
}

int __wrap_poll(struct pollfd *items, nfds_t n, int timeout)
{
	if (strikes()) {
		switch (fault.way) {
		case RUNS_LATE:
			return 0;
		case INTERRUPTS:
			return fail_with(EINTR);
		case BREAKS:
		case ENDS:
			return fail_with(ENOMEM);
		default:
			break;
		}
	}
	fault.readable = items->events & POLLIN;
	return __real_poll(items, n, timeout);
}

ssize_t __wrap_recv(int fd, void *data, size_t size, int flags)
{
	bool readable = fault.readable || !fault.on || !(flags & MSG_DONTWAIT);

	fault.readable = false;
	if (!strikes())
		return readable ? __real_recv(fd, data, size, flags) : fail_with(EAGAIN);
	switch (fault.way) {
	case ENDS:
		return 0;
	case INTERRUPTS:
		return fail_with(EINTR);
	case STUTTERS:
		return __real_recv(fd, data, 1, flags);
	case HESITATES:
		return fail_with(EAGAIN);
	default:
		return fail_with(ECONNRESET);
	}
}

ssize_t __wrap_send(int fd, const void *data, size_t size, int flags)
{
	assert_true(flags & MSG_NOSIGNAL);
	if (!strikes())
		return __real_send(fd, data, size, flags);
	switch (fault.way) {
	case INTERRUPTS:
		return fail_with(EINTR);
	case STUTTERS:
		return __real_send(fd, data, 1, flags);
	case HESITATES:
		return fail_with(EAGAIN);
	default:
		return fail_with(EPIPE);
	}
}

// Answers whatever comes, until the client is gone: a query with a row, a query that fails, RESET.
static void serve(struct peer *peer, void *user)
{
	const struct bolt_value field = bolt_string("x"), row = bolt_int(7);
	const struct bolt_entry meta[] = {{"fields", bolt_list(&field, 1)}};
	struct bolt_value message;
	bool failed = false, fails = false;
	const bool *one_flight = user;

	if (!peer_handshake(peer, 5, 8))
		return;
	peer_cork(peer, true);
	while (peer_read(peer, &message) && message.tag != PEER_GOODBYE) {
		fails = message.tag == PEER_RUN && strcmp(message.items[0].string, QUERY_TEXT) != 0;
		failed = message.tag != PEER_RESET && (failed || fails);
		if (fails)
			(void)peer_failure(peer, "Neo.ClientError.Statement.SyntaxError", "bad");
		else if (failed)
			(void)peer_ignored(peer);
		else if (message.tag == PEER_PULL)
			(void)(peer_record(peer, &row, 1) && peer_success(peer, NULL, 0));
		else
			(void)peer_success(peer, meta, 1);
		// The client sends HELLO and LOGON together, or with BEGIN; and RUN and PULL.
		if (message.tag == (*one_flight ? PEER_BEGIN : PEER_LOGON) || message.tag == PEER_PULL || message.tag == PEER_RESET) {
			peer_cork(peer, false);
			peer_cork(peer, true);
		}
	}
}

static int ask(struct bolt_link *link, const char *text, struct arena *arena, struct err *err)
{
	const struct bolt_query query = {.text = text};
	struct bolt_table result;
	int r = bolt_link_query(link, &query, deadline_in_ms(LIMIT), arena, &result, err);

	if (r == 0)
		assert_int_equal(bolt_as_int(bolt_table_get(&result, 0, "x"), 0), 7);
	return r;
}

// Opens, asks, fails, asks, closes. The outcome is what the last question gave, or what came before.
static int whole_link(const struct bolt_target *target, struct err *err)
{
	const struct bolt_auth auth = {.user = "neo4j", .password = "secret"};
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	int r = bolt_link_open(target, &auth, deadline_in_ms(LIMIT), &link, err);

	if (r < 0)
		return r;
	r = ask(link, QUERY_TEXT, arena, err);
	if (r < 0)
		return r;
	r = ask(link, "oops", arena, err);
	if (r != ERR_SERVER)
		return r;
	err_clear(err);
	return ask(link, QUERY_TEXT, arena, err);
}

// The same by requests and events, BEGIN in one flight with the login; then RESET.
static int whole_flight(const struct bolt_target *target, struct err *err)
{
	const struct bolt_auth auth = {.user = "neo4j", .password = "secret"};
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct conn_event event = {0};
	int r = bolt_link_begin(target, &auth, deadline_in_ms(LIMIT), &link, err);

	if (r == 0)
		r = conn_begin(bolt_link_conn(link), &(struct conn_tx){0}, err);
	if (r == 0)
		r = bolt_link_next(link, deadline_in_ms(LIMIT), arena, &event, err);
	if (r == 0)
		r = conn_run(bolt_link_conn(link), &(struct conn_run){.text = QUERY_TEXT}, err);
	if (r == 0)
		r = conn_pull(bolt_link_conn(link), CONN_ALL, CONN_LAST, err);
	while (r == 0 && !(event.type == CONN_SUCCESS && event.request == CONN_PULL))
		r = bolt_link_next(link, deadline_in_ms(LIMIT), arena, &event, err);
	return r == 0 ? bolt_link_reset(link, deadline_in_ms(LIMIT), err) : r;
}

struct course {
	int (*run)(const struct bolt_target *target, struct err *err);
	bool one_flight, polls;
	unsigned calls; // more than so many
};

static int lowest_free_fd(void)
{
	int fd = fcntl(0, F_DUPFD_CLOEXEC, 3);

	(void)close(fd);
	return fd;
}

// Whether the fault was hit at all; when not, n is beyond the last call.
static bool run(struct course *course, enum way way, unsigned n, const struct peer_tls *tls, int *ret_r)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	int fd = lowest_free_fd();
	struct peer_server *server = peer_server_start(serve, &course->one_flight, tls);
	struct bolt_target target = {
		.host = "127.0.0.1", .port = peer_server_port(server), .user_agent = "test/1",
		.tls = tls ? BOLT_TLS_VERIFY : BOLT_TLS_NONE, .ca_pem = tls ? pki_certificate_pem(tls->identity->certificate, arena) : NULL};
	struct err err = ERR_INIT;
	bool hit;

	memset(&fault, 0, sizeof(fault));
	fault.way = way;
	fault.n = n;
	fault.polls = course->polls;
	fault.on = true;
	*ret_r = course->run(&target, &err);
	fault.on = false;
	hit = fault.hit;
	peer_server_stop(server, fault.connects);
	assert_int_equal(*ret_r, err.class);
	assert_int_equal(*ret_r < 0, err.text[0] != '\0');
	assert_int_equal(lowest_free_fd(), fd);
	return hit;
}

static void torture(struct course *course, const struct peer_tls *tls)
{
	for (enum way way = 0; way < WAYS; way++) {
		unsigned n = 1;
		bool answered = false;
		int r;

		for (; n < CALLS_MAX && run(course, way, n, tls, &r); n++) {
			if (is_harmless(way))
				assert_int_equal(r, 0);
			else if (answered)
				fail_msg("more than GOODBYE comes behind the last answer");
			else if (r < 0)
				assert_true(r == ERR_IO || r == ERR_TIMEOUT || r == ERR_INTERNAL);
			else
				answered = true;
		}
		// n is beyond the last call.
		assert_int_equal(r, 0);
		assert_true(n > course->calls && n < CALLS_MAX);
		assert_true(is_harmless(way) || answered);
	}
}

// There are socket, connect, the handshake, HELLO and LOGON, three queries and a RESET, with a send and a recv each at least, and
// GOODBYE. Or a handshake, two flights and a RESET, with a send and a recv each at least, and GOODBYE.
static struct course courses[] = {
	{.run = whole_link, .calls = 14},
	{.run = whole_link, .polls = true, .calls = 14},
	{.run = whole_flight, .one_flight = true, .calls = 10},
	{.run = whole_flight, .one_flight = true, .polls = true, .calls = 10},
};

static void torture_all(const struct peer_tls *tls)
{
	for (size_t i = 0; i < sizeof(courses) / sizeof(courses[0]); i++)
		torture(&courses[i], tls);
}

static void test_plain(void **state)
{
	(void)state;
	torture_all(NULL);
}

static void test_tls(void **state)
{
	struct pki pki = pki_make(NULL, "IP:127.0.0.1", -1, 30);
	const struct peer_tls tls = {.identity = &pki, .no_tickets = true};

	(void)state;
	torture_all(&tls);
	pki_free(&pki);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
