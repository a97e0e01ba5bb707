/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * stream.h - one way through the state, for saving, loading and digesting it.
 * Only lib/acd may include it.
 *
 * state.c and its parts describe every object once, field by field. What happens
 * to a field depends on the stream: it is written, read with its range checked, or
 * hashed. So a snapshot, what comes back from it and the digest cannot disagree
 * about what the state is.
 *
 * Bytes are varints in blocks: | u32 size | size bytes | ..., a block of size 0
 * being the end. After the first error a stream reads zeros and writes nothing.
 */

#include "acd/parts.h"
#include "base/hash64.h"

enum acd_stream_mode { STREAM_SAVE, STREAM_LOAD, STREAM_DIGEST };

enum {
        STREAM_BLOCK_SIZE = 8192,
        STREAM_NOT_A_STATE = -22, /* what acd_load() says of such bytes */
};

struct acd_stream {
        enum acd_stream_mode mode;
        const struct acd_sink *sink;
        const struct acd_source *source;
        int error;
        uint32_t version; /* of the state, for state.c */
        struct acd_hash64 hash;
        uint32_t size; /* of the block being read */
        uint32_t at;   /* in the block */
        uint8_t block[STREAM_BLOCK_SIZE];
};

/* stream.c */
void acd_stream_bad(struct acd_stream *stream);
void acd_stream_u64(struct acd_stream *stream, uint64_t *value);
void acd_stream_i64(struct acd_stream *stream, int64_t *value);
/* At most @max, when loading. */
void acd_stream_u32(struct acd_stream *stream, uint32_t *value, uint32_t max);
void acd_stream_u16(struct acd_stream *stream, uint16_t *value);
void acd_stream_u8(struct acd_stream *stream, uint8_t *value, uint8_t max);
void acd_stream_bool(struct acd_stream *stream, bool *value);
/* A text in an array of @size, the rest of it zero. */
void acd_stream_text(struct acd_stream *stream, char *text, size_t size);
/* A number that must be there: the sections of the stream. */
void acd_stream_mark(struct acd_stream *stream, uint64_t number);
/* A payload of at most @size_max bytes. */
void acd_stream_payload(struct acd_stream *stream, struct acd *acd, uint32_t *payload,
                        uint32_t size_max);
void acd_stream_link(struct acd_stream *stream, struct acd_ilink *link, uint32_t max);
void acd_stream_list(struct acd_stream *stream, struct acd_ilist *list, uint32_t max);
/* Nothing follows; a half block is flushed. */
void acd_stream_end(struct acd_stream *stream);

/* state.c: the whole state, in one order */
void acd_stream_state(struct acd_stream *stream, struct acd *acd);
/* state_config.c */
void acd_stream_config(struct acd_stream *stream, struct acd *acd);
/* state_traffic.c */
void acd_stream_traffic(struct acd_stream *stream, struct acd *acd);
bool acd_stream_slot(struct acd_stream *stream, struct acd_slab *slab, uint32_t index);
void acd_stream_terms(struct acd_stream *stream, struct acd *acd, struct acd_terms *terms);
