/*
 * stream.c: see stream.h.
 */
#include "net/stream.h"

#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "mcxgw/log.h"
#include "net/conns.h"
#include "net/sock.h"
#include "net/stream_peer.h"
#include "net/worker.h"

#define READS_MAX 4 /* TLS records, or reads, of one turn */
#define SECOND_US 1000000u

static const char *const state_names[STREAM_STATE_N] = {
	[STREAM_CONNECTING] = "connecting",
	[STREAM_SECURING] = "securing",
	[STREAM_OPEN] = "open",
	[STREAM_ENDING] = "ending",
	[STREAM_CLOSED] = "closed",
};

uint32_t
stream_age_s(const struct stream *s, uint64_t t_us)
{
	return (uint32_t)((s->w->now.mono_us - t_us) / SECOND_US);
}

static void
set_state(struct stream *s, enum stream_state to)
{
	LOG_DEBUG(s->class->http ? "http.state" : "stream.state",
	    kv_id("conn", s->id), kv_text("from", state_names[s->state]),
	    kv_text("to", state_names[to]));
	s->state = to;
	s->since_us = s->w->now.mono_us;
}

void
stream_make_dirty(struct stream *s)
{
	if (s->dirty)
		return;
	s->dirty = true;
	s->next_dirty = s->conns->dirty;
	s->conns->dirty = s;
}

static void
enqueue(struct conns *c, struct stream *s)
{
	s->next_busy = NULL;
	if (c->queue == NULL)
		c->queue = s;
	else
		c->queue_last->next_busy = s;
	c->queue_last = s;
}

void
stream_make_busy(struct stream *s)
{
	if (s->busy)
		return;
	s->busy = true;
	if (s->class->http && !s->outbound) {
		enqueue(s->conns, s);
	} else {
		s->next_busy = s->conns->busy;
		s->conns->busy = s;
	}
}

static void
count(const struct stream *s)
{
	metrics_set(&s->w->metrics, s->class->connections, s->conns->n);
}

void
stream_end(struct stream *s, const char *why)
{
	if (s->state != STREAM_OPEN)
		return;
	s->why = why;
	set_state(s, STREAM_ENDING);
	stream_make_dirty(s);
}

void
stream_close(struct stream *s, const char *why)
{
	char peer[CONF_ADDR_TEXT];

	if (s->state == STREAM_CLOSED)
		return;
	conf_addr_text(&s->peer, peer);
	LOG_(s->admitted ? GW_LOG_INFO : GW_LOG_DEBUG,
	    s->class->http ? "http.closed" : "stream.closed",
	    kv_text("peer", peer),
	    kv_text("transport", conf_transport_name(s->transport)),
	    kv_text("system",
		s->admitted ? s->snap->conf->systems[s->system].base.id : "-"),
	    kv_text("state", state_names[s->state]), kv_text("why", why));
	if (s->admitted)
		s->conns->per_system[s->system]--;
	else
		s->conns->opening--;
	set_state(s, STREAM_CLOSED);
	io_close(&s->io);
	conns_bury(s->conns, s);
	count(s);
	s->class->closed(s, why);
}

void
stream_free(struct stream *s)
{
	s->class->clear(s);
	io_clear(&s->io);
	snapshot_unref(s->snap);
	free(s);
}

/* ---- reading ---- */

static const char *
why_broken(const struct stream *s)
{
	return s->io.tls != NULL && s->io.tls->why[0] != '\0' ?
		   s->io.tls->why :
		   "connection reset";
}

/* With TLS 1.3 a client has finished before the server has looked at its
 * certificate: a refusal comes as the first thing that is read. */
static void
broken(struct stream *s)
{
	if (s->io.tls != NULL && s->outbound && !s->heard)
		stream_peer_refused(s, STREAM_REFUSED_TLS, why_broken(s));
	stream_close(s, why_broken(s));
}

static void
pump(struct stream *s)
{
	const struct gw_span none = { NULL, 0 };
	struct worker *w = s->w;
	unsigned budget = STREAM_MESSAGES_MAX;
	enum io_status st = IO_OK;

	if (!stream_peer_check(s))
		return;
	s->class->take(s, none, &budget);
	for (int i = 0; i < READS_MAX && budget > 0 && st == IO_OK &&
			s->state == STREAM_OPEN && io_reads(&s->io);
	     i++) {
		size_t got = 0;
		st = io_read(&s->io, w->read, WORKER_READ_MAX, &got);
		if (st != IO_OK)
			break;
		s->active_us = w->now.mono_us;
		s->heard = true;
		s->class->take(s, (struct gw_span){ w->read, got }, &budget);
		if (s->io.tls == NULL || !io_pending(&s->io))
			break;
	}
	if (st == IO_EOF)
		s->class->ended(s);
	else if (st == IO_BROKEN)
		broken(s);
	else if (s->state == STREAM_OPEN && io_reads(&s->io) &&
		 (budget == 0 || (st == IO_OK && io_pending(&s->io))))
		stream_make_busy(s);
}

