/*
 * policy_match.c: who speaks to whom, and which rule applies (steps 1 to 5).
 */
#include "policy/policy_walk.h"

static const struct gw_where nowhere = { NULL, 0 };
static const struct gw_span nothing = { NULL, 0 };

static const unsigned statuses[GW_REASON_N] = {
	[GW_REASON_PEER_UNKNOWN] = 403,
	[GW_REASON_SOURCE_NOT_OF_PEER] = 403,
	[GW_REASON_NO_ROUTE] = 404,
	[GW_REASON_NO_AGREEMENT] = 403,
	[GW_REASON_NOT_PERMITTED] = 403,
	[GW_REASON_KEY_MISSING] = 403,
	[GW_REASON_OPAQUE_INFO] = 403,
	[GW_REASON_KEY_MALFORMED] = 400,
	[GW_REASON_KEY_STALE] = 403,
	[GW_REASON_KEY_REPLAYED] = 403,
	[GW_REASON_KEY_SIGNATURE] = 403,
	[GW_REASON_KEY_NOT_OF_SOURCE] = 403,
	[GW_REASON_INITIATOR_DOMAIN] = 488,
	[GW_REASON_RECEIVER_DOMAIN] = 488,
	[GW_REASON_PAIR] = 488,
	[GW_REASON_NO_DOMAIN_LEFT] = 403,
	[GW_REASON_OVER_RATE] = 503,
	[GW_REASON_OVER_CONCURRENT] = 503,
	[GW_REASON_LOOKUP_PENDING] = 503,
	[GW_REASON_LOOKUP_UNSETTLED] = 503,
};

static void
add_step(struct policy_walk *w, const struct gw_step *s)
{
	if (w->v != NULL && w->v->n_steps < GW_STEPS_MAX)
		w->v->steps[w->v->n_steps++] = *s;
}

void
policy_walk_pass(struct policy_walk *w, enum gw_check check,
    const char *because, struct gw_span fact, const struct gw_where *at)
{
	struct gw_step s = { check, GW_STEP_PASS, because, fact, *at };

	add_step(w, &s);
}

void
policy_walk_skip(struct policy_walk *w, enum gw_check check,
    const char *because, const struct gw_where *at)
{
	struct gw_step s = { check, GW_STEP_SKIP, because, nothing, *at };

	add_step(w, &s);
}

bool
policy_walk_fail(struct policy_walk *w, enum gw_check check,
    enum gw_reason reason, const char *because, struct gw_span fact,
    const struct gw_where *at)
{
	struct gw_step s = { check, GW_STEP_FAIL, because, fact, *at };

	add_step(w, &s);
	if (w->v != NULL) {
		w->v->reason = reason;
		w->v->status = statuses[reason];
	}
	return false;
}

static void
read_end(struct policy_end *end, struct gw_span text, bool hidden)
{
	end->text = text;
	end->hidden = hidden;
	end->told = text.len != 0 && policy_uri_parse(text, &end->uri);
}

const struct policy_uri *
policy_end_read(
    const struct policy_end *end, struct gw_span text, struct policy_uri *other)
{
	if (gw_span_eq(text, end->text))
		return end->told ? &end->uri : NULL;
	return policy_uri_parse(text, other) ? other : NULL;
}

/* Step 1. */
static bool
check_peer(struct policy_walk *w)
{
	if (w->f->from >= w->p->n_systems)
		return policy_walk_fail(w, GW_CHECK_PEER,
		    GW_REASON_PEER_UNKNOWN, "the peer is no system we know",
		    nothing, &nowhere);
	policy_walk_pass(w, GW_CHECK_PEER, "is the system of the peer",
	    gw_span_of(w->p->systems[w->f->from].id), &nowhere);
	return true;
}

