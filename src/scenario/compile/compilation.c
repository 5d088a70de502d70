/* SPDX-License-Identifier: MIT */
/* Memory, names and errors of a compilation. */
#include "scenario/compile/compilation.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 16384

struct arena_block {
	struct arena_block *older;
	_Alignas(max_align_t) char data[];
};

static void add_block(struct compilation *c, size_t size)
{
	size_t bytes = size > BLOCK_BYTES ? size : BLOCK_BYTES;
	struct arena_block *block;

	if (c->max_bytes && bytes > c->max_bytes - c->bytes)
		compilation_fail(c, SCENARIO_LIMIT, 0, "the limit of bytes is reached");
	block = calloc(1, sizeof(*block) + bytes);
	if (!block)
		compilation_fail(c, SCENARIO_NO_MEMORY, 0, "out of memory");
	c->bytes += bytes;
	block->older = c->blocks;
	c->blocks = block;
	c->next = block->data;
	c->left = bytes;
}

void *compilation_alloc(struct compilation *c, size_t size)
{
	void *data;

	size = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	if (size > c->left)
		add_block(c, size);
	data = c->next;
	c->next += size;
	c->left -= size;
	return data;
}

void *compilation_grow(struct compilation *c, void *data, uint32_t nr, size_t item_size)
{
	void *grown;

	if (nr & (nr - 1))
		return data;
	if (nr > UINT32_MAX / 2)
		compilation_fail(c, SCENARIO_NO_MEMORY, 0, "out of memory");
	grown = compilation_alloc(c, (nr ? 2 * (size_t)nr : 1) * item_size);
	if (nr)
		memcpy(grown, data, nr * item_size);
	return grown;
}

char *compilation_text(struct compilation *c, const char *data, size_t length)
{
	char *text = compilation_alloc(c, length + 1);

	if (length)
		memcpy(text, data, length);
	return text;
}

char *compilation_format(struct compilation *c, const char *format, ...)
{
	va_list args;
	char *text;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		compilation_fail(c, SCENARIO_NO_MEMORY, 0, "out of memory");
	text = compilation_alloc(c, (size_t)length + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)length + 1, format, args);
	va_end(args);
	return text;
}

void compilation_spend(struct compilation *c, uint32_t line, uint32_t nr)
{
	if (c->budget < nr)
		fail_unsupported(c, line, "code that grows this much");
	c->budget -= nr;
}

/* Python begins a message about what is in the braces of an f-string with these words. */
static void say_format(char *message)
{
	static const char words[] = "f-string: ";
	char *at = strchr(message, ':');
	size_t room = SCENARIO_MESSAGE_BYTES - sizeof(words);

	if (!at || !strncmp(at + 2, words, strlen("f-string")))
		return;
	at += 2;
	if (strlen(message) > room)
		message[room] = '\0';
	memmove(at + strlen(words), at, strlen(at) + 1);
	memcpy(at, words, strlen(words));
}

void compilation_fail(struct compilation *c, enum scenario_error_kind kind, uint32_t line,
		const char *format, ...)
{
	va_list args;

	c->err.kind = kind;
	c->err.line = line;
	va_start(args, format);
	vsnprintf(c->err.message, sizeof(c->err.message), format, args);
	va_end(args);
	if (c->format_depth && kind == SCENARIO_SYNTAX)
		say_format(c->err.message);
	longjmp(c->on_error, 1);
}

void fail_unsupported(struct compilation *c, uint32_t line, const char *what)
{
	compilation_fail(c, SCENARIO_UNSUPPORTED, line, "%s is not supported", what);
}

void compilation_free(struct compilation *c)
{
	struct arena_block *block, *older;

	if (!c)
		return;
	for (block = c->blocks; block; block = older) {
		older = block->older;
		free(block);
	}
	free(c);
}

uint64_t hash_bytes(const void *data, size_t length, uint64_t seed)
{
	const unsigned char *bytes = data;
	uint64_t hash = seed ^ 0xcbf29ce484222325u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash ^ hash >> 29;
}

static const void **find_slot(const void **slots, uint32_t size, uint64_t hash,
		bool (*equals)(const void *item, const void *key), const void *key)
{
	uint32_t i = (uint32_t)hash & (size - 1);

	while (slots[i] && !(equals && equals(slots[i], key)))
		i = (i + 1) & (size - 1);
	return &slots[i];
}

static void enlarge(struct compilation *c, struct pointer_table *table,
		uint64_t (*hash_of)(const void *item))
{
	uint32_t size = table->size ? 2 * table->size : 64;
	const void **slots = NEW_ARRAY(c, const void *, size);

	for (uint32_t i = 0; i < table->size; i++) {
		if (table->slots[i])
			*find_slot(slots, size, hash_of(table->slots[i]), NULL, NULL) = table->slots[i];
	}
	table->slots = slots;
	table->size = size;
}

const void **table_find(struct compilation *c, struct pointer_table *table, uint64_t hash,
		bool (*equals)(const void *item, const void *key), const void *key,
		uint64_t (*hash_of)(const void *item))
{
	if (2 * (table->nr + 1) > table->size)
		enlarge(c, table, hash_of);
	return find_slot(table->slots, table->size, hash, equals, key);
}

struct name_key {
	const char *data;
	size_t length;
};

static uint64_t hash_of_name(const void *item)
{
	return hash_bytes(item, strlen(item), 0);
}

static bool is_name(const void *item, const void *key)
{
	const struct name_key *name = key;

	return !strncmp(item, name->data, name->length) && !((const char *)item)[name->length];
}

const char *compilation_name(struct compilation *c, const char *data, size_t length)
{
	struct name_key key = {data, length};
	const void **slot = table_find(c, &c->names, hash_bytes(data, length, 0), is_name, &key,
			hash_of_name);

	if (!*slot) {
		*slot = compilation_text(c, data, length);
		c->names.nr++;
	}
	return *slot;
}
