// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which Neo4j an image tag means, and where that version keeps its Fleet Manager. Pure.
// Source: Neo4j Operations Manual, "Docker" (tags); Aura documentation, Fleet Manager (supported versions).

#include <stdbool.h>

#include "base/arena.h"

enum version_family {
	VERSION_UNDECIDABLE, // latest, a digest, a mirror's own names: only the server knows
	VERSION_OLD,	     // before 5.26: not supported
	VERSION_5_26,
	VERSION_CALENDAR, // 2025.01 and later
};

// A part that the tag leaves open counts as the newest: VERSION_NEWEST.
#define VERSION_NEWEST 9999

struct version {
	enum version_family family;
	int major, minor, patch; // 5.26.12, 2025.12.1; zeros when undecidable
};

// Reads an image tag: an optional v, one to three numbers, an optional suffix from "-", "+" or "@" on ("-enterprise-ubi9"). Anything else is
// undecidable.
struct version version_of_tag(const char *tag);

// Reads a server's version ("2025.12.1", "Neo4j/5.26.12", "5.26.12-SNAPSHOT"); otherwise like version_of_tag().
struct version version_of_server(const char *text);

enum fleet_form {
	FLEET_FORM_UNDECIDABLE,    // no entry until the server has told its version
	FLEET_FORM_REFUSED,	      // below 5.26: the deployment is refused, fleet or not
	FLEET_FORM_NONE,	      // supported, but the image bundles no plugin
	FLEET_FORM_PLUGIN,	      // by NEO4J_PLUGINS
	FLEET_FORM_BUILT_IN,	      // part of the server; a setting switches it on
	FLEET_FORM_BUILT_IN_ALWAYS // part of the server and on by default
};

enum fleet_form version_fleet_form(const struct version *version);

// Why an image is refused whose tag or server is FLEET_FORM_REFUSED. told: the server's version; NULL: none has told.
const char *version_refusal(const char *tag, const char *told, struct arena *arena);

// Negative, 0, positive as a is older than, equal to, newer than major.minor.patch. Not for undecidable versions.
int version_compare(const struct version *a, int major, int minor, int patch);

// Why servers that ran a version (as one of them said; NULL: none has) must not get an image with this tag after the template's image `before`:
// Neo4j does not go back to an older release on the same store. NULL: they may. Leaving an image that no server has run is no step back, nor is
// another patch of a release (version_patch_back()).
const char *version_downgrade(const char *before, const char *tag, const char *ran, struct arena *arena);

// What it means that servers which ran a version get an older patch of the same release by this tag. NULL: they do not.
const char *version_patch_back(const char *tag, const char *ran, struct arena *arena);

// "5.26.12", "2025.12", "2025"; "unknown".
const char *version_text(const struct version *version, struct arena *arena);
