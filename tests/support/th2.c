/*
 * th2.c: see th2.h.
 */
#include "support/th2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <nghttp2/nghttp2.h>

#define HEAD	   9
#define TALKS_MAX  10000
#define OCTETS_MAX 131072

uint32_t
th2_sum(struct gw_span body)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < body.len; i++)
		sum = sum * 31 + body.p[i];
	return sum;
}

struct gw_span
th2_octets(size_t len)
{
	static uint8_t body[OCTETS_MAX];

	assert_in_range(len, 0, OCTETS_MAX);
	for (size_t i = 0; i < len; i++)
		body[i] = (uint8_t)(i * 7 + len);
	return (struct gw_span){ body, len };
}

static struct th2_event *
note(struct th2 *t, enum th2_kind kind, uint64_t id)
{
	assert_true(t->n < TH2_EVENTS_MAX);
	struct th2_event *e = &t->at[t->n++];
	*e = (struct th2_event){ .kind = kind, .id = id };
	return e;
}

static void
text(char *to, size_t size, struct gw_span from)
{
	(void)snprintf(to, size, "%.*s", GW_FMT(from));
}

static void
on_request(void *arg, uint64_t stream, const struct gw_http_request *r)
{
	struct th2 *t = arg;
	struct th2_event *e = note(t, TH2_REQUEST, stream);

	e->method = r->method;
	text(e->path, sizeof(e->path), r->path);
	text(e->authority, sizeof(e->authority), r->authority);
	text(e->type, sizeof(e->type), r->content_type);
	text(e->token, sizeof(e->token), r->authorization);
	e->path_len = r->path.len;
	e->body_len = r->body.len;
	e->body_sum = th2_sum(r->body);
	if (t->answers) {
		const struct gw_http_response ok = { .status = 200,
			.content_type = GW_SPAN("text/plain"),
			.body = r->body };
		assert_int_equal(t->class->answer(t->p, stream, &ok), GW_OK);
	}
}

static void
on_gone(void *arg, uint64_t stream)
{
	(void)note(arg, TH2_GONE, stream);
}

static void
on_response(void *arg, uint64_t ticket, const struct gw_http_response *r)
{
	struct th2_event *e = note(arg, TH2_RESPONSE, ticket);

	e->status = r->status;
	text(e->type, sizeof(e->type), r->content_type);
	e->body_len = r->body.len;
	e->body_sum = th2_sum(r->body);
}

static void
on_failed(void *arg, uint64_t ticket, bool untouched, const char *why)
{
	struct th2_event *e = note(arg, TH2_FAILED, ticket);

	e->untouched = untouched;
	(void)snprintf(e->why, sizeof(e->why), "%s", why);
}

static const struct http_events events = { on_request, on_gone, on_response,
	on_failed };

struct th2 *
th2_new(const struct http_proto_class *class, bool server, uint32_t streams,
    uint32_t body)
{
	const struct http_limits limits = { streams, body };
	struct th2 *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->class = class;
	gw_buf_init(&t->out, 16u << 20);
	t->p = class->make(server, &limits, &events, t);
	assert_non_null(t->p);
	return t;
}

void
th2_free(struct th2 *t)
{
	t->class->free(t->p);
	gw_buf_clear(&t->out);
	free(t);
}

void
th2_feed(struct th2 *t, struct gw_span octets)
{
	const char *why = NULL;
	enum gw_err err = t->class->feed(t->p, octets, &why);

	if (t->err == GW_OK && err != GW_OK) {
		t->err = err;
		t->why = why;
		assert_non_null(why);
	}
}

void
th2_pull(struct th2 *t)
{
	size_t before = 0;
	struct gw_buf some;

	gw_buf_init(&some, 2u << 20);
	do {
		before = t->out.len;
		gw_buf_reset(&some);
		assert_int_equal(t->class->pull(t->p, &some), GW_OK);
		gw_buf_add(&t->out, gw_buf_span(&some));
	} while (t->out.len != before);
	gw_buf_clear(&some);
	assert_true(gw_buf_ok(&t->out));
}

static bool
carry(struct th2 *from, struct th2 *to, size_t piece)
{
	th2_pull(from);
	size_t len = from->out.len;
	for (size_t at = 0; at < len; at += piece)
		th2_feed(to, gw_span_sub(gw_buf_span(&from->out), at, piece));
	gw_buf_reset(&from->out);
	return len > 0;
}

void
th2_talk(struct th2 *a, struct th2 *b, size_t piece)
{
	for (int i = 0; i < TALKS_MAX; i++) {
		bool some = carry(a, b, piece);
		if (!carry(b, a, piece) && !some)
			return;
	}
	fail_msg("they never stop talking");
}

size_t
th2_count(const struct th2 *t, enum th2_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->at[i].kind == kind;
	return n;
}

const struct th2_event *
th2_about(const struct th2 *t, uint64_t id)
{
	for (size_t i = t->n; i-- > 0;)
		if (t->at[i].id == id)
			return &t->at[i];
	return NULL;
}

