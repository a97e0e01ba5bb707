/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SUBMIT: a contact enters.
 *
 * The longest list of checks of all commands, in the order of rule D7; then
 * everything that it takes is there, and the contact is made, remembered under
 * its key, put in its place and offered to whoever is ready. A class that is seen
 * for the first time is surveyed before, filled after the contact is in it.
 */

#include "acd/move.h"

/* What enters, found and allowed. */
struct entry {
        const struct acd_submit *submit;
        uint32_t class;
        uint32_t gateway;
        uint32_t key_hash;
};

/* A submit being looked at. */
struct intake {
        const struct acd_submit *submit;
        struct acd_class_want want;
        uint32_t tenant;
        uint32_t gateway;
        uint32_t class; /* 0: to be made */
        struct acd_class_survey survey;
};

/* It was submitted before: what came of it. */
static enum acd_result answer_repeated(struct acd *acd, uint32_t key,
                                       const struct acd_submit *submit)
{
        enum acd_field field = acd_key_difference(acd, key, submit);
        uint32_t contact;

        if (field != ACD_FIELD_NONE)
                return acd_refuse(acd, ACD_CONFLICT, field);
        contact = acd_contact_of_id(acd, acd->key[key].contact);
        return acd_duplicate(acd, acd->key[key].contact,
                             contact == 0 ? 0 : acd->contact[contact].state);
}

static bool find_references(struct acd *acd, struct intake *intake)
{
        const struct acd_submit *submit = intake->submit;
        enum acd_field field = ACD_FIELD_NONE;

        intake->want.queue = acd_queue_in(acd, intake->tenant, submit->queue.value);
        intake->want.channel = acd_channel_in(acd, intake->tenant, submit->channel.value);
        intake->gateway = acd_gateway_in(acd, intake->tenant, submit->gateway.value);
        intake->want.terms = &acd->step_terms;
        intake->want.excluded = acd_agent_in(acd, intake->tenant, submit->excluded.value);
        if (intake->want.queue == 0)
                field = ACD_FIELD_QUEUE;
        else if (intake->want.channel == 0)
                field = ACD_FIELD_CHANNEL;
        else if (intake->gateway == 0 && submit->gateway.value != 0)
                field = ACD_FIELD_GATEWAY;
        else if (intake->want.excluded == 0 && submit->excluded.value != 0)
                field = ACD_FIELD_EXCLUDED_AGENT;
        else if (!acd_terms_of(acd, intake->tenant, &submit->extra, &acd->step_terms))
                field = ACD_FIELD_SKILL;
        if (field == ACD_FIELD_NONE)
                return true;
        acd_refuse(acd, ACD_UNKNOWN, field);
        return false;
}

/* Limits of a class that is to be made. */
static bool class_is_allowed(struct acd *acd, struct intake *intake)
{
        const struct acd_limits *limits = &acd->limits;
        const struct acd_queue *queue = &acd->queue[intake->want.queue];
        uint64_t member_count;

        acd_class_survey(acd, &intake->want, &intake->survey);
        member_count = (uint64_t)acd->used_membership_count + acd->expected_membership_count +
                       intake->survey.member_count;
        if (intake->survey.member_count == 0) {
                acd_refuse(acd, ACD_DEAD_QUEUE, ACD_FIELD_QUEUE);
        } else if (queue->used_classes.count >= limits->class_per_queue_max) {
                acd_refuse_limit(acd, ACD_LIMIT, ACD_FIELD_CLASS_PER_QUEUE,
                                 limits->class_per_queue_max);
        } else if (acd->used_classes.count >= limits->class_count_max) {
                acd_refuse_limit(acd, ACD_FULL, ACD_FIELD_LIMITS, limits->class_count_max);
        } else if (intake->survey.full_agent != 0) {
                acd->reply->id = acd_id_of(acd, &acd->agents, intake->survey.full_agent);
                acd_refuse_limit(acd, ACD_LIMIT, ACD_FIELD_CLASS_PER_AGENT,
                                 limits->class_per_agent_max);
        } else if (member_count > limits->membership_count_max) {
                acd_refuse_limit(acd, ACD_FULL, ACD_FIELD_LIMITS, limits->membership_count_max);
        } else {
                return true;
        }
        return false;
}

/* Could an agent ever take it, and is the class there or allowed? */
static bool find_class(struct acd *acd, struct intake *intake)
{
        const struct acd_class *class;

        intake->class = acd_class_find(acd, &intake->want);
        if (intake->class == 0)
                return class_is_allowed(acd, intake);
        class = &acd->class[intake->class];
        if (class->members.count > 0 || class->is_filling)
                return true;
        /* Memberships may lag behind the configuration: look again. */
        acd_class_survey(acd, &intake->want, &intake->survey);
        if (intake->survey.member_count > 0)
                return true;
        acd_refuse(acd, ACD_DEAD_QUEUE, ACD_FIELD_QUEUE);
        return false;
}

