/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast the core steps, and whether that depends on how many contacts wait.
 *
 *      core_step                    the table: 10^3, 10^5, 10^7 waiting, without and with
 *                                   client keys; processor time for a step
 *      core_step --callgrind        the same, instructions for a step (needs valgrind)
 *      core_step --smoke            10^3 only, a moment; prints the digest at the end
 *      core_step --waiting N [--keys] [--cycles N]       one line
 *
 * The world: sixteen queues, each wanting a skill of its own, a thousand agents
 * with eight skills each, so an agent serves eight classes; all agents busy, N
 * contacts waiting, spread over the queues, one in eight with credit. A cycle is a
 * submit, a complete (which offers the next contact to the agent) and an accept;
 * every eighth also cancels a random waiting contact and submits another, every
 * sixteenth rejects the offer first, so that a contact goes back to its place. N
 * stays the same throughout.
 *
 * Instructions are counted by running this program under callgrind, which counts
 * only inside measured_cycles(): hardware counters are not to be had in virtual
 * machines. The count is exact and repeats; the time is the median of five runs.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "acd/acd.h"
#include "acd/view.h"
#include "base/assert.h"
#include "base/prng.h"

enum {
        QUEUE_COUNT = 16,
        AGENT_COUNT = 1000,
        SKILLS_PER_AGENT = 8,
        RUN_COUNT = 5,
};

struct bench {
        struct acd *acd;
        acd_time now;
        struct acd_prng prng;
        acd_tenant_id tenant;
        acd_channel_id channel;
        acd_queue_id queue[QUEUE_COUNT];
        acd_agent_id agent[AGENT_COUNT];
        acd_assignment_id assignment[AGENT_COUNT]; /* that he is busy with */
        uint64_t *waiting;                         /* ids of contacts, some of them gone since */
        uint32_t waiting_count;
        uint64_t key_number;
        bool has_keys;
        uint64_t step_count;
        struct acd_reply reply;
        struct acd_effects effects;
};

static void step(struct bench *bench, const struct acd_command *command)
{
        enum acd_result result =
                acd_step(bench->acd, bench->now, command, &bench->reply, &bench->effects);

        bench->step_count++;
        if (result != ACD_OK) {
                fprintf(stderr, "core_step: command %d was refused with %d, field %d\n",
                        (int)command->kind, (int)result, (int)bench->reply.field);
                exit(1);
        }
}

/* Remember whom the last step's offer went to. */
static void take_offer(struct bench *bench, uint32_t *ret_agent)
{
        *ret_agent = UINT32_MAX;
        for (uint32_t i = 0; i < bench->effects.count; i++) {
                const struct acd_event *event = &bench->effects.item[i];
                uint32_t agent = 0;

                if (event->kind != ACD_EVENT_CONTACT_OFFERED)
                        continue;
                /* Agents were made in order: the slot is the number. */
                agent = (uint32_t)(event->agent.value >> 28 & 0x3ffffff) - 1;
                bench->assignment[agent] = event->assignment;
                *ret_agent = agent;
        }
}

static void submit(struct bench *bench)
{
        struct acd_command command;
        char key[24];
        uint64_t queue = acd_prng_below(&bench->prng, QUEUE_COUNT);

        memset(&command, 0, offsetof(struct acd_command, submit) + sizeof(command.submit));
        command.kind = ACD_COMMAND_SUBMIT;
        command.tenant = bench->tenant;
        command.submit.queue = bench->queue[queue];
        command.submit.channel = bench->channel;
        command.submit.band = ACD_BAND_DEFAULT;
        command.submit.credit_ms = acd_prng_chance(&bench->prng, 1, 8) ? 90000 : 0;
        if (bench->has_keys) {
                int size = snprintf(key, sizeof(key), "call-%016llx",
                                    (unsigned long long)bench->key_number++);

                command.submit.client_key =
                        (struct acd_bytes){ (const uint8_t *)key, (uint32_t)size };
        }
        bench->now += 1000000;
        step(bench, &command);
}

static void on_assignment(struct bench *bench, enum acd_command_kind kind, uint32_t agent)
{
        struct acd_command command;

        memset(&command, 0, offsetof(struct acd_command, assignment) + sizeof(command.assignment));
        command.kind = kind;
        command.tenant = bench->tenant;
        command.assignment.assignment = bench->assignment[agent];
        command.assignment.agent = bench->agent[agent];
        step(bench, &command);
}

