/*
 * http2_write.h: a header that is written into the buffer of its stream, the
 * body behind it; nghttp2 reads both there when the frames are sent.
 */
#ifndef HTTP2_WRITE_H
#define HTTP2_WRITE_H

#include <nghttp2/nghttp2.h>

#include "net/http/http2_stream.h"

#define HTTP2_WRITE_MAX 10

struct http2_write {
	struct http2_stream *s;
	size_t n;
	nghttp2_nv nv[HTTP2_WRITE_MAX];
	size_t at[HTTP2_WRITE_MAX]; /* of the name; the value follows */
	bool bad;
};

/* w->s is set.  GW_EMALFORMED: it cannot be written; GW_ENOMEM. */
enum gw_err http2_write_request(struct http2_write *w,
    const struct gw_http_request *r, bool secure) GW_NODISCARD;
enum gw_err http2_write_response(
    struct http2_write *w, const struct gw_http_response *r) GW_NODISCARD;

/** The body, for nghttp2; NULL: there is none.  p is filled. */
const nghttp2_data_provider *
http2_write_body(const struct http2_write *w, nghttp2_data_provider *p);

#endif
