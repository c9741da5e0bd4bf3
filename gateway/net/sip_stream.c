/*
 * sip_stream.c: see sip_stream.h.
 */
#include "net/sip_stream.h"

#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "codec/sip/sip_build.h"
#include "mcxgw/log.h"
#include "net/act.h"
#include "net/conns.h"
#include "net/sock.h"
#include "net/stream_peer.h"
#include "net/worker.h"

#define READS_MAX  4 /* TLS records, or reads, of one turn */
#define SENDS_CAP  (1u << 20)
#define SENDS_DROP (256 * sizeof(struct sip_stream_send))
#define REPLY_MAX  65536
#define SECOND_US  1000000u

static const char *const state_names[STREAM_STATE_N] = {
	[STREAM_CONNECTING] = "connecting",
	[STREAM_SECURING] = "securing",
	[STREAM_OPEN] = "open",
	[STREAM_ENDING] = "ending",
	[STREAM_CLOSED] = "closed",
};

const char *
sip_stream_state_name(enum sip_stream_state state)
{
	return state_names[state];
}

static void
set_state(struct sip_stream *s, enum sip_stream_state to)
{
	LOG_DEBUG("stream.state", kv_id("conn", s->id),
	    kv_text("from", state_names[s->state]),
	    kv_text("to", state_names[to]));
	s->state = to;
	s->since_us = s->w->now.mono_us;
}

static void
make_dirty(struct sip_stream *s)
{
	if (s->dirty)
		return;
	s->dirty = true;
	s->next_dirty = s->w->conns->dirty;
	s->w->conns->dirty = s;
}

static void
make_busy(struct sip_stream *s)
{
	if (s->busy)
		return;
	s->busy = true;
	s->next_busy = s->w->conns->busy;
	s->w->conns->busy = s;
}

/* ---- what core learns of messages that do not get out ---- */

static void
sends_done(struct sip_stream *s, uint64_t written)
{
	struct sip_stream_send one;

	while (s->sends_at < s->sends.len) {
		memcpy(&one, s->sends.p + s->sends_at, sizeof(one));
		if (one.end > written)
			return;
		s->sends_at += sizeof(one);
	}
	gw_buf_reset(&s->sends);
	s->sends_at = 0;
}

static void
sends_failed(struct sip_stream *s)
{
	struct sip_stream_send one;

	for (; s->sends_at < s->sends.len; s->sends_at += sizeof(one)) {
		memcpy(&one, s->sends.p + s->sends_at, sizeof(one));
		worker_failed(s->w, one.send_id);
	}
	gw_buf_reset(&s->sends);
	s->sends_at = 0;
}

void
sip_stream_close(struct sip_stream *s, const char *why)
{
	struct worker *w = s->w;
	char peer[CONF_ADDR_TEXT];

	if (s->state == STREAM_CLOSED)
		return;
	conf_addr_text(&s->peer, peer);
	LOG_(s->admitted ? GW_LOG_INFO : GW_LOG_DEBUG, "stream.closed",
	    kv_text("peer", peer),
	    kv_text("transport", conf_transport_name(s->transport)),
	    kv_text("system",
		s->admitted ? s->snap->conf->systems[s->system].base.id : "-"),
	    kv_text("state", state_names[s->state]), kv_text("why", why));
	if (s->admitted) {
		w->conns->per_system[s->system]--;
		worker_closed(w, s->id);
	} else {
		w->conns->opening--;
	}
	set_state(s, STREAM_CLOSED);
	io_close(&s->io);
	sends_failed(s);
	conns_bury(w->conns, s);
	metrics_set(&w->metrics, METRIC_CONNECTIONS, w->conns->n);
}

void
sip_stream_free(struct sip_stream *s)
{
	io_clear(&s->io);
	gw_buf_clear(&s->in);
	gw_buf_clear(&s->sends);
	snapshot_unref(s->snap);
	free(s);
}

/* ---- reading ---- */

