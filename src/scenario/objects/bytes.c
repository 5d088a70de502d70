/* SPDX-License-Identifier: MIT */
/* bytes: as much as literals, sizes and printing need. */
#include <ctype.h>

#include "internal.h"

struct sim_bytes {
	struct gcs_object head;
	size_t length;
	char data[];
};

#define BYTES_HEAD 33

static struct sim_bytes *as_bytes(struct gcs_object *object)
{
	return (struct sim_bytes *)object;
}

static size_t bytes_size(const struct gcs_object *self)
{
	return BYTES_HEAD + ((const struct sim_bytes *)self)->length;
}

static struct sim_bytes *make(struct sim *sim, size_t length)
{
	struct sim_bytes *bytes;

	if (sim_check_array(sim, length, 1))
		return NULL;
	bytes = (struct sim_bytes *)sim_alloc(sim, &sim_bytes_type.gc, length + 1, BYTES_HEAD + length);
	if (bytes)
		bytes->length = length;
	return bytes;
}

struct gcs_object *sim_bytes_new(struct sim *sim, const char *data, size_t length)
{
	struct sim_bytes *bytes;

	if (!length && sim->empty_bytes)
		return sim_incref(sim->empty_bytes);
	bytes = make(sim, length);
	if (!bytes)
		return NULL;
	if (length)
		memcpy(bytes->data, data, length);
	return &bytes->head;
}

const char *sim_bytes_data(const struct gcs_object *bytes, size_t *length)
{
	*length = ((const struct sim_bytes *)bytes)->length;
	return ((const struct sim_bytes *)bytes)->data;
}

static struct gcs_object *bytes_repr(struct sim *sim, struct gcs_object *self)
{
	struct sim_bytes *bytes = as_bytes(self);
	char mark = memchr(bytes->data, '\'', bytes->length) && !memchr(bytes->data, '"', bytes->length) ? '"' : '\'';
	struct sim_text text;
	char out[8];

	sim_text_init(&text, sim);
	snprintf(out, sizeof(out), "b%c", mark);
	sim_text_put(&text, out);
	sim_charge(sim, bytes->length);
	for (size_t i = 0; i < bytes->length && !text.failed; i++) {
		unsigned char c = bytes->data[i];

		if (c == '\\' || c == mark)
			snprintf(out, sizeof(out), "\\%c", c);
		else if (c == '\n' || c == '\t' || c == '\r')
			snprintf(out, sizeof(out), "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
		else
			snprintf(out, sizeof(out), c < 0x20 || c > 0x7e ? "\\x%02x" : "%c", c);
		sim_text_put(&text, out);
	}
	sim_text_add(&text, &mark, 1);
	return sim_text_finish(&text);
}

static int64_t bytes_hash(struct sim *sim, struct gcs_object *self)
{
	if (sim_charge_bytes(sim, as_bytes(self)->length))
		return -1;
	return sim_hash_bytes(as_bytes(self)->data, as_bytes(self)->length);
}

static struct gcs_object *bytes_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b,
		enum sim_compare op)
{
	struct sim_bytes *x = as_bytes(a), *y = as_bytes(b);
	int order;

	if (sim_kind(b) != SIM_BYTES)
		return sim_not_implemented(sim);
	if (sim_charge_bytes(sim, x->length < y->length ? x->length : y->length))
		return NULL;
	order = memcmp(x->data, y->data, x->length < y->length ? x->length : y->length);
	if (!order)
		order = (x->length > y->length) - (x->length < y->length);
	return sim_compare_result(sim, order, op);
}

static int64_t bytes_length(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return as_bytes(self)->length;
}

static struct gcs_object *bytes_get_item(struct sim *sim, struct gcs_object *self, struct gcs_object *key)
{
	struct sim_bytes *bytes = as_bytes(self), *out;
	int64_t start, step, nr;
	size_t index;

	if (sim_kind(key) == SIM_SLICE) {
		if (sim_slice_indices(sim, key, bytes->length, &start, &step, &nr))
			return NULL;
		out = sim_charge_places(sim, nr) ? NULL : make(sim, nr);
		for (int64_t i = 0; out && i < nr; i++)
			out->data[i] = bytes->data[start + i * step];
		return out ? &out->head : NULL;
	}
	if (!sim_is_int(key) && sim_kind(key) != SIM_INSTANCE)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "byte indices must be integers or slices, not %T", key);
	if (sim_sequence_index(sim, key, bytes->length, "index", &index))
		return NULL;
	return sim_int_new(sim, (unsigned char)bytes->data[index]);
}

static struct gcs_object *repeat(struct sim *sim, struct gcs_object *self, struct gcs_object *times)
{
	struct sim_bytes *bytes = as_bytes(self), *out;
	int64_t nr;

	if (sim_index(sim, times, true, &nr))
		return NULL;
	if (nr == INT64_MAX)
		return sim_raise_null(sim, SIM_OVERFLOW_ERROR, "cannot fit 'int' into an index-sized integer");
	if (nr <= 0 || !bytes->length)
		return sim_incref(sim->empty_bytes);
	if (sim_check_array(sim, nr, bytes->length) || sim_charge_places(sim, nr))
		return NULL;
	out = make(sim, nr * bytes->length);
	for (int64_t i = 0; out && i < nr; i++)
		memcpy(out->data + i * bytes->length, bytes->data, bytes->length);
	return out ? &out->head : NULL;
}

