// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/protocol.h"

#include <limits.h>
#include <stdint.h>

// BOLT_VERSIONS_SPOKEN is this in words.
const struct bolt_version_range bolt_version_ranges[] = {{6, 0, 1}, {5, 0, 8}, {4, 3, 4}};
const size_t n_bolt_version_ranges = sizeof(bolt_version_ranges) / sizeof(bolt_version_ranges[0]);

#define STILL {UINT_MAX, UINT_MAX}

// A trait holds from since on, up to but without until.
static const struct {
	struct bolt_version since, until;
	const char *text;
} traits[BOLT_HAS_TRAITS] = {
	[BOLT_HAS_PATCHES] = {{4, 3}, {5, 0}, "4.3"},
	[BOLT_HAS_IMPERSONATION] = {{4, 4}, STILL, "4.4"},
	[BOLT_HAS_ELEMENT_IDS] = {{5, 0}, STILL, "5.0"},
	[BOLT_HAS_LOGON] = {{5, 1}, STILL, "5.1"},
	[BOLT_HAS_NOTIFICATIONS] = {{5, 2}, STILL, "5.2"},
	[BOLT_HAS_BOLT_AGENT] = {{5, 3}, STILL, "5.3"},
	[BOLT_HAS_TELEMETRY] = {{5, 4}, STILL, "5.4"},
	[BOLT_HAS_CLASSIFICATIONS] = {{5, 5}, STILL, "5.5"},
	[BOLT_HAS_GQL_ERRORS] = {{5, 7}, STILL, "5.7"},
	[BOLT_HAS_HOME_DATABASE] = {{5, 8}, STILL, "5.8"},
	[BOLT_HAS_VECTORS] = {{6, 0}, STILL, "6.0"},
	[BOLT_HAS_UUIDS] = {{6, 1}, STILL, "6.1"},
};

static inline uint64_t rank(struct bolt_version version)
{
	return (uint64_t)version.major << 32 | version.minor;
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
	uint64_t asked = rank(version);

	return (unsigned)trait < BOLT_HAS_TRAITS && asked >= rank(traits[trait].since) && asked < rank(traits[trait].until);
}

const char *bolt_version_since(enum bolt_trait trait)
{
	return (unsigned)trait < BOLT_HAS_TRAITS ? traits[trait].text : "";
}
