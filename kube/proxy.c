// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/proxy.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// An address of either family in one form: IPv4 as it is mapped to IPv6.
struct address {
	unsigned char bytes[16];
};

#define ADDRESS_BITS 128
#define MAPPED_BITS 96

struct place {
	const char *host; // small letters, without brackets and a final dot
	const char *port;
	bool is_address;
	struct address address;
};

static const char *variable(const char *capitals, const char *small)
{
	const char *value = getenv(capitals);

	if (!value || !*value)
		value = getenv(small);
	return value && *value ? value : NULL;
}

struct proxy_environment proxy_environment(void)
{
	return (struct proxy_environment){
		.http = variable("HTTP_PROXY", "http_proxy"),
		.https = variable("HTTPS_PROXY", "https_proxy"),
		.none = variable("NO_PROXY", "no_proxy"),
	};
}

static bool read_address(const char *text, struct address *ret)
{
	struct address mapped = {.bytes = {[10] = 0xff, [11] = 0xff}};

	if (inet_pton(AF_INET6, text, ret->bytes) == 1)
		return true;
	if (inet_pton(AF_INET, text, mapped.bytes + MAPPED_BITS / 8) != 1)
		return false;
	*ret = mapped;
	return true;
}

static bool same_bits(const struct address *a, const struct address *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a->bytes, b->bytes, whole) != 0)
		return false;
	return rest == 0 || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

static char *small_letters(const char *text, size_t len, struct arena *arena)
{
	char *copy = arena_memdup0(arena, text, len);

	for (char *c = copy; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return copy;
}

// Reads "host", "host:port", "[address]:port" or an address. port NULL: none.
static struct place read_place(const char *text, size_t len, struct arena *arena)
{
	char *whole = small_letters(text, len, arena), *end = strchr(whole, ']'), *colon = strrchr(whole, ':');
	struct place place = {.host = whole};
	size_t n;

	if (*whole == '[' && end) {
		place.host = whole + 1;
		*end = '\0';
		place.port = end[1] == ':' ? end + 2 : NULL;
	} else if (colon && strchr(whole, ':') == colon) {
		*colon = '\0';
		place.port = colon + 1;
	}
	n = strlen(place.host);
	if (n > 0 && place.host[n - 1] == '.')
		place.host = arena_memdup0(arena, place.host, n - 1);
	place.is_address = read_address(place.host, &place.address);
	return place;
}

static struct place place_of(const char *server, struct arena *arena)
{
	const char *begin = strstr(server, "://");
	struct place place;

	begin = begin ? begin + 3 : server;
	place = read_place(begin, strcspn(begin, "/?#"), arena);
	if (!place.port)
		place.port = strncasecmp(server, "https:", 6) == 0 ? "443" : "80";
	return place;
}

static bool is_this_machine(const struct place *place)
{
	static const struct address loopback_v4 = {.bytes = {[10] = 0xff, [11] = 0xff, [12] = 127}}, loopback_v6 = {.bytes = {[15] = 1}};

	if (!place->is_address)
		return strcmp(place->host, "localhost") == 0;
	return same_bits(&place->address, &loopback_v4, MAPPED_BITS + 8) || same_bits(&place->address, &loopback_v6, ADDRESS_BITS);
}

// "10.0.0.0/8"; *ret_network is false when the entry is none.
static bool is_in_network(const char *entry, const struct place *place, bool *ret_network, struct arena *arena)
{
	const char *slash = strchr(entry, '/');
	struct address network;
	const char *base = slash ? arena_memdup0(arena, entry, (size_t)(slash - entry)) : "";
	unsigned long bits;
	char *end;

	*ret_network = slash && isdigit((unsigned char)slash[1]) && read_address(base, &network);
	if (!*ret_network)
		return false;
	bits = strtoul(slash + 1, &end, 10) + (strchr(base, ':') ? 0 : MAPPED_BITS);
	return !*end && bits <= ADDRESS_BITS && place->is_address && same_bits(&place->address, &network, (unsigned)bits);
}

// "example.org" covers itself and all names below, ".example.org" and "*.example.org" only the names below.
static bool is_named(const char *name, const char *host)
{
	size_t n, m = strlen(host);

	if (*name == '*' && name[1] == '.')
		name++;
	n = strlen(name);
	if (n == 0 || m < n || strcmp(host + m - n, name) != 0)
		return false;
	return *name == '.' ? m > n : m == n || host[m - n - 1] == '.';
}

static bool matches(const char *entry, size_t len, const struct place *place, struct arena *arena)
{
	const char *text = small_letters(entry, len, arena);
	struct place excepted;
	bool is_network, is_in = is_in_network(text, place, &is_network, arena);

	if (is_network || strcmp(text, "*") == 0)
		return is_in || !is_network;
	excepted = read_place(text, len, arena);
	if (excepted.port && strcmp(excepted.port, place->port) != 0)
		return false;
	if (excepted.is_address)
		return place->is_address && same_bits(&place->address, &excepted.address, ADDRESS_BITS);
	return is_named(excepted.host, place->host);
}

static bool is_excepted(const char *none, const struct place *place, struct arena *arena)
{
	while (none && *none) {
		size_t len = strcspn(none, ","), begin = 0, end = len;

		while (begin < end && isspace((unsigned char)none[begin]))
			begin++;
		while (end > begin && isspace((unsigned char)none[end - 1]))
			end--;
		if (end > begin && matches(none + begin, end - begin, place, arena))
			return true;
		none += len + (none[len] == ',');
	}
	return false;
}

const char *proxy_choose(const struct proxy_environment *environment, const char *server, struct arena *arena)
{
	const char *proxy = strncasecmp(server, "https:", 6) == 0 ? environment->https : environment->http;
	struct place place = place_of(server, arena);

	if (!proxy || is_this_machine(&place) || is_excepted(environment->none, &place, arena))
		return NULL;
	// Go takes "proxy:3128", too.
	return strstr(proxy, "://") ? arena_strdup(arena, proxy) : arena_printf(arena, "http://%s", proxy);
}

bool proxy_is_valid(const char *url)
{
	static const char *const schemes[] = {"http://", "https://", "socks5://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t n = strlen(schemes[i]);

		if (strncasecmp(url, schemes[i], n) == 0)
			return url[n] && !strchr("/?#:", url[n]) && !strpbrk(url, " \t\r\n");
	}
	return false;
}
