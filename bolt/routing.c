// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/routing.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/exhausted.h"
#include "bolt/uri.h"

#define SERVERS_MAX 4096
#define TTL_MAX_S ((int64_t)366 * 24 * 3600)

struct entry {
	char *database;
	struct arena *arena; // of the table
	struct routing_table table;
	struct entry *next;
};

struct routing {
	pthread_mutex_t lock;
	struct entry *entries; // the latest first
	int64_t keep_ms;
	const struct clock *clock;
};

// 0: it is none.
static long read_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && digits < 6 && !text[digits] ? strtol(text, NULL, 10) : 0;
}

bool routing_address(const char *text, struct arena *arena, struct bolt_address *ret)
{
	const char *colon = strrchr(text, ':'), *end = text + strlen(text);
	long port = BOLT_PORT;

	// More than one colon and no bracket: an IPv6 address without a port.
	if (colon && *text != '[' && memchr(text, ':', (size_t)(colon - text)))
		colon = NULL;
	if (colon && *text == '[' && colon[-1] != ']')
		colon = NULL;
	if (colon) {
		port = read_port(colon + 1);
		end = colon;
	}
	if (*text == '[') {
		if (end - text < 3 || end[-1] != ']')
			return false;
		text++;
		end--;
	}
	*ret = (struct bolt_address){.host = arena_memdup0(arena, text, (size_t)(end - text)), .port = (uint16_t)port};
	return end > text && port > 0 && port <= UINT16_MAX && !strpbrk(ret->host, "[]");
}

const char *routing_address_text(const struct bolt_address *address, struct arena *arena)
{
	bool brackets = strchr(address->host, ':');

	return arena_printf(arena, "%s%s%s:%u", brackets ? "[" : "", address->host, brackets ? "]" : "", address->port);
}

// An array that doubles in the arena: however a router cuts its lists into pieces, they cost no more than twice what they hold.
static void add_address(struct bolt_addresses *list, const struct bolt_address *address, struct arena *arena)
{
	// n is a power of two, or nothing was added yet: full.
	if ((list->n & (list->n - 1)) == 0) {
		struct bolt_address *larger = arena_new_array(arena, struct bolt_address, list->n ? 2 * list->n : 1);

		if (list->n)
			memcpy(larger, list->items, list->n * sizeof(*larger));
		list->items = larger;
	}
	list->items[list->n++] = *address;
}

static int read_addresses(const struct bolt_value *list, struct arena *arena, struct bolt_addresses *ret, struct err *err)
{
	size_t n = list && list->type == BOLT_LIST ? list->size : 0;

	if (ret->n + n > SERVERS_MAX)
		return err_set(err, ERR_TOO_LARGE, "the routing table has more than %d servers", SERVERS_MAX);
	for (size_t i = 0; i < n; i++) {
		const char *text = bolt_as_string(&list->items[i]);
		struct bolt_address address;

		if (!text || !routing_address(text, arena, &address))
			return err_set(err, ERR_PROTOCOL, "the routing table has '%.80s' where an address was expected", text ? text : "no string");
		add_address(ret, &address, arena);
	}
	return 0;
}

static int read_server(const struct bolt_value *server, struct arena *arena, struct routing_table *ret, struct err *err)
{
	const char *role = bolt_as_string(bolt_map_get(server, "role"));
	const struct bolt_value *list = bolt_map_get(server, "addresses");

	if (!role)
		return err_set(err, ERR_PROTOCOL, "the routing table has a server without a role");
	if (strcmp(role, "ROUTE") == 0)
		return read_addresses(list, arena, &ret->routers, err);
	if (strcmp(role, "READ") == 0)
		return read_addresses(list, arena, &ret->readers, err);
	if (strcmp(role, "WRITE") == 0)
		return read_addresses(list, arena, &ret->writers, err);
	return 0; // a role that is not known yet
}

int routing_read(const struct bolt_value *answer, struct arena *arena, struct routing_table *ret, struct err *err)
{
	const struct bolt_value *rt = bolt_map_get(answer, "rt"), *servers = bolt_map_get(rt, "servers");
	int64_t ttl = bolt_as_int(bolt_map_get(rt, "ttl"), -1);
	const char *database = bolt_as_string(bolt_map_get(rt, "db"));

	*ret = (struct routing_table){.database = database ? arena_strdup(arena, database) : NULL};
	if (ttl < 0 || !servers || servers->type != BOLT_LIST)
		return err_set(err, ERR_PROTOCOL, "the answer to ROUTE holds no routing table");
	ret->ttl_ms = (ttl < TTL_MAX_S ? ttl : TTL_MAX_S) * 1000;
	for (uint32_t i = 0; i < servers->size; i++) {
		if (read_server(&servers->items[i], arena, ret, err) < 0)
			return err->class;
	}
	if (ret->routers.n == 0)
		return err_set(err, ERR_PROTOCOL, "the routing table names no router");
	if (ret->readers.n == 0)
		return err_set(err, ERR_PROTOCOL, "the routing table names no reader");
	ret->began_without_writers = ret->writers.n == 0;
	return 0;
}

