/*
 * response.c: responses that come in, and how they go back (RFC 3261 16.7,
 * RFC 6026, RFC 4320).
 */
#include "core/engine.h"

#include "codec/sip/sip_via.h"

/* May it grow so, and can it be sent to where it goes? */
static bool
is_too_long(const struct topo *t, const struct sip_msg *rsp, size_t len)
{
	return len > rsp->raw.len + TOPO_GROWTH_MAX ||
	       (len > CORE_DATAGRAM_MAX &&
		   t->snap->conf->listeners[t->out].transport == CONF_UDP);
}

/* Edit rsp for the way back, with part[1] in place of part[0]; the pieces live until the next call. */
static bool
compose(struct core *c, const struct topo *t, const struct sip_msg *rsp,
    const struct topo_back *back, uint64_t memo, const struct gw_span part[2],
    struct core_out *out)
{
	struct topo_response r = { .vias = back->vias,
		.key_id = back->key_id,
		.memo = memo,
		.answering_side = back->answering,
		.handling = policy_handling(
		    t->snap->policy, t->from, t->to, t->as_of_us),
		.old_part = part[0],
		.new_part = part[1] };
	struct gw_fault fault = { 0, "" };
	size_t n;

	if (!core_read_body(c, t, r.handling, rsp, &r.body))
		return false;
	sip_edits_init(&c->edits, rsp->raw);
	enum gw_err err = topo_edit_response(t, rsp, &r, &c->edits, &fault);
	if (err == GW_OK)
		err = sip_edits_apply(&c->edits, c->iov, &n, &out->len);
	if (err == GW_OK && is_too_long(t, rsp, out->len))
		err = GW_ELIMIT;
	if (err != GW_OK) {
		LOG_WARN("response.not-written",
		    kv_text("error", gw_strerror(err)), kv_num("at", fault.at),
		    kv_text("why", fault.why));
		return false;
	}
	struct iovec *iov = gw_arena_alloc(c->arena, n, sizeof(*iov));
	if (iov == NULL)
		return false;
	memcpy(iov, c->iov, n * sizeof(*iov));
	out->iov = iov;
	out->n_iov = n;
	out->status = rsp->status;
	return true;
}

static struct topo
backwards(struct core *c, const struct snapshot *s, uint16_t from)
{
	return (struct topo){ .snap = s,
		.sealer = c->sealer,
		.arena = c->arena,
		.now = c->now,
		.from = from,
		.to = GW_SYSTEM_NONE,
		.as_of_us = c->now.wall_us,
		.plain = &c->plain };
}

static uint16_t
hop_listener(const struct snapshot *s, uint16_t system, uint32_t hop)
{
	const struct conf_system *sys = &s->conf->systems[system];

	for (size_t i = 0; i < sys->n_hops; i++)
		if (sys->hops[i].id == hop)
			return sys->hops[i].listener;
	return 0;
}

static enum txn_event
reply_event(unsigned status)
{
	if (status < 200)
		return TXN_ON_REPLY_1XX;
	return status < 300 ? TXN_ON_REPLY_2XX : TXN_ON_REPLY_FINAL;
}

/* rsp goes back to where x came from. */
static void
pass_back(struct core *c, struct txn *x, const struct sip_msg *rsp)
{
	struct topo t = backwards(c, x->snap, x->to);
	struct gw_span part[2] = { { NULL, 0 }, { NULL, 0 } };
	struct topo_back back;
	struct core_out out;

	t.seen = x->seen;
	t.as_of_us = x->begun_wall_us;
	if (topo_open_via(&t, &c->via, &back) != GW_OK || back.to != x->from) {
		metrics_one(&c->metrics, METRIC_BAD_TOKENS);
		if (rsp->status >= 200)
			core_reply_late(c, x, 502);
		return;
	}
	if (!core_redirect_back(c, x, rsp, &part[0], &part[1]))
		return;
	t.to = x->from;
	t.in = hop_listener(x->snap, x->to, x->hop);
	t.out = x->flow.listener;
	if (!compose(c, &t, rsp, &back, x->memo, part, &out)) {
		if (rsp->status >= 200)
			core_reply_late(c, x, 502);
		return;
	}
	core_step_server(c, x, reply_event(rsp->status), &out);
	if (rsp->status >= 200)
		core_log_done(c, x, rsp->status);
}

