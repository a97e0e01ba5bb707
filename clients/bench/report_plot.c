/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run looks like: latency by percentile of one measured part, or latency
 * against rate of a sweep.
 *
 * A sweep's last part is the one that the daemon did not keep up with. It is
 * left in: a line that ends before the wall does not show the wall.
 */

#include <errno.h>
#include <string.h>

#include "clients/bench/hgrm.h"
#include "clients/bench/report.h"
#include "clients/bench/svg.h"

enum { POINT_MAX = 512 };

static const char *const sweep_names[] = { "p50", "p99", "p99.9", "p99.99" };
static const double sweep_quantiles[] = { 0.5, 0.99, 0.999, 0.9999 };

enum { SWEEP_SERIES_COUNT = sizeof(sweep_quantiles) / sizeof(sweep_quantiles[0]) };

static uint32_t percentile_points(const struct histogram *histogram, struct svg_point *ret_point)
{
        uint32_t count = 0;
        double at = 0;

        while (count < POINT_MAX && (100 - at) / 100 * (double)histogram->count >= 1) {
                ret_point[count++] =
                        (struct svg_point){ at,
                                            (double)histogram_quantile(histogram, at / 100) / 1e3 };
                at = hgrm_next(at);
        }
        return count;
}

static void plot_percentiles(const struct run *run, const char *subtitle, FILE *out)
{
        static struct svg_point offer[POINT_MAX], ack[POINT_MAX];
        const struct measure *measure = &run->measure[run->measure_count - 1];
        struct svg_plot plot = {
                .title = "Latency by percentile",
                .subtitle = subtitle,
                .x_name = "contacts that took no longer",
                .y_name = "from when the submit was due",
                .is_percentiles = true,
                .series_count = 2,
        };

        plot.series[0] = (struct svg_series){
                .name = "offer",
                .point = offer,
                .count = percentile_points(measure->offer, offer),
        };
        plot.series[1] = (struct svg_series){
                .name = "acknowledge",
                .point = ack,
                .count = percentile_points(measure->ack, ack),
        };
        svg_print(&plot, out);
}

static void plot_sweep(const struct run *run, const char *subtitle, FILE *out)
{
        static struct svg_point point[SWEEP_SERIES_COUNT][SETTINGS_SWEEP_MAX + 1];
        struct svg_plot plot = {
                .title = "Submit to offer by rate",
                .subtitle = subtitle,
                .x_name = "contacts a second (open loop)",
                .y_name = "from when the submit was due",
                .series_count = SWEEP_SERIES_COUNT,
        };

        for (uint32_t s = 0; s < SWEEP_SERIES_COUNT; s++) {
                uint32_t count = 0;

                for (uint32_t i = 0; i < run->measure_count; i++) {
                        const struct measure *measure = &run->measure[i];

                        if (measure->rate_asked <= 0)
                                continue;
                        point[s][count++] = (struct svg_point){
                                measure->rate_asked,
                                (double)histogram_quantile(measure->offer, sweep_quantiles[s]) /
                                        1e3,
                        };
                }
                plot.series[s] = (struct svg_series){
                        .name = sweep_names[s],
                        .point = point[s],
                        .count = count,
                        .has_dots = true,
                };
        }
        svg_print(&plot, out);
}

static bool finish(FILE *file, const char *path)
{
        bool is_good = file != NULL && !ferror(file);

        if (file != NULL && fclose(file) != 0)
                is_good = false;
        if (!is_good)
                (void)fprintf(stderr, "acdbench: cannot write %s: %s\n", path, strerror(errno));
        return is_good;
}

static bool write_hgrm(const struct run *run)
{
        const char *path = run->settings->hgrm_path;
        FILE *file = fopen(path, "we");

        if (file != NULL)
                hgrm_print(run->measure[run->measure_count - 1].offer, file);
        return finish(file, path);
}

static bool write_svg(const struct run *run)
{
        const struct settings *settings = run->settings;
        FILE *file = fopen(settings->svg_path, "we");
        char subtitle[160];

        (void)snprintf(subtitle, sizeof(subtitle),
                       "%u agents on %u desktop connections, %u gateway%s, %u waiting; load %s",
                       settings->agents, settings->desktops, settings->gateways,
                       settings->gateways == 1 ? "" : "s", settings->waiting,
                       settings->is_spinning ? "spins" : "blocks");
        if (file != NULL && settings->is_sweep)
                plot_sweep(run, subtitle, file);
        else if (file != NULL)
                plot_percentiles(run, subtitle, file);
        return finish(file, settings->svg_path);
}

bool report_files(const struct run *run)
{
        bool is_good = true;

        if (run->measure_count == 0)
                return true;
        if (run->settings->hgrm_path != NULL)
                is_good = write_hgrm(run);
        if (run->settings->svg_path != NULL)
                is_good = write_svg(run) && is_good;
        return is_good;
}
