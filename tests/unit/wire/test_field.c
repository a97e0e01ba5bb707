/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protobuf's bytes by hand: numbers at every border of their length, buffers of
 * exactly the size needed, and what a strict reader refuses.
 */

#include <criterion/criterion.h>
#include <string.h>

#include "wire/field.h"

/* The definition: seven bits a byte, lowest first. */
static size_t naive_varint(uint64_t value, uint8_t bytes[10])
{
        size_t size = 0;

        do {
                bytes[size] = (uint8_t)(value % 128);
                value /= 128;
                if (value > 0)
                        bytes[size] = (uint8_t)(bytes[size] + 128);
                size++;
        } while (value > 0);
        return size;
}

static void check_number(uint64_t value)
{
        uint8_t expected[10];
        size_t size = naive_varint(value, expected);

        cr_assert_eq(wire_varint_size(value), size);
        for (size_t room = 0; room <= size; room++) {
                uint8_t bytes[12];
                struct wire_writer writer = { bytes, bytes + room, false };
                struct wire_reader reader = { bytes, bytes + room };
                uint64_t back;

                memset(bytes, 0xa5, sizeof(bytes));
                wire_put_varint(&writer, value);
                cr_assert_eq(writer.is_full, room < size);
                cr_assert_eq(bytes[room], 0xa5, "nothing behind the room");
                memcpy(bytes, expected, room);
                cr_assert_eq(wire_read_varint(&reader, &back), room == size);
                if (room < size)
                        continue;
                cr_assert_eq(back, value);
                cr_assert_eq(reader.at, reader.end);
        }
}

/* Goal    Numbers are written and read as defined, in exactly the bytes they need.
 * Method  Both sides of every power of two, against the definition. */
Test(field, numbers_at_their_borders)
{
        for (unsigned bit = 0; bit < 64; bit++)
                for (uint64_t off = 0; off < 3; off++)
                        check_number((UINT64_C(1) << bit) + off - 1);
        cr_assert_eq(wire_varint_size(UINT64_MAX), 10);
        check_number(UINT64_MAX);
}

/* Goal    Each kind of field needs exactly its bytes, leaves out zeros, and is read again. */
Test(field, fields_fit_exactly)
{
        for (size_t room = 0; room < 40; room++) {
                uint8_t bytes[41];
                struct wire_writer writer = { bytes, bytes + room, false };

                memset(bytes, 0xa5, sizeof(bytes));
                wire_put_uint(&writer, 1, 0);
                wire_put_fixed64(&writer, 2, 0);
                wire_put_bytes(&writer, 3, "", 0);
                cr_assert_eq(writer.at, bytes, "zeros are left out");
                wire_put_uint(&writer, 1, 300);                              /* 1 + 2 */
                wire_put_fixed64(&writer, 16, UINT64_C(0x0102030405060708)); /* 2 + 8 */
                wire_put_text(&writer, 3, (struct acd_text){ "hello", 5 });  /* 1 + 1 + 5 */
                cr_assert_eq(writer.is_full, room < 20);
                cr_assert_eq(bytes[room], 0xa5);
                if (room == 20)
                        cr_assert_arr_eq(bytes,
                                         "\x08\xac\x02"
                                         "\x81\x01\x08\x07\x06\x05\x04\x03\x02\x01"
                                         "\x1a\x05hello",
                                         20);
        }
}

/* Goal    A writer that was full once stays full: half a field is never followed by a whole one. */
Test(field, full_stays_full)
{
        uint8_t bytes[8];
        struct wire_writer writer = { bytes, bytes + sizeof(bytes), false };

        wire_put_fixed64(&writer, 1, 5);
        cr_assert(writer.is_full);

        const uint8_t *at = writer.at;

        wire_put_uint(&writer, 2, 1);
        cr_assert_eq(writer.at, at);
}

static bool reads(const char *bytes, size_t size, struct wire_field *ret_field)
{
        struct wire_reader reader = { (const uint8_t *)bytes, (const uint8_t *)bytes + size };

        return wire_read_field(&reader, ret_field) && reader.at == reader.end;
}

#define READS(bytes, field) reads(bytes, sizeof(bytes) - 1, field)

/* Goal    Fields of every type are read, at the borders of their numbers; what is none is
 *         refused. */
Test(field, reading_is_strict)
{
        struct wire_field field;

        cr_assert(READS("\x08\x05", &field));
        cr_assert(field.number == 1 && field.type == WIRE_TYPE_VARINT && field.value == 5);
        cr_assert(READS("\x0d\x01\x02\x03\x04", &field));
        cr_assert(field.type == WIRE_TYPE_FIXED32 && field.value == 0x04030201);
        cr_assert(READS("\x09\x01\x02\x03\x04\x05\x06\x07\x08", &field));
        cr_assert(field.type == WIRE_TYPE_FIXED64 && field.value == UINT64_C(0x0807060504030201));
        cr_assert(READS("\x12\x02hi", &field));
        cr_assert(field.type == WIRE_TYPE_BYTES && field.bytes.size == 2);
        cr_assert(READS("\x12\x00", &field));
        cr_assert_eq(field.bytes.size, 0);
        cr_assert(READS("\xf8\xff\xff\xff\x0f\x01", &field), "2^29 - 1 is the highest number");
        cr_assert_eq(field.number, (1u << 29) - 1);
        cr_assert(READS("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", &field));
        cr_assert_eq(field.value, UINT64_MAX);

        cr_assert_not(READS("\x00\x05", &field), "number 0");
        cr_assert_not(READS("\x80\x80\x80\x80\x10\x01", &field), "2^29");
        cr_assert_not(READS("\x0b", &field), "a group");
        cr_assert_not(READS("\x0c", &field), "its end");
        cr_assert_not(READS("\x0e\x01", &field), "type 6");
        cr_assert_not(READS("\x0f\x01", &field), "type 7");
        cr_assert_not(READS("\x08", &field), "no value");
        cr_assert_not(READS("\x08\x80", &field), "half a number");
        cr_assert_not(READS("\x0d\x01\x02\x03", &field));
        cr_assert_not(READS("\x09\x01\x02\x03\x04\x05\x06\x07", &field));
        cr_assert_not(READS("\x12\x03hi", &field), "one byte short");
        cr_assert_not(READS("\x12", &field));
        cr_assert_not(READS("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", &field), "65 bits");
        cr_assert_not(READS("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", &field),
                      "eleven bytes");
}
