/* SPDX-License-Identifier: MIT */
/* Wire format: varints, and bytes with their length in front. */
#include "reports/protobuf.h"

#include <stdlib.h>
#include <string.h>

#define WIRE_VARINT 0u
#define WIRE_BYTES 2u
#define MAX_VARINT 10u

void hl_protobuf_release(struct hl_protobuf *pb)
{
	free(pb->data);
	*pb = (struct hl_protobuf){0};
}

void hl_protobuf_reset(struct hl_protobuf *pb)
{
	pb->length = 0;
}

static bool reserve(struct hl_protobuf *pb, size_t more)
{
	size_t wanted = (pb->length + more) * 2;
	uint8_t *bigger;

	if (pb->room - pb->length >= more)
		return true;
	bigger = realloc(pb->data, wanted);
	if (!bigger) {
		pb->is_short = true;
		return false;
	}
	pb->data = bigger;
	pb->room = wanted;
	return true;
}

static void put_varint(struct hl_protobuf *pb, uint64_t value)
{
	if (!reserve(pb, MAX_VARINT))
		return;
	while (value >= 0x80) {
		pb->data[pb->length++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	pb->data[pb->length++] = (uint8_t)value;
}

void hl_protobuf_put_number(struct hl_protobuf *pb, unsigned int field, uint64_t value)
{
	if (!value)
		return;
	put_varint(pb, (uint64_t)field << 3 | WIRE_VARINT);
	put_varint(pb, value);
}

void hl_protobuf_put_signed(struct hl_protobuf *pb, unsigned int field, int64_t value)
{
	hl_protobuf_put_number(pb, field, (uint64_t)value);
}

void hl_protobuf_put_bytes(struct hl_protobuf *pb, unsigned int field, const void *data,
		size_t length)
{
	put_varint(pb, (uint64_t)field << 3 | WIRE_BYTES);
	put_varint(pb, length);
	if (!length || !reserve(pb, length))
		return;
	memcpy(pb->data + pb->length, data, length);
	pb->length += length;
}

void hl_protobuf_put_message(struct hl_protobuf *pb, unsigned int field,
		const struct hl_protobuf *message)
{
	pb->is_short |= message->is_short;
	hl_protobuf_put_bytes(pb, field, message->data, message->length);
}

static size_t varint_length(uint64_t value)
{
	size_t n = 1;

	while (value >>= 7)
		n++;
	return n;
}

void hl_protobuf_put_packed(struct hl_protobuf *pb, unsigned int field, const uint64_t *values,
		size_t nr)
{
	size_t length = 0;

	if (!nr)
		return;
	for (size_t i = 0; i < nr; i++)
		length += varint_length(values[i]);
	put_varint(pb, (uint64_t)field << 3 | WIRE_BYTES);
	put_varint(pb, length);
	for (size_t i = 0; i < nr; i++)
		put_varint(pb, values[i]);
}
