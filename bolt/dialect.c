// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/dialect.h"

#include <string.h>

#include "bolt/pack.h"

struct translation {
	const struct dialect *dialect;
	struct arena *arena;
	struct err *err;
};

static struct bolt_value *item_of(const struct bolt_value *v, uint32_t i)
{
	// The values are the arena's, and nobody else has seen them yet.
	return (struct bolt_value *)(uintptr_t)&v->items[i];
}

static bool holds_ints(const struct bolt_value *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (v->items[i].type != BOLT_INT)
			return false;
	}
	return true;
}

static struct bolt_value structure(uint8_t tag, const struct bolt_value *items, uint32_t n)
{
	return (struct bolt_value){.type = BOLT_STRUCT, .tag = tag, .size = n, .items = items};
}

// Out. A zone's offset travels as a fourth field of ours, which no server sees.
static int date_time_to_wire(struct translation *t, const struct bolt_value *v, struct bolt_value *ret)
{
	bool zoned = v->tag == STRUCTURE_ZONED || v->tag == STRUCTURE_WALL_ZONED;
	bool wall = v->tag == STRUCTURE_WALL_ZONED || v->tag == STRUCTURE_WALL_DATE_TIME;
	struct bolt_value *items = arena_new_array(t->arena, struct bolt_value, 3);
	const struct bolt_value *offset = v->size == 4 ? &v->items[3] : (zoned ? NULL : &v->items[2]);

	memcpy(items, v->items, 3 * sizeof(*items));
	*ret = structure(v->tag, items, 3);
	if (wall != t->dialect->utc)
		return 0;
	if (!offset || offset->type != BOLT_INT)
		return err_set(t->err, ERR_INVALID, "a time in the zone '%s' cannot be sent over Bolt %u.%u%s without its offset from UTC",
			       v->items[2].type == BOLT_STRING ? v->items[2].string : "", t->dialect->version.major,
			       t->dialect->version.minor, t->dialect->utc ? "" : ", which lacks the patch 'utc',");
	ret->tag = zoned ? (wall ? STRUCTURE_ZONED : STRUCTURE_WALL_ZONED) : (wall ? STRUCTURE_DATE_TIME : STRUCTURE_WALL_DATE_TIME);
	if (wall ? __builtin_sub_overflow(items[0].integer, offset->integer, &items[0].integer)
		 : __builtin_add_overflow(items[0].integer, offset->integer, &items[0].integer))
		return err_set(t->err, ERR_INVALID, "a time is out of range");
	return 0;
}

static const char *name_of(uint8_t tag)
{
	switch (tag) {
	case STRUCTURE_NODE:
		return "a node";
	case STRUCTURE_RELATIONSHIP:
	case STRUCTURE_UNBOUND:
		return "a relationship";
	case STRUCTURE_PATH:
		return "a path";
	default:
		return "a value of an unsupported type";
	}
}

static int check_trait(const struct translation *t, enum bolt_trait trait, const char *what)
{
	struct bolt_version version = t->dialect->version;

	if (bolt_version_has(version, trait))
		return 0;
	return err_set(t->err, ERR_INVALID, "a %s cannot be sent over Bolt %u.%u; %ss came with Bolt %s", what, version.major, version.minor, what,
		       bolt_version_since(trait));
}

// 1: changed, *ret is the new value; 0: as it is.
static int structure_to_wire(struct translation *t, const struct bolt_value *v, struct bolt_value *ret)
{
	switch (v->tag) {
	case STRUCTURE_NODE:
	case STRUCTURE_RELATIONSHIP:
	case STRUCTURE_UNBOUND:
	case STRUCTURE_PATH:
	case STRUCTURE_UNSUPPORTED:
		return err_set(t->err, ERR_INVALID, "%s cannot be a parameter", name_of(v->tag));
	case STRUCTURE_VECTOR:
		return check_trait(t, BOLT_HAS_VECTORS, "vector");
	case STRUCTURE_DATE_TIME:
	case STRUCTURE_ZONED:
	case STRUCTURE_WALL_DATE_TIME:
	case STRUCTURE_WALL_ZONED:
		if (v->size < 3 || v->size > 4 || !holds_ints(v, 2))
			return err_set(t->err, ERR_INVALID, "a parameter is no date and time although its tag is %02x", v->tag);
		return date_time_to_wire(t, v, ret) < 0 ? (int)t->err->class : 1;
	default:
		return 0;
	}
}

static int value_to_wire(struct translation *t, const struct bolt_value *v, unsigned depth, struct bolt_value *ret);

// Most values: they travel as they are.
static inline bool is_plain(const struct bolt_value *v)
{
	return v->type <= BOLT_FLOAT || (v->type == BOLT_STRING && v->string);
}

static int refuse_null(const struct translation *t, const char *what)
{
	return err_set(t->err, ERR_INVALID, "the parameters hold a %s that is NULL", what);
}

static int items_to_wire(struct translation *t, const struct bolt_value *v, unsigned depth, struct bolt_value *ret)
{
	struct bolt_value *items = NULL, changed;

	if (!v->items && v->size > 0)
		return refuse_null(t, "list");
	for (uint32_t i = 0; i < v->size; i++) {
		int r = depth < PACK_DEPTH_MAX && is_plain(&v->items[i]) ? 0 : value_to_wire(t, &v->items[i], depth + 1, &changed);

		if (r < 0)
			return r;
		if (r > 0 && !items) {
			items = arena_new_array(t->arena, struct bolt_value, v->size);
			memcpy(items, v->items, v->size * sizeof(*items));
		}
		if (r > 0)
			items[i] = changed;
	}
	*ret = *v;
	ret->items = items;
	return items ? 1 : 0;
}

