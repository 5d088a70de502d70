/* SPDX-License-Identifier: MIT */
/*
 * Sites of instructions. Normally a site is one line and known before the program runs; when tracebacks of
 * several frames are asked for, it is looked up by the running instructions of the innermost calls.
 */
#include <stdlib.h>
#include <string.h>

#include "scenario/machine/machine.h"

struct site_entry {
	struct gcs_site *site;		/* NULL: empty */
	uint64_t hash;
	unsigned int nr;
	const struct vm_instr **path;	/* most recent first */
};

struct site_tree {
	struct site_entry *entries;
	size_t mask, used;
	const struct vm_instr **path;	/* of the look-up that is going on: room for the deepest stack */
	struct gcs_frame *frames;
	unsigned int room;
};

int vm_fill_sites(struct vm *vm, struct vm_code *out)
{
	const struct code *code = out->code;
	struct gcs_frame frame = {.file = code->filename, .function = code->qualname};
	struct gcs_site *site = NULL;

	for (uint32_t i = 0; i < code->nr_instrs; i++) {
		if (!site || code->lines[i] != frame.line) {
			frame.line = code->lines[i];
			site = gcs_site(vm->sim->heap, &frame, 1, 1);
			if (!site)
				return sim_no_memory(vm->sim);
		}
		out->instrs[i].site = site;
	}
	return 0;
}

/* --- the table ------------------------------------------------------------------------------------------- */

static uint64_t hash_path(const struct vm_instr *const *path, unsigned int nr)
{
	uint64_t hash = nr;

	for (unsigned int i = 0; i < nr; i++)
		hash = (hash ^ (uintptr_t)path[i]) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 32;
}

static struct site_entry *find_entry(struct site_tree *tree, uint64_t hash, unsigned int nr)
{
	for (size_t i = hash & tree->mask;; i = (i + 1) & tree->mask) {
		struct site_entry *entry = &tree->entries[i];

		if (!entry->site || (entry->hash == hash && entry->nr == nr &&
				memcmp(entry->path, tree->path, nr * sizeof(*tree->path)) == 0))
			return entry;
	}
}

static bool grow(struct sim *sim, struct site_tree *tree)
{
	size_t old_size = tree->entries ? tree->mask + 1 : 0, size = old_size ? 2 * old_size : 64;
	struct site_entry *old = tree->entries, *entries = sim_scratch_zeroed(sim, size, sizeof(*entries));

	if (!entries)
		return false;
	tree->entries = entries;
	tree->mask = size - 1;
	for (size_t i = 0; i < old_size; i++) {
		size_t at = old[i].hash & tree->mask;

		if (!old[i].site)
			continue;
		while (entries[at].site)
			at = (at + 1) & tree->mask;
		entries[at] = old[i];
	}
	sim_scratch_free(old);
	return true;
}

static struct site_tree *new_tree(struct sim *sim, unsigned int room)
{
	struct site_tree *tree = sim_scratch_zeroed(sim, 1, sizeof(*tree));

	if (!tree)
		return NULL;
	tree->room = room;
	tree->path = sim_scratch_zeroed(sim, room, sizeof(*tree->path));
	tree->frames = sim_scratch_zeroed(sim, room, sizeof(*tree->frames));
	if (tree->path && tree->frames && grow(sim, tree))
		return tree;
	sim_scratch_free(tree->path);
	sim_scratch_free(tree->frames);
	sim_scratch_free(tree);
	return NULL;
}

void vm_release_sites(struct vm *vm)
{
	struct site_tree *tree = vm->sites;

	vm->sites = NULL;
	if (!tree)
		return;
	for (size_t i = 0; i <= tree->mask; i++)
		sim_scratch_free(tree->entries[i].path);
	sim_scratch_free(tree->entries);
	sim_scratch_free(tree->path);
	sim_scratch_free(tree->frames);
	sim_scratch_free(tree);
}

/* --- look-up ---------------------------------------------------------------------------------------------- */

static struct gcs_site *make_site(struct vm *vm, struct vm_frame *frame, unsigned int nr)
{
	struct gcs_frame *out = vm->sites->frames;
	unsigned int total = 0;

	for (; frame; frame = frame->back, total++) {
		if (total >= nr)
			continue;
		out[total].file = frame->code->code->filename;
		out[total].line = frame_line(frame);
		out[total].function = frame->code->code->qualname;
	}
	return gcs_site(vm->sim->heap, out, nr, total);
}

static struct gcs_site *deep_site(struct vm *vm, struct vm_frame *frame)
{
	struct site_tree *tree = vm->sites;
	struct site_entry *entry;
	unsigned int nr = 0;
	uint64_t hash;

	for (struct vm_frame *f = frame; f && nr < tree->room; f = f->back)
		tree->path[nr++] = f->at;
	sim_charge_places(vm->sim, nr);
	hash = hash_path(tree->path, nr);
	entry = find_entry(tree, hash, nr);
	if (entry->site)
		return entry->site;
	if (tree->used * 2 > tree->mask) {
		if (!grow(vm->sim, tree))
			return NULL;
		entry = find_entry(tree, hash, nr);
	}
	entry->path = sim_scratch(vm->sim, NULL, nr, sizeof(*entry->path));
	if (!entry->path)
		return NULL;
	memcpy(entry->path, tree->path, nr * sizeof(*entry->path));
	entry->hash = hash;
	entry->nr = nr;
	entry->site = make_site(vm, frame, nr);
	if (entry->site) {
		tree->used++;
		return entry->site;
	}
	sim_scratch_free(entry->path);
	*entry = (struct site_entry){0};
	return NULL;
}

int vm_before_instruction(struct vm *vm, struct vm_frame *frame, struct vm_instr *instr)
{
	frame->at = instr;
	if (vm->site_frames > 1) {
		struct gcs_site *site = deep_site(vm, frame);

		if (!site)
			return sim_no_memory(vm->sim);
		instr->site = site;
	}
	return sim_charge(vm->sim, 1);
}

void vm_set_site_frames(struct sim *sim, unsigned int nr)
{
	struct vm *vm = vm_of(sim);
	unsigned int deepest = (unsigned int)sim->recursion_limit + 1;

	nr = nr < 1 ? 1 : nr > deepest ? deepest : nr;
	if (nr == vm->site_frames)
		return;
	vm_release_sites(vm);
	for (struct vm_code *code = vm->codes; code; code = code->next)
		vm_fill_sites(vm, code);
	vm->sites = nr > 1 ? new_tree(vm->sim, nr) : NULL;
	vm->site_frames = vm->sites ? nr : 1;
	vm_set_dispatch(vm);
}

unsigned int vm_site_frames(const struct sim *sim)
{
	return ((const struct vm *)sim->vm_state)->site_frames;
}
