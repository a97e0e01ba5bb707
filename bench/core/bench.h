/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * bench.h - what the parts of core_step know of each other: the options, the load that
 * all engines are given (load.c), and one function for each thing that is measured.
 */

#include <stdbool.h>
#include <stdio.h>

#include "bench/core/engine.h"

struct bench_options {
        const char *program;     /* to run itself under callgrind */
        FILE *json;              /* or NULL */
        bool is_long;            /* 10^7 too */
        struct engine_order one; /* this row only; agent_count 0: the tables */
};

/* One result, as a line of text that has been printed and an object of the JSON: its
 * fields, without braces. */
void bench_json(const struct bench_options *options, const char *fields, ...)
        __attribute__((format(printf, 2, 3)));

/* Fill an engine: N wait, every agent is busy; then turns of life cycles. The next
 * contact's number is kept in @number. */
struct bench_load {
        const struct engine *engine;
        void *self;
        struct engine_order order;
        uint64_t number;
        uint64_t chance; /* state of a generator of its own, the same for all engines */
        uint32_t agent;
};
void bench_fill(struct bench_load *load, const struct engine *engine,
                const struct engine_order *order);
void bench_run(struct bench_load *load, uint32_t turn_count);
void bench_empty(struct bench_load *load);

/* Times of all engines, alternating; 0, or 1 when something went wrong. */
int bench_compare(const struct bench_options *options);
/* Engines that do the same offer the same contacts to the same agents. */
int bench_agree(void);
/* Instructions for a life cycle, by contacts waiting, agents, classes. */
int bench_count(const struct bench_options *options);
/* The program that bench_count() runs under callgrind. */
void bench_counted(const struct engine_order *order, uint32_t turn_count);
/* Bytes of a contact, by part. */
int bench_memory(const struct bench_options *options);
