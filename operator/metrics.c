// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/metrics.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "neo4j/admin.h"
#include "operator/key.h"
#include "operator/phase.h"
#include "operator/plugin_phase.h"

#define REASONS_MAX 32
// Of some ten thousand deployments.
#define EXPIRIES_MAX_BYTES ((size_t)4 * 1024 * 1024)

// Why deployments are not registered; a reason more than fit counts as the last.
struct reasons {
	char names[REASONS_MAX][64];
	size_t counts[REASONS_MAX];
	size_t n;
};

struct tally {
	size_t phases[PHASE_FAILED + 1];
	size_t enabled;
	size_t registered;
	size_t disconnected; // registered, and its servers do not talk to Aura
	struct reasons *reasons;
	struct buf *expiries; // lines of metrics
};

static void count_reason(struct reasons *reasons, const char *name)
{
	size_t i = 0;

	while (i < reasons->n && strcmp(reasons->names[i], name) != 0)
		i++;
	if (i == REASONS_MAX)
		i--;
	if (i == reasons->n) {
		reasons->n++;
		(void)snprintf(reasons->names[i], sizeof(reasons->names[i]), "%s", name);
	}
	reasons->counts[i]++;
}

// The reason of the condition FleetRegistered, where that is False.
static const char *reason_of(const struct kube_object *root)
{
	yyjson_val *condition = kube_object_condition(root, "FleetRegistered");
	bool unregistered = yyjson_equals_str(yyjson_obj_get(condition, "status"), "False");

	return unregistered ? yyjson_get_str(yyjson_obj_get(condition, "reason")) : NULL;
}

// Of a deployment that is registered and whose servers have told it.
static void write_expiry(struct buf *out, struct memory_table *memories, enum key_kind kind, const struct kube_object *root)
{
	const char *namespace = kube_object_namespace(root), *name = kube_object_name(root);
	char key[QUEUE_KEY_SIZE];
	int64_t ms;

	key_format(kind, namespace, name, key);
	ms = memory_expiry(memories, key);
	if (ms)
		buf_addf(out, "neofleet_fleet_token_expiry_timestamp_seconds{kind=\"%s\",namespace=\"%s\",name=\"%s\"} %lld\n",
			 key_resource(kind)->kind, namespace, name, (long long)(ms / 1000));
}

static void count(const struct context *context, struct kube_store *store, enum key_kind kind, struct tally *tally)
{
	struct kube_object **roots;
	size_t n = kube_store_list(store, NULL, &roots);

	for (size_t i = 0; i < n; i++) {
		const char *phase = kube_object_str(roots[i], "/status/phase"), *reason = reason_of(roots[i]);

		if (reason && yyjson_is_true(kube_object_get(roots[i], "/spec/auraFleetManagement/enabled")))
			count_reason(tally->reasons, reason);
		for (int p = 0; phase && p <= PHASE_FAILED; p++)
			tally->phases[p] += strcmp(phase, phase_name((enum phase)p)) == 0;
		tally->enabled += yyjson_is_true(kube_object_get(roots[i], "/spec/auraFleetManagement/enabled"));
		if (!yyjson_is_true(kube_object_get(roots[i], "/status/auraFleetManagement/registered")))
			continue;
		tally->registered++;
		tally->disconnected += yyjson_equals_str(yyjson_obj_get(kube_object_condition(roots[i], "FleetConnected"), "status"), "False");
		write_expiry(tally->expiries, context->memories, kind, roots[i]);
	}
	kube_objects_free(roots, n);
}

