// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/pack.h"

#include <string.h>

// The cost of one text of a list: the value (24 bytes), and the text's end and rounding (16).
#define VALUE_COST ((size_t)40)
#define GRANT_STEP 256
#define UUID_MARKER 0xE0

// A marker and a number behind it, big-endian.
static void put(struct buf *out, unsigned marker, uint64_t v, unsigned bytes)
{
	unsigned char data[1 + sizeof(v)] = {(unsigned char)marker};

	for (unsigned i = bytes; i > 0; i--, v >>= 8)
		data[i] = (unsigned char)v;
	buf_append(out, data, 1 + bytes);
}

// A head of a sized value: the tiny form up to 15 where there is one, then 8, 16 and 32 bits.
static void put_head(struct buf *out, int tiny, unsigned wide, uint32_t n)
{
	if (tiny >= 0 && n < 16)
		buf_addc(out, (char)(tiny | (int)n));
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
		buf_addc(out, (char)v);
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
	buf_addc(out, (char)(0xB0 | n_fields));
	buf_addc(out, (char)tag);
}

void pack_map_head(struct buf *out, uint32_t n)
{
	put_head(out, 0xA0, 0xD8, n);
}

void pack_list_head(struct buf *out, uint32_t n)
{
	put_head(out, 0x90, 0xD4, n);
}

static void put_string(struct buf *out, const char *text, uint32_t len)
{
	put_head(out, 0x80, 0xD0, len);
	buf_append(out, text, len);
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
		buf_addc(out, (char)0xC0);
		return;
	case BOLT_BOOL:
		buf_addc(out, (char)(value->boolean ? 0xC3 : 0xC2));
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
		buf_addc(out, (char)UUID_MARKER);
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
		buf_addc(out, (char)0xC0);
		return;
	}
	for (uint32_t i = 0; i < value->size; i++)
		pack_value(out, &value->items[i]);
}

// The error is sticky: after the first one, every read answers zero, and one check at the end is enough.
struct unpacker {
	const unsigned char *data;
	size_t len, pos;
	size_t values;
	size_t granted; // values that there may be before the limits are looked at again
	size_t memory;	// the most that all may cost
	size_t held;	// of the arena, before
	size_t owed; // values that open lists, maps and structures still promise
	struct arena *arena;
	struct err *err;
};

static void read_value(struct unpacker *u, unsigned depth, struct bolt_value *ret);

// An unpacker always has one, which err_is_set() would ask each time.
static inline bool is_faulty(const struct unpacker *u)
{
	return u->err->class != ERR_NONE;
}

static void fault(struct unpacker *u, enum err_class class, const char *text)
{
	if (!is_faulty(u))
		(void)err_set(u->err, class, "PackStream at byte %zu of %zu: %s", u->pos, u->len, text);
}

// The most that values cost: the bytes of the message, and for each value its place in a list and the rounding of its text.
static size_t cost(const struct unpacker *u, size_t values)
{
	return u->len + values * VALUE_COST;
}

static bool may_have(const struct unpacker *u, size_t values)
{
	return values <= PACK_VALUES_MAX && cost(u, values) <= u->memory && arena_reserve(u->arena, u->held + cost(u, values));
}

// In steps, so that it is seldom asked.
static void grant(struct unpacker *u, size_t values)
{
	if (may_have(u, values + GRANT_STEP))
		u->granted = values + GRANT_STEP;
	else if (values > PACK_VALUES_MAX)
		fault(u, ERR_TOO_LARGE, "too many values");
	else if (cost(u, values) > u->memory)
		fault(u, ERR_TOO_LARGE, "the values need more memory than is allowed");
	else if (!arena_reserve(u->arena, u->held + cost(u, values)))
		fault(u, ERR_TOO_MANY, "the memory for all answers is used up; try again later");
	else
		u->granted = values;
}

