/*
 * sip_build.c: responses, ACK and CANCEL.
 */
#include "codec/sip/sip_build.h"

#include "codec/sip/sip_addr.h"
#include "codec/sip/sip_via.h"

#define MAX_FORWARDS_DEFAULT 70

static const struct {
	uint16_t status;
	const char *phrase;
} phrases[] = {
	{ 100, "Trying" },
	{ 180, "Ringing" },
	{ 181, "Call Is Being Forwarded" },
	{ 182, "Queued" },
	{ 183, "Session Progress" },
	{ 199, "Early Dialog Terminated" },
	{ 200, "OK" },
	{ 202, "Accepted" },
	{ 204, "No Notification" },
	{ 300, "Multiple Choices" },
	{ 301, "Moved Permanently" },
	{ 302, "Moved Temporarily" },
	{ 305, "Use Proxy" },
	{ 380, "Alternative Service" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 402, "Payment Required" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 407, "Proxy Authentication Required" },
	{ 408, "Request Timeout" },
	{ 410, "Gone" },
	{ 412, "Conditional Request Failed" },
	{ 413, "Request Entity Too Large" },
	{ 414, "Request-URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Unsupported URI Scheme" },
	{ 417, "Unknown Resource-Priority" },
	{ 420, "Bad Extension" },
	{ 421, "Extension Required" },
	{ 422, "Session Interval Too Small" },
	{ 423, "Interval Too Brief" },
	{ 424, "Bad Location Information" },
	{ 428, "Use Identity Header" },
	{ 429, "Provide Referrer Identity" },
	{ 430, "Flow Failed" },
	{ 433, "Anonymity Disallowed" },
	{ 436, "Bad Identity Info" },
	{ 437, "Unsupported Credential" },
	{ 438, "Invalid Identity Header" },
	{ 439, "First Hop Lacks Outbound Support" },
	{ 440, "Max-Breadth Exceeded" },
	{ 469, "Bad Info Package" },
	{ 470, "Consent Needed" },
	{ 480, "Temporarily Unavailable" },
	{ 481, "Call/Transaction Does Not Exist" },
	{ 482, "Loop Detected" },
	{ 483, "Too Many Hops" },
	{ 484, "Address Incomplete" },
	{ 485, "Ambiguous" },
	{ 486, "Busy Here" },
	{ 487, "Request Terminated" },
	{ 488, "Not Acceptable Here" },
	{ 489, "Bad Event" },
	{ 491, "Request Pending" },
	{ 493, "Undecipherable" },
	{ 494, "Security Agreement Required" },
	{ 500, "Server Internal Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Server Time-out" },
	{ 505, "Version Not Supported" },
	{ 513, "Message Too Large" },
	{ 555, "Push Notification Service Not Supported" },
	{ 580, "Precondition Failure" },
	{ 600, "Busy Everywhere" },
	{ 603, "Decline" },
	{ 604, "Does Not Exist Anywhere" },
	{ 606, "Not Acceptable" },
	{ 607, "Unwanted" },
	{ 608, "Rejected" },
};

static void
field(struct gw_buf *out, const char *name, struct gw_span value)
{
	gw_buf_text(out, name);
	gw_buf_add(out, value);
	gw_buf_text(out, "\r\n");
}

static void
copy_first(struct gw_buf *out, const struct sip_msg *m, enum sip_hdr_id id)
{
	const struct sip_hdr *h = sip_msg_hdr(m, id);

	if (h != NULL)
		gw_buf_add(out, h->line);
}

static void
copy_all(struct gw_buf *out, const struct sip_msg *m, enum sip_hdr_id id)
{
	const struct sip_hdr *h = sip_msg_hdr(m, id);

	for (; h != NULL; h = sip_msg_next(m, h))
		gw_buf_add(out, h->line);
}

/* The parameters of the top Via, with received and rport as they should be;
 * what the sender itself claimed in received is left out. */
static void
via_params(struct gw_buf *out, struct gw_span params, const struct sip_reply *r)
{
	struct gw_span name, value;
	size_t pos = 0, from = 0;

	for (; sip_param_next(params, &pos, &name, &value); from = pos) {
		struct gw_span all = gw_span_sub(params, from, pos - from);
		if (gw_span_ieq(name, GW_SPAN("rport")) && r->rport != 0) {
			gw_buf_text(out, ";rport=");
			gw_buf_num(out, r->rport);
		} else if (!gw_span_ieq(name, GW_SPAN("received")) ||
			   r->received.len == 0) {
			gw_buf_add(out, all);
		}
	}
	if (r->received.len > 0) {
		gw_buf_text(out, ";received=");
		gw_buf_add(out, r->received);
	}
}

