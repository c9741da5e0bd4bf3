/*
 * request.c: requests that come in (RFC 3261 16.3 to 16.6): known ones to
 * their transaction, new ones through the checks and the gate.
 */
#include "core/engine.h"

#include "codec/sip/sip_addr.h"
#include "codec/sip/sip_via.h"
#include "mcxgw/siphash.h"

#define KEY_TEXT_MAX	1024 /* of what names a transaction */
#define UNSUPPORTED_MAX 4096 /* of the answer to Proxy-Require */
#define RETRY_AFTER	"Retry-After: 5\r\n"
#define ALLOW                                                                  \
	"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, REFER, "     \
	"MESSAGE, PUBLISH, SUBSCRIBE, NOTIFY, INFO, REGISTER\r\n"

/* Several spans as one hash; each is told from the next by its length. */
struct mix {
	uint8_t text[KEY_TEXT_MAX];
	size_t n;
};

/* In lower case, eight octets at a time; the last run may overlap. */
static void
copy_lower(uint8_t *to, const uint8_t *p, size_t n)
{
	uint64_t w;

	for (size_t i = 0; n < sizeof(w) && i < n; i++)
		to[i] = gw_lower(p[i]);
	for (size_t i = 0; n >= sizeof(w) && i < n; i += sizeof(w)) {
		size_t at = i + sizeof(w) <= n ? i : n - sizeof(w);
		memcpy(&w, p + at, sizeof(w));
		w = gw_lower8(w);
		memcpy(to + at, &w, sizeof(w));
	}
}

static void
mix_span(struct mix *x, struct gw_span s, bool fold)
{
	size_t room = sizeof(x->text) - x->n;
	size_t n = s.len < room ? s.len : room;

	if (fold)
		copy_lower(x->text + x->n, s.p, n);
	else if (n > 0)
		memcpy(x->text + x->n, s.p, n);
	x->n += n;
	if (x->n < sizeof(x->text))
		x->text[x->n++] = 0;
}

static void
mix_num(struct mix *x, uint64_t n)
{
	mix_span(x, (struct gw_span){ (const uint8_t *)&n, sizeof(n) }, false);
}

static struct gw_span
keyed_method(const struct sip_msg *m)
{
	bool follows =
	    m->method == SIP_METHOD_ACK || m->method == SIP_METHOD_CANCEL;

	return follows ? GW_SPAN("INVITE") : m->method_name;
}

/* Without the magic cookie a request comes from RFC 2543. */
static void
mix_2543(struct mix *x, const struct sip_msg *m, struct gw_span via)
{
	mix_span(x, m->uri, false);
	mix_span(x, m->from_tag, false);
	mix_span(x, sip_msg_value(m, SIP_HDR_CALL_ID), false);
	mix_num(x, m->cseq);
	mix_span(x, via, false);
}

/* What names the server transaction of m (RFC 3261 17.2.3) from a system, or
 * from nobody.  What one peer may guess of another's requests is not enough. */
static void
mix_txn(struct mix *x, const struct snapshot *s, uint16_t from,
    const struct sip_msg *m)
{
	const struct sip_via *via = &m->via;

	x->n = 0;
	if (from < s->conf->n_systems)
		mix_num(x, names_system_hash(s->names, from));
	mix_span(x, keyed_method(m), false);
	if (gw_span_istarts(via->branch, GW_SPAN(SIP_BRANCH_COOKIE))) {
		mix_span(x, via->branch, true);
		mix_span(x, via->host, true);
		mix_num(x, via->port);
	} else {
		mix_2543(x, m, via->all);
	}
}

struct core_names
core_names_of(const struct core *c, uint16_t from, const struct sip_msg *m)
{
	struct mix x;

	mix_txn(&x, c->snap, from, m);
	struct gw_span text = { x.text, x.n };
	return (struct core_names){ gw_siphash13(c->setup.seed, text),
		gw_siphash(c->snap->branch_key, text) };
}

uint32_t
core_loop_hash(const struct core *c, const struct sip_msg *m)
{
	struct mix x;

	x.n = 0;
	mix_span(&x, m->to_tag, false);
	mix_span(&x, m->from_tag, false);
	mix_num(&x, m->cseq);
	mix_span(&x, m->uri, false);
	mix_span(&x, sip_msg_value(m, SIP_HDR_CALL_ID), false);
	return (uint32_t)gw_siphash13(
	    c->snap->branch_key, (struct gw_span){ x.text, x.n });
}

/* One new request on its way through the checks. */
struct fresh {
	const struct core_flow *flow;
	struct sip_msg *m;
	struct topo_target target;
	bool in_dialog;
	uint64_t key; /* in the table of this worker */
	uint32_t loop; /* its loop hash */
};

