/* SPDX-License-Identifier: MIT */
/*
 * Folded stacks: "main;parse;copy 4096", one line for each distinct stack, sorted.
 *
 * What reads them ignores numbers below one, so such stacks are left out.
 */
#include "reports/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "reports/names.h"
#include "reports/stack-tree.h"

static uint32_t name_of(void *arg, const struct hl_stack_frame *frame)
{
	return hl_names_id_of_constant(arg, frame->name);
}

static void put_lines(FILE *file, const struct hl_stack_tree *tree, const struct hl_names *names,
		enum hl_value value, uint32_t *path)
{
	for (size_t i = 0; i < tree->nr_sums; i++) {
		uint64_t n = hl_export_natural(&tree->sums[i].counts, value);
		size_t nr = n ? hl_stack_tree_path(tree, tree->sums[i].node, path) : 0;

		if (!n)
			continue;
		while (nr-- > 0)
			fprintf(file, "%s%c", names->texts[path[nr]], nr ? ';' : ' ');
		fprintf(file, "%" PRIu64 "\n", n);
	}
}

static int write_folded(FILE *file, const struct hl_export *export)
{
	enum hl_value value = hl_export_metric_value(export->metric);
	struct hl_names names = {.from = ";", .to = ":"};
	struct hl_stack_tree tree = {0};
	uint32_t *rank = NULL;
	uint32_t *path = NULL;
	int rc = hl_stack_tree_build(&tree, export->stacks, name_of, &names);

	if (!rc) {
		rank = hl_names_rank(&names);
		path = calloc(tree.max_depth + 1, sizeof(*path));
		rc = rank && path ? hl_stack_tree_sort(&tree, rank) : -ENOMEM;
	}
	if (!rc) {
		put_lines(file, &tree, &names, value, path);
		hl_export_note_negative(export, 1u << value);
	}
	free(rank);
	free(path);
	hl_stack_tree_release(&tree);
	hl_names_release(&names);
	return rc;
}

const struct hl_export_writer hl_export_folded = {
	.name = "folded",
	.has_metric = true,
	.write = write_folded,
};
