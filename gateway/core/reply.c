/*
 * reply.c: responses that the gateway makes itself.
 */
#include "core/engine.h"

#include <stdio.h>

#include "codec/sip/sip_via.h"
#include "mcxgw/siphash.h"

#define REPLY_MAX    65536
#define HEADERS_MAX  8192 /* as many domains as a verdict has */
#define SIP_PORT     5060
#define SIP_TLS_PORT 5061

void
core_send_back(struct core *c, const struct core_flow *flow,
    const struct snapshot *s, const struct iovec *iov, size_t n, size_t len)
{
	struct core_action *a = core_act(c, CORE_SEND_BACK);

	if (a == NULL)
		return;
	a->snap = s;
	a->flow = *flow;
	a->transport = flow->transport;
	a->iov = iov;
	a->n_iov = n;
	a->len = len;
}

struct core_flow
core_reply_flow(const struct core_flow *flow, const struct sip_msg *m)
{
	struct core_flow back = *flow;
	const struct sip_via *via = &m->via;

	if (via->all.len == 0 ||
	    (flow->transport == CONF_UDP && via->has_rport))
		return back;
	back.peer.port = via->port;
	if (via->port == 0)
		back.peer.port =
		    flow->transport == CONF_TLS ? SIP_TLS_PORT : SIP_PORT;
	return back;
}

/* What the top Via of a response must say of its source (RFC 3261 18.2.1,
 * RFC 3581 4). */
static void
set_source(const struct core_flow *flow, uint16_t port, const struct sip_msg *m,
    char text[CONF_ADDR_TEXT], struct sip_reply *r)
{
	struct conf_addr host = flow->peer;

	if (m->via.all.len == 0)
		return;
	host.port = 0;
	conf_addr_text(&host, text);
	if (m->via.has_rport)
		r->rport = port;
	if (m->via.has_rport || !gw_span_ieq(m->via.host, gw_span_of(text)))
		r->received = gw_span_of(text);
}

/* A tag that is the same when the same request is answered again without
 * memory. */
static struct gw_span
tag_of(const struct core *c, const struct sip_msg *m, char text[17])
{
	uint64_t key = core_names_of(c, GW_SYSTEM_NONE, m).here;
	uint64_t tag = gw_siphash(c->setup.seed,
	    (struct gw_span){ (const uint8_t *)&key, sizeof(key) });
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < 16; i++)
		text[i] = digits[(tag >> (60 - 4 * i)) & 15];
	return (struct gw_span){ (const uint8_t *)text, 16 };
}

/* The text in the call's arena, for m that came from port of flow's peer;
 * empty if it could not be built. */
static struct gw_span
build(struct core *c, const struct core_flow *flow, uint16_t port,
    const struct sip_msg *m, const struct core_refusal *refusal)
{
	char source[CONF_ADDR_TEXT], tag[17];
	struct gw_span text = { NULL, 0 };
	struct sip_reply r = { .status = refusal->status,
		.headers = refusal->headers,
		.content_type = refusal->content_type,
		.body = refusal->body };
	struct gw_buf buf;

	set_source(flow, port, m, source, &r);
	r.to_tag = tag_of(c, m, tag);
	gw_buf_init(&buf, REPLY_MAX);
	sip_reply_build(&buf, m, &r);
	if (!gw_buf_ok(&buf) ||
	    !gw_arena_copy(c->arena, gw_buf_span(&buf), &text))
		LOG_WARN("reply.lost", kv_num("status", refusal->status));
	gw_buf_clear(&buf);
	return text;
}

void
core_reply(struct core *c, struct txn *x, const struct sip_msg *m,
    const struct core_refusal *r)
{
	struct gw_span text = build(c, &x->flow, x->source_port, m, r);
	struct iovec *iov = text.len == 0 ? NULL : core_iov(c->arena, text);
	struct core_out out = { r->status, iov, 1, text.len };
	enum txn_event on = TXN_ON_REPLY_FINAL;

	if (iov == NULL) {
		core_step_server(c, x, TXN_ON_LIFE, NULL);
		return;
	}
	if (r->status < 200)
		on = TXN_ON_REPLY_1XX;
	else if (r->status < 300)
		on = TXN_ON_REPLY_2XX;
	core_step_server(c, x, on, &out);
	if (r->status >= 200)
		core_log_done(c, x, r->status);
}

void
core_reply_stateless(struct core *c, const struct core_flow *flow,
    const struct sip_msg *m, const struct core_refusal *r)
{
	struct gw_span text = build(c, flow, flow->peer.port, m, r);
	struct iovec *iov = text.len == 0 ? NULL : core_iov(c->arena, text);
	struct core_flow back = core_reply_flow(flow, m);

	if (iov != NULL)
		core_send_back(c, &back, c->snap, iov, 1, text.len);
}

