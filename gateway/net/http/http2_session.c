/*
 * http2_session.c: see http2_session.h.
 */
#include "net/http/http2_session.h"

#include "mcxgw/log.h"

static const char too_much[] = "too much is unfinished on this connection";

/* ---- streams ---- */

struct http2_stream *
http2_session_open(struct http_proto *p, int32_t id)
{
	struct http2_stream *s = p->unused;

	if (s != NULL)
		p->unused = s->next;
	else if ((s = http2_stream_new()) != NULL)
		http2_stream_reset(s, p->limits.body);
	if (s == NULL)
		return NULL;
	s->id = id;
	s->next = p->open;
	if (p->open != NULL)
		p->open->prev = s;
	p->open = s;
	p->n_open++;
	return s;
}

/* What it held of an unfinished message counts no more. */
void
http2_session_forget(struct http_proto *p, struct http2_stream *s)
{
	p->held -= s->in.len;
	http2_stream_forget(s);
}

void
http2_session_close(struct http_proto *p, struct http2_stream *s)
{
	http2_session_forget(p, s);
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		p->open = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	s->prev = NULL;
	s->next = p->closed;
	p->closed = s;
	p->n_open--;
}

/* Nothing that waits to be written points to them any more. */
void
http2_session_reap(struct http_proto *p)
{
	struct http2_stream *s = p->closed, *next;

	p->closed = NULL;
	for (; s != NULL; s = next) {
		next = s->next;
		http2_stream_reset(s, p->limits.body);
		s->next = p->unused;
		p->unused = s;
	}
}

static void
free_all(struct http2_stream **list)
{
	struct http2_stream *s = *list, *next;

	*list = NULL;
	for (; s != NULL; s = next) {
		next = s->next;
		http2_stream_free(s);
	}
}

void
http2_session_shrink(struct http_proto *p)
{
	free_all(&p->unused);
}

void
http2_session_clear(struct http_proto *p)
{
	free_all(&p->open);
	free_all(&p->closed);
	free_all(&p->unused);
}

struct http2_stream *
http2_session_find(const struct http_proto *p, int32_t id)
{
	return nghttp2_session_get_stream_user_data(p->session, id);
}

static int
nomem(struct http_proto *p)
{
	p->nomem = true;
	return NGHTTP2_ERR_CALLBACK_FAILURE;
}

/* What nghttp2 answers a submission with; only memory can fail it. */
void
http2_session_submitted(struct http_proto *p, int rv)
{
	p->quiet = false;
	if (rv == NGHTTP2_ERR_NOMEM)
		p->nomem = true;
}

void
http2_session_reset(
    struct http_proto *p, const struct http2_stream *s, uint32_t code)
{
	http2_session_submitted(p, nghttp2_submit_rst_stream(p->session,
				       NGHTTP2_FLAG_NONE, s->id, code));
}

/* The client's event for s, unless it had one. */
static void
fail(struct http_proto *p, struct http2_stream *s, bool untouched,
    const char *why)
{
	if (!s->owed)
		return;
	s->owed = false;
	p->ev->failed(p->arg, s->ticket, untouched, why);
}

static void
gone(struct http_proto *p, struct http2_stream *s)
{
	if (!s->owed)
		return;
	s->owed = false;
	p->ev->gone(p->arg, (uint64_t)s->id);
}

void
http2_session_cut(struct http_proto *p, const char *why)
{
	p->broken = true;
	/* An event may drop others, but frees none. */
	for (struct http2_stream *s = p->open; s != NULL; s = s->next) {
		if (p->server)
			gone(p, s);
		else
			fail(p, s, !s->began, why);
		s->deaf = true;
	}
}

void
http2_session_break(struct http_proto *p, uint32_t code, const char *why)
{
	if (p->broken)
		return;
	p->why = why;
	http2_session_submitted(
	    p, nghttp2_session_terminate_session(p->session, code));
	http2_session_cut(p, why);
}

void
http2_session_strike(struct http_proto *p)
{
	if (++p->strikes > HTTP2_STRIKES_MAX)
		http2_session_break(
		    p, NGHTTP2_ENHANCE_YOUR_CALM, "too many mistakes");
}

/* ---- what came ---- */

/* Answer with a status alone. */
static void
refuse(struct http_proto *p, struct http2_stream *s)
{
	uint8_t name[] = ":status";
	uint8_t value[] = { (uint8_t)('0' + s->refuse / 100),
		(uint8_t)('0' + s->refuse / 10 % 10),
		(uint8_t)('0' + s->refuse % 10) };
	nghttp2_nv nv = { name, value, sizeof(name) - 1, sizeof(value),
		NGHTTP2_NV_FLAG_NONE };

	LOG_DEBUG("http.stream", kv_num("stream", (uint64_t)s->id),
	    kv_num("status", s->refuse), kv_text("why", s->why));
	s->deaf = true;
	s->sent = true;
	http2_session_forget(p, s);
	http2_session_submitted(
	    p, nghttp2_submit_response(p->session, s->id, &nv, 1, NULL));
	http2_session_strike(p);
}

