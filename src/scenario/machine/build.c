/* SPDX-License-Identifier: MIT */
/* What instructions make out of the values on the stack: displays, strings, functions, unpacked sequences. */
#include "scenario/machine/machine.h"

static void release_from_top(struct gcs_object **items, uint32_t nr)
{
	while (nr > 0)
		gcs_xdecref(items[--nr]);
}

struct gcs_object *build_set(struct vm *vm, struct gcs_object **items, uint32_t nr)
{
	struct gcs_object *set = sim_set_new(vm->sim, NULL);

	for (uint32_t i = 0; i < nr; i++) {
		if (set && sim_set_add(vm->sim, set, items[i]) < 0)
			GCS_CLEAR(&set);
		gcs_decref(items[i]);
	}
	return set;
}

struct gcs_object *build_map(struct vm *vm, struct gcs_object **items, uint32_t nr)
{
	struct gcs_object *dict = sim_dict_from_items(vm->sim, items, items + 1, nr, 2);

	release_from_top(items, 2 * nr);
	return dict;
}

struct gcs_object *build_const_key_map(struct vm *vm, struct gcs_object **items, uint32_t nr)
{
	struct gcs_object *dict = sim_dict_from_items(vm->sim, ((struct sim_tuple *)items[nr])->items, items, nr, 1);

	release_from_top(items, nr + 1);
	return dict;
}

struct gcs_object *build_string(struct vm *vm, struct gcs_object **items, uint32_t nr)
{
	struct gcs_object *text = sim_str_build(vm->sim, items, nr);

	release_from_top(items, nr);
	return text;
}

struct gcs_object *build_slice(struct vm *vm, struct gcs_object **items, uint32_t nr)
{
	struct gcs_object *slice = sim_slice_new(vm->sim, items[0], items[1], nr == 3 ? items[2] : vm->sim->none);

	release_from_top(items, nr);
	return slice;
}

struct gcs_object *build_function(struct vm *vm, struct vm_frame *frame, struct gcs_object ***sp, uint32_t flags)
{
	struct sim *sim = vm->sim;
	struct gcs_object *object = *--*sp, *closure = NULL, *annotations = NULL, *defaults = NULL;
	struct gcs_object *function, *qualname;
	const struct sim_code_object *code = (const struct sim_code_object *)object;

	if (flags & 8)
		closure = *--*sp;
	if (flags & 4)
		annotations = *--*sp;
	if (flags & 1)
		defaults = *--*sp;
	qualname = code->qualname;
	function = sim_function_new(sim, object, frame->globals, qualname, defaults, NULL, closure);
	gcs_decref(object);
	if (function)
		((struct sim_function *)function)->annotations = annotations;
	else
		gcs_xdecref(annotations);
	return function;
}

/* --- operators --------------------------------------------------------------------------------------------- */

struct gcs_object *build_binary(struct vm *vm, struct gcs_object *a, struct gcs_object *b, uint32_t op)
{
	static const uint8_t operations[BINARY_INPLACE] = {
		[BINARY_ADD] = SIM_ADD,
		[BINARY_AND] = SIM_AND,
		[BINARY_FLOOR_DIVIDE] = SIM_FLOOR_DIVIDE,
		[BINARY_LSHIFT] = SIM_LSHIFT,
		[BINARY_MULTIPLY] = SIM_MUL,
		[BINARY_REMAINDER] = SIM_MOD,
		[BINARY_OR] = SIM_OR,
		[BINARY_POWER] = SIM_POW,
		[BINARY_RSHIFT] = SIM_RSHIFT,
		[BINARY_SUBTRACT] = SIM_SUB,
		[BINARY_TRUE_DIVIDE] = SIM_TRUE_DIVIDE,
		[BINARY_XOR] = SIM_XOR,
	};

	if (op >= BINARY_INPLACE)
		return sim_in_place(vm->sim, a, b, operations[op - BINARY_INPLACE]);
	return sim_binary(vm->sim, a, b, operations[op]);
}

/* --- sequences ----------------------------------------------------------------------------------------------- */

/* The items of a sequence of the right length go straight onto the stack, the first one on top. */
static bool unpack_items(struct gcs_object *const *items, struct gcs_object **sp, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		sp[nr - 1 - i] = sim_incref(items[i]);
	return true;
}

int build_unpack(struct vm *vm, struct gcs_object *sequence, struct gcs_object **sp, uint32_t nr)
{
	enum sim_kind kind = sim_kind(sequence);

	if (kind == SIM_TUPLE && sim_tuple_size(sequence) == nr)
		return unpack_items(((struct sim_tuple *)sequence)->items, sp, nr) - 1;
	if (kind == SIM_LIST && sim_list_size(sequence) == nr)
		return unpack_items(((struct sim_list *)sequence)->items, sp, nr) - 1;
	if (sim_unpack(vm->sim, sequence, nr, -1, sp) < 0)
		return -1;
	for (uint32_t i = 0; i < nr / 2; i++) {
		struct gcs_object *item = sp[i];

		sp[i] = sp[nr - 1 - i];
		sp[nr - 1 - i] = item;
	}
	return 0;
}

int build_list_extend(struct vm *vm, struct gcs_object *list, struct gcs_object *iterable)
{
	struct sim *sim = vm->sim;

	if (sim_list_extend(sim, list, iterable) == 0)
		return 0;
	/* Only f(*x) comes here with something else than a constant tuple. */
	if (sim_pending_is(sim, SIM_TYPE_ERROR) && !sim_type(iterable)->iter && !sim_type(iterable)->get_item)
		sim_raise(sim, SIM_TYPE_ERROR, "Value after * must be an iterable, not %T", iterable);
	return -1;
}

int build_print(struct vm *vm, struct gcs_object *value)
{
	struct sim *sim = vm->sim;
	struct gcs_object *text;
	int rc;

	if (value == sim->none)
		return 0;
	text = sim_repr(sim, value);
	if (!text)
		return -1;
	rc = sim_write_str(sim, text);
	gcs_decref(text);
	return rc < 0 ? rc : sim_write(sim, "\n", 1);
}
