// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Where the API server is and how to prove who we are: in-cluster (service account files, read again as they rotate) or by kubeconfig (client
// certificate, token, token file, inline or in files, credential plugin; contexts; proxy). Source: "Organizing Cluster Access Using kubeconfig
// Files", "Accessing the Kubernetes API from a Pod".

#include "base/buf.h"
#include "base/err.h"
#include "net/http.h"

struct kube_config;

// kubeconfig NULL: the paths in $KUBECONFIG, else in-cluster when the service account is there, else ~/.kube/config. Of several paths, separated
// by colons, it skips those that do not exist. context NULL: the current one. Where the kubeconfig names no proxy, the environment's counts
// (kube/proxy.h); in-cluster there is none. ERR_INVALID names file, field and cure; secrets are not quoted.
int kube_config_load(const char *kubeconfig, const char *context, struct kube_config **ret, struct err *err);

// The service account of a pod; folder is normally KUBE_SERVICE_ACCOUNT. Server from $KUBERNETES_SERVICE_HOST and _PORT.
#define KUBE_SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"
int kube_config_load_in_cluster(const char *folder, struct kube_config **ret, struct err *err);

void kube_config_free(struct kube_config *config); // NULL is allowed; key and token are wiped
DEFINE_CLEANUP(struct kube_config *, kube_config_free);

// "https://10.96.0.1:443", without a trailing slash.
const char *kube_config_server(const struct kube_config *config);

// How its calls name themselves: release_user_agent, until another is set. The text must outlive the config.
void kube_config_set_user_agent(struct kube_config *config, const char *text);
const char *kube_config_user_agent(const struct kube_config *config);

// The context's namespace, or the pod's own in-cluster; "default" otherwise.
const char *kube_config_namespace(const struct kube_config *config);

// The present certificates: it looks at their files again (kube/trust.h). Any thread; give them back by kube_config_tls_put().
const struct http_tls *kube_config_tls(const struct kube_config *config);
void kube_config_tls_put(const struct kube_config *config, const struct http_tls *tls); // NULL is allowed

// The present bearer token (it reads a token file each time, since that rotates); an empty buffer for none. ret is a secret buffer.
int kube_config_token(const struct kube_config *config, struct buf *ret, struct err *err);

// Say that the API server has answered 401: a credential plugin is then asked for new credentials. Any thread.
void kube_config_refused(const struct kube_config *config);
