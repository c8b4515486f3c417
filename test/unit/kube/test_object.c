// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kube/object.h"

static const char pod[] =
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\",\"uid\":\"u-1\","
	"\"resourceVersion\":\"7\",\"generation\":3,\"labels\":{\"a/b\":\"c\"},\"annotations\":{\"n\":\"hunter2\"},"
	"\"managedFields\":[{\"manager\":\"m\"}],\"ownerReferences\":[{\"kind\":\"A\",\"name\":\"a\"},"
	"{\"kind\":\"StatefulSet\",\"name\":\"s\",\"controller\":true}]},\"spec\":{\"n\":5,\"data\":\"hunter2\"}}";

static void test_reads(void **state)
{
	struct kube_object *object = kube_object_parse(pod, strlen(pod));

	(void)state;
	assert_non_null(object);
	assert_string_equal(kube_object_name(object), "p");
	assert_string_equal(kube_object_namespace(object), "ns");
	assert_string_equal(kube_object_uid(object), "u-1");
	assert_string_equal(kube_object_resource_version(object), "7");
	assert_string_equal(kube_object_str(object, "/metadata/labels/a~1b"), "c");
	assert_null(kube_object_str(object, "/spec/n"));
	assert_null(kube_object_str(object, "/no/where"));
	assert_int_equal(kube_object_int(object, "/spec/n", 9), 5);
	assert_int_equal(kube_object_int(object, "/spec/data", 9), 9);
	assert_int_equal(kube_object_int(object, "/spec/m", 9), 9);
	assert_string_equal(yyjson_get_str(yyjson_obj_get(kube_object_controller(object), "name")), "s");
	assert_null(kube_object_get(object, "/metadata/managedFields"));
	assert_non_null(kube_object_get(object, "/metadata/annotations/n"));
	kube_object_unref(object);
}

static void test_bare(void **state)
{
	static const char text[] = "{\"metadata\":5}";
	struct kube_object *object = kube_object_parse(text, strlen(text));

	(void)state;
	assert_string_equal(kube_object_name(object), "");
	assert_string_equal(kube_object_namespace(object), "");
	assert_string_equal(kube_object_resource_version(object), "");
	assert_null(kube_object_controller(object));
	kube_object_unref(object);
}

static void test_no_object(void **state)
{
	static const char *const texts[] = {"", "[]", "\"x\"", "{", "{} {}", "null", "{\"a\":}", "\xff"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		yyjson_doc *doc = yyjson_read(texts[i], strlen(texts[i]), 0);

		assert_null(kube_object_parse(texts[i], strlen(texts[i])));
		assert_null(kube_object_parse_secret(texts[i], strlen(texts[i])));
		if (doc) {
			assert_null(kube_object_copy(yyjson_doc_get_root(doc)));
			assert_null(kube_object_copy_metadata(yyjson_doc_get_root(doc)));
		}
		yyjson_doc_free(doc);
	}
	kube_object_unref(NULL);
	assert_null(kube_object_ref(NULL));
}

// A reference keeps it whole when its maker is gone, and the copy does not lean on the document it came from.
static void test_references(void **state)
{
	yyjson_doc *doc = yyjson_read(pod, strlen(pod), 0);
	struct kube_object *object = kube_object_copy(yyjson_doc_get_root(doc)), *second = kube_object_ref(object);

	(void)state;
	yyjson_doc_free(doc);
	kube_object_unref(object);
	assert_string_equal(kube_object_str(second, "/spec/data"), "hunter2");
	kube_object_unref(second);
}

// E3: of a Secret's metadata only what identifies it is kept.
static void test_metadata_only(void **state)
{
	yyjson_doc *doc = yyjson_read(pod, strlen(pod), 0);
	struct kube_object *object = kube_object_copy_metadata(yyjson_doc_get_root(doc));
	char *text = yyjson_val_write(kube_object_root(object), 0, NULL);

	(void)state;
	yyjson_doc_free(doc);
	assert_null(strstr(text, "hunter2"));
	assert_null(kube_object_get(object, "/metadata/annotations"));
	assert_null(kube_object_get(object, "/metadata/managedFields"));
	assert_null(kube_object_get(object, "/spec"));
	assert_string_equal(kube_object_name(object), "p");
	assert_string_equal(kube_object_uid(object), "u-1");
	assert_string_equal(kube_object_resource_version(object), "7");
	assert_null(kube_object_get(object, "/metadata/labels"));
	free(text);
	kube_object_unref(object);
}

