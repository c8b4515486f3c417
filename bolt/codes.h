// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the library says of an error that no server named, in err.code, and whether work that failed may be done again.

#include <stdbool.h>

#include "base/err.h"

// err.code of an error that came while a commit was under way, or an auto-commit query that may write: nobody knows whether it was
// done. Never retried.
#define BOLT_COMMIT_UNKNOWN "Neobolt.CommitUnknown"
// ... of no server that could be asked, or none for this kind of work: ERR_IO, retried.
#define BOLT_NO_SERVERS "Neobolt.NoServers"
// ... of the pool, when no connection came free in acquire_ms: ERR_TIMEOUT.
#define BOLT_POOL_TIMEOUT "Neobolt.PoolTimeout"
// ... of an error that a provider, a resolver or a bookmark hook gave, if it set no code of its own; of work that failed without an
// error (bolt/options.h); and always of the hook that takes the bookmark after a commit: never retried.
#define BOLT_CALLBACK "Neobolt.Callback"
// ... of what was opened by the process that this one is a fork of: ERR_INVALID.
#define BOLT_FORKED "Neobolt.Forked"
// ... of a certificate that is not accepted: ERR_PROTOCOL with BOLT_CERTIFICATE_REFUSED (bolt/target.h).
// ... of a feature that the server's Bolt is too old for: ERR_INVALID with BOLT_UNSUPPORTED (bolt/protocol.h).

// ... of a password that must be changed first, as the server says it: ERR_FORBIDDEN. A driver lets such a user in, as all drivers do,
// and the server refuses whatever is not ALTER CURRENT USER SET PASSWORD in the database "system"; a link does not (expired_ok,
// bolt/target.h).
#define BOLT_CREDENTIALS_EXPIRED "Neo.ClientError.Security.CredentialsExpired"

// err.retry_after_ms of what the server refused, although part of it may be done: never retried.
#define BOLT_NOT_AGAIN (-1)

// Whether the very same work may succeed if it is done again, and nothing of it was done: a Transient failure (but for a transaction
// that was terminated or whose lock client was stopped), a cluster that changed its leader, a connection that broke, an authorisation that
// the server wants to look up anew, and credentials that a provider has renewed (err.retry_after_ms is 1 then).
//
// A loop over it does not write twice. So it says no where it is not known what was done: BOLT_COMMIT_UNKNOWN; and no to a failure of
// an auto-commit query that may have committed before (CALL {...} IN TRANSACTIONS, USING PERIODIC COMMIT, apoc.periodic: any text that
// has "transactions" or "periodic" in it). Sessions that read (bolt/options.h) may try any of it again.
bool bolt_is_retryable(const struct err *err);