static int entries_to_wire(struct translation *t, const struct bolt_value *v, unsigned depth, struct bolt_value *ret)
{
	struct bolt_entry *entries = NULL;
	struct bolt_value changed;

	if (!v->entries && v->size > 0)
		return refuse_null(t, "map");
	for (uint32_t i = 0; i < v->size; i++) {
		int r = depth < PACK_DEPTH_MAX && is_plain(&v->entries[i].value) ? 0 : value_to_wire(t, &v->entries[i].value, depth + 1, &changed);

		if (!v->entries[i].key)
			return r < 0 ? r : refuse_null(t, "key");
		if (r < 0)
			return r;
		if (r > 0 && !entries) {
			entries = arena_new_array(t->arena, struct bolt_entry, v->size);
			memcpy(entries, v->entries, v->size * sizeof(*entries));
		}
		if (r > 0)
			entries[i].value = changed;
	}
	*ret = bolt_map(entries, v->size);
	return entries ? 1 : 0;
}

static int value_to_wire(struct translation *t, const struct bolt_value *v, unsigned depth, struct bolt_value *ret)
{
	if (depth > PACK_DEPTH_MAX)
		return err_set(t->err, ERR_INVALID, "the parameters are nested more than %d deep", PACK_DEPTH_MAX);
	switch (v->type) {
	case BOLT_STRING:
	case BOLT_BYTES:
		return v->string || v->size == 0 ? 0 : refuse_null(t, "text");
	case BOLT_STRUCT:
		if (v->size > 15)
			return err_set(t->err, ERR_INVALID, "a structure has %u fields, more than PackStream's 15", v->size);
		if (!v->items && v->size > 0)
			return refuse_null(t, "structure");
		return structure_to_wire(t, v, ret);
	case BOLT_LIST:
		return items_to_wire(t, v, depth, ret);
	case BOLT_MAP:
		return entries_to_wire(t, v, depth, ret);
	case BOLT_UUID:
		return v->bytes ? check_trait(t, BOLT_HAS_UUIDS, "UUID") : refuse_null(t, "UUID");
	default:
		return 0;
	}
}

int dialect_to_wire(const struct dialect *dialect, const struct bolt_value *v, struct arena *arena, const struct bolt_value **ret,
		    struct err *err)
{
	struct translation t = {.dialect = dialect, .arena = arena, .err = err};
	struct bolt_value changed, *copy;
	int r = value_to_wire(&t, v, 0, &changed);

	*ret = v;
	if (r <= 0)
		return r;
	copy = arena_alloc(arena, sizeof(*copy));
	*copy = changed;
	*ret = copy;
	return 0;
}

// In.
static struct bolt_value id_text(const struct bolt_value *id, struct arena *arena)
{
	return bolt_string(arena_printf(arena, "%lld", (long long)id->integer));
}

// The element ids of the first n_ids fields go behind the n fields that there are.
static void add_element_ids(struct bolt_value *v, uint32_t n, uint32_t n_ids, struct arena *arena)
{
	struct bolt_value *items;

	if (v->size != n || !holds_ints(v, n_ids))
		return;
	items = arena_new_array(arena, struct bolt_value, (size_t)n + n_ids);
	memcpy(items, v->items, n * sizeof(*items));
	for (uint32_t i = 0; i < n_ids; i++)
		items[n + i] = id_text(&v->items[i], arena);
	*v = structure(v->tag, items, n + n_ids);
}

static void date_time_from_wire(struct bolt_value *v)
{
	int64_t seconds;

	if (v->size != 3 || !holds_ints(v, 3) || __builtin_sub_overflow(v->items[0].integer, v->items[2].integer, &seconds))
		return;
	item_of(v, 0)->integer = seconds;
	v->tag = STRUCTURE_DATE_TIME;
}

static void structure_from_wire(const struct dialect *dialect, struct bolt_value *v, struct arena *arena)
{
	bool ids = bolt_version_has(dialect->version, BOLT_HAS_ELEMENT_IDS);

	if (v->tag == STRUCTURE_NODE && !ids)
		add_element_ids(v, 3, 1, arena);
	else if (v->tag == STRUCTURE_UNBOUND && !ids)
		add_element_ids(v, 3, 1, arena);
	else if (v->tag == STRUCTURE_RELATIONSHIP && !ids)
		add_element_ids(v, 5, 3, arena);
	else if (v->tag == STRUCTURE_WALL_DATE_TIME && !dialect->utc)
		date_time_from_wire(v);
}

void dialect_from_wire(const struct dialect *dialect, struct bolt_value *v, struct arena *arena)
{
	if (v->type == BOLT_STRUCT)
		structure_from_wire(dialect, v, arena);
	if (v->type == BOLT_STRUCT || v->type == BOLT_LIST) {
		for (uint32_t i = 0; i < v->size; i++)
			dialect_from_wire(dialect, item_of(v, i), arena);
	} else if (v->type == BOLT_MAP) {
		for (uint32_t i = 0; i < v->size; i++)
			dialect_from_wire(dialect, (struct bolt_value *)(uintptr_t)&v->entries[i].value, arena);
	}
}

bool dialect_grants_utc(const struct bolt_value *meta)
{
	const struct bolt_value *patches = bolt_map_get(meta, "patch_bolt");

	for (uint32_t i = 0; patches && patches->type == BOLT_LIST && i < patches->size; i++) {
		const char *patch = bolt_as_string(&patches->items[i]);

		if (patch && strcmp(patch, "utc") == 0)
			return true;
	}
	return false;
}
