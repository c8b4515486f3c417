// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/wish.h"

static int run(struct program *program, struct err *err)
{
	struct dbms dbms;
	int r = wish_make(program, program->call.args[0], PAUSED_ANNOTATION, "true", &dbms, err);

	if (r < 0)
		return r;
	(void)fprintf(program->streams.out, "%s %s/%s is paused: the operator writes nothing to its children and servers until %s resume %s\n", dbms.api_kind,
		      dbms.metadata.namespace, dbms.metadata.name, program->name, program->call.args[0]);
	return EXIT_FINE;
}

static const struct flag *const flags[] = {FLAGS_OF_SERVER, NULL};
static const struct right rights[] = {WISH_RIGHTS, {0}};

const struct command command_pause = {
	.name = "pause",
	.args = "NAME",
	.summary = "has the operator leave a deployment alone",
	.text = "Nothing is put back, rolled, scaled or registered until it is resumed; its servers go on as they are. Condition Paused says when it has taken hold.",
	.example = "pause orders -n shop",
	.flags = flags,
	.rights = rights,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
