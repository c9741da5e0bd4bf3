/*
 * http1.c: HTTP/1.1 (RFC 9112) as a http_proto.
 *
 * A server takes requests that come before the last one is answered, a few of
 * them, and answers in their order.  A client asks one question at a time.
 * Each message is read twice, by http1_frame and by the library; where they
 * do not agree, the connection ends.
 */
#include <stdlib.h>

#include "net/http/http1_head.h"
#include "net/http/http1_write.h"

#define PIPELINE_MAX 16 /* requests of one connection without an answer */
#define INTERIM_MAX  8 /* responses 1xx before the one that counts */
#define OUT_MAX	     (HTTP_OUT_HIGH + PIPELINE_MAX * HTTP1_WRITE_MAX)
#define KEPT_MAX     4096 /* octets of a buffer that stay with it */

struct slot {
	uint64_t stream;
	bool head; /* a HEAD: its answer has no body */
	bool closes;
	bool answered;
	struct gw_buf out;
};

struct http_proto {
	bool server;
	struct http_limits limits;
	const struct http_events *ev;
	void *arg;

	/* The message that is being read. */
	struct http1_frame frame;
	struct http1_head head;
	struct gw_buf in, body;
	bool in_body; /* its head was read */

	bool ended; /* nothing new is taken after it */
	bool deaf; /* what comes is not read any more */
	bool dead; /* nothing is written any more */
	struct gw_buf out; /* what is to be written next */

	/* server: oldest first, from slots[first] on */
	struct slot slots[PIPELINE_MAX];
	unsigned first, n;
	uint32_t last_stream; /* of the handle of an asker: it wraps */
	bool expects; /* it waits for a 100 before it sends the body */

	/* client */
	bool asked;
	uint64_t ticket;
	unsigned n_interim;
};

static struct slot *
slot_at(struct http_proto *p, unsigned i)
{
	return &p->slots[(p->first + i) % PIPELINE_MAX];
}

/* Empty it; what one large message took does not stay with a connection. */
static void
empty(struct gw_buf *b)
{
	size_t cap = b->cap;

	if (b->size > KEPT_MAX) {
		gw_buf_clear(b);
		gw_buf_init(b, cap);
	}
	gw_buf_reset(b);
}

static void
next_message(struct http_proto *p)
{
	http1_frame_init(&p->frame);
	p->in_body = false;
	p->expects = false;
	empty(&p->in);
	empty(&p->body);
}

/* ---- failing ---- */

static bool
refuse(struct http_proto *p, unsigned status, const char *why)
{
	if (p->head.refusal.why == NULL)
		p->head.refusal = (struct http1_refusal){ status, why };
	return false;
}

static void
fail_ticket(struct http_proto *p, bool untouched, const char *why)
{
	if (!p->asked)
		return;
	p->asked = false;
	p->ev->failed(p->arg, p->ticket, untouched, why);
}

/* Those that wait for an answer will get none; true: there were some. */
static bool
drop_slots(struct http_proto *p)
{
	unsigned n = p->n;

	for (unsigned i = 0; i < n; i++) {
		gw_buf_clear(&slot_at(p, i)->out);
		if (!slot_at(p, i)->answered)
			p->ev->gone(p->arg, slot_at(p, i)->stream);
	}
	p->n = 0;
	return n > 0;
}

static enum gw_err
error_of(unsigned status)
{
	switch (status) {
	case 413:
	case 414:
	case 431: return GW_ELIMIT;
	case 503: return GW_ENOMEM;
	default: return GW_EMALFORMED;
	}
}

/* A refusal would be taken for the answer to an older request, so it is only
 * written where none is open. */
static enum gw_err
give_up(struct http_proto *p, const char **why)
{
	const struct http1_refusal *r = &p->head.refusal;
	const struct gw_http_response response = { .status = r->status };
	const struct http1_write_how how = { .closes = true };

	*why = r->why;
	p->ended = p->deaf = true;
	p->expects = false;
	if (!p->server)
		fail_ticket(p, p->out.len > 0, r->why);
	else if (!drop_slots(p) &&
		 http1_write_response(&p->out, &response, how) != GW_OK)
		p->dead = true;
	return error_of(r->status);
}

/* ---- messages that are whole ---- */

static void
take_request(struct http_proto *p)
{
	struct slot *s = slot_at(p, p->n);
	struct gw_http_request r;

	if (!http1_head_request(&p->head, &r))
		return;
	r.body = gw_buf_span(&p->body);
	p->n++;
	*s = (struct slot){ .stream = ++p->last_stream,
		.head = p->head.parser.method == HTTP_HEAD,
		.closes = !p->head.keeps };
	gw_buf_init(&s->out, HTTP1_WRITE_MAX);
	p->deaf = p->ended = p->ended || !p->head.keeps;
	p->ev->request(p->arg, s->stream, &r);
}

