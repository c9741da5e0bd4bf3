/*
 * worker.c: see worker.h.
 */
#include "net/worker.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include <event2/event.h>

#include "mcxgw/log.h"
#include "net/act.h"
#include "net/conns.h"
#include "net/http/http_conn.h"
#include "net/http/http_pool.h"
#include "net/http/http_server.h"
#include "net/listen.h"
#include "net/lookup_once.h"
#include "net/post.h"
#include "net/sip_stream.h"
#include "net/sip_udp.h"
#include "net/stream_peer.h"

#define FAILED_CAP  (WORKER_FAILED_MAX * sizeof(uint64_t))
#define TICKS_MAX   16 /* lists of actions that timers may fill in one turn */
#define FLUSHES_MAX 4 /* rounds of flushing and telling what failed */
#define HEAP_FIRST  (16 << 20)
#define HEAP_KEPT   (32 << 20)
#define MMAP_FROM   (128 << 10) /* larger pieces have a mapping of their own */

void
worker_failed(struct worker *w, uint64_t send_id)
{
	if (send_id == 0)
		return;
	gw_buf_add(&w->failed,
	    (struct gw_span){ (const uint8_t *)&send_id, sizeof(send_id) });
	w->failed.bad = false; /* full: the timers of core will tell */
}

void
worker_closed(struct worker *w, uint64_t conn)
{
	gw_buf_add(&w->closed,
	    (struct gw_span){ (const uint8_t *)&conn, sizeof(conn) });
	w->closed.bad = false; /* full: nothing but health depends on it */
}

/* ---- what services say ---- */

static void
on_heard(void *arg, uint64_t ticket, const struct gw_http_response *r)
{
	struct worker *w = arg;

	core_heard(w->core, ticket, r, w->now);
	act(w);
}

static void
on_unheard(void *arg, uint64_t ticket, const char *why)
{
	struct worker *w = arg;

	core_unheard(w->core, ticket, why, w->now);
	act(w);
}

static const struct http_pool_user pool_user = { on_heard, on_unheard };

/* ---- the mailbox ---- */

static void
take_message(struct worker *w, const struct post_message *m)
{
	struct core_flow flow = m->flow;

	flow.listener = act_listener(m->snap, flow.listener, w->snap);
	if (flow.listener == UINT16_MAX)
		return; /* its listener is gone */
	if (flow.system != GW_SYSTEM_NONE)
		flow.system = act_system(m->snap, flow.system, w->snap);
	if (flow.transport == CONF_UDP)
		sip_udp_hear(w->udp, &flow.peer);
	core_message(w->core, &flow, (struct gw_span){ m->octets, m->len },
	    m->rounds, w->now);
	act(w);
}

static void
take_send(struct worker *w, struct post_message *m)
{
	struct iovec iov = { m->octets, m->len };
	const struct core_action a = { .kind = CORE_SEND_BACK,
		.snap = m->snap,
		.flow = m->flow,
		.transport = m->flow.transport,
		.iov = &iov,
		.n_iov = 1,
		.len = m->len };

	act_back(w, &a);
}

static void
take_snapshot(struct worker *w, struct post_snapshot *p)
{
	struct snapshot *old = w->snap;
	struct post_note *note;

	if (p->snap != old) { /* the first brings only sockets */
		if (!core_use(w->core, p->snap, w->now))
			return; /* all of the old stays, sockets too */
		act(w);
	}
	w->snap = snapshot_ref(p->snap);
	sip_udp_use(w->udp, w->snap, p->fds);
	listens_use(w->listens, w->snap, p->fds);
	stream_peer_use(w->conns, w->snap);
	stream_peer_use(w->http, w->snap);
	http_pool_use(w->pool);
	snapshot_unref(old);
	atomic_store(&w->generation, w->snap->generation);
	note = post_note_new(POST_SWAPPED, w->index, w->snap->generation);
	if (note != NULL)
		mbox_post_urgent(w->main, &note->item);
}

/* The answer goes back in the question. */
static void
take_why(struct worker *w, struct post_why *p)
{
	p->found = core_why(w->core, p->id, p->json, &p->text);
	p->item.kind = POST_ANSWER;
	mbox_post_urgent(w->main, &p->item);
}

