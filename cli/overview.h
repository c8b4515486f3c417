// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The deployments of a namespace or of all, each in a few words: it reads three lists and keeps none of their objects.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yyjson.h>

#include "cli/program.h"
#include "cli/text_table.h"

struct overview_row {
	const char *namespace, *name, *kind; // the API's name of the kind
	bool cluster;
	const char *phase; // "" while the operator has said nothing
	const char *message, *fleet_message; // "" for none
	int wanted, ready, updated; // servers; ready is -1 while unknown
	int replicas;		    // of the StatefulSet
	const char *version;	    // as the servers said; ""
	const char *image;
	const char *fleet;     // "off", "registered", or why not
	enum colour fleet_colour;
	const char *connected; // "yes", "no", "unknown", "-"
	const char *connected_message;
	const char *expires; // the token that the servers hold, RFC 3339; "" for unknown
	const char *project; // of Aura, of the same token; "" for unknown
	bool stalled;
	const char *hold;    // "paused" or "offline", where somebody asked for that; ""
	const char *plugin;  // a plugin that failed, in words; "": none that is known
	const char *problem; // a condition that holds and should not, in words; "" for none
	bool problem_to_come; // nothing is wrong before the token ends
	int64_t age_ms;
};

struct overview {
	struct overview_row *rows; // by namespace and name
	size_t n, room;
	struct program *program;
};

// Reads the deployments that the flags select. Adds a note for each thing that is not required and that the user may not read.
int overview_read(struct program *program, struct overview *ret, struct err *err);

// One object alone, without what only its StatefulSet and its plugins know.
void overview_read_object(struct program *program, yyjson_val *root, struct overview_row *ret);
void overview_read_workload(yyjson_val *root, struct overview_row *row);

// A plugin for this deployment, which is told where it has failed.
void overview_read_plugin(struct arena *arena, yyjson_val *root, struct overview_row *row);

enum colour overview_phase_colour(const struct overview_row *row);

// "2/3"; "?/3"; and during a roll "1/3", else "-".
const char *overview_servers(const struct overview_row *row, struct arena *arena);
const char *overview_roll(const struct overview_row *row, struct arena *arena);

// How long the servers' token is still good: "62d", "expired", "-".
const char *overview_expiry(const struct overview_row *row, const struct clock *clock, struct arena *arena, enum colour *ret_colour);

// What to say about a deployment that needs a look, and whether something is wrong or will be; NULL: it needs none.
const char *overview_trouble(const struct overview_row *row, struct arena *arena, enum colour *ret_colour);