static void
hop_is_up(struct core *c, const struct txn *x)
{
	if (health_up(x->snap->health, x->hop, c->now.mono_us))
		LOG_INFO("hop.up",
		    kv_span("system", core_system_id(x->snap, x->to)),
		    kv_num("hop", x->hop));
}

static void
hop_is_down(struct core *c, const struct txn *x, const char *why)
{
	if (health_down(x->snap->health, x->hop, c->now.mono_us,
		core_limits(c)->hop_down_s))
		LOG_WARN("hop.down",
		    kv_span("system", core_system_id(x->snap, x->to)),
		    kv_num("hop", x->hop), kv_text("why", why));
}

/* 503 means this hop, not the whole system: another may do, and the caller's
 * side must not take it for ours (RFC 3261 16.7, 6). */
static void
unavailable(struct core *c, struct txn *x)
{
	unsigned status;

	hop_is_down(c, x, "503");
	if (!core_forward_again(c, x, &status))
		core_reply_late(c, x, status);
}

static void
provisional(struct core *c, struct txn *x, const struct sip_msg *rsp)
{
	if (x->cancel_wanted)
		core_cancel(c, x);
	if (rsp->status == 100 || x->method != SIP_METHOD_INVITE)
		return;
	if (x->server.state == TXN_PROCEEDING)
		pass_back(c, x, rsp);
}

/* Without memory: the Via token alone says where rsp goes. */
static void
pass_back_stateless(struct core *c, const struct core_flow *flow,
    const struct sip_msg *rsp, const struct topo_via *via)
{
	struct topo t = backwards(c, c->snap, flow->system);
	const struct gw_span none[2] = { { NULL, 0 }, { NULL, 0 } };
	struct gw_fault fault;
	struct topo_back back;
	struct core_out out;
	struct sip_via top;
	size_t pos = 0;

	if (flow->system == GW_SYSTEM_NONE || rsp->status == 100 ||
	    topo_open_via(&t, via, &back) != GW_OK ||
	    back.to >= c->snap->conf->n_systems ||
	    back.listener >= c->snap->conf->n_listeners ||
	    /* Without its request no redirect can be judged. */
	    core_has_redirect(c, rsp)) {
		metrics_one(&c->metrics, METRIC_DROPPED);
		return;
	}
	t.to = back.to;
	t.in = flow->listener;
	t.out = back.listener;
	if (!compose(c, &t, rsp, &back, back.memo, none, &out)) {
		metrics_one(&c->metrics, METRIC_DROPPED);
		return;
	}
	struct core_flow to = { .conn = 0,
		.transport = back.transport,
		.listener = back.listener,
		.system = back.to,
		.peer = back.addr };
	/* "Via: " and on: what the row says of where to send (18.2.2). */
	struct gw_span value = gw_span_sub(
	    back.vias, gw_span_find(back.vias, 0, ':') + 1, back.vias.len);
	if (sip_via_next(value, &pos, &top, &fault) == GW_OK &&
	    (to.transport != CONF_UDP || !top.has_rport))
		to.peer.port = top.port != 0		? top.port :
			       to.transport == CONF_TLS ? 5061 :
							  5060;
	metrics_one(&c->metrics, METRIC_STATELESS);
	core_send_back(c, &to, c->snap, out.iov, out.n_iov, out.len);
}

void
core_response_up(struct core *c, struct txn *x, const struct sip_msg *rsp)
{
	x->heard = true;
	if (x->purpose == TXN_PROBE) {
		core_probe_result(c, x, rsp->status != 503);
		return;
	}
	if (x->purpose == TXN_LEFT && rsp->status < 200)
		core_cancel(c, x);
	if (x->purpose != TXN_PROXY)
		return;
	if (rsp->status < 200) {
		hop_is_up(c, x);
		provisional(c, x, rsp);
	} else if (rsp->status == 503 && x->server.state == TXN_PROCEEDING) {
		unavailable(c, x);
	} else if (rsp->status == 408 && x->method != SIP_METHOD_INVITE) {
		/* Nobody may say so (RFC 4320 4.2). */
		core_log_done(c, x, rsp->status);
	} else {
		hop_is_up(c, x);
		pass_back(c, x, rsp);
	}
}

