/*
 * cancel.c: CANCEL (RFC 3261 9 and 16.10) and ACK (17.1.1.3, 16.11).
 */
#include "core/engine.h"

#include <stdlib.h>

#define FOLLOWER_MAX 32768

bool
core_hand_over(struct core *c, const struct core_flow *flow, struct gw_span raw,
    uint8_t worker, uint8_t rounds)
{
	if (rounds + 1 >= c->setup.n_workers)
		return false;
	struct iovec *iov = core_iov(c->arena, raw);
	struct core_action *a =
	    iov == NULL ? NULL : core_act(c, CORE_HAND_OVER);
	if (a == NULL)
		return false;
	a->flow = *flow;
	a->worker = worker;
	a->rounds = (uint8_t)(rounds + 1);
	a->iov = iov;
	a->n_iov = 1;
	a->len = raw.len;
	metrics_one(&c->metrics, METRIC_HANDED_OVER);
	return true;
}

static uint8_t
next_worker(const struct core *c)
{
	return (uint8_t)((c->setup.worker + 1) % c->setup.n_workers);
}

static bool
has_no_hops_left(const struct sip_msg *m)
{
	return sip_msg_hdr(m, SIP_HDR_MAX_FORWARDS) != NULL &&
	       m->max_forwards == 0;
}

/* May anything at all go from system to system?  A CANCEL says of its INVITE
 * neither what it was about nor how urgent. */
static bool
is_agreed(const struct core *c, uint16_t from, const struct topo_target *target)
{
	struct gw_facts facts = { .from = from,
		.to = target->to,
		.in_dialog = true,
		.answering = target->answering,
		.priority_p = -1,
		.priority_q = -1 };
	struct policy_match match;
	bool any = false;

	for (unsigned u = 0; !any && u < GW_URGENCY_N; u++) {
		facts.urgency = (enum gw_urgency)u;
		any = policy_match(
		    c->snap->policy, &facts, c->now.wall_us, &match);
	}
	return any;
}

static void
refuse_cancel(struct core *c, const struct core_flow *flow, unsigned status)
{
	core_reply_stateless(
	    c, flow, &c->msg, &(struct core_refusal){ .status = status });
}

/* No transaction here knows it: another node may.  Pass it on as it would
 * have gone (RFC 3261 16.10); the branch comes out the same. */
static void
without_context(struct core *c, const struct core_flow *flow)
{
	struct topo t = { c->snap, c->sealer, c->arena, c->now, flow->system,
		GW_SYSTEM_NONE, flow->listener, 0, NULL, c->now.wall_us, NULL };
	struct topo_target target = { 0 };
	struct gw_fault fault;

	if (topo_find_target(&t, &c->msg, &target, &fault) != GW_OK ||
	    target.bad_token) {
		metrics_one(&c->metrics, METRIC_DROPPED);
		return;
	}
	if (!target.has_token)
		target.to = policy_system_of(c->snap->policy, c->msg.uri);
	if (has_no_hops_left(&c->msg))
		refuse_cancel(c, flow, 483);
	else if (!is_agreed(c, flow->system, &target))
		refuse_cancel(c, flow, 481);
	else
		core_forward_stateless(c, flow, &c->msg, &target);
}

void
core_cancel_in(
    struct core *c, const struct core_flow *flow, struct txn *x, uint8_t rounds)
{
	if (x == NULL) {
		if (!core_hand_over(
			c, flow, c->msg.raw, next_worker(c), rounds))
			without_context(c, flow);
		return;
	}
	core_reply_stateless(
	    c, flow, &c->msg, &(struct core_refusal){ .status = 200 });
	core_cancel(c, x);
}

/* The request that x sent, in one piece and read again. */
static bool
read_sent(struct core *c, const struct txn *x)
{
	struct gw_fault fault;

	if (x->arena == NULL || x->iov == NULL)
		return false;
	struct gw_span flat = core_flat(c, x->iov, x->n_iov, x->len);
	return flat.len > 0 && sip_msg_parse(flat, &c->sent, &fault) == GW_OK;
}

/* y has text as what it sends, in an arena of its own. */
static void
hold(struct txn *y, struct gw_span text)
{
	y->arena = gw_arena_new(FOLLOWER_MAX * 2);
	if (y->arena != NULL && gw_arena_copy(y->arena, text, &y->raw))
		y->iov = core_iov(y->arena, y->raw);
	y->n_iov = 1;
	y->len = text.len;
}

/* An ACK is made from the fields that a CANCEL has too. */
void
core_keep_cancel(struct core *c, const struct txn *x, struct txn *left)
{
	struct gw_buf text;

	if (!read_sent(c, x))
		return;
	gw_buf_init(&text, FOLLOWER_MAX);
	sip_cancel_build(&text, &c->sent);
	if (gw_buf_ok(&text))
		hold(left, gw_buf_span(&text));
	gw_buf_clear(&text);
}