static void write_plugins(struct kube_store *store, struct buf *out)
{
	size_t phases[PLUGIN_FAILED + 1] = {0};
	struct kube_object **plugins;
	size_t n = kube_store_list(store, NULL, &plugins);

	for (size_t i = 0; i < n; i++) {
		const char *phase = kube_object_str(plugins[i], "/status/phase");

		for (int p = 0; phase && p <= PLUGIN_FAILED; p++)
			phases[p] += strcmp(phase, plugin_phase_name((enum plugin_phase)p)) == 0;
	}
	kube_objects_free(plugins, n);
	for (int p = 0; p <= PLUGIN_FAILED; p++)
		buf_addf(out, "neofleet_plugins{phase=\"%s\"} %zu\n", plugin_phase_name((enum plugin_phase)p), phases[p]);
}

static void head(struct buf *out, const char *name, const char *help)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void head_of(struct buf *out, const char *name, const char *help, const char *type)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_kind(struct buf *out, const char *kind, const struct tally *tally)
{
	for (int p = 0; p <= PHASE_FAILED; p++)
		buf_addf(out, "neofleet_deployments{kind=\"%s\",phase=\"%s\"} %zu\n", kind, phase_name((enum phase)p),
			 tally->phases[p]);
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

// Under the names that controller-runtime gives them.
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

static void write_reasons(struct buf *out, const struct reasons *reasons)
{
	head(out, "neofleet_fleet_unregistered", "Deployments with auraFleetManagement.enabled that are not registered, by reason.");
	for (size_t i = 0; i < reasons->n; i++)
		buf_addf(out, "neofleet_fleet_unregistered{reason=\"%s\"} %zu\n", reasons->names[i], reasons->counts[i]);
}

static unsigned long long resident_bytes(void)
{
	_cleanup_(fclosep) FILE *file = fopen("/proc/self/statm", "re");
	unsigned long long pages = 0;

	if (!file || fscanf(file, "%*u %llu", &pages) != 1)
		return 0;
	return pages * (unsigned long long)sysconf(_SC_PAGESIZE);
}

// Without what is free and kept for the next burst.
static unsigned long long heap_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return (unsigned long long)info.uordblks + info.hblkhd;
}

void metrics_write(const struct context *context, const struct runner *runner, struct buf *out)
{
	struct reasons reasons = {.n = 0};
	_cleanup_buf_ struct buf expiries = BUF_INIT(EXPIRIES_MAX_BYTES);
	struct tally standalones = {.reasons = &reasons, .expiries = &expiries}, clusters = {.reasons = &reasons, .expiries = &expiries};

	count(context, context->stores.standalones, KEY_STANDALONE, &standalones);
	count(context, context->stores.clusters, KEY_CLUSTER, &clusters);
	head(out, "neofleet_deployments", "Deployments by kind and phase.");
	write_kind(out, "Neo4jEnterpriseStandalone", &standalones);
	write_kind(out, "Neo4jEnterpriseCluster", &clusters);
	head(out, "neofleet_plugins", "Neo4jPlugins by phase.");
	write_plugins(context->stores.plugins, out);
	head(out, "neofleet_fleet_enabled", "Deployments with auraFleetManagement.enabled.");
	buf_addf(out, "neofleet_fleet_enabled %zu\n", standalones.enabled + clusters.enabled);
	head(out, "neofleet_fleet_registered", "Deployments whose status says registered.");
	buf_addf(out, "neofleet_fleet_registered %zu\n", standalones.registered + clusters.registered);
	head(out, "neofleet_fleet_disconnected", "Registered deployments whose condition FleetConnected is False.");
	buf_addf(out, "neofleet_fleet_disconnected %zu\n", standalones.disconnected + clusters.disconnected);
	write_reasons(out, &reasons);
	write_histogram(out, "neofleet_bolt_login_seconds", "How long it took to dial a Neo4j server and to log in.", context->logins, "");
	write_histogram(out, "neofleet_bolt_query_seconds", "How long statements took on Neo4j servers.", admin_times(), "");
	head(out, "neofleet_fleet_token_expiry_timestamp_seconds", "When the token expires that a registered deployment holds, in Unix time.");
	buf_append(out, expiries.data, expiries.len);
	write_traffic(out, context);
	write_calls(out, context->client);
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
