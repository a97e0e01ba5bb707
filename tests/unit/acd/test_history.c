/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New histories: a state that is an older copy of itself goes on without giving any id
 * that the runs it does not know may have given out, and says that it does.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acd/parts.h"
#include "unit/acd/fixture.h"

enum { OBJECT_COUNT = ACD_OBJECT_ASSIGNMENT + 1, SLOT_MAX = 4096 };

/* A state in memory. */
struct file {
        uint8_t *bytes;
        size_t size, capacity, at;
};

static int file_write(void *self, const void *bytes, size_t size)
{
        struct file *file = self;

        if (file->size + size > file->capacity) {
                file->capacity = (file->size + size) * 2;
                file->bytes = realloc(file->bytes, file->capacity);
                cr_assert_not_null(file->bytes);
        }
        memcpy(file->bytes + file->size, bytes, size);
        file->size += size;
        return 0;
}

static int file_read(void *self, void *bytes, size_t size)
{
        struct file *file = self;

        if (size > file->size - file->at)
                return -5;
        memcpy(bytes, file->bytes + file->at, size);
        file->at += size;
        return 0;
}

static struct file save(const struct fixture *fixture)
{
        struct file file = { 0 };
        struct acd_sink sink = { .write = file_write, .self = &file };

        cr_assert_eq(acd_save(fixture->acd, &sink), 0);
        return file;
}

/* A copy of @fixture's core, by way of @file. */
static void load(struct fixture *copy, const struct fixture *fixture, struct file *file)
{
        struct acd_source source = { .read = file_read, .self = file };

        *copy = *fixture;
        copy->acd = fixture_core(&fixture->limits);
        file->at = 0;
        cr_assert_eq(acd_load(copy->acd, &source), 0);
        acd_check(copy->acd);
}

static enum acd_result start(struct fixture *fixture, uint64_t rise)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_START);

        command.start.epoch = acd_epoch(fixture->acd) + rise;
        command.start.limits = acd_usage(fixture->acd).limit;
        command.start.logic_version = ACD_LOGIC_VERSION;
        return fixture_step(fixture, &command);
}

static void work_one(struct fixture *fixture)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_WORK);

        command.work.unit_max = 1;
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
}

/* ---- ids ---- */

/* The last generation that each slot had. */
struct generations {
        uint32_t of[OBJECT_COUNT][SLOT_MAX];
};

static void look(const struct fixture *fixture, struct generations *ret_generations)
{
        memset(ret_generations, 0, sizeof(*ret_generations));
        for (uint32_t object = ACD_OBJECT_TENANT; object < OBJECT_COUNT; object++) {
                const struct acd_slab *slab = acd_slab_of(fixture->acd, (enum acd_object)object);

                cr_assert_lt(slab->top, (uint32_t)SLOT_MAX);
                for (uint32_t i = 1; i <= slab->top; i++)
                        ret_generations->of[object][i] = acd_slab_slot(slab, i)->generation;
        }
}

/* Something new of each kind that comes and goes, and it goes. */
static void come_and_go(struct fixture *fixture, uint32_t number)
{
        struct acd_command remove = fixture_command(fixture, ACD_COMMAND_REMOVE);
        struct acd_command gateway = fixture_command(fixture, ACD_COMMAND_GATEWAY_OPEN);
        char name[24];

        (void)snprintf(name, sizeof(name), "passing%u", (unsigned)number);
        remove.remove.object = ACD_OBJECT_AGENT;
        remove.remove.id = fixture_agent(fixture, name, (acd_skill_id){ 0 }).value;
        cr_assert_eq(fixture_step(fixture, &remove), ACD_OK);
        remove.remove.object = ACD_OBJECT_SKILL;
        remove.remove.id = fixture_skill(fixture, name).value;
        cr_assert_eq(fixture_step(fixture, &remove), ACD_OK);
        /* It may be one too many; else it is forgotten when it has been gone for longest. */
        (void)snprintf(gateway.gateway_open.name, sizeof(gateway.gateway_open.name), "%s", name);
        if (fixture_step(fixture, &gateway) == ACD_OK) {
                gateway.kind = ACD_COMMAND_GATEWAY_LOST;
                gateway.gateway.gateway.value = fixture->reply.id;
                cr_assert_eq(fixture_step(fixture, &gateway), ACD_OK);
        }
        fixture_work(fixture);
}

static void live(struct fixture *fixture, uint64_t seed, uint32_t step_count)
{
        struct acd_prng prng;

        acd_prng_init(&prng, seed);
        for (uint32_t i = 0; i < step_count; i++) {
                fixture_random_step(fixture, &prng);
                if (i % 40 == 0)
                        come_and_go(fixture, i / 40);
        }
        fixture_work(fixture);
}

