/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a damaged journal into a core: exactly up to the first gap, then what
 * stands alone.
 *
 * What comes after the gap is not a continuation: agents and gateways may have
 * come and gone unseen. So offers, presence and time are left out, and every
 * contact waits, in its place by the time at which it was submitted.
 */

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "daemon/salvage.h"
#include "daemon/snapshotter.h"
#include "daemon/system.h"
#include "wire/kinds.h"

/* ---- step 1: the snapshot ---- */

static int read_all(void *self, void *bytes, size_t size)
{
        uint8_t *into = bytes;

        while (size > 0) {
                int64_t part = snapshot_read(self, into, size);

                if (part <= 0)
                        return part < 0 ? (int)part : -EBADMSG;
                into += part;
                size -= (size_t)part;
        }
        return 0;
}

static void raise_limits(struct acd_limits *a, const struct acd_limits *b)
{
#define LIMIT(name, preset, minimum, maximum, text) \
        if (a->name < b->name) \
                a->name = b->name;
#include "acd/limits.def"
#undef LIMIT
}

static void on_damaged(void *context, const struct journal_error *error)
{
        struct salvage *salvage = context;

        (void)fprintf(salvage->text, "snapshot %s: damaged: %s\n", error->path, error->what);
}

static int make_core(struct salvage *salvage)
{
        salvage->core_size = acd_size(&salvage->limits);
        salvage->core =
                salvage->core_size == 0 ? NULL : world_system_os.reserve(NULL, salvage->core_size);
        if (salvage->core == NULL)
                return -ENOMEM;
        salvage->acd = acd_init(salvage->core, &salvage->limits, 0);
        return 0;
}

int salvage_load(struct salvage *salvage, struct journal_error *error)
{
        struct acd_source source = { read_all, &salvage->snapshot };
        struct acd_limits stored;
        int r;

        r = snapshot_open(&salvage->snapshot, &salvage->dir, UINT64_MAX, on_damaged, salvage,
                          error);
        salvage->has_snapshot = r >= 0;
        if (salvage->has_snapshot && snapshotter_read_limits(&salvage->snapshot, &stored) >= 0)
                raise_limits(&salvage->limits, &stored);
        r = make_core(salvage);
        if (r < 0 || !salvage->has_snapshot) {
                (void)fprintf(salvage->text, "snapshot: none\n");
                return r;
        }
        r = acd_load(salvage->acd, &source);
        if (r < 0)
                return journal_error_set(
                        error, -EBADMSG, JOURNAL_REMEDY_UPGRADE,
                        &(struct journal_place){ salvage->dir.path, NULL, JOURNAL_NO_OFFSET },
                        "the snapshot is of another version of the rules");
        salvage->next_lsn = salvage->snapshot.head.lsn + 1;
        salvage->now = salvage->snapshot.head.now_ns;
        salvage->gap_now = salvage->now;
        salvage->wall_ns = salvage->snapshot.head.wall_ns;
        (void)fprintf(salvage->text, "snapshot: of record %llu\n",
                      (unsigned long long)salvage->snapshot.head.lsn);
        snapshot_close(&salvage->snapshot);
        return 0;
}

/* ---- records ---- */

static enum acd_result step(struct salvage *salvage, const struct acd_command *command,
                            uint64_t now_ns, struct acd_reply *ret_reply)
{
        if (now_ns > salvage->now)
                salvage->now = now_ns;
        return acd_step(salvage->acd, salvage->now, command, ret_reply, &salvage->effects);
}

/* The part from here on is not a continuation. */
static int meet_gap(struct salvage *salvage, const char *why)
{
        struct journal_error error = { 0 };

        if (!salvage->is_exact)
                return 0;
        salvage->is_exact = false;
        (void)fprintf(salvage->text, "exact up to record %llu; then %s\n",
                      (unsigned long long)salvage->next_lsn - 1, why);
        return salvage_ask_events(salvage, &error);
}

