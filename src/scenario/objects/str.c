/* SPDX-License-Identifier: MIT */
/* str: storage, decoding, interning, comparison, concatenation. */
#include "internal.h"

#define ASCII_HEAD 48
#define COMPACT_HEAD 72
#define REPLACEMENT 0xfffd

static uint64_t str_bytes(size_t length, int kind, bool ascii)
{
	return (ascii ? ASCII_HEAD : COMPACT_HEAD) + (length + 1) * kind;
}

static size_t str_size(const struct gcs_object *self)
{
	const struct sim_str *str = sim_as_str(self);

	return str_bytes(str->length, str->kind, str->ascii);
}

struct gcs_object *sim_str_alloc(struct sim *sim, size_t length, int kind, bool ascii)
{
	struct sim_str *str;

	if (sim_check_array(sim, length, kind))
		return NULL;
	str = (struct sim_str *)sim_alloc(sim, &sim_str_type.gc, (length + 1) * kind,
			str_bytes(length, kind, ascii));
	if (!str)
		return NULL;
	str->length = length;
	str->hash = -1;
	str->kind = kind;
	str->ascii = ascii;
	return &str->head;
}

static int kind_of(uint32_t highest)
{
	return highest < 0x100 ? 1 : highest < 0x10000 ? 2 : 4;
}

static void set_point(struct sim_str *str, size_t index, uint32_t point)
{
	if (str->kind == 1)
		str->data[index] = point;
	else if (str->kind == 2)
		((uint16_t *)str->data)[index] = point;
	else
		((uint32_t *)str->data)[index] = point;
}

struct gcs_object *sim_str_from_points(struct sim *sim, const uint32_t *points, size_t nr)
{
	struct gcs_object *str;
	uint32_t all = 0, highest = 0;

	for (size_t i = 0; i < nr; i++) {
		all |= points[i];
		highest = points[i] > highest ? points[i] : highest;
	}
	if (nr == 0 && sim->empty_str)
		return sim_incref(sim->empty_str);
	if (nr == 1 && all < 0x100 && sim->latin1[all])
		return sim_incref(sim->latin1[all]);
	str = sim_str_alloc(sim, nr, kind_of(highest), all < 0x80);
	for (size_t i = 0; str && i < nr; i++)
		set_point((struct sim_str *)str, i, points[i]);
	return str;
}

/* One point of UTF-8; what is not valid counts as one byte and gives U+FFFD. */
static size_t decode(const unsigned char *at, size_t left, uint32_t *point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t nr = *at < 0x80 ? 1 : *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : 2;
	uint32_t value;

	*point = *at;
	if (nr == 1)
		return 1;
	*point = REPLACEMENT;
	if (*at < 0xc2 || *at > 0xf4 || nr > left)
		return 1;
	value = *at & (0xff >> (nr + 1));
	for (size_t i = 1; i < nr; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | (at[i] & 0x3f);
	}
	if (value < least[nr] || value > 0x10ffff)
		return 1;
	*point = value;
	return nr;
}

static struct gcs_object *from_ascii(struct sim *sim, const char *text, size_t length)
{
	struct gcs_object *str;

	if (length == 0 && sim->empty_str)
		return sim_incref(sim->empty_str);
	if (length == 1 && sim->latin1[(unsigned char)*text])
		return sim_incref(sim->latin1[(unsigned char)*text]);
	str = sim_str_alloc(sim, length, 1, true);
	if (str)
		memcpy(((struct sim_str *)str)->data, text, length);
	return str;
}

struct gcs_object *sim_str_new(struct sim *sim, const char *utf8, size_t length)
{
	const unsigned char *at = (const unsigned char *)utf8;
	struct gcs_object *str;
	uint32_t *points;
	size_t nr = 0, i = 0;

	while (i < length && at[i] < 0x80)
		i++;
	if (i == length)
		return from_ascii(sim, utf8, length);
	points = sim_scratch(sim, NULL, length, sizeof(*points));
	if (!points)
		return NULL;
	for (i = 0; i < length; nr++)
		i += decode(at + i, length - i, &points[nr]);
	str = sim_str_from_points(sim, points, nr);
	sim_scratch_free(points);
	return str;
}

struct gcs_object *sim_str_from(struct sim *sim, const char *utf8)
{
	return sim_str_new(sim, utf8, strlen(utf8));
}

/* The keys of the dict of interned strings are also its values. */
struct gcs_object *sim_str_intern_object(struct sim *sim, struct gcs_object *object)
{
	struct sim_str *str = (struct sim_str *)object;
	struct gcs_object *known;

	if (!str || str->interned)
		return object;
	known = sim_dict_get_str(sim, sim->interned, object);
	if (known) {
		gcs_incref(known);
		gcs_decref(object);
		return known;
	}
	if (sim_dict_set(sim, sim->interned, object, object)) {
		gcs_decref(object);
		return NULL;
	}
	str->interned = true;
	return object;
}

struct gcs_object *sim_str_intern(struct sim *sim, const char *utf8, size_t length)
{
	return sim_str_intern_object(sim, sim_str_new(sim, utf8, length));
}

