/*
 * redirected.c: redirects in the engine: the answer of the gateway's own, and
 * the 488 of the far side on its way back.
 */
#include "core/engine.h"

#include "codec/krr/krr_body.h"
#include "mcxgw/siphash.h"

#define HEADERS_MAX 4096

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

/* May this call be redirected once more? */
static bool
one_more_round(struct core *c, const struct txn *x, const struct sip_msg *m)
{
	uint64_t call =
	    gw_siphash(c->setup.seed, sip_msg_value(m, SIP_HDR_CALL_ID));

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

static void
count_refused(struct core *c, enum krr_why why)
{
	if (why != KRR_NONE)
		metrics_one(&c->metrics, METRIC_REDIRECT_REFUSED);
}

void
core_redirect_out(struct core *c, struct txn *x, const struct sip_msg *m)
{
	const struct gw_verdict *v = &c->judged.verdict;
	struct redirect ctx = context(c, x);
	struct redirect_result r = { .refused = KRR_NONE };
	struct core_refusal answer = { .status = v->status };

	if (v->trigger >= 'A' && v->trigger <= 'C')
		metrics_one(&c->metrics, triggers[v->trigger - 'A']);
	if (!one_more_round(c, x, m)) {
		r.what = REDIRECT_STRIP;
		r.why = "redirected too often";
	} else {
		redirect_write(&ctx, &x->ask, v->domains, v->n_domains, &r);
	}
	answer.headers = core_verdict_headers(c, v, x->decision);
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
	gw_buf_fmt(&out, "Warning: 399 %s \"redirect; decision %016llx; %s",
	    c->snap->conf->name, (unsigned long long)x->decision, r->why);
	if (r->n > 0)
		gw_buf_text(&out, "; receiver domains:");
	for (size_t i = 0; i < r->n && i < GW_DOMAINS_MAX; i++) {
		gw_buf_text(&out, " ");
		gw_buf_add(&out, r->domains[i]);
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

/* The KRR of rsp; false if there is none. */
static bool
find(struct core *c, const struct sip_msg *rsp, struct gw_span *doc,
    struct redirect_result *r)
{
	struct gw_fault fault = { 0, "" };
	size_t part;

	if (rsp->status != 488 || rsp->body.len == 0)
		return false;
	enum gw_err err = mcx_body_read(rsp, c->arena, &c->judged.body, &fault);
	if (err == GW_OK)
		err = krr_body_find(
		    &c->judged.body, c->arena, doc, &part, &fault);
	if (err == GW_ENOTFOUND)
		return false;
	r->what = REDIRECT_STRIP;
	r->why = err == GW_OK ? NULL : "its body cannot be read";
	return true;
}

static bool
is_inside(struct gw_span part, struct gw_span whole)
{
	uintptr_t p = (uintptr_t)part.p, w = (uintptr_t)whole.p;

	return p >= w && part.len <= whole.len && p - w <= whole.len - part.len;
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

bool
core_redirect_back(struct core *c, struct txn *x, const struct sip_msg *rsp,
    struct gw_span *old, struct gw_span *new)
{
	struct redirect ctx = context(c, x);
	struct redirect_result r = { .refused = KRR_NONE };
	struct gw_span doc;

	if (!find(c, rsp, &doc, &r))
		return true;
	if (r.why == NULL)
		redirect_reduce(&ctx, &x->ask, doc, &r);
	if (r.what == REDIRECT_REPLACE && !is_inside(doc, rsp->body)) {
		r.what = REDIRECT_STRIP;
		r.why = "it stands in an encoded part";
	}
	metrics_one(&c->metrics, outcomes[r.what]);
	count_refused(c, r.refused);
	tell(x, words[r.what], &r);
	if (r.what == REDIRECT_STRIP || r.what == REDIRECT_REFUSE) {
		answer(c, x, r.what == REDIRECT_STRIP ? 488 : 403, &r);
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
	struct redirect_result r;
	struct gw_span doc;

	return find(c, rsp, &doc, &r);
}
