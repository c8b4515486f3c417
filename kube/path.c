// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/path.h"

#include <ctype.h>
#include <string.h>

static void add_escaped(struct buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (isalnum(c) || strchr("-._~", c))
			buf_addc(out, (char)c);
		else
			buf_addf(out, "%%%02X", c);
	}
}

// A name as one segment of a path. "." and ".." need no escape as letters, but a client or a proxy would take them for a way up, so they are
// escaped, too.
static void add_segment(struct buf *out, const char *name)
{
	buf_addc(out, '/');
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		buf_add(out, name[1] ? "%2E%2E" : "%2E");
	else
		add_escaped(out, name);
}

void kube_path(struct buf *out, const struct kube_resource *resource, const char *namespace, const char *name)
{
	if (*resource->group)
		buf_addf(out, "/apis/%s/%s", resource->group, resource->version);
	else
		buf_addf(out, "/api/%s", resource->version);
	if (resource->namespaced && namespace && *namespace) {
		buf_add(out, "/namespaces");
		add_segment(out, namespace);
	}
	buf_addf(out, "/%s", resource->plural);
	if (name)
		add_segment(out, name);
}

void kube_query(struct buf *out, const char *key, const char *value)
{
	if (!value)
		return;
	buf_addf(out, "%c%s=", strchr(buf_str(out), '?') ? '&' : '?', key);
	add_escaped(out, value);
}