/* The answer cannot be taken. */
static void
give_up(struct http_proto *p, struct http2_stream *s, const char *why)
{
	s->deaf = true;
	http2_session_forget(p, s);
	http2_session_reset(p, s, NGHTTP2_CANCEL);
	fail(p, s, false, why);
	http2_session_strike(p);
}

static void
turn_down(struct http_proto *p, struct http2_stream *s)
{
	if (p->server)
		refuse(p, s);
	else
		give_up(p, s, s->why);
}

static void
hand_over(struct http_proto *p, struct http2_stream *s)
{
	struct gw_http_response response;
	struct gw_http_request request;

	if (p->strikes > 0)
		p->strikes--;
	if (p->server) {
		http2_stream_request(s, &request);
		s->owed = true;
		p->ev->request(p->arg, (uint64_t)s->id, &request);
	} else if (!http2_stream_response(s, &response)) {
		give_up(p, s, "the answer has no status");
	} else if (s->owed) {
		s->owed = false;
		p->ev->response(p->arg, s->ticket, &response);
	}
	http2_session_forget(p, s);
}

static int
on_begin_headers(
    nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct http_proto *p = arg;
	int32_t id = frame->hd.stream_id;
	struct http2_stream *s = http2_session_find(p, id);

	if (p->broken)
		return 0;
	if (s == NULL && p->server) {
		s = http2_session_open(p, id);
		if (s == NULL ||
		    nghttp2_session_set_stream_user_data(session, id, s) != 0)
			return nomem(p);
	} else if (s != NULL && !s->headed && !s->deaf) {
		http2_session_forget(p, s);
		http2_stream_begin(s);
	}
	return 0;
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame,
    const uint8_t *name, size_t name_len, const uint8_t *value,
    size_t value_len, uint8_t flags, void *arg)
{
	struct http_proto *p = arg;
	struct http2_stream *s = http2_session_find(p, frame->hd.stream_id);

	(void)session;
	(void)flags;
	/* The body has begun: these are trailers, which nobody needs. */
	if (s == NULL || s->deaf || s->headed)
		return 0;
	p->held -= s->in.len;
	if (!http2_stream_field(s, (struct gw_span){ name, name_len },
		(struct gw_span){ value, value_len }))
		return nomem(p);
	p->held += s->in.len;
	if (p->held > HTTP2_HELD_MAX)
		http2_stream_refuse(s, 503, too_much);
	return 0;
}

static void
on_noise(struct http_proto *p)
{
	if (++p->noise > HTTP2_NOISE_MAX)
		http2_session_break(p, NGHTTP2_ENHANCE_YOUR_CALM,
		    "too many frames without a message");
}

/* What ends before its time was work for nothing.  nghttp2 counts resets too,
 * but not its own, and lets pass what came at once. */
static void
on_reset(struct http_proto *p)
{
	if (++p->resets > HTTP2_RESETS_MAX)
		http2_session_break(
		    p, NGHTTP2_ENHANCE_YOUR_CALM, "too many resets");
}

/* An interim answer (1xx) is not the answer. */
static bool
is_interim(const struct http_proto *p, const struct http2_stream *s)
{
	struct gw_span status = http2_stream_get(s, HTTP2_STATUS);

	return !p->server && status.len == 3 && status.p[0] == '1';
}

static void
on_headers_end(struct http_proto *p, struct http2_stream *s)
{
	if (s->headed)
		return;
	if (is_interim(p, s)) {
		on_noise(p);
		return;
	}
	http2_stream_check(s, p->server);
	if (s->refuse != 0)
		turn_down(p, s);
}

static void
on_message_end(struct http_proto *p, struct http2_stream *s)
{
	s->lapses = 0;
	p->noise = 0;
	if (!s->deaf)
		hand_over(p, s);
}

/* No stream after those that have begun is looked at any more. */
void
http2_session_last_word(struct http_proto *p)
{
	if (p->final)
		return;
	p->final = true;
	http2_session_submitted(
	    p, nghttp2_submit_goaway(p->session, NGHTTP2_FLAG_NONE,
		   nghttp2_session_get_last_proc_stream_id(p->session),
		   NGHTTP2_NO_ERROR, NULL, 0));
}

