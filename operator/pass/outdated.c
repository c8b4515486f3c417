// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/pass/outdated.h"

#include <string.h>

#include "base/clock.h"

#define MISSING_MS 30000
#define OUTDATED_MS 3000

void outdated_note(struct outdated *outdated, const char *version, bool gone)
{
	memmove(outdated->versions[1], outdated->versions[0], sizeof(outdated->versions) - sizeof(outdated->versions[0]));
	kept_set(outdated->versions[0], version);
	outdated->until_ms = deadline_in_ms(gone ? MISSING_MS : OUTDATED_MS);
	outdated->gone = gone;
}

bool outdated_is(const struct outdated *outdated, const struct kube_object *object)
{
	const char *version = kube_object_resource_version(object);
	bool noted = false;

	for (size_t i = 0; i < OUTDATED_VERSIONS; i++)
		noted = noted || strcmp(outdated->versions[i], version) == 0;
	return noted && deadline_left_ms(outdated->until_ms) > 0;
}
