// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A server that speaks TLS only, with a certificate for "localhost" of a certificate authority of the test's own.

#include "bolt/link.h"
#include "test/interop/interop.h"

#define FILE_MAX 65536

static const char *read_file(struct test *test, const char *name)
{
	char path[512], text[FILE_MAX];
	_cleanup_(fclosep) FILE *file = NULL;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/%s", server.dir, name);
	file = fopen(path, "re");
	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	assert_true(n > 0);
	return arena_memdup0(test->arena, text, n);
}

static int verify(struct test *test, const char *scheme, const char *host, struct bolt_driver_options options)
{
	_cleanup_(bolt_driver_freep) struct bolt_driver *driver = NULL;
	struct bolt_server_info info;

	options.uri = arena_printf(test->arena, "%s://%s:%u", scheme, host, server.port);
	options.auth = bolt_auth_basic(USER, PASSWORD);
	options.connect_ms = LIMIT_MS;
	MUST(bolt_driver_new(&options, &driver, &test->err));
	return bolt_driver_verify(driver, NULL, limit(), test->arena, &info, &test->err);
}

static void test_verified(void **state)
{
	struct test *test = *state;
	const char *ca = read_file(test, "ca.pem");

	MUST(verify(test, "bolt+s", "localhost", (struct bolt_driver_options){.ca_pem = ca}));
	MUST(verify(test, "neo4j+s", "localhost", (struct bolt_driver_options){.ca_pem = ca}));
	MUST(verify(test, "bolt+s", "127.0.0.1", (struct bolt_driver_options){.ca_pem = ca, .server_name = "localhost"}));
	MUST(verify(test, "bolt", "localhost", (struct bolt_driver_options){.tls = BOLT_TLS_VERIFY, .ca_pem = ca}));
}

static void test_any(void **state)
{
	struct test *test = *state;

	MUST(verify(test, "bolt+ssc", "127.0.0.1", (struct bolt_driver_options){0}));
	MUST(verify(test, "neo4j+ssc", "127.0.0.1", (struct bolt_driver_options){0}));
}

static void test_pinned(void **state)
{
	struct test *test = *state;
	char *pin = arena_strdup(test->arena, read_file(test, "pin"));

	pin[strcspn(pin, "\n")] = '\0';
	MUST(verify(test, "bolt+s", "127.0.0.1", (struct bolt_driver_options){.pinned = pin}));
	pin[0] = pin[0] == '0' ? '1' : '0';
	assert_true(verify(test, "bolt+s", "127.0.0.1", (struct bolt_driver_options){.pinned = pin}) < 0);
	err_clear(&test->err);
}

// Each with an error that says what is wrong, and never a connection.
static void refused(struct test *test, const char *scheme, const char *host, struct bolt_driver_options options, const char *word)
{
	int r = verify(test, scheme, host, options);

	if (r != ERR_IO && r != ERR_PROTOCOL && r != ERR_FORBIDDEN)
		fail_msg("%s to %s: %d %s", scheme, host, r, test->err.text);
	if (!strstr(test->err.text, word))
		fail_msg("%s to %s: '%s' does not say '%s'", scheme, host, test->err.text, word);
	err_clear(&test->err);
}

static void test_wrong_name(void **state)
{
	struct test *test = *state;
	const char *ca = read_file(test, "ca.pem");

	refused(test, "bolt+s", "127.0.0.1", (struct bolt_driver_options){.ca_pem = ca}, "127.0.0.1");
	refused(test, "bolt+s", "localhost", (struct bolt_driver_options){.ca_pem = ca, .server_name = "other.example"}, "other.example");
}

static void test_unknown_authority(void **state)
{
	struct test *test = *state;

	refused(test, "bolt+s", "localhost", (struct bolt_driver_options){0}, "certificate");
	refused(test, "bolt+s", "localhost", (struct bolt_driver_options){.ca_pem = read_file(test, "other-ca.pem")}, "certificate");
}

static void test_plain_to_a_tls_port(void **state)
{
	struct test *test = *state;

	refused(test, "bolt", "localhost", (struct bolt_driver_options){0}, "TLS");
	refused(test, "neo4j", "localhost", (struct bolt_driver_options){0}, "TLS");
}

// Rows over TLS: more than a record of it holds.
static void test_rows(void **state)
{
	struct test *test = *state;
	const struct bolt_target target = {.host = "localhost", .port = server.port, .user_agent = "interop/1", .tls = BOLT_TLS_VERIFY,
					   .ca_pem = read_file(test, "ca.pem")};
	const struct bolt_auth auth = bolt_auth_basic(USER, PASSWORD);
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	const struct bolt_query query = {.text = "UNWIND range(1, 50000) AS i RETURN i, 'row ' + i AS s", .max_rows = 50000};
	struct bolt_table table;

	MUST(bolt_link_open(&target, &auth, limit(), &link, &test->err));
	MUST(bolt_link_query(link, &query, limit(), test->arena, &table, &test->err));
	assert_int_equal(table.n_rows, 50000);
	assert_string_equal(bolt_as_string(bolt_table_get(&table, 49999, "s")), "row 50000");
}

TESTS(tests_tls, TEST(test_verified),
      TEST(test_any), TEST(test_pinned), TEST(test_wrong_name), TEST(test_unknown_authority), TEST(test_plain_to_a_tls_port),
      TEST(test_rows));
