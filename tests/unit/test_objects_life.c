/* SPDX-License-Identifier: MIT */
/* Life and death of the objects of scenarios: counts, cycles, orders, weak references, accounts. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "sim-eval.h"

static struct sim *sim;

static void open_sim(void)
{
	sim = test_sim_new();
	ck_assert_ptr_nonnull(sim);
	gcs_disable(sim->heap);
	gcs_collect(sim->heap, 2);
}

static void close_sim(void)
{
	uint64_t nr;

	ck_assert_int_eq(gcs_heap_error(sim->heap, &nr), 0);
	sim_free(sim);
}

static struct gcs_object *eval(const char *text)
{
	struct gcs_object *value = test_eval(sim, text);

	ck_assert_msg(value != NULL, "%s", text);
	return value;
}

static void set(struct gcs_object *object, const char *name, struct gcs_object *value)
{
	struct gcs_object *text = sim_str_intern(sim, name, strlen(name));

	ck_assert_int_eq(sim_set_attribute(sim, object, text, value), 0);
	gcs_decref(text);
}

/* Drops the object and gives what a full collection then finds. */
static int64_t collect_without(struct gcs_object *object)
{
	gcs_decref(object);
	return gcs_collect(sim->heap, 2);
}

START_TEST(cycles_count_as_in_cpython)
{
	struct gcs_object *list = eval("[]"), *dict = eval("{}"), *cls = eval("type('N',(),{})"), *x, *d;

	sim_list_append(sim, list, list);
	ck_assert_int_eq(collect_without(list), 1);
	sim_dict_set_text(sim, dict, "self", dict);
	ck_assert_int_eq(collect_without(dict), 1);
	x = sim_call_args(sim, cls, 0, NULL);
	set(x, "me", x);
	ck_assert_int_eq(collect_without(x), 1);
	x = sim_call_args(sim, cls, 0, NULL);
	set(x, "me", x);
	d = sim_object_dict(sim, x);
	gcs_decref(d);
	ck_assert_int_eq(collect_without(x), 2);
	gcs_decref(cls);
}
END_TEST

START_TEST(classes_are_cycles_of_six_objects)
{
	ck_assert_int_eq(collect_without(eval("type('A',(),{})")), 6);
	ck_assert_int_eq(collect_without(eval("type('A',(),{'__slots__':'a'})")), 5);
}
END_TEST

START_TEST(a_class_lives_as_long_as_its_instance)
{
	struct gcs_object *x = eval("type('K',(),{})()");

	ck_assert_int_eq(gcs_collect(sim->heap, 2), 0);
	ck_assert_int_eq(collect_without(x), 5);	/* its tuple of bases was untracked by the collection */
}
END_TEST

START_TEST(attributes_beyond_the_shared_layout_move_to_a_dict)
{
	struct gcs_object *cls = eval("type('A',(),{})"), *x = sim_call_args(sim, cls, 0, NULL), *value, *name;
	char text[8];

	for (int i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "a%d", i);
		value = sim_int_new(sim, i * 1000);
		set(x, text, value);
		gcs_decref(value);
	}
	ck_assert_ptr_nonnull(((struct sim_instance *)x)->dict);
	for (int i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "a%d", i);
		name = sim_str_intern(sim, text, strlen(text));
		value = sim_get_attribute(sim, x, name);
		ck_assert_int_eq(((struct sim_str *)name)->length, strlen(text));
		ck_assert_ptr_nonnull(value);
		gcs_decref(value);
		gcs_decref(name);
	}
	gcs_decref(x);
	gcs_decref(cls);
}
END_TEST

START_TEST(nested_containers_are_torn_down_without_recursion)
{
	struct gcs_object *list = eval("[]"), *tuple = eval("()"), *dict = eval("{}"), *next;

	for (int i = 0; i < 100000; i++) {
		list = sim_list_from(sim, &list, 1);
		tuple = sim_tuple_from(sim, &tuple, 1);
		next = sim_dict_new(sim);
		sim_dict_set_text(sim, next, "d", dict);
		gcs_decref(dict);
		dict = next;
	}
	gcs_decref(list);
	gcs_decref(tuple);
	gcs_decref(dict);
	ck_assert_int_eq(gcs_collect(sim->heap, 2), 0);
}
END_TEST

START_TEST(deep_repr_and_comparison_raise_recursion_error)
{
	struct gcs_object *a = eval("[]"), *b = eval("[]");

	for (int i = 0; i < 5000; i++) {
		a = sim_list_from(sim, &a, 1);
		b = sim_list_from(sim, &b, 1);
	}
	ck_assert_ptr_null(sim_repr(sim, a));
	ck_assert(sim_pending_is(sim, SIM_RECURSION_ERROR));
	sim_clear_pending(sim);
	ck_assert_int_eq(sim_compare_bool(sim, a, b, SIM_EQ), -1);
	ck_assert(sim_pending_is(sim, SIM_RECURSION_ERROR));
	sim_clear_pending(sim);
	ck_assert_int_eq(sim->depth, 0);
	ck_assert_uint_eq(sim_list_size(sim->repr_stack), 0);
	gcs_decref(a);
	gcs_decref(b);
}
END_TEST

