/*
 * http1_frame.c: see http1_frame.h.
 */
#include "net/http/http1_frame.h"

bool
http1_frame_is_token(uint8_t c)
{
	return (c >= '0' && c <= '9') ||
	       (gw_lower(c) >= 'a' && gw_lower(c) <= 'z') ||
	       (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* What a field value or the reason of a status may hold, obs-text too. */
static bool
is_text(uint8_t c)
{
	return (c >= ' ' && c != 0x7f) || c == '\t';
}

static int
digit(uint8_t c)
{
	uint8_t low = gw_lower(c);

	if (c >= '0' && c <= '9')
		return c - '0';
	return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

void
http1_frame_body(
    struct http1_frame *f, enum http1_body kind, uint64_t len, uint64_t max)
{
	f->octets = 0;
	f->n_fields = 0;
	f->room = max;
	f->left = kind == HTTP1_LENGTH ? len : max;
	switch (kind) {
	case HTTP1_EMPTY: f->at = HTTP1_AT_END; break;
	case HTTP1_LENGTH:
		f->at = len == 0 ? HTTP1_AT_END : HTTP1_AT_DATA;
		f->room = 0; /* no chunk follows */
		break;
	case HTTP1_CHUNKED: f->at = HTTP1_AT_SIZE; break;
	case HTTP1_CLOSE: f->at = HTTP1_AT_CLOSE; break;
	}
	f->trailer = kind == HTTP1_CHUNKED;
}

/* One octet more of the head, the chunk line or the trailer. */
static const char *
count(struct http1_frame *f)
{
	bool chunk = f->at >= HTTP1_AT_SIZE && f->at <= HTTP1_AT_SIZE_LF;
	size_t max = HTTP1_HEAD_MAX;

	if (chunk)
		max = HTTP1_CHUNK_MAX;
	else if (f->trailer)
		max = HTTP1_TRAILER_MAX;
	if (++f->octets <= max)
		return NULL;
	if (chunk)
		return "the line of a chunk is too long";
	return f->trailer ? "the trailer is too long" : "the head is too long";
}

static const char *
in_field(struct http1_frame *f, uint8_t c)
{
	if (f->at == HTTP1_AT_NAME) {
		if (c == ':')
			f->at = HTTP1_AT_VALUE;
		else if (!http1_frame_is_token(c))
			return "a field name is not a token";
		return NULL;
	}
	if (c == '\r') {
		f->at = HTTP1_AT_HEAD_LF;
		return NULL;
	}
	if (c == ' ' || c == '\t')
		return "a field line is folded";
	if (!http1_frame_is_token(c))
		return "a field name is not a token";
	if (++f->n_fields > HTTP_FIELDS_MAX)
		return "too many fields";
	f->at = HTTP1_AT_NAME;
	return NULL;
}

static const char *
in_text(struct http1_frame *f, uint8_t c, enum http1_at after_cr)
{
	if (c == '\r')
		f->at = after_cr;
	else if (!is_text(c))
		return "a control character, or a line without CR";
	return NULL;
}

static const char *
in_size(struct http1_frame *f, uint8_t c)
{
	int d = digit(c);

	if (d >= 0) {
		f->left = f->at == HTTP1_AT_SIZE ? (uint64_t)d :
						   f->left * 16 + (uint64_t)d;
		f->at = HTTP1_AT_DIGITS;
		return f->left > f->room ? "the body is too long" : NULL;
	}
	if (f->at == HTTP1_AT_DIGITS && c == ';')
		f->at = HTTP1_AT_EXTENSION;
	else if (f->at == HTTP1_AT_DIGITS && c == '\r')
		f->at = HTTP1_AT_SIZE_LF;
	else
		return "the size of a chunk is not a number";
	return NULL;
}

static const char *
after_cr(struct http1_frame *f, uint8_t c)
{
	if (c != '\n')
		return "a CR without LF";
	switch ((int)f->at) {
	case HTTP1_AT_LINE_LF: f->at = HTTP1_AT_FIELD; break;
	case HTTP1_AT_HEAD_LF: f->at = HTTP1_AT_END; break;
	case HTTP1_AT_SIZE_LF:
		f->octets = 0;
		f->room -= f->left;
		f->at = f->left > 0 ? HTTP1_AT_DATA : HTTP1_AT_FIELD;
		break;
	default: f->octets = 0; f->at = HTTP1_AT_SIZE;
	}
	return NULL;
}

/* One octet that is not data; NULL or why not. */
static const char *
step(struct http1_frame *f, uint8_t c)
{
	switch (f->at) {
	case HTTP1_AT_START:
		f->at = HTTP1_AT_FIRST;
		return http1_frame_is_token(c) ? NULL : "no message begins so";
	case HTTP1_AT_FIRST: return in_text(f, c, HTTP1_AT_LINE_LF);
	case HTTP1_AT_FIELD:
	case HTTP1_AT_NAME: return in_field(f, c);
	case HTTP1_AT_VALUE: return in_text(f, c, HTTP1_AT_LINE_LF);
	case HTTP1_AT_SIZE:
	case HTTP1_AT_DIGITS: return in_size(f, c);
	case HTTP1_AT_EXTENSION: return in_text(f, c, HTTP1_AT_SIZE_LF);
	case HTTP1_AT_LINE_LF:
	case HTTP1_AT_HEAD_LF:
	case HTTP1_AT_SIZE_LF:
	case HTTP1_AT_DATA_LF: return after_cr(f, c);
	case HTTP1_AT_DATA_CR:
		f->at = HTTP1_AT_DATA_LF;
		return c == '\r' ? NULL : "a chunk is longer than it says";
	case HTTP1_AT_DATA:
	case HTTP1_AT_CLOSE:
	case HTTP1_AT_END: break;
	}
	return "no octet belongs here";
}

/* Is it our limit that it passed, not the format that it broke? */
static bool
is_over(const struct http1_frame *f)
{
	return f->n_fields > HTTP_FIELDS_MAX || f->left > f->room;
}

/* Data goes by in one step; the octets of in that are some. */
static size_t
skip_data(struct http1_frame *f, struct gw_span in)
{
	size_t n = in.len < f->left ? in.len : (size_t)f->left;

	f->left -= n;
	if (f->left == 0 && f->at == HTTP1_AT_DATA)
		f->at = f->trailer ? HTTP1_AT_DATA_CR : HTTP1_AT_END;
	return n;
}

enum gw_err
http1_frame_take(
    struct http1_frame *f, struct gw_span in, size_t *used, const char **why)
{
	size_t at = 0;

	while (at < in.len && f->at != HTTP1_AT_END) {
		if (f->at == HTTP1_AT_DATA || f->at == HTTP1_AT_CLOSE) {
			size_t n = skip_data(f, gw_span_sub(in, at, in.len));
			if (n == 0) {
				*why = "the body is too long";
				return GW_ELIMIT;
			}
			at += n;
			continue;
		}
		if ((*why = count(f)) != NULL)
			return GW_ELIMIT;
		if ((*why = step(f, in.p[at])) != NULL)
			return is_over(f) ? GW_ELIMIT : GW_EMALFORMED;
		at++;
	}
	*used = at;
	return f->at == HTTP1_AT_END ? GW_OK : GW_EMORE;
}
