/*
 * mime_head.c: header fields of a part, and the media type.
 */
#include "codec/mime/mime_head.h"

#include "codec/sip/sip_msg.h"
#include "mcxgw/scan.h"

static enum gw_err
malformed(struct gw_fault *fault, size_t at, const char *why)
{
	*fault = (struct gw_fault){ at, why };
	return GW_EMALFORMED;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 2045, 5.1: printable, and none of the tspecials. */
static bool
is_token(uint8_t c)
{
	switch (c) {
	case '(':
	case ')':
	case '<':
	case '>':
	case '@':
	case ',':
	case ';':
	case ':':
	case '\\':
	case '"':
	case '/':
	case '[':
	case ']':
	case '?':
	case '=': return false;
	default: return c > ' ' && c < 0x7f;
	}
}

static size_t
skip_blanks(struct gw_span s, size_t pos)
{
	while (pos < s.len && is_blank(s.p[pos]))
		pos++;
	return pos;
}

static size_t
skip_token(struct gw_span s, size_t pos)
{
	pos = gw_scan(GW_SCAN_WORD_END, s, pos);
	while (pos < s.len && is_token(s.p[pos]))
		pos++;
	return pos;
}

/* A field with its folds begins at from; *end is set behind its CRLF. */
static enum gw_err
find_field_end(
    struct gw_span head, size_t from, size_t *end, struct gw_fault *fault)
{
	size_t pos = from;

	while ((pos = gw_scan(GW_SCAN_CONTROL, head, pos)) < head.len) {
		uint8_t c = head.p[pos++];
		if (c == '\t')
			continue;
		if (c != '\r')
			return malformed(fault, pos - 1,
			    c == '\n' ? "bare LF in a header field" :
					"control character in a header field");
		if (pos == head.len || head.p[pos] != '\n')
			return malformed(
			    fault, pos - 1, "bare CR in a header field");
		pos++;
		if (pos == head.len ||
		    (head.p[pos] != ' ' && head.p[pos] != '\t')) {
			*end = pos;
			return GW_OK;
		}
	}
	return malformed(fault, pos, "header field without its CRLF");
}

/* Where the value of a field goes; NULL for fields that nobody reads. */
static struct gw_span *
slot_of(struct mime_head *h, struct gw_span name)
{
	if (name.len == 1) /* there are no compact forms in a part */
		return NULL;
	switch ((int)sip_hdr_find(name)) {
	case SIP_HDR_CONTENT_TYPE: return &h->type;
	case SIP_HDR_CONTENT_TRANSFER_ENCODING: return &h->transfer;
	case SIP_HDR_CONTENT_ENCODING: return &h->coding;
	case SIP_HDR_CONTENT_ID: return &h->id;
	case SIP_HDR_CONTENT_DISPOSITION: return &h->disposition;
	default: return NULL;
	}
}

enum gw_err
mime_head_read(
    struct gw_span head, struct mime_head *out, struct gw_fault *fault)
{
	struct mime_head h = { 0 };
	size_t end = 0;

	for (size_t pos = 0; pos < head.len; pos = end) {
		enum gw_err err = find_field_end(head, pos, &end, fault);
		if (err != GW_OK)
			return err;
		size_t name_end = skip_token(head, pos);
		size_t colon = skip_blanks(head, name_end);
		if (name_end == pos || colon >= end || head.p[colon] != ':')
			return malformed(fault, pos, "not a header field");
		struct gw_span *slot =
		    slot_of(&h, gw_span_sub(head, pos, name_end - pos));
		if (slot == NULL)
			continue;
		if (slot->p != NULL)
			return malformed(fault, pos,
			    "a field of a part that may stand only once");
		*slot =
		    gw_span_trim(gw_span_sub(head, colon + 1, end - colon - 1));
	}
	*out = h;
	return GW_OK;
}

/* s.p[pos] is the opening quote; the offset behind the closing one, or 0. */
static size_t
skip_quoted(struct gw_span s, size_t pos)
{
	for (pos++; pos < s.len; pos++) {
		if (s.p[pos] == '"')
			return pos + 1;
		if (s.p[pos] == '\\')
			pos++;
	}
	return 0;
}

static bool
is_boundary(struct gw_span b)
{
	if (b.len == 0 || b.len > MIME_BOUNDARY_MAX || b.p[b.len - 1] == ' ')
		return false;
	for (size_t i = 0; i < b.len; i++)
		if (b.p[i] < ' ' || b.p[i] > '~' || b.p[i] == '\\')
			return false;
	return true;
}

/*
 * One parameter, pos behind its semicolon; *end is set behind its value.
 * Values that are not quoted may hold more than a token: boundaries with '='
 * or '/' are common.
 */
static enum gw_err
read_parameter(struct gw_span s, size_t pos, struct mime_type *t, size_t *end,
    struct gw_fault *fault)
{
	size_t from = skip_blanks(s, pos);
	size_t to = skip_token(s, from);
	struct gw_span name = gw_span_sub(s, from, to - from);
	struct gw_span value;

	pos = skip_blanks(s, to);
	if (name.len == 0 || pos >= s.len || s.p[pos] != '=')
		return malformed(
		    fault, from, "not a parameter of the media type");
	pos = from = skip_blanks(s, pos + 1);
	if (pos < s.len && s.p[pos] == '"') {
		pos = skip_quoted(s, pos);
		if (pos == 0)
			return malformed(
			    fault, from, "quoted string without an end");
		value = gw_span_sub(s, from + 1, pos - from - 2);
	} else {
		while (pos < s.len && !is_blank(s.p[pos]) && s.p[pos] != ';' &&
		       s.p[pos] != '"')
			pos++;
		value = gw_span_sub(s, from, pos - from);
		if (value.len == 0)
			return malformed(
			    fault, from, "parameter without a value");
	}
	*end = pos;
	if (!gw_span_ieq(name, GW_SPAN("boundary")))
		return GW_OK;
	if (t->boundary.p != NULL)
		return malformed(fault, from, "two boundaries");
	if (!is_boundary(value))
		return malformed(fault, from, "not a boundary");
	t->boundary = value;
	return GW_OK;
}

enum gw_err
mime_type_read(struct gw_span s, struct mime_type *out, struct gw_fault *fault)
{
	struct mime_type t = { 0 };
	size_t from = skip_blanks(s, 0), pos = skip_token(s, from);

	t.main = gw_span_sub(s, from, pos - from);
	pos = skip_blanks(s, pos);
	if (t.main.len == 0 || pos >= s.len || s.p[pos] != '/')
		return malformed(fault, from, "not a media type");
	from = skip_blanks(s, pos + 1);
	pos = skip_token(s, from);
	t.sub = gw_span_sub(s, from, pos - from);
	if (t.sub.len == 0)
		return malformed(fault, from, "not a media type");
	while ((pos = skip_blanks(s, pos)) < s.len) {
		if (s.p[pos] != ';')
			return malformed(
			    fault, pos, "something behind the media type");
		enum gw_err err = read_parameter(s, pos + 1, &t, &pos, fault);
		if (err != GW_OK)
			return err;
	}
	*out = t;
	return GW_OK;
}

struct gw_span
mime_value(struct gw_span value)
{
	return gw_span_trim(gw_span_sub(value, 0, gw_span_find(value, 0, ';')));
}
