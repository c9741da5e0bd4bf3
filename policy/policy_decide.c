/*
 * policy_decide.c: the whole decision (steps 6 to 11 are here).
 */
#include "policy/policy_lookup.h"
#include "policy/policy_walk.h"

/* When to come again if the target's lookup service gave no answer. */
#define RETRY_AFTER_S 5

static const struct gw_span nothing = { NULL, 0 };

/* Step 6. */
static bool
check_presence(struct policy_walk *w)
{
	const struct policy_rule *r = w->rule;
	bool any = w->f->n_keys > 0;

	switch (r->presence) {
	case POLICY_PRESENCE_REQUIRED:
		if (any || w->f->in_dialog)
			break;
		return policy_walk_fail(w, GW_CHECK_KEY_PRESENT,
		    GW_REASON_KEY_MISSING,
		    "the rule requires a key message and there is none",
		    nothing, &r->key_at);
	case POLICY_PRESENCE_FORBIDDEN:
		if (!any)
			break;
		return policy_walk_fail(w, GW_CHECK_KEY_PRESENT,
		    GW_REASON_NOT_PERMITTED,
		    "the rule permits no key message and there is one", nothing,
		    &r->key_at);
	case POLICY_PRESENCE_OPTIONAL: break;
	}
	policy_walk_pass(w, GW_CHECK_KEY_PRESENT,
	    any		    ? "there is a key message" :
	    w->f->in_dialog ? "there is no key message, the dialog stands for "
			      "it" :
			      "there is no key message and none is required",
	    nothing, &r->key_at);
	return true;
}

static bool
check_info(struct policy_walk *w)
{
	bool opaque = w->f->initiator_encrypted || w->f->target_encrypted;

	if (opaque && !w->rule->opaque)
		return policy_walk_fail(w, GW_CHECK_INFO, GW_REASON_OPAQUE_INFO,
		    "identities in the info document are encrypted", nothing,
		    &w->rule->info_at);
	policy_walk_pass(w, GW_CHECK_INFO,
	    opaque ? "encrypted identities are allowed by the rule" :
	    w->f->info_present ? "the info document can be read" :
				 "there is no info document",
	    nothing, &w->rule->info_at);
	return true;
}

static const char *
signature_fault(const struct policy_rule *r, const struct gw_key_fact *k)
{
	if (r->signature == POLICY_OFF)
		return NULL;
	switch (k->state) {
	case GW_KEY_VALID: return NULL;
	case GW_KEY_UNVERIFIABLE:
		if (r->signature == POLICY_CHECK)
			return NULL;
		return k->why != NULL ? k->why : "cannot be verified";
	case GW_KEY_INVALID:
		return k->why != NULL ? k->why : "the signature is wrong";
	case GW_KEY_UNCHECKED: return "the signature was not checked";
	case GW_KEY_MALFORMED: break;
	}
	return "cannot be read";
}

/*
 * Is the key message's initiator a user of the peer?  A PCK comes from the
 * caller itself (TS 33.180 5.6); the others from a server of its system.
 */
static bool
is_of_source(const struct policy_walk *w, const struct gw_key_fact *k)
{
	const struct policy_uri *own = &w->initiator.uri, *uri;
	struct policy_uri other;

	if (k->initiator.len == 0)
		return true; /* hidden or absent: the signature tells */
	uri = policy_end_read(&w->initiator, k->initiator, &other);
	if (uri == NULL)
		return false;
	if (k->purpose != NULL && strcmp(k->purpose, "PCK") == 0 &&
	    w->f->info_present && w->initiator.told && !w->initiator.hidden)
		return uri == own || (uri->scheme == own->scheme &&
					 gw_span_ieq(uri->host, own->host) &&
					 gw_span_eq(policy_uri_user(uri),
					     policy_uri_user(own)));
	return policy_system_of_uri(w->p, uri) == w->f->from ||
	       policy_is_migrated(w->p, w->f->from, uri);
}