/* Step 2. */
static bool
check_source(struct policy_walk *w)
{
	const struct gw_facts *f = w->f;
	const char *why = "is in no domain of the peer";

	read_end(&w->initiator, f->initiator, f->initiator_encrypted);
	if (f->asserted_other.len != 0)
		return policy_walk_fail(w, GW_CHECK_SOURCE,
		    GW_REASON_SOURCE_NOT_OF_PEER,
		    "an identity of another system is asserted",
		    f->asserted_other, &nowhere);
	if (f->initiator.len == 0 && f->in_dialog) {
		policy_walk_skip(w, GW_CHECK_SOURCE,
		    "no initiator is told, the dialog stands for it", &nowhere);
		return true;
	}
	if (f->initiator.len == 0)
		why = f->initiator_encrypted ?
			  "the initiator is encrypted and not asserted" :
			  "no initiator is told";
	else if (!w->initiator.told)
		why = "is no SIP or tel URI";
	else if (policy_system_of_uri(w->p, &w->initiator.uri) == f->from) {
		policy_walk_pass(w, GW_CHECK_SOURCE,
		    "is in a domain of the peer", f->initiator, &nowhere);
		return true;
	} else if (policy_is_migrated(w->p, f->from, &w->initiator.uri)) {
		w->listed = true;
		policy_walk_pass(w, GW_CHECK_SOURCE,
		    "is a user who has migrated to the peer", f->initiator,
		    &nowhere);
		return true;
	}
	return policy_walk_fail(w, GW_CHECK_SOURCE,
	    GW_REASON_SOURCE_NOT_OF_PEER, why, f->initiator, &nowhere);
}

/* The first candidate that lies in another system than the peer's. */
static bool
find_target(struct policy_walk *w)
{
	const struct gw_facts *f = w->f;
	const struct gw_span candidates[] = { f->request_uri,
		f->info_request_uri, f->group };
	struct gw_span fact = nothing;
	const char *why = "no target is told";
	struct policy_uri other;

	for (size_t i = 0; i < GW_COUNT(candidates); i++) {
		if (candidates[i].len == 0)
			continue;
		uint16_t system = GW_SYSTEM_NONE;
		const struct policy_uri *uri =
		    policy_end_read(&w->target, candidates[i], &other);
		if (uri != NULL)
			system = policy_system_of_uri(w->p, uri);
		if (system != GW_SYSTEM_NONE && system != f->from) {
			w->to = system;
			w->target_host = uri->host;
			policy_walk_pass(w, GW_CHECK_TARGET,
			    "is in a domain of another system", candidates[i],
			    &nowhere);
			return true;
		}
		fact = candidates[i];
		why = system == GW_SYSTEM_NONE ?
			  "is in no domain of a system" :
			  "leads back to the system it comes from";
	}
	return policy_walk_fail(
	    w, GW_CHECK_TARGET, GW_REASON_NO_ROUTE, why, fact, &nowhere);
}

/* Step 3. */
static bool
check_target(struct policy_walk *w)
{
	const struct gw_facts *f = w->f;
	struct gw_span id = f->info_request_uri;

	/* Whom the request is for: the user or group before the function
	 * that serves them. */
	if (id.len == 0)
		id = f->group.len != 0 ? f->group : f->request_uri;
	if (f->target_encrypted)
		id = f->request_uri;
	read_end(&w->target, id, f->target_encrypted);
	if (f->to == GW_SYSTEM_NONE)
		return find_target(w);
	if (f->to >= w->p->n_systems || f->to == f->from)
		return policy_walk_fail(w, GW_CHECK_TARGET, GW_REASON_NO_ROUTE,
		    "the target is no other system", nothing, &nowhere);
	w->to = f->to;
	policy_walk_pass(w, GW_CHECK_TARGET,
	    f->in_dialog ? "is the system of the dialog's other side" :
			   "is the system it is addressed to",
	    gw_span_of(w->p->systems[f->to].id), &nowhere);
	return true;
}

const char *
policy_agreement_fault(const struct policy_agreement *a, int64_t wall_us)
{
	if (a->suspended)
		return "the agreement is suspended";
	if (wall_us < a->from_us)
		return "the agreement is not yet in force";
	return wall_us >= a->until_us ? "the agreement has lapsed" : NULL;
}