START_TEST(recursive_containers_have_a_repr)
{
	struct gcs_object *list = eval("[1]"), *dict = eval("{}"), *text;

	sim_list_append(sim, list, list);
	text = sim_repr(sim, list);
	ck_assert(sim_str_is(text, "[1, [...]]"));
	gcs_decref(text);
	sim_dict_set_text(sim, dict, "a", dict);
	text = sim_repr(sim, dict);
	ck_assert(sim_str_is(text, "{'a': {...}}"));
	gcs_decref(text);
	ck_assert_int_eq(collect_without(list), 1);
	ck_assert_int_eq(collect_without(dict), 1);
}
END_TEST

static struct gcs_object *weak_module(void)
{
	struct gcs_object *module = sim_module_new(sim, "weakref");

	ck_assert_ptr_nonnull(module);
	ck_assert_int_eq(sim_weakref_module_fill(sim, module), 0);
	return module;
}

START_TEST(weak_dictionaries_forget_dead_values)
{
	struct gcs_object *module = weak_module(), *map, *x, *key, *cls = eval("type('A',(),{})"), *maker;

	maker = sim_get_attribute_text(sim, module, "WeakValueDictionary");
	map = sim_call_args(sim, maker, 0, NULL);
	ck_assert_ptr_nonnull(map);
	x = sim_call_args(sim, cls, 0, NULL);
	key = eval("'k'");
	ck_assert_int_eq(sim_set_item(sim, map, key, x), 0);
	ck_assert_int_eq(sim_length(sim, map), 1);
	gcs_decref(x);
	ck_assert_int_eq(sim_length(sim, map), 0);
	ck_assert_ptr_null(sim_get_item(sim, map, key));
	ck_assert(sim_pending_is(sim, SIM_KEY_ERROR));
	sim_clear_pending(sim);
	gcs_decref(key);
	gcs_collect(sim->heap, 2);
	set(map, "me", map);
	ck_assert_int_eq(collect_without(map), 6);
	gcs_decref(maker);
	gcs_decref(cls);
	gcs_decref(module);
}
END_TEST

START_TEST(weak_sets_and_keys_forget_dead_objects)
{
	struct gcs_object *module = weak_module(), *cls = eval("type('A',(),{})"), *x, *maker, *bag, *add, *map, *none;

	maker = sim_get_attribute_text(sim, module, "WeakSet");
	bag = sim_call_args(sim, maker, 0, NULL);
	gcs_decref(maker);
	maker = sim_get_attribute_text(sim, module, "WeakKeyDictionary");
	map = sim_call_args(sim, maker, 0, NULL);
	gcs_decref(maker);
	ck_assert(bag && map);
	x = sim_call_args(sim, cls, 0, NULL);
	add = sim_str_intern(sim, "add", 3);
	none = sim_call_method(sim, bag, add, 1, &x);
	ck_assert_ptr_eq(none, sim->none);
	gcs_decref(none);
	ck_assert_int_eq(sim_set_item(sim, map, x, sim->none), 0);
	ck_assert_int_eq(sim_length(sim, bag), 1);
	ck_assert_int_eq(sim_contains(sim, bag, x), 1);
	ck_assert_int_eq(sim_length(sim, map), 1);
	gcs_decref(x);
	ck_assert_int_eq(sim_length(sim, bag), 0);
	ck_assert_int_eq(sim_length(sim, map), 0);
	gcs_decref(add);
	set(bag, "me", bag);
	gcs_collect(sim->heap, 2);
	ck_assert_int_eq(collect_without(bag), 7);
	gcs_decref(map);
	gcs_decref(cls);
	gcs_decref(module);
}
END_TEST

START_TEST(finalize_calls_once_when_the_object_dies)
{
	struct gcs_object *module = weak_module(), *maker = sim_get_attribute_text(sim, module, "finalize"), *f, *alive;
	struct gcs_object *x = eval("type('A',(),{})()"), *list = eval("[]"), *append, *args[3];

	append = sim_get_attribute_text(sim, list, "append");
	args[0] = x;
	args[1] = append;
	args[2] = list;
	f = sim_call_args(sim, maker, 3, args);
	ck_assert_ptr_nonnull(f);
	alive = sim_get_attribute_text(sim, f, "alive");
	ck_assert_ptr_eq(alive, sim->true_);
	gcs_decref(alive);
	gcs_decref(x);
	ck_assert_uint_eq(sim_list_size(list), 1);
	alive = sim_get_attribute_text(sim, f, "alive");
	ck_assert_ptr_eq(alive, sim->false_);
	gcs_decref(alive);
	sim_weakref_run_finalizers(sim);
	ck_assert_uint_eq(sim_list_size(list), 1);
	gcs_decref(f);
	gcs_decref(append);
	sim_list_clear(sim, list);
	gcs_decref(list);
	gcs_decref(maker);
	gcs_decref(module);
}
END_TEST

