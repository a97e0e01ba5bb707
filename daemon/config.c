/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file that --config names.
 *
 * It is read twice: before the shard exists, for parameters (and so that a
 * mistake anywhere in it is found before anything is touched), and after the
 * recovery, for changes. What the file says already is so is DUPLICATE and costs
 * no record, so a daemon may start with the same file every day.
 *
 * Nobody can connect yet, so agenda and batches are worked off here, whenever
 * there is no more room.
 */

#include "daemon/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apply/apply.h"
#include "apply/to_wire.h"
#include "base/assert.h"
#include "daemon/shard.h"

enum { VALUE_SIZE = 320 };

struct listener {
        const char *path;
};

static void on_problem(void *context, const struct apply_problem *problem)
{
        const struct listener *listener = context;

        (void)fprintf(stderr, "acdd: %s:%u:%u: %s%s\n", listener->path, problem->place.line,
                      problem->place.column, problem->severity == APPLY_NOTE ? "note: " : "",
                      problem->text);
}

static bool set_options(struct options *options, const struct apply *apply,
                        struct options_error *error)
{
        char key[OPTION_NAME_SIZE] = "";
        char value[VALUE_SIZE] = "";
        struct apply_setting setting;
        uint32_t key_size = 0;
        uint32_t value_size = 0;
        uint64_t cursor = 0;

        while (apply_daemon_next(apply, &cursor, &setting)) {
                bool is_same = key_size == setting.name.size &&
                               memcmp(key, setting.name.at, setting.name.size) == 0;

                /* A list comes as one setting each, and is a value with commas. */
                key_size = (uint32_t)snprintf(key, sizeof(key), "%.*s", (int)setting.name.size,
                                              setting.name.at);
                value_size = is_same ? value_size : 0;
                value_size += (uint32_t)snprintf(value + value_size, sizeof(value) - value_size,
                                                 "%s%.*s", is_same ? "," : "",
                                                 (int)setting.value.size, setting.value.at);
                if (key_size >= sizeof(key) || value_size >= sizeof(value)) {
                        (void)snprintf(error->text, sizeof(error->text),
                                       "daemon, line %u: too long", setting.name.place.line);
                        return false;
                }
                if (!options_set_from_file(options, key, value, error))
                        return false;
        }
        return true;
}

bool config_read_options(struct options *options, struct options_error *ret_error)
{
        struct listener listener = { options_text(options, OPTION_CONFIG) };
        struct apply_report report = { .on_problem = on_problem, .context = &listener };
        struct apply apply = APPLY_NULL;
        bool is_good;

        if (listener.path[0] == '\0')
                return true;
        is_good = apply_open_file(&apply, listener.path, NULL, &report);
        if (is_good)
                is_good = set_options(options, &apply, ret_error);
        else
                (void)snprintf(ret_error->text, sizeof(ret_error->text),
                               "the configuration %.300s was refused", listener.path);
        apply_close(&apply);
        return is_good;
}

/* ---- changes ---- */

/* Work off the agenda and bring everything to disk. */
static int settle(struct shard *shard)
{
        struct acd_command work = { .kind = ACD_COMMAND_WORK, .work = { .unit_max = 4096 } };
        struct acd_reply reply;
        int r = commit_through(shard);

        while (r >= 0 && acd_agenda_units(shard->acd) > 0) {
                if (commit_room(shard) == COMMIT_ROOM)
                        (void)commit_step(shard, &work, &reply);
                else
                        r = commit_through(shard);
                if (r >= 0 && commit_room(shard) == COMMIT_DISK_FULL)
                        r = -ENOSPC;
        }
        return r < 0 ? r : commit_through(shard);
}

static void complain(struct shard *shard, const struct apply *apply,
                     const struct apply_change *change, const char *field, const char *text)
{
        struct apply_place place = apply_field_place(apply, change->ticket, field);

        (void)fprintf(stderr, "acdd: %s:%u:%u: %s %.*s: %s%s%s\n",
                      options_text(shard->options, OPTION_CONFIG), place.line, place.column,
                      apply_kind_text(change->kind), (int)change->name.size, change->name.at, field,
                      field[0] == '\0' ? "" : ": ", text);
}

/* Make one change. */
static enum apply_outcome make(struct shard *shard, const struct apply *apply,
                               const struct apply_change *change)
{
        struct acd_text tenant_name = { change->tenant.at, change->tenant.size };
        struct acd_text name = { change->name.at, change->name.size };
        struct wire_message message = { .kind = WIRE_APPLY };
        struct wire_peer peer = { .role = WIRE_ROLE_OPERATOR };
        struct apply_room room;
        struct wire_refusal refusal;
        struct acd_command command;
        struct acd_reply reply;
        enum acd_result result;

        peer.tenant.value = acd_find(shard->acd, ACD_OBJECT_TENANT, peer.tenant, tenant_name);
        if (change->is_if_missing &&
            acd_find(shard->acd, ACD_OBJECT_TENANT, (acd_tenant_id){ 0 }, name) != 0)
                return APPLY_DONE;
        apply_to_wire(change, &room, &message.apply);
        if (wire_resolve(shard->acd, &peer, &message, &command, &refusal) != ACD_OK) {
                if (wire_is_removed(&message, &refusal))
                        return APPLY_DONE;
                if (change->kind == APPLY_TEAM && refusal.code == ACD_UNKNOWN &&
                    !change->is_provisional && !change->is_completion)
                        return APPLY_REFUSED_SUPERVISOR;
                complain(shard, apply, change, refusal.field, refusal.text);
                return APPLY_REFUSED;
        }
        result = commit_step(shard, &command, &reply);
        if (wire_result_is_done(result)) {
                shard->commit.effects.count = 0; /* nobody is connected yet */
                return APPLY_DONE;
        }
        complain(shard, apply, change, wire_field_name(reply.field), wire_result_text(result));
        return APPLY_REFUSED;
}

static int apply_all(struct shard *shard, struct apply *apply)
{
        struct apply_change change;
        uint32_t count = 0;
        int r = 0;

        while (apply_next(apply, &change)) {
                if (commit_room(shard) != COMMIT_ROOM || ++count % 256 == 0)
                        r = settle(shard);
                if (r < 0 || commit_room(shard) != COMMIT_ROOM)
                        return r < 0 ? r : -ENOSPC;
                (void)apply_answer(apply, change.ticket, make(shard, apply, &change));
        }
        if (apply_left_count(apply) > 0 || apply->is_failed)
                return -EINVAL;
        log_event(&shard->log, LOG_INFO, "configured", "file=\"%s\" changes=%u",
                  options_text(shard->options, OPTION_CONFIG), count);
        return settle(shard);
}

int config_apply(struct shard *shard)
{
        struct listener listener = { options_text(shard->options, OPTION_CONFIG) };
        struct apply_report report = { .on_problem = on_problem, .context = &listener };
        struct apply apply = APPLY_NULL;
        int r = -EINVAL;

        if (listener.path[0] == '\0')
                return 0;
        if (apply_open_file(&apply, listener.path, NULL, &report))
                r = apply_all(shard, &apply);
        apply_close(&apply);
        return r;
}
