/* SPDX-License-Identifier: MIT */
/* The blocks of a running program, and the pages that they lie on. */
#include "snapshot/pages-walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/address-map.h"
#include "snapshot/snapshot.h"

#define LEAF_BYTES (UINT64_C(1) << HL_SHADOW_LEAF_SHIFT)
#define LEAF_PAGES (LEAF_BYTES / HL_PAGE_BYTES)
#define SLOT_BYTES (1u << HL_SHADOW_SLOT_SHIFT)
/* Slots of slop at the end of a leaf. */
#define SLOP 4u

struct block {
	uint64_t address;
	uint64_t slack;
	uint32_t site;
	bool is_aside;			/* slack is not known */
};

/* What lies on the page that is being filled. */
struct part {
	uint64_t bytes;
	struct hl_pages_site *site;
};

struct walking {
	struct hl_pages_walk *w;
	uint64_t *table;		/* the root, and ... */
	uint64_t *leaves;		/* ... a middle table */
	uint32_t *slots;		/* a leaf */
	struct block *blocks;		/* those of the leaf */
	size_t nr_blocks;
	uint8_t *heads;			/* the leaf's own memory and the page before it, where heads are */
	bool has_head[LEAF_PAGES + 1];
	uint64_t page;			/* the number of the page that is being filled */
	struct part parts[HL_PAGE_BYTES / 8];
	size_t nr_parts;
	size_t mapping;			/* where it lies */
	size_t around;			/* the mapping of the block that is looked at */
	uint64_t end;			/* of the block before it */
};

static struct hl_pages_site *site_of(struct hl_pages_walk *w, uint32_t site)
{
	if (site < w->site_base + HL_NR_RESERVED_SITES || site - w->site_base >= w->nr_sites)
		return &w->strangers;
	return &w->sites[site - w->site_base];
}

/* ---- Pages ---- */

static void count_page(struct walking *k, uint64_t address)
{
	size_t nr;
	const struct hl_mapping *mappings = hl_process_memory_mappings(k->w->memory, &nr);

	while (k->mapping < nr && mappings[k->mapping].end <= address)
		k->mapping++;
	if (k->mapping < nr && mappings[k->mapping].start <= address)
		k->w->block_pages[k->mapping]++;
}

/* The rest of the page goes to those that keep it, to the byte. */
static void share_out(struct walking *k, uint64_t used)
{
	uint64_t rest = used < HL_PAGE_BYTES ? HL_PAGE_BYTES - used : 0;
	uint64_t left = rest;

	for (size_t i = 0; i < k->nr_parts; i++) {
		uint64_t share = used ? rest * k->parts[i].bytes / used : rest / k->nr_parts;

		k->parts[i].site->beside_bytes += share;
		left -= share;
	}
	k->parts[0].site->beside_bytes += left;
}

static void finish_page(struct walking *k)
{
	uint64_t address = k->page * HL_PAGE_BYTES;
	enum hl_page_state state;
	uint64_t used = 0;

	if (!k->nr_parts)
		return;
	state = hl_process_memory_page(k->w->memory, address);
	for (size_t i = 0; i < k->nr_parts; i++) {
		struct hl_pages_site *site = k->parts[i].site;

		used += k->parts[i].bytes;
		if (state == HL_PAGE_RESIDENT)
			site->resident_bytes += k->parts[i].bytes;
		else if (state == HL_PAGE_SWAPPED)
			site->swapped_bytes += k->parts[i].bytes;
		else
			site->untouched_bytes += k->parts[i].bytes;
	}
	if (state == HL_PAGE_RESIDENT) {
		share_out(k, used);
		count_page(k, address);
	}
	k->nr_parts = 0;
}

/* A block of no bytes keeps its page, too. */
static void add_block(struct walking *k, uint64_t address, uint64_t size, struct hl_pages_site *site)
{
	uint64_t end = address + size;

	site->nr_blocks++;
	do {
		uint64_t page = address / HL_PAGE_BYTES;
		uint64_t next = (page + 1) * HL_PAGE_BYTES;
		uint64_t bytes = (end < next ? end : next) - address;

		if (page != k->page)
			finish_page(k);
		k->page = page;
		if (k->nr_parts < sizeof(k->parts) / sizeof(k->parts[0]))
			k->parts[k->nr_parts++] = (struct part){bytes, site};
		address = next;
	} while (address < end);
}

/* ---- Blocks ---- */

