// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "neo4j/conf.h"

#define SETTINGS                                                                                                                              \
	"internal.dbms.sharded_property_database.allow_external_shard_access=false\ninternal.dbms.sharded_property_database.enabled=true\n"
#define LANGUAGE "db.query.default_language"

// Expects the lines, or the words of the refusal.
static void expect(const char *tag, bool sharding, struct conf_setting users, struct conf_setting own, const char *text)
{
	struct conf_request request = {
		.version = version_of_tag(tag),
		.servers = 1,
		.config = &users,
		.n_config = users.name ? 1 : 0,
		.sharding = sharding,
		.sharding_config = &own,
		.n_sharding_config = own.name ? 1 : 0,
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct conf conf;
	const char *said = conf_build(&request, arena, &conf, &err) < 0 ? err.text : conf.lasting;

	if (!strstr(said, text))
		fail_msg("wanted '%s', got '%s'", text, said);
}

// B4: what sharded property databases need is set from the release on that has them; a setting that contradicts is refused.
static void test_sharding(void **state)
{
	static const struct conf_setting none = {0};

	(void)state;
	expect("2025.12.1-enterprise", true, none, none, SETTINGS);
	expect("2025.12.1-enterprise", true, none, none, LANGUAGE "=CYPHER_25\n");
	expect("2026.06-enterprise", true, (struct conf_setting){LANGUAGE, "CYPHER_25", "spec.config[x]"}, none, SETTINGS);
	expect("latest", true, none, none, SETTINGS);
	expect("2026.06-enterprise", true, (struct conf_setting){LANGUAGE, "CYPHER_5", "spec.config[x]"}, none,
	       "spec.config[x]: spec.propertySharding.enabled sets it to CYPHER_25; leave out one of the two");
	expect("2025.11-enterprise", true, none, none,
	       "spec.propertySharding.enabled: Neo4j 2025.11 has no sharded property databases, which came with 2025.12; choose a newer spec.image.tag");
	expect("5.26.12-enterprise", true, none, none, "Neo4j 5.26.12 has no sharded property databases");
	expect("5.26.12-enterprise", false, none, none, "server.default_listen_address=0.0.0.0\n");
	// Its own settings win over the deployment's, and are checked like them.
	expect("2026.06-enterprise", true, (struct conf_setting){"db.tx_log.rotation.retention_policy", "1 days", "spec.config[x]"},
	       (struct conf_setting){"db.tx_log.rotation.retention_policy", "14 days", "spec.propertySharding.config[x]"},
	       "db.tx_log.rotation.retention_policy=14 days\n");
	expect("2026.06-enterprise", true, none, (struct conf_setting){"server.bolt.listen_address", ":1", "spec.propertySharding.config[x]"},
	       "spec.propertySharding.config[x]: must not be set");
	expect("2026.06-enterprise", true, none, (struct conf_setting){"server.jvm.additional", "-Dx=1", "spec.propertySharding.config[x]"},
	       "server.jvm.additional=-Dx=1\n");
}

// B4: an address that is the operator's own may be said.
static void test_own_addresses(void **state)
{
	static const struct conf_setting none = {0};

	(void)state;
	expect("5.26-enterprise", false, (struct conf_setting){"server.bolt.listen_address", "0.0.0.0:7687", "spec.config[x]"}, none,
	       "server.bolt.listen_address=0.0.0.0:7687\n");
	expect("5.26-enterprise", false, (struct conf_setting){"server.http.listen_address", "0.0.0.0:7475", "spec.config[x]"}, none,
	       "spec.config[x]: must not be set: the Services expect port 7474");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sharding),
		cmocka_unit_test(test_own_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
