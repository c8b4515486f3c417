// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// E3: annotations and managedFields of Secrets go before anything parses them.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <yyjson.h>

#include "kube/redact.h"

// The text with quotes for apostrophes, redacted, in memory that ends with it, so that a sanitizer sees each step beyond.
static char *redacted(const char *text, unsigned depth)
{
	size_t len = strlen(text);
	char *exact = malloc(len), *out = malloc(len + 1);

	assert_true(exact && out);
	memcpy(exact, text, len);
	for (size_t i = 0; i < len; i++) {
		if (exact[i] == '\'')
			exact[i] = '"';
	}
	redact(exact, len, depth);
	memcpy(out, exact, len);
	out[len] = '\0';
	free(exact);
	return out;
}

static void assert_value(const char *text, const char *pointer, const char *wanted)
{
	yyjson_doc *doc = yyjson_read(text, strlen(text), 0);
	char *value;

	assert_non_null(doc);
	value = yyjson_val_write(yyjson_doc_ptr_get(doc, pointer), 0, NULL);
	assert_non_null(value);
	assert_string_equal(value, wanted);
	free(value);
	yyjson_doc_free(doc);
}

static void test_event(void **state)
{
	char *text = redacted("{'type':'ADDED','object':{'kind':'X','metadata':{'name':'a',"
			      "'annotations':{'last-applied':'{\\'data\\':{\\'token\\':\\'hunter2\\'}}','b':'}]'},"
			      "'labels':{'annotations':'kept'}, 'managedFields' : [ {'f:x':[1,{}]} ] ,'uid':'u'}}}\n",
			      REDACT_EVENT);

	(void)state;
	assert_null(strstr(text, "hunter2"));
	assert_null(strstr(text, "f:x"));
	assert_value(text, "/object/metadata",
		     "{\"name\":\"a\",\"annotations\":null,\"labels\":{\"annotations\":\"kept\"},\"managedFields\":null,"
		     "\"uid\":\"u\"}");
	free(text);
}

static void test_list(void **state)
{
	char *text = redacted("{'metadata':{'resourceVersion':'9'},'items':["
			      "{'metadata':{'annotations':{'a':'hunter2'},'name':'a'}},"
			      "{'metadata':{'name':'b','managedFields':['hunter2']}},"
			      "{'metadata':{'name':'annotations','annotations':{}}}]}",
			      4);

	(void)state;
	assert_null(strstr(text, "hunter2"));
	assert_value(text, "/items/0/metadata", "{\"annotations\":null,\"name\":\"a\"}");
	assert_value(text, "/items/1/metadata", "{\"name\":\"b\",\"managedFields\":null}");
	assert_value(text, "/items/2/metadata", "{\"name\":\"annotations\",\"annotations\":{}}");
	assert_value(text, "/metadata/resourceVersion", "\"9\"");
	free(text);
}

// A key may be written with escapes, which only a parser reads.
static void test_escaped_key(void **state)
{
	char *text = redacted("{'metadata':{'\\u0061nnotations':{'a':'hunter2'},'labels':{'\\u0061':'kept'}}}", REDACT_OBJECT);

	(void)state;
	assert_null(strstr(text, "hunter2"));
	assert_value(text, "/metadata", "{\"annotations\":null,\"labels\":{\"a\":\"kept\"}}");
	free(text);
}

// The text is cut anywhere: what has begun of a value is gone, and nothing beyond the end is touched.
static void test_cut_anywhere(void **state)
{
	const char whole[] = "{'object':{'metadata':{'annotations':{'a':'hunter2-\\\\\\'x'},'managedFields':['hunter2']}}}";

	(void)state;
	for (size_t len = 0; len < sizeof(whole); len++) {
		char *piece = strndup(whole, len), *text;

		text = redacted(piece, REDACT_EVENT);
		assert_null(strstr(text, "hunter2"));
		free(text);
		free(piece);
	}
}

static void test_leaves_what_it_does_not_know(void **state)
{
	static const char *const texts[] = {"", "null", "'annotations'", "]]]]}}'annotations':12345", "{{{'annotations'}",
					    "{{{'annotations':", "{'annotations':{'a':'bcd'}}", "{{{'annotation':{'a':'bcd'}"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *text = redacted(texts[i], REDACT_EVENT);

		assert_int_equal(strlen(text), strlen(texts[i]));
		for (size_t at = 0; texts[i][at]; at++)
			assert_int_equal(text[at], texts[i][at] == '\'' ? '"' : texts[i][at]);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_event),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_escaped_key),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_leaves_what_it_does_not_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
