// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A credential plugin: a program that prints a token, a client certificate with its key, or both (client.authentication.k8s.io). It runs when
// the configuration is loaded, and a thread of its own runs it again before the credentials expire, so that nobody waits for it later. Source:
// "client-go credential plugins".

#include "base/buf.h"
#include "base/err.h"

struct exec;

struct exec_variable {
	const char *name, *value;
};

struct exec_options {
	const char *command;	 // a path, or a name that is looked for in $PATH
	const char *const *args; // without the command; ended with NULL
	const struct exec_variable *env; // added to ours; ended with a NULL name
	const char *api_version; // "client.authentication.k8s.io/v1" or "/v1beta1"
	const char *hint;	 // what to say when the program does not exist; NULL: nothing
	int timeout_ms;		 // of one run; 0: 60 s
	int again_ms;		 // how soon credentials without an expiry are asked for anew, and a failed run is repeated; 0: 10 min, 30 s
	int refused_ms;		 // how old refused credentials must be for another run; 0: 10 s
	// Receives the client certificate and its key whenever a run has brought others; NULL both when it brings none any more. Called within
	// exec_new(), later on a thread of its own. NULL: nobody is told.
	void (*on_certificate)(void *user, const char *certificate, const char *key);
	void *user;
};

// Runs the program once. ERR_INVALID when it cannot be run or prints no credentials, ERR_TIMEOUT. Copies everything.
int exec_new(const struct exec_options *options, struct exec **ret, struct err *err);

// Ends a run that is under way, and waits for that. Wipes. NULL is allowed.
void exec_free(struct exec *exec);
DEFINE_CLEANUP(struct exec *, exec_free);

// Appends the present token; nothing where the program gives none. Any thread.
void exec_token(struct exec *exec, struct buf *ret);

// Say that the API server no longer takes the credentials (401): asks for new ones, unless these are fresh. Does not wait. Any thread.
void exec_refused(struct exec *exec);