/* No slot has now an id that @lost gave out after the copy, which @copied was. */
static uint32_t count_new(const struct fixture *fixture, const struct generations *copied,
                          const struct generations *lost)
{
        static struct generations now;
        uint32_t count = 0;

        look(fixture, &now);
        for (uint32_t object = ACD_OBJECT_TENANT; object < OBJECT_COUNT; object++)
                for (uint32_t i = 1; i < SLOT_MAX; i++) {
                        if (now.of[object][i] == copied->of[object][i])
                                continue;
                        cr_assert_gt(now.of[object][i], lost->of[object][i],
                                     "object %u, slot %u: generation %u was given out", object, i,
                                     now.of[object][i]);
                        count++;
                }
        return count;
}

/*
 * Goal    No id of a lost run is given out again, whatever it named; and there were ids
 *         that an ordinary start would have given again.
 * Method  A state is copied. One copy goes on for some runs, is lost; the other one
 *         begins a new history and lives another life. Each generation that a slot
 *         has in it is the copy's own, or above all that the lost one gave. Every second
 *         time the lost one had begun a new history too, earlier.
 */
Test(history, ids_of_lost_runs_are_not_given_again)
{
        for (uint64_t seed = 1; seed <= 6; seed++) {
                static struct fixture first, lost, restored;
                static struct generations copied, given;
                struct acd_prng prng;
                struct file file;
                uint32_t repeated = 0;

                fixture_init(&first, NULL);
                first.is_unchecked = true;
                fixture_random_setup(&first);
                live(&first, seed, 200);
                file = save(&first);
                look(&first, &copied);
                load(&lost, &first, &file);
                load(&restored, &first, &file);

                for (uint32_t run = 0; run < 3; run++) {
                        cr_assert_eq(
                                start(&lost, run == 0 && seed % 2 == 0 ? ACD_HISTORY_STEP + 60 : 1),
                                ACD_OK);
                        live(&lost, seed * 10 + run, 150);
                }
                look(&lost, &given);
                for (uint32_t i = 1; i < SLOT_MAX; i++)
                        repeated +=
                                given.of[ACD_OBJECT_CONTACT][i] > copied.of[ACD_OBJECT_CONTACT][i];
                cr_assert_gt(repeated, 20u);

                cr_assert_eq(start(&restored, ACD_HISTORY_STEP + 86400), ACD_OK);
                cr_assert_eq(count_new(&restored, &copied, &given), 0u);
                acd_prng_init(&prng, seed + 1000);
                for (uint32_t i = 0; i < 300; i++) {
                        fixture_random_step(&restored, &prng);
                        if (i % 40 == 0)
                                come_and_go(&restored, i / 40);
                        (void)count_new(&restored, &copied, &given);
                }
                cr_assert_gt(count_new(&restored, &copied, &given), 20u);
                acd_check(restored.acd);
                free(file.bytes);
                fixture_fini(&first);
                fixture_fini(&lost);
                fixture_fini(&restored);
        }
}

/* What is there keeps its id, what was never used begins above the lost ones. */
Test(history, what_is_there_keeps_its_name)
{
        static struct fixture fixture;
        struct acd_contact_view view;
        acd_queue_id queue, other;
        acd_agent_id agent;
        acd_gateway_id gateway;
        acd_contact_id waiting, offered;
        struct acd_assignment_view assignment;
        struct acd_queue_config config = fixture_queue_config("q");

        fixture_init(&fixture, NULL);
        queue = fixture_queue(&fixture, &config);
        gateway = fixture_gateway(&fixture, "g");
        agent = fixture_agent(&fixture, "a", (acd_skill_id){ 0 });
        fixture_login(&fixture, agent);
        fixture_ready(&fixture, agent);
        offered = fixture_submit(&fixture, queue, fixture_channel(&fixture, "email"), gateway);
        assignment = fixture_assignment(&fixture, offered);
        cr_assert_eq(
                fixture_assignment_do(&fixture, ACD_COMMAND_ACCEPT, assignment.assignment, agent),
                ACD_OK);
        waiting = fixture_submit(&fixture, queue, fixture_channel(&fixture, "email"), gateway);

        cr_assert_eq(start(&fixture, ACD_HISTORY_STEP), ACD_OK);
        fixture_work(&fixture);
        cr_assert(acd_view_contact(fixture.acd, waiting, &view));
        cr_assert_eq(view.queue.value, queue.value);
        cr_assert_eq(fixture_state(&fixture, offered), ACD_CONTACT_ACTIVE);
        cr_assert_eq(fixture_assignment(&fixture, offered).assignment.value,
                     assignment.assignment.value);
        cr_assert_eq(fixture_gateway(&fixture, "g").value, gateway.value);
        cr_assert_eq(
                fixture_assignment_do(&fixture, ACD_COMMAND_COMPLETE, assignment.assignment, agent),
                ACD_OK);

        /* One that a lost run may have given names nothing; an own one is over. */
        cr_assert_eq(fixture_assignment_do(&fixture, ACD_COMMAND_COMPLETE,
                                           (acd_assignment_id){ assignment.assignment.value + 1 },
                                           agent),
                     ACD_UNKNOWN);
        config = fixture_queue_config("other");
        other = fixture_queue(&fixture, &config);
        cr_assert_gt(acd_id_split(other.value).generation, (uint32_t)ACD_HISTORY_STEP);
        fixture_fini(&fixture);
}

