/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drawing a plot with nothing but printf.
 *
 *      +--------------------------------------+
 *      | title                                |   800 x 480
 *      |    +-----------------------+ legend  |
 *      | y  |                       | at the  |
 *      |    |                       | end of  |
 *      |    +-----------------------+ lines   |
 *      |              x                       |
 *      +--------------------------------------+
 *
 * Colors are told apart by people who see few of them, and lines by their names
 * at the side. Text has the size that a page of documentation has.
 */

#include "clients/bench/svg.h"

#include <math.h>

enum {
        WIDTH = 800,
        HEIGHT = 480,
        LEFT = 76,
        RIGHT = 120,
        TOP = 64,
        BOTTOM = 56,
        INNER_WIDTH = WIDTH - LEFT - RIGHT,
        INNER_HEIGHT = HEIGHT - TOP - BOTTOM,
        TICK_COUNT_MAX = 10,
};

static const char *const colors[SVG_SERIES_MAX] = { "#0072b2", "#d55e00", "#009e73",
                                                    "#cc79a7", "#56b4e9", "#e69f00" };

/* What is shown: decades of y, and how far x goes (percentiles: nines). */
struct frame {
        const struct svg_plot *plot;
        double y_low, y_high; /* powers of ten */
        double x_high;
};

/* 0 at 0 %, 1 at 90 %, 2 at 99 %. */
static double nines(double percentile)
{
        return -log10(1 - percentile / 100);
}

static bool is_shown(const struct svg_plot *plot, const struct svg_point *point)
{
        return point->y > 0 && (!plot->is_percentiles || point->x < 100);
}

static double x_of(const struct frame *frame, double x)
{
        double at = frame->plot->is_percentiles ? nines(x) : x;

        return LEFT + at / frame->x_high * INNER_WIDTH;
}

static double y_of(const struct frame *frame, double y)
{
        double at = (log10(y) - frame->y_low) / (frame->y_high - frame->y_low);

        return TOP + (1 - at) * INNER_HEIGHT;
}

static struct frame frame_of(const struct svg_plot *plot)
{
        struct frame frame = { .plot = plot, .y_low = 99, .y_high = -99, .x_high = 0 };

        for (uint32_t s = 0; s < plot->series_count; s++) {
                for (uint32_t i = 0; i < plot->series[s].count; i++) {
                        const struct svg_point *point = &plot->series[s].point[i];

                        if (!is_shown(plot, point))
                                continue;
                        frame.y_low = fmin(frame.y_low, log10(point->y));
                        frame.y_high = fmax(frame.y_high, log10(point->y));
                        frame.x_high = fmax(frame.x_high,
                                            plot->is_percentiles ? nines(point->x) : point->x);
                }
        }
        if (frame.y_low > frame.y_high)
                frame.y_low = frame.y_high = 0;
        frame.y_low = floor(frame.y_low);
        frame.y_high = fmax(ceil(frame.y_high), frame.y_low + 1);
        if (frame.x_high <= 0)
                frame.x_high = 1;
        return frame;
}

static void print_text(FILE *out, const char *text)
{
        for (; *text != 0; text++) {
                if (*text == '<')
                        (void)fputs("&lt;", out);
                else if (*text == '&')
                        (void)fputs("&amp;", out);
                else
                        (void)fputc(*text, out);
        }
}

static void label(FILE *out, double x, double y, const char *anchor, const char *text)
{
        (void)fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
        print_text(out, text);
        (void)fputs("</text>\n", out);
}

static void grid_line(FILE *out, double x1, double y1, double x2, double y2)
{
        (void)fprintf(out, "<path class=\"grid\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", x1, y1, x2, y2);
}

/* Of microseconds: 20 us, 5 ms, 1 s. */
static void format_time(char *text, size_t size, double us)
{
        if (us < 1000)
                (void)snprintf(text, size, "%g us", us);
        else if (us < 1e6)
                (void)snprintf(text, size, "%g ms", us / 1e3);
        else
                (void)snprintf(text, size, "%g s", us / 1e6);
}

static void draw_y_axis(const struct frame *frame, FILE *out)
{
        bool is_fine = frame->y_high - frame->y_low <= 3;

        for (double decade = frame->y_low; decade <= frame->y_high; decade++) {
                static const double step[] = { 1, 2, 5 };

                for (int i = 0; i < (is_fine && decade < frame->y_high ? 3 : 1); i++) {
                        double value = step[i] * pow(10, decade);
                        double y = y_of(frame, value);
                        char text[32];

                        format_time(text, sizeof(text), value);
                        grid_line(out, LEFT, y, LEFT + INNER_WIDTH, y);
                        label(out, LEFT - 8, y + 4, "end", text);
                }
        }
}

