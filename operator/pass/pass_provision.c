// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <string.h>

#include "base/log.h"
#include "base/steps.h"
#include "operator/pass/pass.h"
#include "operator/pass/publish.h"

static struct provision_inputs inputs_of(const struct pass *pass, const struct deployment *deployment, const struct kube_object *object)
{
	return (struct provision_inputs){pass->resource, object, &deployment->dbms, &deployment->names, deployment->keyring};
}

int pass_provision(const struct pass *pass, const struct fleet_inputs *inputs, struct fleet_told *ret, bool *ret_ready, struct err *err)
{
	STEP("making a deployment in Aura");
	const struct provision_inputs wanted = inputs_of(pass, inputs->deployment, inputs->object);
	struct provision_result result;
	int r = provision_step_once(pass->context, &pass->memory->provision, &wanted, pass->arena, &result, err);

	ret->written = result.written;
	*ret_ready = r == 0 && result.ready;
	if (r < 0 || result.ready)
		return r;
	ret->status.reason = result.reason;
	ret->status.message = result.message;
	ret->warning = result.waiting ? REASON_NONE : REASON_AURA_FAILED;
	ret->again_ms = pass_sooner(ret->again_ms, result.again_after_ms);
	return 0;
}

// Without the right the deployment goes on; that it will stay in Aura is all that is lost.
int pass_keep_finalizer(const struct pass *pass, const struct deployment *deployment, struct kube_object **ret_written, struct err *err)
{
	const struct provision_inputs wanted = inputs_of(pass, deployment, pass->object);
	int r = provision_keep_finalizer(pass->context, &wanted, pass->arena, ret_written, err);

	if (r >= 0 || r == ERR_CONFLICT)
		return r;
	log_warning("cannot set the finalizer of deletionPolicy", "namespace", deployment->dbms.metadata.namespace, "name", deployment->dbms.metadata.name,
		    "error", err->text);
	err_clear(err);
	return 0;
}

int pass_end(const struct pass *pass, struct secret_cache *keyring, int64_t *ret_again_ms, struct err *err)
{
	STEP("deleting the deployment in Aura");
	const struct provision_end_inputs inputs = {pass->resource, pass->object, keyring};
	const struct publisher publisher = {pass->context, pass->resource, pass->arena, false};
	struct provision_end_result result;
	int r = provision_end(pass->context, &pass->memory->ending, &inputs, pass->arena, &result, err);
	struct event_text event = {result.warning ? EVENT_WARNING : EVENT_NORMAL, reason_name(result.reason), result.message};

	if (r == 0 && result.reason)
		publish_event(&publisher, pass->object, &event);
	if (r == 0 && result.released)
		outdated_note(&pass->memory->outdated, kube_object_resource_version(pass->object), true);
	*ret_again_ms = result.again_after_ms;
	return r;
}
