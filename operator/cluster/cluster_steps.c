// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/cluster/cluster_steps.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/plural.h"
#include "base/steps.h"
#include "neo4j/admin.h"
#include "operator/cluster/inventory.h"
#include "operator/object/basis.h"
#include "operator/object/digest.h"
#include "operator/object/kept.h"
#include "operator/object/live_set.h"
#include "operator/object/reason.h"
#include "operator/server/server_login.h"

#define SURVEY_TIMEOUT_MS (10 * 1000)
#define ONE_SERVER_TIMEOUT_MS (4 * 1000)
#define ACT_TIMEOUT_MS (15 * 1000)

#define TRANSIENT "Neo.TransientError."

#define SETTLED_MS INT64_C(600000)
#define SPREAD_MS INT64_C(60000) // at most so much longer, so that deployments that were asked together at the operator's start spread out
#define FIRST_MS INT64_C(1000)
#define LAST_MS INT64_C(8000)
#define REFUSED_FIRST_MS INT64_C(5000)
#define REFUSED_LAST_MS INT64_C(60000)

// For the basis of a survey; twenty servers need a thirtieth of it.
#define BASIS_MAX ((size_t)64 * 1024)

// What a survey depends on; any change makes the next survey due at once.
static const char *basis_of(const struct context *context, const struct deployment *deployment, struct arena *arena)
{
	const struct dbms *dbms = &deployment->dbms;
	_cleanup_buf_ struct buf text = BUF_INIT(BASIS_MAX);

	buf_addf(&text, "%s %d %d", access_secret_version(context, dbms, dbms->admin_secret, arena), dbms->servers,
		 deployment->certificate_problem != NULL);
	for (size_t i = 0; i < deployment->n_pods; i++) {
		const struct pod *pod = &deployment->pods[i];

		buf_addf(&text, " %s/%lld/%d%d/%s", pod->uid, (long long)pod->restarts, pod->ready, pod->terminating,
			 pod->revision ? pod->revision : "");
	}
	return arena_strdup(arena, buf_str(&text));
}

static struct scale_facts scale_facts(const struct deployment *deployment)
{
	return (struct scale_facts){
		.names = &deployment->names,
		.pods = deployment->pods,
		.n_pods = deployment->n_pods,
		.volumes = deployment->volumes,
		.n_volumes = deployment->n_volumes,
		.wanted = deployment->dbms.servers,
		.replicas = deployment->workload ? deployment->live.replicas : 0,
		.update_revision = live_set_revision(&deployment->live),
	};
}

bool cluster_scale(const struct deployment *deployment, const struct survey *survey, struct arena *arena, struct scale_decision *ret)
{
	struct scale_facts facts = scale_facts(deployment);

	facts.survey = survey;
	scale_decide(&facts, arena, ret);
	return scale_is_grave(&facts, ret);
}

static bool is_rolling(const struct deployment *deployment)
{
	const char *revision = deployment->live.update_revision;

	for (size_t i = 0; i < deployment->n_pods; i++) {
		if (revision && deployment->pods[i].revision && strcmp(deployment->pods[i].revision, revision) != 0)
			return true;
	}
	return false;
}

// Whether there is a server to ask, and a use for the answer. An outdated pod that is not ready goes when all others are back.
static bool is_worth_asking(const struct deployment *deployment)
{
	struct scale_facts facts = scale_facts(deployment);
	size_t ready = 0, all = deployment->n_pods;

	for (size_t i = 0; i < deployment->n_pods; i++)
		ready += pod_can_be_asked(&deployment->pods[i]);
	if (ready == 0 || !deployment->workload)
		return false;
	return scale_needs_survey(&facts) || ((int)all >= facts.replicas && (ready == all || (ready + 1 == all && is_rolling(deployment))));
}

// Logs in to the servers of one deployment.
struct caller {
	const struct context *context;
	struct cluster_memory *memory;
	struct arena *arena; // wiped when freed
	struct access_servers servers;
	struct access access;
	bool unlisted; // the next server's answer to the password says nothing of the others'
};

static bool caller_init(struct caller *caller, const struct deployment *deployment, struct access_problem *ret_problem)
{
	const char *barred;
	int64_t left;

	caller->servers = access_servers(deployment);
	caller->access = (struct access){.servers = &caller->servers, .arena = caller->arena};
	barred = access_barred(caller->context, caller->servers.memory, &caller->servers, caller->arena, &left);
	if (!barred)
		return access_read(caller->context, &caller->access, caller->arena, ret_problem);
	*ret_problem = (struct access_problem){.reason = access_barred_reason(caller->servers.memory), .message = barred};
	return false;
}

