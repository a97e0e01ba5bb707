/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Criterion program that leaks on purpose, so that the runner can prove that
 * it sees leaks. Criterion itself calls this test passed.
 */

#include <criterion/criterion.h>
#include <stdlib.h>

static void *volatile kept;

Test(leak_fixture, leaks)
{
        kept = malloc(100);
        cr_assert_not_null(kept);
        kept = NULL;
}
