/*
 * http_conn.c: see http_conn.h.
 */
#include "net/http/http_conn.h"

#include <stdlib.h>
#include <unistd.h>

#include "mcxgw/log.h"
#include "net/act.h"
#include "net/conns.h"
#include "net/dial.h"
#include "net/http/http_proto.h"
#include "net/sock.h"
#include "net/stream_peer.h"
#include "net/worker.h"

#define PREFACE_LEN 24
/* A buffer that has grown so large is not kept for the next connection. */
#define OUT_KEPT (2 * HTTP_OUT_HIGH)

struct http_conn {
	struct stream s;
	const struct http_proto_class *class; /* NULL: not known yet */
	struct http_proto *p;
	const struct http_events *ev; /* accepted */
	const struct http_conn_user *user; /* outbound */
	void *arg;
	const struct conf_endpoint *endpoint; /* outbound; NULL: gone */
	uint8_t head[PREFACE_LEN]; /* of a plain connection, until it tells */
	size_t n_head;
	bool opened; /* the user knows */
	bool ending;
	bool more; /* not all was pulled */
	bool asked; /* for a sign of life, at asked_us */
	uint64_t begun_us; /* a message of the peer's began */
	uint64_t used_us; /* a message last came or went */
	uint64_t lapsed_us, asked_us, ended_us;
};

struct http_conn *
http_conn_of(struct stream *s)
{
	return (struct http_conn *)s;
}

struct stream *
http_conn_stream(struct http_conn *c)
{
	return &c->s;
}

const char *
http_conn_protocol(const struct http_conn *c)
{
	return c->class == NULL ? "-" : c->class->alpn;
}

static uint64_t
now_us(const struct http_conn *c)
{
	return c->s.w->now.mono_us;
}

static void
used(struct http_conn *c)
{
	c->used_us = c->begun_us = now_us(c);
}

/* ---- events of the protocol ---- */

static void
on_request(void *arg, uint64_t stream, const struct gw_http_request *r)
{
	struct http_conn *c = arg;

	used(c);
	c->ev->request(c, stream, r);
}

static void
on_gone(void *arg, uint64_t stream)
{
	struct http_conn *c = arg;

	c->ev->gone(c, stream);
}

static void
on_response(void *arg, uint64_t ticket, const struct gw_http_response *r)
{
	struct http_conn *c = arg;

	used(c);
	c->user->response(c->arg, c, ticket, r);
}

static void
on_failed(void *arg, uint64_t ticket, bool untouched, const char *why)
{
	struct http_conn *c = arg;

	c->user->failed(c->arg, c, ticket, untouched, why);
}

static const struct http_events events = { on_request, on_gone, on_response,
	on_failed };

/* ---- octets ---- */

static void
tell_ending(struct http_conn *c)
{
	bool told = c->ending;

	c->ending = true;
	c->ended_us = told ? c->ended_us : now_us(c);
	if (!told && c->opened)
		c->user->ending(c->arg, c);
}

/* One that is not open yet closes when it opens. */
void
http_conn_end(struct http_conn *c)
{
	if (c->ending || c->s.state == STREAM_CLOSED)
		return;
	c->ending = true;
	c->ended_us = now_us(c);
	if (c->p == NULL)
		return;
	c->class->end(c->p);
	stream_make_dirty(&c->s);
}

static bool
speak(struct http_conn *c, const struct http_proto_class *class)
{
	const struct conf_lookups *l = &c->s.snap->conf->lookups;
	const struct http_limits limits = {
		.streams = l->streams < HTTP_STREAMS_MAX ? l->streams :
							   HTTP_STREAMS_MAX,
		.body = GW_HTTP_BODY_MAX,
	};

	c->p = class->make(!c->s.outbound, &limits, &events, c);
	if (c->p == NULL) {
		stream_close(&c->s, "no memory");
		return false;
	}
	c->class = class;
	stream_make_dirty(&c->s);
	if (c->s.w->draining && !c->s.outbound)
		http_conn_end(c);
	return true;
}

static void
opened(struct stream *s)
{
	struct http_conn *c = http_conn_of(s);
	bool h2 = false;

	if (c->ending) {
		stream_close(s, "not needed any more");
		return;
	}
	if (s->io.tls != NULL)
		h2 = gw_span_eq(tls_alpn(s->io.tls), GW_SPAN("h2"));
	else if (!s->outbound)
		return; /* its first octets tell */
	if (!speak(c, h2 ? &http2_class : &http1_class) || !s->outbound)
		return;
	c->opened = true;
	c->user->open(c->arg, c);
}

