// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a call of boltq asks for: its options, and what shells complete of them.

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/auth.h"
#include "bolt/value.h"
#include "cmd/output.h"

#define REQUEST_PARAMS_MAX 256
#define REQUEST_FILES_MAX 64

struct request {
	const char *uri, *query; // NULL: no query was given, or it is "-"
	const char *database, *credentials, *ca, *summary, *null;
	const char *files[REQUEST_FILES_MAX]; // of statements; NULL ends them
	unsigned n_files;
	enum output_format format;
	bool read, quiet;
	unsigned timeout_s; // 0: never
	struct bolt_entry params[REQUEST_PARAMS_MAX];
	uint32_t n_params;
	struct arena *arena; // wiped
};

// The request's arena has been made. ERR_INVALID: an option is wrong, or a file that it names cannot be read. --help, --version, --completion
// and what getopt() refuses end the program here.
int request_parse(struct request *request, int argc, char **argv, struct err *err);

// By the file of --credentials, or the environment. ERR_INVALID: the file is wrong.
int request_credentials(struct request *request, struct bolt_auth *ret, struct err *err);

// The certificates of --ca; NULL without it.
int request_ca(struct request *request, const char **ret, struct err *err);
