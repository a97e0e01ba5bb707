/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of sentinels and Cluster nodes.
 *
 * Numbers come as numbers or as text, depending on the command. Hosts are numbers or
 * names, depending on how their operator set them up; in a Cluster they may be missing,
 * which means the one that was asked, or "?", which means nobody knows.
 */

#include "daemon/redis/topology.h"

#include <string.h>

/* Digits and nothing else. */
static bool read_number(const struct redis_reply *reply, uint64_t *ret_number)
{
        uint64_t number = 0;

        if (reply->kind == REDIS_NUMBER && reply->number >= 0) {
                *ret_number = (uint64_t)reply->number;
                return true;
        }
        if (reply->kind != REDIS_TEXT || reply->size == 0)
                return false;
        for (size_t i = 0; i < reply->size; i++) {
                if (reply->text[i] < '0' || reply->text[i] > '9' ||
                    __builtin_mul_overflow(number, UINT64_C(10), &number) ||
                    __builtin_add_overflow(number, (uint64_t)(reply->text[i] - '0'), &number))
                        return false;
        }
        *ret_number = number;
        return true;
}

static bool make(const struct redis_reply *host, const struct redis_reply *port,
                 char ret_address[REDIS_ADDRESS_SIZE])
{
        uint64_t number;

        return host->kind == REDIS_TEXT && strlen(host->text) == host->size &&
               read_number(port, &number) && redis_address_make(host->text, number, ret_address);
}

bool redis_read_pair(const struct redis_reply *reply, char ret_address[REDIS_ADDRESS_SIZE])
{
        struct redis_reply host = redis_reply_at(reply, 0);
        struct redis_reply port = redis_reply_at(reply, 1);

        return reply->kind == REDIS_ARRAY && reply->count == 2 && make(&host, &port, ret_address);
}

bool redis_read_row(const struct redis_reply *reply, char ret_address[REDIS_ADDRESS_SIZE])
{
        struct redis_reply host = redis_reply_find(reply, "ip");
        struct redis_reply port = redis_reply_find(reply, "port");

        return make(&host, &port, ret_address);
}

bool redis_read_epoch(const struct redis_reply *reply, uint64_t *ret_epoch)
{
        struct redis_reply epoch = redis_reply_find(reply, "config-epoch");

        return read_number(&epoch, ret_epoch);
}

/* Word @index of @text, between single blanks. */
static bool word_of(const char *text, uint32_t index, char ret_word[REDIS_ADDRESS_SIZE])
{
        const char *end;

        for (uint32_t i = 0; i < index; i++) {
                text = strchr(text, ' ');
                if (text == NULL)
                        return false;
                text++;
        }
        end = strchrnul(text, ' ');
        if (end == text || end - text >= REDIS_ADDRESS_SIZE)
                return false;
        memcpy(ret_word, text, (size_t)(end - text));
        ret_word[end - text] = '\0';
        return true;
}

static bool is_text(const struct redis_reply *reply, const char *text)
{
        return reply->kind == REDIS_TEXT && strcmp(reply->text, text) == 0;
}

bool redis_read_switch(const struct redis_reply *reply, const char *name,
                       char ret_address[REDIS_ADDRESS_SIZE])
{
        struct redis_reply kind = redis_reply_at(reply, 0);
        struct redis_reply channel = redis_reply_at(reply, 1);
        struct redis_reply message = redis_reply_at(reply, 2);
        char host[REDIS_ADDRESS_SIZE];
        char word[REDIS_ADDRESS_SIZE];
        struct redis_reply port = { .kind = REDIS_TEXT, .text = word };
        uint64_t number;

        if (!is_text(&kind, "message") || !is_text(&channel, "+switch-master") ||
            message.kind != REDIS_TEXT || !word_of(message.text, 0, word) ||
            strcmp(word, name) != 0 || !word_of(message.text, 3, host) ||
            !word_of(message.text, 4, word))
                return false;
        port.size = strlen(word);
        return read_number(&port, &number) && redis_address_make(host, number, ret_address);
}

bool redis_read_place(const char *text, char ret_address[REDIS_ADDRESS_SIZE])
{
        const char *colon = strrchr(text, ':');
        struct redis_reply port = { .kind = REDIS_TEXT };
        char host[REDIS_ADDRESS_SIZE];
        uint64_t number;

        if (colon == NULL || colon - text >= REDIS_ADDRESS_SIZE)
                return false;
        memcpy(host, text, (size_t)(colon - text));
        host[colon - text] = '\0';
        port.text = colon + 1;
        port.size = strlen(port.text);
        return read_number(&port, &number) && redis_address_make(host, number, ret_address);
}

/* ---- slots ---- */

/* The index of @address, which gets a place if it has none. */
static uint8_t place_of(struct redis_slots *slots, const char address[REDIS_ADDRESS_SIZE])
{
        for (uint32_t i = 0; i < slots->count; i++) {
                if (strcmp(slots->address[i], address) == 0)
                        return (uint8_t)i;
        }
        if (slots->count == REDIS_MASTER_MAX) {
                slots->is_more = true;
                return REDIS_NO_MASTER;
        }
        memcpy(slots->address[slots->count], address, REDIS_ADDRESS_SIZE);
        return (uint8_t)slots->count++;
}

/* [host, port, id, ...]. A host that is not said is that of who was asked; "?" is not known. */
static bool read_node(struct redis_slots *slots, const struct redis_reply *node, const char *asked,
                      uint8_t *ret_master)
{
        struct redis_reply host = redis_reply_at(node, 0);
        struct redis_reply port = redis_reply_at(node, 1);
        char address[REDIS_ADDRESS_SIZE];
        char own[REDIS_ADDRESS_SIZE];
        bool is_own = host.kind == REDIS_NIL || (host.kind == REDIS_TEXT && host.size == 0);

        *ret_master = REDIS_NO_MASTER;
        if (node->kind != REDIS_ARRAY || node->count < 2)
                return false;
        if (is_text(&host, "?"))
                return true;
        if (is_own) {
                if (!redis_address_host(asked, own))
                        return true;
                host = (struct redis_reply){ .kind = REDIS_TEXT, .text = own, .size = strlen(own) };
        }
        if (!make(&host, &port, address))
                return false;
        *ret_master = place_of(slots, address);
        return true;
}

static bool read_range(struct redis_slots *slots, const struct redis_reply *range,
                       const char *asked)
{
        struct redis_reply first = redis_reply_at(range, 0);
        struct redis_reply last = redis_reply_at(range, 1);
        struct redis_reply node = redis_reply_at(range, 2);
        uint64_t begin;
        uint64_t end;
        uint8_t master;

        if (!read_number(&first, &begin) || !read_number(&last, &end) || begin > end ||
            end >= REDIS_SLOT_COUNT || !read_node(slots, &node, asked, &master))
                return false;
        memset(slots->master + begin, master, (size_t)(end - begin + 1));
        return true;
}

bool redis_slots_read(struct redis_slots *ret_slots, const struct redis_reply *reply,
                      const char *asked)
{
        if (reply->kind != REDIS_ARRAY || reply->count == 0 || reply->count > REDIS_SLOT_COUNT)
                return false;
        ret_slots->count = 0;
        ret_slots->is_more = false;
        memset(ret_slots->master, REDIS_NO_MASTER, sizeof(ret_slots->master));
        for (uint32_t i = 0; i < reply->count; i++) {
                struct redis_reply range = redis_reply_at(reply, i);

                if (!read_range(ret_slots, &range, asked))
                        return false;
        }
        return ret_slots->count > 0;
}