static void
deliver(struct sip_stream *s, struct gw_span raw)
{
	struct core_flow flow = { s->id, s->transport, s->listener, s->system,
		s->peer };

	worker_tick(s->w);
	core_message(s->w->core, &flow, raw, 0, s->w->now);
	act(s->w);
}

static void
answer_ping(struct sip_stream *s)
{
	char crlf[] = "\r\n";
	struct iovec iov = { crlf, 2 };

	(void)sip_stream_send(s, &iov, 1, 2, 0);
}

/* The head of a message that cannot be framed; empty if it has no end. */
static struct gw_span
head_of(struct gw_span in)
{
	struct gw_span most = gw_span_sub(in, 0, SIP_HEAD_MAX);
	size_t end = gw_span_search(most, GW_SPAN("\r\n\r\n"));

	return gw_span_sub(in, 0, end < most.len ? end + 4 : 0);
}

/* A refusal that is too large ends its call all the same: who waits for it
 * gets one without what was in it. */
static void
stand_in(struct sip_stream *s, const struct sip_msg *m)
{
	const struct sip_reply reply = { .status = 502,
		.reason = "Response Too Large" };
	struct gw_buf out;

	gw_buf_init(&out, REPLY_MAX);
	sip_reply_build(&out, m, &reply);
	if (gw_buf_ok(&out))
		deliver(s, gw_buf_span(&out));
	gw_buf_clear(&out);
}

static void
answer_lost(struct sip_stream *s, struct gw_span in, enum gw_err why,
    const struct gw_fault *fault)
{
	struct sip_reply reply = { .status = why == GW_ELIMIT ? 513 : 400,
		.reason = why == GW_ELIMIT ? NULL : fault->why };
	struct gw_fault ignored = { 0, NULL };
	struct sip_msg m = { 0 };
	struct gw_buf out;

	/* Whether the rest of the head could be read changes nothing. */
	enum gw_err err = sip_msg_parse(head_of(in), &m, &ignored);
	if (err != GW_OK && ignored.why == NULL)
		return;
	if (m.status >= 300 && why == GW_ELIMIT)
		stand_in(s, &m);
	if (!m.answerable)
		return;
	gw_buf_init(&out, REPLY_MAX);
	sip_reply_build(&out, &m, &reply);
	if (gw_buf_ok(&out)) {
		struct iovec iov = { out.p, out.len };
		(void)sip_stream_send(s, &iov, 1, out.len, 0);
	}
	gw_buf_clear(&out);
}

/* Where a message ends is not known any more: answer if there is a head to
 * answer to (RFC 3261, 18.3), then close. */
static void
framing_lost(struct sip_stream *s, struct gw_span in, enum gw_err err,
    const struct gw_fault *fault)
{
	char peer[CONF_ADDR_TEXT];

	conf_addr_text(&s->peer, peer);
	LOG_WARN("sip.framing", kv_text("peer", peer),
	    kv_text("system", s->snap->conf->systems[s->system].base.id),
	    kv_num("at", fault->at), kv_text("why", fault->why));
	metrics_one(&s->w->metrics, METRIC_MALFORMED);
	answer_lost(s, in, err, fault);
	if (s->state == STREAM_OPEN) {
		set_state(s, STREAM_ENDING);
		make_dirty(s);
	}
}

/* Take whole frames from the front of in; the octets that were taken. */
static size_t
consume(struct sip_stream *s, struct gw_span in, unsigned *budget)
{
	size_t max = s->snap->conf->limits.message_max, at = 0;
	struct sip_frame frame;
	struct gw_fault fault = { 0, NULL };

	for (; *budget > 0 && s->state == STREAM_OPEN && at < in.len;
	     at += frame.len, --*budget) {
		struct gw_span rest = gw_span_sub(in, at, in.len);
		enum gw_err err =
		    sip_frame_next(&s->framer, rest, max, &frame, &fault);
		if (err == GW_EMORE)
			break;
		if (err != GW_OK) {
			framing_lost(s, rest, err, &fault);
			return in.len;
		}
		s->framer = (struct sip_framer){ 0 };
		switch (frame.kind) {
		case SIP_FRAME_MESSAGE:
			deliver(s, gw_span_sub(rest, 0, frame.len));
			break;
		case SIP_FRAME_PING: answer_ping(s); break;
		case SIP_FRAME_PONG: break;
		}
	}
	return at;
}