static void
take_item(struct worker *w, struct mbox_item *item)
{
	switch ((enum post_kind)item->kind) {
	case POST_MESSAGE:
		take_message(w, (const struct post_message *)item);
		break;
	case POST_SEND: take_send(w, (struct post_message *)item); break;
	case POST_SNAPSHOT:
		take_snapshot(w, (struct post_snapshot *)item);
		break;
	case POST_DRAIN:
		w->draining = true;
		core_drain(w->core);
		http_server_drain(w);
		break;
	case POST_WHY: take_why(w, (struct post_why *)item); return;
	case POST_LOOKUP:
		lookup_once_serve(w, (struct post_lookup *)item);
		return;
	case POST_END: w->ended = true; break;
	case POST_SWAPPED:
	case POST_LOOKED:
	case POST_ANSWER: break; /* not for a worker */
	}
	item->free(item);
}

static void
on_mbox(int fd, short what, void *arg)
{
	struct worker *w = arg;
	struct mbox_item *item;

	(void)fd;
	(void)what;
	worker_tick(w);
	for (int i = 0;
	     i < WORKER_POSTS_MAX && (item = mbox_take(w->mbox)) != NULL; i++)
		take_item(w, item);
}

/* ---- timers ---- */

static void
on_timer(int fd, short what, void *arg)
{
	struct worker *w = arg;
	bool more = true;

	(void)fd;
	(void)what;
	worker_tick(w);
	w->armed_us = UINT64_MAX;
	for (int i = 0; more && i < TICKS_MAX; i++) {
		more = core_tick(w->core, w->now);
		act(w);
	}
}

/* The loop's timer fires at the earliest time that core ever asked for, and
 * then asks again: cheaper than moving it with every message. */
static void
arm_timer(struct worker *w)
{
	uint64_t next = core_next_us(w->core), wait = 0;
	struct timeval tv;

	if (next >= w->armed_us)
		return;
	w->armed_us = next;
	if (next > w->now.mono_us)
		wait = next - w->now.mono_us;
	tv.tv_sec = (time_t)(wait / 1000000);
	tv.tv_usec = (suseconds_t)(wait % 1000000);
	(void)event_add(w->on_timer, &tv);
}

static void
on_sweep(int fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	worker_tick(w);
	stream_sweep(w->conns);
	stream_sweep(w->http);
	sip_udp_sweep(w->udp);
}

/* ---- the loop ---- */

void
worker_turn(struct worker *w)
{
	stream_run_busy(w->conns);
	stream_run_busy(w->http);
	stream_peer_more(w->conns);
	stream_peer_more(w->http);
	for (int i = 0; i < FLUSHES_MAX; i++) {
		act_failed(w);
		http_pool_turn(w->pool);
		sip_udp_flush(w->udp);
		stream_flush(w->conns);
		stream_flush(w->http);
		if (w->failed.len == 0)
			break;
	}
	arm_timer(w);
	conns_empty_grave(w->conns);
	conns_empty_grave(w->http);
	atomic_store_explicit(
	    &w->open, core_open(w->core) + w->http_open, memory_order_relaxed);
	atomic_store_explicit(
	    &w->beat_us, w->now.mono_us, memory_order_relaxed);
}

/* Is there work that no event will tell of? */
static bool
has_more(const struct worker *w)
{
	return conns_have_work(w->conns) || conns_have_work(w->http) ||
	       http_pool_has_more(w->pool) || w->failed.len > 0;
}

/* The heap of a thread grows by a system call for a few pages each time.  Let
 * it grow once, and not shrink for every trough: what is not used of it takes
 * address space only. */
static void
grow_heap(void)
{
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
	(void)mallopt(M_MMAP_THRESHOLD, HEAP_KEPT);
	/* Kept apart, as a compiler may drop a pair of malloc and free. */
	void *volatile room = malloc(HEAP_FIRST);
	free(room);
	(void)mallopt(M_MMAP_THRESHOLD, MMAP_FROM);
}