static struct core_refusal
refusal(unsigned status)
{
	return (struct core_refusal){ .status = status };
}

/* Of a URI that was read before. */
static bool
has_known_scheme(struct gw_span uri)
{
	return gw_span_istarts(uri, GW_SPAN("sip:")) ||
	       gw_span_istarts(uri, GW_SPAN("sips:")) ||
	       gw_span_istarts(uri, GW_SPAN("tel:"));
}

/* All that a request asks of proxies, of which the gateway knows nothing. */
static struct gw_span
unsupported(struct core *c, const struct sip_msg *m)
{
	const struct sip_hdr *h = sip_msg_hdr(m, SIP_HDR_PROXY_REQUIRE);
	struct gw_span rows = GW_SPAN("");
	struct gw_buf text;

	gw_buf_init(&text, UNSUPPORTED_MAX);
	for (; h != NULL; h = sip_msg_next(m, h)) {
		if (h->value.len == 0)
			continue;
		gw_buf_text(&text, "Unsupported: ");
		gw_buf_add(&text, h->value);
		gw_buf_text(&text, "\r\n");
	}
	if (!gw_buf_ok(&text) ||
	    !gw_arena_copy(c->arena, gw_buf_span(&text), &rows))
		rows = GW_SPAN("");
	gw_buf_clear(&text);
	return rows;
}

/* The fields a proxy must look at (16.3), once topo_find_target() has read
 * the Request-URI; 0: none objects. */
static struct core_refusal
check_fields(struct core *c, struct fresh *f)
{
	const struct sip_msg *m = f->m;

	if (!has_known_scheme(m->uri))
		return refusal(416);
	if (sip_msg_hdr(m, SIP_HDR_MAX_FORWARDS) != NULL &&
	    m->max_forwards == 0)
		return refusal(483);
	if (sip_msg_hdr(m, SIP_HDR_PROXY_REQUIRE) != NULL)
		return (struct core_refusal){ .status = 420,
			.headers = unsupported(c, m) };
	f->loop = core_loop_hash(c, m);
	if (topo_is_loop(c->snap, m, f->loop))
		return refusal(482);
	return refusal(0);
}

/* Is it a question to the gateway itself? */
static bool
is_ping(const struct fresh *f)
{
	return f->m->method == SIP_METHOD_OPTIONS && f->target.ours &&
	       !f->target.has_token && !f->target.bad_token;
}

static struct core_refusal
answer_ping(const struct core *c)
{
	if (c->draining)
		return (struct core_refusal){ .status = 503,
			.headers = GW_SPAN(RETRY_AFTER) };
	return (
	    struct core_refusal){ .status = 200, .headers = GW_SPAN(ALLOW) };
}

/* Checks before anything is kept; status 0: go on. */
static struct core_refusal
check(struct core *c, struct fresh *f)
{
	struct topo t = { c->snap, c->sealer, c->arena, c->now, f->flow->system,
		GW_SYSTEM_NONE, f->flow->listener, 0, NULL, c->now.wall_us,
		NULL };
	struct gw_fault fault;

	if (f->flow->system == GW_SYSTEM_NONE)
		return refusal(403);
	if (topo_find_target(&t, f->m, &f->target, &fault) != GW_OK)
		return refusal(400);
	if (is_ping(f))
		return answer_ping(c);
	struct core_refusal r = check_fields(c, f);
	if (r.status != 0)
		return r;
	if (f->target.bad_token) {
		metrics_one(&c->metrics, METRIC_BAD_TOKENS);
		LOG_WARN("token.refused",
		    kv_span("peer", core_system_id(c->snap, f->flow->system)));
		return refusal(f->in_dialog ? 481 : 404);
	}
	/* What a dialog began with is remembered by its tokens; those of
	 * other URIs are of no dialog. */
	if (f->in_dialog && (!f->target.has_token || f->target.memo == 0))
		return refusal(481);
	if (c->draining && !f->in_dialog)
		return (struct core_refusal){ .status = 503,
			.headers = GW_SPAN(RETRY_AFTER) };
	return r;
}

static void
count_keys(struct core *c, const struct gw_facts *f)
{
	static const enum metric states[] = {
		[GW_KEY_MALFORMED] = METRIC_KEYS_MALFORMED,
		[GW_KEY_UNCHECKED] = METRIC_KEYS_UNCHECKED,
		[GW_KEY_VALID] = METRIC_KEYS_VALID,
		[GW_KEY_INVALID] = METRIC_KEYS_INVALID,
		[GW_KEY_UNVERIFIABLE] = METRIC_KEYS_UNVERIFIABLE,
	};

	for (unsigned i = 0; i < f->n_keys; i++)
		metrics_one(&c->metrics, states[f->keys[i].state]);
}

