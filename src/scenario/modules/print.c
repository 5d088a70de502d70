/* SPDX-License-Identifier: MIT */
/*
 * print() and the streams that it writes to.
 *
 * What a print costs in GC objects is CPython's: at the first call the tuple of its keywords, which stays; a tuple of
 * its arguments; the bound write method for each piece; the list of pieces that a stream to a file or a pipe keeps
 * until it has CHUNK_BYTES; the view of the buffer that is written to the file.  They decide at which allocation a
 * collection comes.  The text itself leaves at once, so that it is in order with stderr's.
 */
#include "scenario/modules/modules.h"

#include <stdlib.h>

#include "scenario/objects/internal.h"

#define CHUNK_BYTES 8192

struct stream {
	struct gcs_object head;
	bool is_error;			/* written through: nothing is ever pending */
	bool is_pending;		/* one piece, or the list */
	struct gcs_object *pieces;	/* list, owned; NULL while there are less than two */
	size_t bytes;			/* of the pieces */
	size_t buffered;		/* in the buffer below, which has CHUNK_BYTES too */
	struct gcs_object *keywords;	/* of print(), kept with the first stream that it has */
};

static const struct sim_type view_type = {
	.gc = {.name = "memoryview", .size = sizeof(struct gcs_object), .flags = GCS_TYPE_GC},
	.kind = SIM_EXTENSION,
	.flags = SIM_TYPE_NO_NEW,
};

/* The buffer goes to the file: a memoryview and the object that it manages. */
static int write_buffer(struct sim *sim, struct stream *stream)
{
	struct gcs_object *manager = sim_new_object(sim, &view_type, 0, 0);
	struct gcs_object *view = manager ? sim_new_object(sim, &view_type, 0, 0) : NULL;

	stream->buffered = 0;
	gcs_xdecref(view);
	gcs_xdecref(manager);
	return view ? 0 : -1;
}

/* The pieces go to the buffer. */
static int flush_pieces(struct sim *sim, struct stream *stream)
{
	size_t bytes = stream->bytes;
	int rc = 0;

	GCS_CLEAR(&stream->pieces);
	stream->is_pending = false;
	stream->bytes = 0;
	if (stream->buffered + bytes > CHUNK_BYTES)
		rc = write_buffer(sim, stream);
	stream->buffered += bytes % CHUNK_BYTES;
	return rc;
}

static int flush(struct sim *sim, struct stream *stream)
{
	int rc = flush_pieces(sim, stream);

	return !rc && stream->buffered ? write_buffer(sim, stream) : rc;
}

/* The second piece makes the list of both. */
static int keep_piece(struct sim *sim, struct stream *stream, struct gcs_object *text, size_t bytes)
{
	if (stream->is_pending && stream->bytes + bytes > CHUNK_BYTES && flush_pieces(sim, stream))
		return -1;
	if (!stream->is_pending) {
		stream->is_pending = true;
	} else if (!stream->pieces) {
		struct gcs_object *both[] = {sim_incref(text), sim_incref(text)};

		stream->pieces = sim_list_from(sim, both, 2);
		if (!stream->pieces)
			return -1;
	} else if (sim_list_append(sim, stream->pieces, text)) {
		return -1;
	}
	stream->bytes += bytes;
	return stream->bytes >= CHUNK_BYTES ? flush_pieces(sim, stream) : 0;
}

static struct gcs_object *stream_write(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct stream *stream = (struct stream *)self;
	struct gcs_object *text = call->args[0];
	const char *utf8;
	char *keep = NULL;
	size_t bytes;
	int rc;

	if (!sim_is_str(text))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "write() argument must be str, not %T", text);
	utf8 = sim_str_utf8(sim, text, &bytes, &keep);
	if (!utf8)
		return NULL;
	rc = stream->is_error ? sim_write_error(sim, utf8, bytes) : sim_write(sim, utf8, bytes);
	sim_scratch_free(keep);
	if (rc || (!stream->is_error && keep_piece(sim, stream, text, bytes)))
		return NULL;
	return sim_int_new(sim, (int64_t)sim_as_str(text)->length);
}

static struct gcs_object *stream_flush(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return flush(sim, (struct stream *)self) ? NULL : sim_none(sim);
}

static struct gcs_object *stream_isatty(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	return sim_bool(sim, false);
}

static struct gcs_object *stream_repr(struct sim *sim, struct gcs_object *self)
{
	return sim_str_format(sim, "<_io.TextIOWrapper name='<%s>' mode='w' encoding='utf-8'>",
			((struct stream *)self)->is_error ? "stderr" : "stdout");
}

static const struct sim_method stream_methods[] = {
	{"write", stream_write, 1, 1, 0},
	{"flush", stream_flush, 0, 0, 0},
	{"isatty", stream_isatty, 0, 0, 0},
	{NULL, NULL, 0, 0, 0},
};

static const struct sim_type stream_type = {
	.gc = {.name = "_io.TextIOWrapper", .size = sizeof(struct stream)},
	.kind = SIM_EXTENSION,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 192,
	.methods = stream_methods,
	.repr = stream_repr,
	.hash = sim_hash_identity,
	.get_attribute = sim_generic_get,
	.set_attribute = sim_generic_set,
};

