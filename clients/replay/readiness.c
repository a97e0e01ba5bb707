/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When agents were ready.
 *
 * Between two services of an agent lies a gap: first he is away (after-call
 * work, a word with a colleague, a break), then he is ready and idle. The record
 * shows only the gap. But while he is ready no call waits that he could take, so
 *
 *     end of service          last second in which            start of the
 *            |              such a call waited |              next service
 *            v                                 v                   v
 *     -------#=================================#-------------------#------
 *            |<---- surely away: away_min ---->|<- away or ready ->|
 *            |<--------------------- away_max -------------------->|
 *
 * When the next call itself had waited, it ended the absence: both bounds are
 * one. When it had not, the agent was ready some time before. Taking gaps as
 * absences would count idle time as work; taking a fixed wrap-up and calling the
 * rest idle would put agents at their desks who were not. Both were tried, and
 * fit one month at the price of the other (docs/REPLAY.md has the figures).
 *
 * The curve of absences is fitted to the services after which such a call was
 * waiting already: watched from the end of the service, an absence ends with the
 * next service or passes out of sight when nothing waits any more.
 *
 * An agent who starts a service while an earlier one of his is on record has
 * left the earlier (it went on elsewhere, or its end was recorded late); it is
 * cut there, so that nobody serves two at a time.
 */

#include "clients/replay/readiness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

/* Clocks of queue and agents differ by up to this: a service that starts within
 * it of the end of a wait was that wait's end. */
enum { CLOCK_SLACK_S = 3 };

/* Disjoint stretches of time, in order. */
struct stretch {
        int64_t from_s;
        int64_t to_s;
};

struct stretches {
        size_t count;
        struct stretch *item;
};

static int compare_services(const void *a, const void *b)
{
        const struct service *x = a;
        const struct service *y = b;

        if (x->start_s != y->start_s)
                return x->start_s < y->start_s ? -1 : 1;
        if (x->end_s != y->end_s)
                return x->end_s < y->end_s ? -1 : 1;
        return (x->record > y->record) - (x->record < y->record);
}

static int compare_stretches(const void *a, const void *b)
{
        const struct stretch *x = a;
        const struct stretch *y = b;

        return (x->from_s > y->from_s) - (x->from_s < y->from_s);
}

static bool is_service(const struct bank_record *record)
{
        return record->outcome == BANK_AGENT && record->server != BANK_NO_SERVER;
}

/* All services, by server and start. */
static int collect(struct readiness *readiness, const struct bank *bank)
{
        size_t *first = readiness->first;
        size_t next[BANK_SERVER_MAX];

        for (size_t i = 0; i < bank->record_count; i++)
                if (is_service(&bank->record[i]))
                        first[bank->record[i].server + 1]++;
        for (size_t i = 1; i <= BANK_SERVER_MAX; i++)
                first[i] += first[i - 1];
        memcpy(next, first, sizeof(next));

        readiness->service_count = first[BANK_SERVER_MAX];
        readiness->service = calloc(readiness->service_count + 1, sizeof(struct service));
        if (readiness->service == NULL)
                return -ENOMEM;
        for (size_t i = 0; i < bank->record_count; i++) {
                const struct bank_record *record = &bank->record[i];

                if (is_service(record))
                        readiness->service[next[record->server]++] = (struct service){
                                .start_s = record->service_start_s,
                                .end_s = record->service_start_s + record->service_s,
                                .record = i,
                        };
        }
        for (size_t i = 0; i < BANK_SERVER_MAX; i++)
                qsort(readiness->service + first[i], first[i + 1] - first[i],
                      sizeof(struct service), compare_services);
        return 0;
}

/* The stretches in which a call of @types waited. */
static int read_waiting(struct stretches *waiting, const struct bank *bank, uint32_t types)
{
        size_t count = 0;

        waiting->count = 0;
        waiting->item = calloc(bank->record_count + 1, sizeof(*waiting->item));
        if (waiting->item == NULL)
                return -ENOMEM;

        for (size_t i = 0; i < bank->record_count; i++) {
                const struct bank_record *record = &bank->record[i];

                if (record->wait_s > 0 && (types >> record->type & 1) != 0)
                        waiting->item[count++] =
                                (struct stretch){ record->arrival_s,
                                                  record->arrival_s + record->wait_s };
        }
        qsort(waiting->item, count, sizeof(*waiting->item), compare_stretches);

        for (size_t i = 0; i < count; i++) {
                struct stretch *last = &waiting->item[waiting->count];
                const struct stretch added = waiting->item[i];

                if (waiting->count > 0 && added.from_s <= last[-1].to_s) {
                        if (added.to_s > last[-1].to_s)
                                last[-1].to_s = added.to_s;
                } else {
                        *last = added;
                        waiting->count++;
                }
        }
        return 0;
}

