// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "neo4j/conf_model.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

// The index of name, or the index where it belongs; *ret_found tells which.
static size_t find(const struct conf_model *model, const char *name, bool *ret_found)
{
	size_t low = 0, high = model->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(model->items[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = low < model->n && !strcmp(model->items[low].name, name);
	return low;
}

const struct conf_entry *conf_model_get(const struct conf_model *model, const char *name)
{
	bool found;
	size_t index = find(model, name, &found);

	return found ? &model->items[index] : NULL;
}

void conf_model_set(struct conf_model *model, const char *name, const char *value, const char *field)
{
	bool found;
	size_t index = find(model, name, &found);

	if (!found) {
		model->items = arena_grow(model->arena, model->items, model->n, &model->capacity);
		assert(index <= model->n && model->n < model->capacity);
		memmove(&model->items[index + 1], &model->items[index], (model->n - index) * sizeof(*model->items));
		model->n++;
	}
	model->items[index] = (struct conf_entry){.name = name, .value = value, .field = field};
}

void conf_model_remove(struct conf_model *model, const char *name)
{
	bool found;
	size_t index = find(model, name, &found);

	if (!found)
		return;
	model->n--;
	memmove(&model->items[index], &model->items[index + 1], (model->n - index) * sizeof(*model->items));
}

// The next item of a comma-separated list, without the spaces around it; moves *list past it.
static size_t next_item(const char **list, const char **ret_item)
{
	size_t len;

	*list += strspn(*list, ", ");
	*ret_item = *list;
	len = strcspn(*list, ",");
	*list += len;
	while (len && (*ret_item)[len - 1] == ' ')
		len--;
	return len;
}

static bool has_item(const char *list, const char *item, size_t len)
{
	const char *other;
	size_t other_len;

	while ((other_len = next_item(&list, &other)) > 0)
		if (other_len == len && !memcmp(other, item, len))
			return true;
	return false;
}

void conf_model_join(struct conf_model *model, const char *name, const char *list, const char *field)
{
	const struct conf_entry *entry = conf_model_get(model, name);
	const char *value = entry ? entry->value : "", *item;
	size_t len;

	while ((len = next_item(&list, &item)) > 0)
		if (!has_item(value, item, len))
			value = arena_printf(model->arena, "%s%s%.*s", value, *value ? "," : "", (int)len, item);
	conf_model_set(model, name, value, entry && entry->field ? entry->field : field);
}

// The number of a UTF-8 letter and its length; a byte that is no letter counts by itself.
static uint32_t letter_at(const char *text, size_t *ret_len)
{
	const unsigned char *c = (const unsigned char *)text;
	uint32_t number = c[0];
	size_t more = c[0] >= 0xf0 ? 3 : c[0] >= 0xe0 ? 2 : c[0] >= 0xc2 ? 1 : 0;

	*ret_len = 1;
	for (size_t i = 1; i <= more; i++)
		if ((c[i] & 0xc0) != 0x80)
			return c[0];
	for (size_t i = 1; i <= more; i++)
		number = (i == 1 ? number & (0x3fU >> more) : number) << 6 | (c[i] & 0x3fU);
	*ret_len = more + 1;
	return number;
}

// Writes letters beyond ASCII by their numbers: 5.26 reads the file as ISO-8859-1, later releases as UTF-8.
void conf_model_print_value(const char *value, struct buf *out)
{
	while (*value) {
		size_t len;
		uint32_t letter = letter_at(value, &len);

		if (letter < 0x80)
			buf_addc(out, *value);
		else if (letter < 0x10000)
			buf_addf(out, "\\u%04x", letter);
		else
			buf_addf(out, "\\u%04x\\u%04x", 0xd800 + ((letter - 0x10000) >> 10), 0xdc00 + (letter & 0x3ff));
		value += len;
	}
}

void conf_model_print(const struct conf_model *model, bool (*filter)(const char *name), struct buf *out)
{
	for (size_t i = 0; i < model->n; i++) {
		if (filter && !filter(model->items[i].name))
			continue;
		buf_add(out, model->items[i].name);
		buf_addc(out, '=');
		conf_model_print_value(model->items[i].value, out);
		buf_addc(out, '\n');
	}
}
