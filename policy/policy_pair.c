/*
 * policy_pair.c: may these two security domains be paired?
 */
#include "policy/policy_pair.h"

#include "policy/policy_lookup.h"
#include "policy/policy_walk.h"

static const struct {
	enum gw_check check;
	const char *passed;
} parts[POLICY_PAIR_N] = {
	[POLICY_PAIR_INITIATOR] = { GW_CHECK_INITIATOR_DOMAIN,
	    "is an initiator domain that the rule permits" },
	[POLICY_PAIR_RECEIVER] = { GW_CHECK_RECEIVER_DOMAIN,
	    "is a security domain of the target's system" },
	[POLICY_PAIR_BOTH] = { GW_CHECK_PAIR,
	    "may be paired with the initiator's domain" },
};

enum gw_check
policy_pair_check(enum policy_pair_part part)
{
	return parts[part].check;
}

const char *
policy_pair_passed(enum policy_pair_part part)
{
	return parts[part].passed;
}

struct policy_ends
policy_pair_ends(const struct policy_pairs *x, bool reversed)
{
	if (reversed)
		return (struct policy_ends){ x->n_receiver, x->n_initiator,
			x->receiver, x->initiator };
	return (struct policy_ends){ x->n_initiator, x->n_receiver,
		x->initiator, x->receiver };
}

const struct gw_where *
policy_pair_at(const struct policy_rule *rule)
{
	return rule->n_pairs > 0 ? &rule->pairs[0].at : &rule->at;
}

static bool
is_in(const uint32_t *list, size_t n, uint32_t domain)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == domain)
			return true;
	return false;
}

static const char *
initiator_fault(
    const struct policy_pair *x, uint32_t d, const struct gw_where **at)
{
	*at = policy_pair_at(x->rule);
	if (d == UINT32_MAX)
		return "is a security domain that no agreement names";
	if (x->p->domains[d].system != x->from)
		return "is no security domain of the initiator's system";
	if (x->p->revoked[d] != NULL) {
		*at = &x->p->revoked[d]->at;
		return "is revoked";
	}
	for (size_t i = 0; i < x->rule->n_pairs; i++) {
		struct policy_ends e =
		    policy_pair_ends(&x->rule->pairs[i], x->reversed);
		if (is_in(e.initiator, e.n_initiator, d))
			return NULL;
	}
	return "is not permitted by the rule as initiator domain";
}

static const struct policy_party *
receiver_of(const struct policy_pair *x)
{
	const struct policy_agreement *a = x->agreement;

	return &a->party[a->party[0].system == x->to ? 0 : 1];
}

bool
policy_pair_lists(const struct policy_pair *x, uint32_t domain)
{
	const struct policy_party *party = receiver_of(x);

	for (size_t i = 0; domain != UINT32_MAX && i < party->n_kms; i++)
		if (party->kms[i].domain == domain)
			return true;
	return false;
}

/* By the agreement's own list, and by what is said of the target. */
static const char *
receiver_fault(
    const struct policy_pair *x, uint32_t d, const struct gw_where **at)
{
	*at = &receiver_of(x)->at;
	if (!policy_pair_lists(x, d))
		return "is no security domain of the target's system";
	if (x->answer == NULL || policy_answer_has(x->answer, d))
		return NULL;
	*at = &x->rule->at;
	return "is no security domain of the target, says its lookup service";
}

/* By the target's own list of external domains. */
static const char *
external_fault(const struct policy_pair *x, uint32_t initiator,
    uint32_t receiver, const struct gw_where **at)
{
	if (x->answer == NULL || policy_answer_permits(x->answer, receiver,
				     policy_kms_name(x->p, initiator)))
		return NULL;
	*at = &x->rule->at;
	return "does not permit the initiator's domain, says its lookup "
	       "service";
}

