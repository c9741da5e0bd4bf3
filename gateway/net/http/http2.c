/*
 * http2.c: HTTP/2 (RFC 9113) over nghttp2, as server and as client.
 */
#include <stdlib.h>

#include "net/http/http2_session.h"
#include "net/http/http2_write.h"

#define SETTINGS_MAX  16 /* entries of one frame */
#define ACKS_MAX      128 /* that may wait to be written */
#define CONTINUATIONS 8 /* frames of one header */
/* Resets by the peer: so many at once, then so many each second. */
#define RESETS_BURST 512
#define RESETS_RATE  64
#define PEER_STREAMS 100 /* until its SETTINGS tell */

static enum gw_err
http2_answer(
    struct http_proto *p, uint64_t stream, const struct gw_http_response *r)
{
	struct http2_stream *s =
	    stream <= INT32_MAX ? http2_session_find(p, (int32_t)stream) : NULL;
	struct http2_write w = { .s = s };
	nghttp2_data_provider body;
	enum gw_err err;
	int rv;

	if (s == NULL || !s->owed)
		return GW_OK;
	s->owed = false;
	s->lapses = 0;
	err = http2_write_response(&w, r);
	if (err != GW_OK) {
		s->sent = true;
		http2_session_reset(p, s, NGHTTP2_INTERNAL_ERROR);
		return err;
	}
	rv = nghttp2_submit_response(
	    p->session, s->id, w.nv, w.n, http2_write_body(&w, &body));
	http2_session_submitted(p, rv);
	return rv == 0 ? GW_OK : GW_ENOMEM;
}

