/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * engine.h - the life cycle of a contact on several engines: the core, a prototype
 * of bare lists, and what one would write with GLib.
 *
 * The world is the simplest that has an order: one class, eight bands, all agents
 * busy, N contacts waiting. A life cycle is a submit, a complete, which offers the
 * first in line to the agent, and his accept; N stays the same. Engines that do the
 * same must offer the same: engine_check() compares.
 *
 *   Ownership  open() gives memory that close() takes back.
 *   Chance     None in an engine; what is submitted when is the caller's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ENGINE_BAND_COUNT = 8, ENGINE_TURN = 32 };

struct engine_order {
        uint32_t waiting_count;
        uint32_t agent_count;
        uint32_t class_count; /* that an agent serves; the core only */
        bool has_keys;        /* each contact is submitted under a key, looked up first */
};

/* A life cycle to come: who is done, and what is submitted. */
struct engine_cycle {
        uint32_t agent;
        uint8_t band;
};

struct engine {
        const char *name;
        void *(*open)(const struct engine_order *order);
        void (*close)(void *self);
        /* Contact number @number comes, and waits. */
        void (*submit)(void *self, uint64_t number, uint8_t band);
        /* Nobody is busy yet: the agent takes the first in line. */
        void (*begin)(void *self, uint32_t agent);
        /* ENGINE_TURN life cycles, of different agents. */
        void (*turn)(void *self, const struct engine_cycle *cycles, uint64_t first_number);
        /* The number of the contact that the agent has. */
        uint64_t (*has)(void *self, uint32_t agent);
};

extern const struct engine engine_core;          /* steps one after the other */
extern const struct engine engine_core_prefetch; /* acd_prefetch() for the turn before */
extern const struct engine engine_prototype;
extern const struct engine engine_glib; /* name NULL: built without GLib */

/* The key of contact @number, in @text: 21 bytes, as a telephone system makes them. */
enum { ENGINE_KEY_SIZE = 21 };
void engine_key(uint64_t number, uint8_t text[ENGINE_KEY_SIZE]);
