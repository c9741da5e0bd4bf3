/*
 * fuzz_http2.c: for any octets from a peer, as server and as client
 *   1. at most as many requests wait for an answer as streams are allowed
 *   2. each request has its parts, within their caps
 *   3. a stream has one request, then an answer or at most one gone()
 *   4. a ticket has exactly one event, unless it was dropped: then none
 *   5. what is to be written stays within its bound
 *
 * The first octet says who we are and what is done between reads, the second
 * how the stream is cut.
 */
#include <stdlib.h>

#include "mcxgw/buf.h"
#include "net/http/http_proto.h"

#define STREAMS	  8
#define BODY	  2000
#define TICKETS	  6
#define CLIENT	  0x01
#define GREETED	  0x02 /* the preface and SETTINGS come first */
#define ANSWERS	  0x04 /* at once; else between reads */
#define LAPSES	  0x08
#define ENDS	  0x10
#define DROPS	  0x20
#define HALF_SHUT 0x40

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

enum { NEVER, OWED, SETTLED };

struct run {
	struct http_proto *p;
	uint8_t how;
	uint64_t last; /* server: the stream of the newest request */
	uint8_t tickets[TICKETS]; /* client */
	uint64_t owed[STREAMS];
	unsigned n_owed;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
answer(struct run *r, uint64_t stream)
{
	const struct gw_http_response a = { .status = 200,
		.content_type = GW_SPAN("text/plain"),
		.body = GW_SPAN("hello") };

	CHECK(http2_class.answer(r->p, stream, &a) == GW_OK);
}

static void
on_request(void *arg, uint64_t stream, const struct gw_http_request *q)
{
	struct run *r = arg;

	CHECK(stream > r->last); /* RFC 9113, 5.1.1 */
	r->last = stream;
	CHECK(q->path.len > 0 && q->path.len <= GW_HTTP_PATH_MAX);
	CHECK(q->path.p[0] == '/');
	CHECK(q->authority.len <= GW_HTTP_FIELD_MAX);
	CHECK(q->content_type.len <= GW_HTTP_FIELD_MAX);
	CHECK(q->accept.len <= GW_HTTP_FIELD_MAX);
	CHECK(q->authorization.len <= GW_HTTP_TOKEN_MAX);
	CHECK(q->body.len <= BODY);
	if (r->how & ANSWERS) {
		answer(r, stream);
		return;
	}
	CHECK(r->n_owed < STREAMS);
	r->owed[r->n_owed++] = stream;
}

static void
on_gone(void *arg, uint64_t stream)
{
	struct run *r = arg;
	unsigned i = 0;

	while (i < r->n_owed && r->owed[i] != stream)
		i++;
	CHECK(i < r->n_owed);
	r->owed[i] = r->owed[--r->n_owed];
}

static void
settle(struct run *r, uint64_t ticket)
{
	CHECK(ticket < TICKETS && r->tickets[ticket] == OWED);
	r->tickets[ticket] = SETTLED;
}

static void
on_response(void *arg, uint64_t ticket, const struct gw_http_response *a)
{
	CHECK(a->status >= 200 && a->status <= 599);
	CHECK(a->content_type.len <= GW_HTTP_FIELD_MAX);
	CHECK(a->body.len <= BODY);
	settle(arg, ticket);
}

static void
on_failed(void *arg, uint64_t ticket, bool untouched, const char *why)
{
	(void)untouched;
	CHECK(why != NULL);
	settle(arg, ticket);
}

static const struct http_events events = { on_request, on_gone, on_response,
	on_failed };

static void
ask(struct run *r)
{
	const struct gw_http_request q = { .method = GW_HTTP_POST,
		.path = GW_SPAN("/x"),
		.authority = GW_SPAN("a.example"),
		.body = GW_SPAN("who is it") };

	for (uint64_t i = 0; i < TICKETS; i++) {
		r->tickets[i] = OWED;
		CHECK(http2_class.ask(r->p, i, &q, true) == GW_OK);
	}
}

static void
between(struct run *r, struct gw_buf *out)
{
	gw_buf_reset(out);
	CHECK(http2_class.pull(r->p, out) == GW_OK);
	CHECK(out->len < 2 * HTTP_OUT_HIGH);
	if (r->n_owed > 2)
		answer(r, r->owed[--r->n_owed]);
	if (r->how & LAPSES)
		http2_class.lapse(r->p);
	if ((r->how & DROPS) && r->tickets[1] == OWED) {
		r->tickets[1] = SETTLED;
		http2_class.drop(r->p, 1);
	}
}

static void
feed(struct run *r, struct gw_span in, size_t step)
{
	struct gw_buf out;
	const char *why = NULL;
	enum gw_err err = GW_OK;

	gw_buf_init(&out, 4 * HTTP_OUT_HIGH);
	for (size_t at = 0; at < in.len && err == GW_OK; at += step) {
		err = http2_class.feed(r->p, gw_span_sub(in, at, step), &why);
		CHECK(err == GW_OK || why != NULL);
		between(r, &out);
	}
	if (r->how & ENDS)
		http2_class.end(r->p);
	between(r, &out);
	if (r->how & HALF_SHUT)
		(void)!http2_class.feed(
		    r->p, (struct gw_span){ NULL, 0 }, &why);
	between(r, &out);
	gw_buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_limits limits = { STREAMS, BODY };
	static const struct gw_span hello =
	    GW_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0");
	static struct run r;
	const char *why = NULL;

	if (size < 2)
		return 0;
	memset(&r, 0, sizeof(r));
	r.how = data[0];
	bool client = r.how & CLIENT;
	r.p = http2_class.make(!client, &limits, &events, &r);
	CHECK(r.p != NULL);
	if (client)
		ask(&r);
	else if (r.how & GREETED)
		CHECK(http2_class.feed(r.p, hello, &why) == GW_OK);
	feed(&r, (struct gw_span){ data + 2, size - 2 }, (size_t)data[1] + 1);
	http2_class.cut(r.p, "the end");
	CHECK(r.n_owed == 0);
	for (size_t i = 0; client && i < TICKETS; i++)
		CHECK(r.tickets[i] == SETTLED);
	http2_class.free(r.p);
	return 0;
}