/* Messages that were read too badly to go on: what the peer is to be told
 * (GOAWAY, 400) is written before the end. */
static void
broken(struct http_conn *c, const char *why)
{
	struct worker *w = c->s.w;
	char peer[CONF_ADDR_TEXT];

	conf_addr_text(&c->s.peer, peer);
	LOG_WARN("http.broken", kv_text("peer", peer),
	    kv_text("system", c->s.snap->conf->systems[c->s.system].base.id),
	    kv_text("protocol", c->class->alpn), kv_text("why", why));
	metrics_one(&w->metrics, METRIC_HTTP_BROKEN);
	tell_ending(c);
	gw_buf_reset(&w->http_out);
	if (c->class->pull(c->p, &w->http_out) == GW_OK &&
	    io_put(&c->s.io, gw_buf_span(&w->http_out)) == GW_OK)
		stream_end(&c->s, why);
	else
		stream_close(&c->s, why);
}

static void
feed(struct http_conn *c, struct gw_span in)
{
	bool read = c->class->phase(c->p) == HTTP_READING;
	const char *why = NULL;
	enum gw_err err;

	c->asked = false;
	err = c->class->feed(c->p, in, &why);
	if (c->s.state != STREAM_OPEN)
		return;
	if (err != GW_OK) {
		broken(c, why);
		return;
	}
	if (!read)
		c->begun_us = now_us(c);
	stream_make_dirty(&c->s);
}

/* The first octets of a plain connection: the preface of HTTP/2 (RFC 9113,
 * 3.4), or HTTP/1.1.  No method of the latter begins as the preface does. */
static void
tell_apart(struct http_conn *c, struct gw_span in)
{
	static const struct gw_span preface =
	    GW_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	size_t had = c->n_head;
	struct gw_span more = gw_span_sub(in, 0, PREFACE_LEN - had);
	const struct http_proto_class *class = &http2_class;

	memcpy(c->head + had, more.p, more.len);
	c->n_head += more.len;
	if (memcmp(c->head, preface.p, c->n_head) != 0)
		class = &http1_class;
	else if (c->n_head < PREFACE_LEN)
		return;
	if (!speak(c, class))
		return;
	if (had > 0)
		feed(c, (struct gw_span){ c->head, had });
	if (c->s.state == STREAM_OPEN)
		feed(c, in);
}

static void
take(struct stream *s, struct gw_span in, unsigned *budget)
{
	struct http_conn *c = http_conn_of(s);

	(void)budget; /* one read is the measure */
	if (in.len == 0)
		return;
	if (c->p != NULL)
		feed(c, in);
	else
		tell_apart(c, in);
}

static void
ended(struct stream *s)
{
	struct http_conn *c = http_conn_of(s);

	if (c->p == NULL) {
		stream_close(s, "closed by the peer");
		return;
	}
	io_stop_reading(&s->io);
	tell_ending(c);
	feed(c, (struct gw_span){ NULL, 0 });
}

static void
fill(struct stream *s)
{
	struct http_conn *c = http_conn_of(s);
	struct gw_buf *out = &s->w->http_out;

	if (c->p == NULL)
		return;
	c->more = io_waiting(&s->io) >= HTTP_OUT_HIGH;
	if (c->more)
		return;
	gw_buf_reset(out);
	if (io_waiting(&s->io) == 0)
		s->wrote_us = now_us(c);
	if (c->class->pull(c->p, out) != GW_OK ||
	    io_put(&s->io, gw_buf_span(out)) != GW_OK) {
		stream_close(s, "no memory");
		return;
	}
	if (out->len > 0)
		s->active_us = now_us(c);
	c->more = out->len >= HTTP_OUT_HIGH;
	if (out->size > OUT_KEPT)
		gw_buf_clear(out);
	if (c->class->done(c->p)) {
		tell_ending(c);
		stream_end(s, c->s.io.deaf ? "closed by the peer" : "ended");
	}
}

static void
written(struct stream *s)
{
	const struct http_conn *c = http_conn_of(s);

	if (c->more && io_waiting(&s->io) < HTTP_OUT_HIGH)
		stream_make_dirty(s);
}

/* ---- deadlines ---- */

