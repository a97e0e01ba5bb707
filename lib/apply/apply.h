/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * apply.h - one YAML file becomes configuration commands.
 *
 * The file (docs/CONFIGURATION.md) says how things shall be. Reading it
 * refuses what is not understood, with line and column. What remains is a list
 * of changes in an order in which each refers only to what is there already:
 *
 *      tenants, skills, channels, profiles, teams, queues, agents,
 *      supervisors of new teams, then removals from agents back to tenants
 *
 * The caller sends them and says what came of each (apply_next, apply_answer):
 * acdctl over a connection, the daemon to its own core at start.
 *
 *   Ownership  struct apply owns all its memory; words of changes point into it
 *              and hold until apply_close(). The bytes read may go.
 *   Failure    Opening tells each problem to the report and returns false;
 *              apply_close() accepts what was opened in part, or not at all.
 *   Cost       O(file), sorting included O(n log n). A change is read again
 *              from the tree when it is asked for.
 *   Bounds     tree.h; at most APPLY_TENANT_MAX tenants in a file.
 *   Threads    One apply, one thread.
 */

#include "apply/model.h"
#include "apply/tree.h"

enum { APPLY_TENANT_MAX = 1024 };

struct apply_step; /* private */

struct apply {
        struct apply_tree tree;
        struct apply_report *report;
        struct apply_step *steps; /* by stage */
        uint32_t step_count, step_capacity;
        struct apply_word *tenants; /* [0]: of the top level */
        uint32_t tenant_count;
        uint32_t daemon_index; /* node of `daemon:`, 0 = not there */
        uint32_t stage;        /* whose changes are handed out now */
        uint32_t cursor;       /* step from which to look for the next */
        uint32_t open_count;   /* handed out and not answered */
        bool is_failed;        /* a change of this stage was refused */
};

#define APPLY_NULL ((struct apply){ .tree = APPLY_TREE_NULL })

/* Read the configuration in @bytes. @tenant is the name of the top level's
 * tenant when the file does not say it (NULL: "default"); it must outlive
 * @apply. @report must outlive the call. */
bool apply_open(struct apply *apply, const char *bytes, size_t size, const char *tenant,
                struct apply_report *report) __attribute__((warn_unused_result));

/* The same with the content of the file at @path, or of standard input when it
 * is "-". What the system refuses is told to the report as well. */
bool apply_open_file(struct apply *apply, const char *path, const char *tenant,
                     struct apply_report *report) __attribute__((warn_unused_result));
void apply_close(struct apply *apply);

/* One change to make. */
struct apply_change {
        uint32_t ticket; /* for apply_answer() */
        struct apply_word tenant;
        enum apply_kind kind;
        struct apply_word name;
        struct apply_place place;
        bool is_remove;
        bool is_if_missing;  /* a tenant without settings: only if there is none of that name */
        bool is_provisional; /* a team without its supervisors; it comes again */
        bool is_completion;  /* that team, again */
        union apply_target target; /* by kind; not of removals */
};

/* The next change that may be made now, or false: then either answers are
 * outstanding, or everything was handed out, or a change was refused and what
 * follows could rest on it. Up to as many as wanted may be outstanding. */
bool apply_next(struct apply *apply, struct apply_change *ret_change);

/* What came of a change. */
enum apply_outcome {
        APPLY_DONE,
        APPLY_REFUSED,
        APPLY_REFUSED_SUPERVISOR, /* it names a supervisor that is not there (yet) */
};

/* Each change is answered once, in any order. Returns true when the matter is
 * settled: a team that is tried again without its supervisors is not. */
bool apply_answer(struct apply *apply, uint32_t ticket, enum apply_outcome outcome);

/* All changes were handed out and answered, or one was refused and no answer is
 * outstanding. */
bool apply_is_over(const struct apply *apply);

/* How many steps the file has, and how many were never handed out. */
uint32_t apply_step_count(const struct apply *apply);
uint32_t apply_left_count(const struct apply *apply);

/* Where in the file the field is that the daemon found at fault ("wrap_up_ms",
 * "skill"); the object's place when it cannot be told. */
struct apply_place apply_field_place(const struct apply *apply, uint32_t ticket, const char *field);

/* The settings of `daemon:`, for the daemon alone: start with *cursor 0, false is
 * the end. A list of values is given as one setting each. */
struct apply_setting {
        struct apply_word name;
        struct apply_word value;
};
bool apply_daemon_next(const struct apply *apply, uint64_t *cursor,
                       struct apply_setting *ret_setting);
