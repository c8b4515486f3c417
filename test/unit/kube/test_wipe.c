// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// D8, E3: what a Secret holds, and what its annotations quote of it, is in no memory of this process once it was dealt with.
// The server is another process, and the word that is looked for stands nowhere in this one: it is kept in a cipher.

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

// Where memory is searched: not read in place, which a sanitizer would not have.
static unsigned char window[64 * 1024 + WORD_SIZE];

static bool is_word(const unsigned char *at)
{
	for (size_t i = 0; i < WORD_SIZE; i++) {
		if ((at[i] ^ CIPHER) != word[i])
			return false;
	}
	return true;
}

static size_t search_mapping(FILE *memory, uintptr_t from, uintptr_t to, const char *name)
{
	size_t found = 0;

	for (; from < to; from += sizeof(window) - WORD_SIZE) {
		size_t len = to - from < sizeof(window) ? to - from : sizeof(window);

		// The window itself has what the search has just seen.
		if (from < (uintptr_t)window + sizeof(window) && from + len > (uintptr_t)window)
			continue;
		if (fseeko(memory, (off_t)from, SEEK_SET) != 0 || fread(window, 1, len, memory) != len)
			return found;
		for (size_t i = 0; i + WORD_SIZE <= len; i++) {
			if (!is_word(window + i))
				continue;
			print_message("found at %p in %s", (void *)(from + i), *name ? name : "an anonymous mapping\n");
			found++;
		}
		explicit_bzero(window, sizeof(window));
	}
	return found;
}

// How often the word stands in writable memory.
static size_t search(void)
{
	FILE *maps = fopen("/proc/self/maps", "r"), *memory = fopen("/proc/self/mem", "r");
	unsigned long from, to;
	char line[512], mode[8];
	size_t found = 0;
	int name;

	assert_true(maps && memory);
	(void)setvbuf(memory, NULL, _IONBF, 0);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %n", &from, &to, mode, &name) < 3)
			continue;
		if (mode[0] == 'r' && mode[1] == 'w' && to - from <= MAPPING_MAX)
			found += search_mapping(memory, from, to, line + name);
	}
	(void)fclose(maps);
	(void)fclose(memory);
	return found;
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
