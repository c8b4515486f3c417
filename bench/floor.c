// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The floor that the operator is measured against: the same calls, through the same client, by a bare loop.
//
//   bench_floor KUBECONFIG replay THREADS FIRST COUNT < CALLS   the calls for each of COUNT names; as many names at a time as threads
//   bench_floor KUBECONFIG lists < COLLECTIONS                  each collection page by page, all at the same time, unread
//
// A call is a line of fields with tabs between them: what ("apply", "try", "merge", "get", "secret", "create"), group, version, plural,
// namespace, name, subresource, body; "@N@" stands for the name (c0007), "@U@" for the uid that the first apply has answered. One
// to a server is "bolt", what (exchange.h), password, token; its address is that of a line before the calls: "address", name,
// address. A collection: group, version, plural, label selector. Prints one line of JSON.

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "bench/exchange.h"
#include "kube/client.h"
#include "kube/head.h"
#include "kube/path.h"

#define CALLS_MAX 64
#define ADDRESSES_MAX 10000
#define ADDRESS_SIZE 46
#define THREADS_MAX 64
#define FIELDS 8
#define PAGE_MAX ((size_t)256 * 1024 * 1024)

enum { WHAT, GROUP, VERSION, PLURAL, NAMESPACE, NAME, SUBRESOURCE, BODY };
enum { EXCHANGE = GROUP, PASSWORD, TOKEN };

struct line {
	char *fields[FIELDS];
};

struct floor {
	struct kube_client *client;
	struct line lines[CALLS_MAX];
	size_t n_lines;
	char addresses[ADDRESSES_MAX][ADDRESS_SIZE]; // by the number of the name
	_Atomic int next;
	int end;
	_Atomic long calls, failed, bytes;
};

static void die(const struct err *err)
{
	(void)fprintf(stderr, "bench_floor: %s\n", err->text);
	exit(1);
}

// The text with @N@ and @U@ replaced.
static char *fill(struct arena *arena, const char *text, const char *name, const char *uid)
{
	_cleanup_buf_ struct buf out = BUF_INIT(1024 * 1024);

	while (*text) {
		bool is_name = strncmp(text, "@N@", 3) == 0, is_uid = strncmp(text, "@U@", 3) == 0;

		if (is_name || is_uid) {
			buf_add(&out, is_name ? name : uid);
			text += 3;
		} else {
			buf_addc(&out, *text++);
		}
	}
	return arena_strdup(arena, buf_str(&out));
}

static int perform(struct floor *floor, const struct line *line, struct kube_name name, const char *body, struct kube_object **ret,
		   struct err *err)
{
	const struct kube_resource resource = {.group = line->fields[GROUP],
					       .version = line->fields[VERSION],
					       .plural = line->fields[PLURAL],
					       .namespaced = true};
	const char *what = line->fields[WHAT], *subresource = *line->fields[SUBRESOURCE] ? line->fields[SUBRESOURCE] : NULL;
	bool dry = strcmp(what, "try") == 0;
	struct kube_apply_options options = {.subresource = subresource, .field_manager = "floor", .force = true, .dry_run = dry};

	if (dry || strcmp(what, "apply") == 0)
		return kube_apply(floor->client, &resource, name, body, &options, ret, err);
	if (strcmp(what, "merge") == 0)
		return kube_patch(floor->client, &resource, name, subresource, KUBE_PATCH_MERGE, body, ret, err);
	if (strcmp(what, "create") == 0)
		return kube_create(floor->client, &resource, name.namespace, body, ret, err);
	if (strcmp(what, "secret") == 0)
		return kube_get_secret(floor->client, name, ret, err);
	return kube_get(floor->client, &resource, name, ret, err);
}

static int say(struct floor *floor, const struct line *line, int number, struct err *err)
{
	struct exchange exchange = {
		.address = floor->addresses[number], .password = line->fields[PASSWORD], .token = line->fields[TOKEN]};

	return exchange_perform(&exchange, line->fields[EXCHANGE], err);
}

static void replay_one(struct floor *floor, int number)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *name = arena_printf(arena, "c%04d", number), *uid = "";

	for (size_t i = 0; i < floor->n_lines; i++) {
		_cleanup_(kube_object_unrefp) struct kube_object *object = NULL;
		const struct line *line = &floor->lines[i];
		struct kube_name where = {.namespace = line->fields[NAMESPACE], .name = fill(arena, line->fields[NAME], name, uid)};
		struct err err = ERR_INIT;
		bool bolt = strcmp(line->fields[WHAT], "bolt") == 0;
		int r = bolt ? say(floor, line, number, &err)
			     : perform(floor, line, where, fill(arena, line->fields[BODY], name, uid), &object, &err);

		atomic_fetch_add(&floor->calls, 1);
		// That a child is not there yet is what the operator is told, too.
		if (r < 0 && r != ERR_NOT_FOUND) {
			atomic_fetch_add(&floor->failed, 1);
			(void)fprintf(stderr, "bench_floor: %s %s: %s\n", line->fields[WHAT], where.name, err.text);
		}
		if (i == 0 && object)
			uid = arena_strdup(arena, kube_object_uid(object));
	}
}

static void *replay(void *user)
{
	struct floor *floor = user;
	int number;

	while ((number = atomic_fetch_add(&floor->next, 1)) < floor->end)
		replay_one(floor, number);
	return NULL;
}