static bool
is_stale(const struct policy_walk *w, const struct gw_key_fact *k)
{
	int64_t made = k->made_wall_us, off = w->p->local.clock_us;

	return made <= 0 || made < w->wall_us - off || made - off > w->wall_us;
}

/* Step 7, one key message. */
static bool
check_key(struct policy_walk *w, const struct gw_key_fact *k)
{
	const struct gw_where *at = &w->rule->key_at;
	const struct gw_where *local = &w->p->local.at;
	const char *why;

	if (k->state == GW_KEY_MALFORMED)
		return policy_walk_fail(w, GW_CHECK_KEY,
		    GW_REASON_KEY_MALFORMED,
		    k->why != NULL ? k->why : "cannot be read", nothing, at);
	if (k->replayed)
		return policy_walk_fail(w, GW_CHECK_KEY, GW_REASON_KEY_REPLAYED,
		    "was seen in another request", k->initiator, local);
	if (is_stale(w, k))
		return policy_walk_fail(w, GW_CHECK_KEY, GW_REASON_KEY_STALE,
		    "its time lies too far off", k->initiator, local);
	if (!is_of_source(w, k))
		return policy_walk_fail(w, GW_CHECK_KEY,
		    GW_REASON_KEY_NOT_OF_SOURCE,
		    "its initiator is not that of the request", k->initiator,
		    at);
	if ((why = signature_fault(w->rule, k)) != NULL)
		return policy_walk_fail(w, GW_CHECK_KEY,
		    GW_REASON_KEY_SIGNATURE, why, k->initiator, at);
	return true;
}

static bool
check_keys(struct policy_walk *w)
{
	for (size_t i = 0; i < w->f->n_keys; i++)
		if (!check_key(w, &w->f->keys[i]))
			return false;
	policy_walk_pass(w, GW_CHECK_KEY,
	    "is well formed, fresh and signed as the rule demands",
	    w->f->keys[0].initiator, &w->rule->key_at);
	return true;
}

static bool
is_listed(const struct gw_verdict *v, struct gw_span kms)
{
	for (size_t i = 0; i < v->n_domains; i++)
		if (gw_span_eq(v->domains[i], kms))
			return true;
	return false;
}

/* May the domain stand in a redirect, as far as local policy is concerned? */
static bool
is_refused(const struct policy_walk *w, uint32_t domain)
{
	struct gw_span kms = policy_kms_name(w->p, domain);

	return policy_refusal_find(w, &kms, 1) != NULL;
}

/* The lookup service may permit r from another initiator than the first. */
static bool
has_other_initiator(const struct policy_walk *w, const struct policy_pair *x,
    const struct policy_ends *e, size_t i, uint32_t r)
{
	enum policy_pair_part part;
	const struct gw_where *at;
	const char *why;

	for (; x->answer != NULL && i < e->n_initiator; i++)
		if (policy_answer_permits(
			x->answer, r, policy_kms_name(w->p, e->initiator[i])) &&
		    policy_pair_passes(
			x, e->initiator[i], r, &part, &why, &at) &&
		    !is_refused(w, e->initiator[i]))
			return true;
	return false;
}

/* Each receiver of x that may be paired with one of the initiators. */
static void
list_ends(const struct policy_walk *w, const struct policy_pair *x,
    const struct policy_ends *e)
{
	struct gw_verdict *v = w->v;
	enum policy_pair_part part;
	const struct gw_where *at;
	const char *why;
	size_t i = 0;

	while (i < e->n_initiator &&
	       (policy_pair_fault(x, POLICY_PAIR_INITIATOR, e->initiator[i],
		    UINT32_MAX, &at) != NULL ||
		   is_refused(w, e->initiator[i])))
		i++;
	for (size_t k = 0; i < e->n_initiator && k < e->n_receiver; k++) {
		struct gw_span kms = policy_kms_name(w->p, e->receiver[k]);
		uint32_t r = e->receiver[k];
		if (v->n_domains < GW_DOMAINS_MAX && !is_listed(v, kms) &&
		    (policy_pair_passes(
			 x, e->initiator[i], r, &part, &why, &at) ||
			has_other_initiator(w, x, e, i + 1, r)) &&
		    !is_refused(w, r))
			v->domains[v->n_domains++] = kms;
	}
}

