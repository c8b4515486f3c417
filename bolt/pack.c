// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/pack.h"

#include <endian.h>
#include <string.h>

#include "base/arena_take.h"

// The cost of one text of a list: the value (24 bytes), and the text's end and rounding (16).
#define VALUE_COST ((size_t)40)
#define GRANT_STEP 256
#define UUID_MARKER 0xE0
#define MARKER_STRUCT 0xB0U

// Writing. Most values are a few bytes for which there is room: that is looked at once for each, and nothing is called.

// The place of n more bytes, with room for the NUL behind them; NULL: buf_append() has to make room, or to refuse.
static inline char *room_for(const struct buf *out, size_t n)
{
	bool fits = out->cap - out->len > n && out->max - out->len >= n && !out->overflow;

	return __builtin_expect(fits, 1) ? out->data + out->len : NULL;
}

static inline void wrote(struct buf *out, size_t n)
{
	out->len += n;
	out->data[out->len] = '\0';
}

static inline void append(struct buf *out, const void *data, size_t n)
{
	char *to = room_for(out, n);

	if (!to) {
		buf_append(out, data, n);
		return;
	}
	memcpy(to, data, n);
	wrote(out, n);
}

static inline void put_byte(struct buf *out, unsigned byte)
{
	const char c = (char)byte;

	append(out, &c, 1);
}

// A marker and a number behind it, big-endian.
static inline void put(struct buf *out, unsigned marker, uint64_t v, size_t bytes)
{
	char data[1 + sizeof(v)] = {(char)marker};

	v = htobe64(v << (8 * (sizeof(v) - bytes)));
	memcpy(data + 1, &v, sizeof(v));
	append(out, data, 1 + bytes);
}

// A head of a sized value: the tiny form up to 15 where there is one, then 8, 16 and 32 bits.
static void put_head(struct buf *out, int tiny, unsigned wide, uint32_t n)
{
	if (tiny >= 0 && n < 16)
		put_byte(out, (unsigned)tiny | n);
	else if (n <= UINT8_MAX)
		put(out, wide, n, 1);
	else if (n <= UINT16_MAX)
		put(out, wide + 1, n, 2);
	else
		put(out, wide + 2, n, 4);
}

static void put_int(struct buf *out, int64_t v)
{
	if (v >= -16 && v <= INT8_MAX)
		put_byte(out, (unsigned char)v);
	else if (v >= INT8_MIN && v <= INT8_MAX)
		put(out, 0xC8, (uint64_t)v, 1);
	else if (v >= INT16_MIN && v <= INT16_MAX)
		put(out, 0xC9, (uint64_t)v, 2);
	else if (v >= INT32_MIN && v <= INT32_MAX)
		put(out, 0xCA, (uint64_t)v, 4);
	else
		put(out, 0xCB, (uint64_t)v, 8);
}

static void put_float(struct buf *out, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	put(out, 0xC1, bits, 8);
}

void pack_struct(struct buf *out, uint8_t tag, uint8_t n_fields)
{
	put_byte(out, MARKER_STRUCT | n_fields);
	put_byte(out, tag);
}

void pack_map_head(struct buf *out, uint32_t n)
{
	put_head(out, 0xA0, 0xD8, n);
}

void pack_list_head(struct buf *out, uint32_t n)
{
	put_head(out, 0x90, 0xD4, n);
}

// Fewer than 16 bytes, by loads that overlap: a call would take longer.
static inline void copy_few(char *to, const char *from, size_t n)
{
	if (n >= 8) {
		memcpy(to, from, 8);
		memcpy(to + n - 8, from + n - 8, 8);
	} else if (n >= 4) {
		memcpy(to, from, 4);
		memcpy(to + n - 4, from + n - 4, 4);
	} else if (n > 0) {
		to[0] = from[0];
		to[n / 2] = from[n / 2];
		to[n - 1] = from[n - 1];
	}
}

static void put_string(struct buf *out, const char *text, uint32_t len)
{
	char *to = len < 16 ? room_for(out, 1 + (size_t)len) : NULL;

	if (!to) {
		put_head(out, 0x80, 0xD0, len);
		buf_append(out, text, len);
		return;
	}
	*to = (char)(0x80 | len);
	copy_few(to + 1, text, len);
	wrote(out, 1 + (size_t)len);
}

void pack_str(struct buf *out, const char *text)
{
	put_string(out, text, (uint32_t)strlen(text));
}

static void put_map(struct buf *out, const struct bolt_value *map)
{
	pack_map_head(out, map->size);
	for (uint32_t i = 0; i < map->size; i++) {
		pack_str(out, map->entries[i].key);
		pack_value(out, &map->entries[i].value);
	}
}

