/*
 * http1_head.c: see http1_head.h.
 */
#include "net/http/http1_head.h"

#define RETRY_AFTER_MAX 86400

static const struct {
	struct gw_span name;
	size_t max;
	bool repeats; /* a list: the first line of it is enough */
} known[HTTP1_FIELD_N] = {
#define HTTP1_FIELD(id, name, max, twice)                                      \
	[HTTP1_##id##_FIELD] = { GW_LIT(name), max, twice },
#include "net/http/http1_field.def"
#undef HTTP1_FIELD
};

static bool
refuse(struct http1_head *h, unsigned status, const char *why)
{
	if (h->refusal.why == NULL)
		h->refusal = (struct http1_refusal){ status, why };
	return false;
}

/* The same for the parser, which stops then. */
static int
fail(struct http1_head *h, unsigned status, const char *why)
{
	(void)refuse(h, status, why);
	return -1;
}

/* ---- what may stand where ---- */

static bool
is_plain(uint8_t c)
{
	return (c >= '0' && c <= '9') ||
	       (gw_lower(c) >= 'a' && gw_lower(c) <= 'z') ||
	       (c != 0 && strchr("-._~!$&'()*+,;=%:", c) != NULL);
}

bool
http1_head_is_path(struct gw_span s)
{
	if (s.len == 0 || s.p[0] != '/')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!is_plain(s.p[i]) && s.p[i] != '/' && s.p[i] != '@' &&
		    s.p[i] != '?')
			return false;
	return true;
}

bool
http1_head_is_authority(struct gw_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_plain(s.p[i]) && s.p[i] != '[' && s.p[i] != ']')
			return false;
	return s.len > 0 && s.p[0] != ':';
}

bool
http1_head_is_value(struct gw_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	return true;
}

/* ---- what the parser calls ---- */

static struct gw_span
octets(const char *at, size_t len)
{
	return (struct gw_span){ (const uint8_t *)at, len };
}

static int
on_url(http_parser *p, const char *at, size_t len)
{
	struct http1_head *h = p->data;

	h->target = octets(at, len);
	return 0;
}

static int
on_name(http_parser *p, const char *at, size_t len)
{
	struct http1_head *h = p->data;
	int i = 0;

	while (
	    i < HTTP1_FIELD_N && !gw_span_ieq(known[i].name, octets(at, len)))
		i++;
	h->at = (enum http1_field)i;
	return 0;
}

/* A trailer changes nothing: http1_head_body() passes none of it on. */
static int
on_value(http_parser *p, const char *at, size_t len)
{
	struct http1_head *h = p->data;
	struct gw_span *f;

	if (h->at == HTTP1_FIELD_N || (p->flags & F_TRAILING) != 0)
		return 0;
	f = &h->fields[h->at];
	if (f->p != NULL)
		return known[h->at].repeats ? 0 : fail(h, 400, "a field twice");
	*f = gw_span_trim(octets(at, len));
	if (f->len > known[h->at].max)
		return fail(h, 431, "a field is too long");
	return 0;
}

static int
on_body(http_parser *p, const char *at, size_t len)
{
	struct http1_head *h = p->data;

	gw_buf_add(h->body, octets(at, len));
	return 0;
}

static int
on_complete(http_parser *p)
{
	struct http1_head *h = p->data;

	h->complete = true;
	h->keeps = p->http_minor == 1 && http_should_keep_alive(p) != 0;
	return 0;
}

/* How the body ends, by our own reading (RFC 9112 6.3). */
static bool
find_body(struct http1_head *h)
{
	struct gw_span len = h->fields[HTTP1_CONTENT_LENGTH_FIELD];
	struct gw_span coding = h->fields[HTTP1_TRANSFER_ENCODING_FIELD];
	bool is_response = h->parser.type == HTTP_RESPONSE;
	unsigned status = h->parser.status_code;

	if (len.p != NULL && coding.p != NULL)
		return refuse(h, 400, "a length and a transfer coding");
	if (coding.p != NULL && h->parser.http_minor == 0)
		return refuse(h, 400, "a transfer coding in HTTP/1.0");
	if (coding.p != NULL && !gw_span_ieq(coding, GW_SPAN("chunked")))
		return refuse(h, 400, "a transfer coding other than chunked");
	if (len.p != NULL &&
	    gw_span_to_u64(len, INT64_MAX, &h->length) != GW_OK)
		return refuse(h, 400, "the length is not a number");
	h->kind = HTTP1_EMPTY;
	if (is_response && (status < 200 || status == 204 || status == 304))
		return true;
	if (coding.p != NULL)
		h->kind = HTTP1_CHUNKED;
	else if (len.p != NULL)
		h->kind = HTTP1_LENGTH;
	else if (is_response)
		h->kind = HTTP1_CLOSE;
	return true;
}

static int
on_head(http_parser *p)
{
	struct http1_head *h = p->data;

	if (p->http_major != 1 || p->http_minor > 1)
		return fail(h, 505, "neither HTTP/1.0 nor HTTP/1.1");
	if (!find_body(h))
		return -1;
	/* 1: no body, whatever its length is said to be (RFC 9112 6.3). */
	return p->type == HTTP_RESPONSE && h->kind == HTTP1_EMPTY ? 1 : 0;
}

