/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The simulated mailbox.
 */

#include "tests/sim/mailbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tests/sim/oracle.h"
#include "tests/sim/sim.h"
#include "wire/codec.h"
#include "wire/frame.h"

enum {
        REQUEST_MAX = 60, /* contacts; more would take too long to serve at the end */
        ENTRY_MAX = 4096,
        KEY_SIZE = 32,
        ID_SIZE = 32,
        BODY_MAX = 128,
        QUEUE_COUNT = 3,
        BURST_MAX = 6,
        ENTRY_SIZE_MAX = 512, /* on the line */
};

#define COMMANDS  "acd:{bank}:commands"
#define ASK_AGAIN (5 * SIM_SECOND)

struct mail_entry {
        uint64_t ms; /* of the id; its other half is the entry's number */
        char id[ID_SIZE];
        uint32_t request;
        uint64_t contact; /* that the answer named, 0: none yet */
        bool is_read, is_answered, is_acknowledged, is_deleted;
        bool is_twice_allowed; /* Redis stood still while it was under way */
};

struct mail_request {
        char key[KEY_SIZE]; /* "": none, then the entry's id makes one */
        uint8_t body[BODY_MAX];
        uint32_t body_size;
        uint64_t contact, again_at;
        bool is_over;
};

struct sim_mailbox {
        struct sim *sim;
        struct mail_request request[REQUEST_MAX];
        uint32_t request_count;
        struct mail_entry entry[ENTRY_MAX];
        uint32_t entry_count;
        uint64_t next_at;
        uint8_t arena_memory[WIRE_ARENA_SIZE];
};

struct sim_mailbox *mailbox_new(struct sim *sim)
{
        struct sim_mailbox *mailbox = calloc(1, sizeof(*mailbox));

        ACD_ASSERT(mailbox != NULL);
        mailbox->sim = sim;
        return mailbox;
}

void mailbox_free(struct sim_mailbox *mailbox)
{
        free(mailbox);
}

void mailbox_stood_still(struct sim_mailbox *mailbox)
{
        for (uint32_t i = 0; i < mailbox->entry_count; i++)
                mailbox->entry[i].is_twice_allowed |= mailbox->entry[i].is_read &&
                                                      !mailbox->entry[i].is_deleted;
}

static bool is_word(struct acd_bytes bytes, const char *word)
{
        return bytes.size == strlen(word) && memcmp(bytes.at, word, bytes.size) == 0;
}

/* ---- who asks ---- */

static void add_entry(struct sim_mailbox *mailbox, uint32_t request)
{
        struct sim *sim = mailbox->sim;
        struct mail_entry *entry = &mailbox->entry[mailbox->entry_count];

        if (mailbox->entry_count == ENTRY_MAX)
                sim_fail(sim, "a request is asked again and again and never answered");
        *entry = (struct mail_entry){ .request = request, .ms = sim->now / SIM_NS_PER_MS };
        snprintf(entry->id, sizeof(entry->id), "%llu-%u", (unsigned long long)entry->ms,
                 mailbox->entry_count++);
        mailbox->request[request].again_at =
                mailbox->request[request].key[0] == 0 ? UINT64_MAX
                                                      : sim->now + sim_about(sim, ASK_AGAIN);
}

static void make_request(struct sim_mailbox *mailbox)
{
        struct sim *sim = mailbox->sim;
        struct mail_request *request = &mailbox->request[mailbox->request_count];
        struct wire_message message = { .kind = WIRE_SUBMIT };
        uint8_t frame[BODY_MAX + WIRE_HEADER_SIZE];
        struct acd_arena arena;
        char queue[8];
        size_t size;

        *request = (struct mail_request){ 0 };
        if (sim_percent(sim, 60))
                snprintf(request->key, sizeof(request->key), "mail-%u", mailbox->request_count);
        snprintf(queue, sizeof(queue), "q%u", (unsigned)sim_below(sim, QUEUE_COUNT));
        message.submit = (struct wire_submit){ .queue = wire_text(queue),
                                               .channel = wire_text("chat"),
                                               .client_key = wire_text(request->key) };
        acd_arena_init(&arena, mailbox->arena_memory, sizeof(mailbox->arena_memory));
        size = wire_encode(&message, &arena, frame, sizeof(frame));
        ACD_ASSERT(size > WIRE_HEADER_SIZE);
        request->body_size = (uint32_t)(size - WIRE_HEADER_SIZE);
        memcpy(request->body, frame + WIRE_HEADER_SIZE, request->body_size);
        add_entry(mailbox, mailbox->request_count++);
}

static void look_who_is_served(struct sim_mailbox *mailbox)
{
        if (mailbox->sim->now < mailbox->next_at)
                return;
        mailbox->next_at = mailbox->sim->now + SIM_SECOND / 2;
        for (uint32_t i = 0; i < mailbox->entry_count; i++)
                if (!mailbox->entry[i].is_deleted)
                        return;
        for (uint32_t i = 0; i < mailbox->request_count; i++) {
                struct mail_request *request = &mailbox->request[i];

                request->is_over = request->is_over || (request->contact == 0 &&
                                                        request->again_at == UINT64_MAX) ||
                                   oracle_is_over(mailbox->sim->oracle, request->contact);
        }
}

