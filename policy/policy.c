/*
 * policy.c: what others may ask a policy.
 */
#include "policy/policy_int.h"

void
policy_free(struct policy *p)
{
	if (p != NULL)
		gw_arena_free(p->arena);
}

const struct policy_handling *
policy_handling(
    const struct policy *p, uint16_t from, uint16_t to, int64_t wall_us)
{
	static const struct policy_handling strictest = { .drop_unknown = true,
		.access_token_drop = true };
	const struct policy_relation *r = policy_relation_of(p, from, to);

	if (r == NULL)
		return &strictest;
	const struct policy_agreement *a =
	    p->agreements[policy_relation_current(p, r, wall_us)];
	return &a->direction[a->party[0].system == from ? 0 : 1].handling;
}

size_t
policy_rules(const struct policy *p)
{
	return p->n_rules;
}

const char *
policy_rule_name(const struct policy *p, uint32_t rule)
{
	return p->rules[rule]->name;
}

const struct policy_limit *
policy_rule_limit(const struct policy *p, uint32_t rule)
{
	return &p->rules[rule]->limit;
}

const struct policy_redirect *
policy_rule_redirect(const struct policy *p, uint32_t rule)
{
	return &p->rules[rule]->redirect;
}

const struct policy_record *
policy_record(const struct policy *p)
{
	return &p->local.record;
}

int64_t
policy_clock_tolerance_us(const struct policy *p)
{
	return p->local.clock_us;
}

int64_t
policy_replay_window_us(const struct policy *p)
{
	return p->local.replay_us;
}
