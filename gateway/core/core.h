/*
 * core.h: the signalling engine of one worker.
 *
 * Messages and time go in, actions come out; core knows no socket, no clock
 * and no lock.  One core belongs to one worker thread; what workers share is
 * in the snapshot (immutable) and in objects of atomics (health, meters,
 * replay).
 *
 * Every entry point clears the action list and fills it again.  The caller
 * carries the actions out before it calls again; all memory that an action
 * points to is valid until then.
 */
#ifndef CORE_H
#define CORE_H

#include <sys/uio.h>

#include "core/metrics.h"
#include "core/replay.h"
#include "core/snapshot.h"

#define CORE_ACTIONS_MAX 64
#define CORE_WORKERS_MAX 64
/* Octets that a datagram holds, over IPv4 too. */
#define CORE_DATAGRAM_MAX 65507

/* Where a message came from, and where answers to it go. */
struct core_flow {
	uint64_t conn; /* the worker's handle of a stream connection, 0: UDP */
	enum conf_transport transport;
	uint16_t listener; /* the socket (UDP), or what the stream uses */
	uint16_t system; /* who the peer proved to be, or GW_SYSTEM_NONE */
	struct conf_addr peer;
};

enum core_action_kind {
	CORE_SEND_BACK, /* on flow; if its stream is gone, to flow.peer (whose
	                   port is then that of the Via) if that is within the
	                   system's reach */
	CORE_SEND_HOP, /* to next hop `hop` of the configuration, from hop's
	                  listener, over `transport`; on the open stream to it
	                  or on a new one */
	CORE_HAND_OVER, /* post iov as one message of `flow` to `worker` */
	CORE_ASK, /* send http.request to service `service`; what becomes of it
	             comes back as core_heard() or core_unheard() with ticket */
	CORE_ASK_DROP, /* nobody waits for ticket any more */
	CORE_ANSWER, /* http.response to the asker's `stream` */
};

/* Who asks over HTTP, and where the answer goes. */
struct core_asker {
	uint64_t stream; /* the worker's handle of connection and stream */
	uint16_t system; /* who the peer proved to be, never NONE */
	uint16_t listener; /* index of conf.http_listeners */
	struct conf_addr peer;
};

struct core_action {
	enum core_action_kind kind;
	const struct snapshot *snap; /* that the action belongs to; borrowed */
	struct core_flow flow;
	uint32_t hop; /* id over all hops (conf_hop.id) */
	enum conf_transport transport;
	uint8_t worker;
	uint8_t rounds; /* CORE_HAND_OVER: how many workers had it before */
	/* When it cannot be sent (no connection, reset before all octets
	 * were handed to the kernel, ICMP): core_send_failed(send_id).  0:
	 * nobody asks. */
	uint64_t send_id;
	const struct iovec *iov;
	size_t n_iov, len;
	/* CORE_ASK, CORE_ASK_DROP, CORE_ANSWER */
	uint64_t ticket, stream;
	uint32_t service; /* id over all services of snap (conf_service.id) */
	uint32_t deadline_ms; /* of CORE_ASK: give up then */
	bool safe; /* of CORE_ASK: may be sent again though a service may have
	              acted on it (RFC 9110 9.2.2) */
	union {
		const struct gw_http_request *request;
		const struct gw_http_response *response;
	} http;
};

struct core_actions {
	size_t n;
	struct core_action at[CORE_ACTIONS_MAX];
};

struct core_setup {
	uint8_t worker, n_workers;
	struct replay *replay; /* shared by all workers; borrowed */
	bool probes; /* this worker sends OPTIONS for health */
	uint8_t seed[16]; /* random, for hash tables and tags */
};

struct core;

/** A core with snapshot s (takes a reference), or NULL: no memory. */
struct core *
core_new(const struct core_setup *setup, struct snapshot *s, struct gw_now now);
void core_free(struct core *c);

/** The actions of the last call. */
const struct core_actions *core_actions(const struct core *c);

/** New requests see s from now on; open ones keep theirs.  Takes a
 * reference.  False (logged): no memory, the settings in force stay. */
bool core_use(struct core *c, struct snapshot *s, struct gw_now now);

/**
 * One whole message (a datagram, or what sip_frame_next() cut from a
 * stream).  raw is borrowed for the call and for the actions.  rounds is 0,
 * or what came with a CORE_HAND_OVER.
 */
void core_message(struct core *c, const struct core_flow *flow,
    struct gw_span raw, uint8_t rounds, struct gw_now now);

/** A whole request of an asker.  r is borrowed for the call and for the
 * actions.  Exactly one CORE_ANSWER follows, now or later, unless the asker
 * is gone before. */
void core_asked(struct core *c, const struct core_asker *from,
    const struct gw_http_request *r, struct gw_now now);
/** The asker of a stream does not wait any more. */
void core_asker_gone(struct core *c, uint64_t stream, struct gw_now now);

/** The response to a CORE_ASK; borrowed as above.  A ticket that nobody waits
 * for any more is ignored. */
void core_heard(struct core *c, uint64_t ticket,
    const struct gw_http_response *r, struct gw_now now);
/** There will be none.  why is a static clause. */
void core_unheard(
    struct core *c, uint64_t ticket, const char *why, struct gw_now now);

/** The send_id of an action could not be sent. */
void core_send_failed(struct core *c, uint64_t send_id, struct gw_now now);

/** A stream connection to or from a peer was closed: health, nothing else. */
void core_conn_closed(struct core *c, uint64_t conn, struct gw_now now);

/** Timers that are due.  Call again at once while it returns true: more are
 * due than fit into one list of actions. */
bool core_tick(struct core *c, struct gw_now now);
/** Monotonic microseconds at which core_tick() must be called; UINT64_MAX:
 * no timer is armed, and nothing is left to be freed. */
uint64_t core_next_us(const struct core *c);

/** No new dialogs from now on (503 with Retry-After); what is open goes on. */
void core_drain(struct core *c);
/** Transactions that are open, other than the gateway's own OPTIONS. */
size_t core_open(const struct core *c);

/** This worker's counters; any thread may read them. */
const struct metrics *core_metrics(const struct core *c);

/** The decision of that id, if it is one of the last CORE_WHY_KEPT of this
 * worker, written to out as text or JSON.  False: not here. */
#define CORE_WHY_KEPT 2048
bool core_why(const struct core *c, uint64_t id, bool json, struct gw_buf *out);

#endif