/* Octets that came: whole messages go straight to core, the rest is kept. */
static void
feed(struct sip_stream *s, struct gw_span in, unsigned *budget)
{
	bool kept = s->in.len > 0;
	size_t used;

	if (kept) {
		gw_buf_add(&s->in, in);
		in = gw_buf_span(&s->in);
	}
	used = gw_buf_ok(&s->in) ? consume(s, in, budget) : 0;
	if (kept)
		gw_buf_drop(&s->in, used);
	else
		gw_buf_add(&s->in, gw_span_sub(in, used, in.len));
	if (!gw_buf_ok(&s->in)) {
		sip_stream_close(s, "no memory");
		return;
	}
	if (used > 0 || !kept)
		s->since_us = s->w->now.mono_us;
	if (s->in.len == 0 && s->in.size > 0) {
		size_t cap = s->in.cap;
		gw_buf_clear(&s->in);
		gw_buf_init(&s->in, cap);
	}
}

/* Frames that the last turn had no time for. */
static void
feed_kept(struct sip_stream *s, unsigned *budget)
{
	struct gw_span none = { NULL, 0 };

	if (s->in.len > 0)
		feed(s, none, budget);
}

static const char *
why_broken(const struct sip_stream *s)
{
	return s->io.tls != NULL && s->io.tls->why[0] != '\0' ?
		   s->io.tls->why :
		   "connection reset";
}

/* With TLS 1.3 a client has finished before the server has looked at its
 * certificate: a refusal comes as the first thing that is read. */
static void
broken(struct sip_stream *s)
{
	if (s->io.tls != NULL && s->outbound && !s->heard)
		stream_peer_refused(s, why_broken(s));
	sip_stream_close(s, why_broken(s));
}

static void
pump(struct sip_stream *s)
{
	struct worker *w = s->w;
	unsigned budget = SIP_STREAM_MESSAGES_MAX;
	enum io_status st = IO_OK;

	if (!stream_peer_check(s))
		return;
	if (s->busy || s->in.len > 0)
		feed_kept(s, &budget);
	for (int i = 0; i < READS_MAX && budget > 0 && st == IO_OK &&
			s->state == STREAM_OPEN && !s->io.paused;
	     i++) {
		size_t got = 0;
		st = io_read(&s->io, w->read, WORKER_READ_MAX, &got);
		if (st != IO_OK)
			break;
		s->active_us = w->now.mono_us;
		s->heard = true;
		feed(s, (struct gw_span){ w->read, got }, &budget);
		if (s->io.tls == NULL || !io_pending(&s->io))
			break;
	}
	if (st == IO_EOF)
		sip_stream_close(s, "closed by the peer");
	else if (st == IO_BROKEN)
		broken(s);
	else if (s->state == STREAM_OPEN && !s->io.paused &&
		 (budget == 0 || (st == IO_OK && io_pending(&s->io))))
		make_busy(s);
}

/* ---- writing ---- */

static void
flush(struct sip_stream *s)
{
	bool paused = s->io.paused;
	uint64_t before = s->io.written;

	if (s->state != STREAM_OPEN && s->state != STREAM_ENDING)
		return;
	enum io_status st = io_flush(&s->io);
	if (s->io.written != before)
		s->active_us = s->wrote_us = s->w->now.mono_us;
	sends_done(s, s->io.written);
	if (st == IO_BROKEN || st == IO_EOF)
		sip_stream_close(s, why_broken(s));
	else if (s->state == STREAM_ENDING && st == IO_OK)
		io_end(&s->io);
	else if (paused && !s->io.paused) {
		s->since_us = s->w->now.mono_us;
		make_busy(s);
	}
}