const char *sim_str_utf8(struct sim *sim, const struct gcs_object *object, size_t *length, char **keep)
{
	struct sim_text text;

	*keep = NULL;
	if (sim_as_str(object)->ascii) {
		*length = sim_as_str(object)->length;
		return sim_as_str(object)->data;
	}
	sim_text_init(&text, sim);
	sim_text_object(&text, object);
	if (text.failed) {
		sim_text_release(&text);
		return NULL;
	}
	text.data[text.nr] = 0;
	*length = text.nr;
	*keep = text.data;
	return text.data;
}

int sim_write_str(struct sim *sim, const struct gcs_object *str)
{
	size_t length;
	char *keep;
	const char *text = sim_str_utf8(sim, str, &length, &keep);
	int result;

	if (!text)
		return -1;
	result = sim_write(sim, text, length);
	sim_scratch_free(keep);
	return result;
}

uint32_t sim_str_point(const struct gcs_object *str, size_t index)
{
	return sim_str_at(sim_as_str(str), index);
}

/* --- comparison -------------------------------------------------------------------------------------- */

bool sim_str_equal(const struct gcs_object *a, const struct gcs_object *b)
{
	const struct sim_str *x = sim_as_str(a), *y = sim_as_str(b);

	if (x == y)
		return true;
	if (x->length != y->length || x->kind != y->kind)
		return false;
	return !memcmp(x->data, y->data, x->length * x->kind);
}

bool sim_str_is(const struct gcs_object *str, const char *ascii)
{
	const struct sim_str *s = sim_as_str(str);

	return s->ascii && s->length == strlen(ascii) && !memcmp(s->data, ascii, s->length);
}

int sim_str_order(const struct gcs_object *a, const struct gcs_object *b)
{
	const struct sim_str *x = sim_as_str(a), *y = sim_as_str(b);
	size_t nr = x->length < y->length ? x->length : y->length;

	for (size_t i = 0; i < nr; i++) {
		uint32_t p = sim_str_at(x, i), q = sim_str_at(y, i);

		if (p != q)
			return p < q ? -1 : 1;
	}
	return (x->length > y->length) - (x->length < y->length);
}

static struct gcs_object *str_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_compare op)
{
	if (!sim_is_str(b))
		return sim_not_implemented(sim);
	if (sim_as_str(a)->length == sim_as_str(b)->length && sim_charge_bytes(sim, sim_as_str(a)->length))
		return NULL;
	if (op == SIM_EQ || op == SIM_NE)
		return sim_bool(sim, sim_str_equal(a, b) == (op == SIM_EQ));
	if (sim_charge_places(sim, sim_as_str(a)->length))
		return NULL;
	return sim_compare_result(sim, sim_str_order(a, b), op);
}

/* Equal strings have equal kinds, so the bytes can be hashed. */
int64_t sim_str_hash(const struct gcs_object *object)
{
	struct sim_str *str = (struct sim_str *)object;

	if (str->hash == -1)
		str->hash = sim_hash_bytes(str->data, str->length * str->kind);
	return str->hash;
}

static int64_t str_hash(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_str_hash(self);
}

/* --- concatenation ----------------------------------------------------------------------------------- */

static void copy_points(struct sim_str *to, size_t at, const struct sim_str *from, size_t first, size_t nr)
{
	if (to->kind == from->kind) {
		memcpy(to->data + at * to->kind, from->data + first * from->kind, nr * to->kind);
		return;
	}
	for (size_t i = 0; i < nr; i++)
		set_point(to, at + i, sim_str_at(from, first + i));
}

struct gcs_object *sim_str_build(struct sim *sim, struct gcs_object *const *parts, size_t nr)
{
	struct gcs_object *result;
	size_t length = 0, at = 0, not_empty = 0;
	bool ascii = true, overflows = false;
	int kind = 1;

	for (size_t i = 0; i < nr; i++) {
		const struct sim_str *part = sim_as_str(parts[i]);

		overflows |= __builtin_add_overflow(length, part->length, &length);
		kind = part->kind > kind ? part->kind : kind;
		ascii = ascii && part->ascii;
		not_empty = part->length ? i : not_empty;
	}
	if (overflows)
		length = SIZE_MAX / 8;	/* refused as too long */
	if (nr && sim_as_str(parts[not_empty])->length == length)
		return sim_incref(parts[not_empty]);
	if (!length)
		return sim_incref(sim->empty_str);
	result = sim_str_alloc(sim, length, kind, ascii);
	for (size_t i = 0; result && i < nr; i++) {
		const struct sim_str *part = sim_as_str(parts[i]);

		copy_points((struct sim_str *)result, at, part, 0, part->length);
		at += part->length;
	}
	return result;
}

struct gcs_object *sim_str_concat(struct sim *sim, struct gcs_object *a, struct gcs_object *b)
{
	struct gcs_object *parts[] = {a, b};

	return sim_str_build(sim, parts, 2);
}

