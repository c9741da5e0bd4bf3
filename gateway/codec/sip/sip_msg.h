/*
 * sip_msg.h: read a SIP message in place (RFC 3261, 7 and 25).
 *
 * One pass finds the start line, every header field and the body.  Nothing
 * is copied: all spans point into the caller's buffer.  Values are parsed
 * further only on request (sip_uri.h, sip_addr.h, sip_via.h ...).
 *
 * What two readers could understand differently is malformed: a field that
 * may stand once stands twice, two lengths, a bare LF or CR in the header
 * section, a fold before the first field, control characters.
 *
 * Threads  pure functions; a struct sip_msg belongs to its caller.
 */
#ifndef SIP_MSG_H
#define SIP_MSG_H

#include "codec/sip/sip_addr.h"
#include "codec/sip/sip_via.h"

#define SIP_HDRS_MAX 192 /* header field rows of one message */
#define SIP_HEAD_MAX 32768 /* octets of start line and header fields */
#define SIP_MSG_MAX  (1u << 20) /* octets of one message; settings lower it */

enum sip_method {
	SIP_METHOD_OTHER,
#define SIP_METHOD(id, name) SIP_METHOD_##id,
#include "codec/sip/sip_method.def"
#undef SIP_METHOD
	SIP_METHOD_N
};

/* sip_hdr.def: id, name, compact form, repeats, border class. */
enum sip_hdr_id {
	SIP_HDR_OTHER,
#define SIP_HDR(id, name, shrt, repeats, border) SIP_HDR_##id,
#include "codec/sip/sip_hdr.def"
#undef SIP_HDR
	SIP_HDR_N
};

/* What becomes of a field that crosses the border (core/topo does it). */
enum sip_border {
	SIP_BORDER_PASS, /* says nothing of the inside */
	SIP_BORDER_DROP, /* never crosses unless the agreement allows it */
	SIP_BORDER_URI, /* holds URIs: those of the inside become tokens */
	SIP_BORDER_ROUTE, /* Via, Route, Record-Route, Path, ...: own rules */
	SIP_BORDER_CALL_ID, /* Call-ID and fields that name one */
	SIP_BORDER_AGENT, /* Warning: the agent's host becomes ours */
	SIP_BORDER_UNKNOWN, /* not in the table: the agreement decides */
};

struct sip_hdr {
	struct gw_span line; /* name to the CRLF that ends it, inclusive */
	struct gw_span name;
	struct gw_span value; /* trimmed; may hold folds (CRLF + blank) */
	uint8_t id; /* enum sip_hdr_id */
	uint8_t next; /* 1 + index of the next row of this id, or 0 */
};

struct sip_msg {
	struct gw_span raw; /* the whole message, to the end of the body */
	struct gw_span start; /* the start line with its CRLF */
	struct gw_span body; /* Content-Length octets, or the datagram's rest */
	bool is_request;
	/* A reply can be written even if parsing failed: it is a request,
	 * not an ACK, and has rows of Via, From, To, Call-ID and CSeq that are
	 * free of controls and not empty.  Set also on failure; then the top
	 * Via may be one that sip_via_next() refuses, and the reply goes to
	 * where the request came from. */
	bool answerable;
	enum sip_method method; /* of the request, or of the CSeq */
	struct gw_span method_name;
	struct gw_span uri; /* Request-URI, verbatim */
	unsigned status; /* 100 to 699 in a response */
	struct gw_span reason;
	uint32_t cseq;
	uint32_t max_forwards; /* valid if the header field is present */
	/* The top Via; its `all` is empty if it cannot be read. */
	struct sip_via via;
	/* Valid if parsing succeeded; a tag is empty if absent. */
	struct sip_addr from, to;
	struct gw_span from_tag, to_tag;
	uint8_t n_hdrs;
	uint8_t first[SIP_HDR_N]; /* 1 + index of the first row, 0: absent */
	struct sip_hdr hdrs[SIP_HDRS_MAX];
};

/**
 * Read the message in `in`, which is one whole message: a datagram, or what
 * sip_frame_next() cut from a stream.
 *
 * A Content-Length smaller than what follows cuts the body (a datagram's
 * trailing octets are ignored, RFC 3261 18.3); one that is larger is
 * malformed.  Checked here: request line or status line, version 2.0 (others
 * are GW_EUNSUPPORTED: reply 505), field grammar, fields that may stand only
 * once, numbers (CSeq, Max-Forwards, Content-Length), that Via, From, To,
 * Call-ID and CSeq are present and non-empty, that From, To, every Contact
 * and the top Via can be parsed, that the method of CSeq agrees, that the
 * Request-URI has no headers, that Date is in GMT.  Not checked, as in RFC
 * 2543 they were not there: a tag in From, a branch in Via.
 *
 * GW_EMALFORMED, GW_ELIMIT, GW_EUNSUPPORTED  fault says where and why; *out
 * may be used for sip_reply_build() only, and only if out->answerable.
 */
enum gw_err sip_msg_parse(struct gw_span in, struct sip_msg *out,
    struct gw_fault *fault) GW_NODISCARD;

/** The first header field of that id, or NULL. */
static inline const struct sip_hdr *
sip_msg_hdr(const struct sip_msg *m, enum sip_hdr_id id)
{
	return m->first[id] == 0 ? NULL : &m->hdrs[m->first[id] - 1];
}

/** The next field of the same id, or NULL. */
static inline const struct sip_hdr *
sip_msg_next(const struct sip_msg *m, const struct sip_hdr *h)
{
	return h->next == 0 ? NULL : &m->hdrs[h->next - 1];
}

/** Value of the first field of that id; empty if absent. */
static inline struct gw_span
sip_msg_value(const struct sip_msg *m, enum sip_hdr_id id)
{
	const struct sip_hdr *h = sip_msg_hdr(m, id);
	return h == NULL ? (struct gw_span){ NULL, 0 } : h->value;
}

/** Has the To field a tag, that is, does the message belong to a dialog? */
bool sip_msg_in_dialog(const struct sip_msg *m);

/** The canonical name ("Call-ID"), and the class from sip_hdr.def. */
struct gw_span sip_hdr_name(enum sip_hdr_id id);
enum sip_border sip_hdr_border(enum sip_hdr_id id);
/** The id of a field name, compact forms included; SIP_HDR_OTHER if none. */
enum sip_hdr_id sip_hdr_find(struct gw_span name);
/** The name of a method ("INVITE"); "OTHER" for SIP_METHOD_OTHER. */
const char *sip_method_name(enum sip_method m);

#endif
