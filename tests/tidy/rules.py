# SPDX-License-Identifier: Apache-2.0
"""The rules of docs/STYLE.md that a machine can check, as tables.

Every exception is at the end, with its reason: reviewed once, visible for ever.
An exception that nothing needs any more is itself an error.
"""

import re

# Sizes: the hard stops. The targets are about half of them.
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 800
LINE_COLUMNS_MAX = 100
# Wider: tables, where a line is a row; the protocol's reference; documents.
WIDER_COLUMNS_MAX = {".def": 160, ".proto": 120, ".md": 1000, ".lock": 1000, ".scenario": 240}
# Longer than a file may be: documents, ledgers, and what a program of ours made
# and says so at its top.
ANY_LENGTH = (".md", ".lock")
GENERATED = re.compile(r"Made by \S+\.py")
GENERATED_LINES = 10
PARAMETERS_MAX = 6
NESTING_MAX = 4

# Directories that are not source, by name, and how a build directory is known.
SKIPPED_DIRECTORIES = {".git", "__pycache__", ".cache", "corpus", "data"}
BUILD_DIRECTORY_MARKS = ("meson-private", "meson-info")

# What is text of ours, by the end of its name.
SOURCE_SUFFIXES = (".c", ".h", ".def", ".py", ".sh", ".proto", ".md", ".yaml", ".yml", ".conf",
                   ".scenario", ".service", ".in", ".mjs", ".1", ".5", ".8", ".lock", ".txt",
                   "meson.build", "meson_options.txt", "Dockerfile", ".clang-format",
                   ".clang-tidy", ".editorconfig", ".gitignore", ".ci/run")
# Text without a tag, and why.
UNTAGGED = {
    ".gitignore": "a list of patterns",
}

# Layers: the folder of a file, and which folders its quoted includes may name.
# The first matching line counts.
LAYERS = [
    ("lib/base/", ("base/",)),
    ("lib/acd/", ("base/", "acd/")),
    ("lib/journal/", ("base/", "journal/")),
    ("lib/stats/", ("base/", "stats/")),
    ("lib/apply/", ("base/", "acd/", "wire/", "proto", "apply/")),
    ("lib/wire/", ("base/", "acd/", "proto", "wire/")),
    ("daemon/", ("base/", "acd/", "journal/", "stats/", "wire/", "apply/", "proto",
                 "daemon/")),
    ("clients/c/", ("base/", "wire/", "proto", "clients/c/")),
    ("clients/replay/", ("base/", "acd/", "stats/", "wire/", "proto", "clients/")),
    # The load tool names results and runs the core alone.
    ("clients/bench/", ("base/", "acd/", "stats/", "wire/", "proto", "clients/")),
    ("clients/", ("base/", "stats/", "wire/", "apply/", "proto", "clients/")),
    ("tests/", None),
    ("bench/", None),
]

# Third-party and other headers with a home: pattern, the files that may include
# it, and where to go instead.
HEADER_HOMES = [
    (r"event2/.*|event\.h", r"daemon/loop\w*\.[ch]",
     "the loop is reached through daemon/loop.h"),
    (r"liburing(/.*)?\.h|liburing/.*", r"daemon/loop_uring\.c|bench/peers/bound_uring\.c",
     "the loop is reached through daemon/loop.h"),
    (r"hiredis/.*",
     r"daemon/redis/wire\.c|clients/rehearse/stream\.c|clients/c/consumer\w*\.[ch]|"
     r"bench/redis/entries\.c|tests/.*",
     "Redis is written through daemon/redis/wire.h and read through clients/c/acdconsumer.h"),
    (r"openssl/.*", r"daemon/redis/tls\.c|tests/.*",
     "connections to Redis are encrypted by daemon/redis/tls.h"),
    (r"protobuf-c/.*|.*\.pb-c\.h", r"lib/wire/.*|tests/.*|bench/.*",
     "messages are coded by lib/wire"),
    (r"yaml\.h", r"lib/apply/tree_parse\.c", "YAML is read by lib/apply"),
    (r"jansson\.h", r"clients/.*|tests/.*", "JSON is for tools and tests"),
    (r"n?curses(w/.*)?\.h", r"clients/.*", "screens are for tools"),
    (r"zlib\.h", r"clients/.*|tests/.*", "compressed files are for tools"),
    (r"criterion/.*", r"tests/.*", "tests stay in tests/"),
    (r"pthread\.h|threads\.h",
     r"lib/journal/(private\.h|quiet_thread\.h|sync\w*\.c)|"
     r"daemon/\w*thread\w*\.[ch]|tests/.*|bench/.*",
     "threads are started in one place"),
    (r"assert\.h", r"tests/.*", "use base/assert.h: it stays on"),
]

