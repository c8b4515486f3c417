// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/server/secret_cache.h"

#include <string.h>

static struct kube_object *find(const struct secret_cache *keyring, struct kube_name name)
{
	for (size_t i = 0; i < keyring->n; i++) {
		struct kube_object *secret = keyring->secrets[i];

		if (strcmp(kube_object_name(secret), name.name) == 0 && strcmp(kube_object_namespace(secret), name.namespace) == 0)
			return secret;
	}
	return NULL;
}

int secret_cache_fetch(struct secret_cache *keyring, struct kube_client *client, struct kube_name name, struct kube_object **ret,
		       struct err *err)
{
	struct kube_object *known = find(keyring, name);
	int r = known ? 0 : kube_get_secret(client, name, ret, err);

	if (known)
		*ret = kube_object_ref(known);
	else if (r == 0 && keyring->n < SECRET_CACHE_MAX)
		keyring->secrets[keyring->n++] = kube_object_ref(*ret);
	return r;
}

const char *secret_cache_version(const struct secret_cache *keyring, struct kube_name name)
{
	struct kube_object *known = find(keyring, name);

	return known ? kube_object_resource_version(known) : NULL;
}

void secret_cache_release(struct secret_cache *keyring)
{
	for (size_t i = 0; i < keyring->n; i++)
		kube_object_unref(keyring->secrets[i]);
	keyring->n = 0;
}
