/* SPDX-License-Identifier: MIT */
/* The difference of two groupings. */
#include "snapshot/resolve.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Wrapping, because numbers from a damaged file must not be undefined behaviour. */
static int64_t minus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

static uint64_t magnitude(int64_t x)
{
	return x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
}

static int descending(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

static int descending_signed(int64_t a, int64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

static int compare_diffs(const void *a, const void *b, void *arg)
{
	const struct hl_statistic_diff *x = a;
	const struct hl_statistic_diff *y = b;
	int order = descending(magnitude(x->size_diff), magnitude(y->size_diff));

	if (!order)
		order = descending_signed(x->size, y->size);
	if (!order)
		order = descending(magnitude(x->count_diff), magnitude(y->count_diff));
	if (!order)
		order = descending_signed(x->count, y->count);
	return order ? order : hl_trace_order_compare(arg, y->traceback, x->traceback);
}

static enum hl_change change_of(const struct hl_statistic_diff *diff)
{
	int64_t by = diff->size_diff ? diff->size_diff : diff->count_diff;

	return by > 0 ? HL_CHANGE_GREW : by < 0 ? HL_CHANGE_SHRANK : HL_CHANGE_SAME;
}

/* All groups of the new side, then what is left of the old one. */
static int subtract(const struct hl_statistics *old, const struct hl_statistics *new_,
		struct hl_diffs *diffs)
{
	struct hl_map by_traceback = {0};
	int rc = 0;

	for (size_t i = 0; i < new_->nr_items; i++) {
		const struct hl_statistic *n = &new_->items[i];
		struct hl_map_entry *entry = hl_map_at(&by_traceback, n->traceback, 0);

		if (!entry) {
			rc = -ENOMEM;
			goto out;
		}
		entry->value = (uint32_t)diffs->nr_items;
		diffs->items[diffs->nr_items++] = (struct hl_statistic_diff){
			.traceback = n->traceback,
			.change = HL_CHANGE_NEW,
			.via = n->via,
			.nr_vias = n->nr_vias,
			.size = n->size,
			.size_diff = n->size,
			.count = n->count,
			.count_diff = n->count,
		};
	}
	for (size_t i = 0; i < old->nr_items; i++) {
		const struct hl_statistic *o = &old->items[i];
		uint32_t at = hl_map_get(&by_traceback, o->traceback, 0);
		struct hl_statistic_diff *diff = &diffs->items[at];

		if (at == HL_NONE) {
			diff = &diffs->items[diffs->nr_items++];
			*diff = (struct hl_statistic_diff){
				.traceback = o->traceback,
				.change = HL_CHANGE_GONE,
				.via = o->via,
				.nr_vias = o->nr_vias,
			};
		}
		diff->size_diff = minus(diff->size, o->size);
		diff->count_diff = minus(diff->count, o->count);
		if (at != HL_NONE)
			diff->change = change_of(diff);
	}
out:
	hl_map_release(&by_traceback);
	return rc;
}

/*
 * Two samples err independently of each other, or, of one run, less: what lives in both is in both or in none of them.
 */
static void settle_totals(const struct hl_statistics *old, const struct hl_statistics *new_, struct hl_diffs *diffs)
{
	diffs->total_size = new_->total_size;
	diffs->total_size_diff = minus(new_->total_size, old->total_size);
	diffs->total_count = new_->total_count;
	diffs->total_count_diff = minus(new_->total_count, old->total_count);
	diffs->total_error_bytes = hypot(old->total_error_bytes, new_->total_error_bytes);
}

static int sort(struct hl_diffs *diffs)
{
	struct hl_trace_order order;
	int rc = hl_trace_order_init(&order, diffs->resolver, diffs->key, diffs->nr_items);

	if (!rc && diffs->nr_items)
		qsort_r(diffs->items, diffs->nr_items, sizeof(*diffs->items), compare_diffs, &order);
	free(order.ranks);
	return rc;
}

int hl_statistics_compare(const struct hl_statistics *old, const struct hl_statistics *new_,
		struct hl_diffs **out)
{
	struct hl_diffs *diffs;
	size_t nr = old->nr_items + new_->nr_items;
	int rc;

	if (old->resolver != new_->resolver || old->key != new_->key || old->metric != new_->metric)
		return -EINVAL;
	diffs = calloc(1, sizeof(*diffs));
	if (!diffs)
		return -ENOMEM;
	diffs->key = new_->key;
	diffs->metric = new_->metric;
	diffs->resolver = hl_resolver_ref(new_->resolver);
	diffs->items = calloc(nr + 1, sizeof(*diffs->items));
	rc = diffs->items ? subtract(old, new_, diffs) : -ENOMEM;
	settle_totals(old, new_, diffs);
	if (!rc)
		rc = sort(diffs);
	if (rc) {
		hl_diffs_unref(diffs);
		return rc;
	}
	*out = diffs;
	return 0;
}

void hl_diffs_unref(struct hl_diffs *diffs)
{
	if (!diffs)
		return;
	hl_resolver_unref(diffs->resolver);
	free(diffs->items);
	free(diffs);
}
