/* SPDX-License-Identifier: MIT */
/*
 * make_stacks OUT NR-STACKS MODULE: a ledger with so many distinct stacks of 16 frames on average,
 * with addresses spread over the code of MODULE, for measuring how long the commands take.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/map.h"
#include "snapshot/snapshot.h"

#define BASE 0x500000000000u
#define NR_ADDRESSES 100000u

static uint64_t state = 88172645463325252u;

static uint64_t next(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

/* The first executable segment. */
static int find_code(const char *path, uint64_t *start, uint64_t *bytes)
{
	Elf64_Ehdr header;
	FILE *f = fopen(path, "rb");
	int rc = -1;

	if (!f || fread(&header, sizeof(header), 1, f) != 1 || fseek(f, (long)header.e_phoff, SEEK_SET))
		return -1;
	for (int i = 0; rc && i < header.e_phnum; i++) {
		Elf64_Phdr p;

		if (fread(&p, sizeof(p), 1, f) != 1)
			break;
		if (p.p_type != PT_LOAD || !(p.p_flags & PF_X))
			continue;
		*start = p.p_vaddr;
		*bytes = p.p_memsz;
		rc = 0;
	}
	fclose(f);
	return rc;
}

int main(int argc, char **argv)
{
	struct hl_snapshot *s = hl_snapshot_new();
	struct hl_counts counts = {.alloc_count = 1, .alloc_bytes = 64, .peak_count = 1, .peak_bytes = 64};
	struct hl_module_info m = {.bias = BASE};
	struct hl_map nodes = {0};
	uint64_t start, bytes;
	uint32_t node;

	if (argc != 4 || find_code(argv[3], &start, &bytes) || !s) {
		fprintf(stderr, "usage: make_stacks OUT NR-STACKS MODULE\n");
		return 2;
	}
	m.path = (struct hl_text){argv[3], strlen(argv[3])};
	m.start = BASE;
	m.end = BASE + start + bytes;
	hl_snapshot_add_module(s, &m);
	for (long i = atol(argv[2]); i > 0; i--) {
		uint64_t depth = 12 + next(9);

		node = HL_NODE_ROOT;
		/* near the root few callees, further in more: as programs are */
		for (uint64_t d = 0; d < depth; d++) {
			uint64_t which = (node * 7919u + next(d < 4 ? 3 : 8)) % NR_ADDRESSES;
			uint64_t ip = BASE + start + 1 + which * (bytes / NR_ADDRESSES);
			struct hl_map_entry *e = hl_map_at(&nodes, node, ip);

			if (e->value == UINT32_MAX && hl_snapshot_add_node(s, node, ip, &e->value))
				return 1;
			node = e->value;
		}
		counts.alloc_bytes = 16 + next(1000);
		if (hl_snapshot_add_site(s, node, HL_KIND_MALLOC, HL_DOMAIN_MALLOC, &counts))
			return 1;
	}
	printf("%s: %ld stacks, %llu nodes\n", argv[1], atol(argv[2]),
			(unsigned long long)s->globals.nr_nodes);
	hl_map_release(&nodes);
	return hl_snapshot_write(s, argv[1], HL_WRITE_FORCE, NULL) ? 1 : 0;
}