void
th2_frame(struct gw_buf *out, uint8_t type, uint8_t flags, uint32_t id,
    struct gw_span payload)
{
	const uint8_t head[HEAD] = { (uint8_t)(payload.len >> 16),
		(uint8_t)(payload.len >> 8), (uint8_t)payload.len, type, flags,
		(uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8),
		(uint8_t)id };

	gw_buf_add(out, (struct gw_span){ head, sizeof(head) });
	gw_buf_add(out, payload);
}

void
th2_hello(struct gw_buf *out)
{
	gw_buf_text(out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	th2_frame(out, TH2_SETTINGS, 0, 0, (struct gw_span){ NULL, 0 });
}

static void
string(struct gw_buf *out, const char *s)
{
	size_t len = strlen(s);
	uint8_t octet = 127;

	/* RFC 7541, 5.1: seven bits, then groups of seven. */
	if (len < 127)
		octet = (uint8_t)len;
	gw_buf_add(out, (struct gw_span){ &octet, 1 });
	for (size_t rest = len - 127; len >= 127; rest >>= 7) {
		octet = (uint8_t)((rest & 127) | (rest > 127 ? 128 : 0));
		gw_buf_add(out, (struct gw_span){ &octet, 1 });
		if (rest <= 127)
			break;
	}
	gw_buf_text(out, s);
}

void
th2_field(struct gw_buf *block, const char *name, const char *value)
{
	static const uint8_t literal = 0;

	gw_buf_add(block, (struct gw_span){ &literal, 1 });
	string(block, name);
	string(block, value);
}

void
th2_get(struct gw_buf *out, uint32_t id, const char *path, struct gw_span extra)
{
	struct gw_buf block;

	gw_buf_init(&block, 1u << 20);
	th2_field(&block, ":method", "GET");
	th2_field(&block, ":scheme", "https");
	th2_field(&block, ":authority", "gw.example");
	th2_field(&block, ":path", path);
	gw_buf_add(&block, extra);
	th2_frame(out, TH2_HEADERS, 0x5, id, gw_buf_span(&block));
	gw_buf_clear(&block);
}

void
th2_post(struct gw_buf *out, uint32_t id, const char *length)
{
	struct gw_buf block;

	gw_buf_init(&block, 4096);
	th2_field(&block, ":method", "POST");
	th2_field(&block, ":scheme", "https");
	th2_field(&block, ":authority", "gw.example");
	th2_field(&block, ":path", "/");
	if (length != NULL)
		th2_field(&block, "content-length", length);
	th2_frame(out, TH2_HEADERS, 0x4, id, gw_buf_span(&block));
	gw_buf_clear(&block);
}

struct head {
	size_t len;
	uint8_t type;
	uint32_t id;
};

static struct head
head_of(struct gw_span octets)
{
	const uint8_t *h = octets.p;

	return (struct head){ (size_t)h[0] << 16 | (size_t)h[1] << 8 | h[2],
		h[3],
		(uint32_t)h[5] << 24 | (uint32_t)h[6] << 16 |
		    (uint32_t)h[7] << 8 | h[8] };
}

bool
th2_find(
    struct gw_span octets, uint8_t type, uint32_t id, struct gw_span *payload)
{
	bool found = false;

	while (octets.len >= HEAD) {
		struct head h = head_of(octets);
		if (h.type == type && (id == UINT32_MAX || id == h.id)) {
			found = true;
			*payload = gw_span_sub(octets, HEAD, h.len);
		}
		octets = gw_span_sub(octets, HEAD + h.len, octets.len);
	}
	return found;
}

/* The status in one header block; every block must pass the inflater. */
static unsigned
inflate(nghttp2_hd_inflater *hd, struct gw_span block)
{
	uint64_t status = 0;
	int flags = 0;
	nghttp2_nv nv;

	while ((flags & NGHTTP2_HD_INFLATE_FINAL) == 0) {
		ssize_t n = nghttp2_hd_inflate_hd2(
		    hd, &nv, &flags, block.p, block.len, 1);
		assert_true(n >= 0);
		block = gw_span_sub(block, (size_t)n, block.len);
		if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0 &&
		    gw_span_eq((struct gw_span){ nv.name, nv.namelen },
			GW_SPAN(":status")))
			assert_int_equal(
			    gw_span_to_u64(
				(struct gw_span){ nv.value, nv.valuelen }, 999,
				&status),
			    GW_OK);
	}
	assert_int_equal(nghttp2_hd_inflate_end_headers(hd), 0);
	return (unsigned)status;
}

unsigned
th2_status(struct gw_span octets, uint32_t id)
{
	nghttp2_hd_inflater *hd = NULL;
	unsigned status = 0;

	assert_int_equal(nghttp2_hd_inflate_new(&hd), 0);
	while (octets.len >= HEAD) {
		struct head h = head_of(octets);
		struct gw_span payload = gw_span_sub(octets, HEAD, h.len);
		if (h.type == TH2_HEADERS) {
			unsigned one = inflate(hd, payload);
			status = h.id == id ? one : status;
		}
		octets = gw_span_sub(octets, HEAD + h.len, octets.len);
	}
	nghttp2_hd_inflate_del(hd);
	return status;
}