/* ---- epochs, and who is told ---- */

Test(history, the_rise_of_the_epoch_tells_it)
{
        static struct fixture fixture;

        fixture_init(&fixture, NULL);
        cr_assert_eq(acd_history_epoch(fixture.acd), 0u);
        cr_assert_eq(start(&fixture, ACD_HISTORY_STEP - 1), ACD_OK);
        cr_assert_eq(acd_history_epoch(fixture.acd), 0u);
        cr_assert_eq(start(&fixture, ACD_HISTORY_STEP), ACD_OK);
        cr_assert_eq(acd_history_epoch(fixture.acd), 2u * ACD_HISTORY_STEP);
        cr_assert_eq(start(&fixture, 1), ACD_OK);
        cr_assert_eq(acd_history_epoch(fixture.acd), 2u * ACD_HISTORY_STEP);
        cr_assert_eq(start(&fixture, 5 * ACD_HISTORY_STEP), ACD_OK);
        cr_assert_eq(acd_history_epoch(fixture.acd), acd_epoch(fixture.acd));
        fixture_fini(&fixture);
}

/* The first START of all begins no new history, whatever its epoch. */
Test(history, the_first_run_is_none)
{
        static struct fixture fixture;

        fixture_init(&fixture, NULL);
        free(fixture.acd);
        fixture.acd = fixture_core(&fixture.limits);
        {
                struct acd_command command = { .kind = ACD_COMMAND_START };

                command.start.epoch = 7 * ACD_HISTORY_STEP;
                command.start.limits = fixture.limits;
                command.start.logic_version = ACD_LOGIC_VERSION;
                cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        }
        cr_assert_eq(acd_history_epoch(fixture.acd), 0u);
        fixture_fini(&fixture);
}

/* The reason of the RUN_STARTED of the last step. */
static uint32_t told(const struct fixture *fixture)
{
        cr_assert_eq(fixture_event_count(fixture, ACD_EVENT_RUN_STARTED), 1u);
        for (uint32_t i = 0; i < fixture->effects.count; i++)
                if (fixture->effects.item[i].kind == ACD_EVENT_RUN_STARTED)
                        return fixture->effects.item[i].reason;
        return UINT32_MAX;
}

/* Each tenant is told, also when the run ends before it is; and then no more. */
Test(history, every_tenant_is_told)
{
        static struct fixture fixture;
        struct acd_command tenant;

        fixture_init(&fixture, NULL);
        tenant = fixture_command(&fixture, ACD_COMMAND_TENANT_UPSERT);
        tenant.tenant.value = 0;
        (void)snprintf(tenant.tenant_config.name, sizeof(tenant.tenant_config.name), "second");
        cr_assert_eq(fixture_step(&fixture, &tenant), ACD_OK);
        fixture_work(&fixture);

        cr_assert_eq(start(&fixture, ACD_HISTORY_STEP), ACD_OK);
        work_one(&fixture);
        cr_assert_eq(told(&fixture), (uint32_t)ACD_REASON_NEW_HISTORY);
        cr_assert_eq(start(&fixture, 1), ACD_OK);
        for (uint32_t i = 0; i < 2; i++) {
                work_one(&fixture);
                cr_assert_eq(told(&fixture), (uint32_t)ACD_REASON_NEW_HISTORY);
        }
        fixture_work(&fixture);
        cr_assert_eq(start(&fixture, 1), ACD_OK);
        for (uint32_t i = 0; i < 2; i++) {
                work_one(&fixture);
                cr_assert_eq(told(&fixture), (uint32_t)ACD_REASON_NONE);
        }
        fixture_fini(&fixture);
}

