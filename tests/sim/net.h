/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * net.h - a network in memory, between the daemon and everybody else.
 *
 * Bytes arrive late, in pieces, in order; writes and reads may be short; a connection may
 * end with a reset, or silently, when a machine is switched off. The daemon's end is a
 * struct world_sockets, level-triggered; the other end has the functions below.
 *
 *   Ownership  A link lives until both ends closed it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/world.h"

struct sim;
struct sim_net;

enum { NET_LINK_MAX = 256, NET_REDIS = -2 };

struct sim_net *net_new(struct sim *sim);
void net_free(struct sim_net *net);

const struct world_sockets *net_sockets(struct sim_net *net);

/* ---- the daemon's process ---- */

/* It listens, or it is not there. */
void net_set_up(struct sim_net *net, bool is_up);

/* It ended: its sockets are closed. @is_silent: nobody is told (the machine lost power). */
void net_daemon_died(struct sim_net *net, bool is_silent);

/* The @at-th operation from now on a socket kills the process; 0: none does. */
void net_kill_at(struct sim_net *net, uint64_t at);

/* Tell the shard what is ready. Returns whether there was anything. */
bool net_tell(struct sim_net *net);

/* When something arrives next at either end; UINT64_MAX: never. */
uint64_t net_next(const struct sim_net *net);

/* ---- the other ends ---- */

/* A link to the daemon, or -1: nobody listens. */
int net_dial(struct sim_net *net);
/* Bytes taken, maybe fewer; -1: the link is over. */
int64_t net_send(struct sim_net *net, int link, const uint8_t *bytes, size_t size);
/* Bytes that have arrived, at most @size; 0: none yet; -1: the link is over. */
int64_t net_receive(struct sim_net *net, int link, uint8_t *bytes, size_t size);
/* Close this end. */
void net_hang_up(struct sim_net *net, int link);
/* This end is switched off: nothing arrives any more, and nobody says so. */
void net_go_silent(struct sim_net *net, int link);

/* ---- Redis's end ---- */

/* Redis is there, or connections to it are refused. */
void net_set_redis(struct sim_net *net, bool is_up);
/* The next new link to Redis, or -1. */
int net_accept_redis(struct sim_net *net);
