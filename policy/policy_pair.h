/*
 * policy_pair.h: may these two security domains be paired?
 *
 * The one test behind steps 8 to 10 of the decision, the list of a redirect
 * and what is left of a redirect on its way back.
 */
#ifndef POLICY_PAIR_H
#define POLICY_PAIR_H

#include "policy/policy_int.h"

struct policy_answer;

/* Under which rule, between whom. */
struct policy_pair {
	const struct policy *p;
	const struct policy_agreement *agreement;
	const struct policy_rule *rule;
	uint16_t from, to; /* systems of the initiator and the receiver */
	/* The rule is that of the other direction: in its pairs the ends
	 * change places. */
	bool reversed;
	/* What the target's lookup service says; NULL: the agreement's list
	 * counts. */
	const struct policy_answer *answer;
};

/* Steps 8, 9 and 10. */
enum policy_pair_part {
	POLICY_PAIR_INITIATOR,
	POLICY_PAIR_RECEIVER,
	POLICY_PAIR_BOTH,
	POLICY_PAIR_N
};

/** The check and the word for what passed, of a step. */
enum gw_check policy_pair_check(enum policy_pair_part part);
const char *policy_pair_passed(enum policy_pair_part part);

/* A domains element as the request sees it, ends exchanged if reversed. */
struct policy_ends {
	size_t n_initiator, n_receiver;
	const uint32_t *initiator, *receiver;
};
struct policy_ends
policy_pair_ends(const struct policy_pairs *pairs, bool reversed);

/** The place of the rule's first pairs, which stands for all of them. */
const struct gw_where *policy_pair_at(const struct policy_rule *rule);

/** Does the agreement list that domain for the receiver's system? */
bool policy_pair_lists(const struct policy_pair *x, uint32_t domain);

/**
 * One step for the domains of these numbers, UINT32_MAX if no agreement names
 * them.  NULL: it passes; else why not, a static clause about the domain that
 * is judged (of BOTH: the receiver), and *at is the place that settled it.
 * BOTH needs that the steps before it passed.
 */
const char *
policy_pair_fault(const struct policy_pair *x, enum policy_pair_part part,
    uint32_t initiator, uint32_t receiver, const struct gw_where **at);

/**
 * The first refusal that names one of these KMS URIs and may fit a request
 * under the pair's rule, whoever takes part; NULL: none.
 */
const struct policy_refusal *policy_refusal_of_pair(
    const struct policy_pair *x, const struct gw_span *kms, size_t n);

/** All steps in order: do they pass?  Else *part is the first that does not,
 * with *why and *at of it. */
bool policy_pair_passes(const struct policy_pair *x, uint32_t initiator,
    uint32_t receiver, enum policy_pair_part *part, const char **why,
    const struct gw_where **at);

#endif
