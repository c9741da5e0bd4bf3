/*
 * txn.h: transactions (RFC 3261 17, RFC 6026, RFC 4320).
 *
 * A proxied request is one struct txn with two halves: the server half faces
 * the side the request came from, the client half the next hop it is sent
 * to.  Each half is one of four state machines, and each machine is a table:
 *
 *   txn_ist   INVITE server        txn_ict   INVITE client
 *   txn_nist  other server         txn_nict  other client
 *
 * A table says for each state and event which state follows and what is to
 * be done (TXN_DO_*); txn_step() is the one function that changes a state.
 * Timers keep their RFC letters in the names of what arms them.
 */
#ifndef TXN_H
#define TXN_H

#include "codec/sip/sip_msg.h"
#include "core/core.h"
#include "core/lookups.h"
#include "core/redirect.h"
#include "core/wheel.h"

struct topo_seen;

enum txn_machine { TXN_NONE, TXN_IST, TXN_NIST, TXN_ICT, TXN_NICT };

enum txn_state {
	TXN_START, /* client: nothing sent; server: just received */
	TXN_CALLING, /* client: sent, nothing heard (Calling, Trying) */
	TXN_PROCEEDING,
	TXN_COMPLETED,
	TXN_CONFIRMED,
	TXN_ACCEPTED, /* RFC 6026 */
	TXN_DONE,
	TXN_STATE_N
};

enum txn_event {
	/* client half */
	TXN_ON_SEND, /* the request goes out */
	TXN_ON_1XX,
	TXN_ON_2XX,
	TXN_ON_FINAL, /* 300 to 699 */
	TXN_ON_FAIL, /* the transport says so */
	/* server half */
	TXN_ON_REQUEST, /* a retransmission */
	TXN_ON_ACK,
	TXN_ON_REPLY_1XX,
	TXN_ON_REPLY_2XX,
	TXN_ON_REPLY_FINAL,
	/* both */
	TXN_ON_RETX, /* timer A, E, G; the delay of 100 */
	TXN_ON_LIFE, /* timer B, C, D, F, H, I, J, K, L, M */
	TXN_EVENT_N
};

/* What a move asks for; several at once, carried out in this order. */
enum txn_do {
	TXN_DO_SEND = 1 << 0, /* the request, or the last response, again */
	TXN_DO_ACK = 1 << 1, /* the ACK for a final response, (again) */
	TXN_DO_UP = 1 << 2, /* the response goes on to the proxy */
	TXN_DO_TIMEOUT = 1 << 3, /* tell the proxy: nothing was heard */
	TXN_DO_FAIL = 1 << 4, /* tell the proxy: could not be sent */
	/* Send a 100; for a request that came again, if that is what stands
	 * for an answer so far. */
	TXN_DO_TRYING = 1 << 5,
	TXN_DO_RETX_STOP = 1 << 6,
	TXN_DO_RETX_T1 = 1 << 7, /* first retransmission after T1 */
	TXN_DO_RETX_DOUBLE = 1 << 8, /* twice as long (A) */
	TXN_DO_RETX_T2 = 1 << 9, /* twice as long, T2 at most (E, G) */
	TXN_DO_LIFE_B = 1 << 10, /* B, F: 64*T1, or failover time */
	TXN_DO_LIFE_C = 1 << 11,
	TXN_DO_LIFE_D = 1 << 12, /* D, H, J, L, M: 64*T1 */
	TXN_DO_LIFE_K = 1 << 13, /* I, K: T4 */
	/* D, I, J, K are zero on reliable transports */
	TXN_DO_LIFE_ZERO = 1 << 14,
	TXN_DO_RETX_EVERY_T2 = 1 << 15, /* T2 from now on (E) */
	TXN_DO_LIFE_F = 1 << 16, /* F: 64*T1 since it was sent */
};

struct txn_move {
	uint8_t next; /* enum txn_state; TXN_START: no such move */
	uint32_t what; /* TXN_DO_* */
};

typedef const struct txn_move txn_table[TXN_STATE_N][TXN_EVENT_N];
extern txn_table txn_ict_table, txn_nict_table, txn_ist_table, txn_nist_table;

