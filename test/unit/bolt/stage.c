// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "test/unit/bolt/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "bolt/chunk.h"
#include "bolt/pack.h"

#define MESSAGE_MAX ((size_t)16 * 1024 * 1024)
#define TOLD_MAX ((size_t)4 * 1024 * 1024)
#define CONNECTIONS_MAX 1024
#define RULES_MAX 64
#define WAIT_S 20

static const struct {
	uint8_t tag;
	const char *name;
} messages[] = {
	{0x01, "HELLO"}, {0x6A, "LOGON"},    {0x6B, "LOGOFF"}, {0x54, "TELEMETRY"}, {0x02, "GOODBYE"}, {0x0F, "RESET"},	   {0x10, "RUN"},
	{0x3F, "PULL"},	 {0x2F, "DISCARD"},  {0x11, "BEGIN"},  {0x12, "COMMIT"},    {0x13, "ROLLBACK"}, {0x66, "ROUTE"},
};

static const struct stage_rule usual[] = {
	{"HELLO", 0, "SUCCESS {\"server\":\"Neo4j/5.26.0\",\"connection_id\":\"bolt-1\",\"hints\":{\"telemetry.enabled\":true}}"},
	{"RUN", 0, "SUCCESS {\"fields\":[\"x\"]}"},
	{"PULL", 0, "RECORD [1]\nSUCCESS {\"type\":\"r\"}"},
	{"COMMIT", 0, "SUCCESS {\"bookmark\":\"mark-%P\"}"},
	{"GOODBYE", 0, "CLOSE"},
	{"", 0, "SUCCESS {}"},
};

struct stage_rules {
	const struct stage_rule *rule;
	unsigned used;
};

struct stage {
	int fd;
	uint16_t port;
	unsigned major, minor;
	pthread_t thread;
	pthread_mutex_t lock; // of what is below
	pthread_cond_t told_more;
	struct stage_rules rules[RULES_MAX];
	size_t n_rules;
	uint16_t other;
	struct buf told;
	size_t asserted; // bytes of told
	pthread_t threads[CONNECTIONS_MAX];
	int fds[CONNECTIONS_MAX]; // -1: closed
	unsigned n, n_open;
};

struct actor {
	struct stage *stage;
	unsigned index;
	int fd;
	bool failed, gone;
};

static bool receive(int fd, void *data, size_t size)
{
	char *bytes = data;

	while (size > 0) {
		ssize_t n = read(fd, bytes, size);

		if (n <= 0)
			return false;
		bytes += n;
		size -= (size_t)n;
	}
	return true;
}

static void transmit(struct actor *actor, const void *data, size_t size)
{
	const char *bytes = data;

	while (size > 0 && !actor->gone) {
		ssize_t n = send(actor->fd, bytes, size, MSG_NOSIGNAL);

		if (n <= 0) {
			actor->gone = true;
			return;
		}
		bytes += n;
		size -= (size_t)n;
	}
}

static void render(const struct bolt_value *v, struct buf *out)
{
	switch (v->type) {
	case BOLT_BOOL:
		buf_add(out, v->boolean ? "true" : "false");
		break;
	case BOLT_INT:
		buf_addf(out, "%lld", (long long)v->integer);
		break;
	case BOLT_FLOAT:
		buf_addf(out, "%g", v->number);
		break;
	case BOLT_STRING:
		buf_addf(out, "\"%s\"", v->string);
		break;
	case BOLT_LIST:
		buf_addc(out, '[');
		for (uint32_t i = 0; i < v->size; i++) {
			buf_add(out, i ? "," : "");
			render(&v->items[i], out);
		}
		buf_addc(out, ']');
		break;
	case BOLT_MAP:
		buf_addc(out, '{');
		for (uint32_t i = 0; i < v->size; i++) {
			buf_addf(out, "%s\"%s\":", i ? "," : "", v->entries[i].key);
			render(&v->entries[i].value, out);
		}
		buf_addc(out, '}');
		break;
	default:
		buf_add(out, v->type == BOLT_NULL ? "null" : "?");
	}
}

static struct bolt_value from_json(yyjson_val *json, struct arena *arena)
{
	size_t n = yyjson_get_len(json), at, max;
	yyjson_val *key, *item;

