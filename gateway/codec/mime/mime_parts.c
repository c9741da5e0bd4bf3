/*
 * mime_parts.c: cut a multipart body at its delimiter lines.
 *
 * The search goes from line feed with dashes to the next, as a delimiter can
 * stand nowhere else; other lines are passed over many octets at a time.
 */
#include "codec/mime/mime_parts.h"

struct delimiter {
	size_t at, end; /* of its line; end is behind the CRLF */
	bool closing;
};

static enum gw_err
malformed(struct gw_fault *fault, size_t at, const char *why)
{
	*fault = (struct gw_fault){ at, why };
	return GW_EMALFORMED;
}

static bool
is_delimiter(const struct mime_parts *w, size_t at)
{
	const uint8_t *p = w->in.p + at;

	return w->in.len - at >= w->boundary.len + 2 && p[0] == '-' &&
	       p[1] == '-' &&
	       memcmp(p + 2, w->boundary.p, w->boundary.len) == 0;
}

static bool
is_crlf(struct gw_span s, size_t at)
{
	return s.len - at >= 2 && s.p[at] == '\r' && s.p[at + 1] == '\n';
}

static enum gw_err
read_delimiter(const struct mime_parts *w, size_t at, struct delimiter *out,
    struct gw_fault *fault)
{
	struct gw_span in = w->in;
	size_t pos = at + 2 + w->boundary.len;
	bool closing =
	    in.len - pos >= 2 && in.p[pos] == '-' && in.p[pos + 1] == '-';

	if (at > 0 && (at < 2 || !is_crlf(in, at - 2)))
		return malformed(fault, at, "a delimiter behind a bare LF");
	if (closing)
		pos += 2;
	while (pos < in.len && (in.p[pos] == ' ' || in.p[pos] == '\t'))
		pos++;
	if (pos < in.len && !is_crlf(in, pos))
		return malformed(
		    fault, pos, "a line that begins with the boundary goes on");
	*out = (struct delimiter){ at, pos < in.len ? pos + 2 : pos, closing };
	return GW_OK;
}

/* from is the start of a line. */
static enum gw_err
find_delimiter(const struct mime_parts *w, size_t from, struct delimiter *out,
    struct gw_fault *fault)
{
	static const struct gw_span line_begin = GW_LIT("\n--");

	for (size_t at = from; at < w->in.len;
	     at = gw_span_search_from(w->in, at, line_begin) + 1)
		if (is_delimiter(w, at))
			return read_delimiter(w, at, out, fault);
	return malformed(fault, w->in.len,
	    w->opened ? "the closing delimiter is missing" :
			"no delimiter of the boundary");
}

/* The offset behind the empty line that ends the header fields at from. */
static enum gw_err
find_body(const struct mime_parts *w, size_t from, size_t *body,
    struct gw_fault *fault)
{
	size_t at = from;

	while (at < w->in.len && !is_crlf(w->in, at)) {
		if (is_delimiter(w, at))
			return malformed(fault, at,
			    "a part without an empty line behind its fields");
		at = gw_span_find(w->in, at, '\n') + 1;
	}
	if (at >= w->in.len)
		return malformed(
		    fault, w->in.len, "the closing delimiter is missing");
	*body = at + 2;
	return GW_OK;
}

void
mime_parts_init(
    struct mime_parts *w, struct gw_span in, struct gw_span boundary)
{
	*w = (struct mime_parts){ .in = in, .boundary = boundary };
}

static enum gw_err
open_parts(struct mime_parts *w, struct gw_fault *fault)
{
	struct delimiter d;
	enum gw_err err = find_delimiter(w, 0, &d, fault);

	if (err != GW_OK)
		return err;
	if (d.closing)
		return malformed(
		    fault, d.at, "a closing delimiter before any part");
	w->opened = true;
	w->pos = d.end;
	return GW_OK;
}

enum gw_err
mime_parts_next(
    struct mime_parts *w, struct mime_part *out, struct gw_fault *fault)
{
	struct delimiter d;
	enum gw_err err = GW_OK;
	size_t from, body = 0;

	if (w->closed)
		return GW_ENOTFOUND;
	if (!w->opened)
		err = open_parts(w, fault);
	from = w->pos;
	if (err == GW_OK)
		err = find_body(w, from, &body, fault);
	if (err == GW_OK)
		err = find_delimiter(w, body, &d, fault);
	if (err != GW_OK)
		return err;
	/* A delimiter right behind the empty line shares its CRLF. */
	size_t end = d.at > body ? d.at - 2 : body;
	out->head = gw_span_sub(w->in, from, body - 2 - from);
	out->body = gw_span_sub(w->in, body, end - body);
	w->pos = d.end;
	w->closed = d.closing;
	return GW_OK;
}