static void
take_response(struct http_proto *p)
{
	struct gw_http_response r;

	http1_head_response(&p->head, &r);
	if (r.status < 200) {
		if (r.status < 100 || r.status == 101 ||
		    ++p->n_interim > INTERIM_MAX)
			(void)refuse(p, 400, "a 1xx that leads nowhere");
		return;
	}
	if (r.status > 599) {
		(void)refuse(p, 400, "no such status");
		return;
	}
	r.body = gw_buf_span(&p->body);
	p->deaf = p->ended = p->ended || !p->head.keeps;
	p->asked = false;
	p->ev->response(p->arg, p->ticket, &r);
}

static bool
take_message(struct http_proto *p)
{
	if (!p->head.complete)
		return refuse(p, 400, "the message ends in two places");
	if (p->server)
		take_request(p);
	else
		take_response(p);
	if (p->head.refusal.why != NULL)
		return false;
	next_message(p);
	return true;
}

/* ---- reading ---- */

/* The head is whole: what follows it? */
static bool
begin_body(struct http_proto *p)
{
	struct http1_head *h = &p->head;
	struct gw_http_request r;

	if (!http1_head_read(h, p->server ? HTTP_REQUEST : HTTP_RESPONSE,
		gw_buf_span(&p->in), &p->body))
		return false;
	if (p->server && !http1_head_request(h, &r))
		return false;
	if (h->kind == HTTP1_LENGTH && h->length > p->limits.body)
		return refuse(p, 413, "the body is too long");
	http1_frame_body(&p->frame, h->kind, h->length, p->limits.body);
	p->in_body = true;
	p->expects = p->server && p->frame.at != HTTP1_AT_END &&
		     h->parser.http_minor == 1 &&
		     h->fields[HTTP1_EXPECT_FIELD].len > 0;
	return p->frame.at != HTTP1_AT_END || take_message(p);
}

static bool
take_octets(struct http_proto *p, struct gw_span in, size_t *used)
{
	bool in_body = p->in_body;
	const char *why = NULL;
	enum gw_err err = http1_frame_take(&p->frame, in, used, &why);

	if (err == GW_ELIMIT)
		return refuse(p, in_body ? 413 : 431, why);
	if (err != GW_OK && err != GW_EMORE)
		return refuse(p, 400, why);
	in = gw_span_sub(in, 0, *used);
	if (in_body) {
		p->expects = false; /* it did not wait */
		if (!http1_head_body(&p->head, in))
			return false;
	} else {
		gw_buf_add(&p->in, in);
		if (!gw_buf_ok(&p->in))
			return refuse(p, 503, "no memory");
	}
	if (err == GW_EMORE)
		return true;
	return in_body ? take_message(p) : begin_body(p);
}

/* May a message begin now? */
static bool
may_begin(struct http_proto *p)
{
	if (p->frame.at != HTTP1_AT_START)
		return true;
	p->head.refusal = (struct http1_refusal){ 0, NULL };
	if (!p->server) {
		if (!p->asked)
			return refuse(p, 400, "an answer to no question");
		if (p->out.len > 0)
			return refuse(p, 400, "an answer before its question");
	} else if (p->n == PIPELINE_MAX || p->out.len >= HTTP_OUT_HIGH) {
		p->ended = p->deaf = true; /* it can ask the rest elsewhere */
	}
	return true;
}

/* The peer has ended its side: a body may end so, if it says so. */
static enum gw_err
at_end(struct http_proto *p, const char **why)
{
	const struct gw_span none = { NULL, 0 };

	if (p->in_body && p->frame.at == HTTP1_AT_CLOSE && !p->deaf) {
		p->frame.at = HTTP1_AT_END;
		if (!http1_head_body(&p->head, none) || !take_message(p))
			return give_up(p, why);
	}
	fail_ticket(p, p->out.len > 0, "closed before it was answered");
	p->ended = p->deaf = true;
	p->expects = false;
	return GW_OK;
}

static enum gw_err
feed(struct http_proto *p, struct gw_span octets, const char **why)
{
	if (octets.len == 0)
		return at_end(p, why);
	while (octets.len > 0 && !p->deaf && !p->dead) {
		size_t used = 0;
		if (!may_begin(p))
			return give_up(p, why);
		if (p->deaf)
			break;
		if (!take_octets(p, octets, &used))
			return give_up(p, why);
		octets = gw_span_sub(octets, used, octets.len);
	}
	return GW_OK;
}

/* ---- writing ---- */

