// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// E4: what objects of one namespace take of a store's memory, however many and however large they are.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "kube/store.h"
#include "test/unit/heap.h"

#define MIB ((size_t)1 << 20)

static uint32_t chance = 1;

// One of 64 letters, so that nothing can be squeezed.
static char letter(void)
{
	chance ^= chance << 13;
	chance ^= chance >> 17;
	chance ^= chance << 5;
	return "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"[chance % 64];
}

// An object with so many bytes of content, which can be squeezed or not.
static void put(struct kube_store *store, const char *namespace, const char *name, size_t bytes, bool random)
{
	_cleanup_buf_ struct buf text = BUF_INIT(8 * MIB);
	struct kube_object *object;

	buf_addf(&text, "{\"metadata\":{\"namespace\":\"%s\",\"name\":\"%s\",\"uid\":\"u\",\"labels\":{\"a\":\"all\"}},\"data\":\"", namespace, name);
	for (size_t i = 0; i < bytes; i++)
		buf_addc(&text, random ? letter() : 'x');
	buf_add(&text, "\"}");
	object = kube_object_parse(buf_str(&text), text.len);
	assert_non_null(object);
	kube_object_unref(kube_store_put(store, object));
	kube_object_unref(object);
}

static size_t cut_bytes(struct kube_store *store, const char *namespace, const char *name)
{
	struct kube_object *object = kube_store_get(store, (struct kube_name){namespace, name});
	size_t bytes;

	assert_non_null(object);
	assert_string_equal(kube_object_name(object), name);
	assert_string_equal(kube_object_uid(object), "u");
	bytes = kube_object_cut_bytes(object);
	assert_int_equal(kube_store_has_cut(store, (struct kube_name){namespace, name}), bytes != 0);
	kube_object_unref(object);
	return bytes;
}

static void by_label(const struct kube_object *object, void (*add)(void *user, const char *name), void *user)
{
	add(user, kube_object_str(object, "/metadata/labels/a"));
}

// Above the size that an object of ours can have, only what identifies it is kept.
static void test_a_large_object_is_cut(void **state)
{
	struct kube_store *store = kube_store_new(&(struct kube_store_options){.index = by_label, .max_bytes = 100000});
	_cleanup_(kube_names_free) struct kube_names found;

	(void)state;
	put(store, "n", "fits", 99000, false);
	put(store, "n", "large", 101000, false);
	assert_int_equal(cut_bytes(store, "n", "fits"), 0);
	assert_true(cut_bytes(store, "n", "large") > 101000);
	// Nothing is found by what is not kept; and it comes back when it is smaller.
	kube_store_find(store, "n", "all", &found);
	assert_int_equal(found.n, 1);
	kube_names_free(&found);
	put(store, "n", "large", 1000, false);
	assert_int_equal(cut_bytes(store, "n", "large"), 0);
	kube_store_find(store, "n", "all", &found);
	assert_int_equal(found.n, 2);
	kube_store_free(store);
}

// Sixty objects of half a MiB that cannot be squeezed: those of one namespace take what it may have, and another one's are kept.
static void test_one_namespace_does_not_take_it_all(void **state)
{
	struct allowance *allowance = allowance_new(4 * MIB, 2 * MIB);
	struct kube_store *store = kube_store_new(&(struct kube_store_options){.max_bytes = MIB, .allowance = allowance});
	size_t before = heap_bytes();
	char name[16];

	(void)state;
	for (int i = 0; i < 60; i++) {
		(void)snprintf(name, sizeof(name), "o%d", i);
		put(store, "greedy", name, MIB / 2, true);
	}
	assert_int_equal(kube_store_count(store), 60);
	assert_in_range(heap_bytes() - before, MIB, 3 * MIB);
	put(store, "other", "o", MIB / 2, true);
	assert_int_equal(cut_bytes(store, "other", "o"), 0);
	// A version of an object takes the place of the one before, and what goes makes room.
	for (int i = 0; i < 50; i++)
		put(store, "other", "o", MIB / 2, true);
	assert_int_equal(cut_bytes(store, "other", "o"), 0);
	for (int i = 0; i < 60; i++) {
		(void)snprintf(name, sizeof(name), "o%d", i);
		kube_object_unref(kube_store_remove(store, (struct kube_name){"greedy", name}));
	}
	put(store, "greedy", "o1", MIB, true);
	assert_true(cut_bytes(store, "greedy", "o1") > 0); // above max_bytes
	put(store, "greedy", "o1", MIB / 2, true);
	assert_int_equal(cut_bytes(store, "greedy", "o1"), 0);
	// Small ones are not counted.
	for (int i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "s%d", i);
		put(store, "small", name, 1000, true);
		assert_int_equal(cut_bytes(store, "small", name), 0);
	}
	kube_store_free(store);
	assert_in_range(allowance_taken(allowance), MIB / 2, 2 * MIB); // what the store held at its end
	allowance_free(allowance);
}

