// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The larger steps of a pass over a deployment. Each reads what the steps before it have found, all of it const, and fills a result of its own;
// only operator/pass/reconcile_dbms.c puts the results together.

#include "operator/cluster/creation.h"
#include "operator/cluster/phase.h"
#include "operator/cluster/scale.h"
#include "operator/cluster/volume_growth.h"
#include "operator/fleet/plugin_entry.h"
#include "operator/object/key.h"
#include "operator/object/reason.h"
#include "operator/pass/children.h"
#include "operator/pass/gather.h"
#include "operator/pass/memory.h"
#include "operator/pass/publish.h"
#include "operator/pass/status.h"

// The problems that keep the operator from working with the servers, or Aura from telling them apart; see struct status_problem.
enum { PROBLEM_CREDENTIALS, PROBLEM_CERTIFICATE, PROBLEM_PLUGINS, PROBLEM_TWINS, PROBLEM_EXPIRING };

// Every step gets the same of these.
struct pass {
	const struct context *context;
	struct memory *memory;
	struct arena *arena;
	const struct kube_resource *resource; // of the root object
	struct kube_object *object;	      // the root object, as it was when the pass began
	int64_t started_ms;		      // monotonic
};

// Why nothing is built; message NULL: nothing prevents it.
struct refusal {
	enum reason reason;
	const char *message;
};

// The sooner of two waits; 0: no need to come again.
static inline int64_t pass_sooner(int64_t a_ms, int64_t b_ms)
{
	if (a_ms <= 0 || b_ms <= 0)
		return a_ms > b_ms ? a_ms : b_ms;
	return a_ms < b_ms ? a_ms : b_ms;
}

struct query pass_query(const struct pass *pass, const struct deployment *deployment);

// How many servers are wanted now, given what a cluster says of itself. ERR_CONFLICT: look again.
struct measure {
	const struct survey *survey;  // of a cluster; NULL: none
	struct scale_decision scale;  // of a cluster
	int replicas; // for the StatefulSet; servers that must leave have not left yet
};
int pass_measure(const struct pass *pass, const struct deployment *deployment, struct measure *ret, struct err *err);

// Builds and applies the children, unless something forbids it.
struct shape {
	struct refusal refusal;
	const char *waiting_for;     // the missing thing without which the StatefulSet cannot be made; NULL: nothing
	enum reason waiting_reason;
	enum reason warning;	     // of the Warning event for the new status
	const char *malformed;	     // why NEO4J_PLUGINS cannot be merged; NULL: it can
	struct kube_object *written; // the StatefulSet after the writes, the caller unrefs it; NULL: as it was gathered
	bool created;		     // this pass made the StatefulSet
	int64_t again_ms;	     // 0: no need
};
int pass_shape(const struct pass *pass, const struct children_inputs *inputs, struct shape *ret, struct err *err);

// Steps on the servers and the claims: enabling, draining, dropping, growing.
struct tended {
	const char *leftovers, *unscalable, *removing, *lost; // see struct phase_facts
	bool mending;
	enum reason stuck;
	struct volume_growth_result growth;
};
int pass_tend(const struct pass *pass, const struct deployment *deployment, const struct measure *measure, struct tended *ret,
	      struct err *err);

// Evicts the next outdated pod, if one may go.
struct rolled {
	const char *waiting; // why no outdated pod is replaced now; NULL: nothing waits
	enum reason stuck;
	const struct survey *survey; // the last one of this pass; NULL: none
	int64_t again_ms;
};
int pass_roll(const struct pass *pass, const struct deployment *deployment, struct phase_facts facts, struct rolled *ret, struct err *err);

struct judged {
	struct phase_verdict verdict;
	bool behind;	     // the present spec is not carried out: it waits
	enum reason warning; // of the Warning event for the verdict
	const char *roll_cause; // of a roll that this pass sees begin; NULL: none
	bool roll_ended;
	int64_t again_ms;
};

