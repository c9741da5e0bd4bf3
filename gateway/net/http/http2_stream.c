/*
 * http2_stream.c: see http2_stream.h.
 */
#include "net/http/http2_stream.h"

#include <stdlib.h>

#define FIELD_EXTRA 32 /* octets that each field counts besides its text */
#define STATUS_TEXT 3
#define IN_FIELDS   (2 * HTTP_FIELDS_OCTETS) /* with lists put together */
#define OUT_CAP	    (GW_HTTP_BODY_MAX + HTTP_FIELDS_OCTETS)

/* too_long: the status that says so (RFC 9110 15.5.15, RFC 6585 5). */
static const struct {
	struct gw_span name;
	size_t max;
	unsigned too_long;
} fields[HTTP2_FIELD_N] = {
	[HTTP2_METHOD] = { GW_LIT(":method"), GW_HTTP_FIELD_MAX, 431 },
	[HTTP2_PATH] = { GW_LIT(":path"), GW_HTTP_PATH_MAX, 414 },
	[HTTP2_AUTHORITY] = { GW_LIT(":authority"), GW_HTTP_FIELD_MAX, 431 },
	[HTTP2_HOST] = { GW_LIT("host"), GW_HTTP_FIELD_MAX, 431 },
	[HTTP2_STATUS] = { GW_LIT(":status"), STATUS_TEXT, 431 },
	[HTTP2_CONTENT_TYPE] = { GW_LIT("content-type"), GW_HTTP_FIELD_MAX,
	    431 },
	[HTTP2_ACCEPT] = { GW_LIT("accept"), GW_HTTP_FIELD_MAX, 431 },
	[HTTP2_AUTHORIZATION] = { GW_LIT("authorization"), GW_HTTP_TOKEN_MAX,
	    431 },
	[HTTP2_ALLOW] = { GW_LIT("allow"), GW_HTTP_FIELD_MAX, 431 },
	[HTTP2_RETRY_AFTER] = { GW_LIT("retry-after"), GW_HTTP_FIELD_MAX, 431 },
};

struct http2_stream *
http2_stream_new(void)
{
	return calloc(1, sizeof(struct http2_stream));
}

static void
wipe(struct gw_buf *b)
{
	volatile uint8_t *p = b->p;

	for (size_t i = 0; i < b->len; i++)
		p[i] = 0;
}

void
http2_stream_free(struct http2_stream *s)
{
	if (s == NULL)
		return;
	gw_buf_clear(&s->in);
	gw_buf_clear(&s->out);
	free(s);
}

static void
empty(struct gw_buf *b)
{
	if (b->size > HTTP2_STREAM_KEEP)
		gw_buf_clear(b);
	else
		gw_buf_reset(b);
}

/* A token must not lie about in memory that waits for its next use. */
void
http2_stream_forget(struct http2_stream *s)
{
	if (s->fields[HTTP2_AUTHORIZATION].is)
		wipe(&s->in);
	empty(&s->in);
	memset(s->fields, 0, sizeof(s->fields));
	s->body_at = 0;
}

size_t
http2_stream_held(const struct http2_stream *s)
{
	return s->headed ? s->in.len - s->body_at : 0;
}

void
http2_stream_reset(struct http2_stream *s, uint32_t body)
{
	struct gw_buf in, out;

	http2_stream_forget(s);
	empty(&s->out);
	in = s->in;
	out = s->out;
	in.cap = IN_FIELDS + (size_t)body;
	out.cap = OUT_CAP;
	*s = (struct http2_stream){ .in = in, .out = out };
}

void
http2_stream_begin(struct http2_stream *s)
{
	http2_stream_forget(s);
	s->n_fields = 0;
	s->octets = 0;
}

void
http2_stream_refuse(struct http2_stream *s, unsigned status, const char *why)
{
	if (s->refuse != 0)
		return;
	s->refuse = status;
	s->why = why;
}

static enum http2_field
field_of(struct gw_span name)
{
	enum http2_field f = HTTP2_METHOD;

	while (f < HTTP2_FIELD_N && !gw_span_eq(fields[f].name, name))
		f++;
	return f;
}

/* Accept is a list, of which each line has some members; of the others two
 * would be two readings. */
static bool
put_again(struct http2_stream *s, enum http2_field f, struct gw_span value)
{
	struct gw_span old = http2_stream_get(s, f);
	size_t at = s->in.len;

	if (f != HTTP2_ACCEPT) {
		http2_stream_refuse(
		    s, 400, "a field that may stand once stands twice");
		return true;
	}
	if (old.len + 2 + value.len > fields[f].max) {
		http2_stream_refuse(
		    s, fields[f].too_long, "a field is too long");
		return true;
	}
	/* The room first: it may move what old points to. */
	if (gw_buf_room(&s->in, old.len + 2 + value.len) == NULL)
		return false;
	gw_buf_add(&s->in, http2_stream_get(s, f));
	gw_buf_add(&s->in, GW_SPAN(", "));
	gw_buf_add(&s->in, value);
	s->fields[f].at = at;
	s->fields[f].len = s->in.len - at;
	return gw_buf_ok(&s->in);
}