/* A submit after the gap. What it refers to may be lost: what can be left out is. */
static void submit_again(struct salvage *salvage, struct acd_command *command, uint64_t now_ns)
{
        struct salvage_told *told = salvage_next_submitted(salvage, command->tenant, now_ns);
        struct acd_reply reply;
        enum acd_result result;

        if (told != NULL && told->is_over) {
                salvage->counts.known_over++;
                return;
        }
        result = step(salvage, command, now_ns, &reply);
        if (result != ACD_OK && result != ACD_DUPLICATE) {
                command->submit.gateway = (acd_gateway_id){ 0 };
                command->submit.excluded = (acd_agent_id){ 0 };
                command->submit.extra.term_count = 0;
                result = step(salvage, command, now_ns, &reply);
        }
        if (result != ACD_OK && result != ACD_DUPLICATE) {
                salvage->counts.refused++;
                (void)fprintf(salvage->text, "LOST: a submit of key \"%.*s\": %s (%s)\n",
                              (int)command->submit.client_key.size,
                              (const char *)command->submit.client_key.at, wire_result_name(result),
                              wire_field_name(reply.field));
                return;
        }
        salvage->counts.submitted_again++;
        if (told == NULL)
                return;
        told->new_id = reply.id;
        if (told->agent != 0) {
                salvage->counts.to_confirm++;
                (void)fprintf(salvage->text,
                              "to confirm by the agent: contact %016llx was with agent %016llx "
                              "and waits again\n",
                              (unsigned long long)reply.id, (unsigned long long)told->agent);
        }
}

/* The contact that an id of the damaged history means now, or 0. */
static uint64_t translate(struct salvage *salvage, uint64_t contact)
{
        const struct salvage_told *told = salvage_find_told(salvage, contact);
        struct acd_contact_view view;

        if (told != NULL && told->contact == contact && told->now_ns != 0)
                return told->new_id == UINT64_MAX ? 0 : told->new_id;
        /* It is of before the gap if the core had it then. */
        return acd_view_contact(salvage->acd, (acd_contact_id){ contact }, &view) &&
                               view.submitted <= salvage->gap_now
                       ? contact
                       : 0;
}

static void apply(struct salvage *salvage, struct acd_command *command, uint64_t now_ns)
{
        struct acd_reply reply;
        enum acd_result result = step(salvage, command, now_ns, &reply);

        if (result == ACD_OK || result == ACD_DUPLICATE)
                salvage->counts.applied++;
        else
                salvage->counts.refused++;
}

/* What stands alone, and nothing else. */
static void take_after_gap(struct salvage *salvage, struct acd_command *command, uint64_t now_ns)
{
        if (command->kind == ACD_COMMAND_SUBMIT) {
                submit_again(salvage, command, now_ns);
        } else if (command->kind == ACD_COMMAND_CANCEL) {
                command->cancel.contact.value = translate(salvage, command->cancel.contact.value);
                if (command->cancel.contact.value != 0)
                        apply(salvage, command, now_ns);
        } else if (command->kind == ACD_COMMAND_REPORT &&
                   command->report.report == ACD_REPORT_ENDED) {
                command->report.contact.value = translate(salvage, command->report.contact.value);
                command->report.assignment = (acd_assignment_id){ 0 };
                if (command->report.contact.value != 0)
                        apply(salvage, command, now_ns);
        } else if (command->kind == ACD_COMMAND_GATEWAY_OPEN ||
                   (command->kind >= ACD_COMMAND_TENANT_UPSERT &&
                    command->kind <= ACD_COMMAND_REMOVE)) {
                apply(salvage, command, now_ns);
        } else {
                salvage->counts.skipped++;
        }
}

/* Limits that the memory was not made for: they must be told, or the start of that run would
 * look like damage. */
static int check_limits(struct salvage *salvage, const struct acd_start *start)
{
        int r = 0;

#define LIMIT(name, preset, minimum, maximum, text) \
        if (start->limits.name > salvage->limits.name) { \
                (void)fprintf(stderr, "acdd: salvage: give limit " #name " at least %u\n", \
                              start->limits.name); \
                r = -E2BIG; \
        }
#include "acd/limits.def"
#undef LIMIT
        return r;
}

