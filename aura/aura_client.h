// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Calls to the part of the Aura API that keeps deployments of Fleet Manager and their tokens. A call blocks until its timeout at most and is
// made once: whether it is made again is the caller's decision, since only the caller knows what a lost answer may have done. The one exception
// is a bearer that the service does not take (any more): the call then fetches another and goes out a second time.
// Source: Aura API v2beta1, and docs/decisions/0046.
//
// Every call: ERR_FORBIDDEN the credentials were refused, or may not see the project or the deployment (an unknown one is no other answer);
// ERR_NOT_FOUND; ERR_CONFLICT; ERR_INVALID the service does not want what was asked, quota included; ERR_TOO_MANY the service, or our own limit,
// asks to come back; ERR_SERVER 5xx, which is also the answer to a call for a token in the wrong state; ERR_PROTOCOL, ERR_TOO_LARGE an answer
// that makes no sense; ERR_IO, ERR_TIMEOUT no answer came, and the call may have been carried out; ERR_CANCELLED the loop stops. err.text is the
// same each time for the same cause, err.code is the id of the request where the service gave one, and err.retry_after_ms counts where it is set.

#include <stdbool.h>
#include <stdint.h>

#include "aura/answer.h"
#include "aura/bearers.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "net/loop.h"

#define AURA_URL "https://api.neo4j.io"

struct aura_client;

struct aura_options {
	const char *url;    // without a slash at its end; all texts are kept by reference
	const char *ca_pem; // NULL: the system's store
	const char *proxy;  // URL; NULL: none
	const char *user_agent;
	const struct clock *clock;
	int timeout_ms; // of one request
};

struct aura_client *aura_client_new(const struct aura_options *options, struct loop *loop);
void aura_client_free(struct aura_client *client);
DEFINE_CLEANUP(struct aura_client *, aura_client_free);

// For metrics: how many requests were sent, by what came of them. Any thread.
enum aura_result {
	AURA_OK,
	AURA_REFUSED,	 // 401 and 403
	AURA_INVALID,	 // any other 4xx
	AURA_LIMITED,	 // 429
	AURA_FAILED,	 // 5xx
	AURA_UNANSWERED, // none came, or one that was too large
	AURA_RESULTS,
};

const char *aura_result_name(enum aura_result result);
uint64_t aura_client_count(const struct aura_client *client, enum aura_result result);

// Who asks, and about which project.
struct aura_project {
	struct aura_credential credential;
	const char *organization, *project;
};

int aura_list(struct aura_client *client, const struct aura_project *project, struct arena *arena, struct aura_deployments *ret, struct err *err);

// name has at most AURA_NAME_MAX characters; connection_url NULL: none.
int aura_create(struct aura_client *client, const struct aura_project *project, const char *name, const char *connection_url,
		char ret_id[AURA_ID_SIZE], struct err *err);

int aura_get(struct aura_client *client, const struct aura_project *project, const char *id, struct arena *arena, struct aura_deployment *ret,
	     struct err *err);
int aura_delete(struct aura_client *client, const struct aura_project *project, const char *id, struct err *err);

// Makes the first token, or replaces the present one. The service tells the token this once. The arena is one that is wiped. ERR_SERVER: among
// other causes, there is a token already, or there is none.
int aura_mint(struct aura_client *client, const struct aura_project *project, const char *id, struct arena *arena, const char **ret,
	      struct err *err);
int aura_rotate(struct aura_client *client, const struct aura_project *project, const char *id, struct arena *arena, const char **ret,
		struct err *err);
