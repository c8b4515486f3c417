// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "exchange_script.h"
#include "operator/object/reason.h"

// A server that holds a token already, and when that counts as registered.

static const struct bolt_entry sooner[] = {
	{"projectId", STRING("p-1")}, {"tokenExpires", STRING("2997-12-31T23:58:59Z")}, {"errorMessage", {.type = BOLT_NULL}}};
static const struct bolt_entry as_soon[] = {
	{"projectId", STRING("p-1")}, {"tokenExpires", STRING("2997-12-31T23:59:00Z")}, {"errorMessage", {.type = BOLT_NULL}}};
static const struct bolt_entry dbms[] = {{"id", STRING("D1")}, {"name", STRING("system")}};
static const struct bolt_entry other_dbms[] = {{"id", STRING("D2")}, {"name", STRING("system")}};

// D2: active and connected for the token's project: success without a call, and the rotated token on the volume stays.
static void test_adoption(void **state)
{
	static const struct peer_reply replies[] = {ROW(SHOW, present), ROW(STATUS, connected), ROW(STORED, good)};
	struct exchange x;

	(void)state;
	RUN(&x, replies, 0);
	assert_registered(&x, false);
	assert_null(strstr(buf_str(&x.book.log), "registerToken($token)"));
	end(&x);
}

// D2: the Secret's token was made after the one that the server holds, which came with a copied volume or is to be replaced: it is used,
// whether the server is connected or not. Where they are of an age, the server's is left alone.
static void test_newer_token_in_secret(void **state)
{
	static const struct peer_reply is_newer[] = {ROW(SHOW, present), ROW(STATUS, connected), ROW(STORED, sooner),
						     ROW(INSPECT, good), ROW(REGISTER, success), ROW(STORED, good)};
	static const struct peer_reply unconnected[] = {ROW(SHOW, present), ROW(STATUS, connecting), ROW(STORED, sooner),
							ROW(INSPECT, good), ROW(REGISTER, success),  ROW(STORED, good)};
	static const struct peer_reply is_not[] = {ROW(SHOW, present), ROW(STATUS, connected), ROW(STORED, as_soon)};
	struct exchange x;

	(void)state;
	RUN(&x, is_newer, .expiry = "2998-01-01T00:00:00Z");
	assert_registered(&x, true);
	assert_false(x.result.adopted);
	end(&x);
	RUN(&x, unconnected, .expiry = "2998-01-01T00:00:00Z", .may_wait = true);
	assert_registered(&x, true);
	end(&x);
	RUN(&x, is_not, .expiry = "2998-01-01T00:00:00Z");
	assert_registered(&x, false);
	assert_true(x.result.adopted);
	end(&x);
}

// D2: what an adopted server is in Aura: its DBMS and its token. One that does not tell it is adopted all the same.
static void test_identity(void **state)
{
	static const struct peer_reply first[] = {ROW(SHOW, present), ROW(STATUS, connected), ROW(STORED, good), ROW(INFO, dbms)};
	static const struct peer_reply second[] = {ROW(SHOW, present), ROW(STATUS, connected), ROW(STORED, good), ROW(INFO, other_dbms)};
	static const struct peer_reply third[] = {ROW(SHOW, present), ROW(STATUS, connected), ROW(STORED, as_soon), ROW(INFO, dbms)};
	static const struct peer_reply untold[] = {ROW(SHOW, present), ROW(STATUS, connected), ROW(STORED, good),
						   FAILURE(INFO, ADMIN_PROCEDURE_NOT_FOUND)};
	const struct {
		const struct peer_reply *replies;
		bool same;
	} cases[] = {{first, true}, {second, false}, {third, false}};
	struct exchange x;
	char known[65];

	(void)state;
	RUN(&x, first, .identify = true, .expiry = "2997-01-01T00:00:00Z");
	assert_registered(&x, false);
	assert_int_equal(strlen(x.result.identity), 64);
	memcpy(known, x.result.identity, sizeof(known));
	end(&x);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_with(&x, cases[i].replies, 4, (struct options){.identify = true, .expiry = "2997-01-01T00:00:00Z"});
		assert_int_equal(strcmp(x.result.identity, known) == 0, cases[i].same);
		end(&x);
	}
	RUN(&x, untold, .identify = true, .expiry = "2997-01-01T00:00:00Z");
	assert_registered(&x, false);
	assert_null(x.result.identity);
	end(&x);
}

// Whatever lacks one of these is registered; lastRegistrationTime (may_adopt false) rules the question out (D5).
static void test_no_adoption(void **state)
{
	static const struct peer_reply of_other[] = {ROW(SHOW, present),     ROW(STATUS, connected),  ROW(STORED, other),
						     ROW(INSPECT, good),     ROW(REGISTER, success),  ROW(STORED, good)};
	static const struct peer_reply of_expired[] = {ROW(SHOW, present),   ROW(STATUS, connected),  ROW(STORED, expired),
						       ROW(INSPECT, good),   ROW(REGISTER, success),  ROW(STORED, good)};
	static const struct peer_reply unconnected[] = {ROW(SHOW, present), ROW(STATUS, connecting), ROW(INSPECT, good),
							ROW(REGISTER, success), ROW(STORED, good)};
	static const struct peer_reply again[] = {ROW(SHOW, present), ROW(INSPECT, good), ROW(REGISTER, success), ROW(STORED, good)};
	struct exchange x;

	(void)state;
	RUN(&x, of_other, 0);
	assert_registered(&x, true);
	end(&x);
	RUN(&x, of_expired, 0);
	assert_registered(&x, true);
	end(&x);
	RUN(&x, unconnected, 0);
	assert_registered(&x, true);
	end(&x);
	RUN(&x, again, .never_adopt = true);
	assert_registered(&x, true);
	end(&x);
}

// A server that has just started gets time to connect with the token that it holds, if that one can connect.
static void test_waiting_for_the_connection(void **state)
{
	static const struct peer_reply waits[] = {ROW(SHOW, present), ROW(STATUS, connecting), ROW(STORED, good)};
	static const struct peer_reply cannot[] = {ROW(SHOW, present),	ROW(STATUS, connecting), ROW(STORED, expired),
						   ROW(INSPECT, good),	ROW(REGISTER, success),	 ROW(STORED, good)};
	struct exchange x;

	(void)state;
	RUN(&x, waits, .may_wait = true);
	assert_failed(&x, false, REASON_CONNECTING,
		      "The server holds a token of this project already and is connecting; it is asked again");
	end(&x);
	RUN(&x, cannot, .may_wait = true);
	assert_registered(&x, true);
	end(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adoption),
		cmocka_unit_test(test_newer_token_in_secret),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_no_adoption),
		cmocka_unit_test(test_waiting_for_the_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
