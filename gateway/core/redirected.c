/*
 * redirected.c: redirects in the engine: the answer of the gateway's own, and
 * the 488 of the far side on its way back.
 */
#include "core/engine.h"

#include "codec/krr/krr_body.h"
#include "mcxgw/siphash.h"

#define HEADERS_MAX 8192 /* as many domains as a Warning has */

static const enum metric triggers[] = {
	['A' - 'A'] = METRIC_REDIRECT_A,
	['B' - 'A'] = METRIC_REDIRECT_B,
	['C' - 'A'] = METRIC_REDIRECT_C,
};

static struct redirect
context(struct core *c, const struct txn *x)
{
	return (struct redirect){ x->snap, c->arena, c->now, core_random(c) };
}

/* May this call be redirected once more?  x has its request still. */
static bool
one_more_round(struct core *c, const struct txn *x)
{
	uint64_t call = gw_siphash(c->setup.seed, x->ask.call_id);

	if (rounds_one(&c->rounds, call + x->from, c->now.mono_us))
		return true;
	LOG_WARN("redirect.rounds",
	    kv_span("from", core_system_id(x->snap, x->from)),
	    kv_num("max", ROUNDS_MAX));
	return false;
}

static void
tell(const struct txn *x, const char *event, const struct redirect_result *r)
{
	LOG_INFO("redirect.done", kv_id("decision", x->decision),
	    kv_text("what", event),
	    kv_span("from", core_system_id(x->snap, x->from)),
	    kv_span("to", core_system_id(x->snap, x->to)),
	    kv_num("domains", r->n), kv_num("dropped", r->dropped),
	    kv_span("author", r->author),
	    kv_text("refused", krr_why_word(r->refused)),
	    kv_text("why", r->why == NULL ? "" : r->why));
}

/* One that came could not be read or verified. */
static void
count_refused(struct core *c, enum krr_why why)
{
	if (why != KRR_NONE)
		metrics_one(&c->metrics,
		    (enum metric)(METRIC_REDIRECT_NONE + (unsigned)why));
}

/* Whose caller was redirected, and from what domain: C is of the initiator's,
 * A and B of the receiver's. */
static void
count_out(struct core *c, const struct txn *x, char trigger)
{
	const struct snapshot *s = x->snap;
	struct gw_span domain =
	    trigger == 'C' ? x->ask.initiator_kms : x->ask.receiver_kms;

	if (trigger < 'A' || trigger > 'C')
		return;
	metrics_one(&c->metrics, triggers[trigger - 'A']);
	meter_redirect(s->meters->systems[x->from], trigger);
	meter_redirect(meters_domain(s->meters, s->policy, domain), trigger);
}

void
core_redirect_out(struct core *c, struct txn *x, const struct sip_msg *m)
{
	const struct gw_verdict *v = &c->judged.verdict;
	struct redirect ctx = context(c, x);
	struct redirect_result r;
	struct core_refusal answer = { .status = v->status };

	count_out(c, x, v->trigger);
	redirect_result_init(&r);
	if (!one_more_round(c, x)) {
		r.what = REDIRECT_STRIP;
		r.why = "redirected too often";
	} else {
		redirect_write(&ctx, &x->ask, v->domains, v->n_domains, &r);
	}
	answer.headers = core_verdict_headers(c, x, v);
	if (r.what == REDIRECT_REPLACE) {
		answer.content_type = GW_SPAN(KRR_MEDIA_TYPE);
		answer.body = r.text;
	}
	tell(x, r.what == REDIRECT_REPLACE ? "written" : "plain", &r);
	core_reply(c, x, m, &answer);
}

/* "Warning: ..." with what may be told where no KRR can go. */
static struct gw_span
plain_headers(
    struct core *c, const struct txn *x, const struct redirect_result *r)
{
	struct gw_span text = { NULL, 0 };
	struct gw_buf out;

	gw_buf_init(&out, HEADERS_MAX);
	gw_buf_fmt(&out, "Warning: 399 %s \"redirect; decision %016llx; ",
	    c->snap->conf->name, (unsigned long long)x->decision);
	core_quote(&out, gw_span_of(r->why));
	if (r->n > 0)
		gw_buf_text(&out, "; receiver domains:");
	for (size_t i = 0; i < r->n && i < GW_DOMAINS_MAX; i++) {
		gw_buf_text(&out, " ");
		core_quote(&out, r->domains[i]);
	}
	gw_buf_text(&out, "\"\r\n");
	if (!gw_buf_ok(&out) ||
	    !gw_arena_copy(c->arena, gw_buf_span(&out), &text))
		text = (struct gw_span){ NULL, 0 };
	gw_buf_clear(&out);
	return text;
}

