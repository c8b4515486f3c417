// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The library's own err.code for errors without a server's code, and whether failed work may be repeated.

#include <stdbool.h>

#include "base/err.h"

// err.code of an error during a commit, or during an auto-commit query that may write: nobody knows whether it was done. Never retried.
#define BOLT_COMMIT_UNKNOWN "Neobolt.CommitUnknown"
// ... when no server could be asked, or none does this kind of work: ERR_IO, retried.
#define BOLT_NO_SERVERS "Neobolt.NoServers"
// ... of the pool, when no connection became free in acquire_ms: ERR_TIMEOUT.
#define BOLT_POOL_TIMEOUT "Neobolt.PoolTimeout"
// ... of an error of a provider, a resolver or a bookmark hook that set no code; of work that failed without an error (bolt/options.h); and
// always of the hook that takes the bookmark after a commit: never retried.
#define BOLT_CALLBACK "Neobolt.Callback"
// ... when this process is a fork of the one that opened it: ERR_INVALID.
#define BOLT_FORKED "Neobolt.Forked"
// ... of a refused certificate: ERR_PROTOCOL with BOLT_CERTIFICATE_REFUSED (bolt/target.h).
// ... of a feature for which the server's Bolt is too old: ERR_INVALID with BOLT_UNSUPPORTED (bolt/protocol.h).

// ... of a password that the user must change first, in the server's words: ERR_FORBIDDEN. A driver lets such a user in, as all drivers do, and
// the server refuses everything but ALTER CURRENT USER SET PASSWORD in the database "system"; a link does not let him in (expired_ok,
// bolt/target.h).
#define BOLT_CREDENTIALS_EXPIRED "Neo.ClientError.Security.CredentialsExpired"

// err.retry_after_ms of work that the server refused although part of it may be done: never retried.
#define BOLT_NOT_AGAIN (-1)

// Whether the very same work may succeed if it is repeated, and nothing of it was done: a Transient failure (except a transaction that was
// terminated or whose lock client was stopped), a cluster that changed its leader, a broken connection, an authorisation that the server wants
// to look up anew, and credentials that a provider has renewed (err.retry_after_ms is 1 then).
//
// A loop over it does not write twice. So it says no where nobody knows what was done: BOLT_COMMIT_UNKNOWN; and no to a failure of an
// auto-commit query that may have committed before (CALL {...} IN TRANSACTIONS, USING PERIODIC COMMIT, apoc.periodic: any text that contains
// "transactions" or "periodic"). Sessions that read (bolt/options.h) may repeat any of it.
bool bolt_is_retryable(const struct err *err);
