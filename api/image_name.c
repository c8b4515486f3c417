// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Admission has the same rules in the same words (deploy/crds/generate).

#include "api/image_name.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

// One part of an image's name: lower-case letters and digits, with '.', '_', '__' or '-'s between them.
static bool is_image_part(const char *part, size_t len)
{
	size_t i = 0;

	while (i < len) {
		size_t begin = i, separators;

		while (i < len && (islower((unsigned char)part[i]) || isdigit((unsigned char)part[i])))
			i++;
		if (i == begin)
			return false;
		if (i == len)
			return true;
		separators = i;
		while (i < len && strchr("._-", part[i]))
			i++;
		if (i - separators > 1 && strspn(part + separators, "-") < i - separators && (i - separators > 2 || memcmp(part + separators, "__", 2) != 0))
			return false;
	}
	return false;
}

// The part before the first slash: a host, and maybe a port.
static bool is_image_host(const char *host, size_t len)
{
	const char *colon = memchr(host, ':', len);
	size_t end = colon ? (size_t)(colon - host) : len;
	char before = '.';

	for (size_t i = 0; i < end; i++) {
		if (!isalnum((unsigned char)host[i]) && !strchr("-.", host[i]))
			return false;
		if ((strchr("-.", before) && before == '.' && !isalnum((unsigned char)host[i])) || (host[i] == '.' && before == '-'))
			return false;
		before = host[i];
	}
	if (!end || !isalnum((unsigned char)before))
		return false;
	return !colon || (len > end + 1 && strspn(colon + 1, "0123456789") >= len - end - 1);
}

const char *image_name_problem(const char *repo)
{
	const char *slash = strchr(repo, '/'), *part = repo;

	if (strstr(repo, "://"))
		return "is the image's name without a scheme; write HOST/NAME, such as registry.example.com/neo4j";
	if (slash && is_image_host(repo, (size_t)(slash - repo)))
		part = slash + 1;
	for (;; part = slash + 1) {
		slash = strchr(part, '/');
		if (!is_image_part(part, slash ? (size_t)(slash - part) : strlen(part)))
			return "is no name that a node can pull: write it without the tag, and in lower case behind the host, such as "
			       "registry.example.com:5000/neo4j";
		if (!slash)
			return NULL;
	}
}

// Whether the tag has this word as one of its parts.
static bool has_word(const char *tag, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = strstr(tag, word); at; at = strstr(at + 1, word))
		if ((at == tag || strchr("-_.", at[-1])) && (!at[len] || strchr("-_.@", at[len])))
			return true;
	return false;
}

// The rest of a tag after a version's numbers; the text itself where it begins with none.
static const char *behind_version(const char *tag)
{
	static const char digits[] = "0123456789";
	const char *rest = tag + strspn(tag, digits);

	while (rest > tag && *rest == '.' && isdigit((unsigned char)rest[1]))
		rest += 1 + strspn(rest + 1, digits);
	return rest;
}

// A tag of Neo4j's own image: a version, and maybe its distribution, such as 2025.12 or 5.26-trixie. Any other tag, or a digest, may name
// somebody's own Enterprise image under this name.
static bool is_plain_community(const char *repo, const char *tag)
{
	static const char *const official[] = {"neo4j", "library/neo4j", "docker.io/neo4j", "docker.io/library/neo4j", "index.docker.io/library/neo4j"};
	static const char *const endings[] = {"", "-bullseye", "-bookworm", "-trixie"};
	const char *rest = behind_version(tag);
	bool matches = false;

	if (rest == tag)
		return false;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		matches |= !strcmp(rest, endings[i]);
	if (!strncmp(rest, "-ubi", 4) && rest[4])
		matches = !rest[4 + strspn(rest + 4, "0123456789")];
	for (size_t i = 0; matches && i < sizeof(official) / sizeof(official[0]); i++)
		if (!strcmp(repo, official[i]))
			return true;
	return false;
}

const char *image_tag_problem(const char *repo, const char *tag)
{
	if (has_word(tag, "community") && !strstr(tag, "enterprise"))
		return "is of the Community edition, which knows no clusters; choose the tag of the Enterprise edition, such as 2025.12-enterprise";
	if (is_plain_community(repo, tag))
		return "tags of Neo4j's own image without 'enterprise' are of the Community edition; choose one such as 2025.12-enterprise";
	return NULL;
}
