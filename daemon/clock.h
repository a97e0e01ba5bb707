/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * clock.h - core time from the machine's clocks. The only reader of a clock.
 *
 * Core time is nanoseconds since the data directory was made. While the daemon
 * runs it follows CLOCK_BOOTTIME, so that neither the wall clock's jumps nor a
 * suspended machine can fire or freeze a timer. Between two runs only the wall
 * clock knows how long it was; what it says is believed from 0 to 7 days.
 *
 * A rehearsal clock runs @rate core seconds a real second. Peers live in real
 * time: their leases and silences are measured with clock_real().
 *
 *   Ownership  The caller owns the struct. The world_clock must outlive it.
 *   Failure    None.
 *   Cost       One clock reading per clock_turn(); the others read nothing.
 *   Threads    The shard's.
 */

#include <stdint.h>

#include "acd/types.h"
#include "daemon/world.h"

enum { CLOCK_RATE_MAX = 100000 };

#define CLOCK_DOWNTIME_NS_MAX (UINT64_C(7) * 86400 * 1000000000)

/* The machine's own. */
extern const struct world_clock world_clock_os;

struct clock {
        const struct world_clock *world;
        uint64_t rate;      /* core seconds a real second */
        uint64_t boot_base; /* boot_ns when core time was core_base */
        acd_time core_base;
        uint64_t real; /* as of the last clock_turn() */
        acd_time now;
};

/* From now on core time is @core_now plus what passes, times @rate. */
void clock_start(struct clock *clock, const struct world_clock *world, uint64_t rate,
                 acd_time core_now);

/* Read the machine's clock: once per turn. */
void clock_turn(struct clock *clock);

/* Core time, and real time (boot_ns), as of the last clock_turn(). */
acd_time clock_now(const struct clock *clock);
uint64_t clock_real(const struct clock *clock);

/* The wall clock, as nanoseconds since 1970. Reads it. */
int64_t clock_wall(const struct clock *clock);

/* How long nobody was here, in core time: between the last batch at wall time @then and @now. */
uint64_t clock_downtime(int64_t then, int64_t now, uint64_t rate, uint64_t downtime_ns_max);

/* Real nanoseconds until core time @due; 0 when it has come. */
uint64_t clock_real_until(const struct clock *clock, acd_time due);