	if (yyjson_is_arr(json)) {
		struct bolt_value *items = arena_new_array(arena, struct bolt_value, n);

		yyjson_arr_foreach(json, at, max, item)
			items[at] = from_json(item, arena);
		return bolt_list(items, (uint32_t)n);
	}
	if (yyjson_is_obj(json)) {
		struct bolt_entry *entries = arena_new_array(arena, struct bolt_entry, n);

		yyjson_obj_foreach(json, at, max, key, item)
			entries[at] = (struct bolt_entry){yyjson_get_str(key), from_json(item, arena)};
		return bolt_map(entries, (uint32_t)n);
	}
	if (yyjson_is_bool(json))
		return bolt_bool(yyjson_get_bool(json));
	if (yyjson_is_int(json))
		return bolt_int(yyjson_get_sint(json));
	if (yyjson_is_real(json))
		return bolt_float(yyjson_get_real(json));
	return yyjson_is_str(json) ? bolt_string(yyjson_get_str(json)) : bolt_null();
}

static void say(struct actor *actor, uint8_t tag, const struct bolt_value *field)
{
	_cleanup_buf_ struct buf message = BUF_INIT(MESSAGE_MAX), chunks = BUF_INIT(2 * MESSAGE_MAX);

	pack_struct(&message, tag, field ? 1 : 0);
	if (field)
		pack_value(&message, field);
	chunk_write(&chunks, &message);
	transmit(actor, chunks.data, chunks.len);
}

static void say_json(struct actor *actor, uint8_t tag, const char *text, struct arena *arena)
{
	struct bolt_value value = from_json(json_parse(arena, text, strlen(text)), arena);

	say(actor, tag, &value);
}

static void say_failure(struct actor *actor, char *text)
{
	bool gql = actor->stage->major > 5 || actor->stage->minor >= 7;
	char *message = strchr(text, ' ');
	struct bolt_entry entries[4] = {{"gql_status", bolt_string("01N00")}, {"description", bolt_string("described")}};
	struct bolt_value map = bolt_map(gql ? entries : entries + 2, gql ? 4 : 2);

	if (message)
		*message++ = '\0';
	entries[2] = (struct bolt_entry){gql ? "neo4j_code" : "code", bolt_string(text)};
	entries[3] = (struct bolt_entry){"message", bolt_string(message ? message : "")};
	actor->failed = true;
	say(actor, 0x7F, &map);
}

// The ports come into the text.
static char *fill_in(const struct stage *stage, const char *text, struct arena *arena)
{
	_cleanup_buf_ struct buf out = BUF_INIT(MESSAGE_MAX);

	while (*text) {
		size_t n = strcspn(text + 1, "%") + 1;

		if (*text == '%' && (text[1] == 'P' || text[1] == 'Q')) {
			buf_addf(&out, "%u", text[1] == 'P' ? stage->port : stage->other);
			n = 2;
		} else {
			buf_append(&out, text, n);
		}
		text += n;
	}
	return arena_strdup(arena, buf_str(&out));
}

static void reply(struct actor *actor, char *lines, struct arena *arena)
{
	char drop[256];

	for (char *line = lines, *next; line && !actor->gone; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (strncmp(line, "SUCCESS ", 8) == 0)
			say_json(actor, 0x70, line + 8, arena);
		else if (strncmp(line, "RECORD ", 7) == 0)
			say_json(actor, 0x71, line + 7, arena);
		else if (strncmp(line, "FAILURE ", 8) == 0)
			say_failure(actor, line + 8);
		else if (strcmp(line, "IGNORED") == 0)
			say(actor, 0x7E, NULL);
		else if (strcmp(line, "HANG") == 0)
			while (read(actor->fd, drop, sizeof(drop)) > 0)
				;
		if (strcmp(line, "HANG") == 0 || strcmp(line, "CLOSE") == 0)
			actor->gone = true;
	}
}

static const char *find_rule(struct stage *stage, const char *message)
{
	for (size_t i = 0; i < stage->n_rules; i++) {
		struct stage_rules *rule = &stage->rules[i];

		if (strncmp(message, rule->rule->message, strlen(rule->rule->message)) != 0 ||
		    (rule->rule->times && rule->used == rule->rule->times))
			continue;
		rule->used++;
		return rule->rule->replies;
	}
	return NULL;
}

