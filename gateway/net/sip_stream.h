/*
 * sip_stream.h: a stream connection (stream.h) that carries SIP.
 *
 * Deadlines: message_s (from the first octet of a message to its last, and for
 * a peer that takes nothing of what waits), idle_s.
 */
#ifndef SIP_STREAM_H
#define SIP_STREAM_H

#include "codec/sip/sip_frame.h"
#include "net/stream.h"

struct sip_stream {
	struct stream s;
	const struct conf_hop *hop; /* it may be used for, or NULL */
	struct sip_framer framer;
	struct gw_buf in; /* the beginning of a message that is not whole,
	                     which came at s.since_us */
	struct gw_buf sends; /* struct sip_stream_send, oldest first */
	size_t sends_at; /* octets of it that are done */
};

/* Octets up to end (counted as io.queued) belong to this message. */
struct sip_stream_send {
	uint64_t send_id, end;
};

/** A connection that was accepted, or is being set up for hop (or NULL).  What
 * setup says of tls_name and write_max is not looked at.  NULL: no room. */
struct sip_stream *sip_stream_new(struct worker *w,
    const struct stream_setup *setup, const struct conf_hop *hop);

/** The connection of that id, or NULL. */
struct sip_stream *sip_stream_find(const struct worker *w, uint64_t id);

/**
 * Queue a message.  It is written at the end of the turn; if it never is,
 * core learns of send_id.
 *
 * GW_ELIMIT  too much waits already (also: told to core)
 */
enum gw_err sip_stream_send(struct sip_stream *s, const struct iovec *iov,
    size_t n_iov, size_t len, uint64_t send_id);

#endif
