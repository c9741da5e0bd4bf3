/*
 * mcxgw/verdict.h: permit, redirect or refuse, and every step that led there.
 *
 * The same steps feed the log, the Warning header, `explain` and `ctl why`:
 * one truth, shown four ways.  A verdict is a plain value.  Its spans borrow
 * from the facts and from the policy that made it.
 */
#ifndef MCXGW_VERDICT_H
#define MCXGW_VERDICT_H

#include "mcxgw/buf.h"
#include "mcxgw/diag.h"
#include "mcxgw/facts.h"

#define GW_STEPS_MAX   16
#define GW_DOMAINS_MAX 16

enum gw_outcome { GW_REFUSE = 0, GW_REDIRECT, GW_PERMIT };

/* The checks of the decision, in order.  gw_check_name() gives the word. */
enum gw_check {
	GW_CHECK_PEER, /* 1 "peer" */
	GW_CHECK_SOURCE, /* 2 "source" */
	GW_CHECK_TARGET, /* 3 "target" */
	GW_CHECK_AGREEMENT, /* 4 "agreement" */
	GW_CHECK_LOCAL, /* 5 "local-policy" */
	GW_CHECK_RULE, /* 5 "rule" */
	GW_CHECK_KEY_PRESENT, /* 6 "key-presence" */
	GW_CHECK_INFO, /* 6 "info" */
	GW_CHECK_KEY, /* 7 "key-message" */
	GW_CHECK_INITIATOR_DOMAIN, /* 8 "initiator-domain" */
	GW_CHECK_LOOKUP, /* 9 "lookup" */
	GW_CHECK_RECEIVER_DOMAIN, /* 9 "receiver-domain" */
	GW_CHECK_PAIR, /* 10 "pair" */
	GW_CHECK_LIMIT, /* 11 "limit" */
	GW_CHECK_PRIORITY, /* 11 "priority" */
	GW_CHECK_N
};

/* Why it was not permitted; gw_reason_name() gives the stable word. */
enum gw_reason {
	GW_REASON_NONE,
	GW_REASON_PEER_UNKNOWN, /* 403 */
	GW_REASON_SOURCE_NOT_OF_PEER, /* 403 */
	GW_REASON_NO_ROUTE, /* 404 */
	GW_REASON_NO_AGREEMENT, /* 403, 179 */
	GW_REASON_NOT_PERMITTED, /* 403, 179 */
	GW_REASON_KEY_MISSING, /* 403 */
	GW_REASON_OPAQUE_INFO, /* 403 */
	GW_REASON_KEY_MALFORMED, /* 400 */
	GW_REASON_KEY_STALE, /* 403: clock or key period */
	GW_REASON_KEY_REPLAYED, /* 403 */
	GW_REASON_KEY_SIGNATURE, /* 403 */
	GW_REASON_KEY_NOT_OF_SOURCE, /* 403: IDRi is not the initiator's */
	GW_REASON_INITIATOR_DOMAIN, /* 488, trigger C */
	GW_REASON_RECEIVER_DOMAIN, /* 488, trigger A */
	GW_REASON_PAIR, /* 488, trigger B */
	GW_REASON_NO_DOMAIN_LEFT, /* 403: the rule asks for it */
	GW_REASON_OVER_RATE, /* 503 */
	GW_REASON_OVER_CONCURRENT, /* 503 */
	GW_REASON_BODY_MALFORMED, /* 400: the body cannot be read */
	/* The rule needs the target's lookup service.  PENDING: it is to be
	 * asked (facts say NOT_ASKED) and the request decided again; nobody
	 * outside sees it.  UNSETTLED: it gave no answer, and the rule does
	 * not let the agreement's list serve instead. */
	GW_REASON_LOOKUP_PENDING, /* 503 */
	GW_REASON_LOOKUP_UNSETTLED, /* 503 with Retry-After */
	GW_REASON_N
};

enum gw_step_outcome { GW_STEP_PASS, GW_STEP_FAIL, GW_STEP_SKIP };

struct gw_step {
	enum gw_check check;
	enum gw_step_outcome outcome;
	const char *because; /* static clause: "is not a domain of the peer" */
	struct gw_span fact; /* what settled it, borrowed; may be empty */
	struct gw_where at; /* the rule's place; file NULL if none */
};

struct gw_verdict {
	enum gw_outcome outcome;
	enum gw_reason reason;
	unsigned status; /* SIP status of a refusal or redirect, else 0 */
	char trigger; /* 'A', 'B', 'C' of a redirect, else 0 */
	uint8_t key; /* of a redirect: the key fact that settled it */
	const char *rule; /* "alpha-bravo/calls", or NULL */
	struct gw_where rule_at;
	uint16_t from, to; /* systems; GW_SYSTEM_NONE if not found */
	uint32_t retry_after_s; /* of a 503 */
	int8_t cap_p, cap_q; /* priority levels to lower to; -1: leave */
	uint8_t n_domains; /* acceptable receiver domains, preferred first */
	struct gw_span domains[GW_DOMAINS_MAX];
	uint8_t n_steps;
	struct gw_step steps[GW_STEPS_MAX];
};

/** Stable words for logs, JSON and manuals.  Static storage. */
const char *gw_outcome_name(enum gw_outcome o);
const char *gw_check_name(enum gw_check c);
const char *gw_reason_name(enum gw_reason r);
const char *gw_step_outcome_name(enum gw_step_outcome o);

/** One step as a line of text without newline: "3 target: pass: ...". */
void gw_step_text(struct gw_buf *out, const struct gw_step *s);

#endif
