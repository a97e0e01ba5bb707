/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client keys: the same submit twice is one contact.
 *
 * A key is remembered while its contact is open and for the tenant's retention
 * after it closed. With it stays what was submitted: small fields as they are,
 * the requirement and the strings as keyed 64-bit hashes, which is enough to say
 * "the same" or name the first field that differs, whatever UPDATE did later.
 *
 * Keys come from outside: the table's hash is keyed with the secret of the first
 * START. When all keys are in use the longest closed one goes early (K2).
 */

#include "acd/parts.h"

#include "base/bytes.h"
#include "base/hash64.h"

struct wanted {
        uint64_t tenant;
        struct acd_bytes bytes;
};

/* Of the key and, since two tenants may use the same one, its tenant's id: the
 * multiplier is 2^64 over the golden ratio. Only the bytes come from outside. */
static uint32_t hash_of(const struct acd *acd, uint64_t tenant, struct acd_bytes bytes)
{
        uint64_t hash = acd_siphash(&acd->secret, bytes.at, bytes.size);

        return (uint32_t)((hash ^ tenant * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

static bool is_wanted(const void *context, uint32_t value, const void *key)
{
        const struct acd *acd = context;
        const struct wanted *wanted = key;

        return acd->key[value].tenant == wanted->tenant &&
               acd_payload_equal(acd, acd->key[value].payload, wanted->bytes);
}

/* The key, or 0. @tenant is an id; @ret_hash, of a key that is not empty, is for
 * acd_key_add(). */
uint32_t acd_key_find(const struct acd *acd, uint64_t tenant, struct acd_bytes bytes,
                      uint32_t *ret_hash)
{
        struct wanted wanted = { .tenant = tenant, .bytes = bytes };

        *ret_hash = 0;
        if (bytes.size == 0)
                return 0;
        *ret_hash = hash_of(acd, tenant, bytes);
        return acd_itable_find(&acd->key_table, *ret_hash, is_wanted, acd, &wanted);
}

/* Have what acd_key_find() will look at on its way to the processor. */
void acd_key_prefetch(const struct acd *acd, uint64_t tenant, struct acd_bytes bytes)
{
        acd_itable_prefetch(&acd->key_table, hash_of(acd, tenant, bytes));
}

static uint64_t string_hash(const struct acd *acd, struct acd_bytes bytes)
{
        return bytes.size == 0 ? 0 : acd_siphash(&acd->secret, bytes.at, bytes.size);
}

static void add_terms(struct acd_hash64 *hash, const struct acd_requirement *requirement)
{
        struct acd_requirement sorted = *requirement;

        acd_requirement_sort(&sorted);
        for (uint32_t i = 0; i < sorted.term_count; i++) {
                acd_hash64_add_u64(hash, sorted.term[i].skill.value);
                acd_hash64_add_u64(hash,
                                   (uint64_t)sorted.term[i].level_min << 8 | sorted.term[i].group);
        }
}

static uint64_t requirement_hash(const struct acd_requirement *requirement)
{
        struct acd_hash64 hash;

        acd_hash64_init(&hash, requirement->term_count);
        if (requirement->term_count > 0)
                add_terms(&hash, requirement);
        return acd_hash64_value(&hash);
}

static struct acd_key_body body_of(const struct acd *acd, const struct acd_submit *submit)
{
        return (struct acd_key_body){
                .queue = submit->queue.value,
                .channel = submit->channel.value,
                .excluded = submit->excluded.value,
                .extra_hash = requirement_hash(&submit->extra),
                .customer_hash = string_hash(acd, submit->customer_key),
                .attributes_hash = string_hash(acd, submit->attributes),
                .credit_ms = submit->credit_ms,
                .band = submit->band,
        };
}

/* The first field in which @submit differs from what was submitted under @key;
 * ACD_FIELD_NONE when it is the same. */
enum acd_field acd_key_difference(const struct acd *acd, uint32_t key,
                                  const struct acd_submit *submit)
{
        struct acd_key_body now = body_of(acd, submit);
        const struct acd_key_body *then = &acd->key[key].body;

        if (now.queue != then->queue)
                return ACD_FIELD_QUEUE;
        if (now.channel != then->channel)
                return ACD_FIELD_CHANNEL;
        if (now.band != then->band)
                return ACD_FIELD_BAND;
        if (now.credit_ms != then->credit_ms)
                return ACD_FIELD_CREDIT;
        if (now.excluded != then->excluded)
                return ACD_FIELD_EXCLUDED_AGENT;
        if (now.extra_hash != then->extra_hash)
                return ACD_FIELD_REQUIREMENT;
        if (now.customer_hash != then->customer_hash)
                return ACD_FIELD_CUSTOMER_KEY;
        if (now.attributes_hash != then->attributes_hash)
                return ACD_FIELD_ATTRIBUTES;
        return ACD_FIELD_NONE;
}

static void index_key(struct acd *acd, uint32_t key, uint32_t hash)
{
        acd->key[key].hash = hash;
        acd_itable_insert(&acd->key_table, hash, key);
}

/* Into the table, after a load. False: there is one like it. */
bool acd_key_restore(struct acd *acd, uint32_t key)
{
        uint8_t bytes[ACD_CLIENT_KEY_MAX];
        uint32_t size = acd_payload_get(acd, acd->key[key].payload, bytes, sizeof(bytes));
        uint32_t hash;

        if (size == 0 || acd_key_find(acd, acd->key[key].tenant,
                                      (struct acd_bytes){ .at = bytes, .size = size }, &hash) != 0)
                return false;
        index_key(acd, key, hash);
        return true;
}

/* Cells that forgetting the longest closed key would free; 0 when there is room
 * for another key as it is. */
uint32_t acd_key_cells_freed(const struct acd *acd)
{
        if (acd->keys.live < acd->limits.key_count_max || acd->closed_keys.count == 0)
                return 0;
        return acd_payload_cell_count(
                acd_payload_size(acd, acd->key[acd->closed_keys.first].payload));
}

bool acd_key_has_room(const struct acd *acd)
{
        return acd->keys.live < acd->limits.key_count_max || acd->closed_keys.count > 0;
}

/* Make room for a key as acd_key_cells_freed() promised. */
void acd_key_make_room(struct acd *acd)
{
        if (acd->keys.live >= acd->limits.key_count_max)
                acd_key_forget(acd, acd->closed_keys.first);
}

/* Remember @submit as @contact, which takes the key over. @hash is what
 * acd_key_find() said. */
void acd_key_add(struct acd *acd, uint32_t contact, const struct acd_submit *submit, uint32_t hash)
{
        uint32_t index = acd_slab_take(&acd->keys);
        struct acd_key *key = &acd->key[index];
        uint32_t tenant = acd_tenant_of(acd, ACD_OBJECT_CONTACT, contact);

        key->tenant = acd_id_of(acd, &acd->tenants, tenant);
        key->contact = acd_id_of(acd, &acd->contacts, contact);
        key->payload = acd_payload_put(acd, submit->client_key);
        key->body = body_of(acd, submit);
        acd_ilist_push_back(acd_slab_space(&acd->keys), &acd->open_keys, index);
        index_key(acd, index, hash);
        acd->contact[contact].key = index;
}

/* Its contact has closed: the retention begins. */
void acd_key_close(struct acd *acd, uint32_t key, uint32_t tenant)
{
        uint64_t retention_ms = acd->tenant[tenant].config.key_retention_ms;

        acd_ilist_remove(acd_slab_space(&acd->keys), &acd->open_keys, key);
        acd_ilist_push_back(acd_slab_space(&acd->keys), &acd->closed_keys, key);
        acd_timer_set(acd, TIMER_KEY, key, acd->step_now + retention_ms * CORE_NS_PER_MS);
}

void acd_key_forget(struct acd *acd, uint32_t key)
{
        ACD_ASSERT(key != 0);
        acd_timer_stop(acd, TIMER_KEY, key);
        acd_itable_remove(&acd->key_table, acd->key[key].hash, key);
        acd_payload_free(acd, acd->key[key].payload);
        acd->key[key].payload = 0;
        acd_ilist_remove(acd_slab_space(&acd->keys), &acd->closed_keys, key);
        acd_slab_give(&acd->keys, key);
}
