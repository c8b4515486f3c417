// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "remains.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CIPHER 0x55
#define MAPPING_MAX ((size_t)256 * 1024 * 1024) // beyond are a sanitizer's tables

// "aHVudGVyMi1odW50ZXIy" in the cipher.
static const unsigned char word[REMAINS_SIZE] = {
	'a' ^ CIPHER, 'H' ^ CIPHER, 'V' ^ CIPHER, 'u' ^ CIPHER, 'd' ^ CIPHER, 'G' ^ CIPHER, 'V' ^ CIPHER,
	'y' ^ CIPHER, 'M' ^ CIPHER, 'i' ^ CIPHER, '1' ^ CIPHER, 'o' ^ CIPHER, 'd' ^ CIPHER, 'W' ^ CIPHER,
	'5' ^ CIPHER, '0' ^ CIPHER, 'Z' ^ CIPHER, 'X' ^ CIPHER, 'I' ^ CIPHER, 'y' ^ CIPHER,
};

void remains_word(char ret[REMAINS_SIZE + 1])
{
	for (size_t i = 0; i < REMAINS_SIZE; i++)
		ret[i] = (char)(word[i] ^ CIPHER);
	ret[REMAINS_SIZE] = '\0';
}

// Where memory is searched, a page at a time: not read in place, which a sanitizer would not have.
static unsigned char window[2 * 4096];

struct search {
	int memory, pages; // of /proc/self
	size_t found;
};

static bool is_word(const unsigned char *at)
{
	for (size_t i = 0; i < REMAINS_SIZE; i++) {
		if ((at[i] ^ CIPHER) != word[i])
			return false;
	}
	return true;
}

// Which of the 512 pages from here are in memory; a sanitizer's mappings are mostly not.
static void find_present(const struct search *search, uintptr_t from, bool *ret)
{
	uint64_t entries[512] = {0};
	ssize_t len = pread(search->pages, entries, sizeof(entries), (off_t)(from / 4096 * sizeof(entries[0])));

	assert_true(len > 0);
	for (size_t i = 0; i < 512; i++)
		ret[i] = entries[i] >> 62;
}

// A page and the beginning of the next, since the word may lie across.
static void search_page(struct search *search, uintptr_t from, const char *name)
{
	ssize_t len = pread(search->memory, window, 4096 + REMAINS_SIZE - 1, (off_t)from);
	const unsigned char *at = window;

	while (len >= REMAINS_SIZE && (at = memchr(at, word[0] ^ CIPHER, (size_t)(window + len - at)))) {
		if (at + REMAINS_SIZE <= window + len && is_word(at)) {
			print_message("found at %p in %s\n", (void *)(from + (uintptr_t)(at - window)), name);
			search->found++;
		}
		at++;
	}
	explicit_bzero(window, sizeof(window));
}

static void search_mapping(struct search *search, uintptr_t from, uintptr_t to, const char *name)
{
	bool present[512];

	for (size_t i = 0; from < to; from += 4096, i = (i + 1) % 512) {
		if (i == 0)
			find_present(search, from, present);
		// The window itself has what the search has just seen.
		if (from + 4096 + REMAINS_SIZE > (uintptr_t)window && from < (uintptr_t)window + sizeof(window))
			continue;
		if (present[i])
			search_page(search, from, name);
	}
}

size_t remains_search(void)
{
	struct search search = {.memory = open("/proc/self/mem", O_RDONLY), .pages = open("/proc/self/pagemap", O_RDONLY)};
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	char line[512], mode[8];

	assert_true(maps && search.memory >= 0 && search.pages >= 0);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 && mode[0] == 'r' && mode[1] == 'w' && to - from <= MAPPING_MAX)
			search_mapping(&search, from, to, strchr(line, '[') ? strchr(line, '[') : "an anonymous mapping");
	}
	(void)fclose(maps);
	(void)close(search.memory);
	(void)close(search.pages);
	return search.found;
}

void remains_test(void **state)
{
	volatile char *plain = malloc(REMAINS_SIZE);

	(void)state;
	assert_int_equal(remains_search(), 0);
	for (size_t i = 0; i < REMAINS_SIZE; i++)
		plain[i] = (char)(word[i] ^ CIPHER);
	assert_int_equal(remains_search(), 1);
	for (size_t i = 0; i < REMAINS_SIZE; i++)
		plain[i] = 0;
	free((void *)(uintptr_t)plain);
	assert_int_equal(remains_search(), 0);
}
