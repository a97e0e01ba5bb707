/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Picking fields out of hot messages.
 *
 * Fields come in the order of their numbers, as every protobuf library writes
 * them, so a walk may stop when it has passed the last one that it wants. A
 * peer that wrote them otherwise would be misread; the daemon is ours, and
 * tests/unit/bench compares with wire_decode() for random messages.
 *
 * What is not given is zero, as in proto3.
 */

#include "clients/bench/hot.h"

#include "wire/kinds.h"
#include "wire/message.h"

enum { TYPE_VARINT = 0, TYPE_FIXED64 = 1, TYPE_BYTES = 2, TYPE_FIXED32 = 5, NUMBER_MAX = 15 };

struct walk {
        const uint8_t *at;
        const uint8_t *end;
        uint64_t value[NUMBER_MAX + 1]; /* by field number; not of strings */
};

static bool read_varint(struct walk *walk, uint64_t *ret_value)
{
        uint64_t value = 0;

        for (uint32_t shift = 0; shift < 64 && walk->at < walk->end; shift += 7) {
                uint8_t byte = *walk->at++;

                value |= (uint64_t)(byte & 0x7f) << shift;
                if (byte < 0x80) {
                        *ret_value = value;
                        return true;
                }
        }
        return false;
}

static bool skip(struct walk *walk, uint64_t size)
{
        if ((uint64_t)(walk->end - walk->at) < size)
                return false;
        walk->at += size;
        return true;
}

/* Read fields until one beyond @last. */
static bool walk_to(struct walk *walk, uint32_t last)
{
        while (walk->at < walk->end) {
                const uint8_t *begin = walk->at;
                uint64_t tag, value = 0;

                if (!read_varint(walk, &tag))
                        return false;
                if (tag >> 3 > last) {
                        walk->at = begin;
                        return true;
                }
                switch (tag & 7) {
                case TYPE_FIXED64:
                        if (!skip(walk, 8))
                                return false;
                        value = acd_get_u64(walk->at - 8);
                        break;
                case TYPE_VARINT:
                        if (!read_varint(walk, &value))
                                return false;
                        break;
                case TYPE_BYTES:
                        if (!read_varint(walk, &value) || !skip(walk, value))
                                return false;
                        break;
                case TYPE_FIXED32:
                        if (!skip(walk, 4))
                                return false;
                        break;
                default:
                        return false;
                }
                walk->value[tag >> 3] = value;
        }
        return true;
}

/*
 * RESULT and OFFER have a usual shape, which is looked for first; any other is
 * walked, out of line, where the walk's memory costs nobody else.
 */

/* Code of one byte, time, id, state of one byte: a success. */
static bool is_usual_result(const uint8_t *body, uint32_t size)
{
        return size >= 22 && body[0] == (1 << 3 | TYPE_VARINT) && body[1] < 0x80 &&
               body[2] == (2 << 3 | TYPE_FIXED64) && body[11] == (3 << 3 | TYPE_FIXED64) &&
               body[20] == (4 << 3 | TYPE_VARINT) && body[21] < 0x80;
}

static __attribute__((noinline)) bool walk_result(const uint8_t *body, uint32_t size,
                                                  struct hot_result *ret_result)
{
        struct walk walk = { .at = body, .end = body + size };

        if (!walk_to(&walk, 4))
                return false;
        *ret_result = (struct hot_result){
                .code = (uint32_t)walk.value[1],
                .id = walk.value[3],
                .state = (uint32_t)walk.value[4],
        };
        return true;
}

bool hot_peek_result(const uint8_t *body, uint32_t size, struct hot_result *ret_result)
{
        if (!is_usual_result(body, size))
                return walk_result(body, size, ret_result);
        *ret_result = (struct hot_result){
                .code = body[1],
                .state = body[21],
                .id = acd_get_u64(body + 12),
        };
        return true;
}

