/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * server.h - a server seen from outside: processor time and memory.
 *
 *   Failure    A process that is not there ends the program. Process 0 stands for an
 *              unknown one and has used nothing.
 */

/* Microseconds that all threads of the process spent on a processor. */
double server_cpu_us(int pid);
/* Memory that it holds, in KiB. */
long server_rss_kib(int pid);
