// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A server that dies.

#include <signal.h>

#include "test/interop/interop.h"

static void test_killed(void **state)
{
	struct test *test = *state;
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	const struct bolt_statement statement = {.text = "UNWIND range(1, 100000000) AS i RETURN i"};
	const struct bolt_value *row;
	struct bolt_result *later;
	int64_t n = 0;
	int r;

	MUST(bolt_session_run(test->session, &statement, limit(), &result, &test->err));
	while ((r = bolt_result_next(result, limit(), &row, &test->err)) > 0) {
		if (++n == 5000)
			assert_int_equal(kill(server.pid, SIGKILL), 0);
	}
	assert_int_equal(r, ERR_IO);
	// The session writes, for all that the client knows.
	assert_string_equal(test->err.code, BOLT_COMMIT_UNKNOWN);
	assert_false(bolt_is_retryable(&test->err));
	err_clear(&test->err);
	FAILS(ERR_IO, NULL, bolt_session_run(test->session, &(struct bolt_statement){.text = "RETURN 1"}, limit(), &later, &test->err));
}

TESTS(tests_last, TEST(test_killed));
