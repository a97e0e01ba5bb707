/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What every fuzz target is: one function over bytes from nowhere.
 *
 * It may do what it likes with the bytes but keep them, must return 0, and says
 * that something is wrong by ACD_ASSERT: a target needs an oracle beyond "did not
 * crash" (decode(encode(x)) = x, two ways agree, nothing outside was touched).
 * The same source links with libFuzzer (-Dfuzz=true) and with replay.c.
 */

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