/* The acceptable receiver domains, in the agreement's order. */
static void
list_domains(const struct policy_walk *w, const struct policy_pair *x)
{
	for (size_t i = 0; i < w->rule->n_pairs; i++) {
		struct policy_ends e =
		    policy_pair_ends(&w->rule->pairs[i], w->reversed);
		list_ends(w, x, &e);
	}
}

/* How a step of policy_pair.h redirects. */
static const struct {
	enum gw_reason reason;
	char trigger;
	const char *nameless;
} redirects[POLICY_PAIR_N] = {
	[POLICY_PAIR_INITIATOR] = { GW_REASON_INITIATOR_DOMAIN, 'C',
	    "no initiator domain is named" },
	[POLICY_PAIR_RECEIVER] = { GW_REASON_RECEIVER_DOMAIN, 'A',
	    "no receiver domain is named" },
	[POLICY_PAIR_BOTH] = { GW_REASON_PAIR, 'B', "" },
};

static bool
redirect(struct policy_walk *w, const struct policy_pair *x,
    enum policy_pair_part part, size_t key, const char *why,
    const struct gw_where *at)
{
	const struct gw_key_fact *k = &w->f->keys[key];
	struct gw_span kms =
	    part == POLICY_PAIR_INITIATOR ? k->initiator_kms : k->receiver_kms;

	policy_walk_fail(w, policy_pair_check(part), redirects[part].reason,
	    kms.len == 0 ? redirects[part].nameless : why, kms, at);
	list_domains(w, x);
	if (w->v->n_domains == 0 && w->rule->redirect.empty_refuse) {
		w->v->reason = GW_REASON_NO_DOMAIN_LEFT;
		w->v->status = 403;
		return false;
	}
	w->v->outcome = GW_REDIRECT;
	w->v->trigger = redirects[part].trigger;
	w->v->key = (uint8_t)key;
	return false;
}

/* The security domains of the key messages, by number. */
struct numbers {
	uint32_t initiator[GW_FACT_KEYS_MAX], receiver[GW_FACT_KEYS_MAX];
};

static void
find_numbers(const struct policy_walk *w, struct numbers *out)
{
	const struct gw_key_fact *k = w->f->keys;

	for (size_t i = 0; i < w->f->n_keys; i++, k++) {
		out->initiator[i] =
		    policy_domain_number(w->p, k->initiator_kms);
		out->receiver[i] = policy_domain_number(w->p, k->receiver_kms);
	}
}

/* One of the steps 8 to 10, for all key messages. */
static bool
check_part(struct policy_walk *w, const struct policy_pair *x,
    enum policy_pair_part part, const struct numbers *n)
{
	const struct gw_key_fact *keys = w->f->keys;
	const struct gw_where *at;
	const char *why;

	for (size_t i = 0; i < w->f->n_keys; i++) {
		why = policy_pair_fault(
		    x, part, n->initiator[i], n->receiver[i], &at);
		if (why != NULL)
			return redirect(w, x, part, i, why, at);
	}
	policy_walk_pass(w, policy_pair_check(part), policy_pair_passed(part),
	    part == POLICY_PAIR_INITIATOR ? keys[0].initiator_kms :
					    keys[0].receiver_kms,
	    policy_pair_at(w->rule));
	return true;
}

/* The step that tells what an answer is worth. */
static void
tell_answer(struct policy_walk *w, const struct policy_answer *a)
{
	const struct gw_lookup_answer *in = w->f->lookup;
	const char *because = "is what the target's lookup service says";
	struct gw_span fact = nothing;

	if (a->unlisted.len > 0) {
		because = "is said by the target's lookup service, but not "
			  "listed by the agreement: ignored";
		fact = a->unlisted;
	} else if (in->n_domains == 0) {
		because = "the target's lookup service knows no security "
			  "domain of the target";
	} else {
		fact = in->domains[0].kms;
	}
	policy_walk_pass(w, GW_CHECK_LOOKUP, because, fact, &w->rule->at);
}

