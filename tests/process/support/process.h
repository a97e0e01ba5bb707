/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * process.h - real processes for tests: start, kill, wait, a directory of one's own.
 *
 *   Ownership  A process started here is ended by process_kill() or process_wait(); a test
 *              that fails leaves its directory for the reader and kills its children.
 *   Failure    What the operating system refuses ends the test with a sentence. A test
 *              states what it expects with check(): it says where and ends the program.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* Ends the test with the file and line, the sentence and the directory, children killed. */
_Noreturn void check_failed(const char *file, int line, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

#define check(expression, ...) \
        ((expression) ? (void)0 : check_failed(__FILE__, __LINE__, __VA_ARGS__))

enum { PROCESS_ARGUMENT_MAX = 64, PROCESS_PATH_MAX = 256 };

struct process {
        pid_t pid; /* 0 = not running */
        const char *name;
};

/* A fresh directory; the same for the whole test. Removed by process_done(). */
const char *process_directory(void);
/* A path in it, valid until the program ends. */
const char *process_path(const char *name);

/* Start @arguments (closed by NULL); its output is appended to NAME.log in the directory. It
 * dies with the test. */
void process_start(struct process *process, const char *name, const char *const arguments[]);
bool process_is_running(struct process *process);
/* kill -9, and wait. */
void process_kill(struct process *process);
void process_signal(const struct process *process, int number);
/* Wait for the end, at most @timeout_ms. Returns the exit code, 128 + the signal, or -1. */
int process_wait(struct process *process, uint32_t timeout_ms);
/* Does the log of @name contain @text? */
bool process_log_has(const char *name, const char *text);

/* A TCP port of 127.0.0.1 that nobody uses at the moment. */
uint16_t process_free_port(void);

/* Milliseconds that never go back. */
uint64_t process_now_ms(void);

/* The test passed: nothing may run any more; the directory goes. */
void process_done(void);