// The token of the next page, in token; false when this was the last.
static bool next_page(const struct buf *body, char token[4096])
{
	static const char key[] = "\"continue\":\"";
	const char *found = body->len ? memmem(body->data, body->len < 4096 ? body->len : 4096, key, strlen(key)) : NULL;

	if (!found)
		return false;
	(void)snprintf(token, 4096, "%.*s", (int)strcspn(found + strlen(key), "\""), found + strlen(key));
	return *token != '\0';
}

static bool list_page(struct floor *floor, const struct line *line, const struct buf *path, struct buf *ret_body)
{
	struct http_request request = {
		.method = "GET", .headers = {line->fields[NAMESPACE]}, .timeout_ms = 60000, .max_bytes = PAGE_MAX};
	_cleanup_(kube_head_release) struct kube_head head = {0};
	struct http_response response = {0};
	struct err err = ERR_INIT;

	if (kube_head_make(kube_client_config(floor->client), path, &head, &request, &err) < 0 ||
	    http_perform(kube_client_loop(floor->client), &request, &response, &err) < 0)
		die(&err);
	atomic_fetch_add(&floor->calls, 1);
	atomic_fetch_add(&floor->failed, response.status != 200);
	*ret_body = response.body;
	return response.status == 200;
}

static void *list(void *user)
{
	struct floor *floor = user;
	const struct line *line = &floor->lines[atomic_fetch_add(&floor->next, 1)];
	const struct kube_resource resource = {
		.group = line->fields[WHAT], .version = line->fields[GROUP], .plural = line->fields[VERSION], .namespaced = true};
	char token[4096] = "";
	bool more = true;

	while (more) {
		_cleanup_buf_ struct buf path = BUF_INIT(16384), body = BUF_INIT(1);

		kube_path(&path, &resource, NULL, NULL);
		kube_query(&path, "limit", "500");
		kube_query(&path, "labelSelector", *line->fields[PLURAL] ? line->fields[PLURAL] : NULL);
		kube_query(&path, "continue", *token ? token : NULL);
		more = list_page(floor, line, &path, &body) && next_page(&body, token);
		atomic_fetch_add(&floor->bytes, (long)body.len);
	}
	return NULL;
}

// "c0007", and where it is.
static void note_address(struct floor *floor, const struct line *line)
{
	long number = strtol(line->fields[1] + 1, NULL, 10);

	if (number >= 0 && number < ADDRESSES_MAX)
		(void)snprintf(floor->addresses[number], ADDRESS_SIZE, "%s", line->fields[2]);
}

static void read_lines(struct floor *floor)
{
	size_t size = 0;
	char *text = NULL;
	ssize_t n;

	while ((n = getline(&text, &size, stdin)) > 0 && floor->n_lines < CALLS_MAX) {
		char *rest = strdup(text);

		if (!rest)
			abort();
		rest[strcspn(rest, "\n")] = '\0';
		for (size_t i = 0; i < FIELDS; i++)
			floor->lines[floor->n_lines].fields[i] = rest ? strsep(&rest, "\t") : strdup("");
		if (strcmp(floor->lines[floor->n_lines].fields[WHAT], "address") == 0)
			note_address(floor, &floor->lines[floor->n_lines]);
		else
			floor->n_lines++;
	}
	free(text);
}

static void run(struct floor *floor, void *(*work)(void *user), int threads)
{
	int64_t started = clock_monotonic_ms(&clock_system), wall = clock_wall_ms(&clock_system);
	pthread_t thread[THREADS_MAX];

	for (int i = 0; i < threads; i++) {
		if (pthread_create(&thread[i], NULL, work, floor) != 0)
			abort();
	}
	for (int i = 0; i < threads; i++)
		(void)pthread_join(thread[i], NULL);
	(void)printf("{\"ms\": %lld, \"started_ms\": %lld, \"calls\": %ld, \"failed\": %ld, \"bytes\": %ld}\n",
		     (long long)(clock_monotonic_ms(&clock_system) - started), (long long)wall, atomic_load(&floor->calls),
		     atomic_load(&floor->failed), atomic_load(&floor->bytes));
}

static int number_of(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (end == text || *end || number < 0 || number >= ADDRESSES_MAX / 2) {
		(void)fprintf(stderr, "bench_floor: '%s' must be a number below 5000\n", text);
		exit(2);
	}
	return (int)number;
}

int main(int argc, char **argv)
{
	struct kube_config *config;
	static struct floor floor;
	struct err err = ERR_INIT;
	struct loop *loop;
	bool lists = argc == 3 && strcmp(argv[2], "lists") == 0;
	int threads;

	if (!lists && (argc != 6 || strcmp(argv[2], "replay") != 0)) {
		(void)fprintf(stderr, "usage: bench_floor KUBECONFIG replay THREADS FIRST COUNT, or bench_floor KUBECONFIG lists\n");
		return 2;
	}
	if (kube_config_load(argv[1], NULL, &config, &err) < 0 || loop_new(&loop, &err) < 0 ||
	    kube_client_new(config, loop, &floor.client, &err) < 0 || loop_start(loop, &err) < 0)
		die(&err);
	read_lines(&floor);
	threads = lists ? (int)floor.n_lines : number_of(argv[3]);
	if (!lists) {
		floor.next = number_of(argv[4]);
		floor.end = floor.next + number_of(argv[5]);
	}
	run(&floor, lists ? list : replay, threads < THREADS_MAX ? threads : THREADS_MAX);
	loop_stop(loop);
	kube_client_free(floor.client);
	loop_free(loop);
	kube_config_free(config);
	return floor.failed > 0;
}
