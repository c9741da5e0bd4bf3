/*
 * sip_stream.h: one TCP or TLS connection that carries SIP.
 *
 *   CONNECTING   TCP is being set up (outbound)
 *   SECURING     TLS is being set up
 *   OPEN         messages pass
 *   ENDING       what waits is written, then it closes; nothing is read
 *   CLOSED       in the grave
 *
 * Whom the peer is was settled when the connection opened (stream_peer.h) and
 * is settled again under each new snapshot before the connection is used.
 * Each state has a deadline: handshake_s, message_s (from the first octet of
 * a message to its last, and for a peer that takes nothing of what waits),
 * idle_s.
 */
#ifndef SIP_STREAM_H
#define SIP_STREAM_H

#include "codec/sip/sip_frame.h"
#include "core/core.h"
#include "net/io.h"

/* What one connection may take of one turn. */
#define SIP_STREAM_MESSAGES_MAX 32
#define SIP_STREAM_SWEEP_MS	500

enum sip_stream_state {
	STREAM_CONNECTING,
	STREAM_SECURING,
	STREAM_OPEN,
	STREAM_ENDING,
	STREAM_CLOSED,
	STREAM_STATE_N
};

struct worker;

struct sip_stream {
	struct worker *w;
	uint64_t id;
	enum sip_stream_state state;
	enum conf_transport transport;
	bool outbound;
	struct conf_addr peer;
	struct io io;

	/* Under snap; renewed by stream_peer_use(). */
	struct snapshot *snap;
	uint16_t listener;
	uint16_t system; /* GW_SYSTEM_NONE until it is known */
	uint16_t tls; /* index, UINT16_MAX: plain */
	const struct conf_hop *hop; /* it may be used for, or NULL */
	bool heard; /* octets came */
	bool admitted; /* system is settled and counted */
	bool check; /* identity is to be looked at again */
	bool verify; /* and the chain too */

	struct sip_framer framer;
	struct gw_buf in; /* the beginning of a message that is not whole */
	uint64_t since_us; /* that beginning came, or the state began */
	uint64_t active_us; /* octets last came or went */
	uint64_t wrote_us; /* octets last went, or began to wait */
	int64_t expires_us; /* wall clock: end of the peer's certificate */

	struct gw_buf sends; /* struct sip_stream_send, oldest first */
	size_t sends_at; /* octets of it that are done */

	uint32_t slot; /* of conns, from here on */
	bool dirty, busy;
	struct sip_stream *next, *prev, *same_peer, *next_dirty, *next_busy;
};

/* Octets up to end (counted as io.queued) belong to this message. */
struct sip_stream_send {
	uint64_t send_id, end;
};

struct sip_stream_setup {
	int fd; /* taken over, also on failure */
	bool outbound;
	enum conf_transport transport;
	struct conf_addr peer;
	struct snapshot *snap; /* a reference is taken */
	uint16_t listener, system, tls;
	const struct conf_hop *hop;
};

/** A connection that was accepted, or is being set up.  NULL: no room. */
struct sip_stream *
sip_stream_new(struct worker *w, const struct sip_stream_setup *setup);
/** For conns alone. */
void sip_stream_free(struct sip_stream *s);

/**
 * Queue a message.  It is written at the end of the turn; if it never is,
 * core learns of send_id.
 *
 * GW_ELIMIT  too much waits already (also: told to core)
 */
enum gw_err sip_stream_send(struct sip_stream *s, const struct iovec *iov,
    size_t n_iov, size_t len, uint64_t send_id);

/** Close it now.  why is a clause for the log, static. */
void sip_stream_close(struct sip_stream *s, const char *why);

/** The work at the end of a turn. */
void sip_stream_run_busy(struct worker *w);
void sip_stream_flush(struct worker *w);
/** Close what has passed its deadline.  Every SIP_STREAM_SWEEP_MS. */
void sip_stream_sweep(struct worker *w);

/** "open". */
const char *sip_stream_state_name(enum sip_stream_state state);

#endif
