// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "operator/object/key.h"

static void test_there_and_back(void **state)
{
	char text[QUEUE_KEY_SIZE];
	struct key key;

	(void)state;
	key_format(KEY_CLUSTER, "default", "my-cluster", text);
	assert_string_equal(text, "cluster/default/my-cluster");
	assert_true(key_parse(text, &key));
	assert_int_equal(key.kind, KEY_CLUSTER);
	assert_string_equal(key.namespace, "default");
	assert_string_equal(key.name, "my-cluster");
	assert_int_equal(key_kind_of("Neo4jPlugin"), KEY_PLUGIN);
	assert_int_equal(key_kind_of("Pod"), KEY_KINDS);
	assert_int_equal(key_kind_of(NULL), KEY_KINDS);
}

static void test_garbage(void **state)
{
	struct key key;

	(void)state;
	assert_false(key_parse("", &key));
	assert_false(key_parse("standalone", &key));
	assert_false(key_parse("standalone/x", &key));
	assert_false(key_parse("pod/x/y", &key));
	assert_false(key_parse("standalone/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/y", &key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_garbage)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
