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

static void assert_is(struct kube_object *object, int version)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", version);
	assert_non_null(object);
	assert_string_equal(kube_object_resource_version(object), text);
	kube_object_unref(object);
}

static void test_put_get_remove(void **state)
{
	struct kube_store *store = kube_store_new(NULL);
	struct kube_object *first = make("a", "x", 1), *second = make("a", "x", 2);

	(void)state;
	assert_null(kube_store_get(store, (struct kube_name){"a", "x"}));
	assert_null(kube_store_remove(store, (struct kube_name){"a", "x"}));
	assert_null(kube_store_put(store, first));
	assert_is(kube_store_put(store, second), 1);
	assert_int_equal(kube_store_count(store), 1);
	assert_is(kube_store_get(store, (struct kube_name){"a", "x"}), 2);
	assert_null(kube_store_get(store, (struct kube_name){"b", "x"}));
	assert_null(kube_store_get(store, (struct kube_name){NULL, NULL}));
	assert_is(kube_store_remove(store, (struct kube_name){"a", "x"}), 2);
	assert_null(kube_store_remove(store, (struct kube_name){"a", "x"}));
	assert_int_equal(kube_store_count(store), 0);
	kube_object_unref(first);
	kube_object_unref(second);
	kube_store_free(store);
	kube_store_free(NULL);
}

static void by_labels(const struct kube_object *object, void (*add)(void *user, const char *name), void *user)
{
	add(user, kube_object_str(object, "/metadata/labels/a"));
	add(user, kube_object_str(object, "/metadata/labels/b"));
}

static void put_labelled(struct kube_store *store, const char *namespace, const char *name, const char *labels)
{
	char text[1024];
	struct kube_object *object;

	(void)snprintf(text, sizeof(text), "{\"metadata\":{\"namespace\":\"%s\",\"name\":\"%s\",\"labels\":{%s}}}", namespace, name, labels);
	object = kube_object_parse(text, strlen(text));
	kube_object_unref(kube_store_put(store, object));
	kube_object_unref(object);
}

static void assert_found(struct kube_store *store, const char *namespace, const char *name, const char *wanted)
{
	_cleanup_(kube_names_free) struct kube_names found;
	char names[256] = "";

	kube_store_find(store, namespace, name, &found);
	for (size_t i = 0; i < found.n; i++) {
		size_t len = strlen(names);

		(void)snprintf(names + len, sizeof(names) - len, "%s ", found.names[i]);
	}
	assert_string_equal(names, wanted);
}

static void test_index(void **state)
{
	_cleanup_(shelf_freep) struct shelf *shelf = shelf_new();
	struct kube_store *store = kube_store_new(&(struct kube_store_options){.index = by_labels, .shelf = shelf});

	(void)state;
	assert_found(store, "n", "one", "");
	put_labelled(store, "n", "x", "\"a\":\"one\"");
	put_labelled(store, "n", "y", "\"a\":\"two\",\"b\":\"one\"");
	put_labelled(store, "m", "z", "\"a\":\"one\"");
	put_labelled(store, "n", "w", "");
	assert_found(store, "n", "one", "x y ");
	assert_found(store, "n", "two", "y ");
	assert_found(store, "m", "one", "z ");
	assert_found(store, "m", "two", "");
	// A change of what it is found by.
	put_labelled(store, "n", "y", "\"a\":\"one\"");
	assert_found(store, "n", "two", "");
	assert_found(store, "n", "one", "x y ");
	kube_object_unref(kube_store_remove(store, (struct kube_name){"n", "x"}));
	assert_found(store, "n", "one", "y ");
	for (int i = 0; i < 200; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "k%d", i);
		put_labelled(store, "k", name, i == 77 ? "\"a\":\"one\"" : "\"b\":\"many\"");
	}
	assert_found(store, "k", "one", "k77 ");
	assert_found(store, "n", "one", "y ");
	kube_store_free(store);
	assert_int_equal(shelf_held(shelf), 0);
}

// Objects that a list lacked go, one by one; those that it had stay.
static void test_rounds(void **state)
{
	struct kube_store *store = kube_store_new(NULL);
	struct kube_object *stale;
	int n = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "o%d", i);
		put(store, "n", name, 1);
	}
	kube_store_begin_round(store);
	put(store, "n", "o7", 1);
	put(store, "n", "o8", 2);
	put(store, "n", "new", 1);
	while ((stale = kube_store_remove_stale(store))) {
		assert_string_not_equal(kube_object_name(stale), "o7");
		assert_string_not_equal(kube_object_name(stale), "o8");
		assert_is(stale, 1);
		n++;
	}
	assert_int_equal(n, 98);
	assert_int_equal(kube_store_count(store), 3);
	assert_is(kube_store_get(store, (struct kube_name){"n", "o8"}), 2);
	kube_store_free(store);
}

