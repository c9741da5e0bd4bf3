/*
 * redirect.c: KRRs that are written here, and those that pass.
 */
#include "core/redirect.h"

#include "codec/krr/krr_build.h"
#include "codec/krr/krr_read.h"
#include "codec/krr/krr_reduce.h"
#include "codec/krr/krr_sign.h"
#include "codec/krr/krr_verify.h"

#define ID_LEN 20 /* "krr-" and 16 hexadecimal digits */

struct redirect_ask
redirect_asks(const struct gate_case *g)
{
	struct redirect_ask a = { .from = g->verdict.from,
		.to = g->verdict.to,
		.rule = g->match.matched ? g->match.rule : REDIRECT_NO_RULE,
		.reversed = g->match.reversed };

	if (g->facts.n_keys > g->verdict.key) {
		const struct gw_key_fact *k = &g->facts.keys[g->verdict.key];
		a.initiator = k->initiator;
		a.receiver = k->receiver;
		a.initiator_kms = k->initiator_kms;
		a.receiver_kms = k->receiver_kms;
	}
	return a;
}

static void
strip(struct redirect_result *out, const char *why)
{
	out->what = REDIRECT_STRIP;
	out->why = why;
}

/* May this end write KRRs toward the caller under the rule? */
static bool
may_author(const struct redirect *r, const struct redirect_ask *ask,
    const struct policy_redirect *rule)
{
	const struct conf *c = r->snap->conf;
	bool from_local = c->systems[ask->from].base.local;
	bool to_local = c->systems[ask->to].base.local;

	if (from_local == to_local)
		return rule->author_exit || rule->author_entry;
	return from_local ? rule->author_exit : rule->author_entry;
}

static const char *
cannot_write(const struct redirect *r, const struct redirect_ask *ask,
    const struct policy_redirect *rule)
{
	if (!r->snap->conf->systems[ask->from].understands_krr)
		return "the caller's system does not understand redirects";
	if (!may_author(r, ask, rule))
		return "the rule does not let this end write redirects";
	if (rule->signature != POLICY_KRR_OFF &&
	    r->snap->redirects->signer == NULL)
		return "the rule wants it signed and there is no key";
	return NULL;
}

static struct gw_span
id_text(const struct redirect *r)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t *p = gw_arena_bytes(r->arena, ID_LEN);

	if (p == NULL)
		return GW_SPAN("krr");
	memcpy(p, "krr-", 4);
	for (unsigned i = 0; i < 16; i++)
		p[4 + i] = (uint8_t)digits[(r->id >> (60 - 4 * i)) & 15];
	return (struct gw_span){ p, ID_LEN };
}

/* Write k in the dialect of the caller's system, signed if the rule says. */
static bool
put(const struct redirect *r, const struct redirect_ask *ask,
    const struct policy_redirect *rule, struct krr *k,
    struct redirect_result *out)
{
	struct krr_fault no = { .why = KRR_NONE };
	struct gw_buf text;
	enum gw_err err;

	k->dialect = r->snap->redirects->peers[ask->from].dialect;
	k->id = id_text(r);
	k->author = gw_span_of(r->snap->conf->redirect.author);
	k->time_us = r->now.wall_us;
	gw_buf_init(&text, KRR_OCTETS_MAX);
	if (rule->signature == POLICY_KRR_OFF)
		err = krr_build(k, &text, &no);
	else
		err = krr_sign(r->snap->redirects->signer, k, &text, &no);
	if (err == GW_OK &&
	    !gw_arena_copy(r->arena, gw_buf_span(&text), &out->text))
		err = GW_ENOMEM;
	gw_buf_clear(&text);
	if (err == GW_OK)
		return true;
	out->refused = no.why;
	strip(
	    out, no.fault.why == NULL ? "it cannot be written" : no.fault.why);
	return false;
}

static void
keep_domains(
    struct redirect_result *out, const struct gw_span *domains, size_t n)
{
	out->n = n < KRR_DOMAINS_MAX ? n : KRR_DOMAINS_MAX;
	for (size_t i = 0; i < out->n; i++)
		out->domains[i] = domains[i];
}

