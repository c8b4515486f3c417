// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any PackStream value as a server of any version may send it: what is a structure can be looked at in all of its parts, and what
// may be sent back can be.

#include <string.h>

#include "bolt/dialect.h"
#include "bolt/pack.h"
#include "bolt/structure.h"
#include "test/fuzz/fuzz.h"

static void look_at_path(const struct bolt_path *path)
{
	struct bolt_node node;
	struct bolt_step step;

	for (uint32_t i = 0; i <= path->length && i < 1000; i++) {
		bolt_path_node(path, i, &node);
		must(node.element_id && node.labels->type == BOLT_LIST && node.properties->type == BOLT_MAP);
	}
	for (uint32_t i = 0; i < path->length && i < 1000; i++) {
		bolt_path_step(path, i, &step);
		must(step.relationship.type && step.relationship.element_id && step.from.element_id && step.to.element_id);
		must(step.relationship.start_element_id == step.from.element_id || step.relationship.end_element_id == step.from.element_id);
	}
}

static void look_at_vector(const struct bolt_vector *vector)
{
	for (uint32_t i = 0; i < vector->n; i++) {
		(void)bolt_vector_int(vector, i);
		(void)bolt_vector_float(vector, i);
	}
}

// A structure is at most one thing, and what is made of its view is looked at alike.
static unsigned look_at(const struct bolt_value *v, struct arena *arena)
{
	struct bolt_relationship relationship;
	struct bolt_unsupported unsupported;
	struct bolt_date_time date_time, again;
	struct bolt_duration duration;
	struct bolt_vector vector;
	struct bolt_point point;
	struct bolt_path path;
	struct bolt_node node;
	struct bolt_date date;
	struct bolt_time time;
	struct bolt_value made;
	unsigned n = bolt_as_node(v, &node) + bolt_as_relationship(v, &relationship) + bolt_as_date(v, &date) + bolt_as_time(v, &time) +
		     bolt_as_duration(v, &duration) + bolt_as_point(v, &point) + bolt_as_unsupported(v, &unsupported);

	if (bolt_as_path(v, &path)) {
		look_at_path(&path);
		n++;
	}
	if (bolt_as_vector(v, &vector)) {
		look_at_vector(&vector);
		n++;
	}
	if (bolt_as_date_time(v, &date_time)) {
		made = bolt_from_date_time(&date_time, arena);
		must(bolt_as_date_time(&made, &again) && again.seconds == date_time.seconds && again.local == date_time.local);
		n++;
	}
	return n;
}

static void look_into(const struct bolt_value *v, struct arena *arena)
{
	must(look_at(v, arena) <= 1);
	for (uint32_t i = 0; i < v->size && (v->type == BOLT_LIST || v->type == BOLT_STRUCT); i++)
		look_into(&v->items[i], arena);
	for (uint32_t i = 0; i < v->size && v->type == BOLT_MAP; i++)
		look_into(&v->entries[i].value, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dialect dialects[] = {{{6, 1}, true}, {{5, 4}, true}, {{4, 4}, true}, {{4, 4}, false}};

	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		_cleanup_buf_ struct buf bytes = BUF_INIT(SIZE_MAX / 4);
		const struct bolt_value *sent;
		struct bolt_value value, back;
		struct err err = ERR_INIT;

		if (unpack_value(data, size, arena, &value, &err) < 0)
			return 0;
		dialect_from_wire(&dialects[i], &value, arena);
		look_into(&value, arena);
		if (dialect_to_wire(&dialects[i], &value, arena, &sent, &err) < 0) {
			must(err.class == ERR_INVALID);
			continue;
		}
		pack_value(&bytes, sent);
		must(unpack_value((const unsigned char *)bytes.data, bytes.len, arena, &back, &err) == 0);
	}
	return 0;
}