static const http_parser_settings settings = {
	.on_url = on_url,
	.on_header_field = on_name,
	.on_header_value = on_value,
	.on_headers_complete = on_head,
	.on_body = on_body,
	.on_message_complete = on_complete,
};

static bool
execute(struct http1_head *h, struct gw_span in)
{
	size_t n = http_parser_execute(
	    &h->parser, &settings, (const char *)in.p, in.len);
	enum http_errno e = HTTP_PARSER_ERRNO(&h->parser);

	if (e != HPE_OK)
		return refuse(h, 400, http_errno_description(e));
	if (n != in.len)
		return refuse(h, 400, "the message ends in two places");
	return true;
}

/* ---- reading ---- */

/* The start line has single spaces, and nothing but them between its parts;
 * the parser would take more (RFC 9112 3, 4). */
static bool
is_start_line(enum http_parser_type type, struct gw_span head)
{
	struct gw_span line = gw_span_sub(head, 0, gw_span_find(head, 0, '\r'));
	size_t first = gw_span_find(line, 0, ' ');
	size_t second = gw_span_find(line, first + 1, ' ');

	if (gw_span_find(line, 0, '\t') < line.len)
		return false;
	if (type == HTTP_RESPONSE)
		return first == 8 &&
		       (second == first + 4 || line.len == first + 4);
	return first + 1 < second &&
	       gw_span_find(line, second + 1, ' ') == line.len &&
	       line.len == second + 9;
}

bool
http1_head_read(struct http1_head *h, enum http_parser_type type,
    struct gw_span head, struct gw_buf *body)
{
	*h = (struct http1_head){ .at = HTTP1_FIELD_N, .body = body };
	if (!is_start_line(type, head))
		return refuse(h, 400, "the start line is malformed");
	http_parser_init(&h->parser, type);
	h->parser.data = h;
	if (!execute(h, head))
		return false;
	/* Both readings must agree that there is no body, or which. */
	if (h->complete != (h->kind == HTTP1_EMPTY ||
			       (h->kind == HTTP1_LENGTH && h->length == 0)))
		return refuse(h, 400, "the body ends in two places");
	return true;
}

bool
http1_head_body(struct http1_head *h, struct gw_span octets)
{
	if (!execute(h, octets))
		return false;
	return gw_buf_ok(h->body) || refuse(h, 503, "no memory");
}

/* ---- what it says ---- */

/* http://authority/path (RFC 9112 3.2.2). */
static bool
split_absolute(
    struct gw_span target, struct gw_span *authority, struct gw_span *path)
{
	size_t from = 0, slash;

	if (gw_span_istarts(target, GW_SPAN("http://")))
		from = 7;
	else if (gw_span_istarts(target, GW_SPAN("https://")))
		from = 8;
	else
		return false;
	slash = gw_span_find(target, from, '/');
	*authority = gw_span_sub(target, from, slash - from);
	*path = gw_span_sub(target, slash, target.len);
	return true;
}

bool
http1_head_request(struct http1_head *h, struct gw_http_request *out)
{
	struct gw_span host = h->fields[HTTP1_HOST_FIELD], path = h->target;
	struct gw_span authority = host;
	struct gw_span expect = h->fields[HTTP1_EXPECT_FIELD];

	if (h->parser.method == HTTP_CONNECT)
		return refuse(h, 400, "CONNECT");
	if (host.p == NULL || !http1_head_is_authority(host))
		return refuse(h, 400, "no Host, or one that names none");
	if (path.len > GW_HTTP_PATH_MAX)
		return refuse(h, 414, "the path is too long");
	(void)split_absolute(h->target, &authority, &path);
	if (!gw_span_ieq(authority, host))
		return refuse(h, 400, "Host is not the target's");
	if (!http1_head_is_path(path))
		return refuse(h, 400, "the target is no path");
	if (expect.len > 0 && !gw_span_ieq(expect, GW_SPAN("100-continue")))
		return refuse(h, 417, "it expects what we cannot do");
	*out = (struct gw_http_request){ .method = GW_HTTP_OTHER,
		.path = path,
		.authority = authority,
		.content_type = h->fields[HTTP1_CONTENT_TYPE_FIELD],
		.accept = h->fields[HTTP1_ACCEPT_FIELD],
		.authorization = h->fields[HTTP1_AUTHORIZATION_FIELD] };
	if (h->parser.method == HTTP_GET)
		out->method = GW_HTTP_GET;
	else if (h->parser.method == HTTP_POST)
		out->method = GW_HTTP_POST;
	return true;
}

void
http1_head_response(const struct http1_head *h, struct gw_http_response *out)
{
	uint64_t wait = 0;

	*out = (struct gw_http_response){ .status = h->parser.status_code,
		.content_type = h->fields[HTTP1_CONTENT_TYPE_FIELD],
		.allow = h->fields[HTTP1_ALLOW_FIELD] };
	/* A date instead of seconds is as good as nothing said. */
	if (gw_span_to_u64(h->fields[HTTP1_RETRY_AFTER_FIELD], RETRY_AFTER_MAX,
		&wait) == GW_OK)
		out->retry_after_s = (uint32_t)wait;
}
