#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that tidy.py sees what it is there to see.

Each case plants one violation in an otherwise clean file of a small tree, and
says which rule must speak, on which line. A clean tree must be silent.
"""

import os
import sys
import tempfile

import csource
import tidy

TAG = "/* SPDX-License-Identifier: Apache-2.0 */\n"
ESSAY = "/*\n * What this file knows.\n */\n"
HEADER = TAG + "#pragma once\n" + ESSAY
PYTHON = "# SPDX-License-Identifier: Apache-2.0\n"
SOURCE = TAG + ESSAY
MARK = "TO" + "DO"


def function(lines):
    return "int acd_f(int a)\n{\n" + lines + "}\n"


def long_function(count):
    return function("        a++;\n" * (count - 4) + "        return a;\n")


def deep_function(depth):
    return function("        if (a)\n        {\n" * depth + "a++;\n" + "}\n" * depth)


# Path, contents, line of the violation, rule; a rule of None means clean.
CASES = [
    ("lib/base/a.c", SOURCE + long_function(70), 0, None),
    ("lib/base/a.c", SOURCE + long_function(71), 5, "size"),
    ("lib/base/a.c", SOURCE + deep_function(4), 0, None),
    ("lib/base/a.c", SOURCE + deep_function(5), 5, "size"),
    ("lib/base/a.c", SOURCE + function(
        "        if (a)\n                a++;\n        else if (a)\n                a++;\n" * 6),
     0, None),
    ("lib/base/a.c", SOURCE + function(
        "        for (;;)\n        while (a)\n        do\n        switch (a)\n        default:\n"
        "        if (a)\n        a++;\n        while (a);\n"), 5, "size"),
    ("lib/base/a.h", HEADER + "void acd_f(int a, int b, int c, int d, int e, int f);\n", 0, None),
    ("lib/base/a.c", SOURCE + "void acd_f(int a, int b, int c, int d, int e, int f, int g)\n"
     "{\n}\n", 5, "size"),
    ("lib/base/a.c", SOURCE + "void acd_f(int (*a)(int, int), int b, int c, int d, int e, int f)"
     "\n{\n}\n", 0, None),
    ("lib/base/a.c", SOURCE + "\n" * 797, 801, "size"),
    ("lib/base/a.c", TAG + "/*\n * Made by a/b.py; do not edit.\n */\n" + "\n" * 797, 0, None),
    ("lib/base/a.c", SOURCE + "/* " + "x" * 95 + " */\n", 5, "line"),
    ("lib/base/a.def", TAG + "A(" + "x" * 157 + ")\n", 0, None),
    ("lib/base/a.def", TAG + "A(" + "x" * 158 + ")\n", 2, "line"),
    ("proto/a.proto", "// SPDX-License-Identifier: Apache-2.0\n//" + "x" * 119 + "\n", 2, "line"),
    ("lib/base/a.c", SOURCE + "int acd_x(void); \n", 5, "line"),
    ("lib/base/a.c", SOURCE + "\tint acd_x(void);\n", 5, "line"),
    ("lib/base/a.c", SOURCE + "int acd_x(void);", 5, "line"),
    ("lib/base/a.c", SOURCE + "/* " + MARK + " later */\n", 5, "marker"),
    ("docs/a.md", "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# A\n" + MARK + "\n", 3, "marker"),
    ("lib/base/a.c", ESSAY, 1, "tag"),
    ("tests/a.py", "#!/usr/bin/python3\n" + PYTHON, 0, None),
    ("tests/a.py", "#!/usr/bin/python3\n", 1, "tag"),
    ("lib/base/a.c", TAG + "int acd_x(void);\n", 1, "essay"),
    ("lib/base/a.h", TAG + ESSAY, 1, "header"),
    ("docs/a.md", "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# A\n```\n# no\n```\n", 0, None),
    ("docs/a.md", "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# A\n# B\n", 3, "title"),
    ("docs/a.md", "<!-- SPDX-License-Identifier: Apache-2.0 -->\nno title\n", 1, "title"),
    ("docs/a.md", "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# A\n[b](b.md)\n", 3, "link"),
    ("docs/a.md", "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# A\n[a](a.md#a)\n", 0, None),
    ("lib/base/a.c", SOURCE + '#include "acd/acd.h"\n', 5, "layer"),
    ("lib/acd/a.c", SOURCE + '#include "base/assert.h"\n', 0, None),
    ("lib/acd/a.c", SOURCE + '#include "journal/journal.h"\n', 5, "layer"),
    ("lib/journal/a.c", SOURCE + '#include "acd/acd.h"\n', 5, "layer"),
    ("lib/wire/a.c", SOURCE + '#include "daemon/server.h"\n', 5, "layer"),
    ("lib/wire/a.c", SOURCE + '#include "acd/v1/acd.pb-c.h"\n', 0, None),
    ("daemon/a.c", SOURCE + '#include "clients/c/client.h"\n', 5, "layer"),
    ("daemon/a.c", SOURCE + '#include "tests/support/model.h"\n', 5, "layer"),
    ("clients/cli/a.c", SOURCE + '#include "acd/acd.h"\n', 5, "layer"),
    ("clients/replay/a.c", SOURCE + '#include "acd/acd.h"\n', 0, None),
    ("elsewhere/a.c", SOURCE + '#include "base/list.h"\n', 5, "layer"),
    ("lib/base/a.c", SOURCE + '#include "list.h"\n', 5, "include"),
    ("lib/acd/a.c", SOURCE + "#include <stdio.h>\n", 5, "include"),
    ("lib/journal/a.c", SOURCE + "#include <errno.h>\n", 0, None),
    ("daemon/conn.c", SOURCE + "#include <event2/event.h>\n", 5, "home"),
    ("daemon/loop.c", SOURCE + "#include <event2/event.h>\n", 0, None),
    ("daemon/conn.c", SOURCE + "#include <hiredis/hiredis.h>\n", 5, "home"),
    ("daemon/redis/link.c", SOURCE + "#include <hiredis/hiredis.h>\n", 5, "home"),
    ("daemon/redis/wire.c", SOURCE + "#include <hiredis/hiredis.h>\n", 0, None),
    ("daemon/redis/link.c", SOURCE + "#include <openssl/ssl.h>\n", 5, "home"),
    ("daemon/redis/tls.c", SOURCE + "#include <openssl/ssl.h>\n", 0, None),
    ("daemon/server.c", SOURCE + "#include <pthread.h>\n", 5, "home"),
    ("daemon/resolver_thread.c", SOURCE + "#include <pthread.h>\n", 0, None),
    ("daemon/conn.c", SOURCE + '#include "acd/v1/acd.pb-c.h"\n', 5, "home"),
    ("daemon/conn.c", SOURCE + "#include <assert.h>\n", 5, "home"),
    ("daemon/conn.c", SOURCE + "#include <criterion/criterion.h>\n", 5, "home"),
    ("daemon/a.c", SOURCE + function("        strcpy(x, y);\n"), 7, "banned"),
    ("daemon/a.c", SOURCE + function("        return atoi(x);\n"), 7, "banned"),
    ("daemon/a.c", SOURCE + function("        return rand();\n"), 7, "banned"),
    ("daemon/a.c", SOURCE + function("        malloc(1);\n"), 7, "banned"),
    ("clients/cli/a.c", SOURCE + function("        malloc(1);\n"), 0, None),
    ("daemon/a.c", SOURCE + function("        time(NULL);\n"), 7, "banned"),
    ("daemon/clock.c", SOURCE + function("        clock_gettime(1, t);\n"), 0, None),
    ("daemon/a.c", SOURCE + function('        puts("malloc(1)"); /* free(x) */\n'), 0, None),
    ("lib/journal/a.c", SOURCE + function("        fdatasync(1);\n"), 7, "banned"),
    ("lib/journal/a.c", SOURCE + function("        io->open(1);\n"), 0, None),
    ("lib/journal/journal_io_os.c", SOURCE + function("        fdatasync(1);\n"), 0, None),
    ("lib/wire/a.c", SOURCE + function("        printf(x);\n"), 7, "banned"),
    ("lib/acd/a.c", SOURCE + function("        double x = 1;\n"), 7, "banned"),
    ("lib/stats/a.c", SOURCE + function("        double x = 1;\n"), 0, None),
    ("tests/a.c", SOURCE + function("        usleep(1);\n"), 7, "banned"),
    ("tests/a.py", PYTHON + "import time\ntime.sleep(1)\n", 3, "banned"),
    ("daemon/a.c", SOURCE + function("        goto fail;\nfail:\n        return a;\n"), 0, None),
    ("daemon/a.c", SOURCE + function("        goto out;\nout:\n        return a;\n"), 7, "goto"),
    ("lib/acd/a.c", SOURCE + "static int count;\n", 5, "data"),
    ("lib/acd/a.c", SOURCE + "static const int count = 3;\n", 0, None),
    ("lib/acd/a.c", SOURCE + "static const char *name = 0;\n", 5, "data"),
    ("lib/acd/a.c", SOURCE + "static const char *const names[] = { 0 };\n", 0, None),
    ("lib/acd/a.c", SOURCE + "static int table[3] = { 1, 2, 3 };\n", 5, "data"),
    ("lib/acd/a.c", SOURCE + "static struct acd_x x;\n", 5, "data"),
    ("lib/acd/a.c", SOURCE + "static void (*f)(int *) = 0;\n", 5, "data"),
    ("lib/acd/a.c", SOURCE + "static bool (*const f[3])(struct x *a) = { 0 };\n", 0, None),
    ("lib/acd/a.c", SOURCE + "void f(int (*g)(int));\n", 0, None),
    ("lib/acd/a.c", SOURCE + "struct s {\n        int (*g)(int);\n};\n", 0, None),
    ("lib/acd/a.c", SOURCE + "struct acd_x;\nstruct acd_y {\n        int a;\n};\nenum { A };\n"
     "int acd_f(int a);\n_Static_assert(1, \"\");\n", 0, None),
    ("lib/acd/a.c", SOURCE + function("        static int calls;\n        calls++;\n"), 7, "data"),
    ("lib/acd/a.c", SOURCE + function("        static const int x = 1;\n"), 0, None),
    ("daemon/a.c", SOURCE + "static int count;\n", 0, None),
    ("lib/acd/a.h", HEADER + "typedef struct {\n        uint64_t value;\n} acd_x_id;\n", 0, None),
    ("lib/acd/a.h", HEADER + "typedef uint64_t acd_time;\n", 0, None),
    ("lib/acd/a.h", HEADER + "typedef struct {\n        int a;\n        int b;\n} acd_pair;\n", 6,
     "typedef"),
    ("lib/acd/a.h", HEADER + "typedef enum acd_e acd_e;\n", 6, "typedef"),
    ("lib/acd/a.c", SOURCE + "// like this\n", 5, "comment"),
    ("lib/acd/a.c", SOURCE + "/* x = y + 1; */\n", 5, "comment"),
    ("lib/acd/a.c", SOURCE + "/*\n * if (x > 1) {\n */\n", 6, "comment"),
    ("lib/acd/a.c", SOURCE + "/*\n * acd_list_remove(link);\n */\n", 6, "comment"),
    ("lib/acd/a.c", SOURCE + "/* The link; the list (which owns nothing) = the rest. */\n", 0,
     None),
    ("tests/a.py", PYTHON + "# x = 1\n", 2, "comment"),
    ("tests/a.py", PYTHON + "# print(x)\n", 2, "comment"),
    ("tests/a.py", PYTHON + "# word\n# Two words (and more).\n", 0, None),
    ("tests/a.py", PYTHON + "def f():\n" + "    x = 1\n" * 70, 2, "size"),
    ("tests/unit/a.c", SOURCE + "Test(a, b)\n{\n        run();\n}\n", 5, "oracle"),
    ("tests/unit/a.c", SOURCE + "Test(a, b)\n{\n        cr_assert(x);\n}\n", 0, None),
    ("tests/unit/a.c", SOURCE + "void g(void)\n{\n        cr_assert(x);\n}\nvoid f(void)\n{\n"
     "        g();\n}\nTest(a, b)\n{\n        f();\n}\n", 0, None),
    ("tests/unit/a.c", SOURCE + "void g(void)\n{\n        x();\n}\nTest(a, b)\n{\n"
     "        g();\n}\n", 9, "oracle"),
    ("tests/unit/a.c", SOURCE + "Test(a, b, .signal = SIGABRT)\n{\n        run();\n}\n", 0, None),
]


def violations_of(path, text):
    with tempfile.TemporaryDirectory() as root:
        whole = os.path.join(root, path)
        os.makedirs(os.path.dirname(whole))
        with open(whole, "w", encoding="utf-8") as out:
            out.write(text)
        return [(line, rule) for _, line, rule, _ in tidy.check_tree(root)]


def check_exceptions():
    """An exception covers exactly what it names, and an idle one is reported."""
    violation = ("lib/a.c", 1, "data", "static int x can change")
    cover = ("data", "lib/a.c", "int x", "because")
    idle = ("data", "lib/b.c", "", "because")
    assert tidy.apply_exceptions([violation], [cover, idle]) == ([], [idle])
    assert tidy.apply_exceptions([violation], [idle]) == ([violation], [idle])


def check_tokens():
    """Comments, strings and directives hide what is in them; lines are right."""
    source = csource.Source('int a; /* int b;\n*/ char *c = "int d; \\" {";\n#define E {\n'
                            "int f(void)\n{\n        return '{';\n}\n")
    names = [token.text for token in source.tokens if token.kind == "name"]
    assert names == ["int", "a", "char", "c", "int", "f", "void", "return"], names
    assert [(f.name, f.line, f.end_line) for f in source.functions] == [("f", 4, 7)]


def main():
    check_exceptions()
    check_tokens()
    failures = 0
    for path, text, line, rule in CASES:
        found = violations_of(path, text)
        expected = [] if rule is None else [(line, rule)]
        if found != expected:
            failures += 1
            print("%s: expected %s, got %s in:\n%s" % (path, expected, found, text[-300:]))
    seen = {rule for _, _, _, rule in CASES if rule is not None}
    print("%d cases, %d rules, %d failures" % (len(CASES), len(seen), failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
