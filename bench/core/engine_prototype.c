/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that can do it: what the machine allows.
 *
 * Records of 64 bytes in an array, an id that carries slot and generation, one list
 * for each band, a bit map of the bands that have somebody, a list of idle agents,
 * what happened written into a buffer. An id is checked before it is believed. No
 * tenants, classes, timers, limits, statistics, refusals, journal: a ceiling, not a
 * product. With keys, an open-addressing table of (hash, slot) at half load with a
 * 64-bit hash, keys in the record's neighbour line.
 */

#include "bench/core/engine.h"

#include <stdlib.h>
#include <string.h>

struct record {
        uint32_t generation;
        uint32_t next, prev;
        uint8_t band, state;
        uint64_t submitted;
        uint64_t number;
        uint32_t agent;
        uint32_t hash;
        uint8_t key[24];
};

_Static_assert(sizeof(struct record) == 64, "one cache line");

struct fifo {
        uint32_t first, last;
};

struct said {
        uint32_t kind;
        uint32_t agent;
        uint64_t contact;
        uint64_t now;
        uint64_t sequence;
};

struct prototype {
        bool has_keys;
        struct record *record;
        uint32_t *agent; /* the record that he has */
        uint64_t *offer; /* its id, as he was told */
        uint32_t *idle_next;
        uint32_t idle_first;
        uint32_t free;
        uint32_t top;
        uint32_t bands;
        struct fifo fifo[ENGINE_BAND_COUNT];
        struct {
                uint32_t hash, slot;
        } * table;
        uint32_t mask;
        uint64_t now;
        uint64_t sequence;
        uint32_t said_count;
        struct said said[8];
};

enum { FREE, WAITING, OFFERED, ACTIVE };

static void say(struct prototype *self, uint32_t kind, uint64_t contact, uint32_t agent)
{
        struct said *said = &self->said[self->said_count++];

        said->kind = kind;
        said->agent = agent;
        said->contact = contact;
        said->now = self->now;
        said->sequence = ++self->sequence;
}

static uint64_t id_of(const struct prototype *self, uint32_t slot)
{
        return (uint64_t)slot << 32 | self->record[slot].generation;
}

static uint32_t slot_of(const struct prototype *self, uint64_t id)
{
        uint32_t slot = (uint32_t)(id >> 32);

        if (slot > self->top || self->record[slot].generation != (uint32_t)id)
                abort();
        return slot;
}

/* A word at a time through a multiplication and a fold, as good as any that is not
 * keyed. */
static uint32_t hash_of(const uint8_t key[24])
{
        uint64_t hash = 0xcbf29ce484222325, word;

        for (uint32_t i = 0; i < 24; i += 8) {
                memcpy(&word, key + i, 8);
                hash = (hash ^ word) * 0x9e3779b97f4a7c15;
                hash ^= hash >> 32;
        }
        return (uint32_t)hash;
}

static uint32_t find(const struct prototype *self, uint32_t hash, const uint8_t key[24])
{
        uint32_t at = hash & self->mask;

        for (; self->table[at].slot != 0; at = (at + 1) & self->mask)
                if (self->table[at].hash == hash &&
                    memcmp(self->record[self->table[at].slot].key, key, 24) == 0)
                        return self->table[at].slot;
        return 0;
}

static void insert(struct prototype *self, uint32_t hash, uint32_t slot)
{
        uint32_t at = hash & self->mask;

        while (self->table[at].slot != 0)
                at = (at + 1) & self->mask;
        self->table[at].hash = hash;
        self->table[at].slot = slot;
}

static void forget(struct prototype *self, uint32_t hash, uint32_t slot)
{
        uint32_t hole = hash & self->mask, at;

        while (self->table[hole].slot != slot)
                hole = (hole + 1) & self->mask;
        for (at = (hole + 1) & self->mask; self->table[at].slot != 0; at = (at + 1) & self->mask)
                if (((at - self->table[at].hash) & self->mask) >= ((at - hole) & self->mask)) {
                        self->table[hole] = self->table[at];
                        hole = at;
                }
        self->table[hole].slot = 0;
}

static void push(struct prototype *self, uint32_t slot)
{
        struct record *record = &self->record[slot];
        struct fifo *fifo = &self->fifo[record->band];

        record->next = 0;
        record->prev = fifo->last;
        if (fifo->last == 0)
                fifo->first = slot;
        else
                self->record[fifo->last].next = slot;
        fifo->last = slot;
        self->bands |= 1u << record->band;
}

/* The first in line, off its line; 0: nobody waits. */
static uint32_t pop(struct prototype *self)
{
        uint32_t band, slot;

        if (self->bands == 0)
                return 0;
        band = 31 - (uint32_t)__builtin_clz(self->bands);
        slot = self->fifo[band].first;
        self->fifo[band].first = self->record[slot].next;
        if (self->fifo[band].first == 0) {
                self->fifo[band].last = 0;
                self->bands &= ~(1u << band);
        } else {
                self->record[self->fifo[band].first].prev = 0;
        }
        return slot;
}