# Names that must not appear: pattern of names, where they are allowed (a pattern
# of paths), and what to use instead.
ANYWHERE_IN_TOOLS = r"(clients|tests|bench)/.*"
BANNED = [
    (r"strcpy|strcat|stpcpy|strncpy|strncat", r"", "memcpy with a size that was checked, or "
     "snprintf"),
    (r"sprintf|vsprintf", r"", "snprintf"),
    (r"gets", r"", "fgets or getline"),
    (r"[sf]?scanf", r"", "strtoull with its end checked"),
    (r"ato[ifl]|atoll", r"", "strtoull with its end checked"),
    (r"s?rand|random|srandom|[delmnj]rand48|rand_r", r"", "acd_prng (base/prng.h), seeded"),
    (r"localtime|gmtime|ctime|asctime|strtok", r"", "the variant that ends in _r"),
    (r"alloca", r"", "an array with a bound, or the arena"),
    (r"setjmp|longjmp|sigsetjmp|siglongjmp", r"", "return a result"),
    (r"tmpnam|tempnam|mktemp", r"", "mkstemp or mkdtemp"),
    (r"inet_ntoa|inet_aton|gethostby\w+", r"", "inet_ntop, inet_pton, getaddrinfo"),
    (r"signal", r"tests/.*", "sigaction, which says what happens to interrupted calls"),
    (r"system|popen", r"tests/.*", "fork and exec with arguments of their own"),
    (r"sleep|usleep|nanosleep|clock_nanosleep", r"", "wait for the event itself, with a deadline"),
    (r"assert", r"tests/.*", "ACD_ASSERT (base/assert.h): it stays on"),
    (r"malloc|calloc|realloc|reallocarray|free|strn?dup|v?asprintf|aligned_alloc|posix_memalign",
     r"lib/apply/.*|" + ANYWHERE_IN_TOOLS,
     "the arena made at start (base/arena.h); nothing is allocated later"),
    (r"clock_gettime|gettimeofday|time|clock|timespec_get", r"daemon/clock\w*\.c|" +
     ANYWHERE_IN_TOOLS, "time is an argument; the daemon's is read in daemon/clock.c"),
    (r"open|openat|creat|pwritev?|preadv?|f?datasync|fsync|ftruncate|fallocate|posix_fallocate|"
     r"rename|renameat|unlink|unlinkat|mmap|munmap",
     r"lib/journal/journal_io_os\.c|(daemon|clients|tests|bench)/.*",
     "the disk is reached through struct journal_io"),
    (r"v?f?printf|puts|putchar|fputs|perror|syslog", r"(daemon|clients|tests|bench)/.*",
     "a library does not talk: return what happened"),
    (r"getenv|exit|_exit|quick_exit|abort", r"(daemon|clients|tests|bench)/.*",
     "a library neither asks the environment nor ends the process"),
    (r"float|double", r"(lib/stats|daemon|clients|tests|bench)/.*",
     "whole numbers: replay must give the same on every machine"),
]

# System headers of the two layers that must be pure.
PURE_LAYERS = ("lib/base/", "lib/acd/")
PURE_HEADERS = {"stdbool.h", "stddef.h", "stdint.h", "string.h", "stdalign.h", "limits.h"}

# Words of unfinished work, in pieces so that this file does not contain them.
MARKERS = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK",
                                        "T" + "BD")) + r")\b")

# Exceptions: rule, path, what the message contains, why.
EXCEPTIONS = [
    ("header", "lib/wire/undefine.h", "", "takes macros back; included again on purpose"),
    ("include", "lib/base/crc32c.c", "stdatomic.h",
     "caches whether the processor has the instruction; see the top of the file"),
    ("data", "lib/base/crc32c.c", "way_known",
     "caches a fact that cannot change; see the top of the file"),
    ("include", "lib/base/crc32c_x86.c", "", "the processor's own headers; they call nothing"),
    ("typedef", "lib/base/prng.c", "uint128", "the name of a compiler's type, used in one file"),
]
