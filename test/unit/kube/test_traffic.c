// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kube/traffic.h"

static uint64_t count_of(const struct traffic *traffic, const char *method, int status)
{
	struct traffic_count count;
	uint64_t n = 0;

	for (size_t i = 0; traffic_get(traffic, i, &count); i++)
		n += strcmp(count.method, method) == 0 && count.status == status ? count.n : 0;
	return n;
}

static void test_kinds(void **state)
{
	static struct traffic traffic;
	struct traffic_count first;

	(void)state;
	assert_false(traffic_get(&traffic, 0, &first));
	traffic_count(&traffic, "PATCH", 0);
	traffic_count(&traffic, "GET", 200);
	traffic_count(&traffic, "GET", 404);
	traffic_count(&traffic, "GET", 200);
	traffic_count(&traffic, "BREW", 418);
	assert_true(traffic_get(&traffic, 0, &first));
	assert_string_equal(first.method, "PATCH");
	assert_int_equal(first.status, 0);
	assert_int_equal(count_of(&traffic, "GET", 200), 2);
	assert_int_equal(count_of(&traffic, "GET", 404), 1);
	assert_false(traffic_get(&traffic, 3, &first));
}

static void test_sum(void **state)
{
	static struct traffic one, two;

	(void)state;
	traffic_count(&one, "GET", 200);
	traffic_count(&two, "PUT", 200);
	traffic_count(&two, "GET", 200);
	traffic_count(&two, "GET", 200);
	traffic_add(&one, &two);
	assert_int_equal(count_of(&one, "GET", 200), 3);
	assert_int_equal(count_of(&one, "PUT", 200), 1);
	assert_int_equal(count_of(&two, "GET", 200), 2);
}

// A server that makes up statuses fills the table, and no more than that.
static void test_too_many(void **state)
{
	static struct traffic traffic;
	struct traffic_count count;

	(void)state;
	for (int status = 100; status < 1000; status++)
		traffic_count(&traffic, "GET", status);
	traffic_count(&traffic, "GET", 100);
	assert_true(traffic_get(&traffic, TRAFFIC_KINDS - 1, &count));
	assert_false(traffic_get(&traffic, TRAFFIC_KINDS, &count));
	assert_int_equal(count_of(&traffic, "GET", 100), 2);
	assert_int_equal(count_of(&traffic, "GET", 999), 0);
}

#define ROUNDS 2000

static void *count_all(void *user)
{
	for (int i = 0; i < ROUNDS; i++)
		traffic_count(user, i % 2 ? "GET" : "PUT", 200 + i % 10);
	return NULL;
}

static void test_threads(void **state)
{
	static struct traffic traffic;
	struct traffic_count count;
	pthread_t threads[4];
	uint64_t n = 0;
	size_t i = 0;

	(void)state;
	for (int t = 0; t < 4; t++)
		assert_int_equal(pthread_create(&threads[t], NULL, count_all, &traffic), 0);
	for (int t = 0; t < 4; t++)
		assert_int_equal(pthread_join(threads[t], NULL), 0);
	for (; traffic_get(&traffic, i, &count); i++)
		n += count.n;
	assert_int_equal(i, 10); // none twice
	assert_int_equal(n, 4 * ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