/* A part may need fewer bytes per point than the whole. */
struct gcs_object *sim_str_slice(struct sim *sim, struct gcs_object *object, size_t from, size_t nr)
{
	const struct sim_str *str = sim_as_str(object);
	struct gcs_object *result;
	uint32_t all = 0;

	if (nr == str->length)
		return sim_incref(object);
	if (!str->ascii && sim_charge_places(sim, nr))
		return NULL;
	for (size_t i = 0; i < nr && !str->ascii; i++)
		all |= sim_str_at(str, from + i);
	if (nr == 0)
		return sim_incref(sim->empty_str);
	if (nr == 1 && sim_str_at(str, from) < 0x100)
		return sim_incref(sim->latin1[sim_str_at(str, from)]);
	result = sim_str_alloc(sim, nr, kind_of(all), all < 0x80);
	if (result)
		copy_points((struct sim_str *)result, 0, str, from, nr);
	return result;
}

static struct gcs_object *repeat(struct sim *sim, struct gcs_object *object, struct gcs_object *times)
{
	const struct sim_str *str = sim_as_str(object);
	struct gcs_object *result;
	int64_t nr;

	if (sim_index(sim, times, true, &nr))
		return NULL;
	if (nr == INT64_MAX)
		return sim_raise_null(sim, SIM_OVERFLOW_ERROR, "cannot fit 'int' into an index-sized integer");
	if (nr <= 0 || !str->length)
		return sim_incref(sim->empty_str);
	if (nr == 1)
		return sim_incref(object);
	if (sim_check_array(sim, nr, str->length * str->kind) || sim_charge_places(sim, nr))
		return NULL;
	result = sim_str_alloc(sim, nr * str->length, str->kind, str->ascii);
	for (int64_t i = 0; result && i < nr; i++)
		copy_points((struct sim_str *)result, i * str->length, str, 0, str->length);
	return result;
}

static struct gcs_object *str_binary(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	if (op == SIM_ADD && sim_is_str(a)) {
		if (sim_is_str(b))
			return sim_str_concat(sim, a, b);
		return sim_raise_null(sim, SIM_TYPE_ERROR, "can only concatenate str (not \"%T\") to str", b);
	}
	if (op == SIM_MUL && sim_is_str(a) && sim_is_int(b))
		return repeat(sim, a, b);
	if (op == SIM_MUL && sim_is_int(a))
		return repeat(sim, b, a);
	if (op == SIM_MOD && sim_is_str(a))
		return sim_str_percent(sim, a, b);
	return sim_not_implemented(sim);
}

/* --- items ------------------------------------------------------------------------------------------- */

static int64_t str_length(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_as_str(self)->length;
}

static int str_truth(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_as_str(self)->length != 0;
}

static struct gcs_object *get_slice(struct sim *sim, struct gcs_object *self, struct gcs_object *slice)
{
	const struct sim_str *str = sim_as_str(self);
	int64_t start, step, nr;
	struct gcs_object *result;
	uint32_t *points;

	if (sim_slice_indices(sim, slice, str->length, &start, &step, &nr))
		return NULL;
	if (step == 1)
		return sim_str_slice(sim, self, start, nr);
	points = sim_scratch(sim, NULL, nr, sizeof(*points));
	if (!points || sim_charge_places(sim, nr)) {
		sim_scratch_free(points);
		return NULL;
	}
	for (int64_t i = 0; i < nr; i++)
		points[i] = sim_str_at(str, start + i * step);
	result = sim_str_from_points(sim, points, nr);
	sim_scratch_free(points);
	return result;
}

static struct gcs_object *str_get_item(struct sim *sim, struct gcs_object *self, struct gcs_object *key)
{
	uint32_t point;
	size_t index;

	if (sim_kind(key) == SIM_SLICE)
		return get_slice(sim, self, key);
	if (!sim_is_int(key) && sim_kind(key) != SIM_INSTANCE)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "string indices must be integers, not '%T'", key);
	if (sim_sequence_index(sim, key, sim_as_str(self)->length, "string index", &index))
		return NULL;
	point = sim_str_at(sim_as_str(self), index);
	return sim_str_from_points(sim, &point, 1);
}

static int str_contains(struct sim *sim, struct gcs_object *self, struct gcs_object *item)
{
	if (!sim_is_str(item))
		return sim_raise(sim, SIM_TYPE_ERROR, "'in <string>' requires string as left operand, not %T", item);
	return sim_str_find(sim, self, item, 0, sim_as_str(self)->length) >= 0;
}

static struct gcs_object *str_str(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_incref(self);
}

const struct sim_type sim_str_type = {
	.gc = {.name = "str", .size = sizeof(struct sim_str), .size_of = str_size},
	.kind = SIM_STR,
	.basic_size = COMPACT_HEAD + 8,
	.methods = sim_str_methods,
	.repr = sim_str_repr,
	.str = str_str,
	.hash = str_hash,
	.compare = str_compare,
	.truth = str_truth,
	.length = str_length,
	.get_item = str_get_item,
	.contains = str_contains,
	.iter = sim_str_iter,
	.binary = str_binary,
	.format = sim_format_str,
	.construct = sim_str_construct,
};
