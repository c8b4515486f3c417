// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "bolt/dial.h"
#include "bolt/resolve.h"

// A name with several addresses, all of them on loopback. The linker puts getaddrinfo() here in the place of the C library's
// (--wrap), so that each address has a port of its own: one where somebody listens, one that refuses, one that is silent.

#define LIMIT 10000
#define SOON 400
#define ADDRESSES_MAX 40

// While it is locked, nobody is told an address. Those who ask are other threads, some of which come late; they only read.
static pthread_mutex_t silence = PTHREAD_MUTEX_INITIALIZER;

static struct {
	struct addrinfo items[ADDRESSES_MAX];
	struct sockaddr_in addresses[ADDRESSES_MAX];
	size_t n;
} book;

int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **ret);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **ret);
void __real_freeaddrinfo(struct addrinfo *list);
void __wrap_freeaddrinfo(struct addrinfo *list);

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	if (strcmp(host, "many") != 0 || (hints->ai_flags & AI_NUMERICHOST))
		return __real_getaddrinfo(host, service, hints, ret);
	(void)pthread_mutex_lock(&silence);
	(void)pthread_mutex_unlock(&silence);
	*ret = book.items;
	return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
	if (list != book.items)
		__real_freeaddrinfo(list);
}

// A listener on loopback with its address.
static int listen_at(struct sockaddr_in *ret, int backlog)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	if (backlog >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*ret = address;
	return fd;
}

struct world {
	int open, closed, silent;
	int filler[2]; // fill the silent one's queue: the kernel drops what comes then
	struct sockaddr_in at_open, at_closed, at_silent;
};

static void make_world(struct world *world)
{
	(void)pthread_mutex_lock(&silence);
	memset(&book, 0, sizeof(book));
	(void)pthread_mutex_unlock(&silence);
	world->open = listen_at(&world->at_open, 8);
	world->closed = listen_at(&world->at_closed, -1);
	world->silent = listen_at(&world->at_silent, 0);
	for (int i = 0; i < 2; i++) {
		world->filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)connect(world->filler[i], (struct sockaddr *)&world->at_silent, sizeof(world->at_silent));
	}
}

static void end_world(struct world *world)
{
	(void)close(world->open);
	(void)close(world->closed);
	(void)close(world->silent);
	(void)close(world->filler[0]);
	(void)close(world->filler[1]);
}

static void bind_book(void)
{
	for (size_t i = 0; i < book.n; i++) {
		book.items[i] = (struct addrinfo){
			.ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_addr = (struct sockaddr *)&book.addresses[i],
			.ai_addrlen = sizeof(book.addresses[i]), .ai_next = i + 1 < book.n ? &book.items[i + 1] : NULL};
	}
}

// o open, c closed (refuses), s silent
static void write_book(const struct world *world, const char *kinds)
{
	(void)pthread_mutex_lock(&silence);
	for (book.n = 0; kinds[book.n]; book.n++) {
		char kind = kinds[book.n];

		book.addresses[book.n] = kind == 'o' ? world->at_open : kind == 'c' ? world->at_closed : world->at_silent;
	}
	bind_book();
	(void)pthread_mutex_unlock(&silence);
}

static int try_dial(int64_t ms, struct err *err)
{
	const struct wait wait = {.deadline = deadline_in_ms(ms)};
	int fd = -1, r = dial("many", 7687, &wait, &fd, err);

	assert_int_equal(r, err->class);
	assert_int_equal(r == 0, fd >= 0);
	if (fd >= 0)
		(void)close(fd);
	return r;
}

static int lowest_free_fd(void)
{
	int fd = dup(0);

	(void)close(fd);
	return fd;
}

// An address that listens is found wherever it stands, quickly past those that refuse, and past a silent one before the deadline.
static void test_one_of_many(void **state)
{
	static const char *const books[] = {"o", "co", "ccco", "so", "sco", "cso", "sso", "os", "oc"};
	struct world world;

	(void)state;
	make_world(&world);
	for (size_t i = 0; i < sizeof(books) / sizeof(books[0]); i++) {
		int64_t started = clock_monotonic_ms(&clock_system);
		struct err err = ERR_INIT;
		int free_fd = lowest_free_fd();

		write_book(&world, books[i]);
		assert_int_equal(try_dial(LIMIT, &err), 0);
		assert_true(clock_monotonic_ms(&clock_system) - started < LIMIT / 2);
		assert_int_equal(lowest_free_fd(), free_fd);
	}
	end_world(&world);
}

static void test_none_of_many(void **state)
{
	struct world world;
	struct err err = ERR_INIT;
	int free_fd;

	(void)state;
	make_world(&world);
	free_fd = lowest_free_fd();
	write_book(&world, "ccc");
	assert_int_equal(try_dial(LIMIT, &err), ERR_IO);
	assert_string_equal(err.text, "many:7687: cannot connect: Connection refused");
	err_clear(&err);
	write_book(&world, "cs");
	assert_int_equal(try_dial(SOON, &err), ERR_TIMEOUT);
	assert_string_equal(err.text, "many:7687: no answer in time while connecting");
	assert_int_equal(lowest_free_fd(), free_fd);
	end_world(&world);
}

