/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * load.h - a closed loop of life cycles against one server.
 *
 * A life cycle is: a job is submitted, a worker gets it, the worker completes
 * it. The loop keeps so many of them open beside those that wait from before,
 * and knows of each job whether a worker has got it. An engine is how a server
 * is spoken to: it appends requests to a link and takes answers from it, and
 * says load_got() and load_done() when a job reached a worker and was completed.
 *
 *   Ownership  The load owns its links; an engine may keep a state of its own.
 *   Failure    link_check(): a job got twice, never or out of thin air ends it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/peers/link.h"

enum { LOAD_LINK_MAX = 4096, LOAD_ID_SIZE = 20, LOAD_PAYLOAD_MAX = 4096 };

struct load;

struct engine {
        const char *name;
        /* Once, before all else: what the server has to know. May be NULL. */
        void (*prepare)(struct load *load, struct link *link);
        /* What each connection says first. May be NULL. */
        void (*greet)(struct load *load, struct link *link);
        /* A job that shall wait. NULL: submit does. */
        void (*store)(struct load *load, struct link *link, uint64_t id);
        /* Workers begin to work, when all that shall wait does. May be NULL. */
        void (*start)(struct load *load);
        /* Submit a job; ask for the next one (NULL: jobs come to workers unasked). */
        void (*submit)(struct load *load, struct link *link, uint64_t id);
        void (*fetch)(struct load *load, struct link *link);
        /* Take one whole answer off the bytes; returns its size, 0 = it is not all there. */
        size_t (*take)(struct load *load, struct link *link, const char *at, size_t size);
        /* Ask for something that is answered when all before it is done. May be NULL. */
        void (*settle)(struct link *link);
        /* Ask for the number of jobs that wait; the answer goes to load->waiting_count. */
        void (*count)(struct load *load, struct link *link);
};

extern const struct engine engine_beanstalkd, engine_gearmand, engine_redis_bare, engine_redis_zset,
        engine_redis_minimal, engine_redis_full;

struct load_settings {
        const struct engine *engine;
        const char *address, *scripts;
        uint32_t link_count, window, payload_size, agent_count;
        uint64_t waiting;
        double warm_s, run_s;
        int pid; /* of the server, for its processor time; 0 = unknown */
        bool has_to_drain;
};

struct load {
        struct load_settings settings;
        struct link *link;
        char payload[LOAD_PAYLOAD_MAX]; /* the id goes to its front */
        uint64_t submitted_count, got_count, done_count;
        uint64_t waiting_count; /* as the server says, when all is over */
        uint64_t repeat_count;  /* questions asked again, as there was nothing yet */
        uint64_t *got;          /* a bit a job */
        bool is_ending;         /* nothing new is submitted */
        char script[48];        /* what the server calls the engine's script */
};

/* The payload of a job: its number in twenty digits, then filler. */
const char *load_payload(struct load *load, uint64_t id);
/* The number at the front of a payload of at least twenty bytes. */
uint64_t load_id(const char *payload, size_t size);

/* Should a worker that has a job complete it? Not when the end leaves jobs waiting. */
bool load_wants_more(const struct load *load);
/* A worker has job @id. */
void load_got(struct load *load, uint64_t id);
/* Its completion was answered on @link, or cannot be seen any better. */
void load_done(struct load *load, struct link *link);
