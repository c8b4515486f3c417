// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A server's words at the end of a result. Plain data, which lives as long as the result.

#include <stdbool.h>
#include <stdint.h>

#include "bolt/value.h"

// What a query changed; 0 where the server said nothing.
struct bolt_counters {
	int64_t nodes_created, nodes_deleted, relationships_created, relationships_deleted, properties_set, labels_added,
		labels_removed, indexes_added, indexes_removed, constraints_added, constraints_removed, system_updates;
	bool contains_updates, contains_system_updates; // as the server said, or else judged by the numbers
};

// A GQL status; for servers without one (before 5.6) it is made of the notifications and the outcome.
struct bolt_status {
	const char *gql_status;	 // "00000", "01N50", ...
	const char *description;
	struct bolt_value diagnostic; // the diagnostic record, a map with its defaults filled in
	// For a notification only; else NULL.
	const char *code;	    // "Neo.ClientNotification.Statement.UnknownLabelWarning"; NULL where a server from 5.6 on leaves it out
	const char *title, *text;   // in words
	const char *classification; // "HINT", "DEPRECATION", ...
	const char *severity;	    // "WARNING", "INFORMATION"
	struct bolt_value position; // a map of offset, line, column; or null
	bool is_notification;
};

struct bolt_summary {
	const char *address;   // the dialled "host:port"
	const char *server;    // "Neo4j/5.26.12"
	unsigned major, minor; // of Bolt
	const char *database;  // NULL where the server did not say
	const char *query_type; // "r", "w", "rw", "s"; NULL where the server did not say
	struct bolt_counters counters;
	struct bolt_value plan, profile, notifications; // as the server sent them; null where it did not
	const struct bolt_status *statuses;
	uint32_t n_statuses;
	int64_t available_after_ms, consumed_after_ms; // -1: the server did not say
	struct bolt_value meta; // all of the server's last word
};
