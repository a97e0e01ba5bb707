/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durations and numbers as people write them.
 *
 * A duration must name its unit: "timeout: 20" has been milliseconds to some
 * and seconds to others in every system that allowed it. Units go from large to
 * small and appear once, so that a duration has one reading; fractions are not
 * needed where a smaller unit exists.
 */

#include "apply/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
        const char *name;
        uint64_t ms;
};

static const struct unit units[] = {
        { "d", UINT64_C(86400000) }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
};

enum { UNIT_COUNT = sizeof(units) / sizeof(units[0]) };

static bool is_digit(char letter)
{
        return letter >= '0' && letter <= '9';
}

static size_t digits_size(const char *text, size_t size)
{
        size_t count = 0;

        while (count < size && is_digit(text[count]))
                count++;
        return count;
}

bool apply_number_parse(const char *text, size_t size, uint64_t *ret_number)
{
        uint64_t number = 0;

        if (size == 0 || digits_size(text, size) != size)
                return false;
        if (size > 1 && text[0] == '0')
                return false;
        for (size_t i = 0; i < size; i++) {
                uint64_t digit = (uint64_t)(text[i] - '0');

                if (number > (UINT64_MAX - digit) / 10)
                        return false;
                number = number * 10 + digit;
        }
        *ret_number = number;
        return true;
}

/* The unit that @text begins with, among those from @first on, or UNIT_COUNT.
 * "m" is a minute only where no "s" follows. */
static size_t unit_find(const char *text, size_t size, size_t first)
{
        size_t found = UNIT_COUNT;
        size_t found_size = 0;

        for (size_t i = first; i < UNIT_COUNT; i++) {
                size_t name_size = strlen(units[i].name);

                if (name_size > size || memcmp(units[i].name, text, name_size) != 0)
                        continue;
                if (name_size > found_size) {
                        found = i;
                        found_size = name_size;
                }
        }
        return found;
}

bool apply_duration_parse(const char *text, size_t size, uint64_t *ret_ms)
{
        uint64_t total = 0;
        size_t unit = 0;

        if (size == 1 && text[0] == '0') {
                *ret_ms = 0;
                return true;
        }
        if (size == 0)
                return false;
        while (size > 0) {
                size_t digit_count = digits_size(text, size);
                uint64_t count;

                if (!apply_number_parse(text, digit_count, &count))
                        return false;
                text += digit_count;
                size -= digit_count;
                unit = unit_find(text, size, unit);
                if (unit == UNIT_COUNT)
                        return false;
                if (count > (UINT64_MAX - total) / units[unit].ms)
                        return false;
                total += count * units[unit].ms;
                text += strlen(units[unit].name);
                size -= strlen(units[unit].name);
                unit++;
        }
        *ret_ms = total;
        return true;
}

const char *apply_duration_format(uint64_t ms, char ret_text[APPLY_DURATION_TEXT_SIZE])
{
        size_t used = 0;

        if (ms == 0)
                memcpy(ret_text, "0s", 3);
        for (size_t i = 0; i < UNIT_COUNT; i++) {
                uint64_t count = ms / units[i].ms;

                if (count == 0)
                        continue;
                used += (size_t)snprintf(ret_text + used, APPLY_DURATION_TEXT_SIZE - used,
                                         "%" PRIu64 "%s", count, units[i].name);
                ms %= units[i].ms;
        }
        return ret_text;
}