static void
on_goaway(struct http_proto *p, const nghttp2_goaway *g)
{
	LOG_DEBUG("http.goaway", kv_num("code", g->error_code),
	    kv_num("last", (uint64_t)g->last_stream_id),
	    kv_span("text",
		(struct gw_span){ g->opaque_data, g->opaque_data_len }));
	p->peer_ends = true;
	http2_session_last_word(p); /* the library sends none of its own */
}

/* The second step of a graceful end (RFC 9113, 6.8): what the peer sent before
 * it knew has come by now. */
static void
on_pong(struct http_proto *p)
{
	if (p->ending)
		http2_session_last_word(p);
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct http_proto *p = arg;
	struct http2_stream *s = http2_session_find(p, frame->hd.stream_id);
	bool ends = s != NULL &&
		    (frame->hd.type == NGHTTP2_HEADERS ||
			frame->hd.type == NGHTTP2_DATA) &&
		    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM);

	(void)session;
	if (ends)
		s->whole = true;
	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		if (s != NULL && !s->deaf)
			on_headers_end(p, s);
		break;
	case NGHTTP2_DATA:
		if (frame->hd.length == 0)
			on_noise(p);
		break;
	case NGHTTP2_GOAWAY: on_goaway(p, &frame->goaway); return 0;
	case NGHTTP2_RST_STREAM:
		if (s != NULL)
			s->deaf = true;
		on_reset(p);
		return 0;
	case NGHTTP2_PING:
		if (frame->hd.flags & NGHTTP2_FLAG_ACK)
			on_pong(p);
		on_noise(p);
		return 0;
	default: on_noise(p); return 0;
	}
	if (ends)
		on_message_end(p, s);
	return p->nomem ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/* The window of a stream is as large as a body may be, so it is never moved;
 * that of the connection is, as octets are taken. */
static int
on_data(nghttp2_session *session, uint8_t flags, int32_t id,
    const uint8_t *octets, size_t len, void *arg)
{
	struct http_proto *p = arg;
	struct http2_stream *s = http2_session_find(p, id);

	(void)flags;
	if (nghttp2_session_consume_connection(session, len) ==
	    NGHTTP2_ERR_NOMEM)
		return nomem(p);
	if (s == NULL || s->deaf)
		return 0;
	if (len > p->limits.body - http2_stream_held(s)) {
		http2_stream_refuse(s, 413, "the body is too large");
		turn_down(p, s);
	} else if (len + p->held > HTTP2_HELD_MAX) {
		http2_stream_refuse(s, 503, too_much);
		turn_down(p, s);
	} else {
		p->held += len;
		if (!http2_stream_body(s, (struct gw_span){ octets, len }))
			return nomem(p);
	}
	return 0;
}

static int
on_close(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
	struct http_proto *p = arg;
	struct http2_stream *s = http2_session_find(p, id);

	(void)session;
	if (s == NULL)
		return 0;
	/* We had to reset it: its sender saw to that. */
	if (p->server && !s->deaf && (s->owed || !s->whole || !s->sent))
		on_reset(p);
	s->deaf = true;
	if (p->server)
		gone(p, s);
	else
		fail(p, s, code == NGHTTP2_REFUSED_STREAM || !s->began,
		    nghttp2_http2_strerror(code));
	http2_session_close(p, s);
	return 0;
}

/* A stream in error is reset by the library; the peer's mistake counts. */
static int
on_invalid(
    nghttp2_session *session, const nghttp2_frame *frame, int code, void *arg)
{
	struct http_proto *p = arg;

	(void)session;
	LOG_DEBUG("http.stream",
	    kv_num("stream", (uint64_t)frame->hd.stream_id),
	    kv_num("status", 0), kv_text("why", nghttp2_strerror(code)));
	http2_session_strike(p);
	return 0;
}

static int
on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct http_proto *p = arg;
	struct http2_stream *s;

	if (frame->hd.type == NGHTTP2_GOAWAY &&
	    frame->goaway.error_code != NGHTTP2_NO_ERROR && !p->broken) {
		p->why = nghttp2_http2_strerror(frame->goaway.error_code);
		http2_session_cut(p, p->why);
	}
	s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	if (s == NULL)
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS)
		s->began = true;
	if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
		return 0;
	s->sent = true;
	/* What is still to come of a refused request is not wanted (RFC 9113,
	 * 8.1). */
	if (p->server && !s->whole)
		http2_session_reset(p, s, NGHTTP2_NO_ERROR);
	return 0;
}

nghttp2_session_callbacks *
http2_session_callbacks(void)
{
	nghttp2_session_callbacks *c = NULL;

	if (nghttp2_session_callbacks_new(&c) != 0)
		return NULL;
	nghttp2_session_callbacks_set_on_begin_headers_callback(
	    c, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(c, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(c, on_close);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(
	    c, on_invalid);
	nghttp2_session_callbacks_set_on_frame_send_callback(c, on_sent);
	return c;
}
