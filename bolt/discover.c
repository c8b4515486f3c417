// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/discover.h"

#include <assert.h>
#include <string.h>

#include "bolt/callback.h"

// The key of the table that was read last for a home database: where its routers are looked up.
#define HOME ""

// Whether every router would give this answer, so that no other needs to be asked.
static bool is_final(const struct err *err)
{
	static const char *const codes[] = {
		"Neo.ClientError.Database.DatabaseNotFound",	   "Neo.ClientError.Transaction.InvalidBookmark",
		"Neo.ClientError.Transaction.InvalidBookmarkMixture", "Neo.ClientError.Statement.TypeError",
		"Neo.ClientError.Statement.ArgumentError",	   "Neo.ClientError.Request.Invalid",
	};

	if (strcmp(err->code, BOLT_CALLBACK) == 0 || err->class == ERR_CANCELLED || err->class == ERR_INVALID || err->class == ERR_INTERNAL)
		return true;
	if (err->class == ERR_FORBIDDEN)
		return strcmp(err->code, "Neo.ClientError.Security.AuthorizationExpired") != 0;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcmp(err->code, codes[i]) == 0)
			return true;
	}
	return false;
}

// Nothing that the network does can mend it, so that it must not look as if it were the network when it is the same everywhere.
static bool is_certificate(const struct err *err)
{
	return strcmp(err->code, BOLT_CERTIFICATE_REFUSED) == 0;
}

static bool is_pool_full(const struct err *err)
{
	return strcmp(err->code, BOLT_POOL_TIMEOUT) == 0;
}

static int ask(struct acquire *acquire, struct pool_place *place, int64_t deadline, struct routing_table *ret, struct err *err)
{
	const struct conn_route route = {
		.routing = &acquire->driver->context,
		.bookmarks = acquire->bookmarks.items,
		.n_bookmarks = acquire->bookmarks.n,
		.database = acquire->database,
		.impersonated_user = acquire->impersonated_user,
	};
	struct bolt_value answer;
	int r = conn_route(bolt_link_conn(place->link), &route, err);

	// A silent router leaves half of the time to the others.
	if (r == 0)
		r = acquire_await(acquire, place, CONN_ROUTE, deadline_in_ms(deadline_left_ms(deadline) / 2), &answer, err);
	if (r == 0)
		r = routing_read(&answer, acquire->arena, ret, err);
	return r;
}

// 0: read; ERR_NOT_FOUND: try the next, with *last the reason; else there is no use in trying.
static int ask_router(struct acquire *acquire, const struct bolt_address *router, int64_t deadline, struct routing_table *ret, struct err *last)
{
	struct pool_place *place = NULL;
	int r;

	err_clear(last);
	r = acquire_from(acquire, router, deadline, &place, last);
	if (r == 0)
		r = ask(acquire, place, deadline, ret, last);
	// Nobody waits for a connection that owes an answer.
	if (place && r == ERR_TIMEOUT)
		place->doomed = true;
	if (place)
		acquire_release(acquire->driver, place, deadline);
	acquire->asked++;
	acquire->refused += is_certificate(last);
	if (r == 0 || is_final(last) || deadline_left_ms(deadline) == 0)
		return r;
	// A router whose connections are all in use is still a good router.
	if (!is_pool_full(last))
		routing_forget(acquire->driver->routing, router);
	(void)err_wrap(last, "%s:%u", router->host, router->port);
	return ERR_NOT_FOUND;
}

static bool holds(const struct bolt_addresses *list, const struct bolt_address *address)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i].port == address->port && strcmp(list->items[i].host, address->host) == 0)
			return true;
	}
	return false;
}

static int ask_routers(struct acquire *acquire, const struct bolt_addresses *routers, int64_t deadline, struct routing_table *ret,
		       struct err *last)
{
	int r = ERR_NOT_FOUND;

