/* SPDX-License-Identifier: MIT */
/*
 * Interned strings.  A large binary has some 100,000 names and paths, most of them met many times:
 * an arena and a table of pointers cost 8 to 16 bytes beside each text.
 */
#include "sym-strings.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHUNK_BYTES = 64 * 1024,
	FIRST_SLOTS = 1024,
};

struct hl_strings_chunk {
	struct hl_strings_chunk *next;
	size_t used;
	size_t room;
	char bytes[];
};

void hl_strings_release(struct hl_strings *strings)
{
	struct hl_strings_chunk *chunk = strings->chunks;

	while (chunk) {
		struct hl_strings_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	free(strings->slots);
	memset(strings, 0, sizeof(*strings));
}

/* FNV-1a; the final fold brings the high bits into the mask. */
static uint64_t hash_text(const char *text, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return hash ^ (hash >> 32);
}

static const char **find_slot(const struct hl_strings *strings, const char *text, size_t length)
{
	size_t mask = strings->nr_slots - 1;

	for (size_t i = hash_text(text, length) & mask;; i = (i + 1) & mask) {
		const char *s = strings->slots[i];

		if (!s || (strncmp(s, text, length) == 0 && s[length] == '\0'))
			return &strings->slots[i];
	}
}

static int grow_slots(struct hl_strings *strings)
{
	struct hl_strings bigger = *strings;

	bigger.nr_slots = strings->nr_slots ? strings->nr_slots * 2 : FIRST_SLOTS;
	bigger.slots = calloc(bigger.nr_slots, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -1;
	for (size_t i = 0; i < strings->nr_slots; i++) {
		const char *s = strings->slots[i];

		if (s)
			*find_slot(&bigger, s, strlen(s)) = s;
	}
	free(strings->slots);
	*strings = bigger;
	return 0;
}

static char *arena_take(struct hl_strings *strings, size_t bytes)
{
	struct hl_strings_chunk *chunk = strings->chunks;

	if (!chunk || chunk->room - chunk->used < bytes) {
		size_t room = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;

		chunk = malloc(sizeof(*chunk) + room);
		if (!chunk)
			return NULL;
		chunk->next = strings->chunks;
		chunk->used = 0;
		chunk->room = room;
		strings->chunks = chunk;
	}
	chunk->used += bytes;
	return chunk->bytes + chunk->used - bytes;
}

const char *hl_strings_add(struct hl_strings *strings, const char *text, size_t length)
{
	const char **slot;
	char *copy;

	if (strings->nr_strings >= strings->nr_slots / 2 && grow_slots(strings) < 0)
		return NULL;
	slot = find_slot(strings, text, length);
	if (*slot)
		return *slot;
	copy = arena_take(strings, length + 1);
	if (!copy)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	*slot = copy;
	strings->nr_strings++;
	return copy;
}
