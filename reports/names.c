/* SPDX-License-Identifier: MIT */
/* Interned, escaped names. */
#include "reports/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/export.h"
#include "snapshot/snapshot.h"

void hl_names_release(struct hl_names *names)
{
	for (size_t i = 0; i < names->nr; i++)
		free(names->texts[i]);
	free(names->texts);
	hl_map_release(&names->by_pointer);
	hl_map_release(&names->by_hash);
}

static char *escape(const struct hl_names *names, const char *text)
{
	char *escaped = NULL;
	size_t length;
	FILE *file = open_memstream(&escaped, &length);

	if (!file)
		return NULL;
	hl_put_replaced(file, text, strlen(text), names->from ? names->from : "",
			names->to ? names->to : "");
	if (fclose(file)) {
		free(escaped);
		return NULL;
	}
	return escaped;
}

/* FNV-1a */
static uint64_t hash(const char *text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	while (*text)
		h = (h ^ (unsigned char)*text++) * UINT64_C(0x100000001b3);
	return h;
}

/* Takes @escaped over. */
static uint32_t add(struct hl_names *names, char *escaped)
{
	struct hl_map_entry *entry;
	uint64_t h = hash(escaped);

	/* The second key is 0 unless two names have one hash. */
	for (uint64_t i = 0;; i++) {
		entry = hl_map_at(&names->by_hash, h, i);
		if (!entry)
			break;
		if (entry->value == HL_NO_NAME) {
			if (hl_array_grow((void **)&names->texts, &names->room, names->nr,
					sizeof(char *)))
				break;
			names->texts[names->nr] = escaped;
			entry->value = (uint32_t)names->nr;
			return (uint32_t)names->nr++;
		}
		if (!strcmp(names->texts[entry->value], escaped)) {
			free(escaped);
			return entry->value;
		}
	}
	free(escaped);
	return HL_NO_NAME;
}

uint32_t hl_names_id(struct hl_names *names, const char *text)
{
	char *escaped = escape(names, text);

	return escaped ? add(names, escaped) : HL_NO_NAME;
}

uint32_t hl_names_id_of_constant(struct hl_names *names, const char *text)
{
	struct hl_map_entry *entry = hl_map_at(&names->by_pointer, (uint64_t)(uintptr_t)text, 0);

	if (!entry)
		return HL_NO_NAME;
	if (entry->value == HL_NO_NAME)
		entry->value = hl_names_id(names, text);
	return entry->value;
}

static int compare_texts(const void *a, const void *b, void *arg)
{
	char *const *texts = arg;

	return strcmp(texts[*(const uint32_t *)a], texts[*(const uint32_t *)b]);
}

uint32_t *hl_names_rank(const struct hl_names *names)
{
	uint32_t *order = calloc(names->nr + 1, sizeof(*order));
	uint32_t *rank = calloc(names->nr + 1, sizeof(*rank));

	if (!order || !rank) {
		free(order);
		free(rank);
		return NULL;
	}
	for (size_t i = 0; i < names->nr; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, names->nr, sizeof(*order), compare_texts, names->texts);
	for (size_t i = 0; i < names->nr; i++)
		rank[order[i]] = (uint32_t)i;
	free(order);
	return rank;
}