/* It does not all fit: the first field that does not is the one at fault. */
static void refuse_payload(struct acd *acd, const struct acd_submit *submit, uint32_t freed)
{
        const struct {
                struct acd_bytes bytes;
                enum acd_field field;
        } parts[] = {
                { submit->client_key, ACD_FIELD_CLIENT_KEY },
                { submit->customer_key, ACD_FIELD_CUSTOMER_KEY },
                { submit->attributes, ACD_FIELD_ATTRIBUTES },
        };
        uint32_t i = 0;
        uint32_t cell_count = acd_payload_cell_count(parts[0].bytes.size);
        while (acd_payload_fits(acd, cell_count, freed))
                cell_count += acd_payload_cell_count(parts[++i].bytes.size);
        acd_refuse_limit(acd, ACD_FULL, parts[i].field, acd->limits.payload_cell_count_max);
}

static bool payload_fits(struct acd *acd, const struct acd_submit *submit)
{
        uint32_t freed = submit->client_key.size == 0 ? 0 : acd_key_cells_freed(acd);

        if (acd_payload_fits(acd,
                             acd_payload_cell_count(submit->client_key.size) +
                                     acd_payload_cell_count(submit->customer_key.size) +
                                     acd_payload_cell_count(submit->attributes.size),
                             freed))
                return true;
        refuse_payload(acd, submit, freed);
        return false;
}

static bool is_within_limits(struct acd *acd, struct intake *intake)
{
        const struct acd_queue *queue = &acd->queue[intake->want.queue];
        uint32_t length_max = queue->config.length_max;

        if (length_max != 0 &&
            queue->waiting_count + queue->contacts[ACD_CONTACT_WITHHELD].count >= length_max) {
                acd_refuse_limit(acd, ACD_FULL, ACD_FIELD_LENGTH_MAX, length_max);
                return false;
        }
        if (acd->contacts.live >= acd->limits.contact_count_max) {
                acd_refuse_limit(acd, ACD_FULL, ACD_FIELD_CONTACT, acd->limits.contact_count_max);
                return false;
        }
        if (!find_class(acd, intake))
                return false;
        if (intake->submit->client_key.size != 0 && !acd_key_has_room(acd)) {
                acd_refuse_limit(acd, ACD_FULL, ACD_FIELD_CLIENT_KEY, acd->limits.key_count_max);
                return false;
        }
        return payload_fits(acd, intake->submit);
}

static inline uint32_t make_contact(struct acd *acd, struct entry entry)
{
        const struct acd_submit *submit = entry.submit;
        const struct acd_class *class = &acd->class[entry.class];
        uint32_t index = acd_slab_take_in(&acd->contacts, acd->contact, sizeof(acd->contact[0]));
        struct acd_contact *contact = &acd->contact[index];
        struct acd_contact_cold *cold = &acd->contact_cold[index];

        /* The other line of whoever comes next. */
        __builtin_prefetch(&acd->contact_cold[acd->contacts.free.first], 1);
        contact->state = ACD_CONTACT_FREE;
        contact->band = submit->band == ACD_BAND_DEFAULT ? acd->queue[class->queue].config.band
                                                         : submit->band;
        contact->pair_count = 0;
        contact->flags = 0;
        contact->credit_ms = submit->credit_ms;
        contact->sequence = ++acd->tenant[class->tenant].submit_sequence;
        contact->submitted = acd->step_now;
        contact->class = entry.class;
        contact->gateway = entry.gateway;
        contact->assignment = 0;
        contact->offer_count = 0;
        contact->round = 0;
        contact->pair = 0;
        contact->key = 0;
        *cold = (struct acd_contact_cold){ 0 };
        if (submit->customer_key.size > 0)
                cold->customer_key = acd_payload_put(acd, submit->customer_key);
        if (submit->attributes.size > 0)
                cold->attributes = acd_payload_put(acd, submit->attributes);
        return index;
}

ACD_INLINE struct acd_event *emit_submitted(struct acd *acd, struct acd_subject subject)
{
        struct acd_fact fact = { .kind = ACD_EVENT_CONTACT_SUBMITTED,
                                 .state = ACD_CONTACT_WAITING,
                                 .value = subject.contact->credit_ms };

        return acd_event_of_contact(acd, subject, fact);
}

/* The contact is there: it is told, waits and looks for an agent. Its gateway is
 * present, so nothing stands in the way of that. */
static enum acd_result enter(struct acd *acd, struct entry entry, bool is_new)
{
        uint32_t index = make_contact(acd, entry);
        struct acd_class *class = &acd->class[entry.class];
        struct acd_contact *contact = &acd->contact[index];
        struct acd_subject subject = { .index = index, .contact = contact, .class = class };
        const struct acd_event *submitted;

