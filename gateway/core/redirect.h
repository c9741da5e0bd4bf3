/*
 * redirect.h: redirect responses (KRR) at this border (TS 33.180 5.2.8, D.4).
 *
 * Written where the gateway itself redirects; on the way back, reduced to
 * what policy permits of the pair.  The running gateway and `explain` call
 * the same functions; they keep nothing.
 */
#ifndef REDIRECT_H
#define REDIRECT_H

#include "codec/krr/krr.h"
#include "core/gate.h"

/* Who asked whom, with what: of the request. */
struct redirect_ask {
	uint16_t from, to; /* systems, in the direction of the request */
	uint32_t rule; /* that applied; REDIRECT_NO_RULE if none did */
	bool reversed; /* that rule is one of the other direction */
	struct gw_span call_id;
	/* Of its first key message; empty where it had none. */
	struct gw_span initiator, receiver, initiator_kms, receiver_kms;
};
#define REDIRECT_NO_RULE UINT32_MAX

/** Who asks in a request that was judged; its spans are those of g. */
struct redirect_ask redirect_asks(const struct gate_case *g);

/* What every call needs. */
struct redirect {
	const struct snapshot *snap;
	struct gw_arena *arena; /* results live here */
	struct gw_now now;
	uint64_t id; /* a number for the Id of what is written */
};

enum redirect_do {
	REDIRECT_STRIP, /* no KRR may go on: a plain 488 */
	REDIRECT_REFUSE, /* nothing is left and the rule asks for 403 */
	REDIRECT_FORWARD, /* as it came */
	REDIRECT_REPLACE, /* text stands in its place */
};

struct redirect_result {
	enum redirect_do what;
	const char *why; /* static clause: of STRIP, or what was verified */
	enum krr_why refused; /* KRR_NONE, or why the received one is bad */
	struct gw_span text; /* of REPLACE, and of what was written */
	size_t n, dropped; /* domains kept; how many were not */
	struct gw_span domains[KRR_DOMAINS_MAX];
	size_t n_offered; /* of a received KRR: its list, and for each the
			     step that settled whether it was kept */
	struct gw_span offered[KRR_DOMAINS_MAX];
	struct gw_step judged[KRR_DOMAINS_MAX];
	struct gw_span author; /* name in the certificate, if verified */
};

/** Empty, to be stripped.  What the counts do not count is not set. */
static inline void
redirect_result_init(struct redirect_result *r)
{
	r->what = REDIRECT_STRIP;
	r->why = NULL;
	r->refused = KRR_NONE;
	r->n = r->dropped = r->n_offered = 0;
	r->text = r->author = (struct gw_span){ NULL, 0 };
}

/**
 * The KRR for a redirect that the gateway decided: out->what is REPLACE with
 * its text, or STRIP with the reason why none can be written.
 */
void redirect_write(const struct redirect *r, const struct redirect_ask *ask,
    const struct gw_span *domains, size_t n, struct redirect_result *out);

/**
 * What becomes of the KRR doc that came back for a request.  What it says is
 * believed as far as the rule demands a signature and it has one; each domain
 * goes through the pair test of the request.
 */
void redirect_reduce(const struct redirect *r, const struct redirect_ask *ask,
    struct gw_span doc, struct redirect_result *out);

#endif
