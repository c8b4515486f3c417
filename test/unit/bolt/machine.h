// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The client machine without a socket: what it sends is taken from its output, what a server says is fed.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bolt/conn.h"
#include "bolt/pack.h"

#define EVENTS_MAX 16

struct spoken {
	unsigned major, minor;
	const char *answer; // of the handshake
	size_t len;
};

#define MANIFEST "\x00\x00\x01\xFF\x01"

static const struct spoken versions[] = {
	{4, 4, "\x00\x00\x04\x04", 4}, {5, 0, "\x00\x00\x00\x05", 4}, {5, 2, "\x00\x00\x02\x05", 4},
	{5, 4, "\x00\x00\x04\x05", 4}, {5, 8, "\x00\x00\x08\x05", 4}, {6, 0, MANIFEST "\x00\x00\x00\x06\x00", 10},
	{6, 1, MANIFEST "\x00\x01\x01\x06\x00", 10},
};

#define N_VERSIONS (sizeof(versions) / sizeof(versions[0]))

static const struct bolt_auth client_auth = {.user = "neo4j", .password = "secret"};
static const struct conn_hello client_hello = {.user_agent = "neofleet/1", .product = "lib/2", .auth = &client_auth};

struct client {
	struct conn conn;
	struct arena *arena;
	struct conn_event events[EVENTS_MAX];
	size_t n_events;
	struct err err;
};

static inline void setup(struct client *client)
{
	*client = (struct client){.arena = arena_new(), .err = ERR_INIT};
	conn_init(&client->conn);
	assert_int_equal(client->conn.output.len, 20);
	buf_clear(&client->conn.output);
}

static inline void teardown(struct client *client)
{
	conn_deinit(&client->conn);
	arena_free(client->arena);
}

// Feeds in pieces and gathers the events.
static inline int feed(struct client *client, const void *data, size_t len, size_t piece)
{
	size_t pos = 0, used;

	client->n_events = 0;
	while (pos < len) {
		size_t n = len - pos < piece ? len - pos : piece;
		struct conn_event event;
		int r = conn_feed(&client->conn, (const unsigned char *)data + pos, n, &used, client->arena, &event, &client->err);

		assert_int_equal(r, client->err.class);
		if (r < 0)
			return r;
		assert_true(used > 0 && used <= n);
		pos += used;
		if (event.type == CONN_WANTS_INPUT)
			continue;
		assert_true(client->n_events < EVENTS_MAX);
		client->events[client->n_events++] = event;
	}
	return 0;
}

static inline void say(struct client *client, const struct buf *bytes)
{
	assert_int_equal(feed(client, bytes->data, bytes->len, SIZE_MAX), 0);
}

static inline void add_message(struct buf *out, unsigned tag, const struct bolt_value *field)
{
	_cleanup_buf_ struct buf message = BUF_INIT(100000);

	pack_struct(&message, (uint8_t)tag, field ? 1 : 0);
	if (field)
		pack_value(&message, field);
	chunk_write(out, &message);
}

static inline void add_success(struct buf *out)
{
	const struct bolt_value map = bolt_map(NULL, 0);

	add_message(out, 0x70, &map);
}

static inline void add_failure(struct buf *out, const char *key, const char *code, const char *text)
{
	const struct bolt_entry entries[] = {{key, bolt_string(code)}, {"message", bolt_string(text)}};
	const struct bolt_value map = bolt_map(entries, 2);

	add_message(out, 0x7F, &map);
}

static inline void add_record(struct buf *out, int64_t value)
{
	const struct bolt_value item = bolt_int(value), list = bolt_list(&item, 1);

	add_message(out, 0x71, &list);
}

// The next message of the client's output.
static inline struct bolt_value sent(struct client *client)
{
	struct buf *output = &client->conn.output;
	struct dechunker dechunker;
	struct bolt_value value;
	size_t used;

	dechunker_init(&dechunker, 100000);
	assert_int_equal(dechunker_feed(&dechunker, (unsigned char *)output->data, output->len, &used, &client->err), 0);
	assert_true(dechunker.complete);
	assert_int_equal(unpack_value((unsigned char *)dechunker.message.data, dechunker.message.len, client->arena, &value,
				      &client->err), 0);
	assert_int_equal(value.type, BOLT_STRUCT);
	buf_consume(output, used);
	dechunker_release(&dechunker);
	return value;
}

static inline const char *text_of(const struct bolt_value *map, const char *key)
{
	const char *text = bolt_as_string(bolt_map_get(map, key));

	return text ? text : "(none)";
}

static inline void agree(struct client *client, const struct spoken *version)
{
	assert_int_equal(feed(client, version->answer, version->len, SIZE_MAX), 0);
	assert_int_equal(client->n_events, 1);
	assert_int_equal(client->events[0].type, CONN_AGREED);
	assert_int_equal(client->conn.handshake.version.major, version->major);
	assert_int_equal(client->conn.handshake.version.minor, version->minor);
	// The choice out of a manifest is sent back.
	assert_int_equal(client->conn.output.len, version->len > 4 ? 5 : 0);
	buf_clear(&client->conn.output);
}

// Logged on, all answered.
static inline void log_on(struct client *client, const struct spoken *version)
{
	_cleanup_buf_ struct buf in = BUF_INIT(1000);

	agree(client, version);
	assert_int_equal(conn_hello(&client->conn, &client_hello, &client->err), 0);
	while (client->conn.output.len > 0)
		(void)sent(client);
	add_success(&in);
	if (client->conn.n_pending == 2)
		add_success(&in);
	say(client, &in);
	assert_int_equal(client->conn.n_pending, 0);
}