/* The number of stretches that begin before @second. */
static size_t stretches_before(const struct stretches *waiting, int64_t second)
{
        size_t low = 0;
        size_t high = waiting->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (waiting->item[middle].from_s < second)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Seconds after @from at which a call waited for the last time before @to. */
static uint32_t waited_until(const struct stretches *waiting, int64_t from, int64_t to)
{
        size_t before = stretches_before(waiting, to);
        int64_t end;

        if (before == 0)
                return 0;
        end = waiting->item[before - 1].to_s;
        if (end > to)
                end = to;
        return end > from ? (uint32_t)(end - from) : 0;
}

/* Seconds from @from for which, without a pause, a call waited, up to @to. */
static uint32_t waited_on(const struct stretches *waiting, int64_t from, int64_t to)
{
        size_t before = stretches_before(waiting, from + 1);
        int64_t end;

        if (before == 0)
                return 0;
        end = waiting->item[before - 1].to_s;
        if (end > to)
                end = to;
        return end > from ? (uint32_t)(end - from) : 0;
}

/* What the gap between two services says. Adds to @observation and @count what
 * it says about absences. */
static void read_gap(struct service *service, const struct service *next,
                     const struct stretches *waiting, struct observation *observation,
                     size_t *count)
{
        uint32_t gap = (uint32_t)(next->start_s - service->end_s);
        uint32_t until = waited_until(waiting, service->end_s, next->start_s);
        uint32_t on = waited_on(waiting, service->end_s, next->start_s);

        service->has_next = true;
        service->away_max_s = gap;
        service->away_min_s = until + CLOCK_SLACK_S >= gap ? gap : until;
        /* Nothing waited at the end of the service: nothing was watched, but for
         * the agent who went on at once. */
        if (on == 0 && gap > 1)
                return;
        if (on + CLOCK_SLACK_S - 1 >= gap)
                observation[(*count)++] = (struct observation){ gap, true };
        else
                observation[(*count)++] = (struct observation){ on, false };
}

/* All gaps of one server's services. */
static void read_server(struct readiness *readiness, uint32_t server,
                        const struct stretches *waiting, struct observation *observation,
                        size_t *count)
{
        size_t end = readiness->first[server + 1];

        for (size_t i = readiness->first[server]; i + 1 < end; i++) {
                struct service *service = &readiness->service[i];

                if (service->end_s > service[1].start_s) {
                        service->end_s = service[1].start_s;
                        readiness->shortened_count++;
                }
                read_gap(service, service + 1, waiting, observation, count);
        }
}

/* Servers with the same skills see the same calls wait. */
static int read_servers(struct readiness *readiness, const struct bank *bank,
                        const uint32_t *skills, struct observation *observation, size_t *count)
{
        struct stretches waiting = { 0 };
        bool is_done[BANK_SERVER_MAX] = { false };
        int r = 0;

        for (uint32_t i = 0; r == 0 && i < bank->server_count; i++) {
                if (is_done[i])
                        continue;
                r = read_waiting(&waiting, bank, skills[i]);
                for (uint32_t j = i; r == 0 && j < bank->server_count; j++) {
                        if (skills[j] != skills[i])
                                continue;
                        read_server(readiness, j, &waiting, observation, count);
                        is_done[j] = true;
                }
                free(waiting.item);
        }
        return r;
}

int readiness_read(struct readiness *readiness, const struct bank *bank, const uint32_t *skills)
{
        struct observation *observation = NULL;
        size_t count = 0;
        int r;

        *readiness = (struct readiness){ .service_count = 0 };
        r = collect(readiness, bank);
        if (r == 0) {
                observation = calloc(readiness->service_count + 1, sizeof(*observation));
                r = observation == NULL ? -ENOMEM : 0;
        }
        if (r == 0)
                r = read_servers(readiness, bank, skills, observation, &count);
        if (r == 0)
                r = curve_fit(&readiness->away, observation, count);
        free(observation);
        if (r < 0)
                readiness_free(readiness);
        return r;
}

void readiness_free(struct readiness *readiness)
{
        free(readiness->service);
        curve_free(&readiness->away);
        *readiness = (struct readiness){ .service_count = 0 };
}
