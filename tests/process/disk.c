/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk fills up: new work is refused clearly, work in flight is finished.
 *
 *   disk ACDD
 *
 * Goal    Below the first mark no contact is taken (DISK_LOW, with a time to come
 *         back); below the second only what finishes work is done; with no byte
 *         left an accepted contact can still be completed; with room again all
 *         goes on, and after a restart nothing is missing.
 * Method  A tmpfs of 256 MiB of the test's own (a mount namespace; a user namespace
 *         too where the test is not root), filled with a file beside the data.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <acdclient.h>

#include "tests/process/support/floor.h"
#include "tests/process/support/process.h"

enum { PATIENCE_MS = 30000, MIB = 1 << 20 };

static const char *disk;

static void write_text(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        check(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "%s: %s", path,
              strerror(errno));
        close(fd);
}

/* A disk of our own, seen by this process and its children only. */
static void make_disk(void)
{
        char map[64];
        unsigned uid = geteuid(), gid = getegid();

        disk = process_path("disk");
        check(mkdir(disk, 0700) == 0, "mkdir: %s", strerror(errno));
        if (uid == 0) {
                check(unshare(CLONE_NEWNS) == 0,
                      "unshare: %s (in a container: --cap-add SYS_ADMIN)", strerror(errno));
        } else {
                check(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0,
                      "unshare: %s (who is not root needs user namespaces, which a chroot and "
                      "some containers do not give)",
                      strerror(errno));
                write_text("/proc/self/setgroups", "deny");
                snprintf(map, sizeof(map), "%u %u 1", uid, uid);
                write_text("/proc/self/uid_map", map);
                snprintf(map, sizeof(map), "%u %u 1", gid, gid);
                write_text("/proc/self/gid_map", map);
        }
        /* In a chroot "/" is no mount that could be made private: then ours is seen
         * outside as well, until the end of the test. */
        check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 || errno == EINVAL,
              "mount: %s", strerror(errno));
        check(mount("tmpfs", disk, "tmpfs", 0, "size=256m") == 0, "mount tmpfs: %s",
              strerror(errno));
}

/* Write a file until @free_size bytes are left, or cut it until so many are. */
static void leave_free(uint64_t free_size)
{
        char path[PROCESS_PATH_MAX];
        struct statvfs space;
        struct stat file = { 0 };
        int fd;

        snprintf(path, sizeof(path), "%s/ballast", disk);
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        check(fd >= 0 && fstat(fd, &file) == 0 && statvfs(disk, &space) == 0, "ballast: %s",
              strerror(errno));

        uint64_t room = (uint64_t)file.st_size + (uint64_t)space.f_bavail * space.f_bsize;
        uint64_t size = room > free_size ? room - free_size : 0;

        check(ftruncate(fd, 0) == 0, "ballast: %s", strerror(errno));
        check(size == 0 || posix_fallocate(fd, 0, (off_t)size) == 0, "ballast does not fit");
        close(fd);
}

static enum acdclient_result_code call(struct acdclient *client,
                                       const struct acdclient_message *request,
                                       struct acdclient_result *ret_result)
{
        const struct acdclient_message *answer = NULL;
        int r = acdclient_call(client, request, PATIENCE_MS, &answer);

        check(r == 0, "no answer: %s", strerror(-r));
        *ret_result = *acdclient_answer_result(answer);
        return ret_result->code;
}

static enum acdclient_result_code submit(struct acdclient *client,
                                         struct acdclient_result *ret_result)
{
        struct acdclient_message request = { .kind = ACDCLIENT_SUBMIT };

        request.submit.queue = acdclient_text("billing");
        request.submit.channel = acdclient_text("email");
        return call(client, &request, ret_result);
}

/* Submit until the answer is @code: the daemon looks at the disk now and then, not each time. */
static void submit_until(struct acdclient *client, enum acdclient_result_code code)
{
        uint64_t end = process_now_ms() + PATIENCE_MS;
        struct acdclient_result result;

        while (submit(client, &result) != code) {
                check(acdclient_is_done(result.code) || acdclient_is_later(result.code),
                      "refused for good: %s", acdclient_result_name(result.code));
                check(process_now_ms() < end, "result %s never came, %s does",
                      acdclient_result_name(code), acdclient_result_name(result.code));
                poll(NULL, 0, 10);
        }
        if (code == ACDCLIENT_RESULT_DISK_LOW)
                check(result.retry_after_ms > 0 && result.text.size > 0,
                      "DISK_LOW does not say when to come back");
}

static enum acdclient_result_code agent_request(struct acdclient *client, uint32_t session,
                                                uint16_t kind, uint64_t assignment)
{
        struct acdclient_message request = { .kind = kind, .session = session };
        struct acdclient_result result;

        if (assignment != 0)
                request.assignment_command.assignment = assignment;
        return call(client, &request, &result);
}

static uint64_t next_offer(struct acdclient *client)
{
        const struct acdclient_message *push = NULL;
        uint64_t end = process_now_ms() + PATIENCE_MS;

        while (process_now_ms() < end) {
                if (acdclient_next_push(client, 1000, &push) == 1 && push->kind == ACDCLIENT_OFFER)
                        return push->offer.assignment;
        }
        check(false, "no offer came");
        return 0;
}

