// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Who may come in, and by which door.

#include "bolt/link.h"
#include "test/interop/interop.h"

#define UNAUTHORIZED "Neo.ClientError.Security.Unauthorized"

static void admin(struct test *test, const char *text)
{
	struct bolt_answer answer;

	MUST(bolt_driver_query(test->driver, &(struct bolt_call){.text = text, .database = "system"}, limit(), test->arena, &answer, &test->err));
}

static struct bolt_driver *driver_of(struct test *test, const char *uri, struct bolt_auth auth)
{
	struct bolt_driver_options options = plain();
	struct bolt_driver *driver;

	options.uri = uri;
	options.auth = auth;
	MUST(bolt_driver_new(&options, &driver, &test->err));
	return driver;
}

// The test has a user of its own, since the server locks a user out after some failures.
static void test_wrong_password(void **state)
{
	struct test *test = *state;
	_cleanup_(bolt_driver_freep) struct bolt_driver *driver = driver_of(test, server.uri, bolt_auth_basic("wrong", "no-such-password"));
	_cleanup_(bolt_driver_freep) struct bolt_driver *nobody = driver_of(test, server.uri, bolt_auth_basic("nobody", "no-such-password"));
	int r = ERR_FORBIDDEN;

	admin(test, "CREATE OR REPLACE USER wrong SET PASSWORD 'right-password' CHANGE NOT REQUIRED");
	FAILS(ERR_FORBIDDEN, UNAUTHORIZED, bolt_driver_verify(driver, NULL, limit(), test->arena, NULL, &test->err));
	FAILS(ERR_FORBIDDEN, UNAUTHORIZED, bolt_driver_verify(nobody, NULL, limit(), test->arena, NULL, &test->err));
	for (int i = 0; i < 5 && strcmp(test->err.code, "Neo.ClientError.Security.AuthenticationRateLimit") != 0; i++) {
		err_clear(&test->err);
		r = bolt_driver_verify(driver, NULL, limit(), test->arena, NULL, &test->err);
	}
	assert_int_equal(r, ERR_FORBIDDEN);
	assert_string_equal(test->err.code, "Neo.ClientError.Security.AuthenticationRateLimit");
	assert_null(strstr(test->err.text, "no-such-password"));
}

static void test_no_credentials(void **state)
{
	struct test *test = *state;
	_cleanup_(bolt_driver_freep) struct bolt_driver *none = driver_of(test, server.uri, bolt_auth_none());
	_cleanup_(bolt_driver_freep) struct bolt_driver *bearer = driver_of(test, server.uri, bolt_auth_bearer("bWU="));

	assert_int_equal(bolt_driver_verify(none, NULL, limit(), test->arena, NULL, &test->err), ERR_FORBIDDEN);
	err_clear(&test->err);
	assert_int_equal(bolt_driver_verify(bearer, NULL, limit(), test->arena, NULL, &test->err), ERR_FORBIDDEN);
	err_clear(&test->err);
}

static void test_verify_auth(void **state)
{
	struct test *test = *state;
	const struct bolt_auth right = bolt_auth_basic("checked", "right-password"), wrong = bolt_auth_basic("checked", "wrong-password");
	bool holds;

	admin(test, "CREATE OR REPLACE USER checked SET PASSWORD 'right-password' CHANGE NOT REQUIRED");
	MUST(bolt_driver_supports_session_auth(test->driver, limit(), &holds, &test->err));
	assert_int_equal(holds, speaks(5, 1));
	if (!holds)
		return;
	MUST(bolt_driver_verify_auth(test->driver, &(struct bolt_probe){.auth = &right}, limit(), &holds, &test->err));
	assert_true(holds);
	MUST(bolt_driver_verify_auth(test->driver, &(struct bolt_probe){.auth = &wrong}, limit(), &holds, &test->err));
	assert_false(holds);
}

