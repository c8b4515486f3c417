// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A value that the server refuses would end every start, so we refuse it before a pod is touched, and name the setting. A value in Kubernetes'
// writing (512Mi) is refused with the text that Neo4j takes, and not translated: docs/decisions/0026-sizes-are-neo4js.md.

#include "neo4j/conf_types.h"

#include <ctype.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "neo4j/conf_setting.h"
#include "neo4j/conf_value.h"

struct typed {
	const char *name;
	enum conf_type type;
};

// Sorted by name.
static const struct typed table[] = {
// Begin of the part that test/neo4j/setting-types writes.
	{"client.allow_telemetry", CONF_BOOLEAN},
	{"db.checkpoint.interval.time", CONF_DURATION},
	{"db.checkpoint.interval.tx", CONF_INTEGER},
	{"db.checkpoint.interval.volume", CONF_SIZE},
	{"db.checkpoint.iops.limit", CONF_INTEGER},
	{"db.checkpoint.throughput.limit", CONF_SIZE},
	{"db.filewatcher.enabled", CONF_BOOLEAN},
	{"db.import.csv.buffer_size", CONF_LONG},
	{"db.import.csv.legacy_quote_escaping", CONF_BOOLEAN},
	{"db.index.fulltext.eventually_consistent", CONF_BOOLEAN},
	{"db.index.fulltext.eventually_consistent_apply_parallelism", CONF_INTEGER},
	{"db.index.fulltext.eventually_consistent_index_update_queue_max_length", CONF_INTEGER},
	{"db.index.fulltext.eventually_consistent_refresh_interval", CONF_DURATION},
	{"db.index.fulltext.eventually_consistent_refresh_parallelism", CONF_INTEGER},
	{"db.index_sampling.background_enabled", CONF_BOOLEAN},
	{"db.index_sampling.sample_size_limit", CONF_INTEGER},
	{"db.index_sampling.update_percentage", CONF_INTEGER},
	{"db.lock.acquisition.timeout", CONF_DURATION},
	{"db.logs.query.annotation_data_as_json_enabled", CONF_BOOLEAN},
	{"db.logs.query.early_raw_logging_enabled", CONF_BOOLEAN},
	{"db.logs.query.max_parameter_length", CONF_INTEGER},
	{"db.logs.query.obfuscate_errors", CONF_BOOLEAN},
	{"db.logs.query.obfuscate_literals", CONF_BOOLEAN},
	{"db.logs.query.parameter_logging_enabled", CONF_BOOLEAN},
	{"db.logs.query.plan_description_enabled", CONF_BOOLEAN},
	{"db.logs.query.threshold", CONF_DURATION},
	{"db.logs.query.transaction.threshold", CONF_DURATION},
	{"db.memory.pagecache.warmup.enable", CONF_BOOLEAN},
	{"db.memory.pagecache.warmup.preload", CONF_BOOLEAN},
	{"db.memory.pagecache.warmup.profile.interval", CONF_DURATION},
	{"db.memory.transaction.max", CONF_SIZE},
	{"db.memory.transaction.total.max", CONF_SIZE},
	{"db.recovery.fail_on_missing_files", CONF_BOOLEAN},
	{"db.relationship_grouping_threshold", CONF_INTEGER},
	{"db.shutdown_transaction_end_timeout", CONF_DURATION},
	{"db.store.files.preallocate", CONF_BOOLEAN},
	{"db.track_query_cpu_time", CONF_BOOLEAN},
	{"db.transaction.bookmark_ready_timeout", CONF_DURATION},
	{"db.transaction.concurrent.maximum", CONF_INTEGER},
	{"db.transaction.monitor.check.interval", CONF_DURATION},
	{"db.transaction.sampling.percentage", CONF_INTEGER},
	{"db.transaction.timeout", CONF_DURATION},
	{"db.tx_log.buffer.size", CONF_LONG},
	{"db.tx_log.preallocate", CONF_BOOLEAN},
	{"db.tx_log.rotation.size", CONF_SIZE},
	{"dbms.cypher.forbid_exhaustive_shortestpath", CONF_BOOLEAN},
	{"dbms.cypher.forbid_shortestpath_common_nodes", CONF_BOOLEAN},
	{"dbms.cypher.hints_error", CONF_BOOLEAN},
	{"dbms.cypher.lenient_create_relationship", CONF_BOOLEAN},
	{"dbms.cypher.min_replan_interval", CONF_DURATION},
	{"dbms.cypher.render_plan_description", CONF_BOOLEAN},
	{"dbms.cypher.transactions.default_subquery_retry_timeout", CONF_DURATION},
	{"dbms.fleet_manager.enabled", CONF_BOOLEAN},
	{"dbms.logs.http.enabled", CONF_BOOLEAN},
	{"dbms.memory.tracking.enable", CONF_BOOLEAN},
	{"dbms.memory.transaction.total.max", CONF_SIZE},
	{"dbms.routing.driver.connection.connect_timeout", CONF_DURATION},
	{"dbms.routing.driver.connection.max_lifetime", CONF_DURATION},
	{"dbms.routing.driver.connection.pool.acquisition_timeout", CONF_DURATION},
	{"dbms.routing.driver.connection.pool.idle_test", CONF_DURATION},
	{"dbms.routing.driver.connection.pool.max_size", CONF_INTEGER},
	{"dbms.routing.enabled", CONF_BOOLEAN},
	{"dbms.routing_ttl", CONF_DURATION},
	{"dbms.security.allow_csv_import_from_file_urls", CONF_BOOLEAN},
	{"dbms.security.auth_enabled", CONF_BOOLEAN},
	{"dbms.security.auth_lock_time", CONF_DURATION},
	{"dbms.security.auth_max_failed_attempts", CONF_INTEGER},
	{"dbms.security.auth_minimum_password_length", CONF_INTEGER},
	{"dbms.usage_report.enabled", CONF_BOOLEAN},
	{"server.bolt.advertised_address", CONF_ADDRESS},
	{"server.bolt.connection_keep_alive", CONF_DURATION},
	{"server.bolt.connection_keep_alive_probes", CONF_INTEGER},
	{"server.bolt.connection_keep_alive_streaming_scheduling_interval", CONF_DURATION},
	{"server.bolt.enable_network_error_accounting", CONF_BOOLEAN},
	{"server.bolt.enabled", CONF_BOOLEAN},
	{"server.bolt.listen_address", CONF_ADDRESS},
	{"server.bolt.network_abort_clear_window_duration", CONF_DURATION},
	{"server.bolt.network_abort_warn_threshold", CONF_LONG},
	{"server.bolt.network_abort_warn_window_duration", CONF_DURATION},
	{"server.bolt.ocsp_stapling_enabled", CONF_BOOLEAN},
	{"server.bolt.telemetry.enabled", CONF_BOOLEAN},
	{"server.bolt.thread_pool_keep_alive", CONF_DURATION},
	{"server.bolt.thread_pool_max_size", CONF_INTEGER},
	{"server.bolt.thread_pool_min_size", CONF_INTEGER},
	{"server.bolt.thread_starvation_clear_window_duration", CONF_DURATION},
	{"server.bolt.thread_starvation_warn_threshold", CONF_LONG},
	{"server.bolt.thread_starvation_warn_window_duration", CONF_DURATION},
	{"server.bolt.traffic_accounting_check_period", CONF_DURATION},
	{"server.bolt.traffic_accounting_clear_duration", CONF_DURATION},
	{"server.bolt.traffic_accounting_incoming_threshold_mbps", CONF_LONG},
	{"server.bolt.traffic_accounting_outgoing_threshold_mbps", CONF_LONG},
	{"server.bolt.unix_socket_auth", CONF_BOOLEAN},
	{"server.bolt.unix_socket_delete", CONF_BOOLEAN},
	{"server.bolt.unix_socket_enabled", CONF_BOOLEAN},
	{"server.bolt.unix_socket_thread_pool_keep_alive", CONF_DURATION},
	{"server.bolt.unix_socket_thread_pool_max_size", CONF_INTEGER},
	{"server.bolt.unix_socket_thread_pool_min_size", CONF_INTEGER},
	{"server.bolt.unix_socket_use_dedicated_thread_pool", CONF_BOOLEAN},
	{"server.config.strict_validation.enabled", CONF_BOOLEAN},
	{"server.cypher.parallel.worker_limit", CONF_INTEGER},
	{"server.databases.default_to_read_only", CONF_BOOLEAN},
	{"server.db.query_cache_size", CONF_INTEGER},
	{"server.default_advertised_address", CONF_ADDRESS},
	{"server.default_listen_address", CONF_ADDRESS},
	{"server.fleet_discovery.broadcast_interval", CONF_DURATION},
	{"server.fleet_discovery.broadcast_interval_jitter", CONF_INTEGER},
	{"server.fleet_discovery.enabled", CONF_BOOLEAN},
	{"server.fleet_discovery.port", CONF_INTEGER},
	{"server.http.advertised_address", CONF_ADDRESS},
	{"server.http.enabled", CONF_BOOLEAN},
	{"server.http.listen_address", CONF_ADDRESS},
	{"server.http.transaction_idle_timeout", CONF_DURATION},
	{"server.http.x_forward.enabled", CONF_BOOLEAN},
	{"server.http.x_forward.private_ips_enabled", CONF_BOOLEAN},
	{"server.https.advertised_address", CONF_ADDRESS},
	{"server.https.enabled", CONF_BOOLEAN},
	{"server.https.listen_address", CONF_ADDRESS},
	{"server.logs.debug.enabled", CONF_BOOLEAN},
	{"server.logs.gc.enabled", CONF_BOOLEAN},
	{"server.logs.gc.rotation.keep_number", CONF_INTEGER},
	{"server.logs.gc.rotation.size", CONF_SIZE},
	{"server.memory.heap.initial_size", CONF_SIZE},
	{"server.memory.heap.max_size", CONF_SIZE},
	{"server.memory.off_heap.block_cache_size", CONF_INTEGER},
	{"server.memory.off_heap.max_cacheable_block_size", CONF_SIZE},
	{"server.memory.off_heap.transaction_max_size", CONF_SIZE},
	{"server.memory.pagecache.async", CONF_BOOLEAN},
	{"server.memory.pagecache.directio", CONF_BOOLEAN},
	{"server.memory.pagecache.flush.buffer.enabled", CONF_BOOLEAN},
	{"server.memory.pagecache.flush.buffer.size_in_pages", CONF_INTEGER},
	{"server.memory.pagecache.scan.prefetchers", CONF_INTEGER},
	{"server.memory.pagecache.size", CONF_SIZE},
	{"server.memory.query_cache.per_db_cache_num_entries", CONF_INTEGER},
	{"server.queryapi.transaction_idle_timeout", CONF_DURATION},
	{"server.routing.listen_address", CONF_ADDRESS},
	{"server.threads.worker_count", CONF_INTEGER},
// End of the part that test/neo4j/setting-types writes.
};

