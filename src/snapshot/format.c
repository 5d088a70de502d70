/* SPDX-License-Identifier: MIT */
/* Sizes, statistics and places as text, in tracemalloc's form. */
#include "snapshot/heapledger.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/ledger.h"

const char *const hl_key_names[HL_NR_KEYS + 1] = {
	[HL_KEY_LINENO] = "lineno",
	[HL_KEY_FILENAME] = "filename",
	[HL_KEY_FUNCTION] = "function",
	[HL_KEY_MODULE] = "module",
	[HL_KEY_TRACEBACK] = "traceback",
	[HL_KEY_KIND] = "kind",
	[HL_KEY_THREAD] = "thread",
};

const char *const hl_metric_names[HL_NR_METRICS + 1] = {
	[HL_METRIC_LIVE] = "live",
	[HL_METRIC_PEAK] = "peak",
	[HL_METRIC_ALLOC] = "alloc",
	[HL_METRIC_COUNT] = "count",
	[HL_METRIC_TEMP] = "temp",
};

const char *const hl_change_names[HL_NR_CHANGES + 1] = {
	[HL_CHANGE_SAME] = "same",
	[HL_CHANGE_GREW] = "grew",
	[HL_CHANGE_SHRANK] = "shrank",
	[HL_CHANGE_NEW] = "new",
	[HL_CHANGE_GONE] = "gone",
};

static int index_of(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return i;
	return -EINVAL;
}

int hl_key_from_name(const char *name)
{
	return index_of(hl_key_names, name);
}

int hl_metric_from_name(const char *name)
{
	return index_of(hl_metric_names, name);
}

const char *hl_kind_name(unsigned int kind)
{
	static const char *const names[HL_NR_KINDS] = {
		[HL_KIND_NONE] = "none",
		[HL_KIND_MALLOC] = "malloc",
		[HL_KIND_CALLOC] = "calloc",
		[HL_KIND_REALLOC] = "realloc",
		[HL_KIND_ALIGNED] = "aligned",
		[HL_KIND_MMAP] = "mmap",
		[HL_KIND_TRACKED] = "tracked",
	};

	return kind < HL_NR_KINDS ? names[kind] : "?";
}

/*
 * One decimal without printf's locale.  @value is below 100 in magnitude.  printf rounds the exact
 * binary value to nearest, ties to even; value * 10 in long double keeps all 53 bits plus the
 * factor's 4, so rintl() sees the same tie.
 */
static void format_tenths(char *buf, double value, bool sign, const char *unit)
{
	long tenths = (long)rintl((long double)fabs(value) * 10);
	const char *lead = signbit(value) ? "-" : sign ? "+" : "";

	snprintf(buf, HL_SIZE_TEXT, "%s%ld.%ld %s", lead, tenths / 10, tenths % 10, unit);
}

char *hl_format_size(char *buf, double size, bool sign)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};

	for (int i = 0;; i++, size /= 1024) {
		if (i && fabs(size) < 100) {
			format_tenths(buf, size, sign, units[i]);
			return buf;
		}
		if (fabs(size) < 10 * 1024 || i == 4) {
			snprintf(buf, HL_SIZE_TEXT, sign ? "%+.0f %s" : "%.0f %s", size, units[i]);
			return buf;
		}
	}
}

static char *format_bytes(char *buf, double size, bool sign, bool exact)
{
	if (exact) {
		snprintf(buf, HL_SIZE_TEXT, sign ? "%+.0f B" : "%.0f B", size);
		return buf;
	}
	return hl_format_size(buf, size, sign);
}

/* Exact sizes are whole numbers that a double may not hold. */
static char *format_whole(char *buf, int64_t size, bool sign, bool exact)
{
	if (exact) {
		snprintf(buf, HL_SIZE_TEXT, sign ? "%+" PRId64 " B" : "%" PRId64 " B", size);
		return buf;
	}
	return hl_format_size(buf, (double)size, sign);
}

static int append_average(char *buf, size_t room, int64_t size, int64_t count, bool exact)
{
	char text[HL_SIZE_TEXT];

	if (!count)
		return 0;
	return snprintf(buf, room, ", average=%s",
			format_bytes(text, (double)size / (double)count, false, exact));
}

char *hl_format_statistic(char *buf, int64_t size, int64_t count, bool exact)
{
	char text[HL_SIZE_TEXT];
	int n = snprintf(buf, HL_STATISTIC_TEXT, "size=%s, count=%" PRId64,
			format_whole(text, size, false, exact), count);

	append_average(buf + n, HL_STATISTIC_TEXT - (size_t)n, size, count, exact);
	return buf;
}

char *hl_format_diff(char *buf, const struct hl_statistic_diff *diff, bool exact)
{
	char size[HL_SIZE_TEXT];
	char size_diff[HL_SIZE_TEXT];
	int n = snprintf(buf, HL_STATISTIC_TEXT, "size=%s (%s), count=%" PRId64 " (%+" PRId64 ")",
			format_whole(size, diff->size, false, exact),
			format_whole(size_diff, diff->size_diff, true, exact),
			diff->count, diff->count_diff);

	append_average(buf + n, HL_STATISTIC_TEXT - (size_t)n, diff->size, diff->count, exact);
	return buf;
}

size_t hl_format_place(char *buf, size_t size, const struct hl_location *location)
{
	int n;

	if (location->lineno)
		n = snprintf(buf, size, "%s:%" PRIu32, location->filename, location->lineno);
	else
		n = snprintf(buf, size, "%s", location->filename);
	return n < 0 ? 0 : (size_t)n;
}