static struct gcs_object *bytes_binary(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	struct sim_bytes *out;

	if (op == SIM_MUL && sim_kind(a) == SIM_BYTES && sim_is_int(b))
		return repeat(sim, a, b);
	if (op == SIM_MUL && sim_is_int(a))
		return repeat(sim, b, a);
	if (op != SIM_ADD || sim_kind(a) != SIM_BYTES)
		return sim_not_implemented(sim);
	if (sim_kind(b) != SIM_BYTES)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "can't concat %T to bytes", b);
	out = make(sim, as_bytes(a)->length + as_bytes(b)->length);
	if (!out)
		return NULL;
	memcpy(out->data, as_bytes(a)->data, as_bytes(a)->length);
	memcpy(out->data + as_bytes(a)->length, as_bytes(b)->data, as_bytes(b)->length);
	return &out->head;
}

static int bytes_contains(struct sim *sim, struct gcs_object *self, struct gcs_object *item)
{
	struct sim_bytes *bytes = as_bytes(self);
	int64_t value;

	if (sim_charge_places(sim, bytes->length))
		return -1;
	if (sim_kind(item) == SIM_BYTES)
		return memmem(bytes->data, bytes->length, as_bytes(item)->data, as_bytes(item)->length) != NULL;
	if (!sim_is_int(item))
		return sim_raise(sim, SIM_TYPE_ERROR, "a bytes-like object is required, not '%T'", item);
	if (!sim_int_fits(item, &value) || value < 0 || value > 255)
		return sim_raise(sim, SIM_VALUE_ERROR, "byte must be in range(0, 256)");
	return memchr(bytes->data, value, bytes->length) != NULL;
}

static struct gcs_object *from_iterable(struct sim *sim, struct gcs_object *iterable)
{
	struct gcs_object *list = sim_list_from_iterable(sim, iterable);
	struct sim_bytes *out = list ? make(sim, sim_list_size(list)) : NULL;

	for (size_t i = 0; out && i < out->length; i++) {
		int64_t value;

		if (sim_index(sim, sim_list_item(list, i), true, &value)) {
			gcs_decref(&out->head);
			out = NULL;
		} else if (value < 0 || value > 255) {
			sim_raise(sim, SIM_VALUE_ERROR, "bytes must be in range(0, 256)");
			gcs_decref(&out->head);
			out = NULL;
		} else {
			out->data[i] = value;
		}
	}
	gcs_xdecref(list);
	return out ? &out->head : NULL;
}

static struct gcs_object *bytes_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	struct gcs_object *given[3], *result;
	struct sim_bytes *out;
	size_t length;
	int64_t nr;
	const char *text;
	char *keep;

	(void)cls;
	if (sim_call_parse(sim, "bytes", call, "| source encoding errors", given))
		return NULL;
	if (!given[0])
		return sim_incref(sim->empty_bytes);
	if (sim_is_str(given[0])) {
		if (!given[1])
			return sim_raise_null(sim, SIM_TYPE_ERROR, "string argument without an encoding");
		text = sim_str_utf8(sim, given[0], &length, &keep);
		result = text ? sim_bytes_new(sim, text, length) : NULL;
		sim_scratch_free(keep);
		return result;
	}
	if (sim_kind(given[0]) == SIM_BYTES)
		return sim_incref(given[0]);
	if (!sim_is_int(given[0]))
		return from_iterable(sim, given[0]);
	if (sim_index(sim, given[0], false, &nr))
		return NULL;
	if (nr < 0)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "negative count");
	out = make(sim, nr);
	return out ? &out->head : NULL;
}

static struct gcs_object *bytes_decode(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return sim_str_new(sim, as_bytes(self)->data, as_bytes(self)->length);
}

static struct gcs_object *bytes_hex(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct sim_text text;
	char out[4];

	(void)call;
	sim_text_init(&text, sim);
	sim_charge(sim, as_bytes(self)->length);
	for (size_t i = 0; i < as_bytes(self)->length && !text.failed; i++) {
		snprintf(out, sizeof(out), "%02x", (unsigned char)as_bytes(self)->data[i]);
		sim_text_put(&text, out);
	}
	return sim_text_finish(&text);
}

static const struct sim_method bytes_methods[] = {
	{"decode", bytes_decode, 0, 2, 0},
	{"hex", bytes_hex, 0, 0, 0},
	{0},
};

const struct sim_type sim_bytes_type = {
	.gc = {.name = "bytes", .size = sizeof(struct sim_bytes), .size_of = bytes_size},
	.kind = SIM_BYTES,
	.basic_size = BYTES_HEAD,
	.methods = bytes_methods,
	.repr = bytes_repr,
	.hash = bytes_hash,
	.compare = bytes_compare,
	.length = bytes_length,
	.get_item = bytes_get_item,
	.contains = bytes_contains,
	.iter = sim_bytes_iter,
	.binary = bytes_binary,
	.construct = bytes_construct,
};
