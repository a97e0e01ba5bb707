/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * words.h - the words that generated lines are made of: numbers by chance, names of what
 * exists or does not, lists, labels. What may be made wrong by chance is made here.
 */

#include "tests/property/generate.h"

enum { PICK_MAX = 2048 };

#define ONE_OF(g, ...) \
        words_one_of(g, (const uint32_t[]){ __VA_ARGS__ }, \
                        sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

void words_put(struct generator *g, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
uint32_t words_below(struct generator *g, uint32_t bound);
bool words_percent(struct generator *g, uint32_t chance);
bool words_wrong(struct generator *g);
uint32_t words_one_of(struct generator *g, const uint32_t *values, uint32_t count);
uint64_t words_tenant_id(const struct generator *g);
void words_head(struct generator *g, const char *verb);
void words_put_name(struct generator *g, char letter, uint32_t count);
void words_put_duration(struct generator *g, const char *key, uint32_t ms);
const char *words_channel_name(struct generator *g);
uint32_t words_ids_of(const struct generator *g, enum acd_object object, uint64_t *ret_ids);
const char *words_name_of(const struct generator *g, enum acd_object object, uint64_t id);
const char *words_pick_contact(struct generator *g, uint32_t state);
void words_put_agent(struct generator *g);
void words_put_agent_in(struct generator *g, uint32_t presence);
void words_put_label(struct generator *g);
void words_put_reason(struct generator *g);
void words_put_skill(struct generator *g);
void words_put_requirement(struct generator *g);
void words_put_skills(struct generator *g, bool may_remove);
void words_put_channels(struct generator *g);
void words_put_bytes(struct generator *g, const char *key, uint32_t max);
