/* SPDX-License-Identifier: MIT */
/* The live blocks as a traces text, which every command reads (heapledger-traces(5)). */
#include "reports/export.h"

static int write_traces(FILE *file, const struct hl_export *export)
{
	hl_export_note_negative(export, 1u << HL_VALUE_LIVE_COUNT | 1u << HL_VALUE_LIVE_BYTES);
	return hl_snapshot_write_traces(export->snapshot, export->resolver, file);
}

const struct hl_export_writer hl_export_traces = {
	.name = "traces",
	.write = write_traces,
};