// Objects much like one another, some of another kind, and one as large as they come.
static void test_objects_come_back_as_they_were(void **state)
{
	struct kube_store *store = kube_store_new(NULL);
	size_t len = 300000;
	char *large = malloc(len + 100);
	struct kube_object *object;

	(void)state;
	for (int i = 0; i < 40; i++) {
		char text[512], name[16];

		(void)snprintf(name, sizeof(name), "o%d", i);
		(void)snprintf(text, sizeof(text), "{\"metadata\":{\"namespace\":\"n\",\"name\":\"%s\",\"uid\":\"%08x\"},\"spec\":{\"%s\":[1,2.5,true,null,\"\\u00e9\\n%d\"]}}",
			       name, (unsigned)i * 2654435761U, i % 5 ? "common" : name, i);
		object = kube_object_parse(text, strlen(text));
		kube_object_unref(kube_store_put(store, object));
		kube_object_unref(object);
	}
	for (int i = 0; i < 40; i++) {
		char name[16], wanted[32], pointer[32];

		(void)snprintf(name, sizeof(name), "o%d", i);
		(void)snprintf(wanted, sizeof(wanted), "\xc3\xa9\n%d", i);
		(void)snprintf(pointer, sizeof(pointer), "/spec/%s/4", i % 5 ? "common" : name);
		object = kube_store_get(store, (struct kube_name){"n", name});
		assert_string_equal(kube_object_str(object, pointer), wanted);
		kube_object_unref(object);
	}
	(void)strcpy(large, "{\"metadata\":{\"name\":\"large\",\"uid\":\"");
	memset(large + strlen(large), 'x', len);
	(void)strcpy(large + len, "\"}}");
	object = kube_object_parse(large, strlen(large));
	kube_object_unref(kube_store_put(store, object));
	kube_object_unref(object);
	object = kube_store_get(store, (struct kube_name){NULL, "large"});
	assert_int_equal(strlen(kube_object_uid(object)), len - strlen("{\"metadata\":{\"name\":\"large\",\"uid\":\""));
	kube_object_unref(object);
	free(large);
	kube_store_free(store);
}

// "a/bc" and "ab/c" are two; namespace and name are not run together.
static void test_names_do_not_run_together(void **state)
{
	struct kube_store *store = kube_store_new(&(struct kube_store_options){.index = by_labels});

	(void)state;
	put(store, "ab", "c", 1);
	put(store, "a", "bc", 1);
	put(store, "", "cluster-scoped", 1);
	assert_int_equal(kube_store_count(store), 3);
	put_labelled(store, "a", "b", "\"a\":\"bc\"");
	put_labelled(store, "ab", "c", "\"a\":\"c\"");
	assert_found(store, "a", "bc", "b ");
	assert_found(store, "ab", "c", "c ");
	kube_store_free(store);
}

static void test_holds_names_as_long_as_they_come(void **state)
{
	struct kube_store *store = kube_store_new(NULL);
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

static void by_all(const struct kube_object *object, void (*add)(void *user, const char *name), void *user)
{
	(void)object;
	add(user, "all");
}

static void *read_on(void *user)
{
	struct race *race = user;

	while (!atomic_load(&race->over)) {
		struct kube_object *one = kube_store_get(race->store, (struct kube_name){"n", "o7"});
		_cleanup_(kube_names_free) struct kube_names found;

		kube_store_find(race->store, "n", "all", &found);
		for (size_t i = 0; i < found.n; i++)
			assert_int_equal(found.names[i][0], 'o');
		if (one)
			assert_string_equal(kube_object_name(one), "o7");
		kube_object_unref(one);
	}
	return NULL;
}

// One writer, many readers.
static void test_threads(void **state)
{
	_cleanup_(shelf_freep) struct shelf *shelf = shelf_new();
	struct race race = {.store = kube_store_new(&(struct kube_store_options){.index = by_all, .shelf = shelf})};
	pthread_t readers[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_on, &race), 0);
	for (int version = 0; version < 50; version++) {
		for (int i = 0; i < 20; i++) {
			char name[16];

			(void)snprintf(name, sizeof(name), "o%d", i);
			put(race.store, "n", name, version);
			if (version % 3 == 0)
				kube_object_unref(kube_store_remove(race.store, (struct kube_name){"n", name}));
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
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_objects_come_back_as_they_were),
		cmocka_unit_test(test_names_do_not_run_together),
		cmocka_unit_test(test_holds_names_as_long_as_they_come),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
