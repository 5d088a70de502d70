/* SPDX-License-Identifier: MIT */
/* Orders to a running program. */
#include "snapshot/orders.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "snapshot/file-write.h"

/* Where they are; NULL: nowhere. */
static const struct hl_chunk *find_section(const struct hl_image *image)
{
	const struct hl_table *table = &image->tables[HL_SECTION_ORDERS];

	return table->nr_chunks ? &table->chunks[0] : NULL;
}

static int read_orders(const struct hl_image *image, const struct hl_chunk *section, struct hl_orders *out,
		struct hl_error *err)
{
	int rc = hl_image_read(image, section->offset, out, sizeof(*out), err);

	/* The program counts an order in done before anybody else may go on. */
	if (!rc && out->asked - out->done > HL_MAX_ORDERS)
		rc = hl_fail(err, EBADMSG, section->offset, "impossible number of orders");
	return rc;
}

/* The section's offset; or -errno. */
static int64_t open_section(int fd, struct hl_orders *out, struct hl_image *image, struct hl_error *err)
{
	const struct hl_chunk *section;
	int rc = hl_image_open(image, fd, err);

	if (rc)
		return rc;
	section = find_section(image);
	if (!section)
		rc = hl_fail(err, ENOENT, HL_NO_OFFSET, "an older libheapledger_preload.so writes it, which takes no "
			"orders");
	else
		rc = read_orders(image, section, out, err);
	return rc ? rc : (int64_t)section->offset;
}

int hl_orders_look(int fd, struct hl_orders_state *out, struct hl_error *err)
{
	struct hl_image image = {0};
	struct hl_orders orders;
	int64_t offset = open_section(fd, &orders, &image, err);

	hl_image_release(&image);
	if (offset < 0)
		return (int)offset;
	*out = (struct hl_orders_state){orders.asked, orders.done, orders.is_stopped};
	return 0;
}

/* One writer at a time; others wait. */
static int lock(int fd, uint64_t offset, short type)
{
	struct flock range = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)offset, .l_len = sizeof(struct hl_orders)};

	while (fcntl(fd, F_OFD_SETLKW, &range))
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* The next event of every lane there is looks around; lanes to come begin so. */
static int wake(const struct hl_image *image, int fd)
{
	const struct hl_table *shards = &image->tables[HL_SECTION_SHARDS];
	const uint64_t now = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < shards->nr_chunks; i++)
		for (uint32_t k = 0; !rc && k < shards->chunks[i].nr_records; k++)
			rc = hl_write_at(fd, &now, sizeof(now), shards->chunks[i].offset +
				(uint64_t)k * shards->chunks[i].record_bytes + offsetof(struct hl_shard, special_at));
	return rc;
}

static int put_order(int fd, uint64_t offset, uint64_t asked, enum hl_order_what what, struct hl_text text)
{
	struct hl_order order = {.what = what, .length = (uint32_t)text.length};
	uint64_t at = offset + offsetof(struct hl_orders, ring) + asked % HL_MAX_ORDERS * sizeof(order);
	struct timespec now;
	int rc;

	clock_gettime(CLOCK_MONOTONIC, &now);
	order.monotonic_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	memcpy(order.text, text.data, text.length);
	rc = hl_write_at(fd, &order, sizeof(order), at);
	asked++;
	return rc ? rc : hl_write_at(fd, &asked, sizeof(asked), offset + offsetof(struct hl_orders, asked));
}

/* With the lock.  The directory is read again behind the order: a lane whose shard is not in it then sees the order. */
static int give(int fd, uint64_t offset, enum hl_order_what what, struct hl_text text, uint64_t *number,
		struct hl_error *err)
{
	struct hl_image image = {0};
	struct hl_orders orders;
	int64_t again = open_section(fd, &orders, &image, err);
	int rc = again < 0 ? (int)again : 0;

	hl_image_release(&image);
	if (rc)
		return rc;
	if (orders.asked - orders.done == HL_MAX_ORDERS)
		return hl_fail(err, EAGAIN, HL_NO_OFFSET, "the program has had no event since it was given 15 orders");
	*number = orders.asked + 1;
	rc = put_order(fd, offset, orders.asked, what, text);
	if (rc)
		return hl_fail(err, -rc, offset, "cannot be written");
	rc = hl_image_open(&image, fd, err);
	if (rc)
		return rc;
	rc = wake(&image, fd);
	hl_image_release(&image);
	return rc ? hl_fail(err, -rc, offset, "cannot be written") : 0;
}

int hl_orders_give(int fd, enum hl_order_what what, struct hl_text text, uint64_t *number, struct hl_error *err)
{
	struct hl_image image = {0};
	struct hl_orders orders;
	int64_t offset;
	int rc;

	if (text.length > HL_ORDER_BYTES)
		return hl_fail(err, EINVAL, HL_NO_OFFSET, "a mark's text has at most 240 bytes");
	offset = open_section(fd, &orders, &image, err);
	hl_image_release(&image);
	if (offset < 0)
		return (int)offset;
	rc = lock(fd, (uint64_t)offset, F_WRLCK);
	if (rc)
		return hl_fail(err, -rc, (uint64_t)offset, "cannot be locked");
	rc = give(fd, (uint64_t)offset, what, text, number, err);
	lock(fd, (uint64_t)offset, F_UNLCK);
	return rc;
}

int hl_orders_read(const struct hl_image *image, struct hl_orders *out, struct hl_error *err)
{
	const struct hl_chunk *section = find_section(image);

	*out = (struct hl_orders){0};
	return section ? read_orders(image, section, out, err) : 0;
}

/* The program says of a mark when it was ordered, unless its clock is another one. */
static bool is_carried_out(const struct hl_order *order, const struct hl_snapshot *s)
{
	for (size_t i = 0; i < s->nr_marks; i++) {
		struct hl_text text = hl_snapshot_text(s, s->marks[i].text);

		if (s->marks[i].monotonic_ns == order->monotonic_ns && text.length == order->length &&
				!memcmp(text.data, order->text, text.length))
			return true;
	}
	return false;
}

int hl_orders_add(const struct hl_orders *orders, struct hl_snapshot *snapshot, struct hl_error *err)
{
	int rc = 0;

	snapshot->is_stopped = orders->is_stopped != 0;
	for (uint64_t i = orders->done; !rc && i != orders->asked; i++) {
		const struct hl_order *order = &orders->ring[i % HL_MAX_ORDERS];
		const struct hl_ledger_mark mark = {
			.monotonic_ns = order->monotonic_ns,
			.first_site = (uint32_t)snapshot->globals.nr_sites,
		};

		if (order->what != HL_ORDER_MARK || order->length > HL_ORDER_BYTES || !order->monotonic_ns ||
				is_carried_out(order, snapshot))
			continue;
		rc = hl_snapshot_add_mark(snapshot, &mark, (struct hl_text){order->text, order->length});
	}
	if (rc == -ENOMEM)
		return hl_fail(err, ENOMEM, HL_NO_OFFSET, "out of memory");
	return rc ? hl_fail(err, -rc, HL_NO_OFFSET, "too many strings") : 0;
}