static uint32_t
http2_room(const struct http_proto *p)
{
	uint32_t max = nghttp2_session_get_remote_settings(
	    p->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

	if (p->ending || p->peer_ends || p->broken ||
	    nghttp2_session_check_request_allowed(p->session) == 0)
		return 0;
	if (max > p->limits.streams)
		max = p->limits.streams;
	return max > p->n_open ? max - p->n_open : 0;
}

static enum gw_err
http2_ask(struct http_proto *p, uint64_t ticket,
    const struct gw_http_request *r, bool secure)
{
	struct http2_stream *s;
	nghttp2_data_provider body;
	enum gw_err err;

	if (p->ending || p->peer_ends || p->broken)
		return GW_EUNSUPPORTED;
	if (http2_room(p) == 0)
		return GW_ELIMIT;
	s = http2_session_open(p, 0);
	if (s == NULL)
		return GW_ENOMEM;
	struct http2_write w = { .s = s };
	err = http2_write_request(&w, r, secure);
	if (err == GW_OK) {
		s->id = nghttp2_submit_request(p->session, NULL, w.nv, w.n,
		    http2_write_body(&w, &body), s);
		http2_session_submitted(p, s->id);
		if (s->id == NGHTTP2_ERR_NOMEM)
			err = GW_ENOMEM;
		else if (s->id < 0)
			err = GW_EUNSUPPORTED; /* all numbers are used */
	}
	if (err != GW_OK) {
		http2_session_close(p, s);
		return err;
	}
	s->ticket = ticket;
	s->owed = true;
	return GW_OK;
}

static void
http2_drop(struct http_proto *p, uint64_t ticket)
{
	struct http2_stream *s = p->open;

	while (s != NULL && (s->ticket != ticket || !s->owed))
		s = s->next;
	if (s == NULL)
		return;
	s->owed = false;
	s->deaf = true;
	http2_session_forget(p, s);
	http2_session_reset(p, s, NGHTTP2_CANCEL);
}

/* ---- the connection ---- */

/* The peer has ended its side: what it has begun will not become whole, and a
 * client hears of no answer any more. */
static void
half_closed(struct http_proto *p)
{
	p->peer_ends = p->final = true;
	if (!p->server) {
		http2_session_cut(p, "closed by the peer");
		return;
	}
	for (struct http2_stream *s = p->open; s != NULL; s = s->next) {
		if (s->whole || s->deaf)
			continue;
		s->deaf = true;
		http2_session_reset(p, s, NGHTTP2_CANCEL);
	}
}

static enum gw_err
broken(struct http_proto *p, ssize_t rv, const char **why)
{
	if (p->why == NULL)
		p->why = nghttp2_strerror((int)rv);
	if (p->nomem || rv == NGHTTP2_ERR_NOMEM)
		p->why = "no memory";
	*why = p->why;
	http2_session_cut(p, p->why);
	if (p->nomem || rv == NGHTTP2_ERR_NOMEM)
		return GW_ENOMEM;
	return rv < 0 && rv != NGHTTP2_ERR_FLOODED ? GW_EMALFORMED : GW_ELIMIT;
}

static enum gw_err
http2_feed(struct http_proto *p, struct gw_span octets, const char **why)
{
	ssize_t rv;

	p->quiet = false;
	if (octets.len == 0) {
		half_closed(p);
		return GW_OK;
	}
	if (p->broken)
		return broken(p, 0, why);
	rv = nghttp2_session_mem_recv(p->session, octets.p, octets.len);
	return rv < 0 || p->broken || p->nomem ? broken(p, rv, why) : GW_OK;
}

static enum gw_err
http2_pull(struct http_proto *p, struct gw_buf *out)
{
	const uint8_t *octets;
	ssize_t n = 1;

	while (out->len < HTTP_OUT_HIGH && n > 0) {
		n = nghttp2_session_mem_send(p->session, &octets);
		if (n > 0)
			gw_buf_add(out, (struct gw_span){ octets, (size_t)n });
		/* A client's GOAWAY comes after its last question. */
		if (n != 0 || p->server || !p->ending || p->final)
			continue;
		http2_session_last_word(p);
		n = 1;
	}
	if (n < 0 || p->nomem || !gw_buf_ok(out)) {
		http2_session_cut(p, "no memory");
		return GW_ENOMEM;
	}
	if (n == 0) {
		p->quiet = true;
		http2_session_reap(p);
	}
	return GW_OK;
}

static void
http2_end(struct http_proto *p)
{
	if (p->ending || p->final || p->broken)
		return;
	p->ending = true;
	p->quiet = false;
	if (!p->server)
		return;
	http2_session_submitted(p, nghttp2_submit_shutdown_notice(p->session));
	http2_session_submitted(
	    p, nghttp2_submit_ping(p->session, NGHTTP2_FLAG_NONE, NULL));
}

static bool
http2_ping(struct http_proto *p)
{
	http2_session_submitted(
	    p, nghttp2_submit_ping(p->session, NGHTTP2_FLAG_NONE, NULL));
	return true;
}

static void
too_late(struct http_proto *p, struct http2_stream *s)
{
	/* Nothing else can be read before a header that has begun ends. */
	if (!s->headed) {
		http2_session_break(
		    p, NGHTTP2_ENHANCE_YOUR_CALM, "a header took too long");
		return;
	}
	s->deaf = s->sent = true;
	http2_session_forget(p, s);
	http2_session_reset(p, s, NGHTTP2_CANCEL);
	http2_session_strike(p);
}

static void
http2_lapse(struct http_proto *p)
{
	p->noise = p->resets = 0;
	if (p->open == NULL)
		http2_session_shrink(p);
	for (struct http2_stream *s = p->open; s != NULL && p->server;
	     s = s->next) {
		bool waits = s->whole ? !s->owed && !s->sent : !s->deaf;
		if (waits && ++s->lapses > HTTP_LAPSES)
			too_late(p, s);
	}
}

static enum http_phase
http2_phase(const struct http_proto *p)
{
	if (p->n_open == 0)
		return HTTP_IDLE;
	for (const struct http2_stream *s = p->open; s != NULL && p->server;
	     s = s->next)
		if (!s->whole && !s->deaf)
			return HTTP_READING;
	return HTTP_WORKING;
}

static bool
http2_done(const struct http_proto *p)
{
	if (!p->quiet || p->broken)
		return p->quiet;
	return p->n_open == 0 && p->final && (p->ending || p->peer_ends);
}

static void
http2_free(struct http_proto *p)
{
	if (p == NULL)
		return;
	/* Closing its streams is nobody's event any more. */
	p->broken = true;
	for (struct http2_stream *s = p->open; s != NULL; s = s->next)
		s->owed = false;
	nghttp2_session_del(p->session);
	http2_session_clear(p);
	free(p);
}

static nghttp2_option *
options(void)
{
	nghttp2_option *o = NULL;

	if (nghttp2_option_new(&o) != 0)
		return NULL;
	nghttp2_option_set_no_auto_window_update(o, 1);
	nghttp2_option_set_no_closed_streams(o, 1);
	nghttp2_option_set_max_reserved_remote_streams(o, 0);
	nghttp2_option_set_peer_max_concurrent_streams(o, PEER_STREAMS);
	nghttp2_option_set_max_outbound_ack(o, ACKS_MAX);
	nghttp2_option_set_max_settings(o, SETTINGS_MAX);
	nghttp2_option_set_max_continuations(o, CONTINUATIONS);
	nghttp2_option_set_stream_reset_rate_limit(
	    o, RESETS_BURST, RESETS_RATE);
	return o;
}

/* What we tell the peer first. */
static bool
introduce(struct http_proto *p)
{
	const nghttp2_settings_entry entries[] = {
		{ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
		    p->server ? p->limits.streams : 0 },
		/* One more than may come, so that too much is seen. */
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, p->limits.body + 1 },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HTTP_FIELDS_OCTETS },
		{ NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 },
	};

	return nghttp2_submit_settings(p->session, NGHTTP2_FLAG_NONE, entries,
		   GW_COUNT(entries)) == 0 &&
	       nghttp2_session_set_local_window_size(
		   p->session, NGHTTP2_FLAG_NONE, 0, HTTP2_HELD_MAX) == 0;
}

static struct http_proto *
http2_new(bool server, const struct http_limits *l,
    const struct http_events *ev, void *arg)
{
	struct http_proto *p = calloc(1, sizeof(*p));
	nghttp2_option *o = options();
	nghttp2_session_callbacks *c = http2_session_callbacks();
	int rv = NGHTTP2_ERR_NOMEM;

	if (p != NULL && o != NULL && c != NULL) {
		p->server = server;
		p->limits = *l;
		p->ev = ev;
		p->arg = arg;
		rv = server ?
			 nghttp2_session_server_new2(&p->session, c, p, o) :
			 nghttp2_session_client_new2(&p->session, c, p, o);
	}
	nghttp2_option_del(o);
	nghttp2_session_callbacks_del(c);
	if (rv == 0 && introduce(p))
		return p;
	http2_free(p);
	return NULL;
}

const struct http_proto_class http2_class = {
	.alpn = "h2",
	.make = http2_new,
	.free = http2_free,
	.cut = http2_session_cut,
	.feed = http2_feed,
	.pull = http2_pull,
	.ask = http2_ask,
	.drop = http2_drop,
	.answer = http2_answer,
	.end = http2_end,
	.ping = http2_ping,
	.lapse = http2_lapse,
	.phase = http2_phase,
	.room = http2_room,
	.done = http2_done,
};
