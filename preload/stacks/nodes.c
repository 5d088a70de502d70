/* SPDX-License-Identifier: MIT */
/*
 * The tree of call stacks: nodes and their hash table.
 */
#include "stacks/nodes.h"

#include <errno.h>
#include <string.h>

#include "base/lock.h"
#include "base/options.h"
#include "stacks/moved.h"

#define BUSY UINT32_MAX			/* a slot that somebody is filling */
#define FIRST_SLOTS 1024u

struct hl_table hl_nodes = { HL_SECTION_NODES, 0, sizeof(struct hl_node), 9, { 0 } };

struct slot {
	uint64_t ip;
	uint32_t parent;
	uint32_t node;			/* 0: empty; published last */
};

/*
 * Behind the slots: the path hash of each, which only a larger table asks for.
 *
 * A table grows bit by bit, so that no event takes long for it: the larger one is there at once, and what the one
 * before has is moved by those who add nodes.  Until all is moved, what is not in the one is looked for in the other.
 */
struct index {
	uint64_t mask;
	uint64_t used;
	struct index *previous;		/* NULL: all of it is here */
	uint64_t nr_moved;		/* of its slots */
	struct slot slots[];
};

static struct index *current;
static struct hl_lock grow_lock = { .rank = HL_RANK_NODES };

static inline uint32_t *hashes_of(struct index *index)
{
	return (uint32_t *)&index->slots[index->mask + 1];
}

static size_t index_bytes(uint64_t nr_slots)
{
	return sizeof(struct index) + nr_slots * (sizeof(struct slot) + sizeof(uint32_t));
}

static struct index *begin_index(void *memory, uint64_t nr_slots)
{
	struct index *index = memory;

	if (index)
		index->mask = nr_slots - 1;
	return index;
}

static struct index *make_index(uint64_t nr_slots)
{
	return begin_index(hl_os_map_large(index_bytes(nr_slots)), nr_slots);
}

void hl_nodes_prefetch(uint32_t hash)
{
	struct index *index = __atomic_load_n(&current, __ATOMIC_ACQUIRE);

	__builtin_prefetch(&index->slots[hash & index->mask]);
}

static uint32_t lookup(struct index *index, uint64_t ip, uint32_t parent, uint32_t hash)
{
	for (uint64_t i = hash;; i++) {
		struct slot *slot = &index->slots[i & index->mask];
		uint32_t node = __atomic_load_n(&slot->node, __ATOMIC_ACQUIRE);

		if (node == 0)
			return 0;
		if (node == BUSY || slot->ip != ip || slot->parent != parent)
			continue;
		/* An outgrown table loses its pages, and a slot may be filled anew by then. */
		if (hl_likely(__atomic_load_n(&slot->node, __ATOMIC_ACQUIRE) == node))
			return node;
	}
}

