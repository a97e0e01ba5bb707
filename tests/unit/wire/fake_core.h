/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * fake_core.h - a core that knows names and contacts and nothing else.
 *
 * What lib/wire asks a core is look-ups. This one answers them from two small
 * tables, so that its tests need no routing: any name is known the first time
 * it is asked for, except those that begin with "ghost".
 */

#include "acd/view.h"

enum { FAKE_NAME_MAX = 4096, FAKE_CONTACT_MAX = 8, FAKE_TENANT = 7, FAKE_OTHER_TENANT = 8 };

struct fake_name {
        enum acd_object object;
        uint64_t tenant;
        char name[ACD_NAME_MAX + 1];
};

struct fake_contact {
        struct acd_contact_view view;
        const char *client_key;
};

struct acd {
        struct fake_name names[FAKE_NAME_MAX]; /* id: index + 1000 */
        uint32_t name_count;
        struct fake_contact contacts[FAKE_CONTACT_MAX];
        uint32_t contact_count;
};

/* The core of this test, empty. */
struct acd *fake_core_reset(void);

/* The id that @name has or gets. */
uint64_t fake_id(enum acd_object object, uint64_t tenant, const char *name);
