/* SPDX-License-Identifier: MIT */
/*
 * Frames: made on the machine's own stack of chunks, moved into a generator or a frame object when
 * they outlive their call, released in the order that CPython's are.
 */
#include <stdlib.h>
#include <string.h>

#include "scenario/machine/frame-inline.h"

/* A call takes a bump of a pointer; a chunk has room for a hundred ordinary ones. */
#define CHUNK_BYTES ((size_t)32 << 10)

struct frame_chunk {
	struct frame_chunk *previous;
	size_t bytes;			/* with this head */
	char *previous_next, *previous_end;
	char data[];
};

struct frame_object {
	struct gcs_object head;
	struct vm_frame *frame;		/* borrowed while the call runs, then owned; NULL: cleared */
	struct gcs_object *back;	/* frame object of the caller, once the call has ended */
};

/* --- the stack of chunks ----------------------------------------------------------------------------- */

bool frame_push_chunk(struct vm *vm, size_t bytes)
{
	size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
	struct frame_chunk *chunk = gcs_mem_resize(vm->sim->heap, NULL, 0, sizeof(*chunk) + size);

	if (!chunk)
		return false;
	chunk->bytes = sizeof(*chunk) + size;
	chunk->previous = vm->chunk;
	chunk->previous_next = vm->frames_next;
	chunk->previous_end = vm->frames_end;
	vm->chunk = chunk;
	vm->frames_next = chunk->data;
	vm->frames_end = chunk->data + size;
	return true;
}

static void pop_chunk(struct vm *vm)
{
	struct frame_chunk *chunk = vm->chunk;

	vm->chunk = chunk->previous;
	vm->frames_next = chunk->previous_next;
	vm->frames_end = chunk->previous_end;
	gcs_mem_free(vm->sim->heap, chunk, chunk->bytes);
}

/*
 * The first chunk stays: a call and its return at its edge would make and free the second one each time,
 * which is rare enough.
 */
static void give_back(struct vm *vm, struct vm_frame *frame)
{
	vm->frames_next = (char *)frame;
	if ((char *)frame == vm->chunk->data && vm->chunk->previous)
		pop_chunk(vm);
}

void frame_release_chunks(struct vm *vm)
{
	while (vm->chunk)
		pop_chunk(vm);
}

/* --- calls ----------------------------------------------------------------------------------------------- */

struct vm_frame *frame_new(struct vm *vm, struct gcs_object *function)
{
	return frame_push(vm, function);
}

int frame_enter_refused(struct vm *vm, struct vm_frame *frame)
{
	sim_enter(vm->sim, "");
	frame_drop(vm, frame);
	return -1;
}

/* --- release ---------------------------------------------------------------------------------------------- */

static void free_memory(struct vm *vm, struct vm_frame *frame)
{
	if (frame->owner == FRAME_ON_STACK)
		give_back(vm, frame);
	else
		gcs_mem_free(vm->sim->heap, frame, frame_bytes(frame->code->code));
}

/* Locals in slot order, then the stack, as CPython does. */
static void release_values(struct vm_frame *frame)
{
	for (struct gcs_object **slot = frame->slots; slot < frame->sp; slot++) {
		struct gcs_object *value = *slot;

		*slot = NULL;
		gcs_xdecref(value);
	}
}

/* Memory of its own for a frame that leaves the stack. NULL: MemoryError. */
static struct vm_frame *copy_out(struct vm *vm, struct vm_frame *frame, enum frame_owner owner)
{
	size_t bytes = frame_bytes(frame->code->code);
	struct vm_frame *copy = gcs_mem_resize(vm->sim->heap, NULL, 0, bytes);

	if (!copy)
		return sim_no_memory_null(vm->sim);
	memcpy(copy, frame, (char *)frame->sp - (char *)frame);
	copy->sp = copy->slots + (frame->sp - frame->slots);
	copy->owner = owner;
	return copy;
}

/*
 * The call has ended and something still has its frame object: that takes over what the frame holds, and gets frame
 * objects for the callers as well. False: there is no memory, the frame has to be released.
 */
static bool give_to_object(struct vm *vm, struct vm_frame *frame, struct frame_object *object)
{
	struct vm_frame *own = frame;

	if (frame->owner == FRAME_ON_STACK) {
		own = copy_out(vm, frame, FRAME_IN_OBJECT);
		if (!own) {
			sim_clear_pending(vm->sim);
			return false;
		}
		give_back(vm, frame);
	}
	own->owner = FRAME_IN_OBJECT;
	own->object = NULL;
	object->frame = own;
	if (own->back) {
		struct gcs_object *back = frame_object(vm, own->back);

		if (back)
			object->back = sim_incref(back);
		else
			sim_clear_pending(vm->sim);
	}
	own->back = NULL;
	gcs_track(&object->head);
	return true;
}

/* A frame that no frame object wants, and that no generator or object owns. */
static inline void drop_plain(struct vm *vm, struct vm_frame *frame)
{
	struct gcs_object *function = frame->function;

	release_values(frame);
	/* The function owns the code that the size of the frame is read from. */
	give_back(vm, frame);
	gcs_decref(function);
}

static void drop_any(struct vm *vm, struct vm_frame *frame)
{
	struct gcs_object *object = frame->object, *function = frame->function, *locals = frame->locals;

	if (object) {
		frame->object = NULL;
		if (gcs_refcount(object) > 1 && give_to_object(vm, frame, (struct frame_object *)object)) {
			gcs_decref(object);
			return;
		}
		((struct frame_object *)object)->frame = NULL;
		gcs_decref(object);
	}
	release_values(frame);
	frame->locals = NULL;
	free_memory(vm, frame);
	gcs_xdecref(locals);
	gcs_decref(function);
}