static void answer(struct actor *actor, const struct bolt_value *message, struct arena *arena)
{
	struct stage *stage = actor->stage;
	_cleanup_buf_ struct buf text = BUF_INIT(MESSAGE_MAX);
	const char *replies = NULL;

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (messages[i].tag == message->tag)
			buf_add(&text, messages[i].name);
	}
	for (uint32_t i = 0; i < message->size; i++) {
		buf_addc(&text, ' ');
		render(&message->items[i], &text);
	}
	if (message->tag == 0x0F)
		actor->failed = false;
	(void)pthread_mutex_lock(&stage->lock);
	buf_addf(&stage->told, "%s\n", buf_str(&text));
	if (!actor->failed)
		replies = find_rule(stage, buf_str(&text));
	(void)pthread_cond_broadcast(&stage->told_more);
	(void)pthread_mutex_unlock(&stage->lock);
	if (actor->failed && message->tag != 0x02)
		say(actor, 0x7E, NULL);
	else
		reply(actor, fill_in(stage, replies ? replies : "CLOSE", arena), arena);
}

static void converse(struct actor *actor)
{
	const unsigned char version[4] = {0, 0, (unsigned char)actor->stage->minor, (unsigned char)actor->stage->major};
	struct dechunker dechunker;
	unsigned char byte, opening[20];
	struct err err = ERR_INIT;
	size_t used;

	if (!receive(actor->fd, opening, sizeof(opening)))
		return;
	transmit(actor, version, sizeof(version));
	dechunker_init(&dechunker, MESSAGE_MAX);
	while (!actor->gone && receive(actor->fd, &byte, 1)) {
		_cleanup_(arena_freep) struct arena *arena = NULL;
		struct bolt_value message;

		if (dechunker_feed(&dechunker, &byte, 1, &used, &err) < 0)
			break;
		if (!dechunker.complete)
			continue;
		arena = arena_new();
		if (unpack_value((unsigned char *)dechunker.message.data, dechunker.message.len, arena, &message, &err) < 0)
			break;
		answer(actor, &message, arena);
	}
	dechunker_release(&dechunker);
}

static void *act(void *user)
{
	struct actor *actor = user;
	struct stage *stage = actor->stage;

	converse(actor);
	(void)pthread_mutex_lock(&stage->lock);
	(void)close(stage->fds[actor->index]);
	stage->fds[actor->index] = -1;
	stage->n_open--;
	(void)pthread_cond_broadcast(&stage->told_more);
	(void)pthread_mutex_unlock(&stage->lock);
	free(actor);
	return NULL;
}

static void *take_connections(void *user)
{
	struct stage *stage = user;
	int fd;

	while ((fd = accept(stage->fd, NULL, NULL)) >= 0) {
		struct actor *actor = calloc(1, sizeof(*actor));
		int one = 1;

		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		(void)pthread_mutex_lock(&stage->lock);
		if (!actor || stage->n == CONNECTIONS_MAX)
			abort();
		*actor = (struct actor){.stage = stage, .index = stage->n, .fd = fd};
		stage->fds[stage->n] = fd;
		stage->n_open++;
		if (pthread_create(&stage->threads[stage->n++], NULL, act, actor) != 0)
			abort();
		(void)pthread_mutex_unlock(&stage->lock);
	}
	return NULL;
}

struct stage *stage_start(unsigned major, unsigned minor)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	assert_non_null(stage);
	stage->major = major;
	stage->minor = minor;
	stage->told = BUF_INIT(TOLD_MAX);
	stage->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(stage->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(stage->fd, 64), 0);
	assert_int_equal(getsockname(stage->fd, (struct sockaddr *)&address, &size), 0);
	stage->port = ntohs(address.sin_port);
	assert_int_equal(pthread_mutex_init(&stage->lock, NULL), 0);
	assert_int_equal(pthread_cond_init(&stage->told_more, NULL), 0);
	stage_play(stage, usual, sizeof(usual) / sizeof(usual[0]), NULL);
	assert_int_equal(pthread_create(&stage->thread, NULL, take_connections, stage), 0);
	return stage;
}

uint16_t stage_port(const struct stage *stage)
{
	return stage->port;
}

