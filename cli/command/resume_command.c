// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/wish.h"

static int run(struct program *program, struct err *err)
{
	struct dbms dbms;
	int r = wish_make(program, program->call.args[0], PAUSED_ANNOTATION, NULL, &dbms, err);

	if (r < 0)
		return r;
	(void)fprintf(program->streams.out, "%s %s/%s %s\n", dbms.api_kind, dbms.metadata.namespace, dbms.metadata.name,
		      dbms.metadata.paused ? "goes on: the operator makes it what its spec says" : "was not paused");
	return EXIT_FINE;
}

static const struct flag *const flags[] = {FLAGS_OF_SERVER, NULL};
static const struct right rights[] = {WISH_RIGHTS, {0}};

const struct command command_resume = {
	.name = "resume",
	.args = "NAME",
	.summary = "has the operator look after a paused deployment again",
	.text = "What was edited by hand meanwhile, and is the operator's, is put back.",
	.example = "resume orders -n shop",
	.flags = flags,
	.rights = rights,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