static struct acdclient *agent_client(const char *address)
{
        struct acdclient_options options = {
                .address = address,
                .tenant = "floor",
                .role = ACDCLIENT_ROLE_AGENT,
                .client = "desk",
        };
        struct acdclient *client = acdclient_new(&options);

        check(client != NULL && acdclient_connect(client, PATIENCE_MS) == 0, "no agent client");
        return client;
}

/* The marks in force, as the daemon says them. */
static struct acdclient_journal_status marks_of(struct acdclient *client)
{
        struct acdclient_message request = { .kind = ACDCLIENT_STATUS };
        const struct acdclient_message *answer = NULL;
        int r = acdclient_call(client, &request, PATIENCE_MS, &answer);

        check(r == 0 && answer->kind == ACDCLIENT_STATUS_REPLY, "no status");
        check(answer->status_reply.journal.disk_mark_submit >
                      answer->status_reply.journal.disk_mark_work,
              "the first mark is above the second");
        return answer->status_reply.journal;
}

/* The story; each line is what a person would see. */
static void story(const char *address)
{
        struct acdclient *supervisor = floor_operator(address, "floor");
        struct acdclient *agent = agent_client(address);
        struct acdclient_agent_login login = { .agent = acdclient_text("agent1") };
        const struct acdclient_message *answer = NULL;
        struct acdclient_result result;
        uint64_t offer;
        int session = acdclient_login_wait(agent, &login, PATIENCE_MS, &answer);

        check(session > 0, "no session: %s", strerror(-session));
        check(submit(supervisor, &result) == ACDCLIENT_RESULT_OK, "first submit");
        check(submit(supervisor, &result) == ACDCLIENT_RESULT_OK, "second submit");
        check(agent_request(agent, (uint32_t)session, ACDCLIENT_READY, 0) == ACDCLIENT_RESULT_OK,
              "ready");
        offer = next_offer(agent);

        struct acdclient_journal_status marks = marks_of(supervisor);

        printf("below the first mark\n");
        leave_free((marks.disk_mark_submit + marks.disk_mark_work) / 2);
        submit_until(supervisor, ACDCLIENT_RESULT_DISK_LOW);
        check(agent_request(agent, (uint32_t)session, ACDCLIENT_ACCEPT, offer) ==
                      ACDCLIENT_RESULT_OK,
              "an offer is accepted below the first mark");
        check(agent_request(agent, (uint32_t)session, ACDCLIENT_COMPLETE, offer) ==
                      ACDCLIENT_RESULT_OK,
              "and completed");
        offer = next_offer(agent);
        check(agent_request(agent, (uint32_t)session, ACDCLIENT_ACCEPT, offer) ==
                      ACDCLIENT_RESULT_OK,
              "the second too");

        printf("no byte left\n");
        leave_free(0);
        submit_until(supervisor, ACDCLIENT_RESULT_DISK_LOW);
        check(agent_request(agent, (uint32_t)session, ACDCLIENT_COMPLETE, offer) ==
                      ACDCLIENT_RESULT_OK,
              "work in flight completes on a full disk");

        printf("room again\n");
        leave_free(marks.disk_mark_submit + 20 * (uint64_t)MIB);
        submit_until(supervisor, ACDCLIENT_RESULT_OK);
        acdclient_free(agent);
        acdclient_free(supervisor);
}

int main(int argc, char **argv)
{
        struct process daemon = { 0 };
        struct floor_options options = { .agent_count = 1 };
        char listen[PROCESS_PATH_MAX + 8], data[PROCESS_PATH_MAX];

        check(argc == 2, "usage: disk ACDD");
        signal(SIGPIPE, SIG_IGN);
        make_disk();
        snprintf(listen, sizeof(listen), "unix:%s", process_path("acdd.sock"));
        snprintf(data, sizeof(data), "%s/data", disk);
        options.address = listen;

        /* clang-format off */
        const char *const arguments[] = {
                argv[1],
                "--data-dir", data,
                "--listen", listen,
                "--segment-size", "4M",
                "--snapshot-room-size", "2M",
                "--event-retention-size", "8M",
                "--disk-low-size", "8M",
                "--disk-critical-size", "4M",
                "--drain-timeout-ms", "100",
                "--limit-contact-count-max", "1000",
                "--limit-agent-count-max", "100",
                NULL,
        };
        /* clang-format on */

        process_start(&daemon, "acdd", arguments);
        floor_configure(&options);
        story(listen);
        process_signal(&daemon, SIGTERM);
        check(process_wait(&daemon, PATIENCE_MS) == 0, "the daemon does not stop cleanly");

        printf("again from the disk\n");
        process_start(&daemon, "acdd", arguments);
        acdclient_free(floor_operator(listen, "floor"));
        process_kill(&daemon);
        check(umount(disk) == 0 || umount2(disk, MNT_DETACH) == 0, "umount: %s", strerror(errno));
        process_done();
        printf("full disk: passed\n");
        return 0;
}