void frame_drop(struct vm *vm, struct vm_frame *frame)
{
	if (frame->object || frame->locals || frame->owner != FRAME_ON_STACK)
		drop_any(vm, frame);
	else
		drop_plain(vm, frame);
}

void frame_leave(struct vm *vm, struct vm_frame *frame)
{
	/* Finalizers of what the frame holds must find its caller running, not a half empty frame. */
	vm->frame = frame->back;
	sim_leave(vm->sim);
	frame_drop(vm, frame);
}

void frame_release(struct sim *sim, void *frame)
{
	frame_drop(vm_of(sim), frame);
}

struct vm_frame *frame_detach(struct vm *vm, struct vm_frame *frame)
{
	struct vm_frame *copy = copy_out(vm, frame, FRAME_IN_GENERATOR);

	if (!copy)
		return NULL;
	if (copy->object)
		((struct frame_object *)copy->object)->frame = copy;
	vm->frame = frame->back;
	sim_leave(vm->sim);
	copy->back = NULL;
	give_back(vm, frame);
	return copy;
}

int frame_traverse(void *data, gcs_visit_fn visit, void *arg)
{
	struct vm_frame *frame = data;

	GCS_VISIT(frame->object);
	GCS_VISIT(frame->locals);
	GCS_VISIT(frame->function);
	GCS_VISIT(((const struct sim_function *)frame->function)->code);
	if (!frame->sp)
		return 0;
	for (struct gcs_object **slot = frame->slots; slot < frame->sp; slot++)
		GCS_VISIT(*slot);
	return 0;
}

/* --- frame objects ------------------------------------------------------------------------------------------ */

static bool owns_frame(const struct frame_object *object)
{
	return object->frame && object->frame->owner == FRAME_IN_OBJECT;
}

static int object_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct frame_object *object = (struct frame_object *)self;

	GCS_VISIT(object->back);
	return owns_frame(object) ? frame_traverse(object->frame, visit, arg) : 0;
}

static void object_clear(struct gcs_object *self)
{
	struct frame_object *object = (struct frame_object *)self;

	if (!owns_frame(object))
		return;
	release_values(object->frame);
	object->frame->sp = object->frame->slots;
}

static void object_dealloc(struct gcs_object *self)
{
	struct frame_object *object = (struct frame_object *)self;

	gcs_untrack(self);
	if (owns_frame(object)) {
		struct vm_frame *frame = object->frame;
		struct gcs_object *function = frame->function;

		/* Unlike at the end of a call the namespace goes first. */
		GCS_CLEAR(&frame->locals);
		release_values(frame);
		object->frame = NULL;
		gcs_mem_free(sim_of(self)->heap, frame, frame_bytes(frame->code->code));
		gcs_decref(function);
	}
	GCS_CLEAR(&object->back);
	gcs_object_free(self);
}

static size_t object_size(const struct gcs_object *self)
{
	const struct frame_object *object = (const struct frame_object *)self;
	const struct code *code = object->frame ? object->frame->code->code : NULL;

	return 120 + (code ? 8 * (size_t)(code->nr_slots + code->stack_size) : 0);
}

static struct gcs_object *object_repr(struct sim *sim, struct gcs_object *self)
{
	struct vm_position position;

	if (!frame_object_position(self, &position))
		return sim_str_from(sim, "<frame object>");
	return sim_str_format(sim, "<frame at %p, file '%s', line %u, code %s>", (void *)self,
			position.code->filename, position.line, position.code->name);
}

static const struct sim_type frame_type = {
	.gc = {
		.name = "frame",
		.size = sizeof(struct frame_object),
		.flags = GCS_TYPE_GC | GCS_TYPE_TRASHCAN,
		.traverse = object_traverse,
		.clear = object_clear,
		.dealloc = object_dealloc,
		.size_of = object_size,
	},
	.kind = SIM_FRAME,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 120,
	.repr = object_repr,
};

int frame_init(struct vm *vm)
{
	struct sim *sim = vm->sim;

	sim->classes[SIM_FRAME] = sim_class_builtin(sim, &frame_type, sim->classes[SIM_OBJECT], "builtins");
	return sim->classes[SIM_FRAME] && frame_push_chunk(vm, 0) ? 0 : -1;
}

struct gcs_object *frame_object(struct vm *vm, struct vm_frame *frame)
{
	struct sim *sim = vm->sim;
	const struct code *code = frame->code->code;
	struct frame_object *object;

	if (frame->object)
		return frame->object;
	/* It is not tracked before the call has ended. */
	object = (struct frame_object *)gcs_new_untracked(sim->heap, &frame_type.gc, sim->site, 0,
			136 + 8 * (uint64_t)(code->nr_slots + code->stack_size));
	if (!object)
		return sim_no_memory_null(sim);
	if (frame->object) {	/* a collection ran code that asked for it too */
		gcs_decref(&object->head);
		return frame->object;
	}
	object->frame = frame;
	frame->object = &object->head;
	return frame->object;
}

struct vm_frame *frame_of_object(const struct gcs_object *object)
{
	return ((const struct frame_object *)object)->frame;
}

bool frame_object_position(const struct gcs_object *object, struct vm_position *out)
{
	const struct vm_frame *frame = frame_of_object(object);

	if (!frame)
		return false;
	out->code = frame->code->code;
	out->line = frame_line(frame);
	return true;
}