	for (size_t i = 0; i < routers->n && r == ERR_NOT_FOUND; i++)
		r = ask_router(acquire, &routers->items[i], deadline, ret, last);
	return r;
}

// The addresses that the URI's address stands for.
static int resolve_initial(struct acquire *acquire, struct bolt_addresses *ret, struct err *err)
{
	struct bolt_driver *driver = acquire->driver;
	const struct bolt_resolver *resolver = driver->options.resolver, *names = driver->options.names;
	struct bolt_addresses named = {.items = &driver->initial, .n = 1}, all = {0};

	if (resolver && callback_coded(resolver->resolve(resolver->user, &driver->initial, acquire->arena, &named, err), err) < 0)
		return err_wrap(err, "the resolver of '%s'", driver->initial.host);
	*ret = named;
	if (!names)
		return 0;
	// Every IP address of a name is a router of its own.
	*ret = (struct bolt_addresses){0};
	for (size_t i = 0; i < named.n; i++) {
		struct bolt_address *items;

		all = (struct bolt_addresses){0};
		if (callback_result(names->resolve(names->user, &named.items[i], acquire->arena, &all, err), err) < 0)
			return err_wrap(err, "host '%s'", named.items[i].host);
		items = arena_new_array(acquire->arena, struct bolt_address, ret->n + all.n);
		if (ret->n)
			memcpy(items, ret->items, ret->n * sizeof(*items));
		for (size_t j = 0; j < all.n; j++) {
			items[ret->n] = all.items[j];
			if (!items[ret->n].name)
				items[ret->n].name = named.items[i].name ? named.items[i].name : named.items[i].host;
			ret->n++;
		}
		ret->items = items;
	}
	return 0;
}

// *last stays what it was when those before were all that there are.
static int ask_initial(struct acquire *acquire, const struct bolt_addresses *not, int64_t deadline, struct routing_table *ret,
		       struct err *last)
{
	struct bolt_addresses initial = {0};
	struct err problem = ERR_INIT;
	int r = ERR_NOT_FOUND;

	if (resolve_initial(acquire, &initial, &problem) < 0) {
		*last = problem;
		return last->class == ERR_IO && !is_final(last) ? ERR_NOT_FOUND : last->class;
	}
	for (size_t i = 0; i < initial.n && r == ERR_NOT_FOUND; i++) {
		if (!not || !holds(not, &initial.items[i]))
			r = ask_router(acquire, &initial.items[i], deadline, ret, last);
	}
	return r;
}

// The routers of the old table and those that the URI's address stands for. ERR_NOT_FOUND: none of them answered, the last as told.
static int ask_all(struct acquire *acquire, int64_t deadline, struct routing_table *ret, struct err *last)
{
	struct routing_table old = {0};
	bool known = routing_get(acquire->driver->routing, acquire->database ? acquire->database : HOME, acquire->arena, &old);
	// A table without writers may come from a server that was cut off: ask where the user pointed to, first.
	bool initial_first = !known || old.began_without_writers || !acquire->database;
	int r = ERR_NOT_FOUND;

	if (initial_first)
		r = ask_initial(acquire, NULL, deadline, ret, last);
	if (r == ERR_NOT_FOUND)
		r = ask_routers(acquire, &old.routers, deadline, ret, last);
	if (r == ERR_NOT_FOUND && !initial_first)
		r = ask_initial(acquire, &old.routers, deadline, ret, last);
	return r;
}

// Nobody answered: the reason itself where it is the same everywhere.
static int none_answered(const struct acquire *acquire, const struct err *last, struct err *err)
{
	if ((acquire->refused > 0 && acquire->refused == acquire->asked) || is_pool_full(last)) {
		*err = *last;
		return last->class;
	}
	(void)err_set(err, ERR_IO, "no router could be asked for the servers of database '%s'; the last: %s",
		      acquire->database ? acquire->database : "(home)", last->text[0] ? last->text : "there is none");
	err_set_code(err, BOLT_NO_SERVERS);
	return ERR_IO;
}

