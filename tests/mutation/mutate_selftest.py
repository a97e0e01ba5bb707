#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that mutants.py makes the changes it should, and no others; and that each
entry of equivalent.txt excuses one mutant, or those of its pattern, still there."""

import sys
from collections import Counter

import mutants
import mutate

SOURCE = """
static bool is_good(const struct thing *thing, int count)
{
        ACD_ASSERT(count > 0);
        if (thing->size < 3 && !thing->done)
                return thing->size == count;
        thing->count = count + 2;
        forget(thing, count--);
        return false;
}
static int *find(int *list)
{
        return list;
}
static int sum(int a, int b)
{
        if (a)
                return 0;
        return a + b;
}
"""

EXPECTED = """
if (1)
if (0)
if (thing->size <= 3 && !thing->done)
if (thing->size >= 3 && !thing->done)
if (thing->size < 4 && !thing->done)
if (thing->size < 2 && !thing->done)
if (thing->size < 3 || !thing->done)
if (thing->size < 3 && thing->done)
return !(thing->size == count);
return thing->size != count;
;
thing->count = count - 2;
thing->count = count + 3;
thing->count = count + 1;
;
forget(thing, count++);
return !(false);
return NULL;
if (1)
if (0)
return -1;
return (a + b) + 1;
return a - b;
"""


def stale_excuses():
    found = Counter(excuse for layer in mutate.LAYERS.values()
                    for mutant in mutate.all_mutants(layer.folder, "")
                    for excuse in mutate.read_excuses() if mutate.is_excused(mutant, excuse))
    return [excuse for excuse in mutate.read_excuses()
            if found[excuse] == 0 or found[excuse] > 1 and "*" not in excuse[0]]


def main():
    lines = []
    for mutant in mutants.mutants_of("a.c", SOURCE):
        changed = SOURCE[:mutant.at] + mutant.text + SOURCE[mutant.end:]
        lines.append(changed.split("\n")[mutant.line - 1].strip())
    expected = EXPECTED.strip().split("\n")
    if sorted(lines) != sorted(expected):
        print("missing: %s" % [line for line in expected if line not in lines])
        print("surplus: %s" % [line for line in lines if line not in expected])
        return 1
    for path, source, what in stale_excuses():
        print("equivalent.txt: not one mutant: %s | %s | %s" % (path, source, what))
        return 1
    print("%d mutants, as expected" % len(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
