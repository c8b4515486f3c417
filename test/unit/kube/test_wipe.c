// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// D8, E3: what a Secret holds, and what its annotations quote of it, is in no memory of this process once it was dealt with.
// The server is another process, and the word that is looked for stands nowhere in this one: it is kept in a cipher.

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "kube/informer.h"
#include "reach.h"

#define CIPHER 0x55
#define WORD_SIZE 20
#define MAPPING_MAX ((size_t)256 * 1024 * 1024) // beyond are a sanitizer's tables

// "aHVudGVyMi1odW50ZXIy" in the cipher.
static const unsigned char word[WORD_SIZE] = {
	'a' ^ CIPHER, 'H' ^ CIPHER, 'V' ^ CIPHER, 'u' ^ CIPHER, 'd' ^ CIPHER, 'G' ^ CIPHER, 'V' ^ CIPHER,
	'y' ^ CIPHER, 'M' ^ CIPHER, 'i' ^ CIPHER, '1' ^ CIPHER, 'o' ^ CIPHER, 'd' ^ CIPHER, 'W' ^ CIPHER,
	'5' ^ CIPHER, '0' ^ CIPHER, 'Z' ^ CIPHER, 'X' ^ CIPHER, 'I' ^ CIPHER, 'y' ^ CIPHER,
};

// The server's side, in a process of its own.

#define SECRET                                                                                                                    \
	"{\"metadata\":{\"namespace\":\"n\",\"name\":\"s\",\"resourceVersion\":\"%s\",\"annotations\":{\"a\":\"%s\"},"            \
	"\"managedFields\":[\"%s\"]},\"data\":{\"token\":\"%s\"}}"

static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	char plain[WORD_SIZE + 1] = "", object[1024], text[2048];
	bool watch = strstr(call->target, "watch=true");
	bool list = !watch && strstr(call->target, "limit=");

	(void)number;
	for (size_t i = 0; i < WORD_SIZE; i++)
		plain[i] = (char)(word[i] ^ CIPHER);
	(void)snprintf(object, sizeof(object), SECRET, watch ? "6" : "1", plain, plain, plain);
	if (watch)
		(void)snprintf(text, sizeof(text), "{\"type\":\"MODIFIED\",\"object\":%s}\n", object);
	else if (list)
		(void)snprintf(text, sizeof(text), "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[%s]}", object);
	else
		(void)snprintf(text, sizeof(text), "%s", object);
	if (!watch) {
		actor_answer(conn, 200, NULL, strstr(call->target, "/secrets") ? text : "{}");
		return;
	}
	actor_stream(conn);
	actor_write(conn, text);
	actor_silence(actor);
}

struct server {
	pid_t pid;
	int stop; // closed to end it
	unsigned port;
};

static struct server start_server(void)
{
	struct server server;
	int told[2], stop[2];

	assert_true(pipe(told) == 0 && pipe(stop) == 0);
	server.pid = fork();
	assert_true(server.pid >= 0);
	if (server.pid == 0) {
		struct actor *actor = actor_start(play, NULL);
		char byte;

		server.port = actor_port(actor);
		(void)close(stop[1]);
		if (write(told[1], &server.port, sizeof(server.port)) > 0)
			(void)!read(stop[0], &byte, 1);
		actor_stop(actor);
		_exit(0);
	}
	(void)close(stop[0]);
	(void)close(told[1]);
	assert_int_equal(read(told[0], &server.port, sizeof(server.port)), sizeof(server.port));
	(void)close(told[0]);
	server.stop = stop[1];
	return server;
}

static void stop_server(const struct server *server)
{
	(void)close(server->stop);
	(void)waitpid(server->pid, NULL, 0);
}

// Where memory is searched, a page at a time: not read in place, which a sanitizer would not have.
static unsigned char window[2 * 4096];

struct search {
	int memory, pages; // of /proc/self
	size_t found;
};

static bool is_word(const unsigned char *at)
{
	for (size_t i = 0; i < WORD_SIZE; i++) {
		if ((at[i] ^ CIPHER) != word[i])
			return false;
	}
	return true;
}

// Which of the 512 pages from here are in memory; a sanitizer's mappings are mostly not.
static void find_present(const struct search *search, uintptr_t from, bool *ret)
{
	uint64_t entries[512] = {0};
	ssize_t len = pread(search->pages, entries, sizeof(entries), (off_t)(from / 4096 * sizeof(entries[0])));

	assert_true(len > 0);
	for (size_t i = 0; i < 512; i++)
		ret[i] = entries[i] >> 62;
}