/* ---- writing ---- */

static void
flush(struct stream *s)
{
	bool paused = s->io.paused;
	uint64_t before = s->io.written;
	enum io_status st;

	if (s->state != STREAM_OPEN && s->state != STREAM_ENDING)
		return;
	/* What waits was meant for who the peer was under older settings. */
	if (!stream_peer_check(s))
		return;
	if (s->class->fill != NULL && s->state == STREAM_OPEN)
		s->class->fill(s);
	if (s->state == STREAM_CLOSED)
		return;
	st = io_flush(&s->io);
	if (s->io.written != before)
		s->active_us = s->wrote_us = s->w->now.mono_us;
	s->class->written(s);
	if (st == IO_BROKEN || st == IO_EOF)
		stream_close(s, why_broken(s));
	else if (s->state == STREAM_ENDING && st == IO_OK && s->io.deaf)
		stream_close(s, s->why); /* the peer has ended before */
	else if (s->state == STREAM_ENDING && st == IO_OK)
		io_end(&s->io);
	else if (paused && !s->io.paused) {
		s->since_us = s->w->now.mono_us;
		stream_make_busy(s);
	}
}

/* ---- setting up ---- */

static void
open_up(struct stream *s)
{
	if (!stream_peer_admit(s)) {
		stream_close(s, "refused");
		return;
	}
	set_state(s, STREAM_OPEN);
	count(s);
	s->active_us = s->w->now.mono_us;
	io_want_read(&s->io);
	stream_make_dirty(s);
	stream_make_busy(s); /* octets may have come with the handshake */
	s->class->opened(s);
}

static void
shake_hands(struct stream *s)
{
	enum io_status st = tls_handshake(s->io.tls);

	if (st == IO_OK) {
		open_up(s);
	} else if (st != IO_AGAIN) {
		stream_peer_refused(s, STREAM_REFUSED_TLS, why_broken(s));
		stream_close(s, "handshake failed");
	} else if (s->io.tls->wants_write) {
		io_want_write(&s->io);
	} else {
		io_want_read(&s->io);
	}
}

static void
connected(struct stream *s)
{
	int err = sock_result(s->io.fd);
	char peer[CONF_ADDR_TEXT], text[128];

	if (err != 0) {
		conf_addr_text(&s->peer, peer);
		LOG_WARN("dial.failed", kv_text("peer", peer),
		    kv_text("transport", conf_transport_name(s->transport)),
		    kv_text(
			"system", s->snap->conf->systems[s->system].base.id),
		    kv_text("why", sock_error(err, text, sizeof(text))));
		stream_close(s, "connect failed");
	} else if (s->io.tls != NULL) {
		set_state(s, STREAM_SECURING);
		shake_hands(s);
	} else {
		open_up(s);
	}
}

/* What still comes is thrown away until the peer closes: closing first would
 * reset the connection, and the answer might never be read. */
static void
discard(struct stream *s, short what)
{
	size_t got;

	if (what & EV_WRITE)
		stream_make_dirty(s);
	enum io_status st = io_read(&s->io, s->w->read, WORKER_READ_MAX, &got);
	if (st == IO_EOF || st == IO_BROKEN)
		stream_close(s, s->why);
}

/* Messages of SIP are read as they come, the others when those were. */
static void
read_on(struct stream *s)
{
	if (s->class->http)
		stream_make_busy(s);
	else
		pump(s);
}

static void
on_event(int fd, short what, void *arg)
{
	struct stream *s = arg;

	(void)fd;
	worker_tick(s->w);
	if (what & EV_WRITE)
		s->io.writes = false;
	switch (s->state) {
	case STREAM_CONNECTING: connected(s); break;
	case STREAM_SECURING: shake_hands(s); break;
	case STREAM_OPEN:
		/* TLS may read when it may write, and the other way. */
		if ((what & EV_READ) || s->io.tls != NULL)
			read_on(s);
		if (io_waiting(&s->io) > 0)
			stream_make_dirty(s);
		break;
	case STREAM_ENDING: discard(s, what); break;
	case STREAM_CLOSED:
	case STREAM_STATE_N: break;
	}
}