        acd_class_gain_contact(acd, entry.class);
        if (is_new)
                acd_class_fill(acd, entry.class);
        if (entry.gateway != 0)
                acd_contact_join_gateway(acd, index);
        if (entry.submit->client_key.size != 0)
                acd_key_add(acd, index, entry.submit, entry.key_hash);
        acd->queue[class->queue].submitted++;
        submitted = emit_submitted(acd, subject);
        acd_contact_wait_told(acd, subject, ACD_CONTACT_FREE, ACD_REASON_SUBMITTED, submitted);
        if (class->pool_bits != 0)
                acd_match_contact(acd, index);
        return acd_done(acd, acd_id_in(acd, index, contact->generation), contact->state);
}

/* All but form and key is looked up, everything may be refused, a class may be made. */
__attribute__((noinline)) static enum acd_result
submit_with_care(struct acd *acd, const struct acd_command *command, uint32_t key_hash)
{
        struct intake intake = { .submit = &command->submit, .tenant = acd->step_tenant };
        bool is_new;

        if (!find_references(acd, &intake))
                return acd->reply->result;
        if (intake.gateway != 0 && acd->gateway[intake.gateway].state != ACD_GATEWAY_PRESENT)
                return acd_refuse_state(acd, ACD_FIELD_GATEWAY, acd->gateway[intake.gateway].state);
        if (!is_within_limits(acd, &intake))
                return acd->reply->result;
        if (intake.submit->client_key.size != 0)
                acd_key_make_room(acd);
        is_new = intake.class == 0;
        if (is_new)
                intake.class = acd_class_make(acd, &intake.want, intake.survey.member_count);
        return enter(acd,
                     (struct entry){ .submit = intake.submit,
                                     .class = intake.class,
                                     .gateway = intake.gateway,
                                     .key_hash = key_hash },
                     is_new);
}

/* The class that @submit wants, if it wants nothing beside its queue and the queue had the
 * same wish before, so that all is known of it; else 0. */
static inline uint32_t class_at_hand(const struct acd *acd, const struct acd_command *command)
{
        const struct acd_submit *submit = &command->submit;
        uint64_t queue = (submit->queue.value ^ acd->id_base) >> ACD_ID_GENERATION_BITS;
        const struct acd_class *class;
        uint32_t index;

        if (queue > acd->queues.top || submit->extra.term_count != 0 || submit->excluded.value != 0)
                return 0;
        index = acd->queue[queue].plain_class;
        class = &acd->class[index];
        return class->queue_id.value == submit->queue.value &&
                               class->channel_id.value == submit->channel.value &&
                               class->tenant_id.value == command->tenant.value &&
                               class->members.count > 0
                       ? index
                       : 0;
}

/* Is there room for it, with nothing else to think of? */
static inline bool has_room(const struct acd *acd, uint32_t class, const struct acd_submit *submit)
{
        const struct acd_queue *queue = &acd->queue[acd->class[class].queue];
        uint64_t size = (uint64_t)submit->client_key.size + submit->customer_key.size +
                        submit->attributes.size;
        /* More than they can be. */
        uint64_t cell_count = size == 0 ? 0 : size / 32 + 3;

        return (queue->config.length_max == 0 ||
                queue->waiting_count + queue->contacts[ACD_CONTACT_WITHHELD].count <
                        queue->config.length_max) &&
               acd->contacts.live < acd->limits.contact_count_max &&
               acd->payload.used + cell_count <= acd->limits.payload_cell_count_max;
}

/* Nearly always the class is at hand and there is nothing to refuse. What that cannot be
 * seen of at a glance goes the long way. */
enum acd_result acd_do_submit(struct acd *acd, const struct acd_command *command)
{
        const struct acd_submit *submit = &command->submit;
        struct entry entry = { .submit = submit };
        bool is_good = true;

        if (!acd_form_submit(acd, submit))
                return acd->reply->result;
        if (submit->client_key.size != 0) {
                uint32_t key = acd_key_find(acd, command->tenant.value, submit->client_key,
                                            &entry.key_hash);

                if (key != 0)
                        return answer_repeated(acd, key, submit);
                is_good = acd->keys.live < acd->limits.key_count_max;
        }
        entry.class = class_at_hand(acd, command);
        is_good &= entry.class != 0 && has_room(acd, entry.class, submit);
        if (submit->gateway.value != 0) {
                entry.gateway = acd_gateway_in(acd, acd->step_tenant, submit->gateway.value);
                is_good &= acd->gateway[entry.gateway].state == ACD_GATEWAY_PRESENT;
        }
        return is_good ? enter(acd, entry, false) : submit_with_care(acd, command, entry.key_hash);
}