enum gw_err
sip_stream_send(struct sip_stream *s, const struct iovec *iov, size_t n_iov,
    size_t len, uint64_t send_id)
{
	enum gw_err err = GW_EIO;
	struct sip_stream_send one = { send_id, 0 };

	if (io_waiting(&s->io) == 0)
		s->wrote_us = s->w->now.mono_us;
	if (s->state != STREAM_ENDING && s->state != STREAM_CLOSED)
		err = io_queue(&s->io, iov, n_iov, len);
	if (err == GW_ELIMIT)
		LOG_WARN("stream.full", kv_id("conn", s->id),
		    kv_num("waiting", io_waiting(&s->io)));
	if (err != GW_OK) {
		worker_failed(s->w, send_id);
		return err;
	}
	metrics_one(&s->w->metrics, METRIC_TX);
	if (s->sends_at >= SENDS_DROP) {
		gw_buf_drop(&s->sends, s->sends_at);
		s->sends_at = 0;
	}
	if (send_id != 0) {
		one.end = s->io.queued;
		gw_buf_add(&s->sends,
		    (struct gw_span){ (const uint8_t *)&one, sizeof(one) });
		s->sends.bad = false; /* core's timers will tell, too */
	}
	if (s->state == STREAM_OPEN)
		make_dirty(s);
	return GW_OK;
}

/* ---- setting up ---- */

static void
open_up(struct sip_stream *s)
{
	if (!stream_peer_admit(s)) {
		sip_stream_close(s, "refused");
		return;
	}
	set_state(s, STREAM_OPEN);
	metrics_set(&s->w->metrics, METRIC_CONNECTIONS, s->w->conns->n);
	s->active_us = s->w->now.mono_us;
	io_want_read(&s->io);
	make_dirty(s);
	make_busy(s); /* octets may have come with the handshake */
}

static void
shake_hands(struct sip_stream *s)
{
	enum io_status st = tls_handshake(s->io.tls);

	if (st == IO_OK) {
		open_up(s);
	} else if (st != IO_AGAIN) {
		stream_peer_refused(s, why_broken(s));
		sip_stream_close(s, "handshake failed");
	} else if (s->io.tls->wants_write) {
		io_want_write(&s->io);
	} else {
		io_want_read(&s->io);
	}
}

static void
connected(struct sip_stream *s)
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
		sip_stream_close(s, "connect failed");
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
discard(struct sip_stream *s, short what)
{
	size_t got;

	if (what & EV_WRITE)
		make_dirty(s);
	enum io_status st = io_read(&s->io, s->w->read, WORKER_READ_MAX, &got);
	if (st == IO_EOF || st == IO_BROKEN)
		sip_stream_close(s, "framing was lost");
}

static void
on_event(int fd, short what, void *arg)
{
	struct sip_stream *s = arg;

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
			pump(s);
		if (io_waiting(&s->io) > 0)
			make_dirty(s);
		break;
	case STREAM_ENDING: discard(s, what); break;
	case STREAM_CLOSED:
	case STREAM_STATE_N: break;
	}
}

/* SNI carries names, not addresses (RFC 6066, 3). */
static const char *
sni_of(const struct conf_hop *hop)
{
	struct conf_addr ip;

	if (hop == NULL || hop->tls_name == NULL ||
	    conf_addr_parse(gw_span_of(hop->tls_name), &ip))
		return NULL;
	return hop->tls_name;
}

static bool
start(struct sip_stream *s, const struct sip_stream_setup *setup)
{
	const struct conf_limits *limits = &s->snap->conf->limits;
	struct worker *w = s->w;

	if (!io_open(
		&s->io, w->base, setup->fd, limits->write_max, on_event, s))
		return false;
	if (s->transport == CONF_TLS)
		s->io.tls = tls_new(&netset_of(s->snap)->tls[s->tls], setup->fd,
		    !s->outbound, sni_of(s->hop));
	if ((s->transport == CONF_TLS && s->io.tls == NULL) ||
	    !conns_add(w->conns, s)) {
		io_close(&s->io);
		return false;
	}
	w->conns->opening++;
	return true;
}

