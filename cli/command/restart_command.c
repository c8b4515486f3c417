// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "base/clock.h"
#include "cli/wish.h"

static int run(struct program *program, struct err *err)
{
	char now[TIME_TEXT_SIZE];
	struct dbms dbms;
	int r;

	time_format_rfc3339(clock_wall_ms(program->clock), now, sizeof(now));
	r = wish_make(program, program->call.args[0], RESTARTED_ANNOTATION, now, &dbms, err);
	if (r < 0)
		return r;
	(void)fprintf(program->streams.out, "%s %s/%s will be restarted, one server at a time; see %s status %s -w\n", dbms.api_kind, dbms.metadata.namespace,
		      dbms.metadata.name, program->name, program->call.args[0]);
	if (dbms.metadata.paused)
		program_note(program, "it is paused: nothing happens before %s resume %s", program->name, program->call.args[0]);
	return EXIT_FINE;
}

static const struct flag *const flags[] = {FLAGS_OF_SERVER, NULL};
static const struct right rights[] = {WISH_RIGHTS, {0}};

const struct command command_restart = {
	.name = "restart",
	.args = "NAME",
	.summary = "has the servers of a deployment restarted, one at a time",
	.text = "A roll as any other: each server waits until all others are back, and one that does not come back stops it. The operator does it when it sees the annotation that this sets.",
	.example = "restart orders -n shop",
	.flags = flags,
	.rights = rights,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
