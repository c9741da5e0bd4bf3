/*
 * worker.h: one thread, one event_base, one core.
 *
 * Nothing in a worker is touched from outside, except the atomics at its end
 * and its mailbox.  A turn of the loop is: what the sockets and the mailbox
 * have, then the work at its end (worker_turn): what is busy goes on, what
 * could not be sent is told to core, queues are flushed, the timer is armed,
 * the grave is emptied.
 */
#ifndef WORKER_H
#define WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/core.h"
#include "net/mbox.h"
#include "net/netset.h"

struct conns;
struct http_pool;
struct event;
struct event_base;
struct listens;
struct sip_udp;
struct worker;

/* Items of the mailbox that one turn takes. */
#define WORKER_POSTS_MAX 64
/* Send ids that wait to be told to core as failed. */
#define WORKER_FAILED_MAX 65536
#define WORKER_READ_MAX	  65536 /* octets read at once from a stream */

struct worker_setup {
	unsigned index, n;
	struct snapshot *snap; /* a reference is taken */
	struct replay *replay; /* borrowed */
	struct mbox *main; /* what the worker tells the main thread */
	struct worker *const *all; /* n of them, for what crosses */
};

struct worker {
	unsigned index, n;
	char name[8];
	pthread_t thread;
	bool started;
	struct worker *const *all;
	struct mbox *mbox, *main;
	struct event_base *base;
	struct event *on_mbox, *on_timer, *on_sweep;

	struct core *core;
	struct snapshot *snap; /* in force for what is new */
	struct metrics metrics; /* those that core does not count */
	struct gw_now now;
	uint64_t armed_us; /* when the timer will fire */
	bool ended, draining;

	struct sip_udp *udp;
	struct listens *listens;
	struct conns *conns; /* SIP */
	struct conns *http;
	struct gw_buf http_out; /* what a connection is about to write */
	uint64_t http_open; /* requests that wait for their answer */
	struct http_pool *pool;
	struct gw_buf failed; /* uint64_t send ids */
	struct gw_buf closed; /* uint64_t ids of connections */
	uint8_t *read; /* WORKER_READ_MAX */
	uint8_t key[16]; /* random, for hash tables */

	/* For other threads.  open: transactions, and requests of askers. */
	_Atomic uint64_t open, generation, beat_us;
	_Atomic uint64_t lost_posts;
};

/** A worker that is not running yet; NULL: refused by the system. */
struct worker *worker_new(const struct worker_setup *setup);
/** Start its thread. */
bool worker_start(struct worker *w);
/** Wait for its thread to end (after a WORKER_END was posted). */
void worker_join(struct worker *w);
void worker_free(struct worker *w);

/** The work at the end of a turn. */
void worker_turn(struct worker *w);

/** Read the clocks for what is done next. */
static inline void
worker_tick(struct worker *w)
{
	w->now = gw_now_read();
}

/** That send id will not get out, that connection is closed: told to core at
 * the end of the turn. */
void worker_failed(struct worker *w, uint64_t send_id);
void worker_closed(struct worker *w, uint64_t conn);

#endif
