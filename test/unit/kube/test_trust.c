// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// E2: certificates in files are those of the moment, and a file that is just being replaced takes nothing away.

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kube/trust.h"

static char folder[64], path[128], next[128];

// As whoever rotates does it: a new file under the old name.
static void file(const char *content)
{
	FILE *out = fopen(next, "w");

	assert_non_null(out);
	assert_true(fputs(content, out) >= 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(rename(next, path), 0);
}

static int make_folder(void **state)
{
	(void)state;
	(void)strcpy(folder, "/tmp/neofleet-trust-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/ca.crt", folder);
	(void)snprintf(next, sizeof(next), "%s/next", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

static struct trust *of_file(const char *content)
{
	struct trust *trust = trust_new();
	struct err err = ERR_INIT;

	file(content);
	assert_int_equal(trust_set_file(trust, TRUST_CA, path, &err), 0);
	return trust;
}

static void test_texts_stay(void **state)
{
	_cleanup_(trust_freep) struct trust *trust = trust_new();
	const struct http_tls *tls;

	(void)state;
	trust_set_text(trust, TRUST_CERTIFICATE, "cert");
	trust_set_text(trust, TRUST_KEY, "key");
	trust_set_server(trust, &(struct trust_server){.name = "name", .proxy = "http://proxy:3128", .insecure = true});
	tls = trust_get(trust);
	assert_null(tls->ca_pem);
	assert_string_equal(tls->certificate_pem, "cert");
	assert_string_equal(tls->key_pem, "key");
	assert_string_equal(tls->proxy, "http://proxy:3128");
	assert_string_equal(tls->server_name, "name");
	assert_true(tls->insecure);
	assert_ptr_equal(trust_get(trust), tls);
}

static void test_a_file_is_followed(void **state)
{
	_cleanup_(trust_freep) struct trust *trust = of_file("one");
	const struct http_tls *first = trust_get(trust);

	(void)state;
	assert_string_equal(first->ca_pem, "one");
	assert_ptr_equal(trust_get(trust), first);
	file("two");
	assert_string_equal(trust_get(trust)->ca_pem, "two");
	assert_string_equal(first->ca_pem, "one"); // whoever still reads it may
}

static void test_same_text_is_no_change(void **state)
{
	_cleanup_(trust_freep) struct trust *trust = of_file("one");
	const struct http_tls *first = trust_get(trust);

	(void)state;
	file("one");
	assert_ptr_equal(trust_get(trust), first);
}

static void test_a_file_in_the_making(void **state)
{
	_cleanup_(trust_freep) struct trust *trust = of_file("one");

	(void)state;
	file("");
	assert_string_equal(trust_get(trust)->ca_pem, "one");
	assert_int_equal(unlink(path), 0);
	assert_string_equal(trust_get(trust)->ca_pem, "one");
	file("three");
	assert_string_equal(trust_get(trust)->ca_pem, "three");
}

static void test_no_file(void **state)
{
	_cleanup_(trust_freep) struct trust *trust = trust_new();
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(trust_set_file(trust, TRUST_CA, path, &err), ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, path));
}

// As credential plugins do it: again and again, and nothing of it stays but what is read.
static void test_client_is_replaced(void **state)
{
	_cleanup_(trust_freep) struct trust *trust = of_file("ca");
	const struct http_tls *first, *second, *third;

	(void)state;
	trust_replace_client(trust, "cert 1", "key 1");
	first = trust_get(trust);
	assert_string_equal(first->certificate_pem, "cert 1");
	assert_string_equal(first->key_pem, "key 1");
	assert_string_equal(first->ca_pem, "ca");
	trust_replace_client(trust, "cert 2", "key 2");
	second = trust_get(trust);
	trust_put(trust, trust_get(trust));
	trust_replace_client(trust, NULL, NULL);
	third = trust_get(trust);
	assert_string_equal(first->certificate_pem, "cert 1");
	assert_string_equal(second->certificate_pem, "cert 2");
	assert_null(third->certificate_pem);
	assert_null(third->key_pem);
	// In any order; and the good one stays without a reader.
	trust_put(trust, second);
	trust_put(trust, first);
	trust_put(trust, third);
	trust_put(trust, NULL);
	assert_ptr_equal(trust_get(trust), third);
}

static _Atomic bool done;

static void *read_all_the_time(void *user)
{
	struct trust *trust = user;
	uintptr_t bad = 0;

	while (!atomic_load(&done)) {
		const struct http_tls *tls = trust_get(trust);

		bad += strcmp(tls->ca_pem, "one") != 0 && strcmp(tls->ca_pem, "two") != 0;
		// A certificate comes with its own key.
		bad += tls->certificate_pem && strcmp(tls->certificate_pem, tls->key_pem) != 0;
		trust_put(trust, tls);
	}
	return (void *)bad;
}

static void test_many_threads(void **state)
{
	_cleanup_(trust_freep) struct trust *trust = of_file("one");
	pthread_t threads[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_all_the_time, trust), 0);
	for (int i = 0; i < 50; i++) {
		file(i % 2 ? "one" : "two");
		trust_put(trust, trust_get(trust));
		trust_replace_client(trust, i % 2 ? "a" : "b", i % 2 ? "a" : "b");
	}
	atomic_store(&done, true);
	for (int i = 0; i < 3; i++) {
		void *bad;

		assert_int_equal(pthread_join(threads[i], &bad), 0);
		assert_null(bad);
	}
	assert_string_equal(trust_get(trust)->ca_pem, "one");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_texts_stay, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_a_file_is_followed, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_same_text_is_no_change, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_a_file_in_the_making, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_no_file, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_client_is_replaced, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_many_threads, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
