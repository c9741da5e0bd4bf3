/*
 * sip_frame.h: find the messages in a stream (RFC 3261 18.3, RFC 5626 4.4.1).
 */
#ifndef SIP_FRAME_H
#define SIP_FRAME_H

#include "mcxgw/span.h"

enum sip_frame_kind {
	SIP_FRAME_MESSAGE, /* a whole message of len octets */
	SIP_FRAME_PING, /* CRLF CRLF: answer with CRLF */
	SIP_FRAME_PONG, /* a single CRLF: skip */
};

struct sip_frame {
	enum sip_frame_kind kind;
	size_t len; /* octets to take from the stream */
};

/* What is known of an unfinished message, so that no octet is looked at
 * twice when it arrives in small pieces.  Start as { 0 }, and again after
 * each message. */
struct sip_framer {
	size_t scanned; /* octets of the head already searched */
	size_t head_len; /* 0 until the blank line was found */
	size_t body_len;
};

/**
 * Look at the front of the stream.  Content-Length is mandatory on streams;
 * two of them, or one above max, end the connection.
 *
 * GW_EMORE       the message is not complete; also a lone CRLF, of which
 *                only the next octets tell whether it is a ping or a pong
 * GW_EMALFORMED  framing is lost: reply 400 if possible, then close
 * GW_ELIMIT      head above SIP_HEAD_MAX or message above max octets: close
 */
enum gw_err sip_frame_next(struct sip_framer *f, struct gw_span in, size_t max,
    struct sip_frame *out, struct gw_fault *fault) GW_NODISCARD;

#endif
