// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/own_domain.h"

#include <string.h>
#include <strings.h>

#define BLANKS " \t\r\n"
#define PREFIX "svc."

const char *own_domain_of(const char *text, struct arena *arena)
{
	for (const char *word = text + strspn(text, BLANKS); *word; word += strspn(word, BLANKS)) {
		size_t len = strcspn(word, BLANKS);

		if (len > strlen(PREFIX) && strncmp(word, PREFIX, strlen(PREFIX)) == 0)
			return arena_printf(arena, "%.*s", (int)(len - strlen(PREFIX)), word + strlen(PREFIX));
		word += len;
	}
	return NULL;
}

static bool is_same(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);

	a_len -= a_len > 0 && a[a_len - 1] == '.';
	b_len -= b_len > 0 && b[b_len - 1] == '.';
	return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

const char *own_domain_hint(const char *own, const char *wanted, struct arena *arena)
{
	if (!own || !wanted || is_same(own, wanted))
		return NULL;
	return arena_printf(arena,
			    "spec.clusterDomain is '%.253s', but the operator's own pod is in '%.253s': where the first is wrong, servers do not find "
			    "each other; set it to the second",
			    wanted, own);
}