static const char *
no_sign_of_life(struct http_conn *c)
{
	struct stream *s = &c->s;

	if (!c->asked && stream_age_s(s, s->active_us) >= HTTP_CONN_SILENT_S &&
	    c->class->ping(c->p)) {
		c->asked = true;
		c->asked_us = now_us(c);
		stream_make_dirty(s);
	}
	return c->asked && stream_age_s(s, c->asked_us) >=
			       s->snap->conf->limits.handshake_s ?
		   "no sign of life" :
		   NULL;
}

static void
lapse(struct http_conn *c)
{
	uint32_t request_s = c->s.snap->conf->lookups.request_s;

	if (c->class->lapse == NULL ||
	    (now_us(c) - c->lapsed_us) * HTTP_LAPSES <
		(uint64_t)request_s * 1000000)
		return;
	c->lapsed_us = now_us(c);
	c->class->lapse(c->p);
	stream_make_dirty(&c->s);
}

static const char *
overdue(struct stream *s)
{
	struct http_conn *c = http_conn_of(s);
	const struct conf *conf = s->snap->conf;
	const struct conf_lookups *l = &conf->lookups;

	if (!s->outbound && (c->p == NULL || !s->heard) &&
	    stream_age_s(s, s->since_us) >= conf->limits.handshake_s)
		return "no request came";
	if (c->p == NULL)
		return NULL;
	if (c->ending && stream_age_s(s, c->ended_us) >= l->request_s)
		return "its end took too long";
	lapse(c);
	switch (c->class->phase(c->p)) {
	case HTTP_IDLE:
		if (!c->ending && stream_age_s(s, c->used_us) >= l->idle_s) {
			http_conn_end(c);
			if (c->opened)
				c->user->ending(c->arg, c);
		}
		return NULL;
	case HTTP_READING:
		c->used_us = now_us(c);
		return c->class->lapse == NULL && !s->busy &&
			       stream_age_s(s, c->begun_us) >= l->request_s ?
			   "message took too long" :
			   NULL;
	case HTTP_WORKING: c->used_us = now_us(c); return no_sign_of_life(c);
	}
	return NULL;
}

/* ---- one connection ---- */

/* The reason outlives the connection in what hears of it. */
static const char *
lasting(const struct stream *s, const char *why)
{
	return s->io.tls != NULL && why == s->io.tls->why ?
		   "the connection broke" :
		   why;
}

static void
closed(struct stream *s, const char *why)
{
	struct http_conn *c = http_conn_of(s);

	c->ending = true; /* nothing more is asked, nobody is told twice */
	if (c->p != NULL)
		c->class->cut(c->p, lasting(s, why));
	if (c->user != NULL)
		c->user->closed(c->arg, c, c->opened, why);
}

static void
clear(struct stream *s)
{
	struct http_conn *c = http_conn_of(s);

	if (c->p != NULL)
		c->class->free(c->p);
}

static const char *
listener(const struct conf *c, uint16_t i, uint16_t *system)
{
	if (i >= c->n_http_listeners)
		return NULL;
	*system = c->http_listeners[i].system;
	return c->http_listeners[i].id;
}

static uint32_t
patience_s(const struct conf *c)
{
	return c->lookups.request_s;
}

/* The same listener, else another that can stand for it; either has the TLS
 * settings under which the peer was let in. */
static uint16_t
next_listener(const struct stream *s, const struct conf *to, uint16_t system)
{
	const struct conf_http_listener *old =
	    &s->snap->conf->http_listeners[s->listener];
	uint16_t other = UINT16_MAX;

	for (size_t i = 0; i < to->n_http_listeners; i++) {
		const struct conf_http_listener *l = &to->http_listeners[i];
		if (!stream_peer_same_tls(s, to, l->tls))
			continue;
		if (sock_addr_eq(&l->addr, &old->addr))
			return (uint16_t)i;
		if (l->system == system || l->system == GW_SYSTEM_NONE)
			other = (uint16_t)i;
	}
	return other;
}

static const struct conf_endpoint *
next_endpoint(const struct http_conn *c, const struct conf *to, uint16_t system)
{
	const struct conf_endpoint *old = c->endpoint;

	for (size_t i = 0; i < to->n_endpoints; i++) {
		const struct conf_endpoint *e = to->endpoints[i];
		if (to->services[e->service]->system == system &&
		    sock_addr_eq(&e->addr, &old->addr) &&
		    stream_peer_same_tls(&c->s, to, e->tls) &&
		    stream_peer_same_name(e->tls_name, old->tls_name))
			return e;
	}
	return NULL;
}

