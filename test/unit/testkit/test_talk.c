// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The backend of the public testkit, asked as testkit asks: what it makes of requests without a server, and that every value comes back as
// it went in. The suites themselves need a checkout: test/testkit/run.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "test/testkit/cypher.h"
#include "test/testkit/talk.h"

struct conversation {
	pthread_t thread;
	struct talk talk;
	int fd; // testkit's end
};

static void *serve(void *user)
{
	struct conversation *c = user;
	struct err err = ERR_INIT;

	assert_int_equal(talk_run(&c->talk, &err), 0);
	talk_deinit(&c->talk);
	return NULL;
}

static void begin(struct conversation *c)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	c->fd = fds[0];
	talk_init(&c->talk, fds[1], ".");
	assert_int_equal(pthread_create(&c->thread, NULL, serve, c), 0);
}

static void end(struct conversation *c)
{
	assert_int_equal(close(c->fd), 0);
	assert_int_equal(pthread_join(c->thread, NULL), 0);
}

// The backend's answer to one request, without the marks around it.
static const char *ask(struct conversation *c, const char *request, char *text, size_t size)
{
	char framed[1024];
	size_t len = 0;

	(void)snprintf(framed, sizeof(framed), "#request begin\n%s\n#request end\n", request);
	assert_int_equal(write(c->fd, framed, strlen(framed)), strlen(framed));
	do {
		const ssize_t n = read(c->fd, text + len, size - 1 - len);

		assert_true(n > 0);
		len += (size_t)n;
		text[len] = '\0';
	} while (!strstr(text, "\n#response end\n"));
	assert_memory_equal(text, "#response begin\n", 16);
	*strstr(text, "\n#response end\n") = '\0';
	return text + 16;
}

static void announces_what_it_holds(void **state)
{
	struct conversation c;
	char text[8192];

	(void)state;
	begin(&c);
	const char *features = ask(&c, "{\"name\": \"GetFeatures\", \"data\": {}}", text, sizeof(text));

	assert_non_null(strstr(features, "\"Feature:Bolt:5.7\""));
	assert_null(strstr(features, "\"Feature:Bolt:3.0\""));
	assert_string_equal(ask(&c, "{\"name\": \"StartTest\", \"data\": {\"testName\": \"stub.x\"}}", text, sizeof(text)),
			    "{\"name\":\"RunTest\",\"data\":{}}");
	end(&c);
}

static void tells_its_own_faults_from_the_librarys(void **state)
{
	struct conversation c;
	char text[8192];

	(void)state;
	begin(&c);
	assert_non_null(strstr(ask(&c, "{\"name\": \"Juggle\", \"data\": {}}", text, sizeof(text)), "\"BackendError\""));
	assert_non_null(strstr(ask(&c, "{\"name\": \"SessionRun\", \"data\": {\"sessionId\": \"7\"}}", text, sizeof(text)), "\"BackendError\""));
	const char *refused = ask(&c, "{\"name\": \"NewDriver\", \"data\": {\"uri\": \"http://localhost\", \"authorizationToken\": null}}", text,
				  sizeof(text));

	assert_non_null(strstr(refused, "\"DriverError\""));
	assert_non_null(strstr(refused, "\"retryable\":false"));
	end(&c);
}

static void stops_time(void **state)
{
	struct conversation c;
	char text[8192];

	(void)state;
	begin(&c);
	(void)ask(&c, "{\"name\": \"FakeTimeInstall\", \"data\": {}}", text, sizeof(text));
	const int64_t before = clock_monotonic_ms(&c.talk.clock);

	(void)ask(&c, "{\"name\": \"FakeTimeTick\", \"data\": {\"incrementMs\": 90000}}", text, sizeof(text));
	assert_int_equal(clock_monotonic_ms(&c.talk.clock), before + 90000);
	end(&c);
}