struct gcs_object *sim_stream_new(struct sim *sim, bool is_error)
{
	struct gcs_object *self = sim_new_object(sim, &stream_type, 0, 0);

	if (self)
		((struct stream *)self)->is_error = is_error;
	return self;
}

void sim_stream_flush(struct sim *sim)
{
	struct gcs_object *file = sim->sys_dict ? sim_dict_get_text(sim, sim->sys_dict, "stdout") : NULL;

	if (file && sim_type(file) == &stream_type && flush(sim, (struct stream *)file))
		sim_clear_pending(sim);
}

int sim_stream_class(struct sim *sim)
{
	return sim_class_builtin(sim, &stream_type, NULL, "_io") ? 0 : -1;
}

/* One piece, as file.write(str(object)). */
static int write_object(struct sim *sim, struct gcs_object *file, struct gcs_object *object)
{
	struct gcs_object *writer = sim_get_attribute_text(sim, file, "write");
	struct gcs_object *result = NULL;
	struct gcs_object *text;

	if (!writer)
		return -1;
	text = sim_str_of(sim, object);
	if (text)
		result = sim_call_args(sim, writer, 1, &text);
	gcs_xdecref(result);
	gcs_xdecref(text);
	gcs_decref(writer);
	return result ? 0 : -1;
}

/* sep and end: None is the default. */
static int separator(struct sim *sim, const char *name, struct gcs_object **value, struct gcs_object *fallback)
{
	if (!*value || *value == sim->none)
		*value = fallback;
	else if (!sim_is_str(*value))
		return sim_raise(sim, SIM_TYPE_ERROR, "%s must be None or a string, not %T", name, *value);
	return 0;
}

/* Borrowed. */
static struct gcs_object *standard_output(struct sim *sim)
{
	struct gcs_object *file = sim->sys_dict ? sim_dict_get_text(sim, sim->sys_dict, "stdout") : NULL;

	return file ? file : sim_raise_null(sim, SIM_RUNTIME_ERROR, "lost sys.stdout");
}

struct print_options {
	struct gcs_object *sep, *end, *file;
	bool flush;
};

static const char *const names[] = {"sep", "end", "file", "flush"};

/* CPython's parser of arguments makes them a tuple when it is first used. */
static int make_keywords(struct sim *sim)
{
	struct gcs_object *out = sim->sys_dict ? sim_dict_get_text(sim, sim->sys_dict, "__stdout__") : NULL;
	struct stream *stream = (struct stream *)out;

	if (!out || sim_type(out) != &stream_type || stream->keywords)
		return 0;
	stream->keywords = sim_tuple_pack(sim, 4, sim_name(sim, names[0]), sim_name(sim, names[1]),
			sim_name(sim, names[2]), sim_name(sim, names[3]));
	return stream->keywords ? 0 : -1;
}

static int read_options(struct sim *sim, const struct sim_call *call, struct print_options *o)
{
	struct gcs_object *values[4] = {NULL};
	size_t nr = call->kwnames ? sim_tuple_size(call->kwnames) : 0;
	int truth;

	for (size_t i = 0; i < nr; i++) {
		struct gcs_object *name = sim_tuple_item(call->kwnames, i);
		size_t k = 0;

		while (k < 4 && !sim_str_is(name, names[k]))
			k++;
		if (k == 4)
			return sim_raise(sim, SIM_TYPE_ERROR, "%R is an invalid keyword argument for print()", name);
		values[k] = call->args[call->nr + i];
	}
	o->sep = values[0];
	o->end = values[1];
	o->file = values[2] && values[2] != sim->none ? values[2] : standard_output(sim);
	if (!o->file)
		return -1;
	truth = sim_argument_truth(sim, values[3], false);
	o->flush = truth > 0;
	if (truth < 0 || separator(sim, "sep", &o->sep, sim->latin1[' ']))
		return -1;
	return separator(sim, "end", &o->end, sim->latin1['\n']);
}

static int print_all(struct sim *sim, const struct sim_call *call, const struct print_options *o)
{
	for (size_t i = 0; i < call->nr; i++) {
		if (i && write_object(sim, o->file, o->sep))
			return -1;
		if (write_object(sim, o->file, call->args[i]))
			return -1;
	}
	return write_object(sim, o->file, o->end);
}

static int flush_file(struct sim *sim, struct gcs_object *file)
{
	struct gcs_object *name = sim_name(sim, "flush");
	struct gcs_object *result = name ? sim_call_method(sim, file, name, 0, NULL) : NULL;

	gcs_xdecref(name);
	gcs_xdecref(result);
	return result ? 0 : -1;
}

struct gcs_object *sim_print(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *arguments = make_keywords(sim) ? NULL : sim_arguments_tuple(sim, call);
	struct print_options o = {0};
	int rc = -1;

	(void)self;
	if (arguments && !read_options(sim, call, &o)) {
		sim_incref(o.file);
		rc = o.file == sim->none ? 0 : print_all(sim, call, &o);
		if (!rc && o.flush && o.file != sim->none)
			rc = flush_file(sim, o.file);
		gcs_decref(o.file);
	}
	gcs_xdecref(arguments);
	return rc ? NULL : sim_none(sim);
}
