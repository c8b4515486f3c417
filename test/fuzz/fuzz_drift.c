// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Drift (B2), on any JSON and on ports that somebody has changed. Nothing drifts from itself; and the patch of ports, applied to the
// live object, gives each port back its number and protocol, touches nothing else, and leaves nothing to patch.
// Input: a byte of switches; then two JSON texts, the first up to a NUL, or a port of three bytes each.

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "operator/object/drift.h"
#include "test/fuzz/fuzz.h"

#define PORTS_MAX 8
#define VERSION "7"

// --- any JSON

static const char *const keys[] = {"mountPath", "name", "containerPort", "port", "uid", "type", "key"};

static yyjson_val *merge_value(yyjson_val *item)
{
	yyjson_val *value = NULL;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && !value; i++)
		value = yyjson_obj_get(item, keys[i]);
	return value;
}

static bool is_repeated(yyjson_val *list, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (yyjson_equals(merge_value(yyjson_arr_get(list, i)), merge_value(yyjson_arr_get(list, index))))
			return true;
	}
	return false;
}

// As the API server has it: no member twice, no key of a list twice, and all items of a list of objects have the same one.
static bool is_sound(yyjson_val *val)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(val);
	size_t index, max;
	yyjson_val *item, *key;

	while ((key = yyjson_obj_iter_next(&iter))) {
		item = yyjson_obj_iter_get_val(key);
		if (yyjson_obj_getn(val, yyjson_get_str(key), yyjson_get_len(key)) != item || !is_sound(item))
			return false;
		if (strlen(yyjson_get_str(key)) != yyjson_get_len(key))
			return false;
	}
	yyjson_arr_foreach(val, index, max, item) {
		if (!is_sound(item) || (merge_value(item) && is_repeated(val, index)))
			return false;
	}
	return true;
}

static void check_any(const char *text, const char *other, struct arena *arena)
{
	yyjson_val *desired = json_parse(arena, text, strlen(text)), *live = json_parse(arena, other, strlen(other));

	if (!desired || !is_sound(desired))
		return;
	must(!drift_found(desired, desired) && !drift_of_object(desired, desired));
	must(!yyjson_is_obj(desired) || !drift_patch(desired, desired, arena));
	if (!live || !is_sound(live))
		return;
	if (!drift_found(desired, live) && yyjson_is_obj(desired))
		must(!drift_of_object(desired, live) && !drift_patch(desired, live, arena));
}

// --- ports

struct port {
	unsigned name, number, protocol;
};

static void add_ports(struct buf *out, const char *key, const struct port *ports, size_t n)
{
	static const char *const protocols[] = {"TCP", "UDP", "SCTP", "TCP"};

	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s{\"%s\":%u,\"name\":\"p%u\",\"protocol\":\"%s\",\"nodePort\":%zu}", i ? "," : "", key, ports[i].number,
			 ports[i].name, protocols[ports[i].protocol], 30000 + i);
}

// A Service, or a StatefulSet whose container has the ports.
static const char *object_of(bool workload, const struct port *ports, size_t n, struct arena *arena)
{
	_cleanup_buf_ struct buf out = BUF_INIT(64 * 1024);

	buf_add(&out, "{\"metadata\":{\"name\":\"n\",\"resourceVersion\":\"" VERSION "\"},\"spec\":{");
	if (workload)
		buf_add(&out, "\"template\":{\"spec\":{\"containers\":[{\"name\":\"first\"},{\"name\":\"neo4j\",");
	buf_add(&out, "\"ports\":[");
	add_ports(&out, workload ? "containerPort" : "port", ports, n);
	buf_add(&out, workload ? "]}]}}}}" : "]}}");
	return arena_strdup(arena, buf_str(&out));
}

// Our ports have names of their own; of the live ones a name may lack, and others may be there.
static size_t take_ports(const uint8_t **data, size_t *size, bool ours, struct port *ports)
{
	size_t n = 0;

	while (n < PORTS_MAX && *size >= 2) {
		const uint8_t *at = *data;

		*data += 2, *size -= 2;
		if (at[0] == 0xff)
			break;
		ports[n] = (struct port){.name = ours ? (unsigned)n : at[0] & 15, .number = 1 + at[1] % 16U, .protocol = at[0] >> 4 & 3};
		for (size_t i = 0; i < n; i++) {
			if (ports[i].name == ports[n].name)
				return n;
		}
		n++;
	}
	return n;
}

// The live object after the patch, by RFC 6902; two of its operations are used.
static void apply(yyjson_mut_doc *doc, yyjson_val *step)
{
	const char *op = yyjson_get_str(yyjson_obj_get(step, "op")), *path = yyjson_get_str(yyjson_obj_get(step, "path"));
	yyjson_mut_val *value = yyjson_val_mut_copy(doc, yyjson_obj_get(step, "value"));

	must(op && path && value && yyjson_mut_doc_ptr_get(doc, path));
	if (strcmp(op, "test") == 0)
		must(yyjson_mut_equals(yyjson_mut_doc_ptr_get(doc, path), value));
	else
		must(strcmp(op, "replace") == 0 && yyjson_mut_doc_ptr_replace(doc, path, value) != NULL);
}

static yyjson_val *patched(yyjson_val *live, const char *patch, struct arena *arena)
{
	yyjson_val *steps = json_parse(arena, patch, strlen(patch)), *step;
	yyjson_mut_doc *doc = json_doc_new(arena);
	const char *text;
	size_t index, max;

	must(yyjson_equals_str(yyjson_ptr_get(steps, "/0/op"), "test") && yyjson_equals_str(yyjson_ptr_get(steps, "/0/value"), VERSION));
	yyjson_mut_doc_set_root(doc, yyjson_val_mut_copy(doc, live));
	yyjson_arr_foreach(steps, index, max, step)
		apply(doc, step);
	text = json_text(arena, doc);
	return json_parse(arena, text, strlen(text));
}

static const struct port *find(const struct port *ports, size_t n, unsigned name)
{
	for (size_t i = 0; i < n; i++) {
		if (ports[i].name == name)
			return &ports[i];
	}
	return NULL;
}

static void check_ports(const uint8_t *data, size_t size, bool workload, struct arena *arena)
{
	struct port ours[PORTS_MAX], theirs[PORTS_MAX], wanted[PORTS_MAX];
	size_t n_ours = take_ports(&data, &size, true, ours), n_theirs = take_ports(&data, &size, false, theirs);
	const char *patch, *text = object_of(workload, ours, n_ours, arena);
	yyjson_val *desired = json_parse(arena, text, strlen(text)), *live, *after;

	for (size_t i = 0; i < n_theirs; i++) {
		const struct port *port = find(ours, n_ours, theirs[i].name);

		wanted[i] = port ? *port : theirs[i];
	}
	text = object_of(workload, theirs, n_theirs, arena);
	live = json_parse(arena, text, strlen(text));
	text = object_of(workload, wanted, n_theirs, arena);
	patch = drift_patch(desired, live, arena);
	after = patch ? patched(live, patch, arena) : live;
	must(yyjson_equals(after, json_parse(arena, text, strlen(text))));
	must(!drift_patch(desired, after, arena));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *text, *other;
	uint8_t switches;

	if (size == 0)
		return 0;
	switches = *data;
	data++, size--;
	if (switches & 1) {
		check_ports(data, size, switches & 2, arena);
		return 0;
	}
	text = take_text(&data, &size, arena);
	other = take_text(&data, &size, arena);
	if (text)
		check_any(text, other ? other : "", arena);
	return 0;
}
