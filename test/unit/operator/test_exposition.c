// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Which series /metrics has: the name, the type and the labels of each are kept in exposition.txt beside this file. Alerts and dashboards are
// held against that list (script/monitoring), so that a metric cannot be renamed behind their back. NEOFLEET_GOLDEN_UPDATE=1 writes it anew.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aura/aura_client.h"
#include "base/clock.h"
#include "base/log.h"
#include "kube/lease.h"
#include "kube/runner.h"
#include "operator/fleet/roster.h"
#include "operator/pass/metrics.h"
#include "operator/pass/tally.h"
#include "reach.h"

#define KEPT NEOFLEET_SOURCE_DIR "/test/unit/operator/exposition.txt"
#define TEXT_MAX ((size_t)64 * 1024)

static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	(void)actor, (void)call, (void)number;
	actor_answer(conn, 200, NULL, "{}");
}

static int reconcile(void *user, const char *key, struct outcome *ret, struct err *err)
{
	(void)user, (void)key, (void)ret, (void)err;
	return 0;
}

// A line of a sample without its value and the values of its labels: name{label,label}.
static void add_shape(struct buf *out, const char *line)
{
	bool inside = false;

	for (; *line && *line != ' ' && *line != '\n'; line++) {
		if (*line == '"' && line[-1] != '\\')
			inside = !inside;
		else if (!inside && *line != '=')
			buf_addc(out, *line);
	}
}

// Each series' shape once, behind the type of its family.
static void add_shapes(struct buf *out, const char *text)
{
	char type[160] = "";

	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		_cleanup_buf_ struct buf shape = BUF_INIT(1024);

		if (sscanf(line, "# TYPE %*s %159s", type) == 1 || *line == '#')
			continue;
		buf_addf(&shape, "%s ", type);
		add_shape(&shape, line);
		buf_addc(&shape, '\n');
		if (!strstr(buf_str(out), buf_str(&shape)))
			buf_add(out, buf_str(&shape));
	}
}

static void compare(const char *text)
{
	_cleanup_(fclosep) FILE *file = fopen(KEPT, getenv("NEOFLEET_GOLDEN_UPDATE") ? "w+" : "r");
	static char kept[TEXT_MAX];

	assert_non_null(file);
	if (getenv("NEOFLEET_GOLDEN_UPDATE")) {
		assert_true(fputs(text, file) >= 0);
		return;
	}
	kept[fread(kept, 1, sizeof(kept) - 1, file)] = '\0';
	if (strcmp(text, kept) != 0)
		fail_msg("exposition.txt is not as /metrics is: NEOFLEET_GOLDEN_UPDATE=1 writes it anew; then see script/monitoring. It is:\n%s", text);
}

// Something of every family: a call, a deployment in each kind of trouble, a token's expiry, a runner and a lease.
static void fill(struct context *context)
{
	static const char root[] = "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"a\"},\"spec\":{\"auraFleetManagement\":{\"enabled\":true}},"
				   "\"status\":{\"phase\":\"Ready\",\"conditions\":[{\"type\":\"FleetRegistered\",\"status\":\"False\","
				   "\"reason\":\"TokenExpired\"}]}}";
	struct kube_object *object = kube_object_parse(root, strlen(root));
	const struct kube_name pod = {"ns", "p"};
	struct err err = ERR_INIT;

	assert_non_null(object);
	tally_change(context->tally, KEY_CLUSTER, object, NULL);
	kube_object_unref(object);
	roster_set_expiry(context->roster, "cluster/ns/a", INT64_C(1893456000999));
	assert_int_equal(kube_get(context->client, &kube_pods, pod, NULL, &err), 0);
}

static void test_series(void **state)
{
	const struct aura_options service = {.url = "http://127.0.0.1:1", .clock = &clock_system, .timeout_ms = 1000};
	const struct lease_options election = {.name = {"ns", "neofleet"}, .identity = "me"};
	_cleanup_buf_ struct buf out = BUF_INIT(TEXT_MAX), shapes = BUF_INIT(TEXT_MAX);
	struct runner_options options = {.workers = 1, .reconcile = reconcile, .name = "deployment"};
	struct histogram logins = {0};
	struct context context = {.logins = &logins};
	struct err err = ERR_INIT;
	struct runner *runner;
	struct reach reach;

	(void)state;
	log_set_level(LOG_ERROR);
	reach_begin(&reach, play, NULL);
	context.client = reach.client;
	context.queue = options.queue = queue_new(&(struct queue_options){0});
	context.roster = roster_new();
	context.tally = tally_new();
	context.aura = aura_client_new(&service, reach.loop);
	assert_int_equal(lease_new(reach.config, reach.loop, &election, &context.lease, &err), 0);
	assert_int_equal(runner_start(&options, &runner, &err), 0);
	fill(&context);
	metrics_write(&context, runner, &out);
	add_shapes(&shapes, buf_str(&out));
	runner_stop(runner);
	lease_free(context.lease);
	aura_client_free(context.aura);
	tally_free(context.tally);
	roster_free(context.roster);
	queue_free(context.queue);
	reach_end(&reach);
	compare(buf_str(&shapes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_series),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
