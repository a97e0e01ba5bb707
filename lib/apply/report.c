/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Problems of a configuration file, told to whoever listens.
 *
 * The limit on told problems is for people: the first twenty are read, and a
 * file of the wrong kind altogether would print one for every line. The caller
 * can still say how many there were.
 */

#include "apply/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/name.h"

static void tell(struct apply_report *report, enum apply_severity severity,
                 struct apply_place place, const char *format, va_list arguments)
{
        char text[APPLY_PROBLEM_TEXT_SIZE];
        struct apply_problem problem = { .severity = severity, .place = place, .text = text };

        if (report->error_count + report->note_count >= APPLY_PROBLEM_MAX)
                return;
        if (report->on_problem == NULL)
                return;

        (void)vsnprintf(text, sizeof(text), format, arguments);
        report->on_problem(report->context, &problem);
}

void apply_report_error(struct apply_report *report, struct apply_place place, const char *format,
                        ...)
{
        va_list arguments;

        va_start(arguments, format);
        tell(report, APPLY_ERROR, place, format, arguments);
        va_end(arguments);
        report->error_count++;
}

void apply_report_note(struct apply_report *report, struct apply_place place, const char *format,
                       ...)
{
        va_list arguments;

        va_start(arguments, format);
        tell(report, APPLY_NOTE, place, format, arguments);
        va_end(arguments);
        report->note_count++;
}

/* How many bytes of @text to show, at most @max, without cutting a character. */
static size_t shown_size(const char *text, size_t size, size_t max)
{
        if (size <= max)
                return size;
        while (max > 0 && ((unsigned char)text[max] & 0xC0) == 0x80)
                max--;
        return max;
}

const char *apply_quote(const char *text, size_t size, char ret_quote[APPLY_QUOTE_SIZE])
{
        size_t shown = shown_size(text, size, APPLY_QUOTE_SIZE - 4);
        bool is_plain = acd_text_is_plain(text, shown);

        for (size_t i = 0; i < shown; i++) {
                unsigned char byte = (unsigned char)text[i];

                if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !is_plain))
                        ret_quote[i] = '?';
                else
                        ret_quote[i] = text[i];
        }
        memcpy(ret_quote + shown, "...", 4);
        if (shown == size)
                ret_quote[shown] = '\0';
        return ret_quote;
}