struct routing *routing_new(int64_t keep_ms, const struct clock *clock)
{
	struct routing *routing = calloc(1, sizeof(*routing));

	if (!routing || pthread_mutex_init(&routing->lock, NULL) != 0)
		memory_is_exhausted();
	routing->keep_ms = keep_ms;
	routing->clock = clock;
	return routing;
}

static void entry_free(struct entry *entry)
{
	arena_free(entry->arena);
	free(entry->database);
	free(entry);
}

void routing_free(struct routing *routing)
{
	while (routing->entries) {
		struct entry *entry = routing->entries;

		routing->entries = entry->next;
		entry_free(entry);
	}
	(void)pthread_mutex_destroy(&routing->lock);
	free(routing);
}

static void copy_addresses(const struct bolt_addresses *from, struct arena *arena, struct bolt_addresses *to)
{
	to->items = arena_new_array(arena, struct bolt_address, from->n);
	to->n = from->n;
	for (size_t i = 0; i < from->n; i++)
		to->items[i] = (struct bolt_address){
			.host = arena_strdup(arena, from->items[i].host),
			.port = from->items[i].port,
			.name = from->items[i].name ? arena_strdup(arena, from->items[i].name) : NULL,
		};
}

static void copy_table(const struct routing_table *from, struct arena *arena, struct routing_table *to)
{
	*to = *from;
	to->database = from->database ? arena_strdup(arena, from->database) : NULL;
	copy_addresses(&from->routers, arena, &to->routers);
	copy_addresses(&from->readers, arena, &to->readers);
	copy_addresses(&from->writers, arena, &to->writers);
}

// The table of this database, those that are long over, and those beyond the limit.
static void drop_locked(struct routing *routing, const char *database, int64_t now)
{
	struct entry **at = &routing->entries;
	unsigned n = 0;

	while (*at) {
		struct entry *entry = *at;

		if (strcmp(entry->database, database) != 0 && entry->table.until_ms + routing->keep_ms > now && ++n < ROUTING_TABLES) {
			at = &entry->next;
			continue;
		}
		*at = entry->next;
		entry_free(entry);
	}
}

void routing_put(struct routing *routing, const char *database, const struct routing_table *table)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	int64_t now = clock_monotonic_ms(routing->clock);

	if (!entry)
		memory_is_exhausted();
	entry->database = strdup(database);
	if (!entry->database)
		memory_is_exhausted();
	entry->arena = arena_new();
	copy_table(table, entry->arena, &entry->table);
	entry->table.until_ms = now + table->ttl_ms;
	(void)pthread_mutex_lock(&routing->lock);
	drop_locked(routing, database, now);
	entry->next = routing->entries;
	routing->entries = entry;
	(void)pthread_mutex_unlock(&routing->lock);
}

bool routing_get(struct routing *routing, const char *database, struct arena *arena, struct routing_table *ret)
{
	int64_t now = clock_monotonic_ms(routing->clock);
	bool found = false;

	(void)pthread_mutex_lock(&routing->lock);
	for (struct entry *entry = routing->entries; entry && !found; entry = entry->next) {
		found = strcmp(entry->database, database) == 0 && entry->table.until_ms + routing->keep_ms > now;
		if (found)
			copy_table(&entry->table, arena, ret);
	}
	(void)pthread_mutex_unlock(&routing->lock);
	return found;
}

bool routing_is_fresh(const struct routing *routing, const struct routing_table *table, bool read)
{
	return table->until_ms > clock_monotonic_ms(routing->clock) && (read ? table->readers.n : table->writers.n) > 0;
}

static void remove_address(struct bolt_addresses *list, const struct bolt_address *address)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i].port != address->port || strcmp(list->items[i].host, address->host) != 0)
			list->items[n++] = list->items[i];
	}
	list->n = n;
}

void routing_forget(struct routing *routing, const struct bolt_address *address)
{
	(void)pthread_mutex_lock(&routing->lock);
	for (struct entry *entry = routing->entries; entry; entry = entry->next) {
		remove_address(&entry->table.routers, address);
		remove_address(&entry->table.readers, address);
		remove_address(&entry->table.writers, address);
	}
	(void)pthread_mutex_unlock(&routing->lock);
}

// The table of home is that of a database with a name, too.
static bool is_of(const struct entry *entry, const char *database)
{
	const char *name = *entry->database || !entry->table.database ? entry->database : entry->table.database;

	return strcmp(name, database) == 0;
}

void routing_forget_writer(struct routing *routing, const char *database, const struct bolt_address *address)
{
	(void)pthread_mutex_lock(&routing->lock);
	for (struct entry *entry = routing->entries; entry; entry = entry->next)
		if (is_of(entry, database ? database : ""))
			remove_address(&entry->table.writers, address);
	(void)pthread_mutex_unlock(&routing->lock);
}
