/*
 * http2_write.c: see http2_write.h.
 */
#include "net/http/http2_write.h"

#define NUM_TEXT 24

static void
put(struct http2_write *w, struct gw_span name, struct gw_span value)
{
	struct gw_buf *out = &w->s->out;
	bool secret = gw_span_eq(name, GW_SPAN("authorization"));

	if (w->n == HTTP2_WRITE_MAX ||
	    nghttp2_check_header_value(value.p, value.len) == 0) {
		w->bad = true;
		return;
	}
	w->at[w->n] = out->len;
	gw_buf_add(out, name);
	gw_buf_add(out, value);
	w->nv[w->n].namelen = name.len;
	w->nv[w->n].valuelen = value.len;
	w->nv[w->n].flags =
	    NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
	if (secret)
		w->nv[w->n].flags |= NGHTTP2_NV_FLAG_NO_INDEX;
	w->n++;
}

static void
put_some(struct http2_write *w, struct gw_span name, struct gw_span value)
{
	if (value.len > 0)
		put(w, name, value);
}

static void
put_num(struct http2_write *w, struct gw_span name, uint64_t value)
{
	uint8_t digits[NUM_TEXT];
	struct gw_buf text = { .p = digits, .size = NUM_TEXT, .cap = NUM_TEXT };

	gw_buf_num(&text, value);
	put(w, name, gw_buf_span(&text));
}

/* The body, and where everything lies now that nothing moves any more. */
static enum gw_err
finish(struct http2_write *w, struct gw_span body)
{
	struct gw_buf *out = &w->s->out;

	w->s->out_at = out->len;
	gw_buf_add(out, body);
	if (!gw_buf_ok(out))
		return GW_ENOMEM;
	for (size_t i = 0; i < w->n; i++) {
		w->nv[i].name = out->p + w->at[i];
		w->nv[i].value = w->nv[i].name + w->nv[i].namelen;
	}
	return w->bad ? GW_EMALFORMED : GW_OK;
}

enum gw_err
http2_write_request(
    struct http2_write *w, const struct gw_http_request *r, bool secure)
{
	bool post = r->method == GW_HTTP_POST;

	if (r->method == GW_HTTP_OTHER || r->authority.len == 0 ||
	    r->path.len == 0 || r->path.p[0] != '/')
		return GW_EMALFORMED;
	put(w, GW_SPAN(":method"), post ? GW_SPAN("POST") : GW_SPAN("GET"));
	put(w, GW_SPAN(":scheme"), secure ? GW_SPAN("https") : GW_SPAN("http"));
	put(w, GW_SPAN(":authority"), r->authority);
	put(w, GW_SPAN(":path"), r->path);
	put_some(w, GW_SPAN("content-type"), r->content_type);
	if (post)
		put_num(w, GW_SPAN("content-length"), r->body.len);
	put_some(w, GW_SPAN("accept"), r->accept);
	put_some(w, GW_SPAN("authorization"), r->authorization);
	return finish(w, r->body);
}

enum gw_err
http2_write_response(struct http2_write *w, const struct gw_http_response *r)
{
	put_num(w, GW_SPAN(":status"), r->status);
	put_some(w, GW_SPAN("content-type"), r->content_type);
	put_num(w, GW_SPAN("content-length"), r->body.len);
	put_some(w, GW_SPAN("allow"), r->allow);
	if (r->retry_after_s > 0)
		put_num(w, GW_SPAN("retry-after"), r->retry_after_s);
	return finish(w, w->s->head ? (struct gw_span){ NULL, 0 } : r->body);
}

static ssize_t
read_body(nghttp2_session *session, int32_t id, uint8_t *to, size_t len,
    uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct http2_stream *s = source->ptr;
	struct gw_span rest = gw_span_sub(gw_buf_span(&s->out), s->out_at, len);

	(void)session;
	(void)id;
	(void)arg;
	memcpy(to, rest.p, rest.len);
	s->out_at += rest.len;
	if (s->out_at == s->out.len)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)rest.len;
}

const nghttp2_data_provider *
http2_write_body(const struct http2_write *w, nghttp2_data_provider *p)
{
	p->source.ptr = w->s;
	p->read_callback = read_body;
	return w->s->out_at < w->s->out.len ? p : NULL;
}