void mailbox_step(struct sim_mailbox *mailbox)
{
        struct sim *sim = mailbox->sim;

        for (uint32_t i = 0; i < mailbox->request_count; i++)
                if (mailbox->request[i].contact == 0 && sim->now >= mailbox->request[i].again_at)
                        add_entry(mailbox, i);
        if (sim->phase != SIM_FAULTS) {
                look_who_is_served(mailbox);
                return;
        }
        if (sim->now < mailbox->next_at)
                return;
        /* Now and then some at once; in all, spread over all that goes wrong. */
        mailbox->next_at = sim->now + sim_about(sim, sim->shape.fault_ns / (REQUEST_MAX / 2));
        for (uint64_t i = sim_percent(sim, 30) ? sim_below(sim, BURST_MAX) + 1 : 1; i > 0; i--)
                if (mailbox->request_count < REQUEST_MAX)
                        make_request(mailbox);
}

uint64_t mailbox_next(const struct sim_mailbox *mailbox)
{
        uint64_t next = UINT64_MAX;

        if (mailbox->sim->phase == SIM_FAULTS && mailbox->request_count < REQUEST_MAX)
                next = mailbox->next_at;
        for (uint32_t i = 0; i < mailbox->request_count; i++)
                if (mailbox->request[i].contact == 0 && mailbox->request[i].again_at < next)
                        next = mailbox->request[i].again_at;
        return next;
}

const char *mailbox_complain(const struct sim_mailbox *mailbox)
{
        static char text[128];

        for (uint32_t i = 0; i < mailbox->entry_count; i++) {
                const struct mail_entry *entry = &mailbox->entry[i];

                if (entry->is_deleted)
                        continue;
                snprintf(text, sizeof(text), "the request %s is %s", entry->id,
                         entry->is_answered ? "answered and not acknowledged" :
                         entry->is_read     ? "read and not answered" :
                                              "not read");
                return text;
        }
        for (uint32_t i = 0; i < mailbox->request_count; i++)
                if (mailbox->request[i].contact == 0 && mailbox->request[i].key[0] != 0)
                        return "a request with a key was never done";
        for (uint32_t i = 0; i < mailbox->request_count; i++)
                if (!mailbox->request[i].is_over)
                        return "a contact that came over Redis is not over";
        return "";
}

/* ---- what the daemon says to Redis ---- */

bool mailbox_has_new(const struct sim_mailbox *mailbox, struct acd_bytes key)
{
        return is_word(key, COMMANDS) && mailbox->entry_count > 0 &&
               !mailbox->entry[mailbox->entry_count - 1].is_read;
}

/* Bytes that grow. */
struct page {
        uint8_t *at;
        uint32_t size;
};

static void put(struct page *page, const void *bytes, uint32_t size)
{
        ACD_ASSERT(page->size + size <= MAILBOX_PAGE_MAX);
        memcpy(page->at + page->size, bytes, size);
        page->size += size;
}

static void put_text(struct page *page, const char *text)
{
        put(page, text, (uint32_t)strlen(text));
}

static void put_head(struct page *page, char kind, uint32_t number)
{
        char head[16];

        snprintf(head, sizeof(head), "%c%u\r\n", kind, number);
        put_text(page, head);
}

static void put_word(struct page *page, const void *bytes, uint32_t size)
{
        put_head(page, '$', size);
        put(page, bytes, size);
        put_text(page, "\r\n");
}

static void put_entry(struct page *page, const struct mail_entry *entry,
                      const struct mail_request *request)
{
        put_head(page, '*', 2);
        put_word(page, entry->id, (uint32_t)strlen(entry->id));
        put_head(page, '*', 6);
        put_word(page, "sender", 6);
        put_word(page, "mail", 4);
        put_word(page, "kind", 4);
        put_word(page, "SUBMIT", 6);
        put_word(page, "body", 4);
        put_word(page, request->body, request->body_size);
}

/* The number of the first entry above the id. */
static uint32_t first_above(const struct sim_mailbox *mailbox, struct acd_bytes id)
{
        char text[ID_SIZE] = "";
        uint64_t ms, number;
        char *end;

        if (id.size >= sizeof(text))
                sim_fail(mailbox->sim, "Redis: an id of %u bytes", id.size);
        memcpy(text, id.at, id.size);
        ms = strtoull(text, &end, 10);
        if (*end != '-')
                sim_fail(mailbox->sim, "Redis: the id %s", text);
        number = strtoull(end + 1, &end, 10);
        for (uint32_t i = 0; i < mailbox->entry_count; i++) {
                const struct mail_entry *entry = &mailbox->entry[i];

                if (entry->ms > ms || (entry->ms == ms && i > number))
                        return i;
        }
        return mailbox->entry_count;
}