/* A random contact that waits still, cancelled and replaced by a new one. */
static void replace_one(struct bench *bench)
{
        struct acd_command command;
        struct acd_contact_view view;
        uint32_t at;

        do
                at = (uint32_t)acd_prng_below(&bench->prng, bench->waiting_count);
        while (!acd_view_contact(bench->acd, (acd_contact_id){ bench->waiting[at] }, &view) ||
               view.state != ACD_CONTACT_WAITING);
        memset(&command, 0, offsetof(struct acd_command, cancel) + sizeof(command.cancel));
        command.kind = ACD_COMMAND_CANCEL;
        command.tenant = bench->tenant;
        command.cancel.contact.value = bench->waiting[at];
        command.cancel.reason = ACD_REASON_ABANDONED;
        step(bench, &command);
        submit(bench);
        bench->waiting[at] = bench->reply.id;
}

__attribute__((noinline)) static void measured_cycles(struct bench *bench, uint32_t cycle_count)
{
        for (uint32_t cycle = 0; cycle < cycle_count; cycle++) {
                uint32_t agent = (uint32_t)acd_prng_below(&bench->prng, AGENT_COUNT);
                uint32_t other;

                submit(bench);
                bench->waiting[acd_prng_below(&bench->prng, bench->waiting_count)] =
                        bench->reply.id;
                on_assignment(bench, ACD_COMMAND_COMPLETE, agent);
                take_offer(bench, &other);
                if (cycle % 16 == 5) {
                        on_assignment(bench, ACD_COMMAND_REJECT, agent);
                        take_offer(bench, &other);
                }
                on_assignment(bench, ACD_COMMAND_ACCEPT, agent);
                if (cycle % 8 == 3)
                        replace_one(bench);
        }
}

static void start(struct bench *bench, uint32_t waiting_count)
{
        struct acd_command command;
        struct acd_limits limits = acd_limits_default();
        void *memory;

        limits.contact_count_max = waiting_count + 2 * AGENT_COUNT;
        limits.agent_count_max = AGENT_COUNT;
        limits.key_count_max = bench->has_keys ? limits.contact_count_max + 1000000 : 1;
        limits.payload_cell_count_max = bench->has_keys ? limits.key_count_max : 1000;
        memory = aligned_alloc(64, (acd_size(&limits) + 63) / 64 * 64);
        if (memory == NULL) {
                fprintf(stderr, "core_step: no memory for %zu bytes\n", acd_size(&limits));
                exit(1);
        }
        memset(memory, 0, acd_size(&limits));
        bench->acd = acd_init(memory, &limits, 1);
        bench->now = 1000000000;
        acd_prng_init(&bench->prng, 1);
        memset(&command, 0, sizeof(command));
        command.kind = ACD_COMMAND_START;
        command.start.epoch = 1;
        command.start.seed[0] = 7;
        command.start.limits = limits;
        command.start.logic_version = ACD_LOGIC_VERSION;
        step(bench, &command);
}

static acd_skill_id make_skill(struct bench *bench, uint32_t number)
{
        struct acd_command command;

        memset(&command, 0, sizeof(command));
        command.kind = ACD_COMMAND_SKILL_UPSERT;
        command.tenant = bench->tenant;
        snprintf(command.skill.name, sizeof(command.skill.name), "skill-%u", number);
        step(bench, &command);
        return (acd_skill_id){ bench->reply.id };
}

static void configure(struct bench *bench)
{
        struct acd_command command;
        acd_skill_id skill[QUEUE_COUNT];

        memset(&command, 0, sizeof(command));
        command.kind = ACD_COMMAND_TENANT_UPSERT;
        snprintf(command.tenant_config.name, sizeof(command.tenant_config.name), "bench");
        step(bench, &command);
        bench->tenant.value = bench->reply.id;
        bench->channel.value = acd_find(bench->acd, ACD_OBJECT_CHANNEL, bench->tenant,
                                        (struct acd_text){ "chat", 4 });
        for (uint32_t i = 0; i < QUEUE_COUNT; i++) {
                skill[i] = make_skill(bench, i);
                memset(&command, 0, sizeof(command));
                command.kind = ACD_COMMAND_QUEUE_UPSERT;
                command.tenant = bench->tenant;
                snprintf(command.queue.name, sizeof(command.queue.name), "queue-%u", i);
                command.queue.requirement.term_count = 1;
                command.queue.requirement.term[0] =
                        (struct acd_term){ .skill = skill[i], .level_min = 1 };
                command.queue.band = 8;
                command.queue.offer_timeout_ms = 20000;
                step(bench, &command);
                bench->queue[i].value = bench->reply.id;
        }
        for (uint32_t i = 0; i < AGENT_COUNT; i++) {
                memset(&command, 0, sizeof(command));
                command.kind = ACD_COMMAND_AGENT_UPSERT;
                command.tenant = bench->tenant;
                snprintf(command.agent.name, sizeof(command.agent.name), "agent-%u", i);
                command.agent.skill_count = SKILLS_PER_AGENT;
                for (uint32_t k = 0; k < SKILLS_PER_AGENT; k++)
                        command.agent.skill[k] =
                                (struct acd_skill_level){ .skill = skill[(i + k) % QUEUE_COUNT],
                                                          .level = 5 };
                step(bench, &command);
                bench->agent[i].value = bench->reply.id;
        }
}