void
redirect_write(const struct redirect *r, const struct redirect_ask *ask,
    const struct gw_span *domains, size_t n, struct redirect_result *out)
{
	struct krr k = { .initiator = ask->initiator,
		.initiator_domain = ask->initiator_kms,
		.receiver = ask->receiver,
		.refused = ask->receiver_kms };

	redirect_result_init(out);
	keep_domains(out, domains, n);
	if (ask->rule == REDIRECT_NO_RULE) {
		strip(out, "no rule applies");
		return;
	}
	const struct policy_redirect *rule =
	    policy_rule_redirect(r->snap->policy, ask->rule);
	const char *why = cannot_write(r, ask, rule);
	if (why != NULL) {
		strip(out, why);
		return;
	}
	k.n_domains = out->n;
	for (size_t i = 0; i < out->n; i++)
		k.domains[i] = out->domains[i];
	if (put(r, ask, rule, &k, out))
		out->what = REDIRECT_REPLACE;
}

/* Read doc; where a signature is demanded, or is looked at and can be
 * verified, it must be good.  False: out says why it must not go on. */
static bool
read_believed(const struct redirect *r, const struct redirect_ask *ask,
    const struct policy_redirect *rule, struct gw_span doc, struct krr *k,
    struct redirect_result *out)
{
	const struct redirects *set = r->snap->redirects;
	const struct krr_trust *trust = set->peers[ask->to].trust;
	struct krr_fault no = { .why = KRR_NONE };
	struct krr_verified good;

	if (krr_read(doc, set->dialects, r->arena, k, &no) != GW_OK) {
		out->refused = no.why;
		strip(out, no.fault.why);
		return false;
	}
	if (rule->signature == POLICY_KRR_OFF)
		return true;
	bool demanded = rule->signature == POLICY_KRR_REQUIRE;
	if (trust == NULL && demanded) {
		strip(out, "a signature is required and no author is trusted");
		return false;
	}
	if (!demanded && (trust == NULL || k->signature.len == 0))
		return true;
	if (krr_verify(trust, set->dialects, doc, r->now.wall_us, r->arena,
		&good, &no) != GW_OK) {
		out->refused = no.why;
		strip(out, no.fault.why);
		return false;
	}
	out->author = good.name;
	return true;
}

struct permit {
	const struct redirect *r;
	const struct redirect_ask *ask;
	struct redirect_result *out;
};

static bool
is_permitted(void *arg, struct gw_span domain)
{
	const struct permit *p = arg;
	struct redirect_result *out = p->out;
	struct gw_step step;
	bool yes =
	    policy_pair_step(p->r->snap->policy, p->ask->rule, p->ask->reversed,
		p->ask->initiator_kms, domain, p->r->now.wall_us, &step);

	if (out->n_offered < KRR_DOMAINS_MAX) {
		out->offered[out->n_offered] = domain;
		out->judged[out->n_offered++] = step;
	}
	return yes;
}

/* A new KRR for the caller: what is left, and what came inside of it. */
static void
rewrite(const struct redirect *r, const struct redirect_ask *ask,
    const struct policy_redirect *rule, const struct krr *k,
    const struct krr_reduced *left, struct redirect_result *out)
{
	const char *why = cannot_write(r, ask, rule);
	struct krr fresh;

	if (why != NULL) {
		strip(out, why);
		return;
	}
	krr_rewrap(k, left, &fresh);
	if (!rule->embed) {
		fresh.embedded = (struct gw_span){ NULL, 0 };
		fresh.nested = 0;
		fresh.prefix = (struct gw_span){ NULL, 0 };
	}
	if (put(r, ask, rule, &fresh, out))
		out->what = REDIRECT_REPLACE;
}

void
redirect_reduce(const struct redirect *r, const struct redirect_ask *ask,
    struct gw_span doc, struct redirect_result *out)
{
	struct permit permit = { r, ask, out };
	struct krr_reduced left;
	struct krr k;

	redirect_result_init(out);
	if (ask->rule == REDIRECT_NO_RULE || ask->initiator_kms.len == 0) {
		strip(out, "the request had no key message to redirect");
		return;
	}
	const struct policy_redirect *rule =
	    policy_rule_redirect(r->snap->policy, ask->rule);
	if (!read_believed(r, ask, rule, doc, &k, out))
		return;
	krr_reduce(&k, is_permitted, &permit, &left);
	keep_domains(out, left.domains, left.n);
	out->dropped = k.n_domains - left.n;
	if (left.n == 0 && rule->empty_refuse) {
		out->what = REDIRECT_REFUSE;
		out->why = "no domain is left";
	} else if (!r->snap->conf->systems[ask->from].understands_krr) {
		strip(out, "the caller's system does not understand redirects");
	} else if (left.kept == KRR_KEPT_ALL &&
		   k.dialect == r->snap->redirects->peers[ask->from].dialect) {
		out->what = REDIRECT_FORWARD;
	} else {
		rewrite(r, ask, rule, &k, &left, out);
	}
}
