/*
 * engine.h: what the files of the engine share.  Private to this folder.
 *
 *   core.c      entry points, actions, timers
 *   step.c      transactions change their state
 *   request.c   requests that come in
 *   forward.c   requests that go out
 *   response.c  responses that come in and go back
 *   cancel.c    CANCEL, ACK
 *   reply.c     responses of the gateway's own
 *   redirected.c  redirects: written, and on their way back
 *   wait.c      requests that wait for a lookup
 *   probe.c     OPTIONS that find out whether next hops live
 *   lookups.c   lookups: answers that are remembered, questions in flight
 *   asked.c     requests of askers over HTTP
 *   kms_pass.c  those for a KMS, passed on
 *   kms_fetch.c the certificates of KMSs, fetched and compared
 *   why.c       the last decisions, for `ctl why`
 */
#ifndef ENGINE_H
#define ENGINE_H

#include "codec/sip/sip_build.h"
#include "codec/sip/sip_edit.h"
#include "core/gate.h"
#include "core/lookups.h"
#include "core/redirect.h"
#include "core/rounds.h"
#include "core/topo.h"
#include "core/txn.h"
#include "core/why.h"
#include "mcxgw/log.h"

#define CORE_ARENAS_KEPT 64 /* arenas kept for reuse */
/* Beside the message itself: edits, tokens, decoded key messages. */
#define CORE_ARENA_EXTRA (128u << 10)
#define CORE_SIGNERS	 4096 /* signers an ECCSI verifier remembers */
/* Marks the transaction of a CANCEL among the client ids. */
#define CORE_CANCEL_BIT ((uint64_t)1)
#define CORE_TRYING_MS	200 /* RFC 3261 17.2.1 */
#define CORE_CLEAN_US	100000 /* what is done is freed after that */
#define CORE_RETRY_S	5 /* Retry-After of a 503 of our own */

/* Who sent a CORE_ASK, and hears of it: the top octet of its ticket. */
enum core_owner { CORE_OWNER_LOOKUP = 1, CORE_OWNER_KMS, CORE_OWNER_WATCH };
#define CORE_OWNER_SHIFT 56

static inline uint64_t
core_ticket(enum core_owner owner, uint64_t n)
{
	return (uint64_t)owner << CORE_OWNER_SHIFT |
	       (n & (((uint64_t)1 << CORE_OWNER_SHIFT) - 1));
}

static inline unsigned
core_ticket_owner(uint64_t ticket)
{
	return (unsigned)(ticket >> CORE_OWNER_SHIFT);
}

/* Kinds of wheel nodes beside enum txn_timer: core_timer() calls
 * core_probe_due(), lookups_due(), core_asked_due(), kms_fetch_due(). */
enum core_timer_kind {
	CORE_TIMER_PROBE = TXN_TIMER_N,
	CORE_TIMER_LOOKUP,
	CORE_TIMER_ASKED,
	CORE_TIMER_WATCH
};

struct probes; /* probe.c */
struct askers; /* askers.h */
struct fetches; /* kms_fetch.c */

struct core {
	struct core_setup setup;
	struct snapshot *snap;
	struct gw_now now;
	struct wheel wheel;
	struct txns txns;
	struct core_actions actions;
	struct gate gate;
	struct token_sealer *sealer;
	struct why *why;
	struct probes *probes;
	struct lookups *lookups;
	struct askers *askers;
	struct fetches *fetches;
	uint64_t kms_tickets; /* given out */
	struct metrics metrics;
	bool draining;
	struct rounds rounds; /* redirects of one call */
	size_t probing; /* transactions that are OPTIONS of our own */
	uint64_t counter; /* of decisions and dice */
	/* To be freed at the next call, as actions may point in. */
	struct txn *dead;
	size_t n_dead;
	struct gw_arena *retired[CORE_ACTIONS_MAX];
	size_t n_retired;

	struct gw_arena *arena; /* of this call; a transaction may take it */
	struct gw_arena *spare[CORE_ARENAS_KEPT];
	size_t n_spare;

	/* scratch of one call */
	struct sip_msg msg; /* what came in */
	uint64_t name; /* of msg, if it is a request (core_names.anywhere) */
	struct topo_via via; /* of msg, if it is a response to us */
	struct topo_plain plain;
	struct sip_msg sent; /* a request of ours, read again */
	struct sip_edits edits;
	struct gate_case judged;
	struct gw_lookup_answer answer; /* that it was judged by */
	struct iovec iov[SIP_IOV_MAX];
};

