/*
 * sip_stream.c: see sip_stream.h.
 */
#include "net/sip_stream.h"

#include <stdlib.h>
#include <unistd.h>

#include "codec/sip/sip_build.h"
#include "mcxgw/log.h"
#include "net/act.h"
#include "net/conns.h"
#include "net/sock.h"
#include "net/stream_peer.h"
#include "net/tls_identity.h"
#include "net/worker.h"

#define SENDS_CAP  (1u << 20)
#define SENDS_DROP (256 * sizeof(struct sip_stream_send))
#define REPLY_MAX  65536

static struct sip_stream *
sip_of(struct stream *s)
{
	return (struct sip_stream *)s;
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
		worker_failed(s->s.w, one.send_id);
	}
	gw_buf_reset(&s->sends);
	s->sends_at = 0;
}

/* ---- reading ---- */

static void
deliver(struct sip_stream *s, struct gw_span raw)
{
	struct core_flow flow = { s->s.id, s->s.transport, s->s.listener,
		s->s.system, s->s.peer };

	worker_tick(s->s.w);
	core_message(s->s.w->core, &flow, raw, 0, s->s.w->now);
	act(s->s.w);
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

	conf_addr_text(&s->s.peer, peer);
	LOG_WARN("sip.framing", kv_text("peer", peer),
	    kv_text("system", s->s.snap->conf->systems[s->s.system].base.id),
	    kv_num("at", fault->at), kv_text("why", fault->why));
	metrics_one(&s->s.w->metrics, METRIC_MALFORMED);
	answer_lost(s, in, err, fault);
	stream_end(&s->s, "framing was lost");
}

