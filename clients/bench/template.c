/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames to copy. The library's own codec makes each once; where it put the
 * keys is found by looking for them, so this file knows no layout but the
 * header's.
 *
 * Keys are 16 hexadecimal digits: a prefix of the run and a running number. Two
 * runs against one daemon must not have equal client keys, or the second would
 * be told about the contacts of the first.
 */

#include "clients/bench/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/prng.h"
#include "wire/codec.h"

static const char client_mark[] = "client-key-mark.";
static const char customer_mark[] = "customer-keymark";

_Static_assert(sizeof(client_mark) == TEMPLATE_KEY_SIZE + 1, "a mark is as long as a key");
_Static_assert(sizeof(customer_mark) == TEMPLATE_KEY_SIZE + 1, "a mark is as long as a key");

struct maker {
        const struct settings *settings;
        struct acd_arena arena;
        uint8_t *attributes;
        uint32_t *size_max;
};

static uint32_t find(const struct template *template, const char *mark)
{
        const uint8_t *at = memmem(template->frame, template->size, mark, TEMPLATE_KEY_SIZE);

        return at == NULL ? 0 : (uint32_t)(at - template->frame);
}

static bool make(struct maker *maker, struct wire_message *message, struct template *ret_template)
{
        const struct settings *settings = maker->settings;
        uint8_t frame[WIRE_HEADER_SIZE + ACD_ATTRIBUTES_MAX + 512];

        message->kind = WIRE_SUBMIT;
        if (settings->has_client_keys)
                message->submit.client_key = wire_text(client_mark);
        if (settings->has_customer_keys)
                message->submit.customer_key = wire_text(customer_mark);
        message->submit.attributes =
                (struct acd_bytes){ maker->attributes, settings->attributes_size };
        acd_arena_reset(&maker->arena);
        ret_template->size = (uint32_t)wire_encode(message, &maker->arena, frame, sizeof(frame));
        ret_template->frame = ret_template->size == 0 ? NULL : malloc(ret_template->size);
        if (ret_template->frame == NULL)
                return false;
        memcpy(ret_template->frame, frame, ret_template->size);
        ret_template->client_key_at = find(ret_template, client_mark);
        ret_template->customer_key_at = find(ret_template, customer_mark);
        if (ret_template->size > *maker->size_max)
                *maker->size_max = ret_template->size;
        return true;
}

/* One of @choices by weight. */
static uint32_t draw(const struct choices *choices, struct acd_prng *prng)
{
        uint64_t total = 0;
        uint64_t drawn;

        for (uint32_t i = 0; i < choices->count; i++)
                total += choices->choice[i].weight;
        drawn = acd_prng_below(prng, total);
        for (uint32_t i = 0;; i++) {
                if (drawn < choices->choice[i].weight)
                        return i;
                drawn -= choices->choice[i].weight;
        }
}

static bool make_one(struct maker *maker, const struct template_handles *handles,
                     const uint32_t part[4], struct template *ret_template)
{
        const struct settings *settings = maker->settings;
        struct wire_message message = { .kind = WIRE_SUBMIT };

        message.submit.queue_id = handles->queue[part[0]];
        message.submit.channel_id = handles->channel[part[1]];
        message.submit.has_band = settings->bands.choice[part[2]].value < ACD_BAND_COUNT;
        message.submit.band = settings->bands.choice[part[2]].value;
        message.submit.credit_ms = settings->credits.choice[part[3]].value;
        return make(maker, &message, ret_template);
}

static bool make_all(struct templates *templates, struct maker *maker,
                     const struct template_handles *handles)
{
        const struct settings *settings = maker->settings;
        const struct choices *of[4] = { &settings->mix, &settings->channels, &settings->bands,
                                        &settings->credits };
        uint64_t count = 1;
        struct wire_message standing = { .kind = WIRE_SUBMIT };

        for (uint32_t i = 0; i < 4; i++)
                count *= of[i]->count;
        if (count > TEMPLATE_MAX)
                return false;
        for (; templates->count < count; templates->count++) {
                uint32_t part[4];
                uint32_t rest = templates->count;

                for (uint32_t i = 0; i < 4; i++) {
                        part[i] = rest % of[i]->count;
                        rest /= of[i]->count;
                }
                if (!make_one(maker, handles, part, &templates->template[templates->count]))
                        return false;
        }
        standing.submit.queue_id = handles->standing_queue;
        standing.submit.channel_id = handles->channel[0];
        return handles->standing_queue == 0 || make(maker, &standing, &templates->standing);
}

static void draw_all(struct templates *templates, const struct settings *settings)
{
        struct acd_prng prng;

        acd_prng_init(&prng, settings->seed);
        for (uint32_t i = 0; i < TEMPLATE_PICK_COUNT; i++) {
                uint32_t queue = draw(&settings->mix, &prng);
                uint32_t channel = draw(&settings->channels, &prng);
                uint32_t band = draw(&settings->bands, &prng);
                uint32_t credit = draw(&settings->credits, &prng);
                uint32_t pick;

                /* Mixed base, as make_all() takes it apart. */
                pick = band + settings->bands.count * credit;
                pick = channel + settings->channels.count * pick;
                templates->pick[i] = (uint16_t)(queue + settings->mix.count * pick);
        }
}

bool templates_init(struct templates *templates, const struct settings *settings,
                    const struct template_handles *handles)
{
        struct maker maker = { .settings = settings, .size_max = &templates->size_max };
        void *memory = malloc(WIRE_ARENA_SIZE);
        bool is_good;

        *templates = (struct templates){ .key_prefix = settings->run_mark << 32 };
        maker.attributes = malloc(settings->attributes_size + 1);
        templates->pick = malloc(TEMPLATE_PICK_COUNT * sizeof(templates->pick[0]));
        is_good = memory != NULL && maker.attributes != NULL && templates->pick != NULL;
        if (is_good) {
                memset(maker.attributes, 'a', settings->attributes_size);
                acd_arena_init(&maker.arena, memory, WIRE_ARENA_SIZE);
                is_good = make_all(templates, &maker, handles);
        }
        if (is_good)
                draw_all(templates, settings);
        free(maker.attributes);
        free(memory);
        return is_good;
}

void templates_fini(struct templates *templates)
{
        for (uint32_t i = 0; i < templates->count; i++)
                free(templates->template[i].frame);
        free(templates->standing.frame);
        free(templates->pick);
        *templates = (struct templates){ 0 };
}

static void put_key(uint8_t *at, uint64_t number)
{
        static const char digits[] = "0123456789abcdef";

        for (uint32_t i = TEMPLATE_KEY_SIZE; i-- > 0; number >>= 4)
                at[i] = (uint8_t)digits[number & 15];
}

uint32_t template_put(struct templates *templates, bool is_standing, uint32_t correlation,
                      uint8_t *at)
{
        uint64_t number = templates->next++;
        uint32_t pick = templates->pick[number % TEMPLATE_PICK_COUNT];
        const struct template *template =
                is_standing ? &templates->standing : &templates->template[pick];

        memcpy(at, template->frame, template->size);
        acd_put_u32(at + 8, correlation);
        if (template->client_key_at != 0)
                put_key(at + template->client_key_at, templates->key_prefix + number);
        if (template->customer_key_at != 0)
                put_key(at + template->customer_key_at, templates->key_prefix + number);
        return template->size;
}
