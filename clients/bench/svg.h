/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * svg.h - a plot of lines, as a file that every browser shows.
 *
 * The vertical axis is logarithmic: latencies differ by powers of ten. The
 * horizontal one is linear from 0, or "percentiles": as far from 90 to 99 % as
 * from 99 to 99.9 %.
 *
 *   Ownership  Points and texts are the caller's.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { SVG_SERIES_MAX = 6 };

struct svg_point {
        double x; /* percentiles: 0..100 */
        double y; /* above 0; others are left out */
};

struct svg_series {
        const char *name;
        const struct svg_point *point;
        uint32_t count;
        bool has_dots;
};

struct svg_plot {
        const char *title;
        const char *subtitle;
        const char *x_name, *y_name;
        bool is_percentiles;
        uint32_t series_count;
        struct svg_series series[SVG_SERIES_MAX];
};

void svg_print(const struct svg_plot *plot, FILE *out);