void pack_value(struct buf *out, const struct bolt_value *value)
{
	switch (value->type) {
	case BOLT_NULL:
		put_byte(out, 0xC0);
		return;
	case BOLT_BOOL:
		put_byte(out, value->boolean ? 0xC3 : 0xC2);
		return;
	case BOLT_INT:
		put_int(out, value->integer);
		return;
	case BOLT_FLOAT:
		put_float(out, value->number);
		return;
	case BOLT_STRING:
		put_string(out, value->string, value->size);
		return;
	case BOLT_BYTES:
		put_head(out, -1, 0xCC, value->size);
		buf_append(out, value->bytes, value->size);
		return;
	case BOLT_UUID:
		put_byte(out, UUID_MARKER);
		buf_append(out, value->bytes, BOLT_UUID_SIZE);
		return;
	case BOLT_MAP:
		put_map(out, value);
		return;
	case BOLT_LIST:
		pack_list_head(out, value->size);
		break;
	case BOLT_STRUCT:
		pack_struct(out, value->tag, (uint8_t)value->size);
		break;
	default: // no type at all
		put_byte(out, 0xC0);
		return;
	}
	for (uint32_t i = 0; i < value->size; i++)
		pack_value(out, &value->items[i]);
}

// Reading. Each function takes the place of the next byte and returns the place behind what it read; NULL: the value is wrong, and err says why.
// The pieces of the arena are not zeroed: after an error nobody sees them.
struct unpacker {
	const unsigned char *begin, *end;
	unsigned depth;
	size_t values;
	size_t granted; // values that there may be before the limits are looked at again
	size_t memory;	// the most that all may cost
	size_t held;	// of the arena, before
	struct arena *arena;
	struct err *err;
};

// owed: the values that open lists, maps and structures still promise behind this one.
static const unsigned char *read_value(struct unpacker *u, const unsigned char *at, size_t owed, struct bolt_value *ret);

__attribute__((cold, noinline)) static const unsigned char *fault(const struct unpacker *u, const unsigned char *at, enum err_class class,
								   const char *text)
{
	(void)err_set(u->err, class, "PackStream at byte %zu of %zu: %s", (size_t)(at - u->begin), (size_t)(u->end - u->begin), text);
	return NULL;
}

__attribute__((cold, noinline)) static const unsigned char *too_early(const struct unpacker *u, const unsigned char *at)
{
	return fault(u, at, ERR_PROTOCOL, "the value ends too early");
}

__attribute__((cold, noinline)) static const unsigned char *too_large(const struct unpacker *u, const unsigned char *at)
{
	return fault(u, at, ERR_PROTOCOL, "a size is larger than the message");
}

static inline size_t left(const struct unpacker *u, const unsigned char *at)
{
	return (size_t)(u->end - at);
}

// The most that values cost: the bytes of the message, and for each value its place in a list and the rounding of its text.
static size_t cost(const struct unpacker *u, size_t values)
{
	return left(u, u->begin) + values * VALUE_COST;
}

static bool may_have(const struct unpacker *u, size_t values)
{
	return values <= PACK_VALUES_MAX && cost(u, values) <= u->memory && arena_reserve(u->arena, u->held + cost(u, values));
}

// In steps, so that it is seldom asked.
__attribute__((noinline)) static bool grant(struct unpacker *u, const unsigned char *at, size_t values)
{
	if (may_have(u, values + GRANT_STEP))
		u->granted = values + GRANT_STEP;
	else if (values > PACK_VALUES_MAX)
		return fault(u, at, ERR_TOO_LARGE, "too many values");
	else if (cost(u, values) > u->memory)
		return fault(u, at, ERR_TOO_LARGE, "the values need more memory than is allowed");
	else if (!arena_reserve(u->arena, u->held + cost(u, values)))
		return fault(u, at, ERR_TOO_MANY, "the memory for all answers is used up; try again later");
	else
		u->granted = values;
	return true;
}

// A value takes at least one byte, so values beyond what is left are a lie, and all that is promised counts: otherwise
// nested lists could each promise the whole rest of the message.
static inline bool may_hold(struct unpacker *u, const unsigned char *at, uint64_t values, size_t owed)
{
	if (values + owed > left(u, at))
		return too_large(u, at);
	if (u->values + values > u->granted && !grant(u, at, u->values + values))
		return false;
	if (values > 0 && u->depth == PACK_DEPTH_MAX)
		return fault(u, at, ERR_TOO_LARGE, "values are nested too deeply");
	u->values += values;
	return true;
}

__attribute__((noinline)) static const unsigned char *read_bytes(struct unpacker *u, const unsigned char *at, uint64_t n,
								 enum bolt_type type, struct bolt_value *ret)
{
	char *copy;