static bool
refuse_lookup(struct policy_walk *w, enum gw_reason reason, uint32_t retry_s)
{
	bool pending = reason == GW_REASON_LOOKUP_PENDING;

	w->v->retry_after_s = retry_s;
	return policy_walk_fail(w, GW_CHECK_LOOKUP, reason,
	    pending ? "the target's lookup service is to be asked" :
		      "the target's lookup service gave no answer, and the "
		      "rule refuses without one",
	    pending ? nothing : gw_span_of(w->f->lookup_why), &w->rule->at);
}

/* Step 9, by whose word. */
static bool
check_lookup(struct policy_walk *w, enum policy_lookup_use use,
    const struct policy_answer *a)
{
	const struct gw_where *at = &w->rule->at;
	uint32_t retry_s = w->f->retry_after_s;

	switch (use) {
	case POLICY_USE_RULE:
		policy_walk_skip(
		    w, GW_CHECK_LOOKUP, "the rule asks no lookup service", at);
		return true;
	case POLICY_USE_KNOWN:
		policy_walk_skip(w, GW_CHECK_LOOKUP,
		    "the agreement lists what the key messages name", at);
		return true;
	case POLICY_USE_FALLBACK:
		policy_walk_pass(w, GW_CHECK_LOOKUP,
		    "the target's lookup service gave no answer, the "
		    "agreement's list serves",
		    gw_span_of(w->f->lookup_why), at);
		return true;
	case POLICY_USE_ANSWER: tell_answer(w, a); return true;
	case POLICY_USE_PENDING:
		return refuse_lookup(w, GW_REASON_LOOKUP_PENDING, 1);
	case POLICY_USE_UNSETTLED:
	case POLICY_USE_N: break;
	}
	return refuse_lookup(w, GW_REASON_LOOKUP_UNSETTLED,
	    retry_s > 0 ? retry_s : RETRY_AFTER_S);
}

/*
 * Step 8 fails and redirects, but what the redirect may list hangs on a
 * lookup: the request is decided again with its answer.
 */
static bool
awaits_list(struct policy_walk *w, const struct policy_pair *x,
    enum policy_lookup_use use, const struct numbers *n)
{
	const struct gw_where *at;
	size_t i = 0;

	if (use != POLICY_USE_PENDING)
		return false;
	while (i < w->f->n_keys &&
	       policy_pair_fault(x, POLICY_PAIR_INITIATOR, n->initiator[i],
		   n->receiver[i], &at) == NULL)
		i++;
	if (i == w->f->n_keys)
		return false;
	policy_walk_skip(w, GW_CHECK_INITIATOR_DOMAIN,
	    "does not pass; what may be listed is looked up", at);
	return true;
}

/* Steps 8 to 10, each for all key messages before the next one. */
static bool
check_domains(struct policy_walk *w)
{
	struct policy_pair x = { w->p, w->agreement, w->rule, w->f->from, w->to,
		w->reversed, NULL };
	struct policy_answer answer;
	struct numbers n;

	find_numbers(w, &n);
	enum policy_lookup_use use =
	    policy_lookup_use(&x, w->f, n.receiver, w->f->n_keys);
	if (use == POLICY_USE_ANSWER) {
		policy_answer_read(&x, w->f->lookup, &answer);
		x.answer = &answer;
	}
	return (awaits_list(w, &x, use, &n) ||
		   check_part(w, &x, POLICY_PAIR_INITIATOR, &n)) &&
	       check_lookup(w, use, &answer) &&
	       check_part(w, &x, POLICY_PAIR_RECEIVER, &n) &&
	       check_part(w, &x, POLICY_PAIR_BOTH, &n);
}