static uint64_t get_be(struct unpacker *u, unsigned bytes)
{
	const unsigned char *at = u->data + u->pos;
	uint64_t v = 0;

	if (u->len - u->pos < bytes)
		fault(u, ERR_PROTOCOL, "the value ends too early");
	if (is_faulty(u))
		return 0;
	u->pos += bytes;
	// The compiler knows a load of eight bytes in this, but not in a loop.
	if (bytes == 8)
		return (uint64_t)at[0] << 56 | (uint64_t)at[1] << 48 | (uint64_t)at[2] << 40 | (uint64_t)at[3] << 32 |
		       (uint64_t)at[4] << 24 | (uint64_t)at[5] << 16 | (uint64_t)at[6] << 8 | at[7];
	while (bytes-- > 0)
		v = v << 8 | *at++;
	return v;
}

static double get_float(struct unpacker *u)
{
	uint64_t bits = get_be(u, 8);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

// A value takes at least one byte, so values beyond what is left are a lie, and all that is promised counts: otherwise
// nested lists could each promise the whole rest of the message. values: 2 for each entry of a map.
static uint32_t checked_count(struct unpacker *u, uint64_t n, unsigned values)
{
	if (!is_faulty(u) && n * values + u->owed > u->len - u->pos)
		fault(u, ERR_PROTOCOL, "a size is larger than the message");
	if (!is_faulty(u) && u->values + n * values > u->granted)
		grant(u, u->values + n * values);
	if (is_faulty(u))
		return 0;
	u->values += n * values;
	u->owed += n * values;
	return (uint32_t)n;
}

static void get_bytes(struct unpacker *u, uint64_t n, enum bolt_type type, struct bolt_value *ret)
{
	if (!is_faulty(u) && n > u->len - u->pos)
		fault(u, ERR_PROTOCOL, "a size is larger than the message");
	if (is_faulty(u))
		return;
	*ret = (struct bolt_value){.type = type, .size = (uint32_t)n};
	ret->string = arena_memdup0(u->arena, u->data + u->pos, n);
	u->pos += n;
}

static void get_items(struct unpacker *u, uint64_t n, unsigned depth, struct bolt_value *ret)
{
	uint32_t count = checked_count(u, n, 1);
	struct bolt_value *items;

	if (is_faulty(u))
		return;
	items = arena_new_array(u->arena, struct bolt_value, count);
	ret->size = count;
	ret->items = items;
	for (uint32_t i = 0; i < count && !is_faulty(u); i++)
		read_value(u, depth + 1, &items[i]);
}

static void get_map(struct unpacker *u, uint64_t n, unsigned depth, struct bolt_value *ret)
{
	uint32_t count = checked_count(u, n, 2);
	struct bolt_entry *entries;
	struct bolt_value key;

	if (is_faulty(u))
		return;
	entries = arena_new_array(u->arena, struct bolt_entry, count);
	*ret = (struct bolt_value){.type = BOLT_MAP, .size = count, .entries = entries};
	for (uint32_t i = 0; i < count && !is_faulty(u); i++) {
		read_value(u, depth + 1, &key);
		if (!is_faulty(u) && key.type != BOLT_STRING)
			fault(u, ERR_PROTOCOL, "a map's key is no string");
		entries[i].key = is_faulty(u) ? "" : key.string;
		read_value(u, depth + 1, &entries[i].value);
	}
}

static void get_struct(struct unpacker *u, uint64_t n, unsigned depth, struct bolt_value *ret)
{
	*ret = (struct bolt_value){.type = BOLT_STRUCT, .tag = (uint8_t)get_be(u, 1)};
	get_items(u, n, depth, ret);
}

static void get_list(struct unpacker *u, uint64_t n, unsigned depth, struct bolt_value *ret)
{
	*ret = (struct bolt_value){.type = BOLT_LIST};
	get_items(u, n, depth, ret);
}

// Markers that a size of 1, 2 or 4 bytes follows: CC to CE bytes, and strings, lists and maps 4, 8 and 12 behind them.
static bool is_sized(unsigned marker)
{
	return marker >= 0xCC && marker <= 0xDA && (marker & 3) != 3;
}

static void read_sized(struct unpacker *u, unsigned marker, unsigned depth, struct bolt_value *ret)
{
	uint64_t n = get_be(u, 1U << (marker & 3));

	switch (marker & ~3U) {
	case 0xCC:
		get_bytes(u, n, BOLT_BYTES, ret);
		return;
	case 0xD0:
		get_bytes(u, n, BOLT_STRING, ret);
		return;
	case 0xD4:
		get_list(u, n, depth, ret);
		return;
	default:
		get_map(u, n, depth, ret);
	}
}

// Other markers from C0 on.
static void read_marked(struct unpacker *u, unsigned marker, struct bolt_value *ret)
{
	switch (marker) {
	case 0xC0:
		*ret = bolt_null();
		return;
	case 0xC1:
		*ret = bolt_float(get_float(u));
		return;
	case 0xC2:
	case 0xC3:
		*ret = bolt_bool(marker == 0xC3);
		return;
	case 0xC8:
		*ret = bolt_int((int8_t)get_be(u, 1));
		return;
	case 0xC9:
		*ret = bolt_int((int16_t)get_be(u, 2));
		return;
	case 0xCA:
		*ret = bolt_int((int32_t)get_be(u, 4));
		return;
	case 0xCB:
		*ret = bolt_int((int64_t)get_be(u, 8));
		return;
	case UUID_MARKER:
		get_bytes(u, BOLT_UUID_SIZE, BOLT_UUID, ret);
		return;
	default:
		u->pos--;
		fault(u, ERR_PROTOCOL, "an unknown marker");
	}
}

static void read_value(struct unpacker *u, unsigned depth, struct bolt_value *ret)
{
	unsigned marker;

	*ret = (struct bolt_value){.type = BOLT_NULL};
	if (depth > PACK_DEPTH_MAX)
		fault(u, ERR_TOO_LARGE, "values are nested too deeply");
	if (u->pos == u->len)
		fault(u, ERR_PROTOCOL, "the value ends too early");
	if (is_faulty(u))
		return;
	marker = u->data[u->pos++];
	u->owed--;
	if (marker < 0x80)
		*ret = bolt_int((int64_t)marker);
	else if (marker >= 0xF0)
		*ret = bolt_int((int8_t)marker);
	else if (marker < 0x90)
		get_bytes(u, marker & 15, BOLT_STRING, ret);
	else if (marker < 0xA0)
		get_list(u, marker & 15, depth, ret);
	else if (marker < 0xB0)
		get_map(u, marker & 15, depth, ret);
	else if (marker < 0xC0)
		get_struct(u, marker & 15, depth, ret);
	else if (is_sized(marker))
		read_sized(u, marker, depth, ret);
	else
		read_marked(u, marker, ret);
}

static int unpack(struct unpacker *u, struct bolt_value *ret)
{
	read_value(u, 0, ret);
	if (!is_faulty(u) && u->pos != u->len)
		fault(u, ERR_PROTOCOL, "bytes are left over behind the value");
	return is_faulty(u) ? (int)u->err->class : 0;
}

int unpack_value(const unsigned char *data, size_t len, struct arena *arena, struct bolt_value *ret, struct err *err)
{
	struct unpacker u = {.data = data, .len = len, .granted = PACK_VALUES_MAX, .memory = SIZE_MAX, .owed = 1, .arena = arena, .err = err};

	return unpack(&u, ret);
}

int unpack_value_within(const unsigned char *data, size_t len, size_t memory, struct arena *arena, struct bolt_value *ret,
			struct err *err)
{
	struct unpacker u = {.data = data, .len = len, .memory = memory, .held = arena_held(arena), .owed = 1, .arena = arena, .err = err};
	int r;

	grant(&u, 1);
	r = unpack(&u, ret);
	arena_settle(arena);
	return r;
}
