// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// How the operator gets into a server: by the address of its pod, over TLS where the pod was started with it (never anything less), as the admin
// of the Secret. Without TLS only the address says who answers, so the API server must confirm it right before the login: the store may know an
// old state of the pod, and the address may be somebody else's by now. Each pass reads the Secrets that it uses into an arena that is wiped.
// While a server refuses the password, there is at most one login a minute (B5, B9).

#include <stdbool.h>

#include "api/dbms.h"
#include "base/arena.h"
#include "bolt/link.h"
#include "neo4j/scrub.h"
#include "operator/context.h"
#include "operator/object/admin_secret.h"
#include "operator/object/basis.h"
#include "operator/object/kept.h"
#include "operator/object/names.h"
#include "operator/object/pod.h"
#include "operator/object/reason.h"
#include "operator/object/tls_secret.h"
#include "operator/server/login_memory.h"

// A certificate that pods were started with. While spec.tls changes there may be several, and pods without TLS beside others.
struct access_certificate {
	const char *secret;
	struct tls_secret certificate;
};

#define ACCESS_CERTIFICATES_MAX 4

struct access {
	const struct access_servers *servers;
	struct arena *arena; // wiped when freed; the caller sets it
	struct admin_secret credentials;
	struct scrub scrub; // hides the password
	struct access_certificate certificates[ACCESS_CERTIFICATES_MAX];
	size_t n_certificates;
};

struct access_problem {
	enum reason reason;
	const char *message; // for the status
};

// Fetches a Secret of the deployment's namespace; false with a problem. The caller unrefs the object.
bool access_fetch(const struct context *context, const struct access_servers *servers, const char *name, struct arena *arena,
		  struct kube_object **ret_secret, struct access_problem *ret_problem);

// Reads the Secrets into access, whose servers and arena are set; false with a problem whose message lives in the arena. A certificate with an
// unusable Secret is skipped where every pod of it bears the mark of the certificate that it was started with.
bool access_read(const struct context *context, struct access *access, struct arena *arena, struct access_problem *ret_problem);

// The words for an error of access_log_in() or of a later question, except a refused login: the server was not asked, cannot be reached, or
// answered with a failure.
void access_failure(const char *pod, const struct err *err, struct arena *arena, struct access_problem *ret);

// Whom to dial for a pod, what it must show, and how much its answers may cost: little, and all of them from one budget. A pod that was started
// with TLS and whose certificate was not read must show the certificate of its mark.
struct bolt_target access_target(const struct access *access, const struct pod *pod);

// Why a certificate does not fit a deployment's servers: it does not cover the name of one. NULL: it fits.
const char *access_name_problem(const struct tls_secret *certificate, const struct access_servers *servers,
				struct arena *arena);

// Opens a link to a known target: the one door to a server. The errors are those of bolt_link_open(), without the secrets that scrub knows.
int access_open(const struct bolt_target *target, const struct bolt_auth *auth, int64_t deadline, const struct scrub *scrub,
		struct bolt_link **ret, struct err *err);

// Logs in to the server of a pod, after confirmation_check(); access_read() has filled access. It notes the server's answer to the password, and the
// server's version. Errors are those of confirmation_check() and bolt_link_open(); after ERR_FORBIDDEN memory->message has the words.
struct access_login {
	const struct context *context;
	struct access_memory *memory;
	const struct access *access;
	const struct pod *pod;
	int64_t deadline;
	bool unlisted; // the server may be of another cluster: nothing is noted
};
int access_log_in(const struct access_login *login, struct bolt_link **ret, struct err *err);

// The version that the server of a link says it is, without the product's name, in access->arena. A server says it first of all, but it may have
// heard the password before, so the text is scrubbed.
const char *access_version(const struct access *access, const struct bolt_link *link);

struct access_verdict {
	bool known;
	const char *refusal; // NULL: the password is taken
	const struct topology *topology; // what a standalone's server said after this login, in the arena; NULL: nothing new is known
	int64_t again_after_ms;
};

// Whether a ready server takes the password. Logs in where we do not know that for this version of the Secret and these runs of the servers, or
// where the last refusal is a minute old.
void access_check(const struct context *context, struct access_memory *memory, const struct access_servers *servers,
		  struct arena *arena, struct access_verdict *ret);
