/*
 * http1_write.c: see http1_write.h.
 */
#include "net/http/http1_write.h"

#include "net/http/http1_head.h"

static void
field(struct gw_buf *out, const char *name, struct gw_span value)
{
	if (value.len == 0)
		return;
	gw_buf_text(out, name);
	gw_buf_text(out, ": ");
	gw_buf_add(out, value);
	gw_buf_text(out, "\r\n");
}

static void
length(struct gw_buf *out, size_t len)
{
	gw_buf_text(out, "Content-Length: ");
	gw_buf_num(out, len);
	gw_buf_text(out, "\r\n");
}

enum gw_err
http1_write_request(struct gw_buf *out, const struct gw_http_request *r)
{
	if (r->method == GW_HTTP_OTHER || !http1_head_is_path(r->path) ||
	    !http1_head_is_authority(r->authority) ||
	    !http1_head_is_value(r->content_type) ||
	    !http1_head_is_value(r->accept) ||
	    !http1_head_is_value(r->authorization))
		return GW_EMALFORMED;
	gw_buf_text(out, r->method == GW_HTTP_GET ? "GET " : "POST ");
	gw_buf_add(out, r->path);
	gw_buf_text(out, " HTTP/1.1\r\n");
	field(out, "Host", r->authority);
	field(out, "Content-Type", r->content_type);
	field(out, "Accept", r->accept);
	field(out, "Authorization", r->authorization);
	if (r->method == GW_HTTP_POST || r->body.len > 0)
		length(out, r->body.len);
	gw_buf_text(out, "\r\n");
	gw_buf_add(out, r->body);
	return gw_buf_ok(out) ? GW_OK : GW_ENOMEM;
}

enum gw_err
http1_write_response(struct gw_buf *out, const struct gw_http_response *r,
    struct http1_write_how how)
{
	bool bare = r->status == 204 || r->status == 304;

	if (!http1_head_is_value(r->content_type) ||
	    !http1_head_is_value(r->allow))
		return GW_EMALFORMED;
	gw_buf_fmt(out, "HTTP/1.1 %u %s\r\n", r->status,
	    http_status_str((enum http_status)r->status));
	field(out, "Content-Type", r->content_type);
	field(out, "Allow", r->allow);
	if (r->retry_after_s > 0)
		gw_buf_fmt(out, "Retry-After: %u\r\n", r->retry_after_s);
	if (how.closes)
		gw_buf_text(out, "Connection: close\r\n");
	if (!bare)
		length(out, r->body.len);
	gw_buf_text(out, "\r\n");
	if (!bare && !how.no_body)
		gw_buf_add(out, r->body);
	return gw_buf_ok(out) ? GW_OK : GW_ENOMEM;
}