bool
http2_stream_field(
    struct http2_stream *s, struct gw_span name, struct gw_span value)
{
	enum http2_field f;

	s->n_fields++;
	s->octets += name.len + value.len + FIELD_EXTRA;
	if (s->n_fields > HTTP_FIELDS_MAX || s->octets > HTTP_FIELDS_OCTETS)
		http2_stream_refuse(s, 431, "too many fields");
	if (s->refuse != 0)
		return true;
	f = field_of(name);
	if (f == HTTP2_FIELD_N)
		return true;
	if (value.len > fields[f].max) {
		http2_stream_refuse(
		    s, fields[f].too_long, "a field is too long");
		return true;
	}
	if (s->fields[f].is)
		return put_again(s, f, value);
	s->fields[f].is = true;
	s->fields[f].at = s->in.len;
	s->fields[f].len = value.len;
	gw_buf_add(&s->in, value);
	return gw_buf_ok(&s->in);
}

bool
http2_stream_body(struct http2_stream *s, struct gw_span octets)
{
	gw_buf_add(&s->in, octets);
	return gw_buf_ok(&s->in);
}

struct gw_span
http2_stream_get(const struct http2_stream *s, enum http2_field f)
{
	return gw_span_sub(
	    gw_buf_span(&s->in), s->fields[f].at, s->fields[f].len);
}

static void
check_request(struct http2_stream *s)
{
	struct gw_span path = http2_stream_get(s, HTTP2_PATH);
	struct gw_span authority = http2_stream_get(s, HTTP2_AUTHORITY);
	struct gw_span host = http2_stream_get(s, HTTP2_HOST);

	s->head =
	    gw_span_eq(http2_stream_get(s, HTTP2_METHOD), GW_SPAN("HEAD"));
	if (path.len == 0 || path.p[0] != '/')
		http2_stream_refuse(
		    s, 400, "the path does not begin with a slash");
	/* RFC 9113, 8.3.1: both name the same, or it is malformed. */
	if (s->fields[HTTP2_AUTHORITY].is && s->fields[HTTP2_HOST].is &&
	    !gw_span_ieq(authority, host))
		http2_stream_refuse(s, 400, "authority and host differ");
}

void
http2_stream_check(struct http2_stream *s, bool server)
{
	s->headed = true;
	s->body_at = s->in.len;
	if (server)
		check_request(s);
}

static enum gw_http_method
method_of(struct gw_span name)
{
	if (gw_span_eq(name, GW_SPAN("GET")))
		return GW_HTTP_GET;
	return gw_span_eq(name, GW_SPAN("POST")) ? GW_HTTP_POST : GW_HTTP_OTHER;
}

static struct gw_span
body_of(const struct http2_stream *s)
{
	return gw_span_sub(gw_buf_span(&s->in), s->body_at, s->in.len);
}

void
http2_stream_request(const struct http2_stream *s, struct gw_http_request *out)
{
	enum http2_field who =
	    s->fields[HTTP2_AUTHORITY].is ? HTTP2_AUTHORITY : HTTP2_HOST;

	*out = (struct gw_http_request){
		.method = method_of(http2_stream_get(s, HTTP2_METHOD)),
		.path = http2_stream_get(s, HTTP2_PATH),
		.authority = http2_stream_get(s, who),
		.content_type = http2_stream_get(s, HTTP2_CONTENT_TYPE),
		.accept = http2_stream_get(s, HTTP2_ACCEPT),
		.authorization = http2_stream_get(s, HTTP2_AUTHORIZATION),
		.body = body_of(s),
	};
}

bool
http2_stream_response(
    const struct http2_stream *s, struct gw_http_response *out)
{
	uint64_t status = 0, wait = 0;

	if (gw_span_to_u64(http2_stream_get(s, HTTP2_STATUS), 599, &status) !=
		GW_OK ||
	    status < 200)
		return false;
	/* A date instead of seconds (RFC 9110, 10.2.3) tells us nothing. */
	if (gw_span_to_u64(http2_stream_get(s, HTTP2_RETRY_AFTER), UINT32_MAX,
		&wait) != GW_OK)
		wait = 0;
	*out = (struct gw_http_response){
		.status = (unsigned)status,
		.content_type = http2_stream_get(s, HTTP2_CONTENT_TYPE),
		.allow = http2_stream_get(s, HTTP2_ALLOW),
		.retry_after_s = (uint32_t)wait,
		.body = body_of(s),
	};
	return true;
}
