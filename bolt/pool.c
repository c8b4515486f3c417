// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/exhausted.h"
#include "bolt/codes.h"
#include "bolt/routing.h"

struct pool_site {
	struct arena *arena; // of the address
	struct bolt_address address;
	const char *text; // the address, for people
	struct pool_place *idle;     // the latest first
	uint32_t n_idle, n_in_use, n_waiting;
	uint64_t epoch; // those who logged on in an older one have to do it again
	struct pool_site *next;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t freed; // a place of any site, or pool_wake()
	struct pool_site *sites;
	uint32_t size;
	const struct clock *clock;
};

struct pool *pool_new(uint32_t size, const struct clock *clock)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	pthread_condattr_t attr;

	if (!pool || pthread_condattr_init(&attr) != 0 || pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0 ||
	    pthread_cond_init(&pool->freed, &attr) != 0 || pthread_mutex_init(&pool->lock, NULL) != 0)
		memory_is_exhausted();
	(void)pthread_condattr_destroy(&attr);
	pool->size = size;
	pool->clock = clock;
	return pool;
}

static void close_places(struct pool_place *places)
{
	while (places) {
		struct pool_place *place = places;

		places = place->next;
		bolt_link_close(place->link);
		login_free(place->login);
		free(place);
	}
}

static void site_free(struct pool_site *site)
{
	arena_free(site->arena);
	free(site);
}

void pool_free(struct pool *pool)
{
	while (pool->sites) {
		struct pool_site *site = pool->sites;

		pool->sites = site->next;
		assert(site->n_in_use == 0);
		close_places(site->idle);
		site_free(site);
	}
	(void)pthread_cond_destroy(&pool->freed);
	(void)pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static struct pool_site *find(const struct pool *pool, const struct bolt_address *address)
{
	for (struct pool_site *site = pool->sites; site; site = site->next) {
		if (site->address.port == address->port && strcmp(site->address.host, address->host) == 0)
			return site;
	}
	return NULL;
}

static struct pool_site *find_or_add(struct pool *pool, const struct bolt_address *address)
{
	struct pool_site *site = find(pool, address);

	if (site)
		return site;
	site = calloc(1, sizeof(*site));
	if (!site)
		memory_is_exhausted();
	site->arena = arena_new();
	site->address = (struct bolt_address){
		.host = arena_strdup(site->arena, address->host),
		.port = address->port,
		.name = arena_strdup(site->arena, address->name),
	};
	site->text = routing_address_text(address, site->arena);
	site->next = pool->sites;
	pool->sites = site;
	return site;
}

// A site that nobody uses is forgotten: addresses come and go with a cluster's servers.
static void drop_unused(struct pool *pool, struct pool_site *site)
{
	struct pool_site **at = &pool->sites;

	if (site->n_in_use || site->n_waiting || site->idle)
		return;
	while (*at != site)
		at = &(*at)->next;
	*at = site->next;
	site_free(site);
}

static void wait_freed(struct pool *pool, int64_t deadline)
{
	const struct timespec until = deadline_timespec(deadline);

	if (deadline == DEADLINE_NEVER)
		(void)pthread_cond_wait(&pool->freed, &pool->lock);
	else
		(void)pthread_cond_timedwait(&pool->freed, &pool->lock, &until);
}

static struct pool_place *take_locked(struct pool_site *site)
{
	struct pool_place *place = site->idle;

	site->n_in_use++;
	if (place) {
		assert(site->n_idle > 0 && place->link);
		site->idle = place->next;
		site->n_idle--;
		place->relogon |= place->epoch != site->epoch;
		place->epoch = site->epoch;
		return place;
	}
	place = calloc(1, sizeof(*place));
	if (!place)
		memory_is_exhausted();
	place->site = site;
	place->epoch = site->epoch;
	return place;
}

int pool_take(struct pool *pool, const struct bolt_address *address, int64_t deadline, struct bolt_cancel *cancel,
	      struct pool_place **ret, struct err *err)
{
	struct pool_site *site;
	int r = 0;

	(void)pthread_mutex_lock(&pool->lock);
	site = find_or_add(pool, address);
	site->n_waiting++;
	while (r == 0) {
		if (bolt_cancel_fired(cancel))
			r = err_set(err, ERR_CANCELLED, "cancelled while waiting for a connection");
		else if (site->idle || site->n_in_use < pool->size)
			break;
		else if (deadline_left_ms(deadline) == 0)
			r = err_set(err, ERR_TIMEOUT, "all %u connections to %s:%u stayed in use; give results and transactions back, or raise pool_size",
				    pool->size, address->host, address->port);
		else
			wait_freed(pool, deadline);
	}
	site->n_waiting--;
	if (r == 0) {
		*ret = take_locked(site);
		assert(site->n_in_use + site->n_idle <= pool->size);
	} else {
		drop_unused(pool, site);
	}
	(void)pthread_mutex_unlock(&pool->lock);
	if (r == ERR_TIMEOUT)
		err_set_code(err, BOLT_POOL_TIMEOUT);
	return r;
}

void pool_give(struct pool *pool, struct pool_place *place)
{
	struct pool_site *site = place->site;
	int64_t now = clock_monotonic_ms(pool->clock);
	bool keep;

	(void)pthread_mutex_lock(&pool->lock);
	assert(site->n_in_use > 0);
	keep = place->link && !place->doomed && !bolt_link_is_dead(place->link);
	site->n_in_use--;
	if (keep) {
		place->fresh = false;
		place->idle_ms = now;
		place->next = site->idle;
		site->idle = place;
		site->n_idle++;
	} else {
		place->next = NULL;
		drop_unused(pool, site);
	}
	(void)pthread_cond_broadcast(&pool->freed);
	(void)pthread_mutex_unlock(&pool->lock);
	if (!keep)
		close_places(place);
}

const struct bolt_address *pool_place_address(const struct pool_place *place)
{
	return &place->site->address;
}

const char *pool_place_text(const struct pool_place *place)
{
	return place->site->text;
}

void pool_clear(struct pool *pool, const struct bolt_address *address)
{
	struct pool_place *idle = NULL;
	struct pool_site *site;

	(void)pthread_mutex_lock(&pool->lock);
	site = find(pool, address);
	if (site) {
		idle = site->idle;
		site->idle = NULL;
		site->n_idle = 0;
		drop_unused(pool, site);
	}
	(void)pthread_mutex_unlock(&pool->lock);
	close_places(idle);
}

void pool_doubt(struct pool *pool, const struct bolt_address *address)
{
	struct pool_site *site;

	(void)pthread_mutex_lock(&pool->lock);
	site = find(pool, address);
	if (site)
		site->epoch++;
	(void)pthread_mutex_unlock(&pool->lock);
}

void pool_figures(struct pool *pool, const struct bolt_address *address, uint32_t *ret_in_use, uint32_t *ret_idle)
{
	const struct pool_site *site;

	(void)pthread_mutex_lock(&pool->lock);
	site = find(pool, address);
	*ret_in_use = site ? site->n_in_use : 0;
	*ret_idle = site ? site->n_idle : 0;
	(void)pthread_mutex_unlock(&pool->lock);
}

void pool_wake(struct pool *pool)
{
	(void)pthread_mutex_lock(&pool->lock);
	(void)pthread_cond_broadcast(&pool->freed);
	(void)pthread_mutex_unlock(&pool->lock);
}