/* Slots in order; those that hold an escaped slack are no blocks. */
static void find_blocks(struct walking *k, uint64_t start)
{
	k->nr_blocks = 0;
	for (size_t i = 0; i < HL_SHADOW_SLOTS; i++) {
		uint32_t slot = k->slots[i];
		uint32_t low = slot & HL_SHADOW_ASIDE;
		struct block *block = &k->blocks[k->nr_blocks];

		if (!slot)
			continue;
		k->nr_blocks++;
		*block = (struct block){start + i * SLOT_BYTES, low, slot >> HL_SHADOW_SLACK_BITS,
			low == HL_SHADOW_ASIDE};
		if (low != HL_SHADOW_ESCAPE)
			continue;
		block->slack = k->slots[i + 1];
		i++;
		if (block->slack == UINT32_MAX) {
			block->slack = k->slots[i + 1] | (uint64_t)k->slots[i + 2] << 32;
			i += 2;
		}
	}
}

/* A word of the program's, from what was read around the leaf at @start; 0: it was not. */
static uint64_t word_at(const struct walking *k, uint64_t start, uint64_t address)
{
	uint64_t offset = address - (start - HL_PAGE_BYTES);
	uint64_t word;

	if (offset / HL_PAGE_BYTES > LEAF_PAGES || !k->has_head[offset / HL_PAGE_BYTES])
		return 0;
	memcpy(&word, k->heads + offset, sizeof(word));
	return word;
}

/* The pages with the words before all blocks, as far as they are resident. */
static int read_heads(struct walking *k, uint64_t start)
{
	uint64_t from = start - HL_PAGE_BYTES;
	int rc = 0;

	memset(k->has_head, 0, sizeof(k->has_head));
	for (size_t i = 0; i < k->nr_blocks; i++) {
		uint64_t offset = k->blocks[i].address - 8 - from;

		k->has_head[offset / HL_PAGE_BYTES] = true;
		k->has_head[(offset + 16) / HL_PAGE_BYTES] = true;
	}
	for (size_t i = 0; !rc && i <= LEAF_PAGES; i++) {
		size_t n = 0;

		while (i + n <= LEAF_PAGES && k->has_head[i + n])
			n++;
		if (n)
			rc = hl_process_memory_read(k->w->memory, from + i * HL_PAGE_BYTES,
				k->heads + i * HL_PAGE_BYTES, n * HL_PAGE_BYTES);
		i += n;
	}
	return rc;
}

/* What malloc_usable_size() says of the block with this head; 0: it is none. */
static uint64_t usable_of(uint64_t head)
{
	uint64_t chunk = head & ~HL_HEAD_FLAGS;
	uint64_t taken = head & HL_HEAD_MAPPED ? 16 : 8;

	return chunk >= 32 && chunk % 16 == 0 ? chunk - taken : 0;
}

/* Where the mappings around @address end, and no block goes on; 0: there is none.  Addresses go up. */
static uint64_t end_of_mappings(struct walking *k, uint64_t address)
{
	size_t nr;
	const struct hl_mapping *mappings = hl_process_memory_mappings(k->w->memory, &nr);

	while (k->around < nr && mappings[k->around].end <= address)
		k->around++;
	return k->around < nr && mappings[k->around].start <= address ? mappings[k->around].run_end : 0;
}

/* A block that is a mapping of its own has whole pages; before its head stands what was cut off for alignment. */
static bool has_whole_pages(const struct walking *k, uint64_t start, uint64_t address, uint64_t head)
{
	uint64_t cut = word_at(k, start, address - 16);

	return (address - 16 - cut) % HL_PAGE_BYTES == 0 && ((head & ~HL_HEAD_FLAGS) + cut) % HL_PAGE_BYTES == 0;
}

/* A place at which a block may be. */
struct candidate {
	uint64_t address;
	uint64_t usable;
	unsigned int score;		/* 0: it is not there */
};

/* What speaks for the chunk before this one, which is free: its head says the same size as the word at its end. */
static unsigned int score_of_free(const struct walking *k, uint64_t start, uint64_t address)
{
	uint64_t size = word_at(k, start, address - 16);
	uint64_t head;

	if (size < 32 || size % 16 || size > address)
		return 0;
	head = word_at(k, start, address - 8 - size);
	return !head ? 1 : (head & ~HL_HEAD_FLAGS) == size ? 5 : 0;
}

/*
 * A block's head fits its slack, its mapping, and what is before and behind it: it begins where the block before it
 * ends or later, ends before the next one, and is followed by the head of a chunk that says that this one is in use.
 * Of two places where that could be so by chance the one counts for which more speaks.
 */