/* Step 4. */
static bool
check_agreement(struct policy_walk *w)
{
	struct gw_step s;
	const struct policy_agreement *a =
	    policy_agreement_step(w->p, w->f->from, w->to, w->wall_us, &s);

	if (a == NULL)
		return policy_walk_fail(w, GW_CHECK_AGREEMENT,
		    GW_REASON_NO_AGREEMENT, s.because, s.fact, &s.at);
	add_step(w, &s);
	w->agreement = a;
	w->reversed = w->f->in_dialog && w->f->answering;
	uint16_t first = w->reversed ? w->to : w->f->from;
	w->direction = &a->direction[a->party[0].system == first ? 0 : 1];
	return true;
}

/* Step 5, the local half. */
static bool
check_local(struct policy_walk *w)
{
	struct gw_span kms[2 * GW_FACT_KEYS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < w->f->n_keys && i < GW_FACT_KEYS_MAX; i++) {
		kms[n++] = w->f->keys[i].initiator_kms;
		kms[n++] = w->f->keys[i].receiver_kms;
	}
	const struct policy_refusal *r = policy_refusal_find(w, kms, n);
	if (r != NULL)
		return policy_walk_fail(w, GW_CHECK_LOCAL,
		    GW_REASON_NOT_PERMITTED, "is what local policy refuses",
		    gw_span_of(r->id), &r->at);
	if ((r = policy_refusal_hidden(w)) != NULL)
		return policy_walk_fail(w, GW_CHECK_LOCAL,
		    GW_REASON_NOT_PERMITTED,
		    "may be meant: an identity is encrypted", gw_span_of(r->id),
		    &r->at);
	policy_walk_pass(w, GW_CHECK_LOCAL,
	    "nothing in local policy refuses it", nothing, &w->p->local.at);
	return true;
}

bool
policy_comm_fits(const struct policy_comm *c, const struct gw_facts *f)
{
	bool service = f->in_dialog && f->service == GW_SERVICE_NONE;
	bool kind = f->in_dialog && f->kind == GW_KIND_OTHER;

	return (service || (c->services & POLICY_BIT(f->service)) != 0) &&
	       (kind || (c->kinds & POLICY_BIT(f->kind)) != 0) &&
	       (c->urgencies & POLICY_BIT(f->urgency)) != 0;
}

static bool
patterns_fit(const struct policy_patterns *x, const struct policy_end *end,
    bool in_dialog)
{
	/* In a dialog an end that is not told was judged when it began. */
	if (end->text.len == 0 && in_dialog)
		return true;
	for (size_t i = 0; end->told && i < x->n; i++)
		if (policy_pattern_matches(&x->at[i], &end->uri))
			return true;
	return false;
}

static bool
lists_host(const struct policy_party *party, struct gw_span host)
{
	for (size_t i = 0; i < party->n_domains; i++)
		if (gw_span_ieq(gw_span_of(party->domains[i]), host))
			return true;
	return false;
}

/* <any/>: who is in a domain that the agreement lists, or has migrated. */
static bool
initiator_fits(const struct policy_walk *w, const struct policy_patterns *x)
{
	const struct policy_party *party =
	    &w->agreement
		 ->party[w->agreement->party[0].system == w->f->from ? 0 : 1];

	if (x->any && w->initiator.told &&
	    (w->listed || lists_host(party, w->initiator.uri.host)))
		return true;
	return patterns_fit(x, &w->initiator, w->f->in_dialog);
}

static bool
target_fits(const struct policy_walk *w, const struct policy_patterns *x)
{
	const struct policy_party *party =
	    &w->agreement
		 ->party[w->agreement->party[0].system == w->to ? 0 : 1];
	struct gw_span host = w->target_host;

	/* Told by a token or a command: no domain was looked at. */
	if (x->any && w->f->to != GW_SYSTEM_NONE) {
		if (!w->target.told || w->f->in_dialog)
			return true;
		host = w->target.uri.host;
	}
	if (x->any && lists_host(party, host))
		return true;
	return patterns_fit(x, &w->target, w->f->in_dialog);
}

