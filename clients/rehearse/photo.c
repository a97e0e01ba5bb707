/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits, in which order, and who talks with whom.
 *
 * The lists come in pages and in the daemon's own order; sorting them by the
 * order of service makes two photos comparable place by place.
 */

#include "clients/rehearse/photo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t group_of(const struct acdclient_contact *contact)
{
        switch ((unsigned)contact->state) {
        case ACDCLIENT_CONTACT_STATE_CONNECTING:
                return 1;
        case ACDCLIENT_CONTACT_STATE_ACTIVE:
                return 2;
        case ACDCLIENT_CONTACT_STATE_ENDED:
                return 3;
        default:
                return 0;
        }
}

static bool add(struct photo *photo, const struct acdclient_contact *contact)
{
        uint8_t group = group_of(contact);

        if (photo->count == PHOTO_CONTACT_MAX) {
                fprintf(stderr, "more contacts are open than a photo holds\n");
                return false;
        }
        photo->contact[photo->count++] = (struct photo_contact){
                .contact = contact->contact,
                .agent = group == 0 ? 0 : contact->agent_id,
                .band = contact->band,
                .credited_ns =
                        (int64_t)contact->submitted_ns - (int64_t)contact->credit_ms * 1000000,
                .order = contact->order,
                .group = group,
        };
        photo->waiting_count += group == 0;
        photo->talking_count += group == 1 || group == 2;
        return true;
}

static int compare(const void *left, const void *right)
{
        const struct photo_contact *a = left, *b = right;

        if (a->group != b->group)
                return a->group < b->group ? -1 : 1;
        if (a->band != b->band)
                return a->band > b->band ? -1 : 1;
        if (a->credited_ns != b->credited_ns)
                return a->credited_ns < b->credited_ns ? -1 : 1;
        if (a->order != b->order)
                return a->order < b->order ? -1 : 1;
        return 0;
}

bool photo_take(struct photo *photo, struct acdclient *client)
{
        struct acdclient_message request = { .kind = ACDCLIENT_LIST };
        uint8_t cursor[64];

        memset(photo, 0, sizeof(*photo));
        request.list.object = ACDCLIENT_OBJECT_CONTACT;
        request.list.limit = 1000;
        do {
                const struct acdclient_message *answer = NULL;
                const struct acdclient_list_reply *reply;
                int r = acdclient_call(client, &request, 20000, &answer);

                if (r < 0 || answer->kind != ACDCLIENT_LIST_REPLY) {
                        fprintf(stderr, "the daemon does not list its contacts\n");
                        return false;
                }
                reply = &answer->list_reply;
                for (uint32_t i = 0; i < reply->contacts_count; i++) {
                        if (!add(photo, &reply->contacts[i]))
                                return false;
                }
                if (reply->cursor.size > sizeof(cursor))
                        return false;
                if (reply->cursor.size > 0)
                        memcpy(cursor, reply->cursor.at, reply->cursor.size);
                request.list.cursor = (struct acdclient_bytes){ cursor, reply->cursor.size };
        } while (request.list.cursor.size > 0);
        qsort(photo->contact, photo->count, sizeof(photo->contact[0]), compare);
        return true;
}

static bool is_same(const struct photo_contact *a, const struct photo_contact *b)
{
        return a->contact == b->contact && a->agent == b->agent && a->group == b->group;
}

uint32_t photo_differences(const struct photo *before, const struct photo *after)
{
        uint32_t shorter = before->count < after->count ? before->count : after->count;
        uint32_t longer = before->count < after->count ? after->count : before->count;
        uint32_t count = longer - shorter;

        for (uint32_t i = 0; i < shorter; i++)
                count += !is_same(&before->contact[i], &after->contact[i]);
        return count;
}