/* The 100 does not move the state machine: it only stands in for what the
 * next hop has not said yet. */
static void
send_trying(struct core *c, struct txn *x, const struct sip_msg *m)
{
	struct core_refusal trying = { .status = 100, .headers = { NULL, 0 } };
	struct gw_span text = build(c, &x->flow, x->source_port, m, &trying);
	struct iovec *iov = text.len == 0 ? NULL : core_iov(c->arena, text);

	if (iov == NULL)
		return;
	if (x->status == 0)
		x->status = 100;
	core_send_back(c, &x->flow, x->snap, iov, 1, text.len);
}

void
core_reply_late(struct core *c, struct txn *x, unsigned status)
{
	struct core_refusal r = { .status = status, .headers = { NULL, 0 } };
	struct gw_fault fault;

	if (x->raw.len == 0 || sip_msg_parse(x->raw, &c->sent, &fault) != GW_OK)
		return;
	if (status == 100)
		send_trying(c, x, &c->sent);
	else
		core_reply(c, x, &c->sent, &r);
}

static void
warning(struct gw_buf *out, const struct snapshot *s, const char *text)
{
	gw_buf_text(out, "Warning: 399 ");
	gw_buf_text(out, s->conf->name);
	gw_buf_text(out, " \"");
	gw_buf_text(out, text);
	gw_buf_text(out, "\"\r\n");
}

static void
service_not_authorized(
    struct gw_buf *out, const struct snapshot *s, const struct gw_verdict *v)
{
	char text[96];
	unsigned code = 179;

	if (v->from < s->conf->n_systems)
		code = s->conf->systems[v->from].warn_code;
	snprintf(text, sizeof(text),
	    "%u service not authorized with the interconnected system", code);
	warning(out, s, text);
}

void
core_quote(struct gw_buf *out, struct gw_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			gw_buf_text(out, "\\");
		gw_buf_add(out, gw_span_sub(text, i, 1));
	}
}

struct gw_span
core_verdict_headers(
    struct core *c, const struct txn *x, const struct gw_verdict *v)
{
	struct gw_span text = { NULL, 0 };
	struct gw_buf out;

	gw_buf_init(&out, HEADERS_MAX);
	if (v->reason == GW_REASON_NO_AGREEMENT ||
	    v->reason == GW_REASON_NOT_PERMITTED)
		service_not_authorized(&out, x->snap, v);
	gw_buf_fmt(&out, "Warning: 399 %s \"%s; decision %016llx",
	    x->snap->conf->name, gw_reason_name(v->reason),
	    (unsigned long long)x->decision);
	if (c->judged.unreadable) {
		gw_buf_fmt(&out, "; octet %zu: ", c->judged.fault.at);
		core_quote(&out, gw_span_of(c->judged.fault.why));
	}
	if (v->outcome == GW_REDIRECT) {
		gw_buf_text(&out, "; receiver domains:");
		for (unsigned i = 0; i < v->n_domains; i++) {
			gw_buf_text(&out, " ");
			core_quote(&out, v->domains[i]);
		}
	}
	gw_buf_text(&out, "\"\r\n");
	if (v->status == 503)
		gw_buf_fmt(&out, "Retry-After: %u\r\n",
		    v->retry_after_s == 0 ? 1 : v->retry_after_s);
	if (!gw_buf_ok(&out) ||
	    !gw_arena_copy(c->arena, gw_buf_span(&out), &text))
		text = (struct gw_span){ NULL, 0 };
	gw_buf_clear(&out);
	return text;
}

void
core_log_done(struct core *c, struct txn *x, unsigned status)
{
	uint64_t us = c->now.mono_us - x->begun_us;

	if (x->purpose != TXN_PROXY || x->told)
		return;
	x->told = true;
	metrics_one(&c->metrics, METRIC_LATENCY_COUNT);
	metrics_add(&c->metrics, METRIC_LATENCY_SUM_US, us);
	LOG_INFO("txn.done", kv_id("decision", x->decision),
	    kv_text("method", sip_method_name(x->method)),
	    kv_span("from", core_system_id(x->snap, x->from)),
	    kv_span("to", core_system_id(x->snap, x->to)),
	    kv_text("verdict", gw_outcome_name((enum gw_outcome)x->verdict)),
	    kv_text("reason", gw_reason_name((enum gw_reason)x->reason)),
	    kv_text("rule", x->rule == NULL ? "" : x->rule),
	    kv_num("status", status), kv_num("hops", x->attempt),
	    kv_num("took_us", us));
}
