// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/quantity.h"

static const struct {
	const char *text;
	bool fine;
	uint64_t value;
} cases[] = {
	{"0", true, 0},
	{"1", true, 1},
	{"+5", true, 5},
	{"10Gi", true, UINT64_C(10) << 30},
	{"1.5Gi", true, UINT64_C(3) << 29},
	{"0.1Ki", true, 102},
	{".5Mi", true, 1 << 19},
	{"500M", true, 500000000},
	{"2k", true, 2000},
	{"1e9", true, 1000000000},
	{"1E3", true, 1000},
	{"1E", true, UINT64_C(1000000000000000000)},
	{"12e-1", true, 1},
	{"1500m", true, 1},
	{"1Ei", true, UINT64_C(1) << 60},
	{"15Ei", true, UINT64_C(15) << 60},
	{"16Ei", false, 0},
	{"99999999999999999999999999", false, 0},
	{"99999999E", false, 0},
	{"", false, 0},
	{"Gi", false, 0},
	{"-1", false, 0},
	{"1.2.3", false, 0},
	{"10GB", false, 0},
	{"10 Gi", false, 0},
	{"1e", false, 0},
	{"1e 3", false, 0},
	{"1e99", false, 0},
	{"ten", false, 0},
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 0;

		if (quantity_parse(cases[i].text, &value) != cases[i].fine || value != cases[i].value)
			fail_msg("'%s': %llu", cases[i].text, (unsigned long long)value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