void stage_play(struct stage *stage, const struct stage_rule *rules, size_t n, const struct stage *other)
{
	(void)pthread_mutex_lock(&stage->lock);
	assert_true(stage->n_rules + n <= RULES_MAX);
	memmove(stage->rules + n, stage->rules, stage->n_rules * sizeof(stage->rules[0]));
	for (size_t i = 0; i < n; i++)
		stage->rules[i] = (struct stage_rules){.rule = &rules[i]};
	stage->n_rules += n;
	if (other)
		stage->other = other->port;
	(void)pthread_mutex_unlock(&stage->lock);
}

unsigned stage_connections(struct stage *stage)
{
	unsigned n;

	(void)pthread_mutex_lock(&stage->lock);
	n = stage->n;
	(void)pthread_mutex_unlock(&stage->lock);
	return n;
}

unsigned stage_open(struct stage *stage)
{
	unsigned n;

	(void)pthread_mutex_lock(&stage->lock);
	n = stage->n_open;
	(void)pthread_mutex_unlock(&stage->lock);
	return n;
}

static unsigned count(const struct stage *stage, const char *message)
{
	const char *line = buf_str(&stage->told);
	unsigned n = 0;

	for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		n += strncmp(line, message, strlen(message)) == 0;
	return n;
}

unsigned stage_count(struct stage *stage, const char *message)
{
	unsigned n;

	(void)pthread_mutex_lock(&stage->lock);
	n = count(stage, message);
	(void)pthread_mutex_unlock(&stage->lock);
	return n;
}

static unsigned lines_of(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static bool enough(const struct stage *stage, const char *message, unsigned n)
{
	return message ? count(stage, message) >= n : lines_of(buf_str(&stage->told) + stage->asserted) >= n;
}

static void wait_until(struct stage *stage, const char *message, unsigned n)
{
	struct timespec until;
	int r = 0;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_S;
	(void)pthread_mutex_lock(&stage->lock);
	while (r == 0 && !enough(stage, message, n))
		r = pthread_cond_timedwait(&stage->told_more, &stage->lock, &until);
	(void)pthread_mutex_unlock(&stage->lock);
}

void stage_wait(struct stage *stage, const char *message, unsigned n)
{
	wait_until(stage, message, n);
	assert_true(stage_count(stage, message) >= n);
}

void stage_assert_told(struct stage *stage, const char *lines)
{
	_cleanup_free_ char *told = NULL;
	const char *line, *at;

	// Messages that the client does not wait for may be on their way.
	wait_until(stage, NULL, *lines ? lines_of(lines) + 1 : 0);
	(void)pthread_mutex_lock(&stage->lock);
	told = strdup(buf_str(&stage->told) + stage->asserted);
	stage->asserted = stage->told.len;
	(void)pthread_mutex_unlock(&stage->lock);
	for (line = lines, at = told; *line;) {
		size_t len = strcspn(line, "\n"), has = strcspn(at, "\n");

		if (has < len || strncmp(line, at, len) != 0)
			fail_msg("'%.*s' was expected here: %s\nof: %s", (int)len, line, at, told);
		line += len + (line[len] == '\n');
		at += has + (at[has] == '\n');
	}
	if (*at)
		fail_msg("nothing more was expected here: %s\nof: %s", at, told);
}

void stage_cut(struct stage *stage)
{
	unsigned n;

	(void)pthread_mutex_lock(&stage->lock);
	n = stage->n;
	for (unsigned i = 0; i < n; i++) {
		if (stage->fds[i] >= 0)
			(void)shutdown(stage->fds[i], SHUT_RDWR);
	}
	for (unsigned i = 0; i < n; i++) {
		while (stage->fds[i] >= 0)
			(void)pthread_cond_wait(&stage->told_more, &stage->lock);
	}
	(void)pthread_mutex_unlock(&stage->lock);
}

void stage_down(struct stage *stage)
{
	if (stage->fd < 0)
		return;
	(void)shutdown(stage->fd, SHUT_RDWR);
	(void)pthread_join(stage->thread, NULL);
	(void)close(stage->fd);
	stage->fd = -1;
	stage_cut(stage);
}

void stage_stop(struct stage *stage)
{
	stage_down(stage);
	for (unsigned i = 0; i < stage->n; i++)
		(void)pthread_join(stage->threads[i], NULL);
	buf_release(&stage->told);
	(void)pthread_mutex_destroy(&stage->lock);
	(void)pthread_cond_destroy(&stage->told_more);
	free(stage);
}
