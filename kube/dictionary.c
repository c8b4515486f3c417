// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/dictionary.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// A dictionary that squeezes a text to less than this part resembles it enough.
#define LIKE_ENOUGH 3
// So many more unlike texts than users must have come: replacing a dictionary costs squeezing its users anew.
#define WORTH_IT 8

static void forget(struct dictionaries *dictionaries, int place)
{
	const void *data = dictionaries->texts[place].data;
	void *block;

	memcpy(&block, &data, sizeof(block)); // we made it; the member lacks const for writers only
	free(block);
	dictionaries->texts[place] = (struct squeeze_text){0};
}

void dictionaries_release(struct dictionaries *dictionaries)
{
	for (int i = 0; i < dictionaries->n; i++)
		forget(dictionaries, i);
	dictionaries->n = 0;
}

struct squeeze_text dictionaries_get(const struct dictionaries *dictionaries, int dictionary)
{
	return dictionary < 0 ? (struct squeeze_text){"", 0} : dictionaries->texts[dictionary];
}

int dictionaries_squeeze(const struct dictionaries *dictionaries, struct squeeze_text text, void *out, size_t *ret_len, bool *ret_like)
{
	size_t best = SIZE_MAX;
	int chosen = -1;

	// The newest first; the first that does well is good enough.
	for (int i = dictionaries->n - 1; i >= 0 && best > text.len / LIKE_ENOUGH; i--) {
		size_t len = squeeze(dictionaries->texts[i], text, out);

		if (len < best) {
			best = len;
			chosen = i;
		}
	}
	*ret_like = best <= text.len / LIKE_ENOUGH;
	*ret_len = squeeze(dictionaries_get(dictionaries, chosen), text, out);
	return chosen;
}

static int least_used(const struct dictionaries *dictionaries)
{
	int least = 0;

	for (int i = 1; i < dictionaries->n; i++)
		if (dictionaries->users[i] < dictionaries->users[least])
			least = i;
	return least;
}

int dictionaries_place(struct dictionaries *dictionaries, struct squeeze_text text)
{
	int least;

	if (text.len > DICTIONARY_MAX)
		return -1;
	if (dictionaries->n < DICTIONARIES)
		return dictionaries->n;
	least = least_used(dictionaries);
	dictionaries->unlike++;
	return dictionaries->unlike > dictionaries->users[least] + WORTH_IT ? least : -1;
}

void dictionaries_set(struct dictionaries *dictionaries, int place, struct squeeze_text text)
{
	void *copy = malloc(text.len);

	if (!copy)
		abort();
	memcpy(copy, text.data, text.len);
	if (place == dictionaries->n)
		dictionaries->n++;
	else
		forget(dictionaries, place);
	dictionaries->texts[place] = (struct squeeze_text){copy, text.len};
	dictionaries->users[place] = 0;
	dictionaries->unlike = 0;
}
