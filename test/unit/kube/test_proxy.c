// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Which proxy leads to the API server, by Go's rules.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kube/proxy.h"

#define PROXY "http://proxy:3128"

static const struct {
	const char *none, *server;
	bool wanted;
} cases[] = {
	{NULL, "https://10.0.0.1:6443", true},
	{"", "https://10.0.0.1:6443", true},
	{",, ,", "https://10.0.0.1:6443", true},
	{"*", "https://10.0.0.1:6443", false},
	{"example.org, * ", "https://10.0.0.1:6443", false},
	// This machine.
	{NULL, "https://localhost:6443", false},
	{NULL, "https://LOCALHOST", false},
	{NULL, "https://127.0.0.1", false},
	{NULL, "https://127.8.9.10:1/x", false},
	{NULL, "https://[::1]:6443", false},
	{NULL, "https://[::2]:6443", true},
	{NULL, "https://128.0.0.1", true},
	{NULL, "https://localhost.example.org", true},
	// Addresses and networks.
	{"10.0.0.1", "https://10.0.0.1:6443", false},
	{"10.0.0.2", "https://10.0.0.1:6443", true},
	{"10.0.0.1", "https://10.0.0.11:6443", true},
	{"10.0.0.0/8", "https://10.200.0.1", false},
	{"10.0.0.0/8", "https://11.0.0.1", true},
	{"10.0.0.0/12", "https://10.15.255.255", false},
	{"10.0.0.0/12", "https://10.16.0.0", true},
	{"10.0.0.1/32", "https://10.0.0.1", false},
	{"10.0.0.1/32", "https://10.0.0.0", true},
	{"10.0.0.0/33", "https://10.0.0.0", true},
	{"10.0.0.0/8x", "https://10.0.0.0", true},
	{"0.0.0.0/0", "https://192.0.2.1", false},
	{"0.0.0.0/0", "https://[2001:db8::1]", true},
	{"10.0.0.0/8", "https://example.org", true},
	{"fd00::/8", "https://[fd12::1]:6443", false},
	{"fd00::/8", "https://[fe12::1]:6443", true},
	{"fd00::1", "https://[fd00:0::1]:6443", false},
	{"[fd00::1]:6443", "https://[fd00::1]:6443", false},
	{"[fd00::1]:6444", "https://[fd00::1]:6443", true},
	// Names.
	{"example.org", "https://example.org", false},
	{"example.org", "https://api.example.org:6443", false},
	{"EXAMPLE.org", "https://api.Example.Org.", false},
	{"example.org", "https://anexample.org", true},
	{"example.org", "https://example.org.evil.org", true},
	{".example.org", "https://example.org", true},
	{".example.org", "https://api.example.org", false},
	{"*.example.org", "https://example.org", true},
	{"*.example.org", "https://api.example.org", false},
	{"a.org,b.org ,c.org", "https://b.org", false},
	// Ports.
	{"example.org:6443", "https://example.org:6443", false},
	{"example.org:6443", "https://example.org", true},
	{"example.org:443", "https://example.org/prefix", false},
	{"10.0.0.1:443", "https://10.0.0.1", false},
	{"10.0.0.1:80", "https://10.0.0.1", true},
};

static void test_whom_it_is_for(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct proxy_environment environment = {.https = PROXY, .none = cases[i].none};
		const char *proxy = proxy_choose(&environment, cases[i].server, arena);

		if ((proxy != NULL) != cases[i].wanted || (proxy && strcmp(proxy, PROXY) != 0))
			fail_msg("'%s' with '%s': %s", cases[i].server, cases[i].none ? cases[i].none : "", proxy ? proxy : "none");
	}
}

static void test_which(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct proxy_environment both = {.http = "one:1", .https = "https://two:2", .none = "h:80"}, none = {0};

	(void)state;
	assert_string_equal(proxy_choose(&both, "https://h", arena), "https://two:2");
	assert_string_equal(proxy_choose(&both, "http://g", arena), "http://one:1");
	assert_null(proxy_choose(&both, "http://h", arena)); // its port is 80
	assert_null(proxy_choose(&none, "https://h", arena));
}

static void test_environment(void **state)
{
	struct proxy_environment environment;

	(void)state;
	(void)setenv("HTTPS_PROXY", "", 1);
	(void)setenv("https_proxy", "small", 1);
	(void)setenv("HTTP_PROXY", "large", 1);
	(void)setenv("http_proxy", "small", 1);
	(void)unsetenv("NO_PROXY");
	(void)unsetenv("no_proxy");
	environment = proxy_environment();
	assert_string_equal(environment.https, "small");
	assert_string_equal(environment.http, "large");
	assert_null(environment.none);
	(void)setenv("no_proxy", "x", 1);
	assert_string_equal(proxy_environment().none, "x");
}

static void test_what_can_be_used(void **state)
{
	static const char *const good[] = {"http://p", "https://p:1", "socks5://u:p@h:1080", "HTTP://p/", "http://[::1]:1"};
	static const char *const bad[] = {"", "p:3128", "http://", "http:///x", "socks4://p", "ftp://p", "http://:1", "http://a b", "http://p\r\nX: y"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(proxy_is_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(proxy_is_valid(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whom_it_is_for),
		cmocka_unit_test(test_which),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_what_can_be_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