static const char *
move(struct stream *s, const struct snapshot *to, uint16_t system)
{
	struct http_conn *c = http_conn_of(s);

	if (!s->outbound) {
		s->listener = next_listener(s, to->conf, system);
		return s->listener == UINT16_MAX ? "its listener is gone" :
						   NULL;
	}
	c->endpoint = next_endpoint(c, to->conf, system);
	if (c->endpoint == NULL)
		return "its endpoint is gone";
	s->tls_name = c->endpoint->tls_name;
	stream_make_busy(s); /* its certificate is looked at this turn */
	return NULL;
}

static const struct stream_class http = {
	.http = true,
	.connections = METRIC_HTTP_CONNECTIONS,
	.refused = { METRIC_HTTP_REFUSED_TLS, METRIC_HTTP_REFUSED_NAME,
	    METRIC_HTTP_REFUSED_LIMIT, METRIC_HTTP_REFUSED_LATE,
	    METRIC_HTTP_REFUSED_SETTINGS },
	.opened = opened,
	.take = take,
	.ended = ended,
	.fill = fill,
	.written = written,
	.overdue = overdue,
	.closed = closed,
	.clear = clear,
	.listener = listener,
	.patience_s = patience_s,
	.move = move,
};

static struct http_conn *
http_conn_new(struct worker *w)
{
	struct http_conn *c = calloc(1, sizeof(*c));

	if (c != NULL)
		c->begun_us = c->used_us = c->lapsed_us = w->now.mono_us;
	return c;
}

static struct http_conn *
start(struct http_conn *c, struct worker *w, const struct stream_setup *setup)
{
	if (c == NULL) {
		(void)close(setup->fd);
		return NULL;
	}
	if (!stream_start(&c->s, w, w->http, &http, setup)) {
		free(c);
		return NULL;
	}
	c->s.io.high = HTTP_OUT_HIGH;
	return c;
}

struct http_conn *
http_conn_accept(struct worker *w, const struct stream_setup *setup,
    const struct http_events *ev)
{
	struct http_conn *c = http_conn_new(w);
	struct stream_setup all = *setup;

	all.write_max = HTTP_CONN_OUT_MAX;
	if (c != NULL)
		c->ev = ev;
	return start(c, w, &all);
}

struct http_conn *
http_conn_dial(struct worker *w, const struct conf_endpoint *e,
    const struct http_conn_user *user, void *arg)
{
	const struct conf *conf = w->snap->conf;
	const struct stream_setup setup = { .fd = dial_endpoint(w, e),
		.outbound = true,
		.transport = e->tls == UINT16_MAX ? CONF_TCP : CONF_TLS,
		.peer = e->addr,
		.snap = w->snap,
		.listener = UINT16_MAX,
		.system = conf->services[e->service]->system,
		.tls = e->tls,
		.tls_name = e->tls_name,
		.write_max = HTTP_CONN_OUT_MAX };
	struct http_conn *c;

	if (setup.fd < 0)
		return NULL;
	c = http_conn_new(w);
	if (c != NULL) {
		c->user = user;
		c->arg = arg;
		c->endpoint = e;
	}
	return start(c, w, &setup);
}

/* ---- messages ---- */

static bool
is_ready(const struct http_conn *c)
{
	return c->s.state == STREAM_OPEN && c->opened && !c->ending;
}

uint32_t
http_conn_room(const struct http_conn *c)
{
	return is_ready(c) && !c->s.check ? c->class->room(c->p) : 0;
}

enum gw_err
http_conn_ask(
    struct http_conn *c, uint64_t ticket, const struct gw_http_request *r)
{
	if (!is_ready(c))
		return GW_EUNSUPPORTED;
	/* Its certificate has not been looked at under the new settings. */
	if (c->s.check)
		return GW_ELIMIT;
	c->used_us = now_us(c);
	stream_make_dirty(&c->s);
	return c->class->ask(c->p, ticket, r, c->s.io.tls != NULL);
}

void
http_conn_drop(struct http_conn *c, uint64_t ticket)
{
	if (c->p == NULL || c->s.state == STREAM_CLOSED)
		return;
	c->class->drop(c->p, ticket);
	stream_make_dirty(&c->s);
}

enum gw_err
http_conn_answer(
    struct http_conn *c, uint64_t stream, const struct gw_http_response *r)
{
	if (c->p == NULL || c->s.state != STREAM_OPEN)
		return GW_OK; /* nobody is there */
	c->used_us = now_us(c);
	stream_make_dirty(&c->s);
	return c->class->answer(c->p, stream, r);
}

void
http_conn_close(struct http_conn *c, const char *why)
{
	stream_close(&c->s, why);
}
