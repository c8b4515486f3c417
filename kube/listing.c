// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/listing.h"

#include <string.h>

#define ITEM_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define HEAD_MAX_BYTES ((size_t)256 * 1024)
#define ITEMS_KEY "\"items\""
// The depth of the items: in the answer's object, in the list.
#define ITEMS_DEPTH 2U

void listing_init(struct listing *listing, bool secret)
{
	*listing = (struct listing){.item = BUF_INIT(ITEM_MAX_BYTES), .head = BUF_INIT(HEAD_MAX_BYTES)};
	listing->item.secret = listing->head.secret = secret;
}

void listing_deinit(struct listing *listing)
{
	buf_release(&listing->item);
	buf_release(&listing->head);
}

void listing_begin(struct listing *listing)
{
	listing_deinit(listing);
	listing->depth = 0;
	listing->in_items = listing->in_string = listing->escaped = false;
}

static size_t without_space(const struct buf *buf, size_t len)
{
	while (len > 0 && memchr(" \t\r\n", buf->data[len - 1], 4))
		len--;
	return len;
}

// Whether the text so far ends with the key of the items and a colon.
static bool is_at_items(const struct listing *listing)
{
	size_t len = without_space(&listing->head, listing->head.len), key = strlen(ITEMS_KEY);

	if (listing->depth != ITEMS_DEPTH - 1 || len == 0 || listing->head.data[len - 1] != ':')
		return false;
	len = without_space(&listing->head, len - 1);
	return len > key && memcmp(listing->head.data + len - key, ITEMS_KEY, key) == 0 && listing->head.data[len - key - 1] != '\\';
}

static bool is_between(const struct listing *listing)
{
	return listing->in_items && listing->depth == ITEMS_DEPTH;
}

// How many bytes at data are plain: inside a string, or neither quotes nor brackets. 0 when the first byte is not.
static size_t plain_length(const struct listing *listing, const char *data, size_t len)
{
	size_t n = 0;

	if (listing->in_string) {
		while (n < len && data[n] != '"' && data[n] != '\\')
			n++;
		return n;
	}
	while (n < len && data[n] != '"' && data[n] != '{' && data[n] != '}' && data[n] != '[' && data[n] != ']')
		n++;
	return n;
}

static void keep(struct listing *listing, const char *data, size_t len)
{
	struct buf *buf = listing->in_items && listing->depth > ITEMS_DEPTH ? &listing->item : &listing->head;

	// Commas, spaces and anything that is no object stand between the items: leaves them out, so that the list becomes empty.
	if (!is_between(listing) || (*data == ']' && !listing->in_string))
		buf_append(buf, data, len);
}

// A quote, a backslash within a string, or a bracket.
static void step(struct listing *listing, const char *data)
{
	if (listing->in_string) {
		listing->escaped = *data == '\\';
		keep(listing, data, 1);
		listing->in_string = *data != '"';
	} else if (*data == '"') {
		listing->in_string = true;
		keep(listing, data, 1);
	} else if (*data == '{' || *data == '[') {
		bool items = *data == '[' && is_at_items(listing);

		listing->depth += !items;
		keep(listing, data, 1);
		listing->depth += items;
		listing->in_items = listing->in_items || items;
	} else {
		keep(listing, data, 1);
		listing->in_items = listing->in_items && listing->depth > ITEMS_DEPTH;
		listing->depth -= listing->depth > 0;
	}
}

static size_t advance(struct listing *listing, const char *data, size_t len)
{
	size_t n = plain_length(listing, data, len);

	if (listing->escaped) {
		listing->escaped = false;
		n = 1;
	}
	if (n > 0)
		keep(listing, data, n);
	else
		step(listing, data);
	return n > 0 ? n : 1;
}

int listing_feed(struct listing *listing, const char *data, size_t len, int (*on_item)(void *user, struct buf *item, struct err *err),
		 void *user, struct err *err)
{
	while (len > 0) {
		size_t n = advance(listing, data, len);

		data += n;
		len -= n;
		if (listing->item.overflow || listing->head.overflow)
			return err_set(err, ERR_TOO_LARGE, "an object of a list is larger than %zu bytes", ITEM_MAX_BYTES);
		if (listing->item.len && is_between(listing)) {
			int r = on_item(user, &listing->item, err);

			buf_clear(&listing->item);
			if (r < 0)
				return r;
		}
	}
	return 0;
}
