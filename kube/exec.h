// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A credential plugin: a program that prints a token, a client certificate with its key, or both (client.authentication.k8s.io). It
// is run when the configuration is loaded, and again by a thread of its own before they expire, so that nobody waits for it later.
// Source: "client-go credential plugins".

#include "base/buf.h"
#include "base/err.h"

struct exec;

struct exec_variable {
	const char *name, *value;
};

struct exec_options {
	const char *command;	 // a path, or a name that is looked for in $PATH
	const char *const *args; // without the command; ended with NULL
	const struct exec_variable *env; // on top of ours; ended with a NULL name
	const char *api_version; // "client.authentication.k8s.io/v1" or "/v1beta1"
	const char *hint;	 // what to say when the program is not there; NULL: nothing
	int timeout_ms;		 // of one run; 0: 60 s
	int again_ms;		 // after which credentials without an expiry are asked for anew, and a failed run is repeated; 0: 10 min, 30 s
	int refused_ms;		 // how old credentials must be to be asked for anew since they are refused; 0: 10 s
	// Told of the client certificate and its key whenever a run has brought others than there were; NULL both where it brings none any
	// more. Within exec_new(), later on a thread of its own. NULL: nobody is told.
	void (*on_certificate)(void *user, const char *certificate, const char *key);
	void *user;
};

// Runs the program once. ERR_INVALID when it cannot be run or prints no credentials, ERR_TIMEOUT. Everything is copied.
int exec_new(const struct exec_options *options, struct exec **ret, struct err *err);

// Waits for a run that is under way, which is ended. Wipes. NULL is allowed.
void exec_free(struct exec *exec);
DEFINE_CLEANUP(struct exec *, exec_free);

// Appends the token as it is now; nothing where the program gives none. Any thread.
void exec_token(struct exec *exec, struct buf *ret);

// The API server takes the credentials no more (401): they are asked for anew, unless they are fresh. Does not wait. Any thread.
void exec_refused(struct exec *exec);