static void keep(struct acquire *acquire, struct routing_table *table)
{
	struct routing *routing = acquire->driver->routing;

	if (!table->database)
		table->database = acquire->database; // 4.3 does not repeat it
	if (!acquire->database) {
		routing_put(routing, HOME, table);
		acquire->database = table->database;
	}
	if (acquire->database)
		routing_put(routing, acquire->database, table);
	table->until_ms = clock_monotonic_ms(acquire->driver->options.clock) + table->ttl_ms;
}

int discover_table(struct acquire *acquire, int64_t deadline, struct routing_table *ret, struct err *err)
{
	struct err last = ERR_INIT;
	int r;

	acquire->asked = acquire->refused = 0;
	if (acquire->find_bookmarks && acquire->find_bookmarks(acquire, err) < 0)
		return err->class;
	r = ask_all(acquire, deadline, ret, &last);
	if (r == ERR_NOT_FOUND)
		return none_answered(acquire, &last, err);
	if (r < 0) {
		*err = last;
		return r;
	}
	acquire->failure = NULL;
	keep(acquire, ret);
	return 0;
}

// The one with the fewest connections in use; among equals each has its turn.
static const struct bolt_address *choose(struct bolt_driver *driver, const struct bolt_addresses *list)
{
	unsigned turn = atomic_fetch_add(&driver->turn, 1);
	const struct bolt_address *best = NULL;
	uint32_t fewest = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct bolt_address *address = &list->items[(turn + i) % list->n];
		uint32_t in_use, idle;

		pool_figures(driver->pool, address, &in_use, &idle);
		if (!best || in_use < fewest) {
			best = address;
			fewest = in_use;
		}
	}
	return best;
}

static void leave_out(struct bolt_addresses *list, const struct bolt_address *address)
{
	size_t at = (size_t)(address - list->items);

	assert(at < list->n);
	memmove(list->items + at, list->items + at + 1, (list->n - at - 1) * sizeof(*list->items));
	list->n--;
}

static int take_from(struct acquire *acquire, struct bolt_addresses *servers, int64_t deadline, struct pool_place **ret, struct err *err)
{
	struct err last = ERR_INIT;
	const struct bolt_address *address;
	bool refused = servers->n > 0;

	while ((address = choose(acquire->driver, servers))) {
		int r;

		err_clear(&last);
		r = acquire_from(acquire, address, deadline, ret, &last);
		if (r == 0)
			return 0;
		// Another one would not be any better, or it is too late to ask.
		if (r != ERR_IO && r != ERR_PROTOCOL) {
			*err = last;
			return r;
		}
		refused &= is_certificate(&last);
		routing_forget(acquire->driver->routing, address);
		leave_out(servers, address);
	}
	if (refused) {
		*err = last;
		return last.class;
	}
	(void)err_set(err, ERR_IO, "no server of database '%s' takes %s now%s%s", acquire->database ? acquire->database : "(home)",
		      acquire->read ? "reads" : "writes", last.text[0] ? "; the last: " : "", last.text);
	err_set_code(err, BOLT_NO_SERVERS);
	return ERR_IO;
}

int discover_place(struct acquire *acquire, int64_t deadline, struct pool_place **ret, struct err *err)
{
	struct bolt_driver *driver = acquire->driver;
	struct routing_table table;
	bool lazy = acquire->lazy;
	int r = 0;

	if (!driver->routing)
		return acquire_from(acquire, &driver->initial, deadline, ret, err);
	acquire->lazy = false;
	if (!acquire->database || !routing_get(driver->routing, acquire->database, acquire->arena, &table) ||
	    !routing_is_fresh(driver->routing, &table, acquire->read))
		r = discover_table(acquire, deadline, &table, err);
	if (r == 0)
		r = take_from(acquire, acquire->read ? &table.readers : &table.writers, deadline, ret, err);
	acquire->lazy = lazy;
	return r;
}
