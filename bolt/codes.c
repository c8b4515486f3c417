// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/codes.h"

#include <string.h>

bool bolt_is_retryable(const struct err *err)
{
	const char *code = err ? err->code : "";

	if (!err || !err_is_set(err))
		return false;
	if (strcmp(code, BOLT_COMMIT_UNKNOWN) == 0 || strcmp(code, BOLT_CALLBACK) == 0 || err->retry_after_ms == BOLT_NOT_AGAIN)
		return false;
	if (err->class == ERR_IO || (err->class == ERR_FORBIDDEN && err->retry_after_ms > 0))
		return true;
	if (strncmp(code, "Neo.TransientError.", 19) == 0)
		return strcmp(code, "Neo.TransientError.Transaction.Terminated") != 0 &&
		       strcmp(code, "Neo.TransientError.Transaction.LockClientStopped") != 0;
	return strcmp(code, "Neo.ClientError.Cluster.NotALeader") == 0 ||
	       strcmp(code, "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase") == 0 ||
	       strcmp(code, "Neo.ClientError.Security.AuthorizationExpired") == 0;
}
