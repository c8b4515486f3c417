// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/metrics.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "operator/phase.h"
#include "operator/plugin_phase.h"

struct tally {
	size_t phases[PHASE_FAILED + 1];
	size_t enabled;
	size_t registered;
};

static void count(struct kube_store *store, struct tally *tally)
{
	struct kube_object **roots;
	size_t n = kube_store_list(store, NULL, &roots);

	for (size_t i = 0; i < n; i++) {
		const char *phase = kube_object_str(roots[i], "/status/phase");

		for (int p = 0; phase && p <= PHASE_FAILED; p++)
			tally->phases[p] += strcmp(phase, phase_name((enum phase)p)) == 0;
		tally->enabled += yyjson_is_true(kube_object_get(roots[i], "/spec/auraFleetManagement/enabled"));
		tally->registered += yyjson_is_true(kube_object_get(roots[i], "/status/auraFleetManagement/registered"));
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

static void write_kind(struct buf *out, const char *kind, const struct tally *tally)
{
	for (int p = 0; p <= PHASE_FAILED; p++)
		buf_addf(out, "neofleet_deployments{kind=\"%s\",phase=\"%s\"} %zu\n", kind, phase_name((enum phase)p),
			 tally->phases[p]);
}

static void write_calls(struct buf *out, const struct kube_client *client)
{
	buf_add(out, "# HELP neofleet_api_calls_total Calls to the Kubernetes API, without watches and the lease.\n"
		     "# TYPE neofleet_api_calls_total counter\n");
	for (size_t i = 0; i < KUBE_METHODS; i++)
		buf_addf(out, "neofleet_api_calls_total{method=\"%s\"} %llu\n", kube_methods[i],
			 (unsigned long long)kube_client_calls(client, i));
}

static unsigned long long resident_bytes(void)
{
	_cleanup_(fclosep) FILE *file = fopen("/proc/self/statm", "re");
	unsigned long long pages = 0;

	if (!file || fscanf(file, "%*u %llu", &pages) != 1)
		return 0;
	return pages * (unsigned long long)sysconf(_SC_PAGESIZE);
}

void metrics_write(const struct context *context, struct buf *out)
{
	struct tally standalones = {0}, clusters = {0};

	count(context->stores.standalones, &standalones);
	count(context->stores.clusters, &clusters);
	head(out, "neofleet_deployments", "Deployments by kind and phase.");
	write_kind(out, "Neo4jEnterpriseStandalone", &standalones);
	write_kind(out, "Neo4jEnterpriseCluster", &clusters);
	head(out, "neofleet_plugins", "Neo4jPlugins by phase.");
	write_plugins(context->stores.plugins, out);
	head(out, "neofleet_fleet_enabled", "Deployments with auraFleetManagement.enabled.");
	buf_addf(out, "neofleet_fleet_enabled %zu\n", standalones.enabled + clusters.enabled);
	head(out, "neofleet_fleet_registered", "Deployments whose status says registered.");
	buf_addf(out, "neofleet_fleet_registered %zu\n", standalones.registered + clusters.registered);
	write_calls(out, context->client);
	head(out, "workqueue_depth", "Keys that are due.");
	buf_addf(out, "workqueue_depth %zu\n", queue_depth(context->queue));
	head(out, "process_resident_memory_bytes", "Resident memory of the operator.");
	buf_addf(out, "process_resident_memory_bytes %llu\n", resident_bytes());
}