static enum gw_err
pull(struct http_proto *p, struct gw_buf *out)
{
	if (out->len >= HTTP_OUT_HIGH)
		return GW_OK;
	gw_buf_add(out, gw_buf_span(&p->out));
	empty(&p->out);
	/* A 100 that came earlier would belong to an older request. */
	if (p->expects && p->n == 0) {
		gw_buf_text(out, "HTTP/1.1 100 Continue\r\n\r\n");
		p->expects = false;
	}
	return gw_buf_ok(out) ? GW_OK : GW_ENOMEM;
}

static enum gw_err
ask(struct http_proto *p, uint64_t ticket, const struct gw_http_request *r,
    bool secure)
{
	enum gw_err err;

	(void)secure; /* the target has no scheme */
	if (p->ended || p->deaf || p->dead)
		return GW_EUNSUPPORTED;
	if (p->asked)
		return GW_ELIMIT;
	err = http1_write_request(&p->out, r);
	if (err != GW_OK) {
		gw_buf_reset(&p->out);
		return err;
	}
	p->asked = true;
	p->ticket = ticket;
	p->n_interim = 0;
	return GW_OK;
}

static void
drop(struct http_proto *p, uint64_t ticket)
{
	if (!p->asked || p->ticket != ticket)
		return;
	p->asked = false;
	p->ended = p->deaf = p->dead = true;
}

/* The answers whose turn it is. */
static enum gw_err
write_answered(struct http_proto *p)
{
	while (p->n > 0 && slot_at(p, 0)->answered) {
		gw_buf_add(&p->out, gw_buf_span(&slot_at(p, 0)->out));
		gw_buf_clear(&slot_at(p, 0)->out);
		p->first = (p->first + 1) % PIPELINE_MAX;
		p->n--;
	}
	return gw_buf_ok(&p->out) ? GW_OK : GW_ENOMEM;
}

static enum gw_err
answer(struct http_proto *p, uint64_t stream, const struct gw_http_response *r)
{
	unsigned i = 0;
	enum gw_err err;

	while (i < p->n && slot_at(p, i)->stream != stream)
		i++;
	if (i == p->n || slot_at(p, i)->answered)
		return GW_OK;
	struct slot *s = slot_at(p, i);
	err = http1_write_response(&s->out, r,
	    (struct http1_write_how){
		.closes = s->closes || (p->deaf && i + 1 == p->n),
		.no_body = s->head });
	s->answered = true;
	if (err == GW_OK)
		err = write_answered(p);
	if (err != GW_OK) /* half an answer is none: the connection ends */
		p->ended = p->deaf = p->dead = true;
	return err;
}

/* ---- the rest ---- */

static void
end(struct http_proto *p)
{
	p->ended = true;
	if (p->frame.at == HTTP1_AT_START && !p->asked)
		p->deaf = true;
}

static void
cut(struct http_proto *p, const char *why)
{
	p->ended = p->deaf = p->dead = true;
	if (p->server)
		(void)drop_slots(p);
	else
		fail_ticket(p, p->out.len > 0, why);
}

static bool
ping(struct http_proto *p)
{
	(void)p;
	return false;
}

static enum http_phase
phase(const struct http_proto *p)
{
	if (p->frame.at != HTTP1_AT_START && !p->deaf)
		return HTTP_READING;
	return p->asked || p->n > 0 || p->out.len > 0 ? HTTP_WORKING :
							HTTP_IDLE;
}

static uint32_t
room(const struct http_proto *p)
{
	return !p->server && !p->asked && !p->ended && !p->deaf ? 1 : 0;
}

static bool
done(const struct http_proto *p)
{
	return p->dead ||
	       (p->deaf && !p->asked && p->n == 0 && p->out.len == 0);
}

static void
proto_free(struct http_proto *p)
{
	if (p == NULL)
		return;
	for (unsigned i = 0; i < p->n; i++)
		gw_buf_clear(&slot_at(p, i)->out);
	gw_buf_clear(&p->in);
	gw_buf_clear(&p->body);
	gw_buf_clear(&p->out);
	free(p);
}

static struct http_proto *
proto_new(bool server, const struct http_limits *l,
    const struct http_events *ev, void *arg)
{
	struct http_proto *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->server = server;
	p->limits = *l;
	p->ev = ev;
	p->arg = arg;
	gw_buf_init(&p->in, HTTP1_HEAD_MAX);
	gw_buf_init(&p->body, l->body);
	gw_buf_init(&p->out, OUT_MAX);
	http1_frame_init(&p->frame);
	return p;
}

const struct http_proto_class http1_class = {
	.alpn = "http/1.1",
	.make = proto_new,
	.free = proto_free,
	.cut = cut,
	.feed = feed,
	.pull = pull,
	.ask = ask,
	.drop = drop,
	.answer = answer,
	.end = end,
	.ping = ping,
	.phase = phase,
	.room = room,
	.done = done,
};
