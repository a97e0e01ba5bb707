/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * generate.h - random lines of the scenario language for a world of a drawn shape.
 *
 * Lines are text, so that what fails can be read, cut down and kept as a scenario.
 * Most make sense in the present state; some are wrong on purpose.
 */

#include "base/prng.h"
#include "tests/property/shape.h"
#include "tests/support/world.h"

enum { GENERATE_LINE_SIZE = 8192 };

struct generator {
        struct acd_prng prng;
        struct shape shape;
        const struct world *world;
        acd_time now;
        bool is_setting_up;
        uint32_t setup_position; /* lines of the setup that were made */
        uint32_t contact_count;  /* names given out: c0, c1, ... */
        uint64_t epoch;
        uint32_t tenant; /* that the line is about */
        char text[GENERATE_LINE_SIZE];
        size_t size;
};

void generate_init(struct generator *generator, uint64_t seed, const struct world *world);

/* The next line, in memory that holds until the next one. */
const char *generate_next(struct generator *generator);