// More addresses than are tried: the rest is not looked at.
static void test_too_many(void **state)
{
	char kinds[ADDRESSES_MAX];
	struct world world;
	struct err err = ERR_INIT;

	(void)state;
	make_world(&world);
	memset(kinds, 'c', sizeof(kinds));
	kinds[WAIT_ITEMS_MAX] = 'o';
	kinds[sizeof(kinds) - 1] = '\0';
	write_book(&world, kinds);
	assert_int_equal(try_dial(LIMIT, &err), ERR_IO);
	end_world(&world);
}

// An address that cannot even be tried is one that failed.
static void test_unusable_address(void **state)
{
	struct world world;
	struct err err = ERR_INIT;

	(void)state;
	make_world(&world);
	write_book(&world, "oo");
	book.addresses[0].sin_addr.s_addr = htonl(INADDR_BROADCAST); // the kernel refuses at once
	assert_int_equal(try_dial(LIMIT, &err), 0);
	book.n = 1;
	bind_book();
	assert_int_equal(try_dial(LIMIT, &err), ERR_IO);
	end_world(&world);
}

static void test_unknown_name(void **state)
{
	const struct wait wait = {.deadline = deadline_in_ms(LIMIT)};
	struct err err = ERR_INIT;
	int fd;

	(void)state;
	assert_int_equal(dial("no such host", 7687, &wait, &fd, &err), ERR_IO);
	assert_non_null(strstr(err.text, "host 'no such host' is not known"));
}

static void test_cancelled(void **state)
{
	struct bolt_cancel *cancel = NULL;
	struct wait wait = {.deadline = DEADLINE_NEVER};
	struct world world;
	struct err err = ERR_INIT;
	int fd;

	(void)state;
	make_world(&world);
	assert_int_equal(bolt_cancel_new(&cancel, &err), 0);
	bolt_cancel_fire(cancel);
	wait.cancel = cancel;
	assert_int_equal(dial("127.0.0.1", ntohs(world.at_silent.sin_port), &wait, &fd, &err), ERR_CANCELLED);
	assert_non_null(strstr(err.text, ": cancelled while connecting"));
	bolt_cancel_free(cancel);
	end_world(&world);
}

// E4: the deadline and a cancellation hold while the name service is silent, and no descriptor stays.
static void test_silent_name_service(void **state)
{
	int64_t started = clock_monotonic_ms(&clock_system);
	struct wait wait = {.deadline = DEADLINE_NEVER};
	int fd, free_fd;
	struct bolt_cancel *cancel = NULL;
	struct world world;
	struct err err = ERR_INIT;

	(void)state;
	make_world(&world);
	write_book(&world, "o");
	free_fd = lowest_free_fd();
	(void)pthread_mutex_lock(&silence);
	assert_int_equal(try_dial(SOON, &err), ERR_TIMEOUT);
	assert_string_equal(err.text, "host 'many': no answer in time while looking up the name");
	assert_true(clock_monotonic_ms(&clock_system) - started < LIMIT);
	assert_int_equal(lowest_free_fd(), free_fd);
	err_clear(&err);
	assert_int_equal(bolt_cancel_new(&cancel, &err), 0);
	bolt_cancel_fire(cancel);
	wait.cancel = cancel;
	assert_int_equal(dial("many", 7687, &wait, &fd, &err), ERR_CANCELLED);
	assert_string_equal(err.text, "host 'many': cancelled while looking up the name");
	bolt_cancel_free(cancel);
	(void)pthread_mutex_unlock(&silence);
	err_clear(&err);
	assert_int_equal(try_dial(LIMIT, &err), 0);
	assert_int_equal(lowest_free_fd(), free_fd);
	end_world(&world);
}

// As many threads are left behind as may be, and no more. An address needs none.
static void test_silent_for_many(void **state)
{
	const struct wait wait = {.deadline = deadline_in_ms(LIMIT)};
	int fd;
	struct world world;
	struct err err = ERR_INIT;

	(void)state;
	make_world(&world);
	write_book(&world, "o");
	(void)pthread_mutex_lock(&silence);
	for (int i = 0; i < RESOLVE_LEFT_MAX; i++) {
		assert_int_equal(try_dial(1, &err), ERR_TIMEOUT);
		err_clear(&err);
	}
	assert_int_equal(try_dial(LIMIT, &err), ERR_TIMEOUT);
	assert_string_equal(err.text, "host 'many': the name service does not answer: 32 look-ups are waiting for it");
	err_clear(&err);
	assert_int_equal(dial("127.0.0.1", ntohs(world.at_open.sin_port), &wait, &fd, &err), 0);
	(void)close(fd);
	(void)pthread_mutex_unlock(&silence);
	// They leave when they were told.
	while (try_dial(LIMIT, &err) == ERR_TIMEOUT) {
		assert_true(deadline_left_ms(wait.deadline) > 0);
		err_clear(&err);
	}
	assert_false(err_is_set(&err));
	end_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_of_many),
		cmocka_unit_test(test_none_of_many),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_unusable_address),
		cmocka_unit_test(test_unknown_name),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_silent_name_service),
		cmocka_unit_test(test_silent_for_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