/* How far a rule fits; the one that got farthest tells why none did. */
enum fit { FIT_NOT, FIT_COMM, FIT_INITIATOR, FIT_ALL };

static enum fit
fit_of(const struct policy_walk *w, const struct policy_rule *r)
{
	size_t i = 0;

	while (i < r->n_comms && !policy_comm_fits(&r->comms[i], w->f))
		i++;
	if (i == r->n_comms)
		return FIT_NOT;
	/* The ends change places in a dialog's other direction. */
	if (!initiator_fits(w, w->reversed ? &r->target : &r->initiator))
		return FIT_COMM;
	return target_fits(w, w->reversed ? &r->initiator : &r->target) ?
		   FIT_ALL :
		   FIT_INITIATOR;
}

static bool
refuse_rule(struct policy_walk *w, enum fit best, const struct policy_rule *r)
{
	static const char *const why[] = {
		[FIT_NOT] = "no rule permits this kind of communication",
		[FIT_COMM] = "the rule does not permit this initiator",
		[FIT_INITIATOR] = "the rule does not permit this target",
	};
	struct gw_span facts[] = {
		[FIT_NOT] = gw_span_of(gw_kind_name(w->f->kind)),
		[FIT_COMM] = w->initiator.text,
		[FIT_INITIATOR] = w->target.text,
	};

	return policy_walk_fail(w, GW_CHECK_RULE, GW_REASON_NOT_PERMITTED,
	    why[best], facts[best], r == NULL ? &w->agreement->at : &r->at);
}

/* Step 5, the agreement's half. */
static bool
check_rule(struct policy_walk *w)
{
	const struct policy_rule *near = NULL;
	enum fit best = FIT_NOT;

	for (size_t i = 0; i < w->direction->n_rules; i++) {
		const struct policy_rule *r = w->direction->rules[i];
		enum fit fit = fit_of(w, r);
		if (fit == FIT_ALL) {
			w->rule = r;
			policy_walk_pass(w, GW_CHECK_RULE,
			    "is the first rule that fits", gw_span_of(r->name),
			    &r->at);
			return true;
		}
		if (fit > best) {
			best = fit;
			near = r;
		}
	}
	return refuse_rule(w, best, near);
}

void
policy_walk_init(struct policy_walk *w, const struct policy *p,
    const struct gw_facts *f, int64_t wall_us)
{
	w->p = p;
	w->f = f;
	w->wall_us = wall_us;
	w->v = NULL;
	w->initiator.told = w->initiator.hidden = false;
	w->target.told = w->target.hidden = false;
	w->listed = w->reversed = false;
	w->target_host = nothing;
	w->to = GW_SYSTEM_NONE;
	w->agreement = NULL;
	w->direction = NULL;
	w->rule = NULL;
}

bool
policy_walk_match(struct policy_walk *w, struct policy_match *out)
{
	*out = (struct policy_match){ .matched = false,
		.to = GW_SYSTEM_NONE,
		.signature = POLICY_REQUIRE };
	if (!check_peer(w) || !check_source(w) || !check_target(w) ||
	    !check_agreement(w) || !check_local(w) || !check_rule(w))
		return false;
	out->to = w->to;
	out->rule = w->rule->index;
	out->reversed = w->reversed;
	out->signature = w->rule->signature;
	out->lookup = w->rule->lookup;
	out->lookup_fallback = w->rule->lookup_fallback;
	if (w->target.told && !w->target.hidden)
		out->target = w->target.text;
	out->matched = true;
	return true;
}

bool
policy_match(const struct policy *p, const struct gw_facts *f, int64_t wall_us,
    struct policy_match *out)
{
	struct policy_walk w;

	policy_walk_init(&w, p, f, wall_us);
	return policy_walk_match(&w, out);
}
