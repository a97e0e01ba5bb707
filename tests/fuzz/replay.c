/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fuzz target as a plain test: its corpus, then a slice of random changes.
 *
 * libFuzzer needs clang, hours, and a machine to itself; what it found needs to
 * stay found in every build. So each target also links with this main(): it runs
 * every file of the corpus, then a number of mutations of them, seeded, each
 * drawn from (seed, number) alone. A failure prints the one line that repeats it:
 *
 *      fuzz_frame tests/fuzz/corpus/frame --seed=1 --only=4711
 *
 * Each input is handed over in a block of exactly its size, so that reading one
 * byte past the end is seen by the address sanitizer.
 */

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/prng.h"
#include "tests/fuzz/fuzz.h"

enum { SIZE_LIMIT = 128 * 1024, FILE_LIMIT = 8192 };

struct input {
        char name[256];
        uint8_t *bytes;
        size_t size;
};

struct replay {
        const char *program;
        const char *folder;
        uint64_t seed;
        uint64_t run_count;
        uint64_t only; /* this run and no other, if has_only */
        bool has_only;
        struct input *inputs;
        size_t input_count;
};

/* What is running, for the last words of a process that dies of it. */
static char last_words[1024];

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void say_last_words(void)
{
        if (write(STDERR_FILENO, last_words, strlen(last_words)) < 0)
                _exit(2);
}

static void on_signal(int number)
{
        say_last_words();
        (void)number;
}

static void watch_for_death(void)
{
        struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

        sigaction(SIGABRT, &action, NULL);
        if (__sanitizer_set_death_callback != NULL) {
                __sanitizer_set_death_callback(say_last_words);
                return;
        }
        sigaction(SIGSEGV, &action, NULL);
        sigaction(SIGBUS, &action, NULL);
        sigaction(SIGFPE, &action, NULL);
}

static void die(const char *what)
{
        fprintf(stderr, "replay: %s: %s\n", what, strerror(errno));
        exit(2);
}

static void *copy_of(const uint8_t *bytes, size_t size)
{
        void *copy = malloc(size == 0 ? 1 : size);

        if (copy == NULL)
                die("memory");
        if (size > 0)
                memcpy(copy, bytes, size);
        return copy;
}

static void run_one(const uint8_t *bytes, size_t size)
{
        uint8_t *exact = copy_of(bytes, size);

        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
}

static void load_file(const char *folder, struct input *input)
{
        static uint8_t bytes[SIZE_LIMIT];
        char path[4096];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", folder, input->name);
        file = fopen(path, "rb");
        if (file == NULL)
                die(path);
        input->size = fread(bytes, 1, sizeof(bytes), file);
        fclose(file);
        input->bytes = copy_of(bytes, input->size);
}

static int by_name(const void *left, const void *right)
{
        const struct input *a = left;
        const struct input *b = right;

        return strcmp(a->name, b->name);
}

/* In the order of names, so that a run is the same on every file system. */
static void load_corpus(struct replay *replay)
{
        DIR *folder = opendir(replay->folder);
        struct dirent *entry;

        replay->inputs = calloc(FILE_LIMIT, sizeof(*replay->inputs));
        if (folder == NULL || replay->inputs == NULL)
                die(replay->folder);
        while ((entry = readdir(folder)) != NULL && replay->input_count < FILE_LIMIT) {
                struct input *input = &replay->inputs[replay->input_count];

                if (entry->d_name[0] == '.')
                        continue;
                snprintf(input->name, sizeof(input->name), "%s", entry->d_name);
                load_file(replay->folder, input);
                replay->input_count++;
        }
        closedir(folder);
        qsort(replay->inputs, replay->input_count, sizeof(*replay->inputs), by_name);
}

/* Make room for, or take away, @count bytes at @at. */
static size_t insert(uint8_t *bytes, size_t size, size_t at, size_t count)
{
        if (count > SIZE_LIMIT - size)
                count = SIZE_LIMIT - size;
        memmove(bytes + at + count, bytes + at, size - at);
        return size + count;
}

static size_t cut(uint8_t *bytes, size_t size, size_t at, size_t count)
{
        if (count > size - at)
                count = size - at;
        memmove(bytes + at, bytes + at + count, size - at - count);
        return size - count;
}

/* Values at which length fields and varints go wrong. */
static uint8_t edge_byte(struct acd_prng *prng)
{
        static const uint8_t edges[] = { 0x00, 0x01, 0x02, 0x0a, 0x10, 0x20, 0x3f,
                                         0x40, 0x7f, 0x80, 0x81, 0xc0, 0xfe, 0xff };

        return edges[acd_prng_below(prng, sizeof(edges))];
}

