// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any text as a quantity: what a sign, zeros and suffixes do to it.

#include <ctype.h>
#include <string.h>

#include "api/quantity.h"
#include "test/fuzz/fuzz.h"

static const char *with(const char *before, const char *text, const char *after, struct arena *arena)
{
	return arena_printf(arena, "%s%s%s", before, text, after);
}

// A whole number without a suffix: suffixes multiply it, or it does not fit.
static void check_suffixes(const char *digits, uint64_t value, struct arena *arena)
{
	static const struct {
		const char *text;
		uint64_t factor;
	} suffixes[] = {{"k", 1000}, {"M", 1000000}, {"Ki", 1024}, {"Mi", UINT64_C(1) << 20}, {"Gi", UINT64_C(1) << 30}, {"e3", 1000}, {"E2", 100}, {"e+6", 1000000}};
	uint64_t found, wanted;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		bool fits = !__builtin_mul_overflow(value, suffixes[i].factor, &wanted);

		must(quantity_parse(with("", digits, suffixes[i].text, arena), &found) == fits);
		must(!fits || found == wanted);
	}
	must(quantity_parse(with("", digits, "m", arena), &found) && found == value / 1000);
	must(quantity_parse(with("", digits, ".", arena), &found) && found == value);
	must(!quantity_parse(with("-", digits, "", arena), &found));
	must(!quantity_parse(with("", digits, "i", arena), &found) && !quantity_parse(with("", digits, " ", arena), &found));
}

static bool is_number(const char *text)
{
	size_t n = 0;

	while (isdigit((unsigned char)text[n]))
		n++;
	return n > 0 && !text[n];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *text = arena_memdup0(arena, data, size);
	uint64_t value, again;

	if (!quantity_parse(text, &value))
		return 0;
	must(text[strcspn(text, "0123456789")] != '\0');
	must(!quantity_parse(with("", text, "x", arena), &again));
	must(!quantity_parse(with(" ", text, "", arena), &again));
	if (*text != '+') {
		must(quantity_parse(with("+", text, "", arena), &again) && again == value);
		must(quantity_parse(with("000", text, "", arena), &again) && again == value);
	}
	if (is_number(text)) {
		must(strtoull(text, NULL, 10) == value);
		check_suffixes(text, value, arena);
	}
	return 0;
}
