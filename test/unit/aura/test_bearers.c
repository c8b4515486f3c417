// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aura/bearers.h"

struct service {
	_Atomic int fetches;
	struct err refusal; // set: every pair is refused
	int64_t lives_ms;
	pthread_barrier_t *gate; // a fetch ends when the test comes to it; NULL: at once
};

static int fetch(void *user, const struct aura_credential *credential, struct buf *ret, int64_t *ret_lives_ms, struct err *err)
{
	struct service *service = user;
	int n = atomic_fetch_add(&service->fetches, 1);

	if (service->gate)
		(void)pthread_barrier_wait(service->gate);
	if (err_is_set(&service->refusal)) {
		*err = service->refusal;
		return err->class;
	}
	buf_addf(ret, "bearer-%d-of-%s", n, credential->id);
	*ret_lives_ms = service->lives_ms;
	return 0;
}

static int get(struct bearers *bearers, struct service *service, const char *id, int64_t now_ms, struct bearer *ret, struct err *err)
{
	const struct aura_credential credential = {id, "a-secret"};
	const struct bearer_source source = {fetch, service, 20000};

	return bearers_get(bearers, &credential, &source, now_ms, ret, err);
}

#define BEARER_INIT ((struct bearer){.text = BUF_INIT_SECRET(1000)})

// Rule F4: one bearer a pair, until shortly before its end.
static void test_one_for_a_pair(void **state)
{
	_cleanup_(bearers_freep) struct bearers *bearers = bearers_new();
	struct service service = {.lives_ms = 3600000};
	struct bearer bearer = BEARER_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(get(bearers, &service, "one", 0, &bearer, &err), 0);
	assert_string_equal(buf_str(&bearer.text), "bearer-0-of-one");
	assert_int_equal(get(bearers, &service, "two", 0, &bearer, &err), 0);
	assert_string_equal(buf_str(&bearer.text), "bearer-1-of-two");
	assert_int_equal(get(bearers, &service, "one", 3539999, &bearer, &err), 0);
	assert_string_equal(buf_str(&bearer.text), "bearer-0-of-one");
	assert_int_equal(get(bearers, &service, "one", 3540000, &bearer, &err), 0);
	assert_string_equal(buf_str(&bearer.text), "bearer-2-of-one");
	buf_release(&bearer.text);
}

// Two that were refused the same bearer fetch one new one.
static void test_dropped_once(void **state)
{
	const struct aura_credential credential = {"one", "a-secret"};
	_cleanup_(bearers_freep) struct bearers *bearers = bearers_new();
	struct service service = {.lives_ms = 3600000};
	struct bearer first = BEARER_INIT, second = BEARER_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(get(bearers, &service, "one", 0, &first, &err), 0);
	bearers_drop(bearers, &credential, &first);
	assert_int_equal(get(bearers, &service, "one", 1, &second, &err), 0);
	assert_string_equal(buf_str(&second.text), "bearer-1-of-one");
	bearers_drop(bearers, &credential, &first);
	assert_int_equal(get(bearers, &service, "one", 2, &second, &err), 0);
	assert_string_equal(buf_str(&second.text), "bearer-1-of-one");
	assert_int_equal(atomic_load(&service.fetches), 2);
	buf_release(&first.text);
	buf_release(&second.text);
}

// A refused pair is asked about again after a minute; another secret at once; what passes is not kept.
static void test_refused(void **state)
{
	_cleanup_(bearers_freep) struct bearers *bearers = bearers_new();
	struct service service = {.lives_ms = 3600000};
	struct bearer bearer = BEARER_INIT;
	struct err err = ERR_INIT;

	(void)state;
	(void)err_set(&service.refusal, ERR_FORBIDDEN, "no");
	assert_int_equal(get(bearers, &service, "one", 0, &bearer, &err), ERR_FORBIDDEN);
	err_clear(&err);
	assert_int_equal(get(bearers, &service, "one", 59999, &bearer, &err), ERR_FORBIDDEN);
	assert_string_equal(err.text, "no");
	assert_int_equal(err.retry_after_ms, 1);
	assert_int_equal(atomic_load(&service.fetches), 1);
	err_clear(&err);
	err_clear(&service.refusal);
	assert_int_equal(get(bearers, &service, "two", 59999, &bearer, &err), 0);
	assert_int_equal(get(bearers, &service, "one", 60000, &bearer, &err), 0);
	(void)err_set(&service.refusal, ERR_IO, "away");
	assert_int_equal(get(bearers, &service, "three", 60000, &bearer, &err), ERR_IO);
	err_clear(&err);
	err_clear(&service.refusal);
	assert_int_equal(get(bearers, &service, "three", 60000, &bearer, &err), 0);
	buf_release(&bearer.text);
}

struct crowd {
	struct bearers *bearers;
	struct service *service;
};

static void *join_crowd(void *user)
{
	struct crowd *crowd = user;
	struct bearer bearer = BEARER_INIT;
	struct err err = ERR_INIT;

	assert_int_equal(get(crowd->bearers, crowd->service, "one", 0, &bearer, &err), 0);
	assert_string_equal(buf_str(&bearer.text), "bearer-0-of-one");
	buf_release(&bearer.text);
	return NULL;
}

static void test_fetched_once_for_a_crowd(void **state)
{
	_cleanup_(bearers_freep) struct bearers *bearers = bearers_new();
	pthread_barrier_t gate;
	struct service service = {.lives_ms = 3600000, .gate = &gate};
	struct crowd crowd = {bearers, &service};
	pthread_t threads[8];

	(void)state;
	assert_int_equal(pthread_barrier_init(&gate, NULL, 2), 0);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, join_crowd, &crowd), 0);
	(void)pthread_barrier_wait(&gate);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&service.fetches), 1);
	(void)pthread_barrier_destroy(&gate);
}

// More pairs than places: the least used leaves, and nothing fails.
static void test_many(void **state)
{
	_cleanup_(bearers_freep) struct bearers *bearers = bearers_new();
	struct service service = {.lives_ms = 3600000};
	struct bearer bearer = BEARER_INIT;
	struct err err = ERR_INIT;
	char id[32];

	(void)state;
	for (int i = 0; i <= BEARERS_MAX; i++) {
		(void)snprintf(id, sizeof(id), "pair-%d", i);
		assert_int_equal(get(bearers, &service, id, i, &bearer, &err), 0);
	}
	assert_int_equal(get(bearers, &service, "pair-1", 1000, &bearer, &err), 0);
	assert_int_equal(atomic_load(&service.fetches), BEARERS_MAX + 1);
	assert_int_equal(get(bearers, &service, "pair-0", 1001, &bearer, &err), 0);
	assert_int_equal(atomic_load(&service.fetches), BEARERS_MAX + 2);
	buf_release(&bearer.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_for_a_pair),
		cmocka_unit_test(test_dropped_once),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_fetched_once_for_a_crowd),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
