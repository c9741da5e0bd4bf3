/*
 * policy_walk.h: one request on its way through the checks.
 *
 * policy_match.c does steps 1 to 5, policy_decide.c the rest.  Steps are
 * written to the verdict if there is one.  Nothing is allocated.
 */
#ifndef POLICY_WALK_H
#define POLICY_WALK_H

#include "policy/policy_pair.h"

/* One end of a communication as policy sees it. */
struct policy_end {
	bool told; /* uri was read */
	bool hidden; /* it is told, but encrypted */
	struct policy_uri uri;
	struct gw_span text;
};

struct policy_walk {
	const struct policy *p;
	const struct gw_facts *f;
	int64_t wall_us;
	struct gw_verdict *v; /* NULL: only the rule is asked for */

	struct policy_end initiator, target; /* of this request */
	bool listed; /* initiator has migrated to the peer */
	/* The domain by which the target system was found, empty if it was
	 * told by a token. */
	struct gw_span target_host;
	uint16_t to;
	const struct policy_agreement *agreement;
	const struct policy_direction *direction;
	const struct policy_rule *rule;
	bool reversed;
};

/** Before all steps.  Field by field: the identities are large, and written
 * when they are read. */
void policy_walk_init(struct policy_walk *w, const struct policy *p,
    const struct gw_facts *f, int64_t wall_us);

/** Steps 1 to 5, and what the rule needs.  False: refused, w->v (if any) says
 * why. */
bool policy_walk_match(struct policy_walk *w, struct policy_match *out);

/** The identity in text: that of end if the text is the same, else read into
 * other.  NULL: it cannot be read. */
const struct policy_uri *policy_end_read(const struct policy_end *end,
    struct gw_span text, struct policy_uri *other);

/** Write a step; a failed one also sets reason and status, and is false. */
void policy_walk_pass(struct policy_walk *w, enum gw_check check,
    const char *because, struct gw_span fact, const struct gw_where *at);
void policy_walk_skip(struct policy_walk *w, enum gw_check check,
    const char *because, const struct gw_where *at);
bool policy_walk_fail(struct policy_walk *w, enum gw_check check,
    enum gw_reason reason, const char *because, struct gw_span fact,
    const struct gw_where *at);

/**
 * The first refusal of local policy, in its order, that fits the request if
 * its key messages name these KMS URIs; NULL: none.
 */
const struct policy_refusal *policy_refusal_find(
    const struct policy_walk *w, const struct gw_span *kms, size_t n);

/**
 * A refusal by identity that an encrypted identity of this request may fall
 * under; NULL: none.
 */
const struct policy_refusal *policy_refusal_hidden(const struct policy_walk *w);

/** Is the kind of communication in c?  In a dialog what is not told fits. */
bool policy_comm_fits(const struct policy_comm *c, const struct gw_facts *f);

#endif
