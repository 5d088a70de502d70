/* SPDX-License-Identifier: MIT */
/*
 * An encoder of protocol buffers: enough for profile.proto.
 *
 * Our own, because four kinds of field are all that is needed and the C libraries of Debian 12 want
 * a code generator.
 */
#ifndef HL_REPORTS_PROTOBUF_H
#define HL_REPORTS_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message being built.  All zero is an empty one. */
struct hl_protobuf {
	uint8_t *data;
	size_t length;
	size_t room;
	bool is_short;			/* out of memory: data is not whole */
};

void hl_protobuf_release(struct hl_protobuf *pb);
/* Empty it, keep its memory. */
void hl_protobuf_reset(struct hl_protobuf *pb);

/* A field of a number; 0 is left out, as it is the default of every field. */
void hl_protobuf_put_number(struct hl_protobuf *pb, unsigned int field, uint64_t value);
/* int64: a negative one takes ten bytes. */
void hl_protobuf_put_signed(struct hl_protobuf *pb, unsigned int field, int64_t value);
/* A field of bytes: a string, or a message. */
void hl_protobuf_put_bytes(struct hl_protobuf *pb, unsigned int field, const void *data,
		size_t length);
void hl_protobuf_put_message(struct hl_protobuf *pb, unsigned int field,
		const struct hl_protobuf *message);
/* A packed repeated field; no field at all for nr 0. */
void hl_protobuf_put_packed(struct hl_protobuf *pb, unsigned int field, const uint64_t *values,
		size_t nr);

#endif