static void insert(struct index *index, uint64_t ip, uint32_t parent, uint32_t hash, uint32_t node)
{
	for (uint64_t i = hash;; i++) {
		struct slot *slot = &index->slots[i & index->mask];
		uint32_t empty = 0;

		if (__atomic_load_n(&slot->node, __ATOMIC_RELAXED) != 0 ||
			!__atomic_compare_exchange_n(&slot->node, &empty, BUSY, false,
				__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			continue;
		slot->ip = ip;
		slot->parent = parent;
		hashes_of(index)[i & index->mask] = hash;
		__atomic_store_n(&slot->node, node, __ATOMIC_RELEASE);
		__atomic_fetch_add(&index->used, 1, __ATOMIC_RELAXED);
		return;
	}
}

/* Within --max-memory?  A table that may not grow fills up, and further stacks are folded. */
static bool may_grow(const struct index *old)
{
	uint64_t more = index_bytes(2 * (old->mask + 1));

	return hl_options.max_memory == 0 ||
		hl_globals->file_bytes + hl_os_mapped_bytes() + more <= hl_options.max_memory;
}

/* Readers may still be in there, so its range stays, but not its pages. */
static void discard(struct index *old)
{
	if (old->mask >= FIRST_SLOTS)
		hl_os_forget((char *)old + 4096, index_bytes(old->mask + 1) - 4096);
}

/* What others add to the old table meanwhile is forgotten, which costs a double node at worst. */
static void move_slots(struct index *index, uint64_t most)
{
	struct index *old = index->previous;

	for (; most > 0 && index->nr_moved <= old->mask; most--, index->nr_moved++) {
		struct slot *slot = &old->slots[index->nr_moved];
		uint32_t node = __atomic_load_n(&slot->node, __ATOMIC_ACQUIRE);

		if (node != 0 && node != BUSY)
			insert(index, slot->ip, slot->parent, hashes_of(old)[index->nr_moved], node);
	}
	if (index->nr_moved <= old->mask)
		return;
	__atomic_store_n(&index->previous, NULL, __ATOMIC_RELEASE);
	discard(old);
}

/* So many slots are moved for so many new nodes: all, before a table that doubles is half full again. */
#define MOVE_SLOTS 512u
#define MOVE_EVERY 32u

static bool is_to_be_tended(const struct index *index, uint32_t new_node)
{
	return index->used > index->mask / 2 || (index->previous && new_node % MOVE_EVERY == 0);
}

/*
 * With its pages, which are all needed soon: a huge one may take the kernel some milliseconds, and then the next to
 * store there would have to wait.  Without huge ones where the wait would be a real-time thread's.
 */
static void begin_larger(struct index *index, bool real_time)
{
	uint64_t nr_slots = 2 * (index->mask + 1);
	struct index *larger = NULL;

	if (may_grow(index))
		larger = real_time ? begin_index(hl_os_map(index_bytes(nr_slots)), nr_slots) : make_index(nr_slots);
	if (!larger)
		return;
	if (!real_time && index_bytes(nr_slots) >= HL_HUGE_PAGE)
		hl_os_populate(larger, index_bytes(nr_slots));
	larger->previous = index;
	__atomic_store_n(&current, larger, __ATOMIC_RELEASE);
}

/* A table twice as large, or a part of the way there; nobody waits for it who need not. */
static void tend(struct index *index)
{
	bool urgent = index->used > index->mask / 8 * 5;
	bool real_time = !index->previous && hl_os_is_real_time();
	uint64_t saved;

	/* If there are other threads, one of them has the time. */
	if (real_time && !urgent)
		return;
	if (urgent)
		hl_lock_take(&grow_lock, &saved);
	else if (!hl_lock_try(&grow_lock, &saved))
		return;
	if (current == index && index->previous) {
		move_slots(index, urgent ? UINT64_MAX : MOVE_SLOTS);
	} else if (current == index) {
		begin_larger(index, real_time);
	}
	hl_lock_drop(&grow_lock, &saved);
}

static uint32_t add_node(uint64_t ip, uint32_t parent, uint32_t hash)
{
	struct index *index = __atomic_load_n(&current, __ATOMIC_ACQUIRE);
	struct hl_node *node;
	uint32_t id = 0;

	/* A stack that cannot be found again must not be added time after time. */
	if (index->used < index->mask / 4 * 3)
		id = (uint32_t)hl_table_next(&hl_globals->nr_nodes, &hl_nodes, BUSY);
	if (id == 0)
		return 0;
	node = hl_table_find(&hl_nodes, id);
	node->parent = parent;
	__atomic_store_n(&node->ip, ip, __ATOMIC_RELEASE);
	insert(index, ip, parent, hash, id);
	if (is_to_be_tended(index, id))
		tend(index);
	return id;
}

/* Not in the table, but perhaps still in the one before. */
static __attribute__((noinline)) uint32_t find_or_add(uint64_t ip, uint32_t parent, uint32_t hash)
{
	struct index *index = __atomic_load_n(&current, __ATOMIC_ACQUIRE);
	struct index *previous = __atomic_load_n(&index->previous, __ATOMIC_ACQUIRE);
	uint32_t child = previous ? lookup(previous, ip, parent, hash) : 0;

	return child != 0 ? child : add_node(ip, parent, hash);
}

uint32_t hl_nodes_child(uint32_t parent, uintptr_t address, uint32_t hash)
{
	uint64_t ip = hl_moved_recorded(address);
	uint32_t child = lookup(__atomic_load_n(&current, __ATOMIC_ACQUIRE), ip, parent, hash);

	return hl_likely(child != 0) ? child : find_or_add(ip, parent, hash);
}

void hl_nodes_refused(void)
{
	__atomic_fetch_add(&hl_globals->refused_stacks, 1, __ATOMIC_RELAXED);
}

uint32_t hl_nodes_of(uint32_t outer, const uintptr_t *ips, size_t nr_ips)
{
	uint32_t node = outer, hash = outer;

	for (size_t i = nr_ips; i-- > 0;) {
		uint32_t child;

		hash = hl_path_hash(hash, hl_moved_recorded(ips[i]));
		child = hl_nodes_child(node, ips[i], hash);
		if (hl_unlikely(child == 0)) {
			hl_nodes_refused();
			return node == outer ? HL_NODE_UNATTRIBUTED : node;
		}
		node = child;
	}
	return node;
}

void hl_nodes_forget(void)
{
	struct index *index = make_index(FIRST_SLOTS);
	uint64_t saved;

	hl_lock_take(&grow_lock, &saved);
	if (index) {
		struct index *old = __atomic_exchange_n(&current, index, __ATOMIC_ACQ_REL);

		if (old->previous)
			discard(old->previous);
		discard(old);
	}
	hl_lock_drop(&grow_lock, &saved);
}

uintptr_t hl_nodes_outermost(uint32_t node)
{
	uintptr_t ip = 0;

	while (node >= HL_NR_RESERVED_NODES) {
		const struct hl_node *record = hl_table_find(&hl_nodes, node);

		ip = record->ip;
		node = record->parent;
	}
	return hl_moved_in_memory(ip);
}

size_t hl_nodes_frames(uint32_t node, uintptr_t *ips, size_t room)
{
	size_t n = 0;

	while (node >= HL_NR_RESERVED_NODES) {
		const struct hl_node *record = hl_table_find(&hl_nodes, node);

		if (n < room)
			ips[n] = hl_moved_in_memory(record->ip);
		n++;
		node = record->parent;
	}
	return n;
}

uint64_t hl_nodes_nr(void)
{
	return __atomic_load_n(&hl_globals->nr_nodes, __ATOMIC_RELAXED);
}

int hl_nodes_open(void)
{
	if (!current)
		current = make_index(FIRST_SLOTS);
	if (!current || !hl_table_make(&hl_nodes, 0))
		return -ENOMEM;
	hl_globals->nr_nodes = HL_NR_RESERVED_NODES;
	return 0;
}

void hl_nodes_abandon(void)
{
	hl_table_reset(&hl_nodes);
	hl_lock_reset(&grow_lock);
	if (current && current->previous)
		hl_os_map_over(current->previous, index_bytes(current->previous->mask + 1));
	if (current)
		hl_os_map_over(current, index_bytes(current->mask + 1));
	current = NULL;
}