static int open_link(struct caller *caller, const struct pod *pod, int64_t deadline, struct bolt_link **ret, struct err *err)
{
	struct access_login login = {.context = caller->context,
				     .memory = caller->servers.memory,
				     .access = &caller->access,
				     .pod = pod,
				     .deadline = deadline,
				     .unlisted = caller->unlisted};
	int r;

	if (!context_has_ms(caller->context, deadline_left_ms(deadline)))
		return err_set(err, ERR_TIMEOUT, "too little of the lease is left");
	r = access_log_in(&login, ret, err);
	return r < 0 ? err_wrap(err, "server '%s'", pod->name) : 0;
}

static void problem(struct survey *survey, enum reason reason, const char *text)
{
	survey->reason = reason;
	survey->problem = arena_strdup(survey->arena, text);
}

static int show(const struct caller *caller, struct survey *survey, struct bolt_link *link, int64_t deadline, struct err *err)
{
	struct admin admin = {.link = link, .deadline = deadline, .arena = survey->arena, .scrub = &caller->access.scrub};
	int r = admin_servers(&admin, &survey->servers, err);

	return r < 0 ? r : admin_databases(&admin, &survey->copies, err);
}

// One server's answer. False when another server is worth a try.
static bool ask(struct caller *caller, const struct pod *pod, struct survey *survey)
{
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	int64_t deadline = deadline_in_ms(ONE_SERVER_TIMEOUT_MS);
	struct err err = ERR_INIT;
	int r = open_link(caller, pod, deadline, &link, &err);

	if (r == ERR_FORBIDDEN) {
		problem(survey, access_barred_reason(caller->servers.memory), caller->servers.memory->message);
		return true;
	}
	if (r == 0)
		r = show(caller, survey, link, deadline, &err);
	if (r == 0) {
		survey->problem = NULL;
		survey->reason = REASON_NONE;
		survey->asked = arena_strdup(survey->arena, pod->name);
		return true;
	}
	problem(survey, REASON_UNREACHABLE, arena_printf(survey->arena, "The servers cannot be asked: %s", err.text));
	return false;
}

// "it is in another cluster, which lists 3 servers", for a server that the others do not list.
static const char *self_portrait(const struct survey *others, const struct survey *own)
{
	size_t known = 0, n = 0;

	for (size_t i = 0; i < own->servers.n; i++) {
		const struct topology_server *server = &own->servers.items[i];

		if (strcmp(server->state, "Dropped") == 0)
			continue;
		n++;
		for (size_t k = 0; k < others->servers.n; k++)
			known += strcmp(others->servers.items[k].id, server->id) == 0;
	}
	if (known)
		return arena_printf(others->arena, "it lists %zu server%s, of which they know %zu", n, plural(n), known);
	return arena_printf(others->arena, "it is in another cluster, which lists %zu server%s", n, plural(n));
}

static const char *portrait(struct caller *caller, const struct pod *pod, const struct survey *others)
{
	_cleanup_(survey_freep) struct survey *own = survey_new();
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	struct admin admin = {
		.deadline = deadline_in_ms(ONE_SERVER_TIMEOUT_MS), .arena = own->arena, .scrub = &caller->access.scrub};
	struct err err = ERR_INIT;
	int r;

	if (deadline_left_ms(caller->memory->outsiders_ms) > 0)
		return "it has refused the password";
	caller->unlisted = true;
	r = open_link(caller, pod, admin.deadline, &link, &err);
	caller->unlisted = false;
	if (r == ERR_FORBIDDEN) {
		caller->memory->outsiders_ms = deadline_in_ms(ACCESS_REFUSED_MS);
		return "it has refused the password";
	}
	admin.link = link;
	if (r == 0)
		r = admin_servers(&admin, &own->servers, &err);
	return r < 0 ? arena_printf(others->arena, "it does not tell (%s)", err.text) : self_portrait(others, own);
}

// A ready pod that the answer does not list may belong to another cluster, with data of its own.
static void ask_outsiders(struct caller *caller, const struct deployment *deployment, struct survey *survey, int64_t deadline)
{
	for (size_t i = 0; i < deployment->n_pods && survey->n_outsiders < SURVEY_OUTSIDERS_MAX && deadline_left_ms(deadline) > 0; i++) {
		const struct pod *pod = &deployment->pods[i];

		if (pod->address && survey_is_outside(survey, &deployment->names, pod))
			survey->outsiders[survey->n_outsiders++] = (struct survey_outsider){
				.pod = arena_strdup(survey->arena, pod->name), .says = portrait(caller, pod, survey)};
	}
}