/* SNI carries names, not addresses (RFC 6066, 3). */
static const char *
sni_of(const struct stream *s)
{
	struct conf_addr ip;

	if (s->tls_name == NULL ||
	    conf_addr_parse(gw_span_of(s->tls_name), &ip))
		return NULL;
	return s->tls_name;
}

static bool
enter(struct stream *s, const struct stream_setup *setup)
{
	if (!io_open(
		&s->io, s->w->base, setup->fd, setup->write_max, on_event, s))
		return false;
	if (s->transport == CONF_TLS)
		s->io.tls = tls_new(&netset_of(s->snap)->tls[s->tls], setup->fd,
		    !s->outbound, sni_of(s));
	if ((s->transport == CONF_TLS &&
		(s->io.tls == NULL ||
		    (s->class->http && !tls_offer_http(s->io.tls)))) ||
	    !conns_add(s->conns, s)) {
		io_close(&s->io);
		io_clear(&s->io);
		return false;
	}
	s->conns->opening++;
	return true;
}

bool
stream_start(struct stream *s, struct worker *w, struct conns *c,
    const struct stream_class *class, const struct stream_setup *setup)
{
	s->class = class;
	s->w = w;
	s->conns = c;
	s->transport = setup->transport;
	s->outbound = setup->outbound;
	s->peer = setup->peer;
	s->snap = snapshot_ref(setup->snap);
	s->listener = setup->listener;
	s->system = setup->system;
	s->tls = setup->tls;
	s->tls_name = setup->tls_name;
	s->since_us = s->active_us = s->wrote_us = w->now.mono_us;
	s->expires_us = INT64_MAX;
	if (!enter(s, setup)) {
		snapshot_unref(s->snap);
		return false;
	}
	if (s->outbound) {
		io_want_write(&s->io);
	} else if (s->io.tls != NULL) {
		s->state = STREAM_SECURING;
		io_want_read(&s->io);
	} else {
		open_up(s);
	}
	count(s);
	return true;
}

/* ---- the end of a turn ---- */

static void
run_one(struct stream *s)
{
	s->busy = false;
	if (s->state == STREAM_OPEN)
		pump(s);
}

static void
run_queue(struct conns *c)
{
	struct stream *s = c->queue, *last = c->queue_last;
	struct worker *w = s->w;
	uint64_t began;

	worker_tick(w);
	began = w->now.mono_us;
	do {
		s = c->queue;
		c->queue = s->next_busy;
		run_one(s);
		worker_tick(w);
	} while (s != last && w->now.mono_us - began < STREAM_HTTP_US);
}

void
stream_run_busy(struct conns *c)
{
	struct stream *s = c->busy, *next;

	/* What becomes busy again has its turn in the next one. */
	c->busy = NULL;
	for (; s != NULL; s = next) {
		next = s->next_busy;
		run_one(s);
	}
	if (c->queue != NULL)
		run_queue(c);
}

void
stream_flush(struct conns *c)
{
	struct stream *s = c->dirty, *next;

	c->dirty = NULL;
	for (; s != NULL; s = next) {
		next = s->next_dirty;
		s->dirty = false;
		flush(s);
	}
}

static const char *
overdue(struct stream *s)
{
	const struct conf *c = s->snap->conf;
	uint32_t patience_s = s->class->patience_s(c);

	switch (s->state) {
	case STREAM_CONNECTING:
	case STREAM_SECURING:
		return stream_age_s(s, s->since_us) >= c->limits.handshake_s ?
			   "handshake took too long" :
			   NULL;
	case STREAM_OPEN:
		if (io_waiting(&s->io) > 0 &&
		    stream_age_s(s, s->wrote_us) >= patience_s)
			return "the peer does not read";
		if (s->w->now.wall_us >= s->expires_us)
			return "the peer's certificate has expired";
		return s->class->overdue(s);
	case STREAM_ENDING:
		return stream_age_s(s, s->since_us) >= patience_s ? s->why :
								    NULL;
	case STREAM_CLOSED:
	case STREAM_STATE_N: break;
	}
	return NULL;
}

void
stream_sweep(struct conns *c)
{
	struct stream *s = c->all, *next;

	for (; s != NULL; s = next) {
		next = s->next;
		const char *why = overdue(s);
		if (why == NULL)
			continue;
		if (!s->admitted)
			stream_peer_refused(s, STREAM_REFUSED_LATE, why);
		stream_close(s, why);
	}
}