// Pooled connections change hands by LOGOFF and LOGON.
static void test_session_auth(void **state)
{
	struct test *test = *state;
	const struct bolt_auth other = bolt_auth_basic("guest", "right-password");
	const struct bolt_call as_other = {.text = "SHOW CURRENT USER YIELD user", .database = "system", .auth = &other},
			       as_self = {.text = "SHOW CURRENT USER YIELD user", .database = "system"};
	struct bolt_answer answer;

	admin(test, "CREATE OR REPLACE USER guest SET PASSWORD 'right-password' CHANGE NOT REQUIRED");
	if (!speaks(5, 1)) {
		FAILS(ERR_INVALID, BOLT_UNSUPPORTED, bolt_driver_query(test->driver, &as_other, limit(), test->arena, &answer, &test->err));
		return;
	}
	for (int i = 0; i < 3; i++) {
		MUST(bolt_driver_query(test->driver, &as_other, limit(), test->arena, &answer, &test->err));
		assert_string_equal(bolt_as_string(bolt_answer_get(&answer, 0, "user")), "guest");
		MUST(bolt_driver_query(test->driver, &as_self, limit(), test->arena, &answer, &test->err));
		assert_string_equal(bolt_as_string(bolt_answer_get(&answer, 0, "user")), USER);
	}
}

static void test_expired(void **state)
{
	struct test *test = *state;
	const struct bolt_auth auth = bolt_auth_basic("fresh", "first-password");
	const struct bolt_target target = {.host = "127.0.0.1", .port = server.port, .user_agent = "interop/1"};
	struct bolt_link *link;

	admin(test, "CREATE OR REPLACE USER fresh SET PASSWORD 'first-password' CHANGE REQUIRED");
	FAILS(ERR_FORBIDDEN, BOLT_CREDENTIALS_EXPIRED, bolt_link_open(&target, &auth, limit(), &link, &test->err));
}

#define FIRST_LOGINS 100

// A password that must be changed: a link that does not let it in has nothing carried out, not even the change, however often it is tried;
// and for a driver nothing is done but that. What was done is asked of the server.
static void test_nothing_is_done_behind_a_refusal(void **state)
{
	struct test *test = *state;
	const struct bolt_target target = {.host = "127.0.0.1", .port = server.port, .user_agent = "interop/1"};
	const struct bolt_call change = {.text = "ALTER CURRENT USER SET PASSWORD FROM 'first-password' TO 'second-password'", .database = "system"};
	const struct bolt_call create = {.text = "CREATE (:DoneBehindARefusal)"};
	const struct bolt_call unchanged = {.text = "SHOW USERS YIELD user, passwordChangeRequired AS due WHERE user = 'fresh' RETURN due", .database = "system"};
	struct bolt_answer answer;
	char uri[64];

	(void)snprintf(uri, sizeof(uri), "bolt://127.0.0.1:%u", server.port);
	for (int i = 0; i < FIRST_LOGINS; i++) {
		const struct bolt_auth first = bolt_auth_basic("fresh", "first-password");
		_cleanup_(bolt_driver_freep) struct bolt_driver *driver = driver_of(test, uri, first);
		struct bolt_table table;
		_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;

		admin(test, "CREATE OR REPLACE USER fresh SET PASSWORD 'first-password' CHANGE REQUIRED");
		// A link that does not let it in sends nothing behind. Before LOGON there was one answer to the greeting and the login together.
		if (speaks(5, 1)) {
			MUST(bolt_link_begin(&target, &first, limit(), &link, &test->err));
			FAILS(ERR_FORBIDDEN, BOLT_CREDENTIALS_EXPIRED,
			      bolt_link_query(link, &(struct bolt_query){.text = change.text, .database = "system"}, limit(), test->arena,
					      &table, &test->err));
		} else {
			FAILS(ERR_FORBIDDEN, BOLT_CREDENTIALS_EXPIRED, bolt_link_begin(&target, &first, limit(), &link, &test->err));
		}
		FAILS(ERR_FORBIDDEN, BOLT_CREDENTIALS_EXPIRED, bolt_driver_query(driver, &create, limit(), test->arena, &answer, &test->err));
		MUST(bolt_driver_query(test->driver, &unchanged, limit(), test->arena, &answer, &test->err));
		assert_true(bolt_as_bool(bolt_answer_get(&answer, 0, "due"), false));
		MUST(bolt_driver_query(driver, &change, limit(), test->arena, &answer, &test->err));
	}
	MUST(bolt_driver_query(test->driver, &(struct bolt_call){.text = "MATCH (n:DoneBehindARefusal) RETURN count(n) AS n"}, limit(), test->arena,
			       &answer, &test->err));
	assert_int_equal(bolt_as_int(bolt_answer_get(&answer, 0, "n"), -1), 0);
}