static int by_name(const void *key, const void *item)
{
	return strcmp(key, ((const struct typed *)item)->name);
}

enum conf_type conf_type_of(const char *setting)
{
	const struct typed *found = bsearch(setting, table, sizeof(table) / sizeof(table[0]), sizeof(table[0]), by_name);

	return found ? found->type : CONF_OTHER;
}

// The same amount in Neo4j's writing, for an amount in Kubernetes' ("512Mi", "1Gi", "2t"); NULL where it is no such slip.
static const char *size_meant(const char *value, struct arena *arena)
{
	size_t digits = strspn(value, "0123456789."), letters = strlen(value + digits);
	char unit = (char)toupper((unsigned char)value[digits]);
	const char *meant;
	uint64_t bytes;

	if (!digits || !letters || letters > 3 || !strchr("KMGTPE", unit))
		return NULL;
	meant = arena_printf(arena, "%.*s%c%s", (int)digits, value, strchr("KMG", unit) ? tolower(unit) : unit, strchr("KMG", unit) ? "" : "iB");
	return conf_value_size(meant, &bytes) ? meant : NULL;
}

static const char *size_problem(const char *value, struct arena *arena)
{
	const char *meant = size_meant(value, arena);

	if (!meant)
		return arena_printf(arena, "'%.40s' is not a size for Neo4j; write one such as 512m or 2g", value);
	return arena_printf(arena, "'%.40s' is not a size for Neo4j, which has units of its own; write %s", value, meant);
}

