/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * list.h - pages of lists.
 *
 *   Cost       At most 65,536 slots looked at and 64 KiB of rows a page; a page may
 *              be short, or empty with a cursor to go on from.
 *   Threads    The shard's.
 */

#include "daemon/dispatch.h"

void list_answer(const struct request *request);
