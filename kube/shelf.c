// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A page holds pieces of one size, a multiple of the grain. Those given back form a list in the page itself; a page that holds none goes back to the
// system. Pages come from regions that are mapped sixteen pages at a time, so that they lie together. A page finds its head at its start.
//
// Under the address sanitizer every piece is the heap's, so that it sees each use of a piece that was given back.

#include "kube/shelf.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/must.h"

#define PAGE ((size_t)4096)
#define REGION_PAGES 16
#define ALL_FREE ((uint16_t)0xffff)
#define GRAIN ((size_t)32)
#define LARGEST ((size_t)1024)
#define SIZES (LARGEST / GRAIN + 1)

#ifdef __SANITIZE_ADDRESS__
#define OF_THE_HEAP true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OF_THE_HEAP true
#endif
#endif
#ifndef OF_THE_HEAP
#define OF_THE_HEAP false
#endif

struct region {
	struct region *next;
	char *pages;
	uint16_t free; // a bit a page
};

struct piece {
	struct piece *next;
};

struct page {
	struct page *next, *previous; // in the list of those of its size that have room; NULL in a page that is full
	struct region *region;
	struct piece *given_back;
	uint16_t grains; // of one piece
	uint16_t used;	 // pieces
	uint16_t fresh;	 // bytes of the page that were never taken begin here
	alignas(max_align_t) char pieces[];
};

struct shelf {
	struct page *open[SIZES]; // by grains
	struct region *regions;
	size_t n_pages;
};

struct shelf *shelf_new(void)
{
	return must(calloc(1, sizeof(struct shelf)));
}

void shelf_free(struct shelf *shelf)
{
	struct region *next;

	if (!shelf)
		return;
	assert(shelf->n_pages == 0);
	for (struct region *region = shelf->regions; region; region = next) {
		next = region->next;
		(void)munmap(region->pages, PAGE * REGION_PAGES);
		free(region);
	}
	free(shelf);
}

static struct region *region_with_room(struct shelf *shelf)
{
	struct region *region = shelf->regions;
	void *pages;

	while (region && !region->free)
		region = region->next;
	if (region)
		return region;
	region = must(malloc(sizeof(*region)));
	pages = mmap(NULL, PAGE * REGION_PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*region = (struct region){.next = shelf->regions, .pages = must(pages == MAP_FAILED ? NULL : pages), .free = ALL_FREE};
	return shelf->regions = region;
}

static void open_page(struct shelf *shelf, struct page *page)
{
	struct page **first = &shelf->open[page->grains];

	page->previous = NULL;
	page->next = *first;
	if (*first)
		(*first)->previous = page;
	*first = page;
}

static void close_page(struct shelf *shelf, struct page *page)
{
	if (page->previous)
		page->previous->next = page->next;
	else
		shelf->open[page->grains] = page->next;
	if (page->next)
		page->next->previous = page->previous;
	page->next = page->previous = NULL;
}

static struct page *page_new(struct shelf *shelf, size_t grains)
{
	struct region *region = region_with_room(shelf);
	int place = __builtin_ctz(region->free);
	struct page *page = (struct page *)(void *)(region->pages + (size_t)place * PAGE);

	region->free &= (uint16_t) ~(1U << place);
	*page = (struct page){.region = region, .grains = (uint16_t)grains, .fresh = sizeof(*page)};
	shelf->n_pages++;
	open_page(shelf, page);
	return page;
}

// A region stays: the next page lies in it.
static void page_drop(struct shelf *shelf, struct page *page)
{
	struct region *region = page->region;
	size_t place = (size_t)((char *)page - region->pages) / PAGE;

	close_page(shelf, page);
	region->free |= (uint16_t)(1U << place);
	shelf->n_pages--;
	(void)madvise(page, PAGE, MADV_DONTNEED);
}

static size_t piece_size(const struct page *page)
{
	return page->grains * GRAIN;
}

static bool is_full(const struct page *page)
{
	return !page->given_back && page->fresh + piece_size(page) > PAGE;
}

static bool is_heaps(const struct shelf *shelf, size_t size)
{
	return OF_THE_HEAP || !shelf || size > LARGEST;
}

void *shelf_take(struct shelf *shelf, size_t size)
{
	size_t grains = (size + GRAIN - 1) / GRAIN;
	struct page *page;
	void *p;

	assert(size > 0);
	if (is_heaps(shelf, size))
		return must(malloc(size));
	page = shelf->open[grains] ? shelf->open[grains] : page_new(shelf, grains);
	p = page->given_back;
	if (p) {
		page->given_back = page->given_back->next;
	} else {
		p = (char *)page + page->fresh;
		page->fresh += (uint16_t)piece_size(page);
	}
	page->used++;
	if (is_full(page))
		close_page(shelf, page);
	return p;
}

void shelf_give(struct shelf *shelf, void *p, size_t size)
{
	struct page *page = (struct page *)((uintptr_t)p & ~(uintptr_t)(PAGE - 1));
	struct piece *piece = p;
	bool was_full;

	if (!p || is_heaps(shelf, size)) {
		free(p);
		return;
	}
	assert(page->grains == (size + GRAIN - 1) / GRAIN && page->used > 0);
	was_full = is_full(page);
	piece->next = page->given_back;
	page->given_back = piece;
	page->used--;
	if (was_full)
		open_page(shelf, page);
	if (!page->used)
		page_drop(shelf, page);
}

size_t shelf_held(const struct shelf *shelf)
{
	return shelf ? shelf->n_pages * PAGE : 0;
}
