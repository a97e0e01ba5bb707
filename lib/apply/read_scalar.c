/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single values: numbers, durations, names, choices.
 *
 * Every refusal says what is allowed, and where a likely slip is recognised
 * (a number without a unit, yes for true) how to write it. Numbers and truth
 * values in quotes are text, hence refused; names may be quoted or look like
 * numbers, for agents are often called 1001.
 */

#include <inttypes.h>
#include <string.h>

#include "apply/read.h"
#include "apply/value.h"
#include "base/name.h"

static bool is_word(const struct apply_node *node, const char *word)
{
        return node->text_size == strlen(word) && memcmp(node->text, word, node->text_size) == 0;
}

bool apply_read_number(const struct apply_reader *reader, const struct apply_node *node,
                       const char *what, uint64_t minimum, uint64_t maximum, uint32_t *ret_number)
{
        char quote[APPLY_QUOTE_SIZE];
        uint64_t number;

        if (node->kind != APPLY_NODE_SCALAR || node->is_quoted ||
            !apply_number_parse(node->text, node->text_size, &number)) {
                apply_report_error(
                        reader->report, node->place,
                        "`%s` must be a whole number from %" PRIu64 " to %" PRIu64
                        ", this is %s%s%s%s",
                        what, minimum, maximum, apply_node_kind_text(node),
                        node->text_size > 0 ? ", `" : "",
                        node->text_size > 0 ? apply_quote(node->text, node->text_size, quote) : "",
                        node->text_size > 0 ? "`" : "");
                return false;
        }
        if (number < minimum || number > maximum) {
                apply_report_error(reader->report, node->place,
                                   "`%s` must be from %" PRIu64 " to %" PRIu64 ", this is %" PRIu64,
                                   what, minimum, maximum, number);
                return false;
        }
        *ret_number = (uint32_t)number;
        return true;
}

bool apply_read_duration(const struct apply_reader *reader, const struct apply_key *key,
                         const struct apply_node *node, uint64_t *ret_ms)
{
        char range[2 * APPLY_DURATION_TEXT_SIZE];
        char quote[APPLY_QUOTE_SIZE];
        uint64_t number;
        uint64_t ms;

        if (node->kind != APPLY_NODE_SCALAR) {
                apply_read_wrong_type(reader, key, node);
                return false;
        }
        (void)apply_quote(node->text, node->text_size, quote);
        if (!apply_duration_parse(node->text, node->text_size, &ms)) {
                if (apply_number_parse(node->text, node->text_size, &number))
                        apply_report_error(reader->report, node->place,
                                           "`%s` needs a unit: `%ss` for seconds, or ms, m, h, d",
                                           key->name, quote);
                else
                        apply_report_error(reader->report, node->place,
                                           "`%s` must be %s, this is `%s`", key->name,
                                           apply_type_text(key->type), quote);
                return false;
        }
        if (ms < key->minimum || ms > key->maximum) {
                apply_report_error(reader->report, node->place,
                                   "`%s` must be from %s, this is `%s`", key->name,
                                   apply_key_range(key, range, sizeof(range)), quote);
                return false;
        }
        *ret_ms = ms;
        return true;
}

bool apply_read_bool(const struct apply_reader *reader, const struct apply_key *key,
                     const struct apply_node *node, bool *ret_value)
{
        static const char *const yes[] = { "yes", "Yes", "on", "On", "True", "TRUE", "1" };
        static const char *const no[] = { "no", "No", "off", "Off", "False", "FALSE", "0" };
        const char *meant = NULL;
        char quote[APPLY_QUOTE_SIZE];

        if (node->kind != APPLY_NODE_SCALAR) {
                apply_read_wrong_type(reader, key, node);
                return false;
        }
        if (!node->is_quoted && (is_word(node, "true") || is_word(node, "false"))) {
                *ret_value = node->text_size == 4;
                return true;
        }
        for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
                if (is_word(node, yes[i]))
                        meant = "true";
                if (is_word(node, no[i]))
                        meant = "false";
        }
        (void)apply_quote(node->text, node->text_size, quote);
        if (meant != NULL)
                apply_report_error(reader->report, node->place,
                                   "`%s` must be true or false, this is `%s`; write %s", key->name,
                                   quote, meant);
        else
                apply_report_error(reader->report, node->place,
                                   "`%s` must be true or false, this is `%s`", key->name, quote);
        return false;
}

static struct apply_word word_of(const struct apply_node *node)
{
        return (struct apply_word){ .at = node->text,
                                    .size = node->text_size,
                                    .place = node->place };
}

bool apply_read_name(const struct apply_reader *reader, const struct apply_node *node,
                     struct apply_word *ret_word)
{
        char quote[APPLY_QUOTE_SIZE];

        if (node->kind != APPLY_NODE_SCALAR) {
                apply_report_error(reader->report, node->place, "a name is needed here, this is %s",
                                   apply_node_kind_text(node));
                return false;
        }
        if (!acd_name_is_valid(node->text, node->text_size)) {
                apply_report_error(reader->report, node->place,
                                   "`%s` is not a name: 1 to %d characters of A-Z a-z 0-9 . _ : -",
                                   apply_quote(node->text, node->text_size, quote),
                                   ACD_NAME_SIZE_MAX);
                return false;
        }
        *ret_word = word_of(node);
        return true;
}

bool apply_read_zone(const struct apply_reader *reader, const struct apply_node *node,
                     struct apply_word *ret_word)
{
        char name[ACD_NAME_SIZE_MAX + 1];
        char quote[APPLY_QUOTE_SIZE];
        bool is_good = node->text_size > 0 && node->text_size <= ACD_NAME_SIZE_MAX;

        if (is_good) {
                /* The alphabet of names, plus the slash and the sign of Etc/GMT+1. */
                for (uint32_t i = 0; i < node->text_size; i++) {
                        char letter = node->text[i];

                        name[i] = letter == '/' || letter == '+' ? '_' : letter;
                }
                is_good = acd_name_is_valid(name, node->text_size);
        }
        if (!is_good) {
                apply_report_error(reader->report, node->place,
                                   "`%s` is not a time zone; an IANA name like Europe/Berlin",
                                   apply_quote(node->text, node->text_size, quote));
                return false;
        }
        *ret_word = word_of(node);
        return true;
}

bool apply_read_lost_rule(const struct apply_reader *reader, const struct apply_key *key,
                          const struct apply_node *node, uint32_t *ret_rule)
{
        static const char *const names[] = {
                [APPLY_LOST_BY_CHANNEL] = "by_channel",
                [APPLY_LOST_KEEP] = "keep",
                [APPLY_LOST_REQUEUE] = "requeue",
                [APPLY_LOST_CLOSE] = "close",
        };
        struct apply_suggest suggest;
        char quote[APPLY_QUOTE_SIZE];

        if (node->kind != APPLY_NODE_SCALAR) {
                apply_read_wrong_type(reader, key, node);
                return false;
        }
        apply_suggest_init(&suggest, node->text, node->text_size);
        for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                if (is_word(node, names[i])) {
                        *ret_rule = i;
                        return true;
                }
                apply_suggest_try(&suggest, names[i], strlen(names[i]));
        }
        (void)apply_quote(node->text, node->text_size, quote);
        apply_report_error(
                reader->report, node->place, "`%s` must be %s, this is `%s`%s%s%s", key->name,
                apply_type_text(key->type), quote, suggest.best != NULL ? "; did you mean `" : "",
                suggest.best != NULL ? suggest.best : "", suggest.best != NULL ? "`?" : "");
        return false;
}