/* 1, 2 or 5 times a power of ten, for at most ten of them in @high. */
static double step_of(double high)
{
        double power = pow(10, floor(log10(high / TICK_COUNT_MAX)));
        double rest = high / TICK_COUNT_MAX / power;

        return (rest <= 1 ? 1 : rest <= 2 ? 2 : rest <= 5 ? 5 : 10) * power;
}

static void format_count(char *text, size_t size, double count)
{
        if (count >= 1e6)
                (void)snprintf(text, size, "%gM", count / 1e6);
        else if (count >= 1e3)
                (void)snprintf(text, size, "%gk", count / 1e3);
        else
                (void)snprintf(text, size, "%g", count);
}

static void tick_x(const struct frame *frame, FILE *out, double x, const char *text)
{
        double at = x_of(frame, x);

        grid_line(out, at, TOP, at, TOP + INNER_HEIGHT);
        label(out, at, TOP + INNER_HEIGHT + 18, "middle", text);
}

static void draw_x_axis(const struct frame *frame, FILE *out)
{
        static const double percentile[] = {
                0, 50, 90, 99, 99.9, 99.99, 99.999, 99.9999, 99.99999
        };
        char text[32];

        if (frame->plot->is_percentiles) {
                for (uint32_t i = 0; i < sizeof(percentile) / sizeof(percentile[0]); i++) {
                        if (nines(percentile[i]) > frame->x_high)
                                break;
                        (void)snprintf(text, sizeof(text), "%.7g%%", percentile[i]);
                        tick_x(frame, out, percentile[i], text);
                }
                return;
        }
        for (double x = 0; x <= frame->x_high * 1.0001; x += step_of(frame->x_high)) {
                format_count(text, sizeof(text), x);
                tick_x(frame, out, x, text);
        }
}

static void draw_series(const struct frame *frame, uint32_t index, FILE *out)
{
        const struct svg_series *series = &frame->plot->series[index];
        const struct svg_point *last = NULL;

        (void)fprintf(out, "<path class=\"line\" stroke=\"%s\" d=\"", colors[index]);
        for (uint32_t i = 0; i < series->count; i++) {
                const struct svg_point *point = &series->point[i];

                if (!is_shown(frame->plot, point))
                        continue;
                (void)fprintf(out, "%s%.1f %.1f", last == NULL ? "M" : "L", x_of(frame, point->x),
                              y_of(frame, point->y));
                last = point;
        }
        (void)fputs("\"/>\n", out);
        for (uint32_t i = 0; series->has_dots && i < series->count; i++) {
                if (is_shown(frame->plot, &series->point[i]))
                        (void)fprintf(out,
                                      "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n",
                                      x_of(frame, series->point[i].x),
                                      y_of(frame, series->point[i].y), colors[index]);
        }
        (void)fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"4\" fill=\"%s\"/>\n",
                      WIDTH - RIGHT + 14, TOP + 8 + (int)index * 20, colors[index]);
        label(out, WIDTH - RIGHT + 34, TOP + 14 + (int)index * 20, "start", series->name);
}

void svg_print(const struct svg_plot *plot, FILE *out)
{
        struct frame frame = frame_of(plot);

        (void)fprintf(out,
                      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                      "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\" "
                      "fill=\"#333\">\n"
                      "<style>.grid{stroke:#ddd;fill:none}.line{stroke-width:2;fill:none;"
                      "stroke-linejoin:round}</style>\n"
                      "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
                      WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT);
        (void)fputs("<g font-size=\"16\" font-weight=\"bold\">\n", out);
        label(out, LEFT, 26, "start", plot->title);
        (void)fputs("</g>\n<g fill=\"#666\">\n", out);
        label(out, LEFT, 46, "start", plot->subtitle);
        (void)fputs("</g>\n", out);
        draw_y_axis(&frame, out);
        draw_x_axis(&frame, out);
        for (uint32_t i = 0; i < plot->series_count; i++)
                draw_series(&frame, i, out);
        label(out, LEFT + INNER_WIDTH / 2.0, HEIGHT - 14, "middle", plot->x_name);
        (void)fprintf(out, "<g transform=\"translate(16 %d) rotate(-90)\">\n",
                      TOP + INNER_HEIGHT / 2);
        label(out, 0, 0, "middle", plot->y_name);
        (void)fputs("</g>\n</svg>\n", out);
}