static bool
check_key_messages(struct policy_walk *w)
{
	static const enum gw_check checks[] = { GW_CHECK_KEY,
		GW_CHECK_INITIATOR_DOMAIN, GW_CHECK_LOOKUP,
		GW_CHECK_RECEIVER_DOMAIN, GW_CHECK_PAIR };

	if (w->f->n_keys > GW_FACT_KEYS_MAX)
		return policy_walk_fail(w, GW_CHECK_KEY,
		    GW_REASON_KEY_MALFORMED, "too many key messages", nothing,
		    &w->rule->key_at);
	if (w->f->n_keys > 0)
		return check_keys(w) && check_domains(w);
	for (size_t i = 0; i < GW_COUNT(checks); i++)
		policy_walk_skip(
		    w, checks[i], "there is no key message", &w->rule->key_at);
	return true;
}

/* Step 11. */
static bool
check_limit(struct policy_walk *w)
{
	const struct policy_rule *r = w->rule;
	const struct gw_where *at =
	    r->limit_at.file != NULL ? &r->limit_at : &r->at;

	if (w->f->over_rate || w->f->over_concurrent) {
		w->v->retry_after_s =
		    w->f->retry_after_s > 0 ? w->f->retry_after_s : 1;
		return policy_walk_fail(w, GW_CHECK_LIMIT,
		    w->f->over_rate ? GW_REASON_OVER_RATE :
				      GW_REASON_OVER_CONCURRENT,
		    w->f->over_rate ? "the rate of the rule is used up" :
				      "too many transactions of the rule are "
				      "open",
		    nothing, at);
	}
	policy_walk_pass(w, GW_CHECK_LIMIT,
	    r->limit.rate == 0 && r->limit.concurrent == 0 ?
		"the rule has no limit" :
		"is within the rule's limits",
	    nothing, at);
	return true;
}

/* The level to lower to, or -1. */
static int8_t
cap_of(int8_t level, int8_t rule, int8_t local)
{
	int8_t cap = rule < 0 || (local >= 0 && local < rule) ? local : rule;

	return cap >= 0 && level > cap ? cap : -1;
}

static void
check_priority(struct policy_walk *w)
{
	const struct policy_rule *r = w->rule;
	const struct policy_level *l = &w->direction->cap[w->f->urgency];
	const struct gw_where *at = r->cap_at.file != NULL ? &r->cap_at :
				    l->at.file != NULL	   ? &l->at :
							     &r->at;

	w->v->cap_p = cap_of(w->f->priority_p, r->cap_p, l->p);
	w->v->cap_q = cap_of(w->f->priority_q, r->cap_q, l->q);
	policy_walk_pass(w, GW_CHECK_PRIORITY,
	    w->v->cap_p >= 0 || w->v->cap_q >= 0 ?
		"the priority is lowered" :
		"the priority stays as it is",
	    nothing, at);
}

void
policy_judge(const struct policy *p, const struct gw_facts *f, int64_t wall_us,
    const struct policy_finder *finder, struct gw_verdict *v)
{
	struct policy_walk w;

	v->outcome = GW_REFUSE;
	v->reason = GW_REASON_NOT_PERMITTED;
	v->status = 403;
	v->trigger = 0;
	v->key = 0;
	v->rule = NULL;
	v->rule_at = (struct gw_where){ NULL, 0 };
	v->from = f->from;
	v->retry_after_s = 0;
	v->cap_p = v->cap_q = -1;
	v->n_domains = v->n_steps = 0;
	policy_walk_init(&w, p, f, wall_us);
	w.v = v;
	bool matched = policy_walk_match(&w, finder->match);
	v->to = w.to;
	if (!matched)
		return;
	if (finder->find != NULL)
		finder->find(finder->arg);
	v->rule = w.rule->name;
	v->rule_at = w.rule->at;
	if (!check_presence(&w) || !check_info(&w) || !check_key_messages(&w) ||
	    !check_limit(&w))
		return;
	check_priority(&w);
	v->reason = GW_REASON_NONE;
	v->status = 0;
	v->outcome = GW_PERMIT;
}

void
policy_decide(const struct policy *p, const struct gw_facts *f, int64_t wall_us,
    struct gw_verdict *v)
{
	struct policy_match match;
	const struct policy_finder none = { .match = &match };

	policy_judge(p, f, wall_us, &none, v);
}
