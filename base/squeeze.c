// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A run is: a byte with the number of literals in its upper half and the length of the repetition, less four, in the lower; each
// half that is 15 goes on in bytes that are added up until one is not 255; the literals; how far back the repetition stands, in
// two bytes, little end first. The last run has literals only.
//
// Repetitions are found by a table of where four bytes were seen last. The dictionary is the text before the text: a place is a
// count of bytes from the dictionary's beginning.

#include "base/squeeze.h"

#include <stdint.h>
#include <string.h>

#define TABLE_BITS 12
#define LEAST 4U
#define HALF 15U

struct squeezer {
	const unsigned char *dictionary, *text;
	size_t dictionary_len, text_len;
	unsigned char *out;
	uint32_t table[1U << TABLE_BITS]; // place + 1; 0: none
};

size_t squeeze_bound(size_t len)
{
	return len + len / 255 + 16;
}

// Where the bytes of a place stand: those of one run of four lie in one of the two texts.
static const unsigned char *at(const struct squeezer *s, size_t place)
{
	return place < s->dictionary_len ? s->dictionary + place : s->text + (place - s->dictionary_len);
}

static uint32_t four(const unsigned char *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static uint32_t slot_of(uint32_t value)
{
	return (value * UINT32_C(2654435761)) >> (32 - TABLE_BITS);
}

static void learn(struct squeezer *s)
{
	size_t from = s->dictionary_len > SQUEEZE_REACH / 2 ? s->dictionary_len - SQUEEZE_REACH / 2 : 0;

	for (size_t place = from; place + LEAST <= s->dictionary_len; place++)
		s->table[slot_of(four(s->dictionary + place))] = (uint32_t)place + 1;
}

static size_t match_length(const struct squeezer *s, size_t place, size_t i)
{
	size_t limit = place < s->dictionary_len ? s->dictionary_len - place : SIZE_MAX, n = 0;
	const unsigned char *other = at(s, place);

	while (i + n < s->text_len && n < limit && other[n] == s->text[i + n])
		n++;
	return n;
}

// The place where the bytes at i stood before; false when they did not, or too far back.
static bool find(struct squeezer *s, size_t i, size_t *ret_place)
{
	uint32_t value = four(s->text + i), *slot = &s->table[slot_of(value)];
	size_t here = s->dictionary_len + i, place = *slot;

	*slot = (uint32_t)here + 1;
	if (place == 0 || here - (place - 1) > SQUEEZE_REACH)
		return false;
	*ret_place = place - 1;
	return four(at(s, *ret_place)) == value;
}

static void put_length(struct squeezer *s, size_t length)
{
	if (length < HALF)
		return;
	for (length -= HALF; length >= 255; length -= 255)
		*s->out++ = 255;
	*s->out++ = (unsigned char)length;
}

static void put_run(struct squeezer *s, size_t from, size_t literals, size_t distance, size_t length)
{
	size_t rest = length ? length - LEAST : 0;

	*s->out++ = (unsigned char)((literals < HALF ? literals : HALF) << 4 | (rest < HALF ? rest : HALF));
	put_length(s, literals);
	memcpy(s->out, s->text + from, literals);
	s->out += literals;
	if (!length)
		return;
	*s->out++ = (unsigned char)distance;
	*s->out++ = (unsigned char)(distance >> 8);
	put_length(s, rest);
}

size_t squeeze(struct squeeze_text dictionary, struct squeeze_text text, void *out)
{
	struct squeezer s = {
		.dictionary = dictionary.data,
		.dictionary_len = dictionary.len,
		.text = text.data,
		.text_len = text.len,
		.out = out,
	};
	size_t from = 0, i = 0, place, length;

	learn(&s);
	while (i + LEAST <= s.text_len) {
		if (!find(&s, i, &place)) {
			i++;
			continue;
		}
		length = match_length(&s, place, i);
		put_run(&s, from, i - from, s.dictionary_len + i - place, length);
		i += length;
		from = i;
	}
	put_run(&s, from, s.text_len - from, 0, 0);
	return (size_t)(s.out - (unsigned char *)out);
}

struct reader {
	const unsigned char *at, *end;
	unsigned char *out;
	size_t written, len;
};

// A length whose first part is the half of a byte. False at the end, or when it is longer than what may come.
static bool get_length(struct reader *r, size_t half, size_t *ret)
{
	unsigned char more = 255;

	*ret = half;
	while (half == HALF && more == 255) {
		if (r->at == r->end || *ret > r->len)
			return false;
		more = *r->at++;
		*ret += more;
	}
	return true;
}

static bool get_literals(struct reader *r, size_t n)
{
	if (n > (size_t)(r->end - r->at) || n > r->len - r->written)
		return false;
	if (n)
		memcpy(r->out + r->written, r->at, n);
	r->at += n;
	r->written += n;
	return true;
}

static bool get_repetition(struct reader *r, struct squeeze_text dictionary, size_t distance, size_t n)
{
	const unsigned char *before = dictionary.data;
	size_t place = dictionary.len + r->written - distance;

	if (distance == 0 || distance > dictionary.len + r->written || n > r->len - r->written)
		return false;
	for (; n > 0; n--, place++)
		r->out[r->written++] = place < dictionary.len ? before[place] : r->out[place - dictionary.len];
	return true;
}

bool unsqueeze(struct squeeze_text dictionary, struct squeeze_text squeezed, void *out, size_t len)
{
	struct reader r = {.at = squeezed.data, .out = out, .len = len};
	size_t literals, length, distance;

	r.end = r.at + squeezed.len;
	while (r.at < r.end) {
		unsigned char head = *r.at++;

		if (!get_length(&r, head >> 4, &literals) || !get_literals(&r, literals))
			return false;
		if (r.at == r.end)
			return r.written == len;
		if (r.end - r.at < 2)
			return false;
		distance = (size_t)r.at[0] | (size_t)r.at[1] << 8;
		r.at += 2;
		if (!get_length(&r, head & HALF, &length) || !get_repetition(&r, dictionary, distance, length + LEAST))
			return false;
	}
	return false;
}
