// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Each pass remembers its own last login. A refusal is shared with the other passes over the same servers (operator/server/login_bars.h): a pass
// looks there first, and takes what it finds for its own. So all that follows, the status and the pace, needs to know one memory only.

#include "operator/server/login_memory.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "bolt/codes.h"
#include "operator/object/key.h"
#include "operator/server/login_bars.h"
#include "operator/server/retry.h"
#include "operator/server/secret_cache.h"

// After three wrong passwords, of anybody, the server takes none for five seconds.
#define RATE_LIMIT "Neo.ClientError.Security.AuthenticationRateLimit"
#define RATE_LIMIT_PAUSE_MS INT64_C(6000)

struct access_servers access_servers(const struct deployment *deployment)
{
	return (struct access_servers){
		.dbms = &deployment->dbms,
		.names = &deployment->names,
		.pods = deployment->pods,
		.n_pods = deployment->n_pods,
		.keyring = deployment->keyring,
		.memory = deployment->login,
	};
}

const char *access_secret_version(const struct context *context, const struct dbms *dbms, const char *name, struct arena *arena)
{
	_cleanup_(kube_object_unrefp) struct kube_object *secret = NULL;

	if (!name)
		return "";
	secret = kube_store_get(context->stores.secrets, (struct kube_name){dbms->metadata.namespace, name});
	return secret ? arena_strdup(arena, kube_object_resource_version(secret)) : "absent";
}

enum reason access_refusal_reason(const char *code)
{
	return strcmp(code, RATE_LIMIT) == 0 ? REASON_LOGINS_LIMITED : REASON_CREDENTIALS_REFUSED;
}

enum reason access_barred_reason(const struct access_memory *memory)
{
	return memory->limited ? REASON_LOGINS_LIMITED : REASON_CREDENTIALS_REFUSED;
}

const char *access_refusal(const char *admin_secret, const struct err *err, struct arena *arena)
{
	if (access_refusal_reason(err->code) == REASON_LOGINS_LIMITED)
		return arena_printf(arena,
				    "Somebody tries wrong passwords for user 'neo4j', so the server takes no login of that user for some seconds "
				    "(%s) and has not looked at the password of Secret '%s'; find out who does, in Neo4j's security.log; it is "
				    "tried again every few seconds",
				    err->code, admin_secret);
	if (strcmp(err->code, BOLT_CREDENTIALS_EXPIRED) == 0)
		return arena_printf(arena,
				    "The server wants the password of user 'neo4j' in Secret '%s' changed before anything else (%s); "
				    "change it in Neo4j with ALTER USER neo4j SET PASSWORD ... CHANGE NOT REQUIRED, and put it into the "
				    "Secret",
				    admin_secret, err->code);
	return arena_printf(arena,
			    "The server refused user 'neo4j' with the password of Secret '%s' (%s); put the password that Neo4j has "
			    "into the Secret, or change it in Neo4j with ALTER USER neo4j SET PASSWORD (the Secret counts only at the "
			    "first start)",
			    admin_secret, err->code[0] ? err->code : "refused");
}

// The version that this pass has read, else the one that the next to read would find.
static const char *admin_version(const struct context *context, const struct access_servers *servers, struct arena *arena)
{
	const struct dbms *dbms = servers->dbms;
	const char *version = secret_cache_version(servers->keyring, (struct kube_name){dbms->metadata.namespace, dbms->admin_secret});

	return version ? version : access_secret_version(context, dbms, dbms->admin_secret, arena);
}

const char *access_basis(const struct context *context, const struct access_servers *servers, struct arena *arena)
{
	return arena_printf(arena, "%s%s", admin_version(context, servers, arena), pod_runs(servers->pods, servers->n_pods, false, arena));
}

static void key_of(const struct access_servers *servers, char key[QUEUE_KEY_SIZE])
{
	const struct dbms *dbms = servers->dbms;

	key_format(dbms->kind == DBMS_CLUSTER ? KEY_CLUSTER : KEY_STANDALONE, dbms->metadata.namespace, dbms->metadata.name, key);
}

// Remembers a refusal that another pass got as if it were this pass's own.
static void adopt(struct access_memory *memory, const struct login_bar *bar)
{
	memory->basis = bar->basis;
	memory->known = memory->refused = true;
	memory->limited = bar->limited;
	memory->next_ms = bar->until_ms;
	memory->taken_ms = 0;
	kept_set(memory->message, bar->message);
}

void access_heed_others(const struct context *context, struct access_memory *memory, const struct access_servers *servers, const char *basis)
{
	char key[QUEUE_KEY_SIZE];
	struct login_bar bar;

	key_of(servers, key);
	if (login_bars_hold(context->bars, key, basis, &bar))
		adopt(memory, &bar);
}

const char *access_barred(const struct context *context, struct access_memory *memory, const struct access_servers *servers,
			  struct arena *arena, int64_t *ret_left_ms)
{
	const char *basis = access_basis(context, servers, arena);

	access_heed_others(context, memory, servers, basis);
	*ret_left_ms = deadline_left_ms(memory->next_ms);
	if (!memory->known || !memory->refused || *ret_left_ms == 0 || !basis_is(&memory->basis, basis))
		return NULL;
	return memory->message;
}

static void tell_others(const struct context *context, const struct access_memory *memory, const struct access_servers *servers)
{
	struct login_bar bar = {.basis = memory->basis, .limited = memory->limited, .until_ms = memory->next_ms};
	char key[QUEUE_KEY_SIZE];

	key_of(servers, key);
	kept_set(bar.message, memory->message);
	if (memory->refused)
		login_bars_set(context->bars, key, &bar);
	else
		login_bars_lift(context->bars, key);
}

void access_note(const struct context *context, struct access_memory *memory, const struct access_servers *servers,
		 const char *refusal, const char *code)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	assert(!refusal || code);
	basis_set(&memory->basis, access_basis(context, servers, arena));
	kept_set(memory->message, refusal);
	memory->known = true;
	memory->refused = refusal != NULL;
	memory->limited = refusal && access_refusal_reason(code) == REASON_LOGINS_LIMITED;
	memory->taken_ms = refusal ? 0 : clock_monotonic_ms(&clock_system);
	memory->next_ms = deadline_in_ms(memory->limited ? RATE_LIMIT_PAUSE_MS : ACCESS_REFUSED_MS);
	tell_others(context, memory, servers);
}

int access_enter(const struct context *context, struct access_memory *memory, const struct access_servers *servers, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	char key[QUEUE_KEY_SIZE];
	struct login_bar bar;

	key_of(servers, key);
	if (!login_bars_enter(context->bars, key, access_basis(context, servers, arena), ACCESS_REFUSED_MS, &bar))
		return 0;
	adopt(memory, &bar);
	return err_set(err, ERR_FORBIDDEN, "%s", bar.message);
}

void access_leave(const struct context *context, const struct access_servers *servers)
{
	char key[QUEUE_KEY_SIZE];

	key_of(servers, key);
	login_bars_release(context->bars, key);
}

void access_note_topology(struct access_memory *memory, const struct topology *topology)
{
	bool moving = false;

	for (size_t i = 0; i < topology->copies.n; i++)
		moving = moving || strcmp(topology->copies.items[i].requested, topology->copies.items[i].current) != 0;
	memory->moving = moving ? memory->moving + 1 : 0;
	memory->topology_ms = moving ? deadline_in_ms(retry_delay(memory->moving)) : 0;
}