/* The row that holds the top Via (RFC 3261, 18.2.1; RFC 3581, 4).  One that
 * cannot be parsed goes back as it came. */
static void
copy_top_via(
    struct gw_buf *out, const struct sip_hdr *h, const struct sip_reply *r)
{
	struct gw_fault fault;
	struct sip_via via;
	size_t pos = 0;

	if ((r->received.len == 0 && r->rport == 0) ||
	    sip_via_next(h->value, &pos, &via, &fault) != GW_OK) {
		gw_buf_add(out, h->line);
		return;
	}
	size_t to_params =
	    (size_t)(via.all.p - h->line.p) + via.all.len - via.params.len;
	gw_buf_add(out, gw_span_sub(h->line, 0, to_params));
	via_params(out, via.params, r);
	gw_buf_add(
	    out, gw_span_sub(h->line, to_params + via.params.len, h->line.len));
}

static void
copy_to(struct gw_buf *out, const struct sip_msg *m, const struct sip_reply *r)
{
	const struct sip_hdr *h = sip_msg_hdr(m, SIP_HDR_TO);

	if (h == NULL)
		return;
	if (r->status <= 100 || r->to_tag.len == 0 || sip_msg_in_dialog(m)) {
		gw_buf_add(out, h->line);
		return;
	}
	gw_buf_add(out, gw_span_join(h->name, h->value));
	field(out, ";tag=", r->to_tag);
}

void
sip_reply_build(struct gw_buf *out, const struct sip_msg *request,
    const struct sip_reply *r)
{
	const struct sip_hdr *via = sip_msg_hdr(request, SIP_HDR_VIA);

	gw_buf_text(out, "SIP/2.0 ");
	gw_buf_num(out, r->status);
	gw_buf_text(out, " ");
	field(out, r->reason != NULL ? r->reason : sip_reason(r->status),
	    (struct gw_span){ NULL, 0 });
	if (via != NULL) {
		copy_top_via(out, via, r);
		while ((via = sip_msg_next(request, via)) != NULL)
			gw_buf_add(out, via->line);
	}
	copy_first(out, request, SIP_HDR_FROM);
	copy_to(out, request, r);
	copy_first(out, request, SIP_HDR_CALL_ID);
	copy_first(out, request, SIP_HDR_CSEQ);
	if (r->status == 100)
		copy_first(out, request, SIP_HDR_TIMESTAMP);
	gw_buf_add(out, r->headers);
	if (r->body.len > 0)
		field(out, "Content-Type: ", r->content_type);
	gw_buf_text(out, "Content-Length: ");
	gw_buf_num(out, r->body.len);
	gw_buf_text(out, "\r\n\r\n");
	gw_buf_add(out, r->body);
}

const char *
sip_reason(unsigned status)
{
	for (size_t i = 0; i < GW_COUNT(phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Unknown";
}

/* What ACK and CANCEL have in common; to is the value of To. */
static void
build_follower(struct gw_buf *out, const struct sip_msg *sent,
    const char *method, struct gw_span to)
{
	struct gw_fault fault;
	struct sip_via via = { .port = 0 };
	size_t pos = 0;

	if (sip_via_next(sip_msg_value(sent, SIP_HDR_VIA), &pos, &via,
		&fault) != GW_OK) {
		out->bad = true;
		return;
	}
	gw_buf_text(out, method);
	gw_buf_text(out, " ");
	gw_buf_add(out, sent->uri);
	gw_buf_text(out, " SIP/2.0\r\n");
	field(out, "Via: ", via.all);
	gw_buf_text(out, "Max-Forwards: ");
	gw_buf_num(out, sip_msg_hdr(sent, SIP_HDR_MAX_FORWARDS) != NULL ?
			    sent->max_forwards :
			    MAX_FORWARDS_DEFAULT);
	gw_buf_text(out, "\r\n");
	copy_all(out, sent, SIP_HDR_ROUTE);
	copy_first(out, sent, SIP_HDR_FROM);
	field(out, "To: ", to);
	copy_first(out, sent, SIP_HDR_CALL_ID);
	gw_buf_text(out, "CSeq: ");
	gw_buf_num(out, sent->cseq);
	gw_buf_text(out, " ");
	gw_buf_text(out, method);
	gw_buf_text(out, "\r\nContent-Length: 0\r\n\r\n");
}

void
sip_ack_build(
    struct gw_buf *out, const struct sip_msg *sent, struct gw_span to_value)
{
	build_follower(out, sent, "ACK",
	    to_value.len > 0 ? to_value : sip_msg_value(sent, SIP_HDR_TO));
}

void
sip_cancel_build(struct gw_buf *out, const struct sip_msg *sent)
{
	build_follower(out, sent, "CANCEL", sip_msg_value(sent, SIP_HDR_TO));
}