static struct candidate look_at(struct walking *k, uint64_t start, const struct block *block, uint64_t address,
		uint64_t next)
{
	uint64_t head = word_at(k, start, address - 8);
	uint64_t end = end_of_mappings(k, address);
	struct candidate c = {.address = address, .usable = usable_of(head)};
	uint64_t following;

	if (!c.usable || (!block->is_aside && block->slack > c.usable) || !end || c.usable > end - address ||
			address - 8 < k->end)
		return c;
	if (head & HL_HEAD_MAPPED) {
		c.score = has_whole_pages(k, start, address, head) ? 7 : 0;
		return c;
	}
	following = word_at(k, start, address + c.usable);
	if ((next && address + c.usable > next + 16) ||
			(following && (!(following & HL_HEAD_IN_USE) || !usable_of(following))))
		return c;
	c.score = head & HL_HEAD_IN_USE ? 1 : score_of_free(k, start, address);
	if (c.score)
		c.score += (following ? 2 : 0) + (address - 8 == k->end ? 4 : 0);
	return c;
}

/* Blocks are aligned to 16: one begins where its slot does, or 16 bytes behind. */
static void place(struct walking *k, uint64_t start, const struct block *block, uint64_t next)
{
	struct hl_pages_site *site = site_of(k->w, block->site);
	struct candidate c = look_at(k, start, block, block->address, next);
	struct candidate behind = look_at(k, start, block, block->address + 16, next);
	uint64_t slack;

	if (behind.score > c.score)
		c = behind;
	if (!c.score || block->is_aside) {
		if (site != &k->w->strangers)
			k->w->nr_unread++;
		if (!c.score)
			c.usable = next && next - c.address < LEAF_BYTES ? next - c.address - 8 : SLOT_BYTES - 8;
	}
	slack = block->is_aside || block->slack > c.usable ? 0 : block->slack;
	site->slack_bytes += slack;
	k->end = c.address + c.usable;
	add_block(k, c.address, c.usable - slack, site);
}

static int walk_leaf(struct walking *k, uint64_t leaf, uint64_t start)
{
	int rc = hl_process_memory_read(k->w->memory, leaf, k->slots, (HL_SHADOW_SLOTS + SLOP) * sizeof(*k->slots));

	for (uint64_t at = 0; at < HL_SHADOW_SLOTS * sizeof(*k->slots); at += HL_PAGE_BYTES)
		if (hl_process_memory_page(k->w->memory, leaf + at) == HL_PAGE_RESIDENT)
			k->w->map_bytes += HL_PAGE_BYTES;
	if (rc)
		return rc;
	find_blocks(k, start);
	rc = k->nr_blocks ? read_heads(k, start) : 0;
	for (size_t i = 0; !rc && i < k->nr_blocks; i++)
		place(k, start, &k->blocks[i], i + 1 < k->nr_blocks ? k->blocks[i + 1].address : 0);
	return rc;
}

static int walk_leaves(struct walking *k, uint64_t middle, uint64_t start)
{
	int rc = hl_process_memory_read(k->w->memory, middle, k->leaves, HL_SHADOW_LEAVES * sizeof(*k->leaves));

	for (uint64_t i = 0; !rc && i < HL_SHADOW_LEAVES; i++)
		if (k->leaves[i])
			rc = walk_leaf(k, k->leaves[i], start + (i << HL_SHADOW_LEAF_SHIFT));
	return rc;
}

static int walk_all(struct walking *k)
{
	int rc = hl_process_memory_read(k->w->memory, k->w->root, k->table, HL_SHADOW_MIDDLES * sizeof(*k->table));

	for (uint64_t i = 0; !rc && i < HL_SHADOW_MIDDLES; i++)
		if (k->table[i])
			rc = walk_leaves(k, k->table[i], i << HL_SHADOW_MIDDLE_SHIFT);
	finish_page(k);
	return rc;
}

int hl_pages_walk(struct hl_pages_walk *walk, struct hl_error *err)
{
	struct walking *k = calloc(1, sizeof(*k));
	int rc = -ENOMEM;

	if (k) {
		k->w = walk;
		k->table = calloc(HL_SHADOW_MIDDLES, sizeof(*k->table));
		k->leaves = calloc(HL_SHADOW_LEAVES, sizeof(*k->leaves));
		k->slots = calloc(HL_SHADOW_SLOTS + SLOP, sizeof(*k->slots));
		k->blocks = calloc(HL_SHADOW_SLOTS + 1, sizeof(*k->blocks));
		/* A block may begin 16 bytes behind the last slot's address. */
		k->heads = calloc(LEAF_BYTES + 2 * HL_PAGE_BYTES, 1);
		if (k->table && k->leaves && k->slots && k->blocks && k->heads)
			rc = walk_all(k);
		free(k->table);
		free(k->leaves);
		free(k->slots);
		free(k->blocks);
		free(k->heads);
		free(k);
	}
	if (rc)
		hl_fail(err, -rc, HL_NO_OFFSET, rc == -ENOMEM ? "out of memory" :
			"its memory may not be read: that takes the rights to attach a debugger (root, or "
			"kernel.yama.ptrace_scope=0)");
	return rc;
}
