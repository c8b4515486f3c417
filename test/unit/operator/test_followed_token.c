// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "exchange_script.h"
#include "operator/object/reason.h"

// F1: which of two tokens stays: the one that the server holds, or the Secret's.

static const struct bolt_entry sooner[] = {
	{"projectId", STRING("p-1")}, {"tokenExpires", STRING("2997-12-31T23:58:59Z")}, {"errorMessage", {.type = BOLT_NULL}}};
static const struct bolt_entry as_soon[] = {
	{"projectId", STRING("p-1")}, {"tokenExpires", STRING("2997-12-31T23:59:00Z")}, {"errorMessage", {.type = BOLT_NULL}}};
static const struct bolt_entry later[] = {
	{"projectId", STRING("p-1")}, {"tokenExpires", STRING("2998-06-01T00:00:00Z")}, {"errorMessage", {.type = BOLT_NULL}}};
static const struct bolt_entry spoilt[] = {
	{"projectId", STRING("p-1")}, {"tokenExpires", STRING("2999-01-01T00:00:00Z")}, {"errorMessage", STRING("Unknown key")}};

#define EXPIRY "2998-01-01T00:00:00Z"
#define REGISTERS ROW(INSPECT, good), ROW(REGISTER, success), ROW(STORED, as_soon)

static void assert_kept(const struct exchange *x, const char *held)
{
	assert_registered(x, false);
	assert_true(x->result.adopted);
	assert_string_equal(x->result.held, held);
}

// One of an age with the Secret's, or older than it: it stays, whether it is connected or not, and the server is not even asked that.
static void test_older_or_the_same(void **state)
{
	static const struct peer_reply same[] = {ROW(SHOW, present), ROW(STORED, as_soon)};
	static const struct peer_reply is_older[] = {ROW(SHOW, present), ROW(STORED, later)};
	struct exchange x;

	(void)state;
	RUN(&x, same, .follow = true, .never_adopt = true, .expiry = EXPIRY);
	assert_kept(&x, "p-1 2997-12-31T23:59:00Z");
	end(&x);
	RUN(&x, is_older, .follow = true, .never_adopt = true, .expiry = EXPIRY);
	assert_kept(&x, "p-1 2998-06-01T00:00:00Z");
	end(&x);
}

// A newer one, one of another project, whatever its age, and one in the place of what is of no use any more.
static void test_takes_its_place(void **state)
{
	static const struct peer_reply newer[] = {ROW(SHOW, present), ROW(STORED, sooner), REGISTERS};
	static const struct peer_reply of_other[] = {ROW(SHOW, present), ROW(STORED, other), REGISTERS};
	static const struct peer_reply of_expired[] = {ROW(SHOW, present), ROW(STORED, expired), REGISTERS};
	static const struct peer_reply of_spoilt[] = {ROW(SHOW, present), ROW(STORED, spoilt), REGISTERS};
	static const struct peer_reply *const cases[] = {newer, of_other, of_expired, of_spoilt};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct exchange x;

		run_with(&x, cases[i], 5, (struct options){.follow = true, .never_adopt = true, .may_wait = true, .expiry = EXPIRY});
		assert_registered(&x, true);
		assert_false(x.result.adopted);
		assert_string_equal(x.result.held, "p-1 2997-12-31T23:59:00Z");
		end(&x);
	}
}

// F2: a server that holds none gets the Secret's.
static void test_none(void **state)
{
	static const struct peer_reply row[] = {ROW(SHOW, present), ROW(STORED, none), ROW(STATUS, inactive), REGISTERS};
	static const struct peer_reply raised[] = {ROW(SHOW, present), FAILURE(STORED, ADMIN_PROCEDURE_FAILED), ROW(STATUS, inactive), REGISTERS};
	struct exchange x;

	(void)state;
	RUN(&x, row, .follow = true, .never_adopt = true, .may_wait = true, .expiry = EXPIRY);
	assert_registered(&x, true);
	end(&x);
	RUN(&x, raised, .follow = true, .never_adopt = true, .may_wait = true, .expiry = EXPIRY);
	assert_registered(&x, true);
	end(&x);
}

// While the service renews a token the server holds a mark in its place: it gets time, and one that stays is replaced.
static void test_about_to_be_renewed(void **state)
{
	static const struct peer_reply waits[] = {ROW(SHOW, present), ROW(STORED, refused), ROW(STATUS, connecting)};
	static const struct peer_reply raised[] = {ROW(SHOW, present), FAILURE(STORED, ADMIN_PROCEDURE_FAILED), ROW(STATUS, connected)};
	static const struct peer_reply stays[] = {ROW(SHOW, present), ROW(STORED, refused), ROW(STATUS, connecting), REGISTERS};
	static const char *const words = "The server holds a token that cannot be read at this moment; it is asked again";
	struct exchange x;

	(void)state;
	RUN(&x, waits, .follow = true, .never_adopt = true, .may_wait = true, .expiry = EXPIRY);
	assert_failed(&x, false, REASON_CONNECTING, words);
	end(&x);
	RUN(&x, raised, .follow = true, .never_adopt = true, .may_wait = true, .expiry = EXPIRY);
	assert_failed(&x, false, REASON_CONNECTING, words);
	end(&x);
	RUN(&x, stays, .follow = true, .never_adopt = true, .expiry = EXPIRY);
	assert_registered(&x, true);
	end(&x);
}

// Any other answer of the server is a failure, and nothing is registered.
static void test_cannot_tell(void **state)
{
	static const struct peer_reply fails[] = {ROW(SHOW, present), FAILURE(STORED, "Neo.TransientError.General.DatabaseUnavailable")};
	static const struct peer_reply no_status[] = {ROW(SHOW, present), ROW(STORED, none), FAILURE(STATUS, "Neo.TransientError.General.DatabaseUnavailable")};
	struct exchange x;

	(void)state;
	RUN(&x, fails, .follow = true, .never_adopt = true, .may_wait = true, .expiry = EXPIRY);
	assert_false(x.result.registered || x.result.called);
	end(&x);
	RUN(&x, no_status, .follow = true, .never_adopt = true, .may_wait = true, .expiry = EXPIRY);
	assert_false(x.result.registered || x.result.called);
	end(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_older_or_the_same), cmocka_unit_test(test_takes_its_place),      cmocka_unit_test(test_none),
		cmocka_unit_test(test_about_to_be_renewed), cmocka_unit_test(test_cannot_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
