/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The version, from meson's project(): written once there. Formats and rules
 * have versions of their own, each beside what it numbers.
 */

#include "daemon/version.h"

const char version_build[] = ACDD_VERSION;