uint32_t mailbox_read(struct sim_mailbox *mailbox, struct acd_bytes key, struct acd_bytes after,
                      uint32_t count, uint8_t into[MAILBOX_PAGE_MAX])
{
        struct page page = { into, 0 }, entries = { malloc(MAILBOX_PAGE_MAX), 0 };
        bool is_new = after.size == 0;
        uint32_t begin = is_word(key, COMMANDS) && !is_new ? first_above(mailbox, after) : 0;
        uint32_t taken = 0;

        ACD_ASSERT(entries.at != NULL);
        for (uint32_t i = begin; is_word(key, COMMANDS) && i < mailbox->entry_count; i++) {
                struct mail_entry *entry = &mailbox->entry[i];

                if (taken == count || entries.size + 2 * ENTRY_SIZE_MAX > MAILBOX_PAGE_MAX)
                        break;
                if (entry->is_acknowledged || entry->is_read == is_new)
                        continue;
                entry->is_read = true;
                put_entry(&entries, entry, &mailbox->request[entry->request]);
                taken++;
        }
        put_head(&page, '*', 2);
        put_word(&page, key.at, key.size);
        put_head(&page, '*', taken);
        put(&page, entries.at, entries.size);
        free(entries.at);
        return page.size;
}

static struct mail_entry *entry_of(struct sim_mailbox *mailbox, struct acd_bytes id)
{
        for (uint32_t i = 0; i < mailbox->entry_count; i++)
                if (is_word(id, mailbox->entry[i].id))
                        return &mailbox->entry[i];
        sim_fail(mailbox->sim, "Redis: of a request %.*s that was never made", (int)id.size,
                 (const char *)id.at);
}

/* The contact that a RESULT names, 0: none for now. */
static uint64_t contact_of(struct sim_mailbox *mailbox, const struct mail_entry *entry,
                           struct acd_bytes body)
{
        const struct wire_frame frame = { .kind = WIRE_RESULT,
                                          .version = WIRE_HEADER_VERSION,
                                          .body_size = body.size,
                                          .body = body.at };
        struct wire_message message;
        struct wire_refusal refusal;
        struct acd_arena arena;

        acd_arena_init(&arena, mailbox->arena_memory, sizeof(mailbox->arena_memory));
        if (wire_decode(&frame, &arena, &message, &refusal) != ACD_OK)
                sim_fail(mailbox->sim, "the answer to %s is no RESULT", entry->id);
        if (sim_is_later(message.result.code))
                return 0;
        if (message.result.code != ACD_OK && message.result.code != ACD_DUPLICATE)
                sim_fail(mailbox->sim, "the submit %s is refused: %u %.*s", entry->id,
                         message.result.code, (int)message.result.field.size,
                         message.result.field.at);
        return message.result.id;
}

static void take_contact(struct sim_mailbox *mailbox, struct mail_entry *entry, uint64_t contact)
{
        struct mail_request *request = &mailbox->request[entry->request];
        char key[KEY_SIZE + 8];

        if (request->contact != 0 && request->contact != contact)
                sim_fail(mailbox->sim, "the request %s has another contact than before",
                         entry->id);
        request->contact = contact;
        sim_say(mailbox->sim, "the request %s is contact %llx", entry->id,
                (unsigned long long)contact);
        snprintf(key, sizeof(key), "%s%s", request->key[0] == 0 ? "redis:" : request->key,
                 request->key[0] == 0 ? entry->id : "");
        oracle_submitted(mailbox->sim->oracle, key, contact);
}

void mailbox_take_answer(struct sim_mailbox *mailbox, const struct acd_bytes *word,
                         uint32_t word_count)
{
        struct acd_bytes body = { 0 };
        struct mail_entry *entry = NULL;
        uint64_t contact;
        bool is_same;

        for (uint32_t i = 0; i + 1 < word_count; i += 2) {
                if (is_word(word[i], "for"))
                        entry = entry_of(mailbox, word[i + 1]);
                if (is_word(word[i], "body"))
                        body = word[i + 1];
        }
        if (entry == NULL || !entry->is_read)
                sim_fail(mailbox->sim, "an answer to nothing that was read");
        contact = contact_of(mailbox, entry, body);
        is_same = entry->contact == contact || entry->contact == 0;
        if (entry->is_answered && !(entry->is_twice_allowed && is_same))
                sim_fail(mailbox->sim, "the request %s is answered twice", entry->id);
        entry->is_answered = true;
        entry->contact = contact;
        if (contact != 0)
                take_contact(mailbox, entry, contact);
}

void mailbox_take_done(struct sim_mailbox *mailbox, struct acd_bytes id, bool is_deleted)
{
        struct mail_entry *entry = entry_of(mailbox, id);

        if (!entry->is_answered || (is_deleted && !entry->is_acknowledged))
                sim_fail(mailbox->sim, "the request %s is done and not answered", entry->id);
        entry->is_acknowledged = true;
        entry->is_deleted |= is_deleted;
}
