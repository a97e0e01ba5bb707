/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * version.h - what this build is.
 *
 *   Threads  Any: constants.
 */

/* "0.1.0": at most ACD_NAME_MAX characters, part of START. */
extern const char version_build[];