// A server may say anything: a name longer than any namespace's gets no share, and takes none of one that begins like it.
static void test_a_name_that_is_no_namespace_has_no_share(void **state)
{
	struct allowance *allowance = allowance_new(4 * MIB, 2 * MIB);
	struct kube_store *store = kube_store_new(&(struct kube_store_options){.max_bytes = MIB, .allowance = allowance});
	char namespace[80];

	(void)state;
	memset(namespace, 'n', sizeof(namespace));
	namespace[sizeof(namespace) - 1] = '\0';
	put(store, namespace, "o", MIB / 2, true);
	assert_true(cut_bytes(store, namespace, "o") > 0);
	assert_int_equal(allowance_taken(allowance), 0);
	kube_object_unref(kube_store_remove(store, (struct kube_name){namespace, "o"}));
	namespace[63] = '\0';
	put(store, namespace, "o", MIB / 2, true);
	assert_int_equal(cut_bytes(store, namespace, "o"), 0);
	kube_object_unref(kube_store_remove(store, (struct kube_name){namespace, "o"}));
	assert_int_equal(allowance_taken(allowance), 0);
	kube_store_free(store);
	allowance_free(allowance);
}

// Names come without the objects: to walk sixty objects of a MiB takes the memory of one.
static void test_objects_are_walked_one_by_one(void **state)
{
	struct kube_store *store = kube_store_new(&(struct kube_store_options){.index = by_label});
	_cleanup_(kube_names_free) struct kube_names found;
	size_t before, most = 0;
	char name[16];

	(void)state;
	for (int i = 0; i < 60; i++) {
		(void)snprintf(name, sizeof(name), "o%d", i);
		put(store, "n", name, MIB, false);
	}
	before = heap_bytes();
	kube_store_find(store, "n", "all", &found);
	assert_int_equal(found.n, 60);
	for (size_t i = 0; i < found.n; i++) {
		struct kube_object *object = kube_store_get(store, (struct kube_name){"n", found.names[i]});

		if (heap_bytes() - before > most)
			most = heap_bytes() - before;
		kube_object_unref(object);
	}
	assert_in_range(most, MIB, 8 * MIB);
	kube_store_free(store);
}

// A text of 3 KB that others of its kind are like, but no other kind.
static void put_of_kind(struct kube_store *store, unsigned kind, int i)
{
	_cleanup_buf_ struct buf text = BUF_INIT(4096);
	struct kube_object *object;

	buf_addf(&text, "{\"metadata\":{\"namespace\":\"n\",\"name\":\"k%u-%d\"},\"data\":\"", kind, i);
	chance = kind * 2654435761U + 1;
	for (int n = 0; n < 3000; n++)
		buf_addc(&text, letter());
	buf_add(&text, "\"}");
	object = kube_object_parse(buf_str(&text), text.len);
	kube_object_unref(kube_store_put(store, object));
	kube_object_unref(object);
}

// Forty odd objects that are listed first do not keep those that are many from being squeezed against each other.
static void test_odd_objects_keep_nobody_out(void **state)
{
	size_t before = heap_bytes(), plain, odd;
	struct kube_store *store = kube_store_new(NULL);
	struct kube_object *object;

	(void)state;
	for (int i = 0; i < 3000; i++)
		put_of_kind(store, 1, i);
	plain = heap_bytes() - before;
	kube_store_free(store);
	before = heap_bytes();
	store = kube_store_new(NULL);
	for (int i = 0; i < 40; i++)
		put_of_kind(store, 100 + (unsigned)i / 10, i);
	for (int i = 0; i < 3000; i++)
		put_of_kind(store, 1, i);
	odd = heap_bytes() - before;
	if (odd > plain + 512 * 1024)
		fail_msg("%zu bytes without odd objects, %zu with them", plain, odd);
	// All are still what they were.
	assert_int_equal(kube_store_count(store), 3040);
	object = kube_store_get(store, (struct kube_name){"n", "k103-39"});
	assert_int_equal(strlen(kube_object_str(object, "/data")), 3000);
	kube_object_unref(object);
	object = kube_store_get(store, (struct kube_name){"n", "k1-0"});
	assert_int_equal(strlen(kube_object_str(object, "/data")), 3000);
	kube_object_unref(object);
	kube_store_free(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_large_object_is_cut),
		cmocka_unit_test(test_one_namespace_does_not_take_it_all),
		cmocka_unit_test(test_a_name_that_is_no_namespace_has_no_share),
		cmocka_unit_test(test_objects_are_walked_one_by_one),
		cmocka_unit_test(test_odd_objects_keep_nobody_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
