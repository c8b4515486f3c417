// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/pass/reconcile.h"

#include "base/log.h"
#include "operator/pass/memory.h"

// A lost race is no failure: the store will soon learn what has changed.

int reconcile(void *user, const char *text, struct outcome *ret, struct err *err)
{
	const struct context *context = user;
	struct key key;
	int r = 0;

	if (!key_parse(text, &key))
		return err_set(err, ERR_INTERNAL, "key '%s' cannot be read", text);
	*ret = (struct outcome){.reason = "done"};
	if (key.kind == KEY_PLUGIN)
		r = reconcile_plugin(context, &key, memory_of(context->memories, text), ret, err);
	else
		r = reconcile_dbms(context, &key, memory_of(context->memories, text), ret, err);
	memory_rest(context->memories, text);
	if (r != ERR_CONFLICT)
		return r;
	log_debug("lost a race", "key", text, "error", err->text);
	err_clear(err);
	// The winner's change comes through the watch and starts the next run; the back-off is for a watch that is silent just now.
	*ret = (struct outcome){.backoff = true, .reason = "conflict"};
	return 0;
}
