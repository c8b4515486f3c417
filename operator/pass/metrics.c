// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/pass/metrics.h"

#include <assert.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "aura/aura_client.h"
#include "neo4j/admin.h"
#include "operator/fleet/roster.h"
#include "operator/object/key.h"
#include "operator/pass/tally.h"
#include "operator/pass/troubles.h"

// Room for some five thousand deployments, and for some two thousand troubles. As many texts may be on their way as connections are allowed
// (main.c).
#define EXPIRIES_MAX_BYTES ((size_t)1024 * 1024)
#define TROUBLES_MAX_BYTES ((size_t)512 * 1024)
static_assert(ROSTER_OF_A_NAMESPACE == TROUBLES_OF_A_NAMESPACE, "docs/monitoring.md tells one bound for both");

// A label's value, in quotes. A line break or a quote in the value would otherwise begin another line.
static void add_label(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n')
			buf_add(out, "\\n");
		else if (*value == '"' || *value == '\\')
			buf_addf(out, "\\%c", *value);
		else
			buf_addc(out, *value);
	}
	buf_addc(out, '"');
}

// The beginning of a line about one deployment; false where the text is no deployment's key.
static bool add_deployment(struct buf *out, const char *metric, const char *text)
{
	struct key key;

	if (!key_parse(text, &key))
		return false;
	buf_addf(out, "%s{", metric);
	add_label(out, "kind", key_resource(key.kind)->kind);
	add_label(out, ",namespace", key.namespace);
	add_label(out, ",name", key.name);
	return true;
}

// Leaves out a line that finds no room.
static void end_line(struct buf *out, size_t before, int64_t value)
{
	buf_addf(out, "} %lld\n", (long long)value);
	if (out->overflow)
		buf_truncate(out, before);
}

// For a registered deployment whose servers have told it.
static void write_expiry(void *user, const char *text, int64_t expires_ms)
{
	struct buf *out = user;
	size_t before = out->len;

	if (add_deployment(out, "neofleet_fleet_token_expiry_timestamp_seconds", text))
		end_line(out, before, expires_ms / 1000);
}

static void write_trouble(void *user, const char *text, const char *condition, enum reason reason)
{
	struct buf *out = user;
	size_t before = out->len;

	if (!add_deployment(out, "neofleet_deployment_trouble", text))
		return;
	add_label(out, ",condition", condition);
	add_label(out, ",reason", reason_name(reason));
	end_line(out, before, 1);
}

static void head(struct buf *out, const char *name, const char *help)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void head_of(struct buf *out, const char *name, const char *help, const char *type)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_phases(struct buf *out, const struct tally_counts *counts)
{
	head(out, "neofleet_deployments", "Deployments by kind and phase.");
	for (enum key_kind kind = KEY_STANDALONE; kind <= KEY_CLUSTER; kind++) {
		for (int p = 0; p <= PHASE_FAILED; p++)
			buf_addf(out, "neofleet_deployments{kind=\"%s\",phase=\"%s\"} %zu\n", key_resource(kind)->kind,
				 phase_name((enum phase)p), counts->phases[kind][p]);
	}
	head(out, "neofleet_plugins", "Neo4jPlugins by phase.");
	for (int p = 0; p <= PLUGIN_FAILED; p++)
		buf_addf(out, "neofleet_plugins{phase=\"%s\"} %zu\n", plugin_phase_name((enum plugin_phase)p), counts->plugin_phases[p]);
}

// Under the name and with the labels of client-go.
static void write_traffic(struct buf *out, const struct context *context)
{
	const char *server = kube_config_server(kube_client_config(context->client)), *host = strstr(server, "://");
	struct traffic all = {0};
	struct traffic_count count;

	host = host ? host + strlen("://") : server;
	traffic_add(&all, kube_client_traffic(context->client));
	if (context->lease)
		traffic_add(&all, lease_traffic(context->lease));
	head_of(out, "rest_client_requests_total", "Requests to the Kubernetes API by what came of them, watches when they have ended.",
		"counter");
	for (size_t i = 0; traffic_get(&all, i, &count); i++) {
		char code[16] = "<error>";

		if (count.status)
			(void)snprintf(code, sizeof(code), "%d", count.status);
		buf_addf(out, "rest_client_requests_total{code=\"%s\",method=\"%s\",host=\"%.*s\"} %llu\n", code, count.method,
			 (int)strcspn(host, "/"), host, (unsigned long long)count.n);
	}
}