/* core.c */
/** An entry point begins: what the last call left behind goes. */
void core_begin(struct core *c, struct gw_now now);
/** It ends. */
void core_finish(struct core *c);

static inline const struct conf_limits *
core_limits(const struct core *c)
{
	return &c->snap->conf->limits;
}

/** So many of those who may wait may wait for one service, so that a slow one
 * leaves room for the others. */
static inline size_t
core_share(const struct core *c)
{
	return (c->snap->conf->lookups.waiting + (size_t)1) / 2;
}

/** A 64-bit number nobody can guess: for ids, tags, dice. */
uint64_t core_random(struct core *c);
/** Add an action; NULL when the list is full (logged). */
struct core_action *core_act(struct core *c, enum core_action_kind kind);
/** An iovec of one piece in the arena; NULL: no room. */
struct iovec *core_iov(struct gw_arena *a, struct gw_span text);
/** An empty arena for a transaction; NULL: no memory. */
struct gw_arena *core_fresh_arena(struct core *c);
/** Hand the arena of this call to a transaction. */
struct gw_arena *core_take_arena(struct core *c);
/** All octets of iov in one piece, in the call's arena; empty: no room. */
struct gw_span
core_flat(struct core *c, const struct iovec *iov, size_t n, size_t len);
struct gw_span core_system_id(const struct snapshot *s, uint16_t system);
/** Is the system of x's snapshot that of a flow of today?  Indices may differ
 * between snapshots, ids do not. */
bool core_same_system(const struct core *c, const struct txn *x,
    uint16_t of_txn, uint16_t of_flow);

/* step.c */
/** The client half sees an event; rsp belongs to 1XX, 2XX and FINAL. */
void core_step_client(struct core *c, struct txn *x, enum txn_event on,
    const struct sip_msg *rsp);
/** What a server half sends: pieces that live until the next call. */
struct core_out {
	unsigned status;
	const struct iovec *iov;
	size_t n_iov, len;
};
/** The server half sees an event; out belongs to TXN_ON_REPLY_*. */
void core_step_server(struct core *c, struct txn *x, enum txn_event on,
    const struct core_out *out);
void core_start_server(struct core *c, struct txn *x);
/** Both halves done: take it off (it is freed at the next call). */
void core_settle(struct core *c, struct txn *x);
void core_timer(struct core *c, struct wheel_node *n);

/* request.c */
void core_request(struct core *c, const struct core_flow *flow, uint8_t rounds);
/* Names of a server transaction (RFC 3261 17.2.3). */
struct core_names {
	uint64_t here; /* in the table of this worker, which alone sees it */
	uint64_t anywhere; /* on every node with these settings */
};
/** Those of m from a system, or GW_SYSTEM_NONE; ACK and CANCEL have those of
 * their INVITE, requests of two systems never the same. */
struct core_names
core_names_of(const struct core *c, uint16_t from, const struct sip_msg *m);
uint32_t core_loop_hash(const struct core *c, const struct sip_msg *m);

/** x is decided once more, with what its lookup brought. */
void core_request_again(
    struct core *c, struct txn *x, const struct gate_lookup *lookup);

/* wait.c */
/** What is known already (gate.h), for the core arg. */
bool core_look_up_known(void *arg, const struct snapshot *s, uint16_t system,
    struct gw_span user, struct gw_arena *arena, struct gate_lookup *out);
/** The decision about x (c->judged) is pending: take it with what is known of
 * the target.  False: x waits for a lookup. */
bool core_look_up(struct core *c, struct txn *x);
/** The same where nobody can wait: what is not known counts as no answer. */
void core_look_up_now(struct core *c, struct snapshot *s);
/** x, whose request is m, waits: keep what it needs, and tell who asks. */
void core_wait(struct core *c, struct txn *x, const struct sip_msg *m);
/** Does x wait for a lookup? */
static inline bool
core_waits(const struct txn *x)
{
	return x->waiter.entry != NULL;
}
/** x was cancelled while it waits. */
void core_wait_cancelled(struct core *c, struct txn *x);

/* forward.c */
/** Send x's request to the next hop that is left.  False: there is none, or
 * it could not be written; *status then says what to answer. */