static const char *address_problem(const char *value, struct arena *arena)
{
	struct conf_address address;

	if (*value == '[' && conf_value_address(value, true, arena, &address))
		return arena_printf(arena, "'%.80s': Neo4j before 2026.05 takes no brackets without a port; leave the brackets out", value);
	return arena_printf(arena, "'%.80s' is not an address; write HOST:PORT, HOST or :PORT", value);
}

// Whether an address in brackets needs no port: 2025.12.1 still wants one, 2026.05.0 does not, and without brackets no release does.
static bool takes_brackets(const struct version *version)
{
	return version->family == VERSION_CALENDAR && version_compare(version, 2026, 5, 0) >= 0;
}

// The one limit that we must know, too.
static int least_of(const char *setting)
{
	return strcmp(setting, CONF_PASSWORD_LENGTH) == 0 ? 1 : INT_MIN;
}

const char *conf_type_problem(const char *setting, const char *value, const struct version *version, struct arena *arena)
{
	struct conf_address address;
	int64_t number;
	uint64_t bytes;
	bool flag;

	switch (conf_type_of(setting)) {
	case CONF_SIZE:
		return conf_value_size(value, &bytes) ? NULL : size_problem(value, arena);
	case CONF_DURATION:
		if (conf_value_duration(value, &number))
			return NULL;
		return arena_printf(arena, "'%.40s' is not a duration for Neo4j; write one such as 500ms, 30s, 5m or 1h30m", value);
	case CONF_BOOLEAN:
		if (conf_value_bool(value, &flag))
			return NULL;
		return arena_printf(arena, "'%.40s' is neither true nor false", value);
	case CONF_INTEGER:
		if (conf_value_integer(value, least_of(setting), INT_MAX, &number))
			return NULL;
		return arena_printf(arena, "'%.40s' is not a whole number from %d to %d", value, least_of(setting), INT_MAX);
	case CONF_LONG:
		return conf_value_integer(value, INT64_MIN, INT64_MAX, &number) ? NULL
										: arena_printf(arena, "'%.40s' is not a whole number", value);
	case CONF_ADDRESS:
		return conf_value_address(value, takes_brackets(version), arena, &address) ? NULL : address_problem(value, arena);
	case CONF_OTHER:
		break;
	}
	return NULL;
}
