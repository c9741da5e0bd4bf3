/*
 * sdp_keymgmt.c: from line to line through a session description.
 */
#include "codec/sdp/sdp_keymgmt.h"

#include "mcxgw/scan.h"

static const struct gw_span attribute = GW_LIT("a=key-mgmt:");

static enum gw_err
malformed(struct gw_fault *fault, size_t at, const char *why)
{
	*fault = (struct gw_fault){ at, why };
	return GW_EMALFORMED;
}

void
sdp_scan_init(struct sdp_scan *s, struct gw_span sdp)
{
	*s = (struct sdp_scan){ .in = sdp };
}

/* The line at pos without its end; pos moves behind it. */
static enum gw_err
next_line(struct sdp_scan *s, struct gw_span *line, struct gw_fault *fault)
{
	size_t end = gw_scan(GW_SCAN_LINE_END, s->in, s->pos), lf = end;

	if (end < s->in.len && s->in.p[end] == '\r') {
		lf++;
		if (lf == s->in.len || s->in.p[lf] != '\n')
			return malformed(fault, end, "bare CR in SDP");
	}
	*line = (struct gw_span){ s->in.p + s->pos, end - s->pos };
	s->pos = lf + 1;
	return GW_OK;
}

/* m=<media> <port> ... */
static void
note_media(struct sdp_scan *s, struct gw_span line)
{
	struct gw_span rest = gw_span_sub(line, 2, line.len);

	s->in_media = true;
	s->media = gw_span_sub(rest, 0, gw_span_find(rest, 0, ' '));
}

/* Of the lines of an offer most begin with "a=". */
static bool
is_keymgmt(struct gw_span line)
{
	struct gw_span name = gw_span_sub(attribute, 2, attribute.len);

	return (line.p[0] == 'a' || line.p[0] == 'A') &&
	       gw_span_istarts(gw_span_sub(line, 2, line.len), name);
}

static enum gw_err
split(const struct sdp_scan *s, struct gw_span line, struct sdp_keymgmt *out,
    struct gw_fault *fault)
{
	size_t at = (size_t)(line.p - s->in.p);
	struct gw_span rest = gw_span_sub(line, attribute.len, line.len);
	size_t space = gw_span_find(rest, 0, ' ');

	if (memcmp(line.p, attribute.p, attribute.len) != 0)
		return malformed(fault, at, "key-mgmt in another case");
	if (space == 0 || rest.len == 0)
		return malformed(
		    fault, at + attribute.len, "key-mgmt without a protocol");
	*out = (struct sdp_keymgmt){ line, s->media, s->in_media,
		gw_span_sub(rest, 0, space),
		gw_span_sub(rest, space + 1, rest.len) };
	return GW_OK;
}

enum gw_err
sdp_keymgmt_next(
    struct sdp_scan *s, struct sdp_keymgmt *out, struct gw_fault *fault)
{
	struct gw_span line;

	while (s->pos < s->in.len) {
		enum gw_err err = next_line(s, &line, fault);
		if (err != GW_OK)
			return err;
		if (line.len < 2 || line.p[1] != '=')
			continue;
		if (line.p[0] == 'm')
			note_media(s, line);
		else if (is_keymgmt(line))
			return split(s, line, out, fault);
	}
	return GW_ENOTFOUND;
}