/* Overwrite from another input of the corpus. */
static void splice(const struct replay *replay, struct acd_prng *prng, uint8_t *bytes, size_t size,
                   size_t at)
{
        const struct input *other = &replay->inputs[acd_prng_below(prng, replay->input_count)];
        size_t count = other->size == 0 ? 0 : acd_prng_below(prng, other->size) + 1;
        size_t from = other->size == 0 ? 0 : acd_prng_below(prng, other->size);

        if (count > other->size - from)
                count = other->size - from;
        if (count > size - at)
                count = size - at;
        if (count > 0)
                memcpy(bytes + at, other->bytes + from, count);
}

/* One change of @bytes; returns the new size. */
static size_t change(const struct replay *replay, struct acd_prng *prng, uint8_t *bytes,
                     size_t size)
{
        uint64_t kind = acd_prng_below(prng, 7);
        size_t at = size == 0 ? 0 : acd_prng_below(prng, size);
        size_t count = 1 + acd_prng_below(prng, 8);

        if (size == 0 || kind == 0) {
                size_t wider = insert(bytes, size, at, count);

                for (size_t i = at; i < at + (wider - size); i++)
                        bytes[i] = (uint8_t)acd_prng_next(prng);
                return wider;
        }
        switch (kind) {
        case 1:
                return cut(bytes, size, at, count);
        case 2:
                return at; /* everything from here on is lost */
        case 3:
                bytes[at] ^= (uint8_t)(1u << acd_prng_below(prng, 8));
                return size;
        case 4:
                bytes[at] = edge_byte(prng);
                return size;
        case 5:
                bytes[at] = (uint8_t)(bytes[at] + acd_prng_below(prng, 5) - 2);
                return size;
        default:
                splice(replay, prng, bytes, size, at);
                return size;
        }
}

static void run_mutation(const struct replay *replay, uint64_t number)
{
        static uint8_t bytes[SIZE_LIMIT];
        const struct input *input;
        struct acd_prng prng;
        size_t size;

        acd_prng_init(&prng, replay->seed);
        acd_prng_init(&prng, acd_prng_next(&prng) ^ number);
        input = &replay->inputs[acd_prng_below(&prng, replay->input_count)];
        size = input->size;
        if (size > 0)
                memcpy(bytes, input->bytes, size);
        for (uint64_t i = acd_prng_below(&prng, 6) + 1; i > 0; i--)
                size = change(replay, &prng, bytes, size);
        snprintf(last_words, sizeof(last_words),
                 "replay: repeat with: %s %s --seed=%" PRIu64 " --only=%" PRIu64 "\n",
                 replay->program, replay->folder, replay->seed, number);
        run_one(bytes, size);
}

static void run_file(const struct replay *replay, const struct input *input)
{
        snprintf(last_words, sizeof(last_words), "replay: input %s/%s (%s)\n", replay->folder,
                 input->name, replay->program);
        run_one(input->bytes, input->size);
}

static uint64_t parse_number(const char *text)
{
        char *end;
        uint64_t value;

        errno = 0;
        value = strtoull(text, &end, 10);
        if (errno != 0 || end == text || *end != '\0') {
                fprintf(stderr, "replay: \"%s\" is no number\n", text);
                exit(2);
        }
        return value;
}

static void parse_arguments(struct replay *replay, int count, char **arguments)
{
        replay->program = arguments[0];
        for (int i = 1; i < count; i++) {
                if (strncmp(arguments[i], "--seed=", 7) == 0) {
                        replay->seed = parse_number(arguments[i] + 7);
                } else if (strncmp(arguments[i], "--runs=", 7) == 0) {
                        replay->run_count = parse_number(arguments[i] + 7);
                } else if (strncmp(arguments[i], "--only=", 7) == 0) {
                        replay->only = parse_number(arguments[i] + 7);
                        replay->has_only = true;
                } else {
                        replay->folder = arguments[i];
                }
        }
        if (replay->folder == NULL) {
                fprintf(stderr, "usage: %s CORPUS_DIR [--seed=N] [--runs=N] [--only=N]\n",
                        replay->program);
                exit(2);
        }
}

int main(int count, char **arguments)
{
        struct replay replay = { .seed = 1, .run_count = 20000 };

        parse_arguments(&replay, count, arguments);
        watch_for_death();
        load_corpus(&replay);
        if (replay.input_count == 0) {
                fprintf(stderr, "replay: no inputs in %s\n", replay.folder);
                return 1;
        }
        if (replay.has_only) {
                run_mutation(&replay, replay.only);
        } else {
                for (size_t i = 0; i < replay.input_count; i++)
                        run_file(&replay, &replay.inputs[i]);
                for (uint64_t i = 0; i < replay.run_count; i++)
                        run_mutation(&replay, i);
        }
        printf("%zu inputs, %" PRIu64 " mutations, seed %" PRIu64 "\n", replay.input_count,
               replay.has_only ? 1 : replay.run_count, replay.seed);
        for (size_t i = 0; i < replay.input_count; i++)
                free(replay.inputs[i].bytes);
        free(replay.inputs);
        return 0;
}