static const enum metric verdicts[] = {
	[GW_REFUSE] = METRIC_REFUSED,
	[GW_REDIRECT] = METRIC_REDIRECTED,
	[GW_PERMIT] = METRIC_PERMITTED,
};

static void
remember(struct core *c, const struct fresh *f, const struct txn *x)
{
	const struct gw_verdict *v = &c->judged.verdict;
	const struct gw_facts *facts = &c->judged.facts;
	const struct snapshot *s = x->snap;
	struct why_head head = { .id = x->decision,
		.wall_us = c->now.wall_us,
		.method = sip_method_name(f->m->method),
		.from = "",
		.to = "",
		.initiator = facts->initiator,
		.target = facts->info_request_uri.len > 0 ?
			      facts->info_request_uri :
			      facts->request_uri };

	if (f->flow->system < s->conf->n_systems)
		head.from = s->conf->systems[f->flow->system].base.id;
	if (v->to < s->conf->n_systems)
		head.to = s->conf->systems[v->to].base.id;
	why_add(c->why, &head, v);
	metrics_one(&c->metrics, verdicts[v->outcome]);
	count_keys(c, facts);
}

/* The verdict goes into x. */
static void
conclude(struct core *c, const struct fresh *f, struct txn *x)
{
	const struct gw_verdict *v = &c->judged.verdict;

	remember(c, f, x);
	x->verdict = (uint8_t)v->outcome;
	x->reason = (uint8_t)v->reason;
	x->to = v->to;
	x->rule = v->rule;
	x->cap_p = v->cap_p;
	x->cap_q = v->cap_q;
	x->ask = redirect_asks(&c->judged);
	x->ask.call_id = sip_msg_value(f->m, SIP_HDR_CALL_ID);
	if (c->judged.memo != 0)
		x->memo = c->judged.memo;
	if (v->outcome == GW_PERMIT && c->judged.match.matched) {
		struct meter *m = x->snap->meters->rules[c->judged.match.rule];
		if (meter_enter(m, 0))
			x->rule_meter = meter_ref(m);
	}
}

/* Spans of what is judged live in arena.  False: x waits for a lookup. */
static bool
decide(struct core *c, const struct fresh *f, struct txn *x,
    const struct gate_lookup *lookup, struct gw_arena *arena)
{
	struct gate_ask ask = { .from = f->flow->system,
		.to = f->target.has_token ? f->target.to : GW_SYSTEM_NONE,
		.in_dialog = f->in_dialog,
		.answering = f->target.answering,
		.memo = f->target.memo,
		.newer_memo = f->target.memo_of_uri,
		.to_us = f->target.ours && !f->target.has_token,
		.lookup = *lookup,
		.checked = x->checked };

	gate_judge(&c->gate, x->snap, f->m, &ask, c->now, arena, &c->judged);
	if (gate_is_pending(&c->judged) &&
	    lookup->state == GW_LOOKUP_NOT_ASKED && !core_look_up(c, x))
		return false;
	conclude(c, f, x);
	return true;
}

/* What only follows its dialog is permitted by the dialog's token.  False: x
 * waits for a lookup. */
static bool
judge(struct core *c, const struct fresh *f, struct txn *x)
{
	static const struct gate_lookup none = { .state = GW_LOOKUP_NOT_ASKED };

	x->decision = core_random(c);
	x->verdict = GW_PERMIT;
	x->memo =
	    f->target.memo_of_uri != 0 ? f->target.memo_of_uri : f->target.memo;
	x->ask.rule = REDIRECT_NO_RULE;
	if (f->in_dialog && !gate_wants(f->m)) {
		x->to = f->target.to;
		x->rule = "dialog";
		return true;
	}
	return decide(c, f, x, &none, c->arena);
}

static bool
body_was_read(const struct fresh *f)
{
	return !f->in_dialog || gate_wants(f->m);
}

/* x has its arena, which holds the message, and a verdict. */
static void
carry_out(struct core *c, struct txn *x, const struct fresh *f)
{
	const struct gw_verdict *v = &c->judged.verdict;
	unsigned status = 500;

	if (x->verdict == GW_REDIRECT) {
		core_redirect_out(c, x, f->m);
		return;
	}
	if (x->verdict != GW_PERMIT) {
		struct core_refusal r = { .status = v->status,
			.headers = core_verdict_headers(c, x, v) };
		core_reply(c, x, f->m, &r);
		return;
	}
	if (core_forward(c, x, f->m, &f->target,
		body_was_read(f) ? &c->judged.body : NULL, &status))
		return;
	struct core_refusal r = refusal(status);
	core_reply(c, x, f->m, &r);
}