static void work(struct bench *bench)
{
        struct acd_command command;

        memset(&command, 0, sizeof(command));
        command.kind = ACD_COMMAND_WORK;
        command.work.unit_max = 4096;
        while (acd_agenda_units(bench->acd) > 0)
                step(bench, &command);
}

/* All contacts first, then every agent takes one. */
static void fill(struct bench *bench, uint32_t waiting_count)
{
        struct acd_command command;
        uint32_t other;

        bench->waiting = calloc(waiting_count, sizeof(bench->waiting[0]));
        if (bench->waiting == NULL)
                exit(1);
        for (uint32_t i = 0; i < waiting_count + AGENT_COUNT; i++) {
                submit(bench);
                if (bench->waiting_count < waiting_count)
                        bench->waiting[bench->waiting_count++] = bench->reply.id;
        }
        for (uint32_t i = 0; i < AGENT_COUNT; i++) {
                memset(&command, 0, sizeof(command));
                command.kind = ACD_COMMAND_AGENT_LOGIN;
                command.tenant = bench->tenant;
                command.login.agent = bench->agent[i];
                step(bench, &command);
                memset(&command, 0, sizeof(command));
                command.kind = ACD_COMMAND_AGENT_READY;
                command.tenant = bench->tenant;
                command.agent_ref.agent = bench->agent[i];
                step(bench, &command);
                take_offer(bench, &other);
                on_assignment(bench, ACD_COMMAND_ACCEPT, i);
        }
}