// An object keeps the members that are read, where they stood: other members of the same parents go.
static void test_parts(void **state)
{
	static const char text[] = "{\"kind\":\"K\",\"metadata\":{\"name\":\"n\",\"annotations\":{\"a\":\"1\"},\"managedFields\":[1]},"
				   "\"spec\":{\"size\":\"1\",\"other\":2},\"status\":{\"podIP\":\"10.0.0.1\",\"phase\":\"Running\",\"conditions\":[{}]}}";
	static const char *const parts[] = {"/spec/size", "/status/podIP", "/status/conditions", "/status/missing", NULL};
	yyjson_doc *doc = yyjson_read(text, strlen(text), 0);
	_cleanup_(kube_object_unrefp) struct kube_object *object = kube_object_copy_parts(yyjson_doc_get_root(doc), parts);
	char *found = yyjson_val_write(kube_object_root(object), 0, NULL);

	(void)state;
	assert_null(kube_object_copy_parts(yyjson_obj_get(yyjson_doc_get_root(doc), "kind"), parts));
	assert_null(kube_object_copy_metadata(NULL));
	yyjson_doc_free(doc);
	assert_string_equal(found, "{\"metadata\":{\"name\":\"n\",\"annotations\":{\"a\":\"1\"}},\"spec\":{\"size\":\"1\"},"
				   "\"status\":{\"podIP\":\"10.0.0.1\",\"conditions\":[{}]}}");
	free(found);
}

static struct kube_object *take(const char *text)
{
	size_t len = strlen(text);
	char *copy = malloc(len + KUBE_OBJECT_PADDING);

	assert_non_null(copy);
	memcpy(copy, text, len);
	return kube_object_take_text(copy, len);
}

static void test_taken_text(void **state)
{
	_cleanup_(kube_object_unrefp) struct kube_object *object = take("{\"metadata\":{\"name\":\"n\"}}");

	(void)state;
	assert_string_equal(kube_object_name(object), "n");
	// A value that is no object is freed.
	assert_null(take("[1]"));
	assert_null(take("{\"metadata\":"));
	assert_null(take(""));
}

static void test_conditions(void **state)
{
	static const char text[] = "{\"status\":{\"conditions\":[7,{\"type\":\"Ready\",\"status\":\"False\"},{\"type\":\"Other\"}]}}";
	_cleanup_(kube_object_unrefp) struct kube_object *object = kube_object_parse(text, strlen(text));
	_cleanup_(kube_object_unrefp) struct kube_object *bare = kube_object_parse("{}", 2);

	(void)state;
	assert_string_equal(yyjson_get_str(yyjson_obj_get(kube_object_condition(object, "Ready"), "status")), "False");
	assert_non_null(kube_object_condition(object, "Other"));
	assert_null(kube_object_condition(object, "Missing"));
	assert_null(kube_object_condition(bare, "Ready"));
}

// The wiping allocator leaves the figures of a block where they were only while it lives.
static void test_wiping_allocator(void **state)
{
	char *block = kube_wiping_alc.malloc(NULL, 16);

	(void)state;
	strcpy(block, "hunter2");
	block = kube_wiping_alc.realloc(NULL, block, 16, 4096);
	assert_string_equal(block, "hunter2");
	block = kube_wiping_alc.realloc(NULL, block, 4096, 4);
	assert_memory_equal(block, "hunt", 4);
	kube_wiping_alc.free(NULL, block);
	assert_null(kube_wiping_alc.malloc(NULL, SIZE_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),	   cmocka_unit_test(test_bare),
		cmocka_unit_test(test_no_object),  cmocka_unit_test(test_references),
		cmocka_unit_test(test_metadata_only), cmocka_unit_test(test_wiping_allocator),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_taken_text),
		cmocka_unit_test(test_conditions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