/* Time, number of the push, assignment, epoch, contact: where the assignment is, or NULL. */
static const uint8_t *usual_offer(const uint8_t *body, uint32_t size)
{
        uint32_t at = 10;

        if (size < 48 || body[0] != (1 << 3 | TYPE_FIXED64) || body[9] != (2 << 3 | TYPE_VARINT))
                return NULL;
        while (at < 15 && body[at] >= 0x80)
                at++;
        at++;
        if (body[at] != (3 << 3 | TYPE_FIXED64) || body[at + 9] != (4 << 3 | TYPE_FIXED64) ||
            body[at + 18] != (5 << 3 | TYPE_FIXED64))
                return NULL;
        return body + at + 1;
}

static __attribute__((noinline)) bool walk_offer(const uint8_t *body, uint32_t size,
                                                 struct hot_offer *ret_offer)
{
        struct walk walk = { .at = body, .end = body + size };

        if (!walk_to(&walk, 5))
                return false;
        *ret_offer = (struct hot_offer){ walk.value[3], walk.value[5] };
        return true;
}

bool hot_peek_offer(const uint8_t *body, uint32_t size, struct hot_offer *ret_offer)
{
        const uint8_t *usual = usual_offer(body, size);

        if (usual == NULL)
                return walk_offer(body, size, ret_offer);
        *ret_offer = (struct hot_offer){ acd_get_u64(usual), acd_get_u64(usual + 18) };
        return true;
}

bool hot_peek_assignment(const uint8_t *body, uint32_t size, struct hot_assignment *ret_push)
{
        struct walk walk = { .at = body, .end = body + size };

        if (!walk_to(&walk, 10))
                return false;
        *ret_push = (struct hot_assignment){
                .assignment = walk.value[2],
                .contact = walk.value[4],
                .state = (uint32_t)walk.value[5],
                .reason = (uint32_t)walk.value[10],
        };
        return true;
}

bool hot_peek_offer_ended(const uint8_t *body, uint32_t size, struct hot_assignment *ret_push)
{
        struct walk walk = { .at = body, .end = body + size };

        if (!walk_to(&walk, 5))
                return false;
        *ret_push = (struct hot_assignment){
                .assignment = walk.value[3],
                .contact = walk.value[4],
                .reason = (uint32_t)walk.value[5],
        };
        return true;
}

bool hot_peek_assignment_state(const uint8_t *body, uint32_t size, struct hot_assignment *ret_push)
{
        struct walk walk = { .at = body, .end = body + size };

        if (!walk_to(&walk, 6))
                return false;
        *ret_push = (struct hot_assignment){
                .assignment = walk.value[3],
                .contact = walk.value[4],
                .state = (uint32_t)walk.value[5],
                .reason = (uint32_t)walk.value[6],
        };
        return true;
}

void hot_put_cancel(uint8_t *at, uint32_t correlation, uint64_t contact)
{
        hot_put_header(at, HOT_CANCEL_SIZE, WIRE_CANCEL, correlation, 0);
        at += WIRE_HEADER_SIZE;
        at[0] = 1 << 3 | TYPE_FIXED64;
        acd_put_u64(at + 1, contact);
        at[9] = 3 << 3 | TYPE_VARINT;
        at[10] = ACD_REASON_CANCELLED;
}

void hot_put_report(uint8_t *at, uint32_t correlation, uint64_t contact, uint64_t assignment)
{
        hot_put_header(at, HOT_REPORT_SIZE, WIRE_REPORT, correlation, 0);
        at += WIRE_HEADER_SIZE;
        at[0] = 1 << 3 | TYPE_FIXED64;
        acd_put_u64(at + 1, contact);
        at[9] = 2 << 3 | TYPE_FIXED64;
        acd_put_u64(at + 10, assignment);
        at[18] = 3 << 3 | TYPE_VARINT;
        at[19] = ACD_REPORT_CONNECTED;
}