void
core_no_response(struct core *c, struct txn *x, bool failed)
{
	unsigned status;

	if (x->purpose == TXN_PROBE)
		core_probe_result(c, x, false);
	if (x->purpose != TXN_PROXY) {
		x->client.state = TXN_DONE;
		return;
	}
	if (!failed)
		metrics_one(&c->metrics, METRIC_TIMEOUTS);
	if (x->client.state == TXN_PROCEEDING && !x->cancelled) {
		core_cancel(c, x); /* timer C (16.8) */
		return;
	}
	if (!x->heard)
		hop_is_down(c, x, failed ? "cannot be reached" : "no answer");
	if (!x->heard && core_forward_again(c, x, &status))
		return;
	x->client.state = TXN_DONE;
	wheel_stop(&c->wheel, &x->timers[TXN_TIMER_C_LIFE]);
	/* A request other than INVITE that timed out is not answered: the
	 * client has given up by now (RFC 4320 4.2). */
	if (x->method == SIP_METHOD_INVITE)
		core_reply_late(c, x, x->cancelled ? 487 : failed ? 500 : 408);
	else if (failed)
		core_reply_late(c, x, 500);
	else
		core_log_done(c, x, 0);
}

static enum txn_event
event_of(unsigned status)
{
	if (status < 200)
		return TXN_ON_1XX;
	return status < 300 ? TXN_ON_2XX : TXN_ON_FINAL;
}

/* A final response to an attempt that was given up ends there, but a call
 * that was answered is not lost. */
static bool
is_late_answer(const struct txn *x, const struct sip_msg *rsp)
{
	return x->purpose == TXN_LEFT && rsp->method == SIP_METHOD_INVITE &&
	       rsp->status >= 200 && rsp->status < 300;
}

/* A response to what was sent under other settings names us as they did: ours
 * if its transaction is here, and for another worker to say if it is there. */
static bool
is_of_older(struct core *c)
{
	if (!topo_read_via(NULL, &c->msg, &c->via))
		return false;
	uint64_t id = c->via.id;
	if (c->msg.method == SIP_METHOD_CANCEL)
		id ^= CORE_CANCEL_BIT;
	const struct txn *x = txns_find_client(&c->txns, id);
	if (x != NULL)
		return topo_read_via(x->snap, &c->msg, &c->via);
	return c->via.worker != c->setup.worker &&
	       c->via.worker < c->setup.n_workers;
}

void
core_response(struct core *c, const struct core_flow *flow, struct gw_span raw)
{
	struct gw_fault fault = { 0, "" };
	const struct topo_via *via = &c->via;

	if (sip_msg_parse(raw, &c->msg, &fault) != GW_OK) {
		metrics_one(&c->metrics, METRIC_MALFORMED);
		LOG_WARN("sip.malformed-response",
		    kv_span("peer", core_system_id(c->snap, flow->system)),
		    kv_num("at", fault.at), kv_text("why", fault.why));
		return;
	}
	if (!topo_read_via(c->snap, &c->msg, &c->via) && !is_of_older(c)) {
		metrics_one(&c->metrics, METRIC_DROPPED);
		return;
	}
	uint64_t id = via->id;
	if (c->msg.method == SIP_METHOD_CANCEL)
		id ^= CORE_CANCEL_BIT;
	struct txn *x = txns_find_client(&c->txns, id);
	if (x == NULL && via->worker != c->setup.worker &&
	    via->worker < c->setup.n_workers &&
	    core_hand_over(c, flow, raw, via->worker, c->setup.n_workers - 2))
		return;
	if (x == NULL || is_late_answer(x, &c->msg)) {
		pass_back_stateless(c, flow, &c->msg, via);
		return;
	}
	if (!core_same_system(c, x, x->to, flow->system) ||
	    x->method != c->msg.method) {
		metrics_one(&c->metrics, METRIC_DROPPED);
		return;
	}
	core_step_client(c, x, event_of(c->msg.status), &c->msg);
	core_settle(c, x);
}
