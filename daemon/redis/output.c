/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output with loans.
 */

#include "daemon/redis/output.h"

#include <string.h>

#include "base/assert.h"

void redis_output_init(struct redis_output *output, uint8_t *memory, size_t size)
{
        *output = (struct redis_output){ 0 };
        acd_buffer_init(&output->own, memory, size);
}

void redis_output_reset(struct redis_output *output)
{
        redis_output_init(output, output->own.bytes, output->own.capacity_size);
}

/* Own bytes that are not sent. */
static size_t own_size(const struct redis_output *output)
{
        size_t size;

        (void)acd_buffer_unparsed(&output->own, &size);
        return size;
}

size_t redis_output_size(const struct redis_output *output)
{
        return own_size(output) + output->lent_size;
}

size_t redis_output_room(const struct redis_output *output)
{
        return output->own.capacity_size - redis_output_size(output);
}

uint8_t *redis_output_space(struct redis_output *output, size_t size)
{
        size_t space;
        uint8_t *at = acd_buffer_space(&output->own, &space);

        if (size > redis_output_room(output))
                return NULL;
        if (space < size) {
                acd_buffer_compact(&output->own);
                at = acd_buffer_space(&output->own, &space);
        }
        return at;
}

void redis_output_put(struct redis_output *output, size_t size)
{
        acd_buffer_receive(&output->own, size);
}

void redis_output_lend(struct redis_output *output, struct acd_bytes bytes)
{
        ACD_ASSERT(bytes.size <= redis_output_room(output));

        if (bytes.size < REDIS_LOAN_SIZE_MIN || output->loan_count == REDIS_LOAN_MAX) {
                if (bytes.size > 0)
                        memcpy(redis_output_space(output, bytes.size), bytes.at, bytes.size);
                redis_output_put(output, bytes.size);
                return;
        }
        output->loan[output->loan_count++] = (struct redis_loan){
                .at = output->sent_count + own_size(output),
                .bytes = bytes,
        };
        output->lent_size += bytes.size;
}

int redis_output_parts(const struct redis_output *output,
                       struct iovec ret_parts[REDIS_OUTPUT_PART_MAX])
{
        size_t left;
        const uint8_t *at = acd_buffer_unparsed(&output->own, &left);
        uint64_t passed = output->sent_count;
        int count = 0;

        for (uint32_t i = output->loan_begin; i < output->loan_count; i++) {
                const struct redis_loan *loan = &output->loan[i];
                size_t size = (size_t)(loan->at - passed);

                if (size > 0)
                        ret_parts[count++] = (struct iovec){ (void *)(uintptr_t)at, size };
                ret_parts[count++] = (struct iovec){ (void *)(uintptr_t)loan->bytes.at,
                                                     loan->bytes.size };
                at += size;
                left -= size;
                passed = loan->at;
        }
        if (left > 0)
                ret_parts[count++] = (struct iovec){ (void *)(uintptr_t)at, left };
        return count;
}

static void own_sent(struct redis_output *output, size_t size)
{
        acd_buffer_parse(&output->own, size);
        acd_buffer_finish(&output->own);
        output->sent_count += size;
}

void redis_output_sent(struct redis_output *output, size_t size)
{
        while (output->loan_begin < output->loan_count) {
                struct redis_loan *loan = &output->loan[output->loan_begin];
                size_t before = (size_t)(loan->at - output->sent_count);
                size_t lent;

                if (size < before)
                        break;
                own_sent(output, before);
                size -= before;
                lent = size < loan->bytes.size ? size : loan->bytes.size;
                loan->bytes.at += lent;
                loan->bytes.size -= (uint32_t)lent;
                output->lent_size -= lent;
                size -= lent;
                if (loan->bytes.size > 0)
                        return;
                output->loan_begin++;
        }
        own_sent(output, size);
        if (output->loan_begin == output->loan_count) {
                output->loan_begin = 0;
                output->loan_count = 0;
        }
}

/* From the last one to the first: what comes behind it moves to its place, by all that is lent
 * until there. */
void redis_output_settle(struct redis_output *output)
{
        size_t end;
        uint8_t *begin;

        if (output->loan_begin == output->loan_count)
                return;
        acd_buffer_compact(&output->own);
        begin = output->own.bytes + output->own.parsed_size;
        end = own_size(output);
        acd_buffer_receive(&output->own, output->lent_size);
        while (output->loan_count > output->loan_begin) {
                const struct redis_loan *loan = &output->loan[--output->loan_count];
                size_t at = (size_t)(loan->at - output->sent_count);

                memmove(begin + at + output->lent_size, begin + at, end - at);
                output->lent_size -= loan->bytes.size;
                memcpy(begin + at + output->lent_size, loan->bytes.at, loan->bytes.size);
                end = at;
        }
        output->loan_begin = 0;
        output->loan_count = 0;
}
