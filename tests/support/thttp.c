/*
 * thttp.c: see thttp.h.
 */
#include "support/thttp.h"

#include <stdlib.h>

#define LOG_MAX (16u << 20)

static const char *const methods[] = { [GW_HTTP_GET] = "GET",
	[GW_HTTP_POST] = "POST",
	[GW_HTTP_OTHER] = "OTHER" };

static void
on_request(void *arg, uint64_t stream, const struct gw_http_request *r)
{
	struct thttp *t = arg;
	const struct gw_http_response same = {
		.status = 200, .content_type = GW_LIT("text/x"), .body = r->body
	};

	t->n_requests++;
	t->stream = stream;
	gw_buf_fmt(&t->log, "request %llu %s %.*s %.*s ",
	    (unsigned long long)stream, methods[r->method],
	    GW_FMT(r->authority), GW_FMT(r->path));
	gw_buf_add(&t->log, r->content_type);
	gw_buf_text(&t->log, "|");
	gw_buf_add(&t->log, r->body);
	gw_buf_text(&t->log, "\n");
	if (t->answers && t->class->answer(t->p, stream, &same) != GW_OK)
		abort();
}

static void
on_gone(void *arg, uint64_t stream)
{
	struct thttp *t = arg;

	t->n_gone++;
	gw_buf_fmt(&t->log, "gone %llu\n", (unsigned long long)stream);
}

static void
on_response(void *arg, uint64_t ticket, const struct gw_http_response *r)
{
	struct thttp *t = arg;

	t->n_responses++;
	gw_buf_fmt(&t->log, "response %llu %u ", (unsigned long long)ticket,
	    r->status);
	gw_buf_add(&t->log, r->content_type);
	gw_buf_text(&t->log, "|");
	gw_buf_add(&t->log, r->body);
	gw_buf_text(&t->log, "\n");
}

static void
on_failed(void *arg, uint64_t ticket, bool untouched, const char *why)
{
	struct thttp *t = arg;

	t->n_failed++;
	gw_buf_fmt(&t->log, "failed %llu %s%s\n", (unsigned long long)ticket,
	    untouched ? "untouched " : "", why);
}

static const struct http_events events = { on_request, on_gone, on_response,
	on_failed };

void
thttp_init(struct thttp *t, const struct http_proto_class *class, bool server,
    uint32_t body)
{
	const struct http_limits limits = { .streams = 100, .body = body };

	*t = (struct thttp){ .class = class };
	gw_buf_init(&t->log, LOG_MAX);
	gw_buf_init(&t->out, LOG_MAX);
	t->p = class->make(server, &limits, &events, t);
	if (t->p == NULL)
		abort();
}

void
thttp_clear(struct thttp *t)
{
	t->class->free(t->p);
	gw_buf_clear(&t->log);
	gw_buf_clear(&t->out);
}

/* A copy of its own shows whoever keeps or overreads a span. */
static void
feed_one(struct thttp *t, struct gw_span octets)
{
	uint8_t *copy = malloc(octets.len);

	if (copy == NULL)
		abort();
	memcpy(copy, octets.p, octets.len);
	t->err =
	    t->class->feed(t->p, (struct gw_span){ copy, octets.len }, &t->why);
	free(copy);
}

void
thttp_feed(struct thttp *t, struct gw_span octets, size_t step)
{
	size_t n = step == 0 ? octets.len : step;

	for (size_t at = 0; at < octets.len && t->err == GW_OK; at += n)
		feed_one(t, gw_span_sub(octets, at, n));
}

void
thttp_say(struct thttp *t, const char *text)
{
	thttp_feed(t, gw_span_of(text), 0);
}

void
thttp_eof(struct thttp *t)
{
	const struct gw_span none = { NULL, 0 };

	if (t->err == GW_OK)
		t->err = t->class->feed(t->p, none, &t->why);
}

void
thttp_pull(struct thttp *t)
{
	if (t->class->pull(t->p, &t->out) != GW_OK)
		abort();
}

static const char *
as_text(struct gw_buf *b)
{
	uint8_t *end = gw_buf_room(b, 1);

	if (end == NULL)
		abort();
	*end = '\0';
	return (const char *)b->p;
}

const char *
thttp_events(struct thttp *t)
{
	return as_text(&t->log);
}

const char *
thttp_wrote(struct thttp *t)
{
	return as_text(&t->out);
}
