/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schedules of arrivals.
 *
 * Fixed times are multiplied, not added up, so that a million of them are as
 * exact as the first. Poisson times are sums of exponential draws, in a double:
 * its 53 bits are nanoseconds for a hundred days. A burst takes the place of as
 * many single arrivals, at the time of the first of them; so all kinds have the
 * same number of arrivals in a long time.
 *
 * Records are of whole seconds. All calls of one second would be a burst that
 * nobody made, so those of a second are spread over it evenly.
 */

#include "clients/bench/arrivals.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "clients/replay/bank.h"

static bool parse_number(const char *text, uint64_t max, uint64_t *ret_value)
{
        char *end;

        errno = 0;
        *ret_value = strtoull(text, &end, 10);
        return *text >= '0' && *text <= '9' && *end == 0 && errno == 0 && *ret_value <= max;
}

bool arrivals_parse(struct arrivals_settings *settings, char *text)
{
        char *at = strrchr(text, '@');
        uint64_t number = 0;

        if (strcmp(text, "fixed") == 0) {
                settings->kind = ARRIVALS_FIXED;
        } else if (strcmp(text, "poisson") == 0) {
                settings->kind = ARRIVALS_POISSON;
        } else if (strncmp(text, "burst:", 6) == 0) {
                if (!parse_number(text + 6, 1000000, &number) || number == 0)
                        return false;
                settings->kind = ARRIVALS_BURST;
                settings->burst = (uint32_t)number;
        } else if (strncmp(text, "file:", 5) == 0 && text[5] != 0) {
                settings->kind = ARRIVALS_FILE;
                settings->path = text + 5;
        } else if (strncmp(text, "bank:", 5) == 0 && text[5] != 0) {
                settings->kind = ARRIVALS_BANK;
                settings->path = text + 5;
                if (at != NULL && parse_number(at + 1, 999999, &number)) {
                        settings->date = (uint32_t)number;
                        *at = 0;
                }
        } else {
                return false;
        }
        return true;
}

bool arrivals_are_recorded(const struct arrivals_settings *settings)
{
        return settings->kind == ARRIVALS_FILE || settings->kind == ARRIVALS_BANK;
}

static int compare(const void *left, const void *right)
{
        double a = *(const double *)left;
        double b = *(const double *)right;

        return a < b ? -1 : a > b;
}

static int keep(struct arrivals *arrivals, size_t *capacity, double second)
{
        if (arrivals->recorded_count == *capacity) {
                size_t more = *capacity == 0 ? 4096 : *capacity * 2;
                double *moved = realloc(arrivals->recorded_s, more * sizeof(*moved));

                if (moved == NULL)
                        return -ENOMEM;
                arrivals->recorded_s = moved;
                *capacity = more;
        }
        arrivals->recorded_s[arrivals->recorded_count++] = second;
        return 0;
}

static int load_file(struct arrivals *arrivals)
{
        FILE *file = fopen(arrivals->settings.path, "re");
        size_t capacity = 0;
        char line[256];
        int r = 0;

        if (file == NULL)
                return -errno;
        while (r == 0 && fgets(line, sizeof(line), file) != NULL) {
                char *end;
                double second = strtod(line, &end);

                if (line[0] == '#' || line[0] == '\n')
                        continue;
                if (end == line || (*end != '\n' && *end != 0) || !(second >= 0 && second < 1e9))
                        r = -EINVAL;
                else
                        r = keep(arrivals, &capacity, second);
        }
        if (r == 0 && ferror(file))
                r = -EIO;
        (void)fclose(file);
        return r;
}

/* Those of one second are spread over it. */
static void spread_seconds(double *second, size_t count)
{
        size_t begin = 0;

        ACD_ASSERT(count <= BANK_RECORD_MAX);

        while (begin < count) {
                size_t end = begin;

                while (end < count && second[end] == second[begin])
                        end++;
                for (size_t i = begin + 1; i < end; i++)
                        second[i] += (double)(i - begin) / (double)(end - begin);
                begin = end;
        }
}

static int load_bank(struct arrivals *arrivals)
{
        struct bank *bank = calloc(1, sizeof(*bank));
        uint32_t date = arrivals->settings.date;
        size_t capacity = 0;
        int r;

        if (bank == NULL)
                return -ENOMEM;
        r = bank_load(bank, arrivals->settings.path);
        for (size_t i = 0; r == 0 && i < bank->record_count; i++) {
                const struct bank_record *record = &bank->record[i];

                if (date == 0)
                        date = record->date;
                if (record->date == date && record->arrival_s > 0)
                        r = keep(arrivals, &capacity, (double)record->arrival_s);
        }
        bank_free(bank);
        free(bank);
        if (r == 0) {
                qsort(arrivals->recorded_s, arrivals->recorded_count, sizeof(double), compare);
                spread_seconds(arrivals->recorded_s, arrivals->recorded_count);
        }
        return r;
}

int arrivals_open(struct arrivals *arrivals, const struct arrivals_settings *settings, double rate,
                  uint64_t seed)
{
        double first_s;
        int r;

        *arrivals = (struct arrivals){ .settings = *settings };
        acd_prng_init(&arrivals->prng, seed);
        if (!arrivals_are_recorded(settings)) {
                ACD_ASSERT(rate > 0);
                arrivals->period_ns = 1e9 / rate;
                return 0;
        }
        r = settings->kind == ARRIVALS_FILE ? load_file(arrivals) : load_bank(arrivals);
        if (r == 0 && arrivals->recorded_count == 0)
                r = -ENODATA;
        if (r < 0) {
                arrivals_close(arrivals);
                return r;
        }
        qsort(arrivals->recorded_s, arrivals->recorded_count, sizeof(double), compare);
        first_s = arrivals->recorded_s[0];
        for (size_t i = 0; i < arrivals->recorded_count; i++)
                arrivals->recorded_s[i] -= first_s;
        return 0;
}

void arrivals_close(struct arrivals *arrivals)
{
        free(arrivals->recorded_s);
        arrivals->recorded_s = NULL;
        arrivals->recorded_count = 0;
}

/* Above 0, at most 1: 53 random bits. */
static double uniform(struct acd_prng *prng)
{
        return ((double)(acd_prng_next(prng) >> 11) + 1) * 0x1p-53;
}

uint64_t arrivals_next(struct arrivals *arrivals)
{
        uint64_t index = arrivals->index++;

        switch (arrivals->settings.kind) {
        case ARRIVALS_FIXED:
                return (uint64_t)((double)index * arrivals->period_ns);
        case ARRIVALS_BURST:
                index -= index % arrivals->settings.burst;
                return (uint64_t)((double)index * arrivals->period_ns);
        case ARRIVALS_POISSON:
                arrivals->at_ns -= log(uniform(&arrivals->prng)) * arrivals->period_ns;
                return (uint64_t)arrivals->at_ns;
        case ARRIVALS_FILE:
        case ARRIVALS_BANK:
                if (index >= arrivals->recorded_count)
                        return UINT64_MAX;
                return (uint64_t)(arrivals->recorded_s[index] * 1e9 / arrivals->settings.speed);
        }
        acd_panic(__FILE__, __LINE__, __func__, "no such kind of arrivals");
}
