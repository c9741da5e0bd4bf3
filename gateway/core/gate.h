/*
 * gate.h: from a message to a verdict.
 *
 * Reads the body, fills in the facts, asks policy which rule applies and what
 * it needs, verifies the key messages as that rule demands, and lets policy
 * decide.  The running gateway and `explain` call the same function.
 */
#ifndef GATE_H
#define GATE_H

#include "codec/eccsi/eccsi.h"
#include "codec/mcx/mcx_body.h"
#include "core/replay.h"
#include "core/snapshot.h"

/* What was found out about the key messages of a request that is judged once
 * more: their signatures are not verified again. */
struct gate_checked {
	uint8_t n;
	struct {
		uint8_t state; /* enum gw_key_state */
		bool replayed;
		const char *why; /* static */
	} keys[GW_FACT_KEYS_MAX];
};

/* What the lookup service of the target's system said. */
struct gate_lookup {
	enum gw_lookup_state state;
	const struct gw_lookup_answer *answer; /* of ANSWERED; borrowed */
	const char *why; /* of NO_ANSWER; static */
};

/* What one thread needs to judge. */
struct gate {
	struct eccsi_verifier *verifier;
	struct replay *replay; /* shared; NULL: not looked at (explain) */
	bool meter; /* count rates (not in explain) */
	/* What is known of a user without asking anybody, where a rule always
	 * wants it: then one decision does.  False: nothing is.  NULL: nobody
	 * knows anything (explain). */
	bool (*known)(void *arg, const struct snapshot *s, uint16_t system,
	    struct gw_span user, struct gw_arena *arena,
	    struct gate_lookup *out);
	void *arg;
};

struct gate_ask {
	uint16_t from; /* system the peer proved to be, or NONE */
	uint16_t to; /* from a token; GW_SYSTEM_NONE: find it */
	bool in_dialog;
	bool answering; /* in a dialog, from the called side */
	uint64_t memo; /* what the dialog's token remembers, or 0 */
	uint64_t newer_memo; /* what its target's does, or 0 */
	bool to_us; /* the Request-URI is the gateway's own, without token */
	struct gate_lookup lookup;
	const struct gate_checked *checked; /* NULL: it is judged first */
};

/* One request as it was judged.  Large: lives in the worker's scratch. */
struct gate_case {
	struct mcx_body body;
	struct gw_facts facts;
	struct policy_match match;
	struct gw_verdict verdict;
	/* What a dialog's token shall remember of it: its service and kind,
	 * and a digest of its key messages, so that a later offer in the
	 * dialog is judged as part of this communication, and the same key
	 * message again is not taken for a replay.  0: nothing. */
	uint64_t memo;
	/* The body could not be read: verdict refuses with 400, fault says
	 * where in the message. */
	bool unreadable;
	struct gw_fault fault;
};

/**
 * Judge m.  Total: always leaves a verdict in out->verdict (default refuse).
 * Spans of the result point into m and into the arena.
 */
void gate_judge(struct gate *g, const struct snapshot *s,
    const struct sip_msg *m, const struct gate_ask *ask, struct gw_now now,
    struct gw_arena *arena, struct gate_case *out);

/** Is the decision to be taken again with what a lookup says of gate_target(),
 * a user of system out->match.to? */
static inline bool
gate_is_pending(const struct gate_case *out)
{
	return out->verdict.reason == GW_REASON_LOOKUP_PENDING;
}

/** About whom the lookup is: the target or, in a dialog that does not say, who
 * is to receive the key message.  Empty: nobody is named. */
struct gw_span
gate_target(const struct snapshot *s, const struct gate_case *judged);
/** Take a pending decision again; m and the arena of gate_judge() are still
 * there. */
void gate_settle(struct gate *g, const struct snapshot *s,
    const struct gate_lookup *lookup, struct gw_now now,
    struct gate_case *inout);
/** Note what gate_judge() found out, for another call with the same m. */
void gate_check_keep(const struct gate_case *judged, struct gate_checked *out);

/** Must this in-dialog request be decided again?  Yes if it is an INVITE or
 * REFER, or has a body that could carry keys, media or an info document. */
bool gate_wants(const struct sip_msg *m);

#endif