static struct txn *
start(struct core *c, const struct fresh *f)
{
	const struct conf_system *s = &c->snap->conf->systems[f->flow->system];
	struct meter *meter = c->snap->meters->systems[f->flow->system];
	uint32_t max = s->max_transactions != 0 ?
			   s->max_transactions :
			   core_limits(c)->system_transactions;

	if (!meter_enter(meter, max))
		return NULL;
	struct txn *x = txns_new(&c->txns);
	if (x == NULL) {
		meter_leave(meter);
		return NULL;
	}
	x->system_meter = meter_ref(meter);
	x->purpose = TXN_PROXY;
	x->method = f->m->method;
	x->snap = snapshot_ref(c->snap);
	x->flow = core_reply_flow(f->flow, f->m);
	x->source_port = f->flow->peer.port;
	x->from = f->flow->system;
	x->to = GW_SYSTEM_NONE;
	x->begun_us = c->now.mono_us;
	x->begun_wall_us = c->now.wall_us;
	x->raw = f->m->raw;
	x->loop = f->loop;
	x->name = c->name;
	txns_add_server(&c->txns, x, f->key);
	return x;
}

static void
fresh_request(struct core *c, struct fresh *f)
{
	metrics_one(&c->metrics, METRIC_REQUESTS);
	struct core_refusal r = check(c, f);
	if (r.status != 0) {
		core_reply_stateless(c, f->flow, f->m, &r);
		return;
	}
	struct txn *x = start(c, f);
	if (x == NULL) {
		r = (struct core_refusal){ .status = 503,
			.headers = GW_SPAN(RETRY_AFTER) };
		LOG_WARN("transactions.full",
		    kv_span("peer", core_system_id(c->snap, f->flow->system)));
		core_reply_stateless(c, f->flow, f->m, &r);
		return;
	}
	bool judged = judge(c, f, x);
	core_start_server(c, x);
	if (!judged) {
		core_wait(c, x, f->m);
		return;
	}
	if ((x->arena = core_take_arena(c)) == NULL) {
		core_step_server(c, x, TXN_ON_LIFE, NULL);
	} else {
		carry_out(c, x, f);
	}
	core_settle(c, x);
}

/* Read what x began with as it was read then.  Its token opened when it came;
 * the keys may have gone meanwhile. */
static bool
read_again(struct core *c, struct txn *x, struct fresh *f)
{
	struct topo t = { x->snap, c->sealer, x->arena, c->now, x->from,
		GW_SYSTEM_NONE, x->flow.listener, 0, NULL, x->begun_wall_us,
		NULL };
	struct gw_fault fault;

	if (sip_msg_parse(x->raw, f->m, &fault) != GW_OK ||
	    topo_find_target(&t, f->m, &f->target, &fault) != GW_OK ||
	    f->target.bad_token)
		return false;
	f->in_dialog = sip_msg_in_dialog(f->m);
	return true;
}

void
core_request_again(
    struct core *c, struct txn *x, const struct gate_lookup *lookup)
{
	struct fresh f = { .flow = &x->flow, .m = &c->msg };

	if (!read_again(c, x, &f)) {
		core_reply_late(c, x, 500);
	} else {
		(void)decide(c, &f, x, lookup, x->arena);
		carry_out(c, x, &f);
	}
	core_settle(c, x);
}

void
core_request(struct core *c, const struct core_flow *flow, uint8_t rounds)
{
	struct fresh f = { .flow = flow, .m = &c->msg };

	struct core_names names = core_names_of(c, flow->system, f.m);
	f.key = names.here;
	c->name = names.anywhere;
	f.in_dialog = sip_msg_in_dialog(f.m);
	struct txn *x = txns_find_server(&c->txns, f.key);
	if (flow->system == GW_SYSTEM_NONE &&
	    (f.m->method == SIP_METHOD_ACK ||
		f.m->method == SIP_METHOD_CANCEL)) {
		metrics_one(&c->metrics, METRIC_DROPPED);
	} else if (f.m->method == SIP_METHOD_ACK) {
		core_ack_in(c, flow, x, rounds);
	} else if (f.m->method == SIP_METHOD_CANCEL) {
		core_cancel_in(c, flow, x, rounds);
	} else if (x != NULL) {
		metrics_one(&c->metrics, METRIC_ABSORBED);
		core_step_server(c, x, TXN_ON_REQUEST, NULL);
	} else {
		fresh_request(c, &f);
	}
}