/* Take whole frames from the front of in; the octets that were taken. */
static size_t
consume(struct sip_stream *s, struct gw_span in, unsigned *budget)
{
	size_t max = s->s.snap->conf->limits.message_max, at = 0;
	struct sip_frame frame;
	struct gw_fault fault = { 0, NULL };

	for (; *budget > 0 && s->s.state == STREAM_OPEN && at < in.len;
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
take(struct stream *stream, struct gw_span in, unsigned *budget)
{
	struct sip_stream *s = sip_of(stream);
	bool kept = s->in.len > 0;
	size_t used;

	if (in.len == 0 && !kept)
		return;
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
		stream_close(&s->s, "no memory");
		return;
	}
	if (used > 0 || !kept)
		s->s.since_us = s->s.w->now.mono_us;
	if (s->in.len == 0 && s->in.size > 0) {
		size_t cap = s->in.cap;
		gw_buf_clear(&s->in);
		gw_buf_init(&s->in, cap);
	}
}

/* ---- writing ---- */

enum gw_err
sip_stream_send(struct sip_stream *s, const struct iovec *iov, size_t n_iov,
    size_t len, uint64_t send_id)
{
	enum gw_err err = GW_EIO;
	struct sip_stream_send one = { send_id, 0 };

	if (io_waiting(&s->s.io) == 0)
		s->s.wrote_us = s->s.w->now.mono_us;
	if (s->s.state != STREAM_ENDING && s->s.state != STREAM_CLOSED)
		err = io_queue(&s->s.io, iov, n_iov, len);
	if (err == GW_ELIMIT)
		LOG_WARN("stream.full", kv_id("conn", s->s.id),
		    kv_num("waiting", io_waiting(&s->s.io)));
	if (err != GW_OK) {
		worker_failed(s->s.w, send_id);
		return err;
	}
	metrics_one(&s->s.w->metrics, METRIC_TX);
	if (s->sends_at >= SENDS_DROP) {
		gw_buf_drop(&s->sends, s->sends_at);
		s->sends_at = 0;
	}
	if (send_id != 0) {
		one.end = s->s.io.queued;
		gw_buf_add(&s->sends,
		    (struct gw_span){ (const uint8_t *)&one, sizeof(one) });
		s->sends.bad = false; /* core's timers will tell, too */
	}
	if (s->s.state == STREAM_OPEN)
		stream_make_dirty(&s->s);
	return GW_OK;
}

static void
written(struct stream *s)
{
	sends_done(sip_of(s), s->io.written);
}

/* ---- one connection ---- */

/* A connection that the peer opened can serve a next hop only if it comes
 * from that very address, and shows what the hop must show. */
static void
opened(struct stream *stream)
{
	struct sip_stream *s = sip_of(stream);
	const struct conf_system *sys = &s->s.snap->conf->systems[s->s.system];
	struct tls_identity id = { 0 };

	if (stream->outbound ||
	    (stream->io.tls != NULL &&
		tls_identity_read(tls_peer(stream->io.tls), &id) != GW_OK))
		return;
	for (size_t i = 0; i < sys->n_hops && s->hop == NULL; i++) {
		const struct conf_hop *h = &sys->hops[i];
		if (h->transport == stream->transport &&
		    sock_addr_eq(&h->addr, &stream->peer) &&
		    (h->tls_name == NULL || stream->io.tls == NULL ||
			tls_identity_has(&id, gw_span_of(h->tls_name))))
			s->hop = h;
	}
}

static void
ended(struct stream *s)
{
	stream_close(s, "closed by the peer");
}

/* Only a CRLF has come: half a ping, or a whole pong. */
static bool
is_lone_crlf(const struct sip_stream *s)
{
	return s->in.len == 2 && s->in.p[0] == '\r' && s->in.p[1] == '\n';
}

static const char *
overdue(struct stream *stream)
{
	const struct sip_stream *s = sip_of(stream);
	const struct conf_limits *l = &stream->snap->conf->limits;

	if (s->in.len > 0 && !is_lone_crlf(s) && !stream->busy &&
	    !stream->io.paused &&
	    stream_age_s(stream, stream->since_us) >= l->message_s)
		return "message took too long";
	return stream_age_s(stream, stream->active_us) >= l->idle_s ? "idle" :
								      NULL;
}

static void
closed(struct stream *s, const char *why)
{
	(void)why;
	if (s->admitted)
		worker_closed(s->w, s->id);
	sends_failed(sip_of(s));
}

static void
clear(struct stream *stream)
{
	struct sip_stream *s = sip_of(stream);

	gw_buf_clear(&s->in);
	gw_buf_clear(&s->sends);
}

static const char *
listener(const struct conf *c, uint16_t i, uint16_t *system)
{
	if (i >= c->n_listeners)
		return NULL;
	*system = c->listeners[i].system;
	return c->listeners[i].id;
}

static uint32_t
patience_s(const struct conf *c)
{
	return c->limits.message_s;
}

/* May the connection use l?  One that was accepted was let in under the TLS
 * settings of its listener. */
static bool
may_use(const struct stream *s, const struct conf *to,
    const struct conf_listener *l)
{
	return s->outbound || stream_peer_same_tls(s, to, l->tls);
}

/* The listener whose name the connection uses: the same one, else another
 * that can stand for it; UINT16_MAX if there is none. */
static uint16_t
next_listener(
    const struct stream *s, const struct snapshot *to, uint16_t system)
{
	const struct conf *c = to->conf;
	uint16_t same = act_listener(s->snap, s->listener, to);

	if (same != UINT16_MAX && may_use(s, c, &c->listeners[same]))
		return same;
	for (size_t i = 0; i < c->n_listeners; i++) {
		const struct conf_listener *l = &c->listeners[i];
		if (l->transport == s->transport && may_use(s, c, l) &&
		    (l->system == system ||
			(s->io.tls != NULL && l->system == GW_SYSTEM_NONE)))
			return (uint16_t)i;
	}
	return UINT16_MAX;
}

static const struct conf_hop *
next_hop(const struct sip_stream *s, const struct conf_system *sys)
{
	for (size_t i = 0; s->hop != NULL && i < sys->n_hops; i++) {
		const struct conf_hop *h = &sys->hops[i];
		if (sock_addr_eq(&h->addr, &s->hop->addr) &&
		    h->transport == s->hop->transport &&
		    stream_peer_same_name(h->tls_name, s->hop->tls_name))
			return h;
	}
	return NULL;
}

static const char *
move(struct stream *stream, const struct snapshot *to, uint16_t system)
{
	struct sip_stream *s = sip_of(stream);
	const struct conf_system *sys = NULL;

	if (system != GW_SYSTEM_NONE)
		sys = &to->conf->systems[system];
	stream->listener = next_listener(stream, to, system);
	s->hop = sys == NULL ? NULL : next_hop(s, sys);
	stream->tls_name =
	    stream->outbound && s->hop != NULL ? s->hop->tls_name : NULL;
	if (stream->listener == UINT16_MAX)
		return "its listener is gone, or has other TLS settings";
	if (s->hop != NULL && stream->outbound &&
	    !stream_peer_same_tls(stream, to->conf, s->hop->tls))
		return "its next hop has other TLS settings";
	if (stream->outbound && sys != NULL &&
	    !conf_system_reaches(sys, &stream->peer))
		return "the address is out of the system's reach now";
	return NULL;
}

static const struct stream_class sip = {
	.connections = METRIC_CONNECTIONS,
	.refused = { METRIC_REFUSED_CONNECTIONS, METRIC_REFUSED_CONNECTIONS,
	    METRIC_REFUSED_CONNECTIONS, METRIC_REFUSED_CONNECTIONS,
	    METRIC_REFUSED_CONNECTIONS },
	.opened = opened,
	.take = take,
	.ended = ended,
	.written = written,
	.overdue = overdue,
	.closed = closed,
	.clear = clear,
	.listener = listener,
	.patience_s = patience_s,
	.move = move,
};

struct sip_stream *
sip_stream_new(struct worker *w, const struct stream_setup *setup,
    const struct conf_hop *hop)
{
	const struct conf_limits *limits = &setup->snap->conf->limits;
	struct sip_stream *s = calloc(1, sizeof(*s));
	struct stream_setup all = *setup;

	if (s == NULL) {
		(void)close(setup->fd);
		return NULL;
	}
	all.write_max = limits->write_max;
	all.tls_name = hop == NULL ? NULL : hop->tls_name;
	s->hop = hop;
	gw_buf_init(&s->in, (size_t)limits->message_max + WORKER_READ_MAX);
	gw_buf_init(&s->sends, SENDS_CAP);
	if (stream_start(&s->s, w, w->conns, &sip, &all))
		return s;
	free(s);
	return NULL;
}

struct sip_stream *
sip_stream_find(const struct worker *w, uint64_t id)
{
	return sip_of(conns_find(w->conns, id));
}