/* What tracemalloc counts: 56 + 24 for [n, n, n], from empty free lists. */
START_TEST(blocks_are_accounted_as_cpython_asks_for_them)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} rows[] = {{"[None,None,None]", 80}, {"{}", 64}, {"{'a':None}", 184}, {"(None,None)", 56}, {"1.5", 24},
		{"object()", 16}, {"set()", 216}, {"999+1", 32}, {"range(3)", 48}, {"'abc'*2", 55}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gcs_object *value;
		uint64_t bytes, peak;

		gcs_decref(eval(rows[i].text));
		gcs_collect(sim->heap, 2);
		gcs_trace_start(sim->heap);
		value = eval(rows[i].text);
		gcs_trace_memory(sim->heap, &bytes, &peak);
		ck_assert_msg(bytes == rows[i].bytes, "%s: %llu, not %llu", rows[i].text,
				(unsigned long long)bytes, (unsigned long long)rows[i].bytes);
		gcs_decref(value);
		gcs_trace_stop(sim->heap);
	}
}
END_TEST

static void set_fails(const char *object, const char *name, struct gcs_object *value, const char *line)
{
	struct gcs_object *o = eval(object), *text = sim_str_intern(sim, name, strlen(name)), *exception, *said;

	ck_assert_int_eq(sim_set_attribute(sim, o, text, value), -1);
	exception = sim_take_pending(sim);
	said = sim_exception_line(sim, exception);
	ck_assert_msg(sim_str_is(said, line), "%s.%s: %s", object, name, ((struct sim_str *)said)->data);
	gcs_decref(said);
	gcs_decref(exception);
	gcs_decref(text);
	gcs_decref(o);
}

START_TEST(attributes_that_cannot_be_set_say_why)
{
	set_fails("type('C',(),{})()", "x", NULL, "AttributeError: 'C' object has no attribute 'x'");
	set_fails("type('C',(),{})", "x", NULL, "AttributeError: type object 'C' has no attribute 'x'");
	set_fails("ValueError()", "x", NULL, "AttributeError: 'ValueError' object has no attribute 'x'");
	set_fails("1", "x", sim->none, "AttributeError: 'int' object has no attribute 'x'");
	set_fails("1", "real", sim->none, "AttributeError: attribute 'real' of 'int' objects is not writable");
	set_fails("[]", "append", sim->none, "AttributeError: 'list' object attribute 'append' is read-only");
	set_fails("int", "x", sim->none, "TypeError: cannot set 'x' attribute of immutable type 'int'");
	set_fails("type('S',(),{'__slots__':'a'})()", "b", sim->none,
			"AttributeError: 'S' object has no attribute 'b'");
	set_fails("type('S',(),{'__slots__':'a'})()", "a", NULL, "AttributeError: a");
}
END_TEST

START_TEST(the_limit_of_bytes_stops_the_scenario)
{
	char *text;

	sim->max_bytes = 1 << 20;
	text = test_eval_text(sim, "[0]*10**7");
	ck_assert_str_eq(text, "MemoryError");
	ck_assert_int_eq(sim->stop, SIM_STOP_BYTES);
	free(text);
}
END_TEST

Suite *make_suite(void)
{
	Suite *suite = suite_create("objects_life");
	TCase *core = tcase_create("core"), *limits = tcase_create("limits"), *errors = tcase_create("errors");

	tcase_add_checked_fixture(core, open_sim, close_sim);
	tcase_add_test(core, cycles_count_as_in_cpython);
	tcase_add_test(core, classes_are_cycles_of_six_objects);
	tcase_add_test(core, a_class_lives_as_long_as_its_instance);
	tcase_add_test(core, attributes_beyond_the_shared_layout_move_to_a_dict);
	tcase_add_test(core, recursive_containers_have_a_repr);
	tcase_add_test(core, weak_dictionaries_forget_dead_values);
	tcase_add_test(core, weak_sets_and_keys_forget_dead_objects);
	tcase_add_test(core, finalize_calls_once_when_the_object_dies);
	tcase_add_test(core, blocks_are_accounted_as_cpython_asks_for_them);
	suite_add_tcase(suite, core);
	tcase_add_checked_fixture(limits, open_sim, close_sim);
	tcase_add_test(limits, nested_containers_are_torn_down_without_recursion);
	tcase_add_test(limits, deep_repr_and_comparison_raise_recursion_error);
	tcase_add_test(limits, the_limit_of_bytes_stops_the_scenario);
	suite_add_tcase(suite, limits);
	tcase_add_checked_fixture(errors, open_sim, close_sim);
	tcase_add_test(errors, attributes_that_cannot_be_set_say_why);
	suite_add_tcase(suite, errors);
	return suite;
}