static const char *
both_fault(const struct policy_pair *x, uint32_t initiator, uint32_t receiver,
    const struct gw_where **at)
{
	*at = policy_pair_at(x->rule);
	if (x->p->revoked[receiver] != NULL) {
		*at = &x->p->revoked[receiver]->at;
		return "is revoked";
	}
	for (size_t i = 0; i < x->rule->n_pairs; i++) {
		struct policy_ends e =
		    policy_pair_ends(&x->rule->pairs[i], x->reversed);
		if (is_in(e.initiator, e.n_initiator, initiator) &&
		    is_in(e.receiver, e.n_receiver, receiver))
			return external_fault(x, initiator, receiver, at);
	}
	return "may not be paired with the initiator's domain";
}

const char *
policy_pair_fault(const struct policy_pair *x, enum policy_pair_part part,
    uint32_t initiator, uint32_t receiver, const struct gw_where **at)
{
	switch (part) {
	case POLICY_PAIR_INITIATOR: return initiator_fault(x, initiator, at);
	case POLICY_PAIR_RECEIVER: return receiver_fault(x, receiver, at);
	case POLICY_PAIR_BOTH: return both_fault(x, initiator, receiver, at);
	case POLICY_PAIR_N: break;
	}
	*at = &x->rule->at;
	return "is not known";
}

bool
policy_pair_passes(const struct policy_pair *x, uint32_t initiator,
    uint32_t receiver, enum policy_pair_part *part, const char **why,
    const struct gw_where **at)
{
	for (*part = POLICY_PAIR_INITIATOR; *part < POLICY_PAIR_N; ++*part)
		if ((*why = policy_pair_fault(
			 x, *part, initiator, receiver, at)) != NULL)
			return false;
	*part = POLICY_PAIR_BOTH;
	return true;
}

/* What is outside of the pair itself: the agreement, local policy. */
static bool
stands(const struct policy_pair *x, const struct gw_span kms[2],
    int64_t wall_us, struct gw_step *out)
{
	out->check = GW_CHECK_AGREEMENT;
	out->fact = gw_span_of(x->agreement->id);
	out->at = x->agreement->at;
	out->because = policy_agreement_fault(x->agreement, wall_us);
	if (out->because != NULL)
		return false;
	const struct policy_refusal *r = policy_refusal_of_pair(x, kms, 2);
	if (r == NULL)
		return true;
	out->check = GW_CHECK_LOCAL;
	out->because = "is what local policy refuses";
	out->fact = gw_span_of(r->id);
	out->at = r->at;
	return false;
}

static bool
judge(const struct policy_pair *x, const struct gw_span kms[2],
    struct gw_step *out)
{
	enum policy_pair_part part;
	const struct gw_where *at;
	const char *why;
	bool passes = policy_pair_passes(x, policy_domain_number(x->p, kms[0]),
	    policy_domain_number(x->p, kms[1]), &part, &why, &at);

	out->check = parts[part].check;
	out->because = passes ? parts[part].passed : why;
	out->fact = kms[part == POLICY_PAIR_INITIATOR ? 0 : 1];
	out->at = *at;
	return passes;
}

bool
policy_pair_step(const struct policy *p, uint32_t rule, bool reversed,
    struct gw_span initiator_kms, struct gw_span receiver_kms, int64_t wall_us,
    struct gw_step *out)
{
	*out = (struct gw_step){ .check = GW_CHECK_RULE,
		.outcome = GW_STEP_FAIL,
		.because = "there is no such rule" };
	if (rule >= p->n_rules)
		return false;
	const struct policy_rule *r = p->rules[rule];
	const struct policy_agreement *a = r->agreement;
	int from = reversed ? 1 - r->direction : r->direction;
	struct policy_pair x = { p, a, r, a->party[from].system,
		a->party[1 - from].system, reversed, NULL };
	const struct gw_span kms[] = { initiator_kms, receiver_kms };
	if (!stands(&x, kms, wall_us, out) || !judge(&x, kms, out))
		return false;
	out->outcome = GW_STEP_PASS;
	return true;
}

bool
policy_permits_pair(const struct policy *p, uint32_t rule, bool reversed,
    struct gw_span initiator_kms, struct gw_span receiver_kms, int64_t wall_us)
{
	struct gw_step step;

	return policy_pair_step(
	    p, rule, reversed, initiator_kms, receiver_kms, wall_us, &step);
}