/* ---- states and limits ---- */

/*
 * Goal    A state with a history comes back with it, and both go on alike; one without
 *         is written as before there were histories, and comes back too.
 * Method  The same traffic for the live core and for the one that was loaded.
 */
Test(history, comes_back_from_a_snapshot)
{
        for (uint32_t is_new = 0; is_new < 2; is_new++) {
                static struct fixture first, second;
                struct file file;

                fixture_init(&first, NULL);
                fixture_random_setup(&first);
                cr_assert_eq(start(&first, is_new ? ACD_HISTORY_STEP : 1), ACD_OK);
                file = save(&first);
                /* Behind the size of its first block: the version of the state. */
                cr_assert_eq(file.bytes[4], 1 + is_new);
                load(&second, &first, &file);
                cr_assert_eq(acd_digest(first.acd), acd_digest(second.acd));
                cr_assert_eq(acd_history_epoch(second.acd), acd_history_epoch(first.acd));
                for (uint32_t i = 0; i < 2; i++) {
                        live(&first, 5 + i, 120);
                        live(&second, 5 + i, 120);
                        cr_assert_eq(start(&first, ACD_HISTORY_STEP), ACD_OK);
                        cr_assert_eq(start(&second, ACD_HISTORY_STEP), ACD_OK);
                        cr_assert_eq(acd_digest(first.acd), acd_digest(second.acd));
                }
                free(file.bytes);
                fixture_fini(&first);
                fixture_fini(&second);
        }
}

/* Some 250 new histories; then one is refused and nothing has changed, and runs go on. */
Test(history, generations_are_used_up_one_day)
{
        static struct fixture fixture;
        uint32_t count = 0;
        uint64_t digest;

        fixture_init(&fixture, NULL);
        while (acd_can_begin_history(fixture.acd, ACD_HISTORY_STEP)) {
                cr_assert_eq(start(&fixture, ACD_HISTORY_STEP), ACD_OK);
                fixture_work(&fixture);
                cr_assert_leq(++count, 256u);
        }
        cr_assert_gt(count, 250u);
        digest = acd_digest(fixture.acd);
        cr_assert_eq(start(&fixture, ACD_HISTORY_STEP), ACD_LIMIT);
        cr_assert_eq(fixture.reply.field, ACD_FIELD_EPOCH);
        cr_assert_eq(fixture.reply.limit, acd_epoch(fixture.acd) + ACD_HISTORY_STEP - 1);
        cr_assert_eq(acd_digest(fixture.acd), digest);
        cr_assert_eq(start(&fixture, ACD_HISTORY_STEP - 1), ACD_OK);
        come_and_go(&fixture, 1);
        fixture_fini(&fixture);
}

/* Where a generation has wrapped, nobody knows what was given out: no new history, also
 * after a snapshot. */
Test(history, a_generation_that_wrapped_forbids_it)
{
        static struct fixture fixture, copy;
        struct acd_queue_config config = fixture_queue_config("q");
        acd_queue_id queue;
        struct file file;

        fixture_init(&fixture, NULL);
        queue = fixture_queue(&fixture, &config);
        fixture_agent(&fixture, "a", (acd_skill_id){ 0 });
        /* The next slot had all generations but one. */
        fixture.acd->contact[1].generation = ACD_ID_GENERATION_MAX - 1;
        fixture.acd->contacts.peak = ACD_ID_GENERATION_MAX - 1;
        for (uint32_t i = 0; acd_can_begin_history(fixture.acd, ACD_HISTORY_STEP) ||
                             fixture.acd->contact[1].generation != 1;
             i++) {
                acd_contact_id contact = fixture_submit(
                        &fixture, queue, fixture_channel(&fixture, "email"), (acd_gateway_id){ 0 });
                struct acd_command cancel = fixture_command(&fixture, ACD_COMMAND_CANCEL);

                cr_assert_lt(i, 1000000u);
                cancel.cancel.contact = contact;
                cancel.cancel.reason = ACD_REASON_CANCELLED;
                cr_assert_eq(fixture_step(&fixture, &cancel), ACD_OK);
        }
        file = save(&fixture);
        load(&copy, &fixture, &file);
        cr_assert_eq(acd_digest(copy.acd), acd_digest(fixture.acd));
        cr_assert_not(acd_can_begin_history(copy.acd, ACD_HISTORY_STEP));
        cr_assert_eq(start(&copy, ACD_HISTORY_STEP), ACD_LIMIT);
        free(file.bytes);
        fixture_fini(&fixture);
        fixture_fini(&copy);
}
