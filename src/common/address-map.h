/* SPDX-License-Identifier: MIT */
/*
 * The form of the recording library's map from addresses to call sites, in the memory of a recorded program: the
 * library writes it (preload/base/shadow.h), and `heapledger pages` reads it from outside.
 *
 * An address has 47 bits: 13 select the entry of the root, 13 the leaf, 16 the slot, 5 lie within it.  A slot of 4
 * bytes holds the site and, in the lower bits, how much smaller the request was than the usable size; HL_SHADOW_ESCAPE
 * says that the next slot (and, if that is UINT32_MAX, two more) hold it: they lie inside the block then;
 * HL_SHADOW_ASIDE, that it is kept elsewhere.  Tables that nobody needed are not there: NULL.
 */
#ifndef HL_COMMON_ADDRESS_MAP_H
#define HL_COMMON_ADDRESS_MAP_H

#define HL_SHADOW_SLACK_BITS 6
#define HL_SHADOW_ASIDE ((1u << HL_SHADOW_SLACK_BITS) - 1)
#define HL_SHADOW_ESCAPE (HL_SHADOW_ASIDE - 1)
#define HL_MAX_SITES (1u << (32 - HL_SHADOW_SLACK_BITS))

#define HL_SHADOW_SLOT_SHIFT 5
#define HL_SHADOW_LEAF_SHIFT 21
#define HL_SHADOW_MIDDLE_SHIFT 34
#define HL_SHADOW_ADDRESS_BITS 47
#define HL_SHADOW_SLOTS (1u << (HL_SHADOW_LEAF_SHIFT - HL_SHADOW_SLOT_SHIFT))
#define HL_SHADOW_LEAVES (1u << (HL_SHADOW_MIDDLE_SHIFT - HL_SHADOW_LEAF_SHIFT))
#define HL_SHADOW_MIDDLES (1u << (HL_SHADOW_ADDRESS_BITS - HL_SHADOW_MIDDLE_SHIFT))

/*
 * The word before a block of glibc's: the chunk's size, with flags; a mapping of its own has two such words.  The word
 * behind it is the head of the next chunk.
 */
#define HL_HEAD_FLAGS 7ul
#define HL_HEAD_IN_USE 1ul		/* the chunk before it is */
#define HL_HEAD_MAPPED 2ul

#endif
