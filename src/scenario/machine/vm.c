/* SPDX-License-Identifier: MIT */
/*
 * The dispatch loop. One instruction is one label; its contract is in opcodes.h. The loop runs calls of
 * functions with code itself, so that the C stack grows only where C code calls back.
 */
#include "scenario/machine/vm-words.h"

static SEPARATE_JUMPS struct gcs_object *eval(struct vm *vm, struct vm_frame *frame, bool throwing,
		const void *const **tables)
{
#define LABEL(name) &&op_##name,
#define SLOW_LABEL(name) &&slow,
	static const void *const fast[] = {OPCODES(LABEL)}, *const counted[] = {OPCODES(SLOW_LABEL)};
	const void *const *dispatch;
	struct sim *sim;
	struct vm_code *code;
	struct vm_instr *ip, *i;
	struct gcs_object **slots, **sp, *const *constants, *kwnames = NULL, *a, *b, *c;
	/* For those that want an address: all others shall be in registers. */
	struct gcs_object **top, *out;
	int rc;

	if (tables) {
		tables[0] = fast;
		tables[1] = counted;
		return NULL;
	}
	sim = vm->sim;
	dispatch = vm->dispatch;
	LOAD_FRAME();
	ip = (struct vm_instr *)frame->at;
	if (frame->generator)
		ip++;
	if (throwing)
		goto error;
	NEXT();

slow:
	if (vm_before_instruction(vm, frame, i) < 0)
		goto error;
	goto *fast[i->op];

	OP(NOP)
		NEXT();
	OP(POP_TOP) {
		a = POP();
		if (!is_shared(a))
			HERE();
		gcs_decref(a);
		NEXT();
	}
	OP(COPY) {
		a = sp[-(int64_t)i->arg];
		PUSH(sim_incref(a));
		NEXT();
	}
	OP(SWAP) {
		a = sp[-1];
		sp[-1] = sp[-(int64_t)i->arg];
		sp[-(int64_t)i->arg] = a;
		NEXT();
	}
	OP(PUSH_NULL)
		PUSH(NULL);
		NEXT();

	OP(LOAD_CONST)
		PUSH(sim_incref(constants[i->arg]));
		NEXT();
	OP(LOAD_FAST) {
		a = slots[i->arg];
		if (!a)
			goto unbound;
		PUSH(sim_incref(a));
		NEXT();
	}
	OP(STORE_FAST) {
		if (!is_shared(slots[i->arg]))
			HERE();
		a = POP();
		set_slot(&slots[i->arg], a);
		NEXT();
	}
	OP(DELETE_FAST) {
		if (!slots[i->arg])
			goto unbound;
		HERE();
		set_slot(&slots[i->arg], NULL);
		NEXT();
	}
	OP(LOAD_CLOSURE)
		PUSH(sim_incref(slots[i->arg]));
		NEXT();
	OP(MAKE_CELL)
		HERE();
		NEXT_UNLESS(call_make_cell(vm, &slots[i->arg]) < 0);
	OP(COPY_FREE_VARS)
		call_copy_free(frame, i->arg);
		NEXT();
	OP(LOAD_DEREF) {
		a = ((struct sim_cell *)slots[i->arg])->value;
		if (!a)
			goto unbound;
		PUSH(sim_incref(a));
		NEXT();
	}
	OP(STORE_DEREF) {
		HERE();
		a = POP();
		sim_cell_set(slots[i->arg], a);
		NEXT();
	}
	OP(DELETE_DEREF) {
		if (!((struct sim_cell *)slots[i->arg])->value)
			goto unbound;
		HERE();
		sim_cell_set(slots[i->arg], NULL);
		NEXT();
	}
	OP(LOAD_CLASSDEREF)
		HERE();
		PUSH_RESULT(names_load_class_cell(vm, frame, i->arg));
	OP(LOAD_NAME)
		a = frame->locals == frame->globals ? known_global(frame, i, code->names[i->arg]) : NULL;
		if (a) {
			PUSH(sim_incref(a));
			NEXT();
		}
		HERE();
		PUSH_RESULT(names_load(vm, frame, i));
	OP(STORE_NAME) {
		HERE();
		a = POP();
		if (store_known(frame->locals, i, code->names[i->arg], a))
			NEXT();
		NEXT_UNLESS(names_store(vm, frame->locals, i, code->names[i->arg], a) < 0);
	}
	OP(DELETE_NAME)
		HERE();
		NEXT_UNLESS(names_delete(vm, frame->locals, code->names[i->arg]) < 0);
	OP(LOAD_GLOBAL) {
		if (i->arg & 1)
			PUSH(NULL);
		a = known_global(frame, i, code->names[i->arg >> 1]);
		if (a) {
			PUSH(sim_incref(a));
			NEXT();
		}
		HERE();
		PUSH_RESULT(names_load_global(vm, frame, i, code->names[i->arg >> 1]));
	}
	OP(STORE_GLOBAL) {
		HERE();
		a = POP();
		if (store_known(frame->globals, i, code->names[i->arg], a))
			NEXT();
		NEXT_UNLESS(names_store(vm, frame->globals, i, code->names[i->arg], a) < 0);
	}
	OP(DELETE_GLOBAL)
		HERE();
		NEXT_UNLESS(names_delete(vm, frame->globals, code->names[i->arg]) < 0);

	OP(LOAD_ATTR) {
		struct gcs_object **place = attribute_place(sp[-1], i);

		if (!place || !*place)
			WITH_TOP(attributes_load(vm, a, i, code->names[i->arg]));
		HERE();
		a = sp[-1];
		sp[-1] = sim_incref(*place);
		gcs_decref(a);
		NEXT();
	}
	OP(STORE_ATTR) {
		HERE();
		a = POP();
		b = POP();
		rc = attribute_store_known(a, i, b) ? 0 : attributes_store(vm, a, i, code->names[i->arg], b);
		gcs_decref(b);
		gcs_decref(a);
		NEXT_UNLESS(rc < 0);
	}
	OP(DELETE_ATTR)
		DO_WITH_TOP(sim_set_attribute(sim, a, code->names[i->arg], NULL));
	OP(LOAD_METHOD) {
		HERE();
		rc = attributes_load_method(vm, sp[-1], i, code->names[i->arg], &out);
		if (rc < 0)
			goto error;
		load_method(sp++, rc, out);
		NEXT();
	}
	OP(BINARY_SUBSCR)
		WITH_TWO(sim_get_item(sim, a, b));
	OP(STORE_SUBSCR) {
		HERE();
		b = POP();
		a = POP();
		c = POP();
		rc = sim_set_item(sim, a, b, c);
		gcs_decref(c);
		gcs_decref(a);
		gcs_decref(b);
		NEXT_UNLESS(rc < 0);
	}
	OP(DELETE_SUBSCR)
		DO_WITH_TWO(sim_del_item(sim, a, b));
	OP(BUILD_SLICE)
		BUILD(i->arg, build_slice(vm, sp, i->arg));

	OP(UNARY_POSITIVE)
		WITH_TOP(sim_unary(sim, a, SIM_POSITIVE));
	OP(UNARY_NEGATIVE)
		WITH_TOP(sim_unary(sim, a, SIM_NEGATIVE));
	OP(UNARY_INVERT)
		WITH_TOP(sim_unary(sim, a, SIM_INVERT));
	OP(UNARY_NOT)
		WITH_TOP(bool_of(sim, truth(sim, a), true));
	OP(BINARY_OP)
		WITH_TWO(build_binary(vm, a, b, i->arg));
	OP(COMPARE_OP)
		WITH_TWO(sim_compare(sim, a, b, i->arg));
	OP(IS_OP)
		WITH_TWO(bool_of(sim, a == b, i->arg));
	OP(CONTAINS_OP)
		WITH_TWO(bool_of(sim, sim_contains(sim, b, a), i->arg));

	OP(BUILD_TUPLE)
		BUILD(i->arg, sim_tuple_from(sim, sp, i->arg));
	OP(BUILD_LIST)
		BUILD(i->arg, sim_list_from(sim, sp, i->arg));
	OP(BUILD_SET)
		BUILD(i->arg, build_set(vm, sp, i->arg));
	OP(BUILD_MAP)
		BUILD(2 * (size_t)i->arg, build_map(vm, sp, i->arg));
	OP(BUILD_CONST_KEY_MAP)
		BUILD((size_t)i->arg + 1, build_const_key_map(vm, sp, i->arg));
	OP(LIST_APPEND) {
		HERE();
		a = POP();
		NEXT_UNLESS(sim_list_append_steal(sim, sp[-(int64_t)i->arg], a) < 0);
	}
	OP(SET_ADD)
		DO_WITH_TOP(sim_set_add(sim, sp[-(int64_t)i->arg], a));
	OP(MAP_ADD)
		DO_WITH_TWO(sim_dict_set(sim, sp[-(int64_t)i->arg], a, b));
	OP(LIST_EXTEND)
		DO_WITH_TOP(build_list_extend(vm, sp[-(int64_t)i->arg], a));
	OP(SET_UPDATE)
		DO_WITH_TOP(sim_set_update(sim, sp[-(int64_t)i->arg], a));
	OP(DICT_UPDATE)
		DO_WITH_TOP(sim_dict_update(sim, sp[-(int64_t)i->arg], a));
	OP(LIST_TO_TUPLE)
		WITH_TOP(sim_tuple_from_iterable(sim, a));
	OP(FORMAT_VALUE) {
		static const char conversions[] = {0, 's', 'r', 'a'};

		HERE();
		b = i->arg & 4 ? POP() : NULL;
		a = POP();
		c = sim_format_value(sim, a, conversions[i->arg & 3], b);
		gcs_decref(a);
		gcs_xdecref(b);
		PUSH_RESULT(c);
	}
	OP(BUILD_STRING)
		BUILD(i->arg, build_string(vm, sp, i->arg));

	OP(UNPACK_SEQUENCE) {
		HERE();
		a = POP();
		rc = build_unpack(vm, a, sp, i->arg);
		if (rc == 0)
			sp += i->arg;
		gcs_decref(a);
		NEXT_UNLESS(rc < 0);
	}
	OP(GET_ITER)
		WITH_TOP(sim_iter(sim, a));
	OP(FOR_ITER) {
		HERE();
		a = sim_next(sim, sp[-1]);
		dispatch = vm->dispatch;
		if (a) {
			PUSH(a);
			NEXT();
		}
		if (sim->pending)
			goto error;
		a = POP();
		JUMP_TO(i->arg);
		gcs_decref(a);
		NEXT();
	}

	OP(JUMP)
		JUMP_TO(i->arg);
		NEXT();
	OP(POP_JUMP_IF_FALSE)
		POP_JUMP_IF(is_false(sim, a));
	OP(POP_JUMP_IF_TRUE)
		POP_JUMP_IF(truth(sim, a));
	OP(POP_JUMP_IF_NONE)
		POP_JUMP_IF(a == sim->none);
	OP(POP_JUMP_IF_NOT_NONE)
		POP_JUMP_IF(a != sim->none);
	OP(JUMP_IF_FALSE_OR_POP)
		JUMP_OR_POP(rc == 0);
	OP(JUMP_IF_TRUE_OR_POP)
		JUMP_OR_POP(rc > 0);

	OP(KW_NAMES)
		kwnames = constants[i->arg];
		NEXT();
	OP(CALL) {
		struct gcs_object **base = sp - i->arg - 2;

		HERE();
		b = kwnames;
		kwnames = NULL;
		if (!base[0] && sim_kind(base[1]) == SIM_METHOD)
			call_unbind(base);
		if (has_code(base[0] ? base[0] : base[1])) {
			rc = call_enter(vm, base, sp, b);
			sp = base;
			if (rc < 0)
				goto error;
			RUN_CALLEE();
		}
		rc = !base[0] && !b && sim_is_class(base[1]) ? construct_enter(vm, i, base, sp) : 0;
		if (rc == 1)
			RUN_CALLEE();
		if (rc > 0) {
			sp = base + 1;
			dispatch = vm->dispatch;
			NEXT();
		}
		c = call_object(vm, base, sp, b);
		sp = base;
		dispatch = vm->dispatch;
		PUSH_RESULT(c);
	}
	OP(CALL_FUNCTION_EX) {
		HERE();
		c = i->arg ? POP() : NULL;
		b = POP();
		a = POP();
		sp--;	/* NULL */
		c = call_with_tuple(vm, a, b, c);
		dispatch = vm->dispatch;
		PUSH_RESULT(c);
	}
	OP(MAKE_FUNCTION)
		HERE();
		top = sp;
		a = build_function(vm, frame, &top, i->arg);
		sp = top;
		PUSH_RESULT(a);
	OP(LOAD_BUILD_CLASS)
		PUSH(sim_incref(vm->build_class));
		NEXT();
	OP(RETURN_VALUE) {
		HERE();
		a = POP();
		goto leave;
	}

	OP(RETURN_GENERATOR) {
		HERE();
		rc = frame->entry;
		b = c = NULL;
		frame->sp = sp;
		a = generator_make(vm, frame);
		if (a || vm->frame != frame)
			goto left;
		frame->sp = NULL;
		goto error;
	}
	OP(YIELD_VALUE) {
		HERE();
		a = POP();
		frame->sp = sp;
		((struct sim_generator *)frame->generator)->state = SIM_GENERATOR_SUSPENDED;
		vm->frame = frame->back;
		sim_leave(sim);
		return a;
	}

	OP(RAISE_VARARGS) {
		HERE();
		b = i->arg > 1 ? POP() : NULL;
		a = i->arg > 0 ? POP() : NULL;
		if (unwind_raise(vm, a, b))
			goto unwind;
		goto error;
	}
	OP(PUSH_EXC_INFO)
		top = sp;
		unwind_push_handled(vm, &top);
		sp = top;
		NEXT();
	OP(POP_EXCEPT) {
		HERE();
		a = POP();
		unwind_pop_handled(vm, a);
		NEXT();
	}
	OP(CHECK_EXC_MATCH)
		WITH_TOP(bool_of(sim, unwind_matches(vm, sp[-1], a), false));
	OP(RERAISE) {
		HERE();
		a = POP();
		unwind_restore(vm, a);
		goto unwind;
	}
	OP(LOAD_ASSERTION_ERROR)
		PUSH(sim_incref((struct gcs_object *)sim->classes[SIM_ASSERTION_ERROR]));
		NEXT();

	OP(SETUP_ANNOTATIONS)
		HERE();
		NEXT_UNLESS(names_setup_annotations(vm, frame->locals) < 0);
	OP(BEFORE_WITH)
		HERE();
		c = with_enter(vm, sp);
		dispatch = vm->dispatch;
		PUSH_RESULT(c);
	OP(WITH_EXCEPT_START)
		HERE();
		c = with_exit(vm, sp);
		dispatch = vm->dispatch;
		PUSH_RESULT(c);

	OP(IMPORT_NAME)
		WITH_TWO(names_import(vm, code->names[i->arg]));
	OP(IMPORT_FROM)
		HERE();
		PUSH_RESULT(names_import_from(vm, sp[-1], code->names[i->arg]));
	OP(PRINT_EXPR)
		DO_WITH_TOP(build_print(vm, a));

unbound:
	HERE();
	names_raise_unbound(vm, frame, i->arg);
error:
	kwnames = NULL;
	dispatch = vm->dispatch;
	if (!sim->pending)
		sim_raise(sim, SIM_OS_ERROR, "write error");
	unwind_add_traceback(vm, frame);
unwind:
	top = sp;
	ip = (struct vm_instr *)unwind_to_handler(vm, frame, &top);
	sp = top;
	if (ip)
		NEXT();
	a = NULL;
leave:
	frame->sp = sp;
	if (frame->generator) {
		vm->frame = frame->back;
		sim_leave(sim);
		return a;
	}
	rc = frame->entry;
	b = frame->made;
	c = frame->arguments;
	frame_leave(vm, frame);
left:
	if (rc)
		return a;
	frame = vm->frame;
	LOAD_FRAME();
	if (b) {
		sp = construct_leave(vm, sp, frame->at->arg, b, c, a);
		a = a ? *sp : NULL;
	}
	ip = (struct vm_instr *)frame->at + 1;
	if (!a)
		goto error;
	PUSH(a);
	NEXT();
}

struct gcs_object *vm_eval(struct vm *vm, struct vm_frame *frame, bool throwing)
{
	return eval(vm, frame, throwing, NULL);
}

void vm_set_dispatch(struct vm *vm)
{
	const void *const *tables[2];

	eval(NULL, NULL, false, tables);
	vm->dispatch = tables[vm->sim->max_steps > 0 || vm->site_frames > 1];
}
