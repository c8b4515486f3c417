// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/protocol.h"

// BOLT_VERSIONS_SPOKEN is this in words.
const struct bolt_version_range bolt_version_ranges[] = {{6, 0, 1}, {5, 0, 8}, {4, 3, 4}};
const size_t n_bolt_version_ranges = sizeof(bolt_version_ranges) / sizeof(bolt_version_ranges[0]);

// A trait holds from since on, up to but without until (0.0: to this day).
static const struct {
	struct bolt_version since, until;
	const char *text;
} traits[BOLT_HAS_TRAITS] = {
	[BOLT_HAS_PATCHES] = {{4, 3}, {5, 0}, "4.3"},
	[BOLT_HAS_IMPERSONATION] = {{4, 4}, {0, 0}, "4.4"},
	[BOLT_HAS_ELEMENT_IDS] = {{5, 0}, {0, 0}, "5.0"},
	[BOLT_HAS_LOGON] = {{5, 1}, {0, 0}, "5.1"},
	[BOLT_HAS_NOTIFICATIONS] = {{5, 2}, {0, 0}, "5.2"},
	[BOLT_HAS_BOLT_AGENT] = {{5, 3}, {0, 0}, "5.3"},
	[BOLT_HAS_TELEMETRY] = {{5, 4}, {0, 0}, "5.4"},
	[BOLT_HAS_CLASSIFICATIONS] = {{5, 5}, {0, 0}, "5.5"},
	[BOLT_HAS_GQL_ERRORS] = {{5, 7}, {0, 0}, "5.7"},
	[BOLT_HAS_HOME_DATABASE] = {{5, 8}, {0, 0}, "5.8"},
	[BOLT_HAS_VECTORS] = {{6, 0}, {0, 0}, "6.0"},
	[BOLT_HAS_UUIDS] = {{6, 1}, {0, 0}, "6.1"},
};

static bool is_since(struct bolt_version version, struct bolt_version since)
{
	return version.major > since.major || (version.major == since.major && version.minor >= since.minor);
}

bool bolt_version_is_spoken(struct bolt_version version)
{
	for (size_t i = 0; i < n_bolt_version_ranges; i++) {
		const struct bolt_version_range *range = &bolt_version_ranges[i];

		if (range->major == version.major && version.minor >= range->low && version.minor <= range->high)
			return true;
	}
	return false;
}

bool bolt_version_has(struct bolt_version version, enum bolt_trait trait)
{
	struct bolt_version until;

	if ((unsigned)trait >= BOLT_HAS_TRAITS)
		return false;
	until = traits[trait].until;
	return is_since(version, traits[trait].since) && (until.major == 0 || !is_since(version, until));
}

const char *bolt_version_since(enum bolt_trait trait)
{
	return (unsigned)trait < BOLT_HAS_TRAITS ? traits[trait].text : "";
}
