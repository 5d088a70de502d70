/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer of the symbols in ledgers: the input is what a section unpacks to, so that no checksum keeps it from the
 * reader.  What is accepted can be looked up to its last name, and is the same when it is put together again.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "common/ledger.h"
#include "fuzz.h"
#include "snapshot/embed.h"

#define NR_MODULES 8u

static unsigned char *section_of(const uint8_t *data, size_t size)
{
	struct hl_symbols_header h = {
		.crc = (uint32_t)crc32_z(0, data, size),
		.packed_bytes = size,
		.plain_bytes = size,
	};
	unsigned char *section = malloc(sizeof(h) + size);

	assert(section);
	memcpy(section, &h, sizeof(h));
	if (size)
		memcpy(section + sizeof(h), data, size);
	return section;
}

/* Each name is read for the sanitizer to see, and no chain breaks its form. */
static size_t look_up_all(const struct hl_embedded *e)
{
	struct hl_frame f[HL_EMBEDDED_MAX_CHAIN];
	size_t sum = 0;

	for (size_t i = 0; i < e->nr_modules; i++)
		for (uint32_t k = 0; k < e->modules[i].nr; k++) {
			size_t nr = hl_embedded_find(e, &e->modules[i], e->addresses[e->modules[i].first + k].vaddr, f,
					HL_EMBEDDED_MAX_CHAIN);

			assert(nr >= 1 && nr <= HL_EMBEDDED_MAX_CHAIN && !f[nr - 1].inlined);
			for (size_t n = 0; n < nr; n++)
				sum += strlen(f[n].function) + (f[n].file ? strlen(f[n].file) : 0) +
					(f[n].linkage_name ? strlen(f[n].linkage_name) : 0);
		}
	return sum;
}

static void check_copy(const struct hl_embedded *e)
{
	struct hl_embedding *b = hl_embedding_new();
	uint32_t modules[NR_MODULES];
	struct hl_embedded *copy = NULL;

	assert(b);
	for (uint32_t i = 0; i < NR_MODULES; i++)
		modules[i] = i;
	assert(!hl_embedding_add_moved(b, e, modules));
	assert(!hl_embedding_finish(b, NR_MODULES, &copy));
	assert(!copy == !e->nr_addresses);
	if (copy)
		assert(copy->nr_addresses == e->nr_addresses && copy->nr_chains == e->nr_chains);
	hl_embedded_unref(copy);
	hl_embedding_free(b);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	unsigned char *section = section_of(data, size);
	struct hl_embedded *e = NULL;
	const char *msg = NULL;
	int rc = hl_embedded_read(section, sizeof(struct hl_symbols_header) + size, NR_MODULES, &e, &msg);

	if (rc < 0) {
		assert(rc == -EBADMSG && msg && !e);
		free(section);
		return 0;
	}
	look_up_all(e);
	check_copy(e);
	hl_embedded_unref(e);
	return 0;
}