static void write_calls(struct buf *out, const struct kube_client *client)
{
	buf_add(out, "# HELP neofleet_api_calls_total Calls to the Kubernetes API, without watches and the lease.\n"
		     "# TYPE neofleet_api_calls_total counter\n");
	for (size_t i = 0; i < KUBE_METHODS; i++)
		buf_addf(out, "neofleet_api_calls_total{method=\"%s\"} %llu\n", kube_methods[i],
			 (unsigned long long)kube_client_calls(client, i));
}

static void write_histogram(struct buf *out, const char *name, const char *help, const struct histogram *histogram, const char *labels)
{
	head_of(out, name, help, "histogram");
	histogram_write(histogram, name, labels, out);
}

// Under the names of controller-runtime.
static void write_queue(struct buf *out, struct queue *queue)
{
	struct queue_stats stats;

	queue_stats(queue, &stats);
	head(out, "workqueue_depth", "Keys that are due.");
	buf_addf(out, "workqueue_depth{name=\"deployment\"} %zu\n", queue_depth(queue));
	head_of(out, "workqueue_adds_total", "Keys that became due.", "counter");
	buf_addf(out, "workqueue_adds_total{name=\"deployment\"} %llu\n", (unsigned long long)stats.adds);
	head_of(out, "workqueue_retries_total", "Keys that were put off by a back-off.", "counter");
	buf_addf(out, "workqueue_retries_total{name=\"deployment\"} %llu\n", (unsigned long long)stats.retries);
	write_histogram(out, "workqueue_queue_duration_seconds", "From when a key was due until a worker took it.", queue_waits(queue),
			"name=\"deployment\"");
}

static void write_outcome(struct buf *out, const char *result, uint64_t n)
{
	buf_addf(out, "controller_runtime_reconcile_total{controller=\"deployment\",result=\"%s\"} %llu\n", result, (unsigned long long)n);
}

static void write_runner(struct buf *out, const struct runner *runner)
{
	struct runner_stats stats;

	runner_stats(runner, &stats);
	head_of(out, "controller_runtime_reconcile_total", "Reconciles by result.", "counter");
	write_outcome(out, "success", stats.succeeded);
	write_outcome(out, "requeue_after", stats.waiting);
	write_outcome(out, "error", stats.failed);
	head_of(out, "controller_runtime_reconcile_errors_total", "Reconciles that ended with an error.", "counter");
	buf_addf(out, "controller_runtime_reconcile_errors_total{controller=\"deployment\"} %llu\n", (unsigned long long)stats.failed);
	head(out, "controller_runtime_active_workers", "Reconciles that run now.");
	buf_addf(out, "controller_runtime_active_workers{controller=\"deployment\"} %d\n", stats.active);
	head(out, "controller_runtime_max_concurrent_reconciles", "Reconciles that may run at a time.");
	buf_addf(out, "controller_runtime_max_concurrent_reconciles{controller=\"deployment\"} %d\n", stats.workers);
	head(out, "workqueue_longest_running_processor_seconds", "How long the oldest of the running reconciles runs.");
	buf_addf(out, "workqueue_longest_running_processor_seconds{name=\"deployment\"} %.3f\n", (double)stats.longest_ms / 1000);
	head(out, "workqueue_unfinished_work_seconds", "How long all running reconciles run, together.");
	buf_addf(out, "workqueue_unfinished_work_seconds{name=\"deployment\"} %.3f\n", (double)stats.unfinished_ms / 1000);
	write_histogram(out, "controller_runtime_reconcile_time_seconds", "How long reconciles took.", runner_times(runner),
			"controller=\"deployment\"");
	write_histogram(out, "workqueue_work_duration_seconds", "The same, as the queue sees it.", runner_times(runner),
			"name=\"deployment\"");
}

