/*
 * policy_relations.c: agreements by the systems they bind, rules by number.
 */
#include <stdlib.h>

#include "policy/policy_code.h"
#include "policy/policy_compile.h"

static uint16_t
low_of(const struct policy_agreement *a)
{
	uint16_t x = a->party[0].system, y = a->party[1].system;

	return x < y ? x : y;
}

static uint16_t
high_of(const struct policy_agreement *a)
{
	uint16_t x = a->party[0].system, y = a->party[1].system;

	return x < y ? y : x;
}

/* By systems, then by time; by file where all is the same. */
static int
compare(const void *left, const void *right)
{
	const struct policy_agreement *a =
	    *(const struct policy_agreement *const *)left;
	const struct policy_agreement *b =
	    *(const struct policy_agreement *const *)right;

	if (low_of(a) != low_of(b))
		return low_of(a) < low_of(b) ? -1 : 1;
	if (high_of(a) != high_of(b))
		return high_of(a) < high_of(b) ? -1 : 1;
	if (a->from_us != b->from_us)
		return a->from_us < b->from_us ? -1 : 1;
	return strcmp(a->at.file, b->at.file);
}

static uint64_t
hash_pair(uint16_t low, uint16_t high)
{
	return policy_hash_mix(low, high);
}

const struct policy_relation *
policy_relation_of(const struct policy *p, uint16_t a, uint16_t b)
{
	uint16_t low = a < b ? a : b, high = a < b ? b : a;
	uint32_t at = 0, i;

	while (
	    policy_table_next(&p->by_relation, hash_pair(low, high), &at, &i))
		if (p->relations[i].low == low && p->relations[i].high == high)
			return &p->relations[i];
	return NULL;
}

uint32_t
policy_relation_current(
    const struct policy *p, const struct policy_relation *r, int64_t wall_us)
{
	for (uint32_t i = r->first; i < r->first + r->n; i++)
		if (policy_agreement_fault(p->agreements[i], wall_us) == NULL)
			return i;
	return r->first + r->n - 1;
}

const struct policy_agreement *
policy_agreement_step(const struct policy *p, uint16_t from, uint16_t to,
    int64_t wall_us, struct gw_step *out)
{
	const struct policy_relation *r = policy_relation_of(p, from, to);

	*out = (struct gw_step){ GW_CHECK_AGREEMENT, GW_STEP_FAIL,
		"there is no agreement with it", gw_span_of(p->systems[to].id),
		{ NULL, 0 } };
	if (r == NULL)
		return NULL;
	const struct policy_agreement *a =
	    p->agreements[policy_relation_current(p, r, wall_us)];
	out->because = policy_agreement_fault(a, wall_us);
	out->fact = gw_span_of(a->id);
	out->at = a->at;
	if (out->because != NULL)
		return NULL;
	out->outcome = GW_STEP_PASS;
	out->because = "the agreement is in force";
	return a;
}

static void
check_overlap(
    const struct policy *p, const struct policy_relation *r, struct gw_diag *d)
{
	for (uint32_t i = r->first + 1; i < r->first + r->n; i++) {
		const struct policy_agreement *a = p->agreements[i];
		for (uint32_t k = r->first; k < i; k++) {
			const struct policy_agreement *b = p->agreements[k];
			if (a->suspended || b->suspended ||
			    b->until_us <= a->from_us ||
			    a->until_us <= b->from_us)
				continue;
			POLICY_ERROR(d, &a->at, OVERLAP,
			    "agreement \"%s\" is in force at the same time as "
			    "\"%s\" in %s:%u",
			    a->id == NULL ? "" : a->id,
			    b->id == NULL ? "" : b->id, b->at.file, b->at.line);
		}
	}
}

static void
add_relation(struct policy *p, uint32_t first, uint32_t n, struct gw_diag *d)
{
	const struct policy_agreement *a = p->agreements[first];
	struct policy_relation *r = &p->relations[p->n_relations];

	*r = (struct policy_relation){ low_of(a), high_of(a), first, n };
	/* Of an unknown system, or of one with itself: reported before. */
	if (r->high == GW_SYSTEM_NONE || r->low == r->high)
		return;
	if (n > POLICY_SUCCESSORS_MAX) {
		r->n = POLICY_SUCCESSORS_MAX;
		POLICY_ERROR(d, &p->agreements[first + r->n]->at, TOO_MANY,
		    "more than %d agreements between two systems",
		    POLICY_SUCCESSORS_MAX);
	}
	check_overlap(p, r, d);
	policy_table_add(&p->by_relation, hash_pair(r->low, r->high),
	    (uint32_t)p->n_relations++);
}

static char *
join_name(struct gw_arena *arena, const char *agreement, const char *rule)
{
	size_t a = strlen(agreement), b = strlen(rule);
	char *out = (char *)gw_arena_bytes(arena, a + b + 2);

	if (out == NULL)
		return NULL;
	memcpy(out, agreement, a);
	out[a] = '/';
	memcpy(out + a + 1, rule, b + 1);
	return out;
}

static bool
number_rules(struct policy *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_agreements; i++)
		n += p->agreements[i]->n_rules;
	p->rules = gw_arena_alloc(p->arena, n + 1, sizeof(*p->rules));
	if (p->rules == NULL)
		return false;
	for (size_t i = 0; i < p->n_agreements; i++) {
		struct policy_agreement *a = p->agreements[i];
		for (size_t k = 0; k < a->n_rules; k++) {
			struct policy_rule *r = &a->rules[k];
			r->agreement = a;
			r->index = (uint32_t)p->n_rules;
			r->name =
			    join_name(p->arena, a->id == NULL ? "" : a->id,
				r->id == NULL ? "" : r->id);
			if (r->name == NULL)
				return false;
			p->rules[p->n_rules++] = r;
		}
	}
	return true;
}

bool
policy_relations_link(struct policy *p, struct gw_diag *d)
{
	size_t n = p->n_agreements;

	p->relations = gw_arena_alloc(p->arena, n + 1, sizeof(*p->relations));
	if (p->relations == NULL ||
	    !policy_table_init(&p->by_relation, p->arena, n) ||
	    !number_rules(p))
		return false;
	qsort(p->agreements, n, sizeof(*p->agreements), compare);
	for (uint32_t i = 0, first = 0; i < n; i++) {
		const struct policy_agreement *a = p->agreements[i];
		if (i + 1 < n && low_of(p->agreements[i + 1]) == low_of(a) &&
		    high_of(p->agreements[i + 1]) == high_of(a))
			continue;
		add_relation(p, first, i + 1 - first, d);
		first = i + 1;
	}
	return true;
}