	if (n > left(u, at))
		return too_large(u, at);
	copy = arena_take(u->arena, n + 1);
	memcpy(copy, at, n);
	copy[n] = '\0';
	*ret = (struct bolt_value){.type = type, .size = (uint32_t)n, .string = copy};
	return at + n;
}

// A text of fewer than 16 bytes: where the message has as many, and the arena, it is copied with what lies behind it, and without a call.
static inline const unsigned char *read_short(struct unpacker *u, const unsigned char *at, unsigned n, struct bolt_value *ret)
{
	char *copy = left(u, at) >= ARENA_ALIGN ? arena_take_here(u->arena, ARENA_ALIGN) : NULL;

	if (!copy)
		return read_bytes(u, at, n, BOLT_STRING, ret);
	memcpy(copy, at, ARENA_ALIGN);
	copy[n] = '\0';
	*ret = (struct bolt_value){.type = BOLT_STRING, .size = n, .string = copy};
	return at + n;
}

static const unsigned char *read_items(struct unpacker *u, const unsigned char *at, uint64_t n, size_t owed, struct bolt_value *ret)
{
	struct bolt_value *items;

	if (!may_hold(u, at, n, owed))
		return NULL;
	items = arena_take(u->arena, n ? n * sizeof(*items) : 1);
	ret->size = (uint32_t)n;
	ret->items = items;
	u->depth++;
	for (; n > 0 && at; n--)
		at = read_value(u, at, owed + n - 1, items++);
	u->depth--;
	return at;
}

__attribute__((noinline)) static const unsigned char *read_map(struct unpacker *u, const unsigned char *at, uint64_t n, size_t owed, struct bolt_value *ret)
{
	struct bolt_entry *entries;
	struct bolt_value key;

	if (!may_hold(u, at, 2 * n, owed))
		return NULL;
	entries = arena_take(u->arena, n ? n * sizeof(*entries) : 1);
	*ret = (struct bolt_value){.type = BOLT_MAP, .size = (uint32_t)n, .entries = entries};
	u->depth++;
	for (; n > 0; n--, entries++) {
		at = read_value(u, at, owed + 2 * n - 1, &key);
		if (at && key.type != BOLT_STRING)
			at = fault(u, at, ERR_PROTOCOL, "a map's key is no string");
		if (at)
			at = read_value(u, at, owed + 2 * n - 2, &entries->value);
		if (!at)
			return NULL;
		entries->key = key.string;
	}
	u->depth--;
	return at;
}

__attribute__((noinline)) static const unsigned char *read_struct(struct unpacker *u, const unsigned char *at, uint64_t n, size_t owed, struct bolt_value *ret)
{
	if (at == u->end)
		return too_early(u, at);
	*ret = (struct bolt_value){.type = BOLT_STRUCT, .tag = *at};
	return read_items(u, at + 1, n, owed, ret);
}

__attribute__((noinline)) static const unsigned char *read_list(struct unpacker *u, const unsigned char *at, uint64_t n, size_t owed, struct bolt_value *ret)
{
	*ret = (struct bolt_value){.type = BOLT_LIST};
	return read_items(u, at, n, owed, ret);
}

// 1, 2, 4 or 8 bytes that are there, big-endian, at the upper end of 64 bits.
static inline uint64_t load(const unsigned char *at, size_t bytes)
{
	uint64_t v = 0;

	switch (bytes) {
	case 1:
		return (uint64_t)*at << 56;
	case 2:
		memcpy(&v, at, 2);
		break;
	case 4:
		memcpy(&v, at, 4);
		break;
	default:
		memcpy(&v, at, 8);
	}
	return be64toh(v);
}

// Markers that a size of 1, 2 or 4 bytes follows: CC to CE bytes, and strings, lists and maps 4, 8 and 12 behind them.
static bool is_sized(unsigned marker)
{
	return marker >= 0xCC && marker <= 0xDA && (marker & 3) != 3;
}

__attribute__((noinline)) static const unsigned char *read_sized(struct unpacker *u, const unsigned char *at, size_t owed, struct bolt_value *ret)
{
	unsigned marker = at[-1];
	size_t bytes = (size_t)1 << (marker & 3);
	uint64_t n;

	if (left(u, at) < bytes)
		return too_early(u, at);
	n = load(at, bytes) >> (64 - 8 * bytes);
	at += bytes;
	switch (marker & ~3U) {
	case 0xCC:
		return read_bytes(u, at, n, BOLT_BYTES, ret);
	case 0xD0:
		return read_bytes(u, at, n, BOLT_STRING, ret);
	case 0xD4:
		return read_list(u, at, n, owed, ret);
	default:
		return read_map(u, at, n, owed, ret);
	}
}

