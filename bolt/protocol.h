// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The one version table: which versions of Bolt the library speaks, and which of them has what. No other file compares version numbers. Source:
// Bolt message specification, changes by version.

#include <stdbool.h>
#include <stddef.h>

struct bolt_version {
	unsigned major, minor;
};

// Every minor version from low to high of a major; the newest first.
struct bolt_version_range {
	unsigned major, low, high;
};

extern const struct bolt_version_range bolt_version_ranges[];
extern const size_t n_bolt_version_ranges;

// The ranges in words.
#define BOLT_VERSIONS_SPOKEN "6.0 and 6.1, 5.0 to 5.8, 4.4 and 4.3"

bool bolt_version_is_spoken(struct bolt_version version);

// Features that came, or went, with a version.
enum bolt_trait {
	BOLT_HAS_PATCHES,	 // HELLO may ask for patches; times with a zone count wall-clock seconds unless "utc" was granted
	BOLT_HAS_IMPERSONATION,	 // the user on whose behalf the work is done; before, ROUTE names only a database
	BOLT_HAS_ELEMENT_IDS,	 // nodes and relationships come with their element ids
	BOLT_HAS_LOGON,		 // LOGON and LOGOFF; before, HELLO carries the credentials
	BOLT_HAS_NOTIFICATIONS,	 // filters of notifications
	BOLT_HAS_BOLT_AGENT,	 // HELLO has to name the library
	BOLT_HAS_TELEMETRY,	 // TELEMETRY
	BOLT_HAS_CLASSIFICATIONS, // a filter names classifications; before, it names categories
	BOLT_HAS_GQL_ERRORS,	 // failures are GQL status objects
	BOLT_HAS_HOME_DATABASE,	 // the answers to RUN and BEGIN name the resolved database
	BOLT_HAS_VECTORS,	 // vectors, and values that only newer versions can carry
	BOLT_HAS_UUIDS,		 // UUIDs
	BOLT_HAS_TRAITS,
};

bool bolt_version_has(struct bolt_version version, enum bolt_trait trait);

// err.code of a feature that the agreed version lacks.
#define BOLT_UNSUPPORTED "Neobolt.Unsupported"

// "5.1", for errors: the version with which a trait came.
const char *bolt_version_since(enum bolt_trait trait);