// A page and the beginning of the next, since the word may lie across.
static void search_page(struct search *search, uintptr_t from, const char *name)
{
	ssize_t len = pread(search->memory, window, 4096 + WORD_SIZE - 1, (off_t)from);
	const unsigned char *at = window;

	while (len >= WORD_SIZE && (at = memchr(at, word[0] ^ CIPHER, (size_t)(window + len - at)))) {
		if (at + WORD_SIZE <= window + len && is_word(at)) {
			print_message("found at %p in %s\n", (void *)(from + (uintptr_t)(at - window)), name);
			search->found++;
		}
		at++;
	}
	explicit_bzero(window, sizeof(window));
}

static void search_mapping(struct search *search, uintptr_t from, uintptr_t to, const char *name)
{
	bool present[512];

	for (size_t i = 0; from < to; from += 4096, i = (i + 1) % 512) {
		if (i == 0)
			find_present(search, from, present);
		// The window itself has what the search has just seen.
		if (from + 4096 + WORD_SIZE > (uintptr_t)window && from < (uintptr_t)window + sizeof(window))
			continue;
		if (present[i])
			search_page(search, from, name);
	}
}

// How often the word stands in writable memory.
static size_t search(void)
{
	struct search search = {.memory = open("/proc/self/mem", O_RDONLY), .pages = open("/proc/self/pagemap", O_RDONLY)};
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	char line[512], mode[8];

	assert_true(maps && search.memory >= 0 && search.pages >= 0);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 && mode[0] == 'r' && mode[1] == 'w' && to - from <= MAPPING_MAX)
			search_mapping(&search, from, to, strchr(line, '[') ? strchr(line, '[') : "an anonymous mapping");
	}
	(void)fclose(maps);
	(void)close(search.memory);
	(void)close(search.pages);
	return search.found;
}

static int told[2];

static void on_change(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous)
{
	(void)user, (void)resource, (void)object, (void)previous;
	(void)!write(told[1], "!", 1);
}

static void wait_change(void)
{
	struct pollfd fd = {.fd = told[0], .events = POLLIN};
	char byte;

	assert_int_equal(poll(&fd, 1, 20000), 1);
	assert_int_equal(read(told[0], &byte, 1), 1);
}

// The search finds what is there.
static void test_search(void **state)
{
	volatile char *plain = malloc(WORD_SIZE);

	(void)state;
	assert_int_equal(search(), 0);
	for (size_t i = 0; i < WORD_SIZE; i++)
		plain[i] = (char)(word[i] ^ CIPHER);
	assert_int_equal(search(), 1);
	for (size_t i = 0; i < WORD_SIZE; i++)
		plain[i] = 0;
	free((void *)(uintptr_t)plain);
	assert_int_equal(search(), 0);
}

static void test_secret_by_name(void **state)
{
	struct server server = start_server();
	struct kube_object *object = NULL;
	struct err err = ERR_INIT;
	struct reach reach;

	(void)state;
	reach_to_port(&reach, server.port);
	assert_int_equal(kube_get_secret(reach.client, (struct kube_name){"n", "s"}, &object, &err), 0);
	assert_true(search() > 0);
	kube_object_unref(object);
	assert_int_equal(search(), 0);
	reach_end(&reach);
	stop_server(&server);
}

static void test_metadata_watch(void **state)
{
	struct server server = start_server();
	struct kube_informer *informer = NULL;
	struct kube_informer_options options = {.resource = &kube_secrets, .metadata_only = true, .handler = on_change};
	struct err err = ERR_INIT;
	struct reach reach;

	(void)state;
	assert_int_equal(pipe(told), 0);
	reach_to_port(&reach, server.port);
	assert_int_equal(kube_informer_new(reach.client, &options, &informer, &err), 0);
	kube_informer_start(informer);
	wait_change();
	wait_change();
	// The watch goes on; the loop thread is done with the event when it has answered this.
	assert_int_equal(kube_get(reach.client, &kube_pods, (struct kube_name){"n", "p"}, NULL, &err), 0);
	assert_int_equal(search(), 0);
	loop_stop(reach.loop);
	kube_informer_free(informer);
	assert_int_equal(search(), 0);
	reach_end(&reach);
	stop_server(&server);
}

static int quiet(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_secret_by_name),
		cmocka_unit_test(test_metadata_watch),
	};

	return cmocka_run_group_tests(tests, quiet, NULL);
}
