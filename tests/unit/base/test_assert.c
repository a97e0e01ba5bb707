/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The assertion itself. Everything else rests on it, so it is tested first.
 */

#include <criterion/criterion.h>
#include <signal.h>

#include "base/assert.h"

/* Goal    A false condition stops the process. */
Test(assert, false_aborts, .signal = SIGABRT)
{
        ACD_ASSERT(1 + 1 == 3);
}

/* Goal    A true condition does nothing. */
Test(assert, true_passes)
{
        ACD_ASSERT(1 + 1 == 2);
        cr_assert(true);
}

/* Goal    The expression is evaluated exactly once. */
Test(assert, evaluates_once)
{
        int count = 0;

        ACD_ASSERT(++count == 1);
        cr_assert_eq(count, 1);
}

/* Goal    The whole expression is tested, not its first operand: a macro that
 *         negates without parentheses would take "two == 1" as "(!two) == 1",
 *         which is as false as the assertion and would pass. */
Test(assert, negates_the_whole_expression, .signal = SIGABRT)
{
        int two = 2;

        ACD_ASSERT(two == 1);
}

/* Goal    Operators of low precedence are taken whole too. */
Test(assert, takes_a_conditional_whole, .signal = SIGABRT)
{
        int one = 1;

        ACD_ASSERT(one == 1 ? 0 : 1);
}

/* Goal    It is one expression: it stands in an if without braces, and its else
 *         belongs to the if. */
Test(assert, is_one_statement)
{
        int branch = 0;

        if (branch == 1)
                ACD_ASSERT(false);
        else
                branch = 2;
        cr_assert_eq(branch, 2);
}