bool core_forward(struct core *c, struct txn *x, const struct sip_msg *m,
    const struct topo_target *target, const struct mcx_body *body,
    unsigned *status);
/** Try another hop for x after the present one failed.  False: as above. */
bool core_forward_again(struct core *c, struct txn *x, unsigned *status);
/** Read the body of m for what must be cut from it on the way of t (snap,
 * from): *out lives until the next call, NULL: nothing is to be cut.  False:
 * it cannot be read, and must not cross. */
bool core_read_body(struct core *c, const struct topo *t,
    const struct policy_handling *handling, const struct sip_msg *m,
    const struct mcx_body **out);
/** Forward m (an ACK, a CANCEL without context) and remember nothing. */
void core_forward_stateless(struct core *c, const struct core_flow *flow,
    const struct sip_msg *m, const struct topo_target *target);

/* response.c */
void
core_response(struct core *c, const struct core_flow *flow, struct gw_span raw);
/** The client half of x heard rsp. */
void core_response_up(struct core *c, struct txn *x, const struct sip_msg *rsp);
/** It heard nothing, or could not be sent. */
void core_no_response(struct core *c, struct txn *x, bool failed);

/* cancel.c */
void core_cancel_in(struct core *c, const struct core_flow *flow, struct txn *x,
    uint8_t rounds);
void core_ack_in(struct core *c, const struct core_flow *flow, struct txn *x,
    uint8_t rounds);
/** Cancel the client half of x as soon as it may be. */
void core_cancel(struct core *c, struct txn *x);
/** left is x's attempt, given up before its hop said anything: keep what it
 * takes to cancel it and to send its ACK.  Overwrites c->sent. */
void core_keep_cancel(struct core *c, const struct txn *x, struct txn *left);
/** Build and send the ACK for the final response rsp of x; rsp NULL: again. */
void core_ack(struct core *c, struct txn *x, const struct sip_msg *rsp);
/** Give m to the next worker that may know it.  False: all had it. */
bool core_hand_over(struct core *c, const struct core_flow *flow,
    struct gw_span raw, uint8_t worker, uint8_t rounds);

/* reply.c */
struct core_refusal {
	unsigned status;
	struct gw_span headers; /* whole lines */
	struct gw_span content_type, body;
};
/** Answer x with a response of our own. */
void core_reply(struct core *c, struct txn *x, const struct sip_msg *m,
    const struct core_refusal *r);
/** Answer m and remember nothing. */
void core_reply_stateless(struct core *c, const struct core_flow *flow,
    const struct sip_msg *m, const struct core_refusal *r);
/** Answer x, whose request is read again. */
void core_reply_late(struct core *c, struct txn *x, unsigned status);
/** Append text as it may stand in a quoted-string (RFC 3261 25.1). */
void core_quote(struct gw_buf *out, struct gw_span text);
/** Header lines that say why: Warning, Retry-After. */
struct gw_span core_verdict_headers(
    struct core *c, const struct txn *x, const struct gw_verdict *v);
/** The address responses go to (RFC 3261 18.2.2, RFC 3581), for m from flow.
 */
struct core_flow
core_reply_flow(const struct core_flow *flow, const struct sip_msg *m);
void core_send_back(struct core *c, const struct core_flow *flow,
    const struct snapshot *s, const struct iovec *iov, size_t n, size_t len);

/* redirected.c */
/** Answer x, whose verdict (c->judged) is a redirect. */
void core_redirect_out(struct core *c, struct txn *x, const struct sip_msg *m);
/** A response may bring a redirect.  True: it goes on, with *new in place of
 * *old if that is not empty.  False: it must not; x is answered. */
bool core_redirect_back(struct core *c, struct txn *x,
    const struct sip_msg *rsp, struct gw_span *old, struct gw_span *new);
/** Does rsp bring a redirect? */
bool core_has_redirect(struct core *c, const struct sip_msg *rsp);

/* asked.c */
void core_asked_due(struct core *c, struct wheel_node *n);
/** Nobody waits any more. */
void core_askers_stop(struct core *c);

/* probe.c */
bool core_probes_start(struct core *c);
void core_probes_stop(struct core *c);
void core_probe_due(struct core *c, struct wheel_node *n);
void core_probe_result(struct core *c, struct txn *x, bool alive);

/* One line for a request that is finished. */
void core_log_done(struct core *c, struct txn *x, unsigned status);

#endif