/* Time that this thread computed: other processes of the machine do not count. */
static uint64_t now_ns(void)
{
        struct timespec time;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int compare(const void *left, const void *right)
{
        double difference = *(const double *)left - *(const double *)right;

        return (difference > 0) - (difference < 0);
}

struct order {
        uint32_t waiting_count;
        uint32_t cycle_count;
        bool has_keys;
        bool is_smoke;
        bool is_counting; /* inside callgrind */
};

static void run_in(struct bench *bench, const struct order *order)
{
        double ns[RUN_COUNT];

        bench->has_keys = order->has_keys;
        start(bench, order->waiting_count);
        configure(bench);
        work(bench);
        fill(bench, order->waiting_count);
        if (order->is_counting) {
                bench->step_count = 0;
                measured_cycles(bench, order->cycle_count);
                printf("steps %llu\n", (unsigned long long)bench->step_count);
                return;
        }
        measured_cycles(bench, order->cycle_count / 4);
        for (uint32_t i = 0; i < RUN_COUNT; i++) {
                uint64_t begin = now_ns();

                bench->step_count = 0;
                measured_cycles(bench, order->cycle_count);
                ns[i] = (double)(now_ns() - begin) / (double)bench->step_count;
        }
        qsort(ns, RUN_COUNT, sizeof(ns[0]), compare);
        printf("%9u waiting  %-8s  %7.0f ns/step  %6.2f M steps/s  (%.0f..%.0f)\n",
               order->waiting_count, order->has_keys ? "keys" : "no keys", ns[RUN_COUNT / 2],
               1e3 / ns[RUN_COUNT / 2], ns[0], ns[RUN_COUNT - 1]);
        if (order->is_smoke) {
                acd_check(bench->acd);
                printf("digest %016llx\n", (unsigned long long)acd_digest(bench->acd));
        }
        fflush(stdout);
}

static void run(const struct order *order)
{
        struct bench *bench = calloc(1, sizeof(*bench));

        if (bench == NULL)
                exit(1);
        run_in(bench, order);
        free(bench->waiting);
        free(bench->acd);
        free(bench);
}

/* A child runs one line, so that each begins with fresh memory. */
static int run_child(const struct order *order)
{
        pid_t child = fork();
        int status = 0;

        if (child == 0) {
                run(order);
                exit(0);
        }
        if (child < 0 || waitpid(child, &status, 0) < 0)
                return 1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* This program again, under callgrind, saying what it has to say into @output. */
static void exec_callgrind(const char *program, const struct order *order, int output)
{
        char waiting[16], cycles[16];

        snprintf(waiting, sizeof(waiting), "%u", order->waiting_count);
        snprintf(cycles, sizeof(cycles), "%u", order->cycle_count);
        dup2(output, STDOUT_FILENO);
        dup2(output, STDERR_FILENO);
        execlp("valgrind", "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
               "--toggle-collect=measured_cycles", program, "--counting", "--waiting", waiting,
               "--cycles", cycles, order->has_keys ? "--keys" : (char *)NULL, (char *)NULL);
        _exit(127);
}

/* Run it and take both numbers from what is said. */
static int count_child(const char *program, const struct order *order)
{
        char line[512];
        unsigned long long steps = 0, instructions = 0;
        int ends[2];
        FILE *said;
        pid_t child;

        if (pipe(ends) != 0)
                return 1;
        child = fork();
        if (child == 0)
                exec_callgrind(program, order, ends[1]);
        close(ends[1]);
        said = fdopen(ends[0], "r");
        while (said != NULL && fgets(line, sizeof(line), said) != NULL) {
                char *at = strstr(line, "Collected :");

                if (at != NULL)
                        instructions = strtoull(at + strlen("Collected :"), NULL, 10);
                else if (strncmp(line, "steps ", 6) == 0)
                        steps = strtoull(line + 6, NULL, 10);
        }
        if (said != NULL)
                fclose(said);
        waitpid(child, NULL, 0);
        if (steps == 0 || instructions == 0) {
                fprintf(stderr, "core_step: valgrind did not run\n");
                return 1;
        }
        printf("%9u waiting  %-8s  %7.1f instructions/step\n", order->waiting_count,
               order->has_keys ? "keys" : "no keys", (double)instructions / (double)steps);
        fflush(stdout);
        return 0;
}

static int table(const char *program, bool is_callgrind)
{
        static const uint32_t counts[] = { 1000, 100000, 10000000 };

        for (uint32_t keys = 0; keys < 2; keys++)
                for (uint32_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
                        struct order order = { .waiting_count = counts[i],
                                               .cycle_count = is_callgrind ? 20000 : 200000,
                                               .has_keys = keys == 1 };
                        int failed =
                                is_callgrind ? count_child(program, &order) : run_child(&order);

                        if (failed != 0)
                                return 1;
                }
        return 0;
}

_Noreturn void acd_panic(const char *file, int line, const char *function, const char *what)
{
        fprintf(stderr, "%s:%d: %s: assertion failed: %s\n", file, line, function, what);
        abort();
}

int main(int count, char **arguments)
{
        struct order order = { .waiting_count = 0, .cycle_count = 200000 };

        for (int i = 1; i < count; i++) {
                if (strcmp(arguments[i], "--smoke") == 0) {
                        order.is_smoke = true;
                        order.waiting_count = 1000;
                        order.cycle_count = 2000;
                } else if (strcmp(arguments[i], "--callgrind") == 0) {
                        return table(arguments[0], true);
                } else if (strcmp(arguments[i], "--keys") == 0) {
                        order.has_keys = true;
                } else if (strcmp(arguments[i], "--counting") == 0) {
                        order.is_counting = true;
                } else if (strcmp(arguments[i], "--waiting") == 0 && i + 1 < count) {
                        order.waiting_count = (uint32_t)strtoul(arguments[++i], NULL, 10);
                } else if (strcmp(arguments[i], "--cycles") == 0 && i + 1 < count) {
                        order.cycle_count = (uint32_t)strtoul(arguments[++i], NULL, 10);
                } else {
                        fprintf(stderr, "usage: core_step [--smoke | --callgrind | --waiting N "
                                        "[--keys] [--cycles N]]\n");
                        return 2;
                }
        }
        if (order.waiting_count == 0)
                return table(arguments[0], false);
        run(&order);
        return 0;
}