enum txn_timer {
	TXN_TIMER_S_RETX,
	TXN_TIMER_S_LIFE,
	TXN_TIMER_C_RETX,
	TXN_TIMER_C_LIFE,
	TXN_TIMER_N
};

/* One half. */
struct txn_half {
	uint8_t machine; /* TXN_NONE: this half is not there */
	uint8_t state;
	bool reliable; /* its transport */
	uint32_t interval_ms; /* of the retransmissions */
};

enum txn_purpose {
	TXN_PROXY, /* a request that crosses */
	TXN_CANCEL, /* our CANCEL of one */
	TXN_PROBE, /* our OPTIONS to a next hop */
	TXN_LEFT /* an attempt given up for another hop; absorbs what comes */
};

struct txn {
	/* What its end touches stands in front, in few cache lines: most of
	 * its life it lies cold and waits for that. */
	struct wheel_node timers[TXN_TIMER_N];
	struct txn *server_next, *client_next; /* chains of the hash tables */
	struct txn *free_next;
	uint64_t server_key; /* names the server half */
	uint64_t client_id; /* in the branch of the client half */
	struct txn_half server, client;
	enum txn_purpose purpose;
	enum sip_method method;
	struct snapshot *snap; /* one reference */
	/* The request: released when both halves are done with it. */
	struct gw_arena *arena;
	uint8_t *reply; /* last response, while it may be asked again */
	uint8_t *ack; /* for a final response, kept for repetition */
	struct meter *rule_meter, *system_meter; /* left at the end */

	/* server side */
	struct core_flow flow; /* where its responses go */
	uint16_t source_port; /* it came from that port of flow.peer */
	size_t reply_len;
	unsigned status; /* of the last response sent back */

	/* client side */
	uint16_t from, to;
	uint32_t hop; /* id of the next hop in use */
	uint64_t sent_us; /* monotonic: the present attempt began */
	uint32_t tried; /* hops of the system tried, one bit each */
	uint8_t attempt;
	uint32_t loop; /* of the request, for the branch (RFC 3261 16.6, 8) */
	uint64_t name; /* of its server half on every node: for the branch */
	enum conf_transport transport;
	bool heard; /* any response came on this attempt */
	bool cancel_wanted, cancel_sent, cancelled;
	size_t ack_len;

	/* in the arena */
	struct gw_span raw; /* as received */
	struct iovec *iov; /* as sent */
	size_t n_iov, len;
	struct topo_seen *seen; /* NULL: without it */
	struct gw_span vias_at; /* its top Via as sent: for CANCEL and ACK */

	/* while it waits for a lookup */
	struct lookup_waiter waiter;
	struct gate_checked *checked; /* in the arena; NULL: not judged yet */

	/* what is told of it */
	uint64_t decision;
	struct redirect_ask ask; /* who asked, while the arena is there */
	uint64_t memo; /* what its dialog's tokens remember */
	const char *rule; /* lives in snap */
	uint8_t verdict, reason; /* enum gw_outcome, gw_reason */
	int8_t cap_p, cap_q;
	bool told; /* a line of it was logged */
	uint64_t begun_us; /* monotonic */
	int64_t begun_wall_us;
};

/* All transactions of one core: two hash tables and a free list. */
struct txns {
	size_t n, max;
	size_t mask;
	struct txn **by_server, **by_client;
	struct txn *free;
	size_t n_free;
};

/** Tables sized for max transactions.  False: no memory. */
bool txns_init(struct txns *t, size_t max);
/** Free the tables and what is left in them. */
void txns_clear(struct txns *t);

/** A zeroed transaction, in no table; NULL when max is reached or there is
 * no memory. */
struct txn *txns_new(struct txns *t);
/** Take it out of the tables and release it and all that it owns. */
void txns_free(struct txns *t, struct txn *x);
/** x is freed next: bring near what that touches and has long lain cold. */
void txns_prefetch(const struct txns *t, const struct txn *x);

void txns_add_server(struct txns *t, struct txn *x, uint64_t key);
void txns_add_client(struct txns *t, struct txn *x, uint64_t id);
/** Take it out of the client table only (before another attempt). */
void txns_drop_client(struct txns *t, struct txn *x);
struct txn *txns_find_server(const struct txns *t, uint64_t key);
struct txn *txns_find_client(const struct txns *t, uint64_t id);

#endif
