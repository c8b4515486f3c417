// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B5: a server that lets the user in, to change the password and for nothing else, has refused the password.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "bolt/link.h"
#include "test/unit/peer.h"

#define LIMIT_MS 10000

struct answer {
	bool with_hello; // 4.4 has no LOGON: HELLO carries the password
	bool expired;
};

static void log_in(struct peer *peer, void *user)
{
	const struct answer *answer = user;
	const struct bolt_entry meta[] = {{"credentials_expired", bolt_bool(answer->expired)}};
	bool heard = answer->with_hello ? peer_handshake(peer, 4, 4) && peer_expect(peer, PEER_HELLO, NULL)
					: peer_handshake(peer, 5, 8) && peer_expect(peer, PEER_HELLO, NULL) &&
						  peer_success(peer, NULL, 0) && peer_expect(peer, PEER_LOGON, NULL);

	if (heard && peer_success(peer, meta, 1))
		peer_wait_end(peer);
}

static void test_expired(void **state)
{
	static const struct answer answers[] = {{false, true}, {false, false}, {true, true}, {true, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct answer answer = answers[i];
		struct peer_server *server = peer_server_start(log_in, &answer, NULL);
		struct bolt_target target = {.host = "127.0.0.1", .port = peer_server_port(server), .user_agent = "test/1"};
		struct bolt_auth auth = {.user = "neo4j", .password = "old-password"};
		struct bolt_link *link = NULL;
		struct err err = ERR_INIT;
		int r = bolt_link_open(&target, &auth, deadline_in_ms(LIMIT_MS), &link, &err);

		assert_int_equal(r, answer.expired ? ERR_FORBIDDEN : 0);
		if (answer.expired)
			assert_string_equal(err.code, BOLT_CREDENTIALS_EXPIRED);
		bolt_link_close(link);
		peer_server_stop(server, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_expired)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
