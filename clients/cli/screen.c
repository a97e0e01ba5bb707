/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's desk in 24 lines of 80 columns.
 *
 *    anna                               default at unix:/run/acdd/acdd.sock   up
 *    --------------------------------------------------------------------------
 *    READY for 2m05s                       12 served
 *
 *    OFFER    billing by phone      waited 38s, offered once
 *             [##############..............]  12s left
 *             customer c-4711   key call-17   contact 0100000000021
 *             "opaque attributes, one line"
 *    PARKED   sales by email         for 4m10s   contact ...
 *    --------------------------------------------------------------------------
 *    14:03:22 what happened, newest last
 *    --------------------------------------------------------------------------
 *    a accept  x reject  |  p pause  n next  q log out  ? help
 *
 * What matters most has the most contrast, and is a word too: nothing is said by
 * colour alone. A smaller terminal loses the log first, then the attributes.
 */

#include "clients/cli/screen.h"

#include <curses.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/cli/table.h"

enum { PAIR_GOOD = 1, PAIR_ALARM, PAIR_QUIET, BAR_WIDTH = 30, LEFT = 10 };

static bool is_open;
static bool is_colored;

bool screen_open(bool has_color)
{
        if (newterm(NULL, stdout, stdin) == NULL)
                return false;
        is_open = true;
        (void)cbreak();
        (void)noecho();
        (void)nodelay(stdscr, TRUE);
        (void)keypad(stdscr, TRUE);
        (void)set_escdelay(25);
        (void)curs_set(0);
        is_colored = has_color && has_colors();
        if (is_colored) {
                (void)start_color();
                (void)use_default_colors();
                (void)init_pair(PAIR_GOOD, COLOR_GREEN, -1);
                (void)init_pair(PAIR_ALARM, COLOR_YELLOW, -1);
                (void)init_pair(PAIR_QUIET, COLOR_CYAN, -1);
        }
        return true;
}

void screen_close(void)
{
        if (is_open)
                (void)endwin();
        is_open = false;
}

void screen_beep(void)
{
        (void)beep();
}

int screen_key(void)
{
        int key = getch();

        return key == ERR ? -1 : key;
}

/* Whole seconds: a screen that changes ten times a second cannot be read. */
static const char *seconds(uint64_t ms, char ret_text[TABLE_WORD_SIZE])
{
        if (ms < 1000)
                (void)snprintf(ret_text, TABLE_WORD_SIZE, "0s");
        else
                (void)table_duration(ms, ret_text);
        return ret_text;
}

static attr_t look(int pair)
{
        return is_colored ? (attr_t)COLOR_PAIR(pair) : 0;
}

/* Text at a place, never beyond the right edge. */
static void put(int row, int column, attr_t how, const char *text)
{
        if (row < 0 || row >= LINES || column < 0 || column >= COLS)
                return;
        (void)attrset((int)how);
        (void)mvaddnstr(row, column, text, COLS - column);
        (void)attrset(A_NORMAL);
}

static void rule(int row)
{
        if (row >= 0 && row < LINES)
                (void)mvhline(row, 0, ACS_HLINE, COLS);
}

static const char *upper(const char *word, char ret_text[DESK_WORD_SIZE])
{
        size_t i = 0;

        for (; word[i] != '\0' && i < DESK_WORD_SIZE - 1; i++)
                ret_text[i] = word[i] >= 'a' && word[i] <= 'z' ? (char)(word[i] - 'a' + 'A')
                              : word[i] == '_'                 ? ' '
                                                               : word[i];
        ret_text[i] = '\0';
        return ret_text;
}

static void draw_head(const struct screen_view *view)
{
        char text[160];
        int size;

        put(0, 0, A_BOLD, view->agent);
        size = snprintf(text, sizeof(text), "%.90s   %.40s", view->where, view->link);
        put(0, COLS > size ? COLS - size : 0, strcmp(view->link, "up") == 0 ? 0 : A_REVERSE, text);
        rule(1);
}

static void draw_presence(const struct screen_view *view)
{
        const struct desk *desk = view->desk;
        char word[DESK_WORD_SIZE];
        char since[TABLE_WORD_SIZE];
        char text[256];
        bool is_ready = desk->presence == ACDCLIENT_PRESENCE_READY;

        (void)snprintf(text, sizeof(text), "%s",
                       upper(acdclient_presence_name(desk->presence), word));
        put(2, 0, A_BOLD | look(is_ready ? PAIR_GOOD : PAIR_ALARM), text);
        (void)snprintf(text, sizeof(text), "%s%.40s%sfor %s", desk->label[0] != '\0' ? "(" : "",
                       desk->label, desk->label[0] != '\0' ? ") " : "",
                       seconds((view->now_ms - desk->since_ms) * desk->clock_rate, since));
        put(2, strlen(word) < LEFT ? LEFT : (int)strlen(word) + 1, 0, text);
        (void)snprintf(text, sizeof(text), "%" PRIu64 " served%s%s", desk->served_count,
                       desk->next != 0 ? ", then " : "",
                       desk->next != 0 ? acdclient_presence_name(desk->next) : "");
        put(2, 48, 0, text);
}

static void draw_bar(int row, const struct desk_item *item, const struct screen_view *view)
{
        uint64_t left = item->deadline_ms > view->now_ms ? item->deadline_ms - view->now_ms : 0;
        uint64_t filled = item->total_ms > 0 ? left * BAR_WIDTH / item->total_ms : 0;
        char text[128];
        char time[TABLE_WORD_SIZE];
        char bar[BAR_WIDTH + 1];

        for (uint64_t i = 0; i < BAR_WIDTH; i++)
                bar[i] = i < filled ? '#' : '.';
        bar[BAR_WIDTH] = '\0';
        (void)snprintf(text, sizeof(text), "[%s]  %s left", bar,
                       seconds((left + 999) / 1000 * 1000 * view->desk->clock_rate, time));
        put(row, LEFT, look(PAIR_ALARM) | A_BOLD, text);
}

/* One item; returns the row after it. */
static int draw_item(int row, const struct desk_item *item, const struct screen_view *view)
{
        bool is_offer = item->state == ACDCLIENT_ASSIGNMENT_STATE_OFFERED;
        char word[DESK_WORD_SIZE];
        char waited[TABLE_WORD_SIZE];
        char since[TABLE_WORD_SIZE];
        char contact[ACDCLIENT_ID_SIZE];
        char text[400];

        put(row, 0, A_BOLD | (is_offer ? A_REVERSE : look(PAIR_GOOD)),
            is_offer ? "OFFER" : upper(acdclient_assignment_state_name(item->state), word));
        (void)snprintf(text, sizeof(text), "%.30s by %.20s   waited %s%s", item->queue,
                       item->channel, seconds(item->waited_ms, waited),
                       item->offer_count > 1 ? ", offered before" : "");
        put(row++, LEFT, A_BOLD, text);
        if (item->deadline_ms != 0)
                draw_bar(row++, item, view);
        (void)snprintf(text, sizeof(text), "for %s   contact %s%s%s%s%s",
                       seconds((view->now_ms - item->since_ms) * view->desk->clock_rate, since),
                       acdclient_id_format(item->contact, contact),
                       item->customer_key[0] != '\0' ? "   customer " : "", item->customer_key,
                       item->client_key[0] != '\0' ? "   key " : "", item->client_key);
        put(row++, LEFT, 0, text);
        if (item->attributes[0] != '\0' && item->state != ACDCLIENT_ASSIGNMENT_STATE_PARKED &&
            LINES >= 20)
                put(row++, LEFT, look(PAIR_QUIET), item->attributes);
        return row + 1;
}

static const char *keys_for(const struct desk *desk)
{
        const struct desk_item *item = NULL;

        for (uint32_t i = 0; i < desk->item_count && item == NULL; i++)
                if (desk->items[i].state != ACDCLIENT_ASSIGNMENT_STATE_PARKED)
                        item = &desk->items[i];
        if (item == NULL && desk->presence == ACDCLIENT_PRESENCE_READY)
                return "p pause   u unpark   q log out   ? help";
        if (item == NULL)
                return "r ready   p another reason   u unpark   q log out   ? help";
        switch ((int)item->state) {
        case ACDCLIENT_ASSIGNMENT_STATE_OFFERED:
                return "a accept   x reject   p pause   ? help";
        case ACDCLIENT_ASSIGNMENT_STATE_CONNECTING:
                return "the gateway connects ...   n next state   ? help";
        case ACDCLIENT_ASSIGNMENT_STATE_WRAP_UP:
                return "w end wrap-up   e a minute more   n next state   ? help";
        default:
                return "c complete   h hold or back   k park   n next state   ? help";
        }
}

static void draw_help(void)
{
        static const char *const lines[] = {
                "r  ready: take contacts           p  pause, with a reason",
                "a  accept the offer               x  reject it",
                "c  complete the contact           h  hold, and back",
                "k  park: free for others          u  take the oldest parked one back",
                "w  end the wrap-up                e  extend it by a minute",
                "n  next state, after this contact: ready, paused, logged out",
                "q  log out and leave (Ctrl-C leaves without a word)",
                "",
                "any key closes this",
        };

        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
                put(4 + (int)i, 4, 0, lines[i]);
}

static void draw_log(const struct screen_view *view, int top, int bottom)
{
        int room = bottom - top;
        uint32_t count = view->log_count < SCREEN_LOG_COUNT ? view->log_count : SCREEN_LOG_COUNT;

        if (room <= 0)
                return;
        if (count > (uint32_t)room)
                count = (uint32_t)room;
        for (uint32_t i = 0; i < count; i++) {
                uint32_t index = (view->log_count - count + i) % SCREEN_LOG_COUNT;

                put(top + (int)i, 0, look(PAIR_QUIET), view->log[index].text);
        }
}

void screen_draw(const struct screen_view *view)
{
        char text[256];
        int row = 4;

        (void)erase();
        draw_head(view);
        draw_presence(view);
        if (view->has_help) {
                draw_help();
        } else {
                for (uint32_t i = 0; i < view->desk->item_count && row < LINES - 3; i++)
                        row = draw_item(row, &view->desk->items[i], view);
                if (view->desk->item_count == 0) {
                        put(row, LEFT, look(PAIR_QUIET),
                            view->desk->presence == ACDCLIENT_PRESENCE_READY
                                    ? "waiting for a contact"
                                    : "not taking contacts");
                        row += 2;
                }
                rule(row);
                draw_log(view, row + 1, LINES - 2);
        }
        rule(LINES - 2);
        if (view->prompt != NULL)
                (void)snprintf(text, sizeof(text), "%s %s_", view->prompt, view->typed);
        else
                (void)snprintf(text, sizeof(text), "%s%s%s", keys_for(view->desk),
                               view->message[0] != '\0' ? "   | " : "", view->message);
        put(LINES - 1, 0, view->prompt != NULL ? A_BOLD : 0, text);
        (void)refresh();
}
