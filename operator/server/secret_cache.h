// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The Secrets that one pass has fetched, each once: its steps (survey, login, registration) see the same version and cost one call. The cache
// lives no longer than the pass and is wiped. One thread.

#include "kube/client.h"

#define SECRET_CACHE_MAX 4 // the admin's, the certificate's, the token's, and one to spare; each further one is fetched every time

struct secret_cache {
	struct kube_object *secrets[SECRET_CACHE_MAX];
	size_t n;
};

// The Secret as it was when this pass first asked for it; the caller unrefs the object. Errors are those of kube_get_secret(), and are not
// remembered.
int secret_cache_fetch(struct secret_cache *keyring, struct kube_client *client, struct kube_name name, struct kube_object **ret,
		       struct err *err);

// The resourceVersion of a fetched Secret; NULL when it was not fetched. Valid until secret_cache_release().
const char *secret_cache_version(const struct secret_cache *keyring, struct kube_name name);

void secret_cache_release(struct secret_cache *keyring);
