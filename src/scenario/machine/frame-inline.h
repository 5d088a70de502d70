/* SPDX-License-Identifier: MIT */
/* The making of frames, which every call of a function goes through. */
#ifndef HL_SCENARIO_FRAME_INLINE_H
#define HL_SCENARIO_FRAME_INLINE_H

#include "scenario/machine/machine.h"

/* A new chunk with room for so many bytes; false: no memory. */
bool frame_push_chunk(struct vm *vm, size_t bytes);
/* RecursionError: releases the frame. */
int frame_enter_refused(struct vm *vm, struct vm_frame *frame);

static inline size_t frame_bytes(const struct code *code)
{
	return sizeof(struct vm_frame) + (code->nr_slots + code->stack_size) * sizeof(struct gcs_object *);
}

/* frame_new() */
static inline struct vm_frame *frame_push(struct vm *vm, struct gcs_object *function)
{
	const struct sim_function *f = (const struct sim_function *)function;
	struct vm_code *code = vm_code_of(function);
	uint32_t nr_slots = code->code->nr_slots;
	size_t bytes = frame_bytes(code->code);
	struct vm_frame *frame;

	if ((size_t)(vm->frames_end - vm->frames_next) < bytes && !frame_push_chunk(vm, bytes)) {
		gcs_decref(function);
		return sim_no_memory_null(vm->sim);
	}
	frame = (struct vm_frame *)vm->frames_next;
	vm->frames_next += bytes;
	*frame = (struct vm_frame){
		.code = code,
		.at = code->instrs,
		.sp = frame->slots + nr_slots,
		.function = function,
		.globals = f->globals,
		.builtins = f->builtins,
		.owner = FRAME_ON_STACK,
	};
	for (uint32_t i = 0; i < nr_slots; i++)
		frame->slots[i] = NULL;
	return frame;
}

/* Makes it the running one: -1 and RecursionError, the frame is released then. */
static inline int frame_enter(struct vm *vm, struct vm_frame *frame)
{
	struct sim *sim = vm->sim;

	if (__builtin_expect(sim->depth >= sim->recursion_limit, 0))
		return frame_enter_refused(vm, frame);
	sim->depth++;
	frame->back = vm->frame;
	vm->frame = frame;
	return 0;
}

#endif