// An integer of 1, 2, 4 or 8 bytes, C8 to CB.
static inline const unsigned char *read_int(const struct unpacker *u, const unsigned char *at, struct bolt_value *ret)
{
	size_t bytes = (size_t)1 << (at[-1] & 3);

	if (left(u, at) < bytes)
		return too_early(u, at);
	*ret = (struct bolt_value){.type = BOLT_INT, .integer = (int64_t)load(at, bytes) >> (64 - 8 * bytes)};
	return at + bytes;
}

static inline const unsigned char *read_float(const struct unpacker *u, const unsigned char *at, struct bolt_value *ret)
{
	uint64_t bits;

	if (left(u, at) < sizeof(bits))
		return too_early(u, at);
	bits = load(at, sizeof(bits));
	*ret = (struct bolt_value){.type = BOLT_FLOAT};
	memcpy(&ret->number, &bits, sizeof(bits));
	return at + sizeof(bits);
}

// Other markers from C0 on.
static const unsigned char *read_marked(struct unpacker *u, const unsigned char *at, struct bolt_value *ret)
{
	unsigned marker = at[-1];

	switch (marker) {
	case 0xC0:
		*ret = (struct bolt_value){.type = BOLT_NULL};
		return at;
	case 0xC1:
		return read_float(u, at, ret);
	case 0xC2:
	case 0xC3:
		*ret = (struct bolt_value){.type = BOLT_BOOL, .boolean = marker == 0xC3};
		return at;
	case 0xC8:
	case 0xC9:
	case 0xCA:
	case 0xCB:
		return read_int(u, at, ret);
	case UUID_MARKER:
		return read_bytes(u, at, BOLT_UUID_SIZE, BOLT_UUID, ret);
	default:
		return fault(u, at - 1, ERR_PROTOCOL, "an unknown marker");
	}
}

static const unsigned char *read_value(struct unpacker *u, const unsigned char *at, size_t owed, struct bolt_value *ret)
{
	unsigned marker;

	if (__builtin_expect(at == u->end, 0))
		return too_early(u, at);
	marker = *at++;
	if (marker < 0x80 || marker >= 0xF0) {
		*ret = (struct bolt_value){.type = BOLT_INT, .integer = (int8_t)marker};
		return at;
	}
	if (marker < 0x90)
		return read_short(u, at, marker & 15, ret);
	if (marker < 0xA0)
		return read_list(u, at, marker & 15, owed, ret);
	if (marker < 0xB0)
		return read_map(u, at, marker & 15, owed, ret);
	if (marker < 0xC0)
		return read_struct(u, at, marker & 15, owed, ret);
	return is_sized(marker) ? read_sized(u, at, owed, ret) : read_marked(u, at, ret);
}

static int end(struct unpacker *u, const unsigned char *at, struct bolt_value *ret)
{
	if (at && at != u->end)
		at = fault(u, at, ERR_PROTOCOL, "bytes are left over behind the value");
	if (at)
		return 0;
	*ret = (struct bolt_value){.type = BOLT_NULL};
	return u->err->class;
}

int unpack_value(const unsigned char *data, size_t len, struct arena *arena, struct bolt_value *ret, struct err *err)
{
	struct unpacker u = {.begin = data, .end = data + len, .granted = PACK_VALUES_MAX, .memory = SIZE_MAX, .arena = arena, .err = err};

	return end(&u, read_value(&u, data, 0, ret), ret);
}

int unpack_message(const unsigned char *data, size_t len, struct arena *arena, struct bolt_value *ret, struct bolt_value *field,
		   struct err *err)
{
	struct unpacker u = {.begin = data, .end = data + len, .granted = PACK_VALUES_MAX, .memory = SIZE_MAX, .arena = arena, .err = err};

	// What read_struct() would do, but for the array of one.
	if (len < 3 || data[0] != (MARKER_STRUCT | 1))
		return end(&u, read_value(&u, data, 0, ret), ret);
	u.depth = u.values = 1;
	*ret = (struct bolt_value){.type = BOLT_STRUCT, .tag = data[1], .size = 1, .items = field};
	return end(&u, read_value(&u, data + 2, 0, field), ret);
}

int unpack_value_within(const unsigned char *data, size_t len, size_t memory, struct arena *arena, struct bolt_value *ret,
			struct err *err)
{
	struct unpacker u = {.begin = data, .end = data + len, .memory = memory, .held = arena_held(arena), .arena = arena, .err = err};
	int r = grant(&u, data, 1) ? end(&u, read_value(&u, data, 0, ret), ret) : (int)err->class;

	arena_settle(arena);
	return r;
}