// Asks the pods of a range of ordinals until one has answered.
static bool ask_first(struct caller *caller, const struct deployment *deployment, bool staying, struct survey *survey, int64_t deadline)
{
	for (size_t i = 0; i < deployment->n_pods && deadline_left_ms(deadline) > 0; i++) {
		const struct pod *pod = &deployment->pods[i];
		bool stays = names_ordinal(&deployment->names, pod->name) < deployment->dbms.servers;

		if (stays == staying && pod_can_be_asked(pod) && ask(caller, pod, survey))
			return true;
	}
	return false;
}

static struct survey *take(const struct context *context, struct cluster_memory *memory, const struct deployment *deployment)
{
	STEP("asking the servers");
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct caller caller = {.context = context, .memory = memory, .arena = arena};
	int64_t deadline = deadline_in_ms(SURVEY_TIMEOUT_MS);
	struct survey *survey = survey_new();
	struct access_problem cause;

	if (!caller_init(&caller, deployment, &cause)) {
		problem(survey, cause.reason, cause.message);
		return survey;
	}
	problem(survey, REASON_UNREACHABLE, "No server is ready to be asked");
	// The servers that stay decide what happens to those that leave, so they are asked first.
	if ((ask_first(&caller, deployment, true, survey, deadline) || ask_first(&caller, deployment, false, survey, deadline)) && !survey->problem)
		ask_outsiders(&caller, deployment, survey, deadline);
	return survey;
}

int cluster_survey(const struct context *context, struct cluster_memory *memory, const struct deployment *deployment, bool at_once,
		   const struct survey **ret, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *basis = basis_of(context, deployment, arena);
	bool same;

	*ret = NULL;
	if (!is_worth_asking(deployment))
		return 0;
	same = basis_is(&memory->basis, basis);
	if (memory->last && same && !at_once && deadline_left_ms(memory->next_ms) > 0) {
		*ret = memory->last;
		return 0;
	}
	if (!context_has_ms(context, SURVEY_TIMEOUT_MS + ONE_SERVER_TIMEOUT_MS))
		return err_set(err, ERR_CONFLICT, "too little of the lease is left to ask the servers");
	survey_free(memory->last);
	memory->last = take(context, memory, deployment);
	memory->fresh = true;
	memory->acted = false;
	memory->taken_ms = clock_monotonic_ms(&clock_system);
	basis_set(&memory->basis, basis);
	kept_set(memory->refused, "");
	if (!same)
		memory->unsettled = memory->refusals = 0;
	*ret = memory->last;
	return 0;
}

void cluster_keep_told(struct cluster_memory *memory, const struct topology *topology)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct survey told = {.asked = "", .servers = topology->servers, .copies = topology->copies};
	const char *text = survey_text(&told, arena);

	survey_free(memory->last);
	memory->last = survey_read(text, strlen(text));
}

void cluster_drop_told(struct cluster_memory *memory)
{
	survey_free(memory->last);
	memory->last = NULL;
}

bool cluster_is_recent(const struct cluster_memory *memory, int64_t since_ms)
{
	return memory->last && memory->taken_ms >= since_ms;
}

// The pause after n others.
static int64_t grown(int64_t first, unsigned n, int64_t last)
{
	int64_t delay = first;

	for (unsigned i = 0; i < n && delay < last; i++)
		delay *= 2;
	return delay < last ? delay : last;
}

static int64_t pause_after(struct cluster_memory *memory)
{
	const struct survey *last = memory->last;

	// The deployment is as it should be, but a database is not yet, and may never be.
	if (memory->settled && inventory_is_moving(last))
		return grown(FIRST_MS, memory->unsettled++, SETTLED_MS);
	if (memory->settled) {
		memory->unsettled = memory->refusals = 0;
		return SETTLED_MS + random() % SPREAD_MS;
	}
	if (last->problem && last->reason == REASON_CREDENTIALS_REFUSED)
		return ACCESS_REFUSED_MS;
	// Most refusals pass: a database is starting, or the lead has just moved.
	if (memory->refused[0])
		return grown(REFUSED_FIRST_MS, memory->refusals++, REFUSED_LAST_MS);
	return grown(FIRST_MS, memory->unsettled++, LAST_MS);
}

int64_t cluster_pace(struct cluster_memory *memory, bool settled)
{
	int64_t delay;

	if (!memory->last)
		return 0;
	if (!memory->fresh) {
		// The servers may have said something while all was settled that the deployment waits for now.
		if (!settled && memory->settled) {
			memory->settled = false;
			memory->next_ms = deadline_in_ms(FIRST_MS);
		}
		return deadline_left_ms(memory->next_ms) + 1;
	}
	settled = settled && !memory->last->problem;
	if (settled != memory->settled)
		memory->unsettled = 0;
	memory->settled = settled;
	delay = pause_after(memory);
	memory->fresh = false;
	memory->next_ms = deadline_in_ms(delay);
	return delay;
}

