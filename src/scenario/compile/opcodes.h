/* SPDX-License-Identifier: MIT */
/*
 * The instructions, each with its contract.
 *
 * Notation: the stack's top is on the right; "a b -> c" pops b and a and pushes c. A value on the
 * stack is one owned reference. "steals": the reference moves; "releases": decref, which may run
 * finalizers, after the instruction's own effect has been done (so a store is visible to them). When
 * an operation raises, its operands are released too, from the top down.
 * NULL is a stack entry without an object, only below callables.
 *
 * Release order within an instruction is from the operand named first in "releases a, b".
 */
#ifndef HL_SCENARIO_OPCODES_H
#define HL_SCENARIO_OPCODES_H

/*
 * The list: each line is OP(NAME) and its contract.
 *
 * -- stack
 * NOP              nothing. Only where a line would otherwise have no instruction.
 * POP_TOP          a ->                  releases a.
 * COPY n           x .. -> x .. x        pushes a new reference to the n-th from the top (1 = top).
 * SWAP n           x .. y -> y .. x      exchanges the top with the n-th from it (n >= 2).
 * PUSH_NULL        -> NULL
 *
 * -- constants and variables
 * LOAD_CONST i     -> constants[i]       new reference.
 * LOAD_FAST i      -> slot i             new reference; empty: UnboundLocalError "cannot access local
 *                                        variable 'x' where it is not associated with a value".
 * STORE_FAST i     a ->                  slot i steals a, then the old value is released.
 * DELETE_FAST i    ->                    slot i becomes empty, then the old value is released; empty:
 *                                        UnboundLocalError, as above.
 * LOAD_CLOSURE i   -> the cell in slot i (the cell itself) new reference.
 * MAKE_CELL i      ->                    slot i (empty, or an argument) becomes a new cell with the old
 *                                        value, stolen. A GC allocation, in the order of the code.
 * COPY_FREE_VARS n ->                    the last n slots get new references to the n cells of the
 *                                        running function's closure. First instruction, if it is there.
 * LOAD_DEREF i     -> content of the cell in slot i; empty: of a SLOT_CELL UnboundLocalError as
 *                                        above; of a SLOT_FREE NameError "cannot access free variable 'x'
 *                                        where it is not associated with a value in enclosing scope".
 * STORE_DEREF i    a ->                  the cell steals a, then its old content is released.
 * DELETE_DEREF i   ->                    the cell becomes empty, then the old content is released;
 *                                        empty: the error of LOAD_DEREF.
 * LOAD_CLASSDEREF i -> names the variable slot_names[i]: from the class body's namespace, else as
 *                                        LOAD_DEREF.
 * LOAD_NAME i      -> names[i] from the local namespace (module: the globals), globals, builtins; else
 *                                        NameError "name 'x' is not defined".
 * STORE_NAME i     a ->                  local namespace [names[i]] = a, as a dict store (a new reference is
 *                                        stored and the old value released), then the stack's is released.
 * DELETE_NAME i    ->                    removes it; missing: NameError "name 'x' is not defined".
 * LOAD_GLOBAL a    -> value, or -> NULL value: names[a >> 1] from globals, builtins; else NameError as
 *                                        LOAD_NAME. With a & 1 a NULL is pushed below it.
 * STORE_GLOBAL i   a ->                  as STORE_NAME, on the globals.
 * DELETE_GLOBAL i  ->                    as DELETE_NAME, on the globals.
 *
 * -- attributes, subscripts, slices
 * LOAD_ATTR i      o -> o.names[i]       releases o after the look-up.
 * STORE_ATTR i     v o ->                o.names[i] = v; releases v, o. (v is below o.)
 * DELETE_ATTR i    o ->                  del o.names[i]; releases o.
 * LOAD_METHOD i    o -> f o | NULL m     o.names[i] to be called at once: when it is a plain function
 *                                        (or built-in method) found on o's class, pushes the function and keeps o,
 *                                        and no bound method object is made; else NULL and the attribute's value,
 *                                        and releases o.
 * BINARY_SUBSCR    o k -> o[k]           releases o, k.
 * STORE_SUBSCR     v o k ->              o[k] = v; releases v, o, k.
 * DELETE_SUBSCR    o k ->                del o[k]; releases o, k.
 * BUILD_SLICE n    a b -> slice | a b c -> slice    n is 2 or 3: slice(a, b[, c]); steals. A slice
 *                                        object is a GC allocation; absent parts are None constants.
 *
 * -- operators
 * UNARY_POSITIVE UNARY_NEGATIVE UNARY_NOT UNARY_INVERT    a -> r    releases a.
 * BINARY_OP k      a b -> r              enum binary_op; k >= BINARY_INPLACE: the in-place form (list +=
 *                                        extends and returns a itself). Releases a, b.
 * COMPARE_OP k     a b -> r              enum compare_op. Releases a, b.
 * IS_OP n          a b -> bool           a is b; n = 1: is not. Releases a, b.
 * CONTAINS_OP n    a b -> bool           a in b; n = 1: not in. Releases a, b.
 *
 * -- displays and strings
 * BUILD_TUPLE n  BUILD_LIST n            x1 .. xn -> r    steals; exact capacity. n = 0 of a tuple: ().
 * BUILD_SET n      x1 .. xn -> set       adds x1 and releases it, then x2 ... (an equal one already there stays).
 * BUILD_MAP n      k1 v1 .. kn vn -> dict   inserts in order, presized to n; then releases vn, kn ... v1, k1.
 * BUILD_CONST_KEY_MAP n    v1 .. vn t -> dict    t is a tuple constant of the n keys; inserts in order; then
 *                                        releases t, vn .. v1.
 * LIST_APPEND n    list .. x -> list ..  appends x, stolen, to the list that is the n-th from the top
 *                                        once x is popped (grows as list.append does).
 * SET_ADD n        set .. x -> set ..    the same; x is released after.
 * MAP_ADD n        dict .. k v -> dict ..   dict[k] = v; releases k, v. n counts with both popped.
 * LIST_EXTEND n    list .. it -> list .. list.extend(it), n as in LIST_APPEND; releases it. After BUILD_LIST 0 a
 *                                        literal of constants comes from a tuple constant: capacity
 *                                        rounded up to even by list.extend. Not iterable (only from a call
 *                                        f(a, *x)): TypeError "Value after * must be an iterable, not int".
 * SET_UPDATE n     set .. it -> set ..   set.update(it), from a frozenset constant. Releases it.
 * DICT_UPDATE n    dict .. d -> dict ..  dict.update(d), d being a dict made by the instructions before: a
 *                                        display of more than 17 entries is built in parts. Releases d.
 * LIST_TO_TUPLE    list -> tuple         releases list. Only in calls with *.
 * FORMAT_VALUE f   v -> str | v spec -> str    f & 3: conversion 0 none, 1 str, 2 repr, 3 ascii; f & 4: with a
 *                                        spec on top. format(v, spec or ''); an exact str without spec is kept
 *                                        as it is (the same object). Releases v, spec.
 * BUILD_STRING n   s1 .. sn -> str       joins; releases sn .. s1.
 *
 * -- unpacking and iteration
 * UNPACK_SEQUENCE n   s -> xn .. x1      x1 on top; tuple and list directly, else by iteration; wrong
 *                                        length: ValueError "not enough values to unpack (expected n, got m)",
 *                                        "too many values to unpack (expected n)"; not iterable: TypeError
 *                                        "cannot unpack non-iterable int object". Releases s.
 * GET_ITER         o -> iter(o)          releases o after. Range iterators are no GC objects, others are.
 * FOR_ITER t       it -> it next | it -> (jumps to t, it released)
 *
 * -- jumps: t is an index into instrs[]
 * JUMP t
 * POP_JUMP_IF_FALSE t  POP_JUMP_IF_TRUE t    a ->    releases a after its truth is known.
 * POP_JUMP_IF_NONE t   POP_JUMP_IF_NOT_NONE t    a ->    by identity.
 * JUMP_IF_FALSE_OR_POP t  JUMP_IF_TRUE_OR_POP t    a -> a (jumps) | a ->    releases a when it does not jump.
 *
 * -- calls
 * KW_NAMES i       ->                    for the next CALL: constants[i] is a tuple of the names of its last
 *                                        arguments. Always directly before the CALL.
 * CALL n           NULL f x1 .. xn -> r | m self x1 .. xn -> r
 *                                        n arguments, keyword values included. The lower of the two entries
 *                                        below the arguments is NULL: calls f; else calls m with self as a first
 *                                        argument. With NULL and f a bound method, its function and its
 *                                        object take the two places first, and the method object is released.
 *                                        A Python function takes the arguments' references into its slots
 *                                        (nothing stays on this stack: sys.getrefcount sees no copy); it is
 *                                        released when its frame ends, after the slots. A built-in borrows
 *                                        the arguments from the stack; then it is released, then the
 *                                        arguments, self first.
 * CALL_FUNCTION_EX k   NULL f it [dict] -> r    f(*it, **dict), dict only with k = 1: a fresh one with str
 *                                        keys. What is no tuple is made one first; not iterable: TypeError
 *                                        "__main__.f() argument after * must be an iterable, not int".
 *                                        Releases f, it, dict.
 * MAKE_FUNCTION f  [defaults] [annotations] [closure] code -> function    f & 1: a tuple of defaults, f & 4: one of
 *                                        names and annotations in turns, which becomes a dict when somebody asks
 *                                        for it, f & 8: one of cells. Steals. Its globals are the
 *                                        frame's, __qualname__ is code->qualname, __module__ the __name__ global.
 * SETUP_ANNOTATIONS   ->                 a dict __annotations__ in the local namespace, unless it is there.
 * LOAD_BUILD_CLASS -> the built-in that makes classes: called as f(body function, name, *bases), by CALL.
 *                                        The body returns the cell of __class__ or None (then __classcell__
 *                                        is in the namespace as well, as in CPython).
 * RETURN_VALUE     a ->                  ends the frame with a.
 *
 * -- generators
 * RETURN_GENERATOR -> (None)             makes a generator of this frame, arguments included, and returns
 *                                        it to the caller. When it is first resumed the value sent (None) is pushed.
 * YIELD_VALUE      a -> (sent)           suspends, handing a out, which is stolen; resumed: pushes the value
 *                                        sent (None by next()), or raises here what was thrown in (GeneratorExit
 *                                        by close()).
 *
 * -- exceptions ("current": what sys.exc_info() would say; per generator and per main stack)
 * RAISE_VARARGS n  -> | e -> | e c ->    n = 0: raises the current one again, or RuntimeError "No active
 *                                        exception to reraise"; 1: raises e (a class is called without
 *                                        arguments; else not a BaseException: TypeError "exceptions must
 *                                        derive from BaseException"); 2: e from c (__cause__).
 * PUSH_EXC_INFO    e -> old e            old is the current exception or None; e becomes the current one.
 * POP_EXCEPT       old ->                old becomes the current exception again; the other is released.
 * CHECK_EXC_MATCH  e t -> e bool         t is a class or a tuple of classes; else TypeError "catching
 *                                        classes that do not inherit from BaseException is not allowed". Releases t.
 * RERAISE n        e ->                  raises e as it is, traceback unchanged. n > 0: CPython takes the line
 *                                        from the placeholder (see struct handler); it stays on the stack
 *                                        and is released with the rest.
 * LOAD_ASSERTION_ERROR -> AssertionError (not looked up by name)
 * BEFORE_WITH      m -> exit v           looks up type(m).__enter__ and type(m).__exit__, bound to m; exit takes
 *                                        the place of m, which is released; then v is the result of
 *                                        __enter__(), and that is released. One of them missing: TypeError "'int'
 *                                        object does not support the context manager protocol".
 * WITH_EXCEPT_START   exit placeholder old e -> exit placeholder old e r    r is exit(type(e), e, e.__traceback__).
 *                                        Without an exception exit is called as a method m whose self is None.
 *
 * -- modules, notebooks
 * IMPORT_NAME i    level fromlist -> module    level is 0, fromlist None or a tuple of names: both constants,
 *                                        released. names[i] is one of the modules that there are.
 * IMPORT_FROM i    m -> m attr           keeps m; missing: ImportError "cannot import name 'x' from 'm'
 *                                        (unknown location)".
 * PRINT_EXPR       a ->                  the echo of a notebook cell: repr(a), unless a is None. Releases a.
 */