static void *
run(void *arg)
{
	struct worker *w = arg;

	gw_log_set_thread(w->name);
	grow_heap();
	while (!w->ended) {
		int flags = EVLOOP_ONCE;
		if (has_more(w))
			flags |= EVLOOP_NONBLOCK;
		if (event_base_loop(w->base, flags) < 0) {
			LOG_ERROR(
			    "worker.loop-failed", kv_num("worker", w->index));
			break; /* healthz will tell */
		}
		worker_turn(w);
	}
	return NULL;
}

static bool
add_events(struct worker *w)
{
	static const struct timeval sweep = { 0, STREAM_SWEEP_MS * 1000 };

	w->on_mbox = event_new(
	    w->base, mbox_fd(w->mbox), EV_READ | EV_PERSIST, on_mbox, w);
	w->on_timer = event_new(w->base, -1, 0, on_timer, w);
	w->on_sweep = event_new(w->base, -1, EV_PERSIST, on_sweep, w);
	return w->on_mbox != NULL && w->on_timer != NULL &&
	       w->on_sweep != NULL && event_add(w->on_mbox, NULL) == 0 &&
	       event_add(w->on_sweep, &sweep) == 0;
}

static bool
fill(struct worker *w, const struct worker_setup *setup)
{
	struct core_setup core = { .worker = (uint8_t)w->index,
		.n_workers = (uint8_t)w->n,
		.replay = setup->replay,
		.probes = w->index == 0 };

	if (getrandom(w->key, sizeof(w->key), 0) != sizeof(w->key) ||
	    getrandom(core.seed, sizeof(core.seed), 0) != sizeof(core.seed))
		return false;
	w->snap = snapshot_ref(setup->snap);
	w->now = gw_now_read();
	w->base = event_base_new();
	w->mbox = mbox_new(MBOX_MAX);
	if (w->read == NULL || w->base == NULL || w->mbox == NULL ||
	    !add_events(w))
		return false;
	w->core = core_new(&core, w->snap, w->now);
	w->udp = sip_udp_new(w);
	w->listens = listens_new(w);
	w->conns = conns_new(w->index, w->key);
	w->http = conns_new(w->index, w->key);
	w->pool = http_pool_new(w, &pool_user, w);
	return w->core != NULL && w->udp != NULL && w->listens != NULL &&
	       w->conns != NULL && w->http != NULL && w->pool != NULL;
}

struct worker *
worker_new(const struct worker_setup *setup)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->index = setup->index;
	w->n = setup->n;
	w->all = setup->all;
	w->main = setup->main;
	w->armed_us = UINT64_MAX;
	w->read = malloc(WORKER_READ_MAX);
	gw_buf_init(&w->failed, FAILED_CAP);
	gw_buf_init(&w->closed, FAILED_CAP);
	gw_buf_init(&w->http_out, HTTP_CONN_OUT_MAX);
	(void)snprintf(w->name, sizeof(w->name), "w%u", w->index % 1000);
	if (fill(w, setup))
		return w;
	worker_free(w);
	return NULL;
}

bool
worker_start(struct worker *w)
{
	sigset_t all, old;

	/* Signals are the main thread's. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	w->started = pthread_create(&w->thread, NULL, run, w) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return w->started;
}

void
worker_join(struct worker *w)
{
	if (w->started)
		(void)pthread_join(w->thread, NULL);
	w->started = false;
}

static void
free_event(struct event *e)
{
	if (e != NULL)
		event_free(e);
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	/* Askers that go take their questions back from the pool. */
	conns_free(w->http);
	http_pool_free(w->pool);
	conns_free(w->conns);
	listens_free(w->listens);
	sip_udp_free(w->udp);
	core_free(w->core);
	free_event(w->on_mbox);
	free_event(w->on_timer);
	free_event(w->on_sweep);
	mbox_free(w->mbox);
	if (w->base != NULL)
		event_base_free(w->base);
	snapshot_unref(w->snap);
	gw_buf_clear(&w->failed);
	gw_buf_clear(&w->closed);
	gw_buf_clear(&w->http_out);
	free(w->read);
	free(w);
}
