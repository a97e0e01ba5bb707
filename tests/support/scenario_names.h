/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * scenario_names.h - which id a name of a scenario stands for.
 *
 * Configured objects and gateways have names of their own. Contacts are named by the
 * scenario (c1), assignments by their contact and the number of the offer (c1#2; c1
 * alone is the last one). A name keeps its last id after the object is gone, so that
 * a scenario can speak of what is over.
 *
 *   Ownership  scenario_names_init() and _fini(); names are copied.
 *   Failure    An unknown name is id 0.
 *   Cost       O(names).
 */

#include <stddef.h>
#include <stdint.h>

#include "acd/acd.h"

enum { SCENARIO_NAME_SIZE = 96 };

struct scenario_name {
        enum acd_object object;
        uint64_t tenant;
        uint64_t id;
        char name[SCENARIO_NAME_SIZE];
};

struct scenario_names {
        struct scenario_name *item;
        uint32_t count, capacity;
};

void scenario_names_init(struct scenario_names *names);
void scenario_names_fini(struct scenario_names *names);

/* @name of @tenant stands for @id from now on. */
void scenario_names_put(struct scenario_names *names, enum acd_object object, uint64_t tenant,
                        const char *name, uint64_t id);

uint64_t scenario_names_id(const struct scenario_names *names, enum acd_object object,
                           uint64_t tenant, const char *name);

/* The name of @id, or "?", in memory that holds until the next put. */
const char *scenario_names_of(const struct scenario_names *names, enum acd_object object,
                              uint64_t id);

/* Take note of the names that @events bring: assignments, built-in channels. */
void scenario_names_learn(struct scenario_names *names, const struct acd_event *event,
                          uint32_t count);