static void write_fleet(struct buf *out, const struct tally_counts *counts)
{
	head(out, "neofleet_fleet_enabled", "Deployments with auraFleetManagement.enabled.");
	buf_addf(out, "neofleet_fleet_enabled %zu\n", counts->enabled);
	head(out, "neofleet_fleet_registered", "Deployments whose status says registered.");
	buf_addf(out, "neofleet_fleet_registered %zu\n", counts->registered);
	head(out, "neofleet_fleet_disconnected", "Registered deployments whose condition FleetConnected is False.");
	buf_addf(out, "neofleet_fleet_disconnected %zu\n", counts->disconnected);
	head(out, "neofleet_fleet_token_gone", "Registered deployments whose servers hold no token.");
	buf_addf(out, "neofleet_fleet_token_gone %zu\n", counts->token_gone);
	head(out, "neofleet_fleet_unregistered", "Deployments with auraFleetManagement.enabled that are not registered, by reason.");
	for (size_t i = 0; tally_reason(i); i++) {
		if (counts->reasons[i])
			buf_addf(out, "neofleet_fleet_unregistered{reason=\"%s\"} %zu\n", tally_reason(i), counts->reasons[i]);
	}
}

static void write_aura(struct buf *out, const struct aura_client *aura)
{
	head_of(out, "neofleet_aura_requests_total", "Requests to the Aura API by what came of them.", "counter");
	for (int i = 0; i < AURA_RESULTS; i++)
		buf_addf(out, "neofleet_aura_requests_total{result=\"%s\"} %llu\n", aura_result_name((enum aura_result)i),
			 (unsigned long long)aura_client_count(aura, (enum aura_result)i));
}

static unsigned long long resident_bytes(void)
{
	_cleanup_(fclosep) FILE *file = fopen("/proc/self/statm", "re");
	unsigned long long pages = 0;

	if (!file || fscanf(file, "%*u %llu", &pages) != 1)
		return 0;
	return pages * (unsigned long long)sysconf(_SC_PAGESIZE);
}

// Does not count freed memory that is kept for the next burst.
static unsigned long long heap_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return (unsigned long long)info.uordblks + info.hblkhd;
}

void metrics_write(const struct context *context, const struct runner *runner, struct buf *out)
{
	_cleanup_buf_ struct buf expiries = BUF_INIT(EXPIRIES_MAX_BYTES), troubles = BUF_INIT(TROUBLES_MAX_BYTES);
	struct tally_counts counts;

	tally_read(context->tally, &counts);
	roster_each_expiry(context->roster, write_expiry, &expiries);
	tally_each_trouble(context->tally, write_trouble, &troubles);
	write_phases(out, &counts);
	head(out, "neofleet_deployment_trouble", "1 for each condition of a deployment that is not as it should be, with its reason.");
	buf_append(out, troubles.data, troubles.len);
	write_fleet(out, &counts);
	write_histogram(out, "neofleet_bolt_login_seconds", "How long it took to dial a Neo4j server and to log in.", context->logins, "");
	write_histogram(out, "neofleet_bolt_query_seconds", "How long statements took on Neo4j servers.", admin_times(), "");
	head(out, "neofleet_fleet_token_expiry_timestamp_seconds", "When the token expires that a registered deployment holds, in Unix time.");
	buf_append(out, expiries.data, expiries.len);
	write_traffic(out, context);
	write_calls(out, context->client);
	if (context->aura)
		write_aura(out, context->aura);
	write_queue(out, context->queue);
	if (runner)
		write_runner(out, runner);
	if (context->lease) {
		head(out, "leader_election_master_status", "Whether this process holds the lease.");
		buf_addf(out, "leader_election_master_status{name=\"%s\"} %d\n", lease_name(context->lease), lease_is_held(context->lease));
		head(out, "neofleet_lease_wait_seconds", "How long this process has waited while another one holds the lease.");
		buf_addf(out, "neofleet_lease_wait_seconds{name=\"%s\"} %.3f\n", lease_name(context->lease),
			 (double)lease_waits_ms(context->lease) / 1000);
	}
	head(out, "process_resident_memory_bytes", "Resident memory of the operator.");
	buf_addf(out, "process_resident_memory_bytes %llu\n", resident_bytes());
	head(out, "neofleet_heap_in_use_bytes", "Memory that the operator has allocated and not freed.");
	buf_addf(out, "neofleet_heap_in_use_bytes %llu\n", heap_bytes());
}
