// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The deployments of a namespace or of all, each in a few words: what can be had from three lists, of which no object is kept.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yyjson.h>

#include "cli/program.h"
#include "cli/text_table.h"

struct overview_row {
	const char *namespace, *name, *kind; // the kind as the API has it
	bool cluster;
	const char *phase; // "" while the operator has said nothing
	const char *message, *fleet_message; // "" for none
	int wanted, ready, updated; // servers; ready is -1 when it is not known
	int replicas;		    // that the StatefulSet has
	const char *version;	    // that the servers said; ""
	const char *image;
	const char *fleet;     // "off", "registered", or why not
	enum colour fleet_colour;
	const char *connected; // "yes", "no", "unknown", "-"
	const char *connected_message;
	bool stalled;
	int64_t age_ms;
};

struct overview {
	struct overview_row *rows; // by namespace and name
	size_t n, room;
	struct program *program;
};

// Reads the deployments that the flags tell. What may not be read and is not required gets a note.
int overview_read(struct program *program, struct overview *ret, struct err *err);

// One object alone: all but what its StatefulSet knows.
void overview_read_object(struct program *program, yyjson_val *root, struct overview_row *ret);
void overview_read_workload(yyjson_val *root, struct overview_row *row);

enum colour overview_phase_colour(const struct overview_row *row);

// "2/3"; "?/3"; and of a roll "1/3", "-".
const char *overview_servers(const struct overview_row *row, struct arena *arena);
const char *overview_roll(const struct overview_row *row, struct arena *arena);

// What is to be said of one that needs a look; NULL: it needs none.
const char *overview_trouble(const struct overview_row *row, struct arena *arena);