struct sip_stream *
sip_stream_new(struct worker *w, const struct sip_stream_setup *setup)
{
	struct sip_stream *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		(void)close(setup->fd);
		return NULL;
	}
	s->w = w;
	s->transport = setup->transport;
	s->outbound = setup->outbound;
	s->peer = setup->peer;
	s->snap = snapshot_ref(setup->snap);
	s->listener = setup->listener;
	s->system = setup->system;
	s->tls = setup->tls;
	s->hop = setup->hop;
	s->since_us = s->active_us = s->wrote_us = w->now.mono_us;
	s->expires_us = INT64_MAX;
	gw_buf_init(&s->in,
	    (size_t)s->snap->conf->limits.message_max + WORKER_READ_MAX);
	gw_buf_init(&s->sends, SENDS_CAP);
	if (!start(s, setup)) {
		sip_stream_free(s);
		return NULL;
	}
	if (s->outbound) {
		io_want_write(&s->io);
	} else if (s->io.tls != NULL) {
		s->state = STREAM_SECURING;
		io_want_read(&s->io);
	} else {
		open_up(s);
	}
	metrics_set(&w->metrics, METRIC_CONNECTIONS, w->conns->n);
	return s;
}

/* ---- the end of a turn ---- */

void
sip_stream_run_busy(struct worker *w)
{
	struct sip_stream *s = w->conns->busy, *next;

	/* What becomes busy again has its turn in the next one. */
	w->conns->busy = NULL;
	for (; s != NULL; s = next) {
		next = s->next_busy;
		s->busy = false;
		if (s->state == STREAM_OPEN)
			pump(s);
	}
}

void
sip_stream_flush(struct worker *w)
{
	struct sip_stream *s = w->conns->dirty, *next;

	w->conns->dirty = NULL;
	for (; s != NULL; s = next) {
		next = s->next_dirty;
		s->dirty = false;
		flush(s);
	}
}

/* Only a CRLF has come: half a ping, or a whole pong. */
static bool
is_lone_crlf(const struct sip_stream *s)
{
	return s->in.len == 2 && s->in.p[0] == '\r' && s->in.p[1] == '\n';
}

static const char *
overdue(const struct sip_stream *s, struct gw_now now)
{
	const struct conf_limits *l = &s->snap->conf->limits;
	uint64_t state_s = (now.mono_us - s->since_us) / SECOND_US;

	switch (s->state) {
	case STREAM_CONNECTING:
	case STREAM_SECURING:
		return state_s >= l->handshake_s ? "handshake took too long" :
						   NULL;
	case STREAM_OPEN:
		if (s->in.len > 0 && !is_lone_crlf(s) && !s->busy &&
		    !s->io.paused && state_s >= l->message_s)
			return "message took too long";
		if (io_waiting(&s->io) > 0 &&
		    (now.mono_us - s->wrote_us) / SECOND_US >= l->message_s)
			return "the peer does not read";
		if (now.wall_us >= s->expires_us)
			return "the peer's certificate has expired";
		return (now.mono_us - s->active_us) / SECOND_US >= l->idle_s ?
			   "idle" :
			   NULL;
	case STREAM_ENDING:
		return state_s >= l->message_s ? "framing was lost" : NULL;
	case STREAM_CLOSED:
	case STREAM_STATE_N: break;
	}
	return NULL;
}

void
sip_stream_sweep(struct worker *w)
{
	struct sip_stream *s = w->conns->all, *next;

	for (; s != NULL; s = next) {
		next = s->next;
		const char *why = overdue(s, w->now);
		if (why == NULL)
			continue;
		if (!s->admitted)
			stream_peer_refused(s, why);
		sip_stream_close(s, why);
	}
}
