/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server seen from outside, by what /proc says of it.
 *
 * Processor time is taken from schedstat, which counts nanoseconds; the ticks in
 * stat are of four or ten milliseconds, a per cent of a short run.
 */

#include "bench/peers/server.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/peers/link.h"

/* Nanoseconds on a processor, of one thread: the first number of its schedstat. */
static double thread_cpu_ns(int pid, const char *thread)
{
        char path[300], line[128] = "";
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid, thread);
        file = fopen(path, "re");
        if (file == NULL)
                return 0; /* a thread that ended meanwhile */
        (void)!fgets(line, sizeof(line), file);
        fclose(file);
        return strtod(line, NULL);
}

double server_cpu_us(int pid)
{
        char path[64];
        struct dirent *entry;
        double sum = 0;
        DIR *folder;

        if (pid == 0)
                return 0;
        snprintf(path, sizeof(path), "/proc/%d/task", pid);
        folder = opendir(path);
        link_check(folder != NULL, "no process %d", pid);
        while ((entry = readdir(folder)) != NULL) {
                if (entry->d_name[0] != '.')
                        sum += thread_cpu_ns(pid, entry->d_name);
        }
        closedir(folder);
        return sum / 1000;
}

long server_rss_kib(int pid)
{
        char path[64], line[256];
        long kib = 0;
        FILE *file;

        if (pid == 0)
                return 0;
        snprintf(path, sizeof(path), "/proc/%d/status", pid);
        file = fopen(path, "re");
        link_check(file != NULL, "no process %d", pid);
        while (fgets(line, sizeof(line), file) != NULL) {
                if (strncmp(line, "VmRSS:", 6) == 0)
                        kib = strtol(line + 6, NULL, 10);
        }
        fclose(file);
        return kib;
}