static const char *const values[] = {
	"{\"name\":\"CypherNull\",\"data\":{\"value\":null}}",
	"{\"name\":\"CypherBool\",\"data\":{\"value\":true}}",
	"{\"name\":\"CypherInt\",\"data\":{\"value\":-9223372036854775808}}",
	"{\"name\":\"CypherFloat\",\"data\":{\"value\":1.0}}",
	"{\"name\":\"CypherFloat\",\"data\":{\"value\":\"NaN\"}}",
	"{\"name\":\"CypherFloat\",\"data\":{\"value\":\"-Infinity\"}}",
	"{\"name\":\"CypherString\",\"data\":{\"value\":\"\xc3\xa5\"}}",
	"{\"name\":\"CypherBytes\",\"data\":{\"value\":\"00 ff 1c\"}}",
	"{\"name\":\"CypherBytes\",\"data\":{\"value\":\"\"}}",
	"{\"name\":\"CypherList\",\"data\":{\"value\":[{\"name\":\"CypherInt\",\"data\":{\"value\":1}}]}}",
	"{\"name\":\"CypherMap\",\"data\":{\"value\":{\"a\":{\"name\":\"CypherList\",\"data\":{\"value\":[]}}}}}",
	"{\"name\":\"CypherDate\",\"data\":{\"year\":-44,\"month\":3,\"day\":15}}",
	"{\"name\":\"CypherDate\",\"data\":{\"year\":2000,\"month\":2,\"day\":29}}",
	"{\"name\":\"CypherTime\",\"data\":{\"hour\":23,\"minute\":59,\"second\":58,\"nanosecond\":999999999}}",
	"{\"name\":\"CypherTime\",\"data\":{\"hour\":0,\"minute\":1,\"second\":2,\"nanosecond\":3,\"utc_offset_s\":-5400}}",
	"{\"name\":\"CypherDateTime\",\"data\":{\"year\":1969,\"month\":12,\"day\":31,\"hour\":23,\"minute\":30,\"second\":0,\"nanosecond\":5}}",
	"{\"name\":\"CypherDateTime\",\"data\":{\"year\":2022,\"month\":6,\"day\":7,\"hour\":11,\"minute\":52,\"second\":5,\"nanosecond\":0,"
	"\"utc_offset_s\":7200}}",
	"{\"name\":\"CypherDateTime\",\"data\":{\"year\":2022,\"month\":1,\"day\":1,\"hour\":0,\"minute\":15,\"second\":5,\"nanosecond\":0,"
	"\"utc_offset_s\":3600,\"timezone_id\":\"Europe/Stockholm\"}}",
	"{\"name\":\"CypherDuration\",\"data\":{\"months\":1,\"days\":-2,\"seconds\":3,\"nanoseconds\":4}}",
	"{\"name\":\"CypherPoint\",\"data\":{\"system\":\"cartesian\",\"x\":1.5,\"y\":-2.0}}",
	"{\"name\":\"CypherPoint\",\"data\":{\"system\":\"wgs84\",\"x\":1.5,\"y\":-2.0,\"z\":0.0}}",
};

static void values_come_back_as_they_went(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		yyjson_mut_doc *doc = json_doc_new(arena);
		struct err err = ERR_INIT;
		struct bolt_value value;
		yyjson_mut_val *written;

		assert_int_equal(cypher_read(json_parse(arena, values[i], strlen(values[i])), arena, &value, &err), 0);
		assert_int_equal(cypher_write(doc, &value, &written, &err), 0);
		yyjson_mut_doc_set_root(doc, written);
		assert_string_equal(json_text(arena, doc), values[i]);
	}
}

static void names_a_zone_that_nobody_knows(void **state)
{
	static const char text[] = "{\"name\":\"CypherDateTime\",\"data\":{\"year\":2022,\"month\":1,\"day\":1,\"hour\":0,\"minute\":0,"
				   "\"second\":0,\"nanosecond\":0,\"utc_offset_s\":0,\"timezone_id\":\"Europe/Neo4j\"}}";
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct bolt_value value;
	yyjson_mut_val *written;

	(void)state;
	assert_int_equal(cypher_read(json_parse(arena, text, strlen(text)), arena, &value, &err), 0);
	assert_int_equal(cypher_write(json_doc_new(arena), &value, &written, &err), ERR_INVALID);
	assert_non_null(strstr(err.text, "'Europe/Neo4j'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(announces_what_it_holds),
		cmocka_unit_test(tells_its_own_faults_from_the_librarys),
		cmocka_unit_test(stops_time),
		cmocka_unit_test(values_come_back_as_they_went),
		cmocka_unit_test(names_a_zone_that_nobody_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
