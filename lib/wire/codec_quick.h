/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * codec_quick.h - requests as every encoder writes them, read at once. Private to
 * lib/wire and its tests.
 */

#include "wire/frame.h"
#include "wire/message.h"

/* True: the body of @frame is now the body of @ret_message, and all of it is as it should be.
 * False: it is unusual or wrong; nothing is said of which, and codec_hot.c finds out. */
bool wire_quick_decode(const struct wire_frame *frame, struct wire_message *ret_message)
        __attribute__((warn_unused_result));
