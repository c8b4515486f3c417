// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "test/unit/bolt/pair.h"

const struct bolt_auth pair_auth = {.user = "neo4j", .password = "secret"};

void pair_start(struct pair *pair, peer_script script, void *user, const struct peer_tls *tls)
{
	*pair = (struct pair){.arena = arena_new(), .err = ERR_INIT};
	pair->server = peer_server_start(script, user, tls);
	pair->target = (struct bolt_target){
		.host = "127.0.0.1", .port = peer_server_port(pair->server), .user_agent = "test/1"};
}

int pair_open(struct pair *pair, int64_t ms)
{
	int r = bolt_link_open(&pair->target, &pair_auth, deadline_in_ms(ms), &pair->link, &pair->err);

	assert_int_equal(r, pair->err.class);
	assert_int_equal(r == 0, pair->link != NULL);
	return r;
}

int pair_query(struct pair *pair, const char *text, uint32_t max_rows, int64_t ms)
{
	const struct bolt_query q = {.text = text, .database = "system", .max_rows = max_rows};
	int r;

	err_clear(&pair->err);
	r = bolt_link_query(pair->link, &q, deadline_in_ms(ms), pair->arena, &pair->result, &pair->err);
	assert_int_equal(r, pair->err.class);
	return r;
}

void pair_end(struct pair *pair, unsigned n_connections)
{
	bolt_link_close(pair->link);
	peer_server_stop(pair->server, n_connections);
	arena_free(pair->arena);
}

bool pair_fields(struct peer *peer)
{
	const struct bolt_value field = bolt_string("x");
	const struct bolt_entry meta[] = {{"fields", bolt_list(&field, 1)}};

	return peer_expect(peer, PEER_RUN, NULL) && peer_success(peer, meta, 1) && peer_expect(peer, PEER_PULL, NULL);
}

bool pair_rows(struct peer *peer, int64_t n, bool has_more)
{
	const struct bolt_entry meta[] = {{"has_more", bolt_bool(has_more)}, {"db", bolt_string("system")}};

	if (!pair_fields(peer))
		return false;
	for (int64_t i = 1; i <= n; i++) {
		struct bolt_value row = bolt_int(i);

		if (!peer_record(peer, &row, 1) || (i % 3 == 0 && !peer_noop(peer)))
			return false;
	}
	return peer_success(peer, meta, 2);
}

void pair_goodbye(struct peer *peer)
{
	if (peer_expect(peer, PEER_GOODBYE, NULL))
		peer_wait_end(peer);
}

void pair_two_queries(struct peer *peer, void *user)
{
	(void)user;
	if (peer_welcome(peer) && pair_rows(peer, 20, false) && pair_rows(peer, 0, false))
		pair_goodbye(peer);
}