static int run(const struct admin *admin, const struct scale_decision *decision, struct err *err)
{
	int r = 0;
	bool drops = decision->action == SCALE_DROP || decision->action == SCALE_FORGET;

	assert(decision->n_servers > 0 && (!drops || decision->n_servers == 1));
	if (decision->action == SCALE_DRAIN || decision->action == SCALE_RELIEVE)
		return admin_deallocate(admin, decision->servers, decision->n_servers, err);
	if (drops)
		return admin_drop_server(admin, decision->servers[0], err);
	for (size_t i = 0; r == 0 && i < decision->n_servers; i++)
		r = admin_enable_server(admin, decision->servers[i], err);
	return r;
}

static int command(struct caller *caller, const struct pod *writer, const struct scale_decision *decision, struct err *err)
{
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	struct admin admin = {
		.deadline = deadline_in_ms(ACT_TIMEOUT_MS), .arena = caller->arena, .scrub = &caller->access.scrub};
	int r = open_link(caller, writer, admin.deadline, &link, err);

	if (r < 0)
		return r;
	admin.link = link;
	return run(&admin, decision, err);
}

// Only the server that can write database system takes changes of the cluster.
static void act_on_servers(const struct context *context, struct cluster_memory *memory, const struct deployment *deployment,
			   const struct scale_decision *decision)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct pod *writer = survey_writer(memory->last, &deployment->names, deployment->pods, deployment->n_pods);
	struct caller caller = {.context = context, .memory = memory, .arena = arena};
	struct access_problem cause;
	struct err err = ERR_INIT;
	int r;

	// The next survey shows the result; until then nothing is said twice.
	memory->acted = memory->fresh = true;
	memory->unsettled = 0;
	if (!writer || !caller_init(&caller, deployment, &cause))
		return;
	r = command(&caller, writer, decision, &err);
	log_info("step on the servers", "namespace", deployment->dbms.metadata.namespace, "name", deployment->dbms.metadata.name, "step",
		 decision->message, "result", r < 0 ? err.text : "done");
	memory->done = r == 0;
	if (r == 0)
		memory->refusals = 0;
	// A failure that depends on the leader or on the connection is tried again with a new survey.
	if (r == ERR_SERVER && !admin_is_not_leader(&err) && strncmp(err.code, TRANSIENT, strlen(TRANSIENT)) != 0)
		kept_set(memory->refused, err.text);
}

static const char *volume_patch(const struct deployment *deployment, const struct scale_decision *decision, struct arena *arena)
{
	return decision->action == SCALE_MARK
		       ? data_volume_leaving_patch(decision->volume, &deployment->dbms, arena)
		       : data_volume_deallocated_patch(decision->volume, &deployment->dbms, decision->servers[0], arena);
}

static struct kube_name volume_name(const struct deployment *deployment, const struct data_volume *volume)
{
	return (struct kube_name){.namespace = deployment->dbms.metadata.namespace, .name = volume->name};
}

static int act_on_volume(const struct context *context, const struct deployment *deployment, const struct scale_decision *decision,
			 bool *ret_done, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct kube_name name = volume_name(deployment, decision->volume);
	struct kube_delete_options options = {.uid = decision->volume->uid, .grace_period_s = -1};
	int r;

	assert(decision->action != SCALE_CONDEMN || decision->n_servers == 1);
	if (decision->action != SCALE_DISCARD)
		r = kube_patch(context->client, &kube_persistentvolumeclaims, name, NULL, KUBE_PATCH_MERGE,
			       volume_patch(deployment, decision, arena), NULL, err);
	else
		r = kube_delete(context->client, &kube_persistentvolumeclaims, name, &options, err);
	*ret_done = r == 0;
	if (r != ERR_NOT_FOUND && r != ERR_CONFLICT)
		return r < 0 ? err_wrap(err, "%s", decision->message) : 0;
	err_clear(err);
	return 0;
}

int cluster_act(const struct context *context, struct cluster_memory *memory, const struct deployment *deployment,
		const struct scale_decision *decision, struct err *err)
{
	memory->done = false;
	switch (decision->action) {
	case SCALE_ENABLE:
	case SCALE_DRAIN:
	case SCALE_DROP:
	case SCALE_RELIEVE:
	case SCALE_FORGET:
		if (!memory->acted)
			act_on_servers(context, memory, deployment, decision);
		return 0;
	case SCALE_MARK:
	case SCALE_CONDEMN:
	case SCALE_DISCARD:
		return act_on_volume(context, deployment, decision, &memory->done, err);
	case SCALE_REST:
	case SCALE_WAIT:
	case SCALE_STOPPED:
	case SCALE_REFUSED:
	case SCALE_RELIEVED:
		break;
	}
	return 0;
}
