// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the library says of an error that no server named, in err.code, and whether work that failed may be done again.

#include <stdbool.h>

#include "base/err.h"

// err.code of a connection that broke while a commit was under way: nobody knows whether it was done. Never retried.
#define BOLT_COMMIT_UNKNOWN "Neobolt.CommitUnknown"
// ... of no server that could be asked, or none for this kind of work: ERR_IO, retried.
#define BOLT_NO_SERVERS "Neobolt.NoServers"
// ... of the pool, when no connection came free in acquire_ms: ERR_TIMEOUT.
#define BOLT_POOL_TIMEOUT "Neobolt.PoolTimeout"
// ... of an error that a provider, a resolver or a bookmark hook gave, if it set no code of its own; and always of the hook that takes
// the bookmark after a commit: never retried.
#define BOLT_CALLBACK "Neobolt.Callback"
// ... of a certificate that is not accepted: ERR_PROTOCOL with BOLT_CERTIFICATE_REFUSED (bolt/target.h).
// ... of a feature that the server's Bolt is too old for: ERR_INVALID with BOLT_UNSUPPORTED (bolt/protocol.h).

// Whether the very same work may succeed if it is done again: a Transient failure (but for a transaction that was terminated or
// whose lock client was stopped), a cluster that changed its leader, a connection that broke (but while committing), an authorisation
// that the server wants to look up anew, and credentials that a provider has renewed (err.retry_after_ms is 1 then).
bool bolt_is_retryable(const struct err *err);
