// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A kind is a method and a status in one number. The first thread that meets a kind takes the next free place for it; places are never given
// back, so nobody needs a lock.

#include "kube/traffic.h"

#include <string.h>

#define STATUS_BITS 16
#define STATUS_MASK ((UINT32_C(1) << STATUS_BITS) - 1)

static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
#define METHODS (sizeof(methods) / sizeof(methods[0]))

static uint32_t kind_of(const char *method, int status)
{
	size_t i = 0;

	while (i < METHODS && strcmp(methods[i], method) != 0)
		i++;
	return i < METHODS ? (uint32_t)(i + 1) << STATUS_BITS | ((uint32_t)status & STATUS_MASK) : 0;
}

static void add(struct traffic *traffic, uint32_t kind, uint64_t n)
{
	for (size_t i = 0; i < TRAFFIC_KINDS && kind; i++) {
		uint32_t there = 0;

		if (atomic_compare_exchange_strong(&traffic->counts[i].kind, &there, kind) || there == kind) {
			atomic_fetch_add(&traffic->counts[i].n, n);
			return;
		}
	}
}

void traffic_count(struct traffic *traffic, const char *method, int status)
{
	add(traffic, kind_of(method, status), 1);
}

void traffic_add(struct traffic *traffic, const struct traffic *other)
{
	for (size_t i = 0; i < TRAFFIC_KINDS; i++)
		add(traffic, atomic_load(&other->counts[i].kind), atomic_load(&other->counts[i].n));
}

bool traffic_get(const struct traffic *traffic, size_t i, struct traffic_count *ret)
{
	uint32_t kind = i < TRAFFIC_KINDS ? atomic_load(&traffic->counts[i].kind) : 0;

	if (!kind)
		return false;
	*ret = (struct traffic_count){
		.method = methods[(kind >> STATUS_BITS) - 1], .status = (int)(kind & STATUS_MASK), .n = atomic_load(&traffic->counts[i].n)};
	return true;
}
