/* SPDX-License-Identifier: MIT */
/* The strings of a resolver, and how much it may take for what files ask for. */
#include "snapshot/resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Out of memory: the entry is left out, instead of uthash's exit(). */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "snapshot/short-name.h"

struct hl_interned_string {
	UT_hash_handle hh;
	uint32_t id;
	char text[];
};

bool hl_resolver_is_full(const struct hl_resolver *r)
{
	return r->charged_bytes > r->allowed_bytes;
}

/* Who asks for names of a snapshot that comes from no file may have all. */
int hl_resolver_allow(struct hl_resolver *r, const struct hl_snapshot *s)
{
	struct hl_map_entry *entry;

	if (!s->source_id || r->allowed_bytes > UINT64_MAX / 2 || s->source_bytes > UINT64_MAX / 16) {
		r->allowed_bytes = UINT64_MAX;
		return 0;
	}
	entry = hl_map_at(&r->sources, s->source_id, 0);
	if (!entry)
		return -ENOMEM;
	if (entry->value == HL_NONE)
		r->allowed_bytes += 4 * s->source_bytes + HL_FREE_BYTES;
	entry->value = 0;
	return 0;
}

static uint32_t add_string(struct hl_resolver *r, const char *text)
{
	size_t length = strlen(text);
	struct hl_interned_string *s;

	r->charged_bytes += length + HL_NAME_BYTES;
	if (hl_resolver_is_full(r))
		return HL_NONE;
	if (hl_array_grow((void **)&r->strings, &r->string_room, r->nr_strings, sizeof(char *)) ||
			hl_array_grow((void **)&r->roles, &r->role_room, r->nr_strings, sizeof(*r->roles)) ||
			hl_array_grow((void **)&r->short_names, &r->short_room, r->nr_strings, sizeof(uint32_t)))
		return HL_NONE;
	s = malloc(sizeof(*s) + length + 1);
	if (!s)
		return HL_NONE;
	s->id = (uint32_t)r->nr_strings;
	memcpy(s->text, text, length + 1);
	HASH_ADD(hh, r->strings_by_text, text, length, s);
	if (!s->hh.tbl) {
		free(s);
		return HL_NONE;
	}
	memset(r->roles[r->nr_strings], 0, sizeof(*r->roles));
	r->short_names[r->nr_strings] = HL_NONE;
	r->strings[r->nr_strings++] = s->text;
	return s->id;
}

uint32_t hl_resolver_find_string(const struct hl_resolver *resolver, const char *text)
{
	struct hl_interned_string *s;

	HASH_FIND(hh, resolver->strings_by_text, text, strlen(text), s);
	return s ? s->id : HL_NONE;
}

uint32_t hl_resolver_string(struct hl_resolver *resolver, const char *text)
{
	uint32_t id = hl_resolver_find_string(resolver, text);

	return id != HL_NONE ? id : add_string(resolver, text);
}

const char *hl_resolver_short_name(struct hl_resolver *resolver, uint32_t function)
{
	uint64_t charged = resolver->charged_bytes;
	uint32_t id = resolver->short_names[function];
	char *text;

	if (id != HL_NONE)
		return resolver->strings[id];
	if (hl_short_name(resolver->strings[function], &text))
		return NULL;
	resolver->charged_bytes = 0;
	id = text ? hl_resolver_string(resolver, text) : function;
	resolver->charged_bytes = charged;
	free(text);
	if (id == HL_NONE)
		return NULL;
	resolver->short_names[function] = id;
	return resolver->strings[id];
}

void hl_resolver_free_strings(struct hl_resolver *r)
{
	struct hl_interned_string *s;
	struct hl_interned_string *next;

	HASH_ITER(hh, r->strings_by_text, s, next) {
		HASH_DEL(r->strings_by_text, s);
		free(s);
	}
	free(r->strings);
	free(r->short_names);
}
