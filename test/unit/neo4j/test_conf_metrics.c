// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "neo4j/conf.h"

#define ENABLED "server.metrics.prometheus.enabled"
#define ENDPOINT "server.metrics.prometheus.endpoint"

// Expects the lines, or the words of the refusal.
static void expect(bool metrics, struct conf_setting users, const char *text)
{
	struct conf_request request = {.version = version_of_tag("2025.12.1-enterprise"), .servers = 1, .metrics = metrics, .config = &users, .n_config = users.name ? 1 : 0};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct conf conf;
	const char *said = conf_build(&request, arena, &conf, &err) < 0 ? err.text : conf.lasting;

	if (!strstr(said, text))
		fail_msg("wanted '%s', got '%s'", text, said);
}

// G3: the endpoint is the pods' port; a setting of the user's that says the same does no harm, one that contradicts is refused.
static void test_metrics(void **state)
{
	(void)state;
	expect(true, (struct conf_setting){0}, ENABLED "=true\n" ENDPOINT "=0.0.0.0:2004\n");
	expect(true, (struct conf_setting){ENDPOINT, "0.0.0.0:2004", "spec.config[x]"}, ENDPOINT "=0.0.0.0:2004\n");
	expect(true, (struct conf_setting){ENDPOINT, "0.0.0.0:2005", "spec.config[x]"},
	       "spec.config[x]: spec.metrics.enabled sets it to 0.0.0.0:2004; leave out one of the two");
	expect(true, (struct conf_setting){ENABLED, "false", "spec.env[0] (y)"}, "spec.env[0] (y): spec.metrics.enabled sets it to true");
	expect(false, (struct conf_setting){ENDPOINT, "0.0.0.0:2005", "spec.config[x]"}, ENDPOINT "=0.0.0.0:2005\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