// Of a deployment that is being deleted: says who holds it. refused: its spec cannot be read.
int pass_delete(const struct pass *pass, const struct dbms *dbms, bool refused, struct judged *ret, struct err *err);

// Of a deployment that is gone: tells which of its objects are held, each by one event of its own. When to look again; 0: never.
int64_t pass_look_after(const struct context *context, const struct key *key, struct arena *arena);

// Whether the operator gets into the servers; shown in any phase.
struct access_told {
	struct status_problem credentials, certificate; // type NULL: nothing is said of them
	const char *version; // as the servers say; NULL: the known version stays
	const struct topology *topology; // of a standalone that was asked in this pass; NULL: nothing new is known
	int64_t again_ms;    // 0: no need
};
void pass_check_access(const struct pass *pass, const struct deployment *deployment, bool ready, struct access_told *ret);

// The registration with Fleet Manager, and the look at the connection. ERR_CONFLICT: look again.
struct fleet_inputs {
	const struct deployment *deployment;
	const struct kube_object *object; // the root object, as this pass has written it last
	const struct plugin_entry *entry;
	const char *malformed; // shape.malformed
	const struct phase_verdict *verdict;
	const struct survey *survey; // NULL: none
	bool announced;		     // this pass has already told that the deployment is Ready
};
struct fleet_told {
	struct status_fleet status;
	struct status_problem twins, expiring; // type NULL: nothing is said of them
	const struct topology *topology;       // of a standalone that was asked in this pass; NULL: nothing new is known
	bool just_registered;
	bool announce;	      // publish Ready first, then call again for the exchange
	enum reason warning;  // of the Warning for the message
	struct kube_object *written; // the root object after a write of its record (F4), the caller unrefs it; NULL: as it was
	int64_t again_ms;     // 0: no need
};
int pass_see_to_fleet(const struct pass *pass, const struct fleet_inputs *inputs, struct fleet_told *ret, struct err *err);

// The deployment in Aura that the operator makes itself (F4): one step towards a token for the next registration. *ret_ready: it is there; else
// ret says what is missing. ERR_CONFLICT: look again.
int pass_provision(const struct pass *pass, const struct fleet_inputs *inputs, struct fleet_told *ret, bool *ret_ready, struct err *err);

// The finalizer of deletionPolicy Delete, where it is not as the spec wants it. *ret_written: the root object after a write, the caller unrefs it; NULL:
// it was not written.
int pass_keep_finalizer(const struct pass *pass, const struct deployment *deployment, struct kube_object **ret_written, struct err *err);

// The end of a resource with that finalizer; nothing for others. *ret_again_ms: 0: no need.
int pass_end(const struct pass *pass, struct secret_cache *keyring, int64_t *ret_again_ms, struct err *err);

// The results of all steps, in their order. Only operator/pass/reconcile_dbms.c writes here.
struct found {
	struct refusal refusal;
	struct gathered gathered;
	struct measure measure;
	struct plugin_entry entry;
	struct plugin_verdicts *verdicts; // for entry.version; NULL: gathered.verdicts are
	struct shape shape;
	struct gathered after; // after the children were written
	const struct deployment *deployment; // of after or, when nothing was written, of gathered
	struct tended tended;
	struct rolled rolled;
	struct creation_told creation;
	const struct inventory *inventory; // of servers that have told; NULL: nothing new is known
	const char *hint; // see struct phase_facts
	struct volume_loss loss;
	struct judged judged;
	struct access_told access;
	struct fleet_told fleet;
	int64_t end_again_ms; // of a resource that is being deleted; 0: no need
};

// Whether the deployment was not refused, and has servers to log in to.
static inline bool found_is_built(const struct found *found)
{
	return found->deployment->workload && !found->refusal.message;
}

// Whether a roll begins or ends, by what of it was told before. The verdict is known.
void pass_notice_roll(const struct pass *pass, struct found *found);

// before is the object as it was when the pass began: an operator (this process at least) has already told what it says.
void pass_tell_events(const struct publisher *publisher, const struct found *found, const struct status_wanted *wanted,
		      const struct kube_object *before);
