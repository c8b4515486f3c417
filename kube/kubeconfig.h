// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Reads one context from the texts of kubeconfigs. Pure: it opens and runs nothing that they name (kube/config.h does). Source: "Organizing
// Cluster Access Using kubeconfig Files", and kubectl where that is silent.

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "kube/exec.h"

#define KUBECONFIG_FILES_MAX 16

struct kubeconfig_file {
	const char *path; // for messages; relative paths in the text are relative to it
	const char *text;
};

// A certificate or key: one of the two, or neither.
struct kubeconfig_pem {
	const char *text;
	const char *path;
};

struct kubeconfig {
	const char *server;	 // without a trailing slash
	const char *server_name; // tls-server-name; NULL: none
	const char *namespace;	 // NULL: the context names none
	const char *proxy;	 // proxy-url; NULL: none
	bool insecure;
	struct kubeconfig_pem ca, certificate, key;
	const char *token, *token_file; // NULL: none
	bool has_exec;
	struct exec_options exec; // when has_exec
	const char *user_path, *user; // the place of the credentials, for messages; NULL: none
};

// context NULL: the current one. Of several files the first that has an item counts. Everything in ret lives in the arena, pieces of
// credentials, too, so the caller must wipe it. ERR_INVALID names file, field and cure; secrets are not quoted.
int kubeconfig_read(const struct kubeconfig_file *files, size_t n, const char *context, struct arena *arena, struct kubeconfig *ret,
		    struct err *err);
