/* SPDX-License-Identifier: MIT */
/*
 * What libgmp's numbers may cost: memory of the heap's, and steps.
 *
 * libgmp calls abort() where an allocation fails, and wants no error from the functions that it is told to call
 * instead of malloc(). The only other way out is a jump.
 */
#include "int.h"

#include <math.h>
#include <setjmp.h>
#include <stddef.h>

struct block {
	struct block *previous, *next;
	size_t bytes;			/* with this head */
	_Alignas(max_align_t) char data[];
};

/* One call of sim_int_compute(); an inner one may run in a finalizer. */
struct computation {
	struct computation *outer;
	struct sim *sim;
	struct block *blocks;
	jmp_buf on_failure;
};

static _Thread_local struct computation *current;

static struct block *block_of(void *data)
{
	return (struct block *)((char *)data - offsetof(struct block, data));
}

static void link_block(struct computation *c, struct block *block)
{
	block->previous = NULL;
	block->next = c->blocks;
	if (block->next)
		block->next->previous = block;
	c->blocks = block;
}

static void unlink_block(struct computation *c, struct block *block)
{
	if (block->previous)
		block->previous->next = block->next;
	else
		c->blocks = block->next;
	if (block->next)
		block->next->previous = block->previous;
}

/* Does not come back where there is no memory: the old block, if any, is in the list. */
static void *take(struct block *old, size_t bytes)
{
	struct computation *c = current;
	struct block *block;

	if (old)
		unlink_block(c, old);
	bytes += sizeof(*block);
	block = gcs_mem_resize(c->sim->heap, old, old ? old->bytes : 0, bytes);
	if (!block) {
		if (old)
			link_block(c, old);
		longjmp(c->on_failure, 1);
	}
	block->bytes = bytes;
	link_block(c, block);
	return block->data;
}

static void *allocate(size_t bytes)
{
	return take(NULL, bytes);
}

static void *reallocate(void *data, size_t old_bytes, size_t bytes)
{
	(void)old_bytes;
	return take(block_of(data), bytes);
}

static void release(void *data, size_t bytes)
{
	struct block *block = block_of(data);

	(void)bytes;
	unlink_block(current, block);
	gcs_mem_free(current->sim->heap, block, block->bytes);
}

void sim_int_memory_start(void)
{
	mp_set_memory_functions(allocate, reallocate, release);
}

static void leave(struct computation *c)
{
	struct block *next;

	for (struct block *block = c->blocks; block; block = next) {
		next = block->next;
		gcs_mem_free(c->sim->heap, block, block->bytes);
	}
	current = c->outer;
}

int sim_int_compute(struct sim *sim, int (*compute)(struct sim *sim, void *arg), void *arg)
{
	struct computation c = {.outer = current, .sim = sim};
	int result;

	if (setjmp(c.on_failure)) {
		leave(&c);
		return sim_no_memory(sim);
	}
	current = &c;
	result = compute(sim, arg);
	leave(&c);
	return result;
}

int sim_int_check_bits(struct sim *sim, double bits)
{
	if (bits > (double)SIM_INT_BITS)
		return sim_check_array(sim, (uint64_t)1 << 60, 1);
	return sim_check_array(sim, (uint64_t)(bits / 8), 1);
}

/* Between the square of schoolbooks and what a Fourier transform takes, for the longer one in pieces of the shorter. */
int sim_int_charge_product(struct sim *sim, size_t nr_a, size_t nr_b)
{
	size_t most = nr_a > nr_b ? nr_a : nr_b, least = nr_a > nr_b ? nr_b : nr_a;

	return sim_charge(sim, (uint64_t)((double)most * sqrt((double)least) / 4));
}

int sim_int_charge(struct sim *sim, const struct gcs_object *number)
{
	int32_t nr = sim_as_int(number)->nr;

	return sim_charge_places(sim, nr < 0 ? -(int64_t)nr : nr);
}