static void
start_cancel(struct core *c, struct txn *x, struct gw_span text)
{
	struct txn *y = txns_new(&c->txns);

	if (y == NULL)
		return;
	y->purpose = TXN_CANCEL;
	y->method = SIP_METHOD_CANCEL;
	y->snap = snapshot_ref(x->snap);
	y->from = x->from;
	y->to = x->to;
	y->hop = x->hop;
	y->transport = x->transport;
	y->client.machine = TXN_NICT;
	y->client.reliable = x->client.reliable;
	txns_add_client(&c->txns, y, x->client_id ^ CORE_CANCEL_BIT);
	hold(y, text);
	if (y->iov == NULL)
		y->client.state = TXN_DONE;
	else
		core_step_client(c, y, TXN_ON_SEND, NULL);
	core_settle(c, y);
}

void
core_cancel(struct core *c, struct txn *x)
{
	struct gw_buf text;

	if (core_waits(x)) {
		core_wait_cancelled(c, x);
		return;
	}
	if (x->client.machine != TXN_ICT || x->cancel_sent)
		return;
	if (x->client.state != TXN_PROCEEDING) {
		x->cancel_wanted = true; /* at the first 1xx (9.1) */
		return;
	}
	x->cancel_sent = x->cancelled = true;
	wheel_arm(&c->wheel, &x->timers[TXN_TIMER_C_LIFE],
	    c->now.mono_us + (uint64_t)core_limits(c)->t1_ms * 64 * 1000);
	if (!read_sent(c, x))
		return;
	gw_buf_init(&text, FOLLOWER_MAX);
	sip_cancel_build(&text, &c->sent);
	if (gw_buf_ok(&text))
		start_cancel(c, x, gw_buf_span(&text));
	gw_buf_clear(&text);
}

static void
send_ack(struct core *c, struct txn *x, struct gw_span text)
{
	struct iovec *iov = core_iov(c->arena, text);
	struct core_action *a = iov == NULL ? NULL : core_act(c, CORE_SEND_HOP);

	if (a == NULL)
		return;
	a->snap = x->snap;
	a->hop = x->hop;
	a->transport = x->transport;
	a->iov = iov;
	a->n_iov = 1;
	a->len = text.len;
}

/* The ACK is kept where the response may be repeated. */
void
core_ack(struct core *c, struct txn *x, const struct sip_msg *rsp)
{
	struct gw_span text = { x->ack, x->ack_len };
	struct gw_buf buf;

	if (rsp == NULL) {
		if (text.len > 0)
			send_ack(c, x, text);
		return;
	}
	if (!read_sent(c, x))
		return;
	gw_buf_init(&buf, FOLLOWER_MAX);
	sip_ack_build(&buf, &c->sent, sip_msg_value(rsp, SIP_HDR_TO));
	if (gw_buf_ok(&buf) &&
	    gw_arena_copy(c->arena, gw_buf_span(&buf), &text)) {
		send_ack(c, x, text);
		if (!x->client.reliable &&
		    (x->ack = malloc(text.len)) != NULL) {
			memcpy(x->ack, text.p, text.len);
			x->ack_len = text.len;
		}
	}
	gw_buf_clear(&buf);
}

/* An ACK with keys of its own is judged like any request; it cannot be
 * answered, so refusing it means dropping it. */
static bool
ack_permitted(
    struct core *c, const struct core_flow *flow, const struct topo_target *to)
{
	struct gate_ask ask = { .from = flow->system,
		.to = to->to,
		.in_dialog = true,
		.answering = to->answering,
		.memo = to->memo,
		.newer_memo = to->memo_of_uri };

	if (!gate_wants(&c->msg))
		return true;
	gate_judge(
	    &c->gate, c->snap, &c->msg, &ask, c->now, c->arena, &c->judged);
	if (c->judged.facts.n_keys == 0 && !c->judged.unreadable)
		return true;
	if (gate_is_pending(&c->judged))
		core_look_up_now(c, c->snap);
	if (c->judged.verdict.outcome == GW_PERMIT)
		return true;
	LOG_WARN("ack.refused",
	    kv_span("peer", core_system_id(c->snap, flow->system)),
	    kv_text("reason", gw_reason_name(c->judged.verdict.reason)));
	return false;
}

void
core_ack_in(
    struct core *c, const struct core_flow *flow, struct txn *x, uint8_t rounds)
{
	struct topo t = { c->snap, c->sealer, c->arena, c->now, flow->system,
		GW_SYSTEM_NONE, flow->listener, 0, NULL, c->now.wall_us, NULL };
	struct topo_target target = { 0 };
	struct gw_fault fault;

	if (x != NULL && x->server.state != TXN_ACCEPTED) {
		core_step_server(c, x, TXN_ON_ACK, NULL);
		core_settle(c, x);
		return;
	}
	if (topo_find_target(&t, &c->msg, &target, &fault) == GW_OK &&
	    target.has_token && target.memo != 0) {
		if (has_no_hops_left(&c->msg))
			metrics_one(&c->metrics, METRIC_DROPPED);
		else if (ack_permitted(c, flow, &target))
			core_forward_stateless(c, flow, &c->msg, &target);
		return;
	}
	if (target.bad_token)
		metrics_one(&c->metrics, METRIC_BAD_TOKENS);
	/* For a final response that another worker or node gave. */
	if (!core_hand_over(c, flow, c->msg.raw, next_worker(c), rounds))
		metrics_one(&c->metrics, METRIC_DROPPED);
}