/* x is answered by the gateway itself in place of what came. */
static void
answer(struct core *c, struct txn *x, unsigned status,
    const struct redirect_result *r)
{
	struct core_refusal refusal = { .status = status,
		.headers = plain_headers(c, x, r) };
	struct gw_fault fault;

	if (x->raw.len > 0 && sip_msg_parse(x->raw, &c->sent, &fault) == GW_OK)
		core_reply(c, x, &c->sent, &refusal);
}

/* Redirects stand in a 488, where a body that cannot be read may be one.  In
 * other responses they are looked for, as a caller might. */
static bool
may_hold_one(const struct sip_msg *rsp)
{
	struct gw_span type = sip_msg_value(rsp, SIP_HDR_CONTENT_TYPE);

	return rsp->body.len > 0 &&
	       (rsp->status == 488 ||
		   gw_span_istarts(type, GW_SPAN("multipart/")) ||
		   gw_span_istarts(type, GW_SPAN(KRR_MEDIA_TYPE)));
}

/* The KRR of rsp; GW_ENOTFOUND: there is none, others: none that may go on. */
static enum gw_err
find(struct core *c, const struct sip_msg *rsp, struct gw_span *doc)
{
	struct gw_fault fault = { 0, "" };
	size_t part;

	if (!may_hold_one(rsp))
		return GW_ENOTFOUND;
	enum gw_err err = mcx_body_read(rsp, c->arena, &c->judged.body, &fault);
	if (err != GW_OK)
		return rsp->status == 488 ? err : GW_ENOTFOUND;
	return krr_body_find(&c->judged.body, c->arena, doc, &part, &fault);
}

static const char *const words[] = {
	[REDIRECT_STRIP] = "stripped",
	[REDIRECT_REFUSE] = "refused",
	[REDIRECT_FORWARD] = "forwarded",
	[REDIRECT_REPLACE] = "reduced",
};

static const enum metric outcomes[] = {
	[REDIRECT_STRIP] = METRIC_REDIRECT_STRIPPED,
	[REDIRECT_REFUSE] = METRIC_REDIRECT_STRIPPED,
	[REDIRECT_FORWARD] = METRIC_REDIRECT_FORWARDED,
	[REDIRECT_REPLACE] = METRIC_REDIRECT_REDUCED,
};

static void
strip(struct redirect_result *r, const char *why)
{
	r->what = REDIRECT_STRIP;
	r->why = why;
}

/* What becomes of what find() found. */
static void
judge(struct core *c, struct txn *x, const struct sip_msg *rsp, enum gw_err err,
    struct gw_span doc, struct redirect_result *r)
{
	struct redirect ctx = context(c, x);

	redirect_result_init(r);
	if (err != GW_OK) {
		strip(r, "its body cannot be read");
		return;
	}
	if (rsp->status != 488) {
		strip(r, "a redirect belongs in a 488");
		return;
	}
	redirect_reduce(&ctx, &x->ask, doc, r);
	if (r->what == REDIRECT_REPLACE && !gw_span_inside(doc, rsp->body))
		strip(r, "it stands in an encoded part");
	if ((r->what == REDIRECT_REPLACE || r->what == REDIRECT_FORWARD) &&
	    !one_more_round(c, x))
		strip(r, "redirected too often");
}

/* The status in place of rsp, which must not go on; 0: none, as another
 * response will come. */
static unsigned
status_instead(const struct sip_msg *rsp, const struct redirect_result *r)
{
	if (r->what == REDIRECT_REFUSE)
		return 403;
	if (rsp->status < 200)
		return 0;
	return rsp->status < 300 ? 502 : rsp->status;
}

bool
core_redirect_back(struct core *c, struct txn *x, const struct sip_msg *rsp,
    struct gw_span *old, struct gw_span *new)
{
	struct redirect_result r;
	struct gw_span doc = { NULL, 0 };
	enum gw_err err = find(c, rsp, &doc);

	if (err == GW_ENOTFOUND)
		return true;
	judge(c, x, rsp, err, doc, &r);
	metrics_one(&c->metrics, outcomes[r.what]);
	count_refused(c, r.refused);
	tell(x, words[r.what], &r);
	if (r.what == REDIRECT_STRIP || r.what == REDIRECT_REFUSE) {
		unsigned status = status_instead(rsp, &r);
		if (status != 0)
			answer(c, x, status, &r);
		return false;
	}
	if (r.what == REDIRECT_REPLACE) {
		*old = doc;
		*new = r.text;
	}
	return true;
}

bool
core_has_redirect(struct core *c, const struct sip_msg *rsp)
{
	struct gw_span doc;

	return find(c, rsp, &doc) != GW_ENOTFOUND;
}
