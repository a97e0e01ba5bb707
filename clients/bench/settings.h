/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * settings.h - what a run of acdbench is asked to do.
 *
 *   Ownership  Texts are those of argv.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "clients/bench/arrivals.h"
#include "clients/bench/spread.h"

enum exit_code {
        EXIT_DONE = 0,
        EXIT_CHECK = 1,
        EXIT_USAGE = 2,
        EXIT_NO_DAEMON = 3,
        EXIT_TIMEOUT = 4,
};

enum {
        SETTINGS_QUEUE_MAX = 1024,
        SETTINGS_AGENT_MAX = 65536,
        SETTINGS_LINE_MAX = 65536, /* connections of one side */
        SETTINGS_CHOICE_MAX = 32,
        SETTINGS_SWEEP_MAX = 64,
};

/* One of several, drawn in proportion to its weight. */
struct choice {
        char name[64];  /* of a queue or channel */
        uint32_t value; /* a band, or a credit in ms */
        uint32_t weight;
};

struct choices {
        uint32_t count;
        struct choice choice[SETTINGS_CHOICE_MAX];
};

struct settings {
        /* Whom to talk to. */
        const char *address;         /* of a daemon that runs; NULL: start one */
        const char *desktop_address; /* the desktops'; NULL: the same */
        const char *daemon_path;     /* NULL: the one beside this program, or in PATH */
        const char *data_dir;        /* of a daemon that is started; NULL: a temporary one */
        char *const *daemon_arguments;
        uint32_t daemon_argument_count;
        const char *tenant;
        pid_t pid; /* of a daemon that runs; 0: ask the socket */
        bool is_tcp;
        bool is_pinned;
        uint32_t daemon_cpu, own_cpu;

        /* The floor. */
        bool has_setup;
        uint32_t gateways, desktops, agents;
        uint32_t queues, skills, agent_skills;

        /* The contacts. */
        struct choices mix, channels, bands, credits;
        uint32_t attributes_size;
        bool has_client_keys, has_customer_keys;
        bool has_all_pushes;
        struct spread handle;
        uint32_t waiting;

        /* The run. */
        double rate; /* 0: closed loop */
        uint32_t in_flight;
        struct arrivals_settings arrivals;
        bool has_arrivals; /* somebody said how they come */
        bool is_sweep;
        double sweep[SETTINGS_SWEEP_MAX]; /* rates; none: found by a closed loop first */
        uint32_t sweep_count;
        double warm_up_s, seconds, timeout_s;
        uint64_t count; /* life cycles instead of seconds; 0: seconds */
        bool is_spinning;
        bool has_audit;
        uint64_t seed;
        uint64_t run_mark; /* 32 bits that another run does not have */

        /* What is told. */
        bool is_json;
        bool is_quiet;
        const char *hgrm_path, *svg_path;
};

/* What the defaults are. */
void settings_init(struct settings *settings);

/* Read the command line. EXIT_DONE; EXIT_USAGE after a sentence on stderr; -1: help or the
 * version was asked for and given. */
int settings_read(struct settings *settings, int argc, char **argv);