// Community knows no impersonation: it says so, and nobody is let in as somebody else.
static void test_impersonation(void **state)
{
	struct test *test = *state;
	const struct bolt_call call = {.text = "RETURN 1", .impersonated_user = "guest"};
	struct bolt_answer answer;
	int r = bolt_driver_query(test->driver, &call, limit(), test->arena, &answer, &test->err);

	assert_true(r == ERR_SERVER || r == ERR_FORBIDDEN);
	err_clear(&test->err);
	(void)run(test, "RETURN 1", NULL);
}

static void test_routing(void **state)
{
	struct test *test = *state;
	char uri[80];
	_cleanup_(bolt_driver_freep) struct bolt_driver *driver = NULL;
	struct bolt_routing_view view;
	struct bolt_server_info info;
	struct bolt_answer answer;

	(void)snprintf(uri, sizeof(uri), "neo4j://127.0.0.1:%u?region=here", server.port);
	driver = driver_of(test, uri, bolt_auth_basic(USER, PASSWORD));
	MUST(bolt_driver_verify(driver, &(struct bolt_probe){.write = true}, limit(), test->arena, &info, &test->err));
	MUST(bolt_driver_query(driver, &(struct bolt_call){.text = "RETURN 1 AS x", .database = "neo4j"}, limit(), test->arena, &answer, &test->err));
	assert_true(bolt_driver_routing(driver, "neo4j", test->arena, &view));
	assert_int_equal(view.writers.n, 1);
	assert_int_equal(view.writers.items[0].port, server.port);
	assert_true(view.routers.n >= 1 && view.readers.n >= 1);
	assert_true(view.ttl_ms > 0);
	FAILS(ERR_SERVER, "Neo.ClientError.Database.DatabaseNotFound",
	      bolt_driver_query(driver, &(struct bolt_call){.text = "RETURN 1", .database = "nowhere"}, limit(), test->arena, &answer, &test->err));
}

// No TLS where TLS was asked for, and nobody there at all.
static void test_nobody(void **state)
{
	struct test *test = *state;
	_cleanup_(bolt_driver_freep) struct bolt_driver *driver = driver_of(test, "bolt://127.0.0.1:1", bolt_auth_basic(USER, PASSWORD));

	FAILS(ERR_IO, NULL, bolt_driver_verify(driver, NULL, limit(), test->arena, NULL, &test->err));
}

static void test_tls_to_a_plain_port(void **state)
{
	struct test *test = *state;
	struct bolt_driver_options options = plain();
	char uri[64];

	(void)snprintf(uri, sizeof(uri), "bolt+ssc://127.0.0.1:%u", server.port);
	options.uri = uri;
	for (int i = 0; i < 2; i++) {
		struct bolt_driver *driver;
		int r;

		MUST(bolt_driver_new(&options, &driver, &test->err));
		r = bolt_driver_verify(driver, NULL, limit(), test->arena, NULL, &test->err);
		bolt_driver_free(driver);
		assert_true(r == ERR_IO || r == ERR_PROTOCOL);
		err_clear(&test->err);
		(void)snprintf(uri, sizeof(uri), "bolt+s://127.0.0.1:%u", server.port);
	}
}

TESTS(tests_logon, TEST(test_wrong_password), TEST(test_no_credentials), TEST(test_verify_auth), TEST(test_session_auth),
      TEST(test_expired), TEST(test_nothing_is_done_behind_a_refusal), TEST(test_impersonation), TEST(test_routing), TEST(test_nobody), TEST(test_tls_to_a_plain_port));