#define OPCODES(OP) \
	OP(NOP) OP(POP_TOP) OP(COPY) OP(SWAP) OP(PUSH_NULL) \
	OP(LOAD_CONST) OP(LOAD_FAST) OP(STORE_FAST) OP(DELETE_FAST) OP(LOAD_CLOSURE) \
	OP(MAKE_CELL) OP(COPY_FREE_VARS) OP(LOAD_DEREF) OP(STORE_DEREF) OP(DELETE_DEREF) \
	OP(LOAD_CLASSDEREF) OP(LOAD_NAME) OP(STORE_NAME) OP(DELETE_NAME) OP(LOAD_GLOBAL) \
	OP(STORE_GLOBAL) OP(DELETE_GLOBAL) \
	OP(LOAD_ATTR) OP(STORE_ATTR) OP(DELETE_ATTR) OP(LOAD_METHOD) OP(BINARY_SUBSCR) \
	OP(STORE_SUBSCR) OP(DELETE_SUBSCR) OP(BUILD_SLICE) \
	OP(UNARY_POSITIVE) OP(UNARY_NEGATIVE) OP(UNARY_NOT) OP(UNARY_INVERT) OP(BINARY_OP) \
	OP(COMPARE_OP) OP(IS_OP) OP(CONTAINS_OP) \
	OP(BUILD_TUPLE) OP(BUILD_LIST) OP(BUILD_SET) OP(BUILD_MAP) OP(BUILD_CONST_KEY_MAP) \
	OP(LIST_APPEND) OP(SET_ADD) OP(MAP_ADD) OP(LIST_EXTEND) OP(SET_UPDATE) OP(DICT_UPDATE) \
	OP(LIST_TO_TUPLE) \
	OP(FORMAT_VALUE) OP(BUILD_STRING) \
	OP(UNPACK_SEQUENCE) OP(GET_ITER) OP(FOR_ITER) \
	OP(JUMP) OP(POP_JUMP_IF_FALSE) OP(POP_JUMP_IF_TRUE) OP(POP_JUMP_IF_NONE) \
	OP(POP_JUMP_IF_NOT_NONE) OP(JUMP_IF_FALSE_OR_POP) OP(JUMP_IF_TRUE_OR_POP) \
	OP(KW_NAMES) OP(CALL) OP(CALL_FUNCTION_EX) OP(MAKE_FUNCTION) OP(LOAD_BUILD_CLASS) \
	OP(RETURN_VALUE) OP(RETURN_GENERATOR) OP(YIELD_VALUE) \
	OP(RAISE_VARARGS) OP(PUSH_EXC_INFO) OP(POP_EXCEPT) OP(CHECK_EXC_MATCH) OP(RERAISE) \
	OP(LOAD_ASSERTION_ERROR) OP(BEFORE_WITH) OP(WITH_EXCEPT_START) \
	OP(SETUP_ANNOTATIONS) \
	OP(IMPORT_NAME) OP(IMPORT_FROM) OP(PRINT_EXPR)

enum opcode {
#define OPCODE_ENUM(name) OP_##name,
	OPCODES(OPCODE_ENUM)
#undef OPCODE_ENUM
	OP_NR
};

/* Operands of BINARY_OP: the numbers of CPython 3.11. There is no matrix product. */
enum binary_op {
	BINARY_ADD = 0,
	BINARY_AND = 1,
	BINARY_FLOOR_DIVIDE = 2,
	BINARY_LSHIFT = 3,
	BINARY_MULTIPLY = 5,
	BINARY_REMAINDER = 6,
	BINARY_OR = 7,
	BINARY_POWER = 8,
	BINARY_RSHIFT = 9,
	BINARY_SUBTRACT = 10,
	BINARY_TRUE_DIVIDE = 11,
	BINARY_XOR = 12,
	BINARY_INPLACE = 13,	/* added to one of the above */
};

/* Operands of COMPARE_OP. */
enum compare_op {
	COMPARE_LT,
	COMPARE_LE,
	COMPARE_EQ,
	COMPARE_NE,
	COMPARE_GT,
	COMPARE_GE,
};

#endif
