/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * json.h - what commands say with --json.
 *
 * Ids are strings of 13 characters, as everywhere in the project; fields have
 * the names of the protocol; absent means not set.
 *
 *   Ownership  Setters take the value into the object; json_print() consumes it.
 */

#include <jansson.h>

#include "clients/c/acdclient.h"

void json_set_text(json_t *object, const char *name, struct acdclient_text text);
void json_set_word(json_t *object, const char *name, const char *word);
void json_set_number(json_t *object, const char *name, uint64_t number);
/* Also when it is zero. */
void json_set_count(json_t *object, const char *name, uint64_t number);
void json_set_id(json_t *object, const char *name, uint64_t id);
/* As text when it is UTF-8, else in base16 under "<name>_hex". */
void json_set_bytes(json_t *object, const char *name, struct acdclient_bytes bytes);

/* The objects of the protocol. */
json_t *json_of_result(const struct acdclient_result *result);
json_t *json_of_queue(const struct acdclient_queue *queue);
json_t *json_of_agent(const struct acdclient_agent *agent);
json_t *json_of_contact(const struct acdclient_contact *contact);
json_t *json_of_event(const struct acdclient_event *event, struct acdclient_text tenant);

/* One line on standard output. */
void json_print(json_t *document);