/* What customers told us is damaged: the contact is still one, without its keys. */
static void drop_payload(struct salvage *salvage, struct acd_command *command, uint64_t lsn)
{
        if (command->kind != ACD_COMMAND_SUBMIT)
                return;
        command->submit.client_key.size = 0;
        command->submit.customer_key.size = 0;
        command->submit.attributes.size = 0;
        (void)fprintf(salvage->text, "record %llu: a submit whose keys and attributes are lost\n",
                      (unsigned long long)lsn);
}

static int take_record(struct salvage *salvage, const struct journal_salvaged *salvaged)
{
        const struct journal_record *record = &salvaged->record;
        struct acd_bytes body = { record->body, record->body_size };
        struct acd_bytes payload = { record->payload, record->payload_size };
        struct acd_command command;
        struct acd_reply reply;
        int r = 0;

        if (!acd_command_decode(body, payload, salvage->resume_ids, &command)) {
                salvage->counts.refused++;
                return meet_gap(salvage, "a record that this build does not understand");
        }
        if (salvaged->is_payload_damaged)
                drop_payload(salvage, &command, record->lsn);
        if (command.kind == ACD_COMMAND_START && check_limits(salvage, &command.start) < 0)
                return -E2BIG;
        if (salvage->is_exact && (record->lsn != salvage->next_lsn || !salvaged->is_batch_whole))
                r = meet_gap(salvage, "records are missing");
        if (r >= 0 && salvage->is_exact) {
                if (step(salvage, &command, salvaged->now_ns, &reply) == ACD_OK) {
                        salvage->counts.exact++;
                        salvage->next_lsn = record->lsn + 1;
                        salvage->gap_now = salvaged->now_ns;
                        return 0;
                }
                r = meet_gap(salvage, "this build decides otherwise than the one that wrote it");
        }
        if (r >= 0)
                take_after_gap(salvage, &command, salvaged->now_ns);
        return r;
}

static int on_record(void *self, const struct journal_salvaged *salvaged)
{
        struct salvage *salvage = self;

        if (salvaged->record.lsn != 0 && salvaged->record.lsn < salvage->next_lsn &&
            salvage->is_exact)
                return 0; /* the snapshot has it */
        if (salvaged->wall_ns != 0)
                salvage->wall_ns = salvaged->wall_ns;
        return take_record(salvage, salvaged);
}

static int on_gap(void *self, const struct journal_gap *gap)
{
        struct salvage *salvage = self;

        (void)fprintf(salvage->text, "%s: %llu bytes at %llu not readable (%s)%s\n", gap->name,
                      (unsigned long long)gap->size, (unsigned long long)gap->offset,
                      journal_verdict_name(gap->verdict),
                      gap->is_tail ? "; never acknowledged" : "");
        return gap->is_tail ? 0 : meet_gap(salvage, "damage");
}

/* Step 4: contacts of before the gap that are over by the event log. */
static void close_what_is_over(struct salvage *salvage)
{
        for (uint32_t i = 0; i < SALVAGE_TOLD_MAX; i++) {
                const struct salvage_told *told = &salvage->told[i];
                struct acd_command cancel = { .kind = ACD_COMMAND_CANCEL };
                struct acd_contact_view view;
                struct acd_reply reply;

                if (told->contact == 0 || !told->is_over || told->now_ns != 0 ||
                    !acd_view_contact(salvage->acd, (acd_contact_id){ told->contact }, &view) ||
                    view.submitted > salvage->gap_now)
                        continue;
                cancel.tenant = view.tenant;
                cancel.cancel.contact = view.contact;
                cancel.cancel.reason = ACD_REASON_OPERATOR;
                if (step(salvage, &cancel, salvage->now, &reply) == ACD_OK)
                        salvage->counts.closed_by_events++;
        }
}

int salvage_read(struct salvage *salvage, struct journal_error *error)
{
        const struct journal_salvage_sink sink = { on_record, on_gap, salvage };
        size_t size = journal_salvage_size();
        void *memory = world_system_os.reserve(NULL, size);
        int r;

        if (memory == NULL)
                return -ENOMEM;
        r = journal_salvage(memory, &salvage->dir, &sink, &salvage->report, error);
        world_system_os.release(NULL, memory, size);
        if (r >= 0 && !salvage->is_exact)
                close_what_is_over(salvage);
        return r;
}
