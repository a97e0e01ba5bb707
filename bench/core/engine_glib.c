/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one would write with GLib: a binary heap of pointers in the order of band and
 * arrival, a hash table from a contact's id to the contact, a queue of idle agents,
 * each contact a piece of memory of its own. With keys, a second table of strings.
 */

#include "bench/core/engine.h"

#include <glib.h>
#include <stdlib.h>

struct contact {
        gint64 id;
        guint64 arrived;
        guint64 number;
        guint32 agent;
        guint8 band;
        guint8 state;
        gchar *key;
};

struct heap {
        bool has_keys;
        GHashTable *contacts;
        GHashTable *keys;
        GPtrArray *waiting;
        GQueue idle;
        struct contact **agent;
        gint64 id;
        guint64 arrived;
};

enum { WAITING, OFFERED, ACTIVE };

static gboolean is_before(const struct contact *left, const struct contact *right)
{
        if (left->band != right->band)
                return left->band > right->band;
        return left->arrived < right->arrived;
}

static void heap_push(GPtrArray *heap, struct contact *contact)
{
        guint at = heap->len;

        g_ptr_array_add(heap, contact);
        while (at > 0 && is_before(contact, heap->pdata[(at - 1) / 2])) {
                heap->pdata[at] = heap->pdata[(at - 1) / 2];
                at = (at - 1) / 2;
        }
        heap->pdata[at] = contact;
}

static struct contact *heap_pop(GPtrArray *heap)
{
        struct contact *first, *last;
        guint at = 0, child;

        if (heap->len == 0)
                return NULL;
        first = heap->pdata[0];
        last = heap->pdata[heap->len - 1];
        g_ptr_array_set_size(heap, (gint)heap->len - 1);
        if (heap->len == 0)
                return first;
        while ((child = 2 * at + 1) < heap->len) {
                if (child + 1 < heap->len && is_before(heap->pdata[child + 1], heap->pdata[child]))
                        child++;
                if (!is_before(heap->pdata[child], last))
                        break;
                heap->pdata[at] = heap->pdata[child];
                at = child;
        }
        heap->pdata[at] = last;
        return first;
}

static void offer(struct heap *self, struct contact *contact, uint32_t agent)
{
        contact->state = OFFERED;
        contact->agent = agent;
        self->agent[agent] = contact;
}

static void match(struct heap *self, uint32_t agent)
{
        struct contact *contact = heap_pop(self->waiting);

        if (contact != NULL)
                offer(self, contact, agent);
        else
                g_queue_push_tail(&self->idle, GUINT_TO_POINTER(agent + 1));
}

static void *glib_open(const struct engine_order *order)
{
        struct heap *self = g_new0(struct heap, 1);

        self->has_keys = order->has_keys;
        self->contacts = g_hash_table_new(g_int64_hash, g_int64_equal);
        self->keys = g_hash_table_new(g_str_hash, g_str_equal);
        self->waiting = g_ptr_array_new();
        g_queue_init(&self->idle);
        self->agent = g_new0(struct contact *, order->agent_count);
        return self;
}

static void contact_free(struct contact *contact)
{
        g_free(contact->key);
        g_slice_free(struct contact, contact);
}

static void glib_close(void *pointer)
{
        struct heap *self = pointer;
        GHashTableIter iterator;
        gpointer contact;

        g_hash_table_iter_init(&iterator, self->contacts);
        while (g_hash_table_iter_next(&iterator, NULL, &contact))
                contact_free(contact);
        g_hash_table_destroy(self->contacts);
        g_hash_table_destroy(self->keys);
        g_ptr_array_free(self->waiting, TRUE);
        g_queue_clear(&self->idle);
        g_free(self->agent);
        g_free(self);
}

static void glib_submit(void *pointer, uint64_t number, uint8_t band)
{
        struct heap *self = pointer;
        struct contact *contact = g_slice_new0(struct contact);
        uint8_t key[ENGINE_KEY_SIZE];

        contact->id = ++self->id;
        contact->arrived = ++self->arrived;
        contact->number = number;
        contact->band = band;
        contact->state = WAITING;
        if (self->has_keys) {
                engine_key(number, key);
                contact->key = g_strndup((const gchar *)key, sizeof(key));
                if (g_hash_table_contains(self->keys, contact->key))
                        abort();
                g_hash_table_insert(self->keys, contact->key, contact);
        }
        g_hash_table_insert(self->contacts, &contact->id, contact);
        if (g_queue_is_empty(&self->idle))
                heap_push(self->waiting, contact);
        else
                offer(self, contact, GPOINTER_TO_UINT(g_queue_pop_head(&self->idle)) - 1);
}

static void glib_accept(struct heap *self, uint32_t agent)
{
        struct contact *contact = g_hash_table_lookup(self->contacts, &self->agent[agent]->id);

        if (contact == NULL || contact->agent != agent || contact->state != OFFERED)
                abort();
        contact->state = ACTIVE;
}

static void glib_complete(struct heap *self, uint32_t agent)
{
        struct contact *contact = g_hash_table_lookup(self->contacts, &self->agent[agent]->id);

        if (contact == NULL || contact->agent != agent || contact->state != ACTIVE)
                abort();
        g_hash_table_remove(self->contacts, &contact->id);
        if (self->has_keys)
                g_hash_table_remove(self->keys, contact->key);
        contact_free(contact);
        self->agent[agent] = NULL;
        match(self, agent);
}

static void glib_begin(void *pointer, uint32_t agent)
{
        match(pointer, agent);
        glib_accept(pointer, agent);
}

static void glib_turn(void *pointer, const struct engine_cycle *cycles, uint64_t first_number)
{
        for (uint32_t i = 0; i < ENGINE_TURN; i++) {
                glib_submit(pointer, first_number + i, cycles[i].band);
                glib_complete(pointer, cycles[i].agent);
                glib_accept(pointer, cycles[i].agent);
        }
}

static uint64_t glib_has(void *pointer, uint32_t agent)
{
        struct heap *self = pointer;

        return self->agent[agent]->number;
}

const struct engine engine_glib = {
        .name = "glib",
        .open = glib_open,
        .close = glib_close,
        .submit = glib_submit,
        .begin = glib_begin,
        .turn = glib_turn,
        .has = glib_has,
};
