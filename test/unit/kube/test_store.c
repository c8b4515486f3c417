// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kube/store.h"

static struct kube_object *make(const char *namespace, const char *name, int version)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), "{\"metadata\":{\"namespace\":\"%s\",\"name\":\"%s\",\"resourceVersion\":\"%d\"}}",
		       namespace, name, version);
	return kube_object_parse(text, strlen(text));
}

static void put(struct kube_store *store, const char *namespace, const char *name, int version)
{
	struct kube_object *object = make(namespace, name, version);

	kube_object_unref(kube_store_put(store, object));
	kube_object_unref(object);
}

static void test_put_get_remove(void **state)
{
	struct kube_store *store = kube_store_new();
	struct kube_object *first = make("a", "x", 1), *second = make("a", "x", 2), *other;

	(void)state;
	assert_null(kube_store_get(store, (struct kube_name){"a", "x"}));
	assert_null(kube_store_put(store, first));
	assert_ptr_equal(kube_store_put(store, second), first);
	kube_object_unref(first); // the store's
	assert_int_equal(kube_store_count(store), 1);
	other = kube_store_get(store, (struct kube_name){"a", "x"});
	assert_ptr_equal(other, second);
	kube_object_unref(other);
	assert_null(kube_store_get(store, (struct kube_name){"b", "x"}));
	assert_null(kube_store_get(store, (struct kube_name){NULL, NULL}));
	// By name, whatever the version.
	assert_ptr_equal(kube_store_remove(store, first), second);
	assert_null(kube_store_remove(store, first));
	kube_object_unref(second); // the store's
	assert_int_equal(kube_store_count(store), 0);
	kube_object_unref(first);
	kube_object_unref(second);
	kube_store_free(store);
	kube_store_free(NULL);
}

// "a/bc" and "ab/c" are two; namespace and name are not run together.
static void test_names_do_not_run_together(void **state)
{
	struct kube_store *store = kube_store_new();
	struct kube_object **objects;

	(void)state;
	put(store, "ab", "c", 1);
	put(store, "a", "bc", 1);
	put(store, "", "cluster-scoped", 1);
	assert_int_equal(kube_store_count(store), 3);
	assert_int_equal(kube_store_list(store, NULL, &objects), 3);
	assert_string_equal(kube_object_name(objects[0]), "cluster-scoped");
	assert_string_equal(kube_object_name(objects[1]), "bc");
	assert_string_equal(kube_object_name(objects[2]), "c");
	kube_objects_free(objects, 3);
	assert_int_equal(kube_store_list(store, "ab", &objects), 1);
	kube_objects_free(objects, 1);
	assert_int_equal(kube_store_list(store, "none", &objects), 0);
	kube_objects_free(objects, 0);
	kube_store_free(store);
}

static void test_holds_names_as_long_as_they_come(void **state)
{
	struct kube_store *store = kube_store_new();
	char long_a[254], long_b[254];
	struct kube_object *object;

	(void)state;
	memset(long_a, 'a', 253);
	long_a[253] = '\0';
	memcpy(long_b, long_a, sizeof(long_b));
	long_b[252] = 'b';
	put(store, "a-namespace-of-as-many-as-sixty-three-characters-is-the-longest", long_a, 1);
	put(store, "a-namespace-of-as-many-as-sixty-three-characters-is-the-longest", long_b, 1);
	assert_int_equal(kube_store_count(store), 2);
	object = kube_store_get(store, (struct kube_name){"a-namespace-of-as-many-as-sixty-three-characters-is-the-longest", long_b});
	assert_string_equal(kube_object_name(object), long_b);
	kube_object_unref(object);
	kube_store_free(store);
}

struct race {
	struct kube_store *store;
	_Atomic bool over;
};

static void *read_on(void *user)
{
	struct race *race = user;

	while (!atomic_load(&race->over)) {
		struct kube_object **objects, *one = kube_store_get(race->store, (struct kube_name){"n", "o7"});
		size_t n = kube_store_list(race->store, "n", &objects);

		for (size_t i = 0; i < n; i++)
			assert_string_equal(kube_object_namespace(objects[i]), "n");
		kube_objects_free(objects, n);
		if (one)
			assert_string_equal(kube_object_name(one), "o7");
		kube_object_unref(one);
	}
	return NULL;
}

// One writer, many readers.
static void test_threads(void **state)
{
	struct race race = {.store = kube_store_new()};
	pthread_t readers[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_on, &race), 0);
	for (int version = 0; version < 50; version++) {
		for (int i = 0; i < 20; i++) {
			char name[16];
			struct kube_object *object;

			(void)snprintf(name, sizeof(name), "o%d", i);
			put(race.store, "n", name, version);
			if (version % 3)
				continue;
			object = make("n", name, 0);
			kube_object_unref(kube_store_remove(race.store, object));
			kube_object_unref(object);
		}
	}
	atomic_store(&race.over, true);
	for (int i = 0; i < 3; i++)
		(void)pthread_join(readers[i], NULL);
	assert_int_equal(kube_store_count(race.store), 20);
	kube_store_free(race.store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_get_remove),
		cmocka_unit_test(test_names_do_not_run_together),
		cmocka_unit_test(test_holds_names_as_long_as_they_come),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
