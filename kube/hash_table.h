// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A hash table of links that lie inside its members. The user gives each member a hash, walks the bucket and compares. A table is all zero at
// first; it owns its buckets, and its members only in hash_table_release(). One thread at a time.

#include <stddef.h>
#include <stdint.h>

struct hash_link {
	struct hash_link *next;
	uint32_t hash;
};

struct hash_table {
	struct hash_link **buckets;
	size_t size; // a power of two, or 0
	size_t n;
};

uint32_t hash_of_key(const char *key);

// The bucket of a hash. An empty table (size 0) has none: do not ask it.
struct hash_link **hash_table_bucket(const struct hash_table *table, uint32_t hash);

void hash_table_add(struct hash_table *table, struct hash_link *link);

// place is the pointer that leads to the link: in a bucket, or another link's next.
void hash_table_remove(struct hash_table *table, struct hash_link **place);

// Gives away the members, one by one, and frees the buckets.
void hash_table_release(struct hash_table *table, void (*give)(void *user, struct hash_link *link), void *user);
