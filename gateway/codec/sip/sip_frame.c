/*
 * sip_frame.c: the end of the head, then Content-Length.
 */
#include "codec/sip/sip_frame.h"

#include "codec/sip/sip_char.h"
#include "codec/sip/sip_msg.h"

static enum gw_err
refuse(struct gw_fault *fault, enum gw_err err, size_t at, const char *why)
{
	*fault = (struct gw_fault){ at, why };
	return err;
}

/* The stream begins with CR: one CRLF, or two. */
static enum gw_err
read_keep_alive(
    struct gw_span in, struct sip_frame *out, struct gw_fault *fault)
{
	static const uint8_t ping[] = "\r\n\r\n";
	size_t n = 0;

	while (n < in.len && n < 4 && in.p[n] == ping[n])
		n++;
	if (n == 4)
		*out = (struct sip_frame){ SIP_FRAME_PING, 4 };
	else if (n == in.len)
		return GW_EMORE;
	else if (n < 2)
		return refuse(fault, GW_EMALFORMED, n, "CR without LF");
	else
		*out = (struct sip_frame){ SIP_FRAME_PONG, 2 };
	return GW_OK;
}

/* Look for the empty line, going on where the last call stopped. */
static enum gw_err
find_head(struct sip_framer *f, struct gw_span in, struct gw_fault *fault)
{
	struct gw_span head = gw_span_sub(in, 0, SIP_HEAD_MAX);

	for (size_t at = f->scanned;; at++) {
		at = gw_span_find(head, at, '\n');
		f->scanned = at;
		if (at == head.len)
			break;
		if (at == 0 || head.p[at - 1] != '\r')
			return refuse(fault, GW_EMALFORMED, at,
			    "bare LF in the header section");
		if (at >= 3 && head.p[at - 2] == '\n') {
			f->head_len = at + 1;
			return GW_OK;
		}
	}
	if (head.len == SIP_HEAD_MAX)
		return refuse(fault, GW_ELIMIT, SIP_HEAD_MAX - 1,
		    "header section too long");
	return GW_EMORE;
}

/* The value of line if it is a Content-Length field; else empty, p NULL. */
static struct gw_span
length_value(struct gw_span line)
{
	size_t len = sip_char_skip(line, 0, SIP_CHAR_TOKEN), colon;
	struct gw_span name = gw_span_sub(line, 0, len);
	struct gw_span none = { NULL, 0 };

	if ((len != 1 || gw_lower(line.p[0]) != 'l') &&
	    !gw_span_ieq(name, GW_SPAN("Content-Length")))
		return none;
	colon = sip_char_skip(line, len, SIP_CHAR_BLANK);
	if (colon == line.len || line.p[colon] != ':')
		return none;
	return gw_span_trim(gw_span_sub(line, colon + 1, line.len));
}

/* Length of the field at at, with its folds and its CRLF. */
static size_t
field_len(struct gw_span head, size_t at)
{
	size_t end = at;

	do
		end = gw_span_find(head, end, '\n') + 1;
	while (end < head.len && (head.p[end] == ' ' || head.p[end] == '\t'));
	return (end < head.len ? end : head.len) - at;
}

static enum gw_err
read_length(
    struct sip_framer *f, struct gw_span in, size_t max, struct gw_fault *fault)
{
	struct gw_span head = gw_span_sub(in, 0, f->head_len);
	uint64_t body = 0;
	bool found = false;
	size_t len;

	for (size_t at = 0; at < head.len; at += len) {
		len = field_len(head, at);
		struct gw_span v = length_value(gw_span_sub(head, at, len));
		if (v.p == NULL)
			continue;
		if (found)
			return refuse(fault, GW_EMALFORMED, at,
			    "two Content-Length fields");
		found = true;
		enum gw_err err = gw_span_to_u64(v, UINT32_MAX, &body);
		if (err != GW_OK)
			return refuse(fault, err, at,
			    err == GW_ELIMIT ?
				"message too long" :
				"Content-Length is not a number");
	}
	if (!found)
		return refuse(fault, GW_EMALFORMED, head.len - 1,
		    "no Content-Length on a stream");
	if (head.len > max || body > max - head.len)
		return refuse(
		    fault, GW_ELIMIT, head.len - 1, "message too long");
	f->body_len = body;
	return GW_OK;
}

enum gw_err
sip_frame_next(struct sip_framer *f, struct gw_span in, size_t max,
    struct sip_frame *out, struct gw_fault *fault)
{
	enum gw_err err;

	if (in.len == 0)
		return GW_EMORE;
	if (f->head_len == 0) {
		if (in.p[0] == '\r')
			return read_keep_alive(in, out, fault);
		err = find_head(f, in, fault);
		if (err != GW_OK)
			return err;
		err = read_length(f, in, max, fault);
		if (err != GW_OK) {
			f->head_len = 0; /* asked again, the same answer */
			return err;
		}
	}
	if (in.len - f->head_len < f->body_len)
		return GW_EMORE;
	*out =
	    (struct sip_frame){ SIP_FRAME_MESSAGE, f->head_len + f->body_len };
	return GW_OK;
}
