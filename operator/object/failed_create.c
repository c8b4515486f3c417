// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The message is "create Pod a-0 in StatefulSet a failed error: WORDS", or "create Claim data-a-0 for Pod a-0 in StatefulSet a failed error:
// WORDS"; where many resemble each other, it begins with "(combined from similar events): ".

#include "operator/object/failed_create.h"

#include <string.h>

#include "base/clock.h"

#define POD " Pod "

static const char *text(yyjson_val *event, const char *pointer)
{
	return yyjson_get_str(yyjson_ptr_get(event, pointer));
}

// An event of the old form has lastTimestamp, one of the new form eventTime, and a series once it was repeated.
static int64_t told_at(yyjson_val *event)
{
	static const char *const places[] = {"/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *time = text(event, places[i]);
		int64_t at_ms;

		if (time && time_parse_rfc3339(time, &at_ms) == 0)
			return at_ms;
	}
	return 0;
}

bool failed_create_read(yyjson_val *event, const char *set, struct arena *arena, struct failed_create *ret)
{
	const char *message = text(event, "/message"), *reason = text(event, "/reason");
	const char *pod = message ? strstr(message, POD) : NULL, *behind, *of_set;

	if (!pod || !reason || strcmp(reason, "FailedCreate") != 0)
		return false;
	pod += strlen(POD);
	of_set = arena_printf(arena, " in StatefulSet %s failed error: ", set);
	behind = strstr(pod, of_set);
	if (!behind || memchr(pod, ' ', (size_t)(behind - pod)) || !behind[strlen(of_set)])
		return false;
	*ret = (struct failed_create){arena_memdup0(arena, pod, (size_t)(behind - pod)), behind + strlen(of_set), told_at(event)};
	return true;
}

const char *failed_create_cure(const char *words)
{
	static const struct {
		const char *part, *cure;
	} cures[] = {
		{"must specify", "set that in spec.resources (for containers of yours in spec.podTemplate)"},
		{"exceeded quota", "raise the quota, or make room in it"},
		{"usage per PersistentVolumeClaim", "let spec.storage.size keep to the namespace's LimitRange"},
		{"usage per ", "let spec.resources keep to the namespace's LimitRange"},
		{"request ratio per ", "let requests and limits of spec.resources keep to the namespace's LimitRange"},
		{"violates PodSecurity", "let spec.podTemplate and the security contexts of the spec keep to that level, or give the namespace another one"},
		{"security context constraint", "let the security contexts of the spec keep to one of them, or grant one to the pod's ServiceAccount"},
		{"failed calling webhook", "that webhook does not answer as it should: ask its owner"},
		{"denied the request", "do what it asks for, or ask the owner of that webhook"},
		{"denied request", "do what it asks for, or ask the owner of that policy"},
		{"error looking up service account", "make that ServiceAccount, or name another one in spec.podTemplate"},
		{"no PriorityClass", "make that PriorityClass, or name another one in spec.podTemplate"},
	};

	for (size_t i = 0; i < sizeof(cures) / sizeof(cures[0]); i++) {
		if (strstr(words, cures[i].part))
			return cures[i].cure;
	}
	return "Kubernetes tries it again by itself";
}
