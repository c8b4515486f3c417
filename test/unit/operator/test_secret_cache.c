// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// E3: a pass fetches a Secret once, and keeps it no longer than it lasts.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "operator/server/secret_cache.h"
#include "reach.h"

// Each call gets a newer version of the Secret that it names; there is no Secret "none".
static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	const char *name = strrchr(call->target, '/') + 1;
	char body[200];

	(void)actor;
	(void)snprintf(body, sizeof(body), "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"%s\",\"resourceVersion\":\"%zu\"}}", name,
		       number);
	actor_answer(conn, strcmp(name, "none") == 0 ? 404 : 200, NULL, strcmp(name, "none") == 0 ? "{}" : body);
}

static int fetch(struct secret_cache *keyring, struct reach *reach, const char *name)
{
	_cleanup_(kube_object_unrefp) struct kube_object *secret = NULL;
	struct err err = ERR_INIT;
	int r = secret_cache_fetch(keyring, reach->client, (struct kube_name){"ns", name}, &secret, &err);

	if (r == 0)
		assert_string_equal(kube_object_name(secret), name);
	return r;
}

static void test_once(void **state)
{
	struct secret_cache keyring = {.n = 0};
	struct reach reach;

	(void)state;
	reach_begin(&reach, play, NULL);
	assert_null(secret_cache_version(&keyring, (struct kube_name){"ns", "admin"}));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(fetch(&keyring, &reach, "admin"), 0);
		assert_int_equal(fetch(&keyring, &reach, "token"), 0);
	}
	assert_int_equal(actor_calls(reach.actor), 2);
	assert_string_equal(secret_cache_version(&keyring, (struct kube_name){"ns", "admin"}), "0");
	assert_string_equal(secret_cache_version(&keyring, (struct kube_name){"ns", "token"}), "1");
	assert_null(secret_cache_version(&keyring, (struct kube_name){"other", "token"}));
	secret_cache_release(&keyring);
	// The next pass sees what is there then.
	assert_int_equal(fetch(&keyring, &reach, "admin"), 0);
	assert_string_equal(secret_cache_version(&keyring, (struct kube_name){"ns", "admin"}), "2");
	secret_cache_release(&keyring);
	reach_end(&reach);
}

// A missing Secret may come at any moment.
static void test_absence_is_not_kept(void **state)
{
	struct secret_cache keyring = {.n = 0};
	struct reach reach;

	(void)state;
	reach_begin(&reach, play, NULL);
	assert_int_equal(fetch(&keyring, &reach, "none"), ERR_NOT_FOUND);
	assert_int_equal(fetch(&keyring, &reach, "none"), ERR_NOT_FOUND);
	assert_int_equal(actor_calls(reach.actor), 2);
	secret_cache_release(&keyring);
	reach_end(&reach);
}

static void test_full(void **state)
{
	static const char *const names[] = {"a", "b", "c", "d", "e"};
	struct secret_cache keyring = {.n = 0};
	struct reach reach;

	(void)state;
	reach_begin(&reach, play, NULL);
	for (size_t i = 0; i < 2 * sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(fetch(&keyring, &reach, names[i / 2]), 0);
	assert_int_equal(actor_calls(reach.actor), 6); // "e" does not fit, and is fetched each time
	secret_cache_release(&keyring);
	reach_end(&reach);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_absence_is_not_kept),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