static void offer(struct prototype *self, uint32_t slot, uint32_t agent)
{
        struct record *record = &self->record[slot];

        record->state = OFFERED;
        record->agent = agent;
        self->agent[agent] = slot;
        self->offer[agent] = id_of(self, slot);
        say(self, OFFERED, self->offer[agent], agent);
}

static void match(struct prototype *self, uint32_t agent)
{
        uint32_t slot = pop(self);

        if (slot != 0) {
                offer(self, slot, agent);
                return;
        }
        self->agent[agent] = 0;
        self->idle_next[agent] = self->idle_first;
        self->idle_first = agent + 1;
}

static void *prototype_open(const struct engine_order *order)
{
        struct prototype *self = calloc(1, sizeof(*self));
        uint32_t count = order->waiting_count + 2 * order->agent_count + 100;
        uint32_t slots = 4;

        if (self == NULL)
                abort();
        self->has_keys = order->has_keys;
        while (order->has_keys && slots / 2 < count)
                slots *= 2;
        self->mask = slots - 1;
        self->table = calloc(slots, sizeof(self->table[0]));
        self->record = aligned_alloc(64, ((size_t)count + 1) * sizeof(self->record[0]));
        self->agent = calloc(order->agent_count, sizeof(self->agent[0]));
        self->offer = calloc(order->agent_count, sizeof(self->offer[0]));
        self->idle_next = calloc(order->agent_count, sizeof(self->idle_next[0]));
        if (self->record == NULL || self->agent == NULL || self->offer == NULL ||
            self->idle_next == NULL || self->table == NULL)
                abort();
        memset(self->record, 0, ((size_t)count + 1) * sizeof(self->record[0]));
        self->now = 1000000000;
        return self;
}

static void prototype_close(void *pointer)
{
        struct prototype *self = pointer;

        free(self->table);
        free(self->record);
        free(self->agent);
        free(self->offer);
        free(self->idle_next);
        free(self);
}

__attribute__((noinline)) static void prototype_submit(void *pointer, uint64_t number, uint8_t band)
{
        struct prototype *self = pointer;
        uint32_t slot = self->free, hash = 0;
        uint8_t key[24] = { 0 };
        struct record *record;

        self->now += 1000000;
        self->said_count = 0;
        if (self->has_keys) {
                engine_key(number, key);
                hash = hash_of(key);
                if (find(self, hash, key) != 0)
                        abort();
        }
        if (slot != 0)
                self->free = self->record[slot].next;
        else
                slot = ++self->top;
        record = &self->record[slot];
        record->generation++;
        record->state = WAITING;
        record->band = band;
        record->submitted = self->now;
        record->number = number;
        record->agent = 0;
        if (self->has_keys) {
                record->hash = hash;
                memcpy(record->key, key, sizeof(key));
                insert(self, hash, slot);
        }
        say(self, WAITING, id_of(self, slot), 0);
        if (self->idle_first == 0) {
                push(self, slot);
                return;
        }
        number = self->idle_first - 1;
        self->idle_first = self->idle_next[number];
        offer(self, slot, (uint32_t)number);
}

__attribute__((noinline)) static void prototype_accept(struct prototype *self, uint32_t agent)
{
        uint32_t slot = slot_of(self, self->offer[agent]);

        self->said_count = 0;
        if (self->agent[agent] != slot || self->record[slot].state != OFFERED)
                abort();
        self->record[slot].state = ACTIVE;
        say(self, ACTIVE, self->offer[agent], agent);
}

__attribute__((noinline)) static void prototype_complete(struct prototype *self, uint32_t agent)
{
        uint32_t slot = slot_of(self, self->offer[agent]);
        struct record *record = &self->record[slot];

        self->said_count = 0;
        if (self->agent[agent] != slot || record->state != ACTIVE)
                abort();
        say(self, FREE, self->offer[agent], agent);
        if (self->has_keys)
                forget(self, record->hash, slot);
        record->state = FREE;
        record->generation++;
        record->next = self->free;
        self->free = slot;
        match(self, agent);
}

static void prototype_begin(void *pointer, uint32_t agent)
{
        struct prototype *self = pointer;

        self->said_count = 0;
        match(self, agent);
        prototype_accept(self, agent);
}

static void prototype_turn(void *pointer, const struct engine_cycle *cycles, uint64_t first_number)
{
        struct prototype *self = pointer;

        for (uint32_t i = 0; i < ENGINE_TURN; i++) {
                prototype_submit(self, first_number + i, cycles[i].band);
                prototype_complete(self, cycles[i].agent);
                prototype_accept(self, cycles[i].agent);
        }
}

static uint64_t prototype_has(void *pointer, uint32_t agent)
{
        struct prototype *self = pointer;

        return self->record[self->agent[agent]].number;
}

const struct engine engine_prototype = {
        .name = "prototype",
        .open = prototype_open,
        .close = prototype_close,
        .submit = prototype_submit,
        .begin = prototype_begin,
        .turn = prototype_turn,
        .has = prototype_has,
};
