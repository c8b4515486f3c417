// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet/provision_failure.h"

// While the limit of calls is used up, many deployments wait for it: they must not come back at the same moment.
#define SPREAD_MS 5000

bool provision_was_refused(const struct err *err)
{
	return err->class == ERR_FORBIDDEN || err->class == ERR_NOT_FOUND || err->class == ERR_CONFLICT || err->class == ERR_INVALID ||
	       err->class == ERR_TOO_MANY;
}

// A proxy that finds the service away says 502, 503 or 504, and so does the pace of the client, without a status.
static bool is_servers_own(const struct err *err)
{
	return err->class == ERR_SERVER && err->status >= 500 && err->status != 502 && err->status != 503 && err->status != 504;
}

static const char *cure_of(const struct provision_record *record, const struct err *err, struct arena *arena)
{
	switch (err->class) {
	case ERR_FORBIDDEN:
		return arena_printf(arena, "check the client credentials in Secret '%s', and that they may work on project '%s' of organization '%s'",
				    record->credentials, record->project, record->organization);
	case ERR_NOT_FOUND:
		return arena_printf(arena, "check organization '%s' and project '%s'", record->organization, record->project);
	case ERR_CONFLICT:
		return "another deployment has this name: set another provision.deploymentName, or delete that one in the Aura console if nobody needs it";
	case ERR_INVALID:
		return "mend in the spec or in the Aura console what it names, such as a quota";
	default:
		return "it is tried again";
	}
}

static enum reason reason_of_class(const struct err *err)
{
	if (err->class == ERR_CONFLICT)
		return REASON_AURA_NAME_TAKEN;
	return provision_was_refused(err) ? REASON_AURA_REFUSED : REASON_AURA_UNAVAILABLE;
}

void provision_failure_of_aura(const struct provision_record *record, const char *subject, const struct err *err, struct arena *arena,
			       struct provision_failure *ret)
{
	*ret = (struct provision_failure){
		.reason = reason_of_class(err),
		.at_least_ms = err->retry_after_ms,
		.server_fault = is_servers_own(err),
		.waiting = err->class == ERR_TOO_MANY || err->class == ERR_CANCELLED,
	};
	if (ret->waiting) {
		ret->reason = REASON_PROVISIONING;
		ret->message = arena_printf(arena, "Waiting for the Aura API: %s", err->text);
		ret->at_least_ms += random() % SPREAD_MS;
		return;
	}
	ret->message = arena_printf(arena, "%s: %s; %s", subject, err->text, cure_of(record, err, arena));
}

void provision_failure_of_write(const char *what, const struct err *err, struct arena *arena, struct provision_failure *ret)
{
	if (err->class == ERR_FORBIDDEN)
		*ret = (struct provision_failure){
			.reason = REASON_RIGHTS_MISSING,
			.message = arena_printf(arena,
						"The operator may not write %s (%s); give it the rights for provision (docs/provision.md), or use tokenSecretRef with "
						"a token from the Aura console",
						what, err->text)};
	else
		*ret = (struct provision_failure){
			.reason = REASON_API_UNAVAILABLE,
			.message = arena_printf(arena, "The operator cannot write %s (%s); it is tried again", what, err->text)};
}
