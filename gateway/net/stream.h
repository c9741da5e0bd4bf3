/*
 * stream.h: one TCP or TLS connection, whatever it carries.
 *
 *   CONNECTING   TCP is being set up (outbound)
 *   SECURING     TLS is being set up
 *   OPEN         messages pass
 *   ENDING       what waits is written, then it closes; nothing is read
 *   CLOSED       in the grave
 *
 * Whom the peer is was settled when the connection opened (stream_peer.h) and
 * is settled again under each new snapshot before the connection is used.
 * What SIP and HTTP make of it is a class; a connection of a class begins
 * with a struct stream.
 */
#ifndef STREAM_H
#define STREAM_H

#include "core/core.h"
#include "net/io.h"

/* What one connection may take of one turn. */
#define STREAM_MESSAGES_MAX 32
#define STREAM_SWEEP_MS	    500
/* What HTTP connections that came to us may take of one turn together, so that
 * messages of SIP do not wait for them; one has its turn in any case. */
#define STREAM_HTTP_US 5000

enum stream_state {
	STREAM_CONNECTING,
	STREAM_SECURING,
	STREAM_OPEN,
	STREAM_ENDING,
	STREAM_CLOSED,
	STREAM_STATE_N
};

/* Why a connection is refused. */
enum stream_refusal {
	STREAM_REFUSED_TLS, /* the handshake, the chain */
	STREAM_REFUSED_NAME, /* the certificate is nobody's, or another's */
	STREAM_REFUSED_LIMIT,
	STREAM_REFUSED_LATE, /* a deadline */
	STREAM_REFUSED_SETTINGS, /* new ones have no place for it */
	STREAM_REFUSAL_N
};

struct conns;
struct stream;
struct worker;

struct stream_class {
	bool http; /* how it is called in the log */
	enum metric connections; /* gauge */
	enum metric refused[STREAM_REFUSAL_N];

	/* The peer is known, messages may pass. */
	void (*opened)(struct stream *s);
	/* Octets came; none: there was no time for all of them. */
	void (*take)(struct stream *s, struct gw_span in, unsigned *budget);
	/* The peer has ended its side. */
	void (*ended)(struct stream *s);
	/* Queue what is to be written now; may be NULL. */
	void (*fill)(struct stream *s);
	/* Octets may have been written. */
	void (*written)(struct stream *s);
	/* The state is OPEN: NULL, or why it must close. */
	const char *(*overdue)(struct stream *s);
	/* It is closed, the log has it; take back what it owes. */
	void (*closed)(struct stream *s, const char *why);
	/* Release all but the struct stream itself. */
	void (*clear)(struct stream *s);

	/* A listener of that sort: its id, and whose it is; NULL: no such. */
	const char *(*listener)(
	    const struct conf *c, uint16_t i, uint16_t *system);
	/* Seconds that the peer may take to read what waits. */
	uint32_t (*patience_s)(const struct conf *c);
	/* Find again what it uses under `to`, where its system is `system`:
	 * listener (UINT16_MAX: gone), tls_name.  NULL, or why it must go. */
	const char *(*move)(
	    struct stream *s, const struct snapshot *to, uint16_t system);
};

struct stream {
	const struct stream_class *class;
	struct worker *w;
	struct conns *conns;
	uint64_t id;
	enum stream_state state;
	enum conf_transport transport;
	bool outbound;
	struct conf_addr peer;
	struct io io;

	/* Under snap; renewed by stream_peer_use(). */
	struct snapshot *snap;
	uint16_t listener; /* of the class's sort */
	uint16_t system; /* GW_SYSTEM_NONE until it is known */
	uint16_t tls; /* index, UINT16_MAX: plain */
	const char *tls_name; /* outbound: that the peer must show; NULL: any
	                         of its system's */
	bool heard; /* octets came */
	bool admitted; /* system is settled and counted */
	bool check; /* identity is to be looked at again */
	bool verify; /* and the chain too */

	const char *why; /* it is ENDING */
	uint64_t since_us; /* the state began, or what the class says */
	uint64_t active_us; /* octets last came or went */
	uint64_t wrote_us; /* octets last went, or began to wait */
	int64_t expires_us; /* wall clock: end of the peer's certificate */

	uint32_t slot; /* of conns, from here on */
	bool dirty, busy;
	struct stream *next, *prev, *same_peer, *next_dirty, *next_busy;
};

struct stream_setup {
	int fd; /* taken over, also on failure */
	bool outbound;
	enum conf_transport transport;
	struct conf_addr peer;
	struct snapshot *snap; /* a reference is taken */
	uint16_t listener, system, tls;
	const char *tls_name;
	size_t write_max; /* octets that may wait */
};

/**
 * Begin with a connection that was accepted, or is being set up.  *s is all
 * zero; it is put into c.  False: no room; *s needs nothing more than to be
 * freed.
 */
bool stream_start(struct stream *s, struct worker *w, struct conns *c,
    const struct stream_class *class, const struct stream_setup *setup);
/** For conns alone: release it. */
void stream_free(struct stream *s);

/** It has something to flush; it is read at the end of the turn. */
void stream_make_dirty(struct stream *s);
void stream_make_busy(struct stream *s);
/** Write what waits, then close.  why is a static clause. */
void stream_end(struct stream *s, const char *why);
/** Close it now.  why is a clause for the log. */
void stream_close(struct stream *s, const char *why);

/** The work at the end of a turn, for all connections in c. */
void stream_run_busy(struct conns *c);
void stream_flush(struct conns *c);
/** Close what has passed its deadline.  Every STREAM_SWEEP_MS. */
void stream_sweep(struct conns *c);

/** Seconds since t. */
uint32_t stream_age_s(const struct stream *s, uint64_t t_us);

#endif
