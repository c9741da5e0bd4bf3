/*
 * step.c: the one place where a transaction changes its state, and what the
 * moves of the tables mean.
 */
#include "core/engine.h"

#include "core/kms_fetch.h"

#include <stdlib.h>

#define LINGER_US (UINT64_C(8) * WHEEL_TICK_US)

static const char *const state_names[TXN_STATE_N] = {
	[TXN_START] = "start",
	[TXN_CALLING] = "calling",
	[TXN_PROCEEDING] = "proceeding",
	[TXN_COMPLETED] = "completed",
	[TXN_CONFIRMED] = "confirmed",
	[TXN_ACCEPTED] = "accepted",
	[TXN_DONE] = "done",
};

static const struct txn_move *
move_of(const struct txn_half *h, enum txn_event on)
{
	static const struct txn_move none = { TXN_START, 0 };

	switch ((enum txn_machine)h->machine) {
	case TXN_IST: return &txn_ist_table[h->state][on];
	case TXN_NIST: return &txn_nist_table[h->state][on];
	case TXN_ICT: return &txn_ict_table[h->state][on];
	case TXN_NICT: return &txn_nict_table[h->state][on];
	case TXN_NONE: break;
	}
	return &none;
}

static struct wheel_node *
timer(struct txn *x, enum txn_timer which)
{
	x->timers[which].kind = (uint8_t)which;
	return &x->timers[which];
}

static void
arm(struct core *c, struct txn *x, enum txn_timer which, uint64_t ms)
{
	wheel_arm(&c->wheel, timer(x, which), c->now.mono_us + ms * 1000);
}

/* Nothing is sent when such a time is over, it is only forgotten what might be
 * asked for again.  Many end together, so that the worker wakes for them once
 * and not at every tick. */
static void
linger(struct core *c, struct txn *x, enum txn_timer which, uint64_t ms)
{
	uint64_t at = c->now.mono_us + ms * 1000;

	wheel_arm(&c->wheel, timer(x, which),
	    (at + LINGER_US - 1) / LINGER_US * LINGER_US);
}

static uint32_t
interval(const struct conf_limits *l, const struct txn_half *h, unsigned what)
{
	if (what & TXN_DO_RETX_T1)
		return l->t1_ms;
	if (what & TXN_DO_RETX_EVERY_T2)
		return l->t2_ms;
	if ((what & TXN_DO_RETX_T2) && h->interval_ms * 2 > l->t2_ms)
		return l->t2_ms;
	return h->interval_ms * 2;
}

static void
set_retx(struct core *c, struct txn *x, struct txn_half *h,
    enum txn_timer which, unsigned what)
{
	if (what & TXN_DO_RETX_STOP)
		wheel_stop(&c->wheel, timer(x, which));
	if (!(what & (TXN_DO_RETX_T1 | TXN_DO_RETX_DOUBLE | TXN_DO_RETX_T2 |
			 TXN_DO_RETX_EVERY_T2)))
		return;
	wheel_stop(&c->wheel, timer(x, which));
	if (h->reliable)
		return;
	h->interval_ms = interval(core_limits(c), h, what);
	arm(c, x, which, h->interval_ms);
}

/* While another hop could be tried, waiting 64*T1 for this one is too long
 * in an emergency. */
static uint64_t
patience(const struct core *c, const struct txn *x)
{
	const struct conf_limits *l = core_limits(c);
	uint64_t b = (uint64_t)l->t1_ms * 64;

	if (x->purpose != TXN_PROXY || x->to >= x->snap->conf->n_systems)
		return b;
	size_t hops = x->snap->conf->systems[x->to].n_hops;
	unsigned tried = (unsigned)__builtin_popcount(x->tried);
	return tried < hops && l->failover_ms < b ? l->failover_ms : b;
}

/* False: the time is zero, the half is done. */
static bool
set_life(struct core *c, struct txn *x, struct txn_half *h,
    enum txn_timer which, unsigned what)
{
	const struct conf_limits *l = core_limits(c);

	if ((what & TXN_DO_LIFE_ZERO) && h->reliable)
		return false;
	if (what & TXN_DO_LIFE_F) {
		wheel_arm(&c->wheel, timer(x, which),
		    x->sent_us + (uint64_t)l->t1_ms * 64 * 1000);
		return true;
	}
	if ((what & TXN_DO_LIFE_C) && x->cancelled)
		return true; /* who rings on does not gain time by it */
	if (what & TXN_DO_LIFE_B)
		arm(c, x, which, patience(c, x));
	else if (what & TXN_DO_LIFE_C)
		arm(c, x, which, (uint64_t)l->timer_c_s * 1000);
	else if (what & TXN_DO_LIFE_D)
		linger(c, x, which, (uint64_t)l->t1_ms * 64);
	else if (what & TXN_DO_LIFE_K)
		linger(c, x, which, l->t4_ms);
	return true;
}

static void
stop(struct core *c, struct txn *x, enum txn_timer retx, enum txn_timer life)
{
	wheel_stop(&c->wheel, timer(x, retx));
	wheel_stop(&c->wheel, timer(x, life));
}

static void
trace(const struct txn *x, const char *half, unsigned from, unsigned to)
{
	if (from != to)
		LOG_DEBUG("txn.state", kv_id("txn", x->client_id),
		    kv_text("half", half), kv_text("from", state_names[from]),
		    kv_text("to", state_names[to]));
}

static void
client_send(struct core *c, struct txn *x)
{
	struct core_action *a = core_act(c, CORE_SEND_HOP);

	if (a == NULL)
		return;
	a->snap = x->snap;
	a->hop = x->hop;
	a->transport = x->transport;
	a->send_id = x->client_id;
	a->iov = x->iov;
	a->n_iov = x->n_iov;
	a->len = x->len;
}

void
core_step_client(
    struct core *c, struct txn *x, enum txn_event on, const struct sip_msg *rsp)
{
	struct txn_half *h = &x->client;
	const struct txn_move *m = move_of(h, on);
	bool again = on == TXN_ON_FINAL && h->state == TXN_COMPLETED;

	if (m->next == TXN_START)
		return; /* late or repeated news */
	trace(x, "client", h->state, m->next);
	h->state = m->next;
	if (on == TXN_ON_SEND)
		x->sent_us = c->now.mono_us;
	if (m->what & TXN_DO_SEND) {
		client_send(c, x);
		if (on == TXN_ON_RETX)
			metrics_one(&c->metrics, METRIC_RETRANSMITTED);
	}
	if (m->what & TXN_DO_ACK)
		core_ack(c, x, again ? NULL : rsp);
	set_retx(c, x, h, TXN_TIMER_C_RETX, m->what);
	if (!set_life(c, x, h, TXN_TIMER_C_LIFE, m->what))
		h->state = TXN_DONE;
	if (h->state == TXN_DONE)
		stop(c, x, TXN_TIMER_C_RETX, TXN_TIMER_C_LIFE);
	if (m->what & TXN_DO_UP)
		core_response_up(c, x, rsp);
	if (m->what & (TXN_DO_TIMEOUT | TXN_DO_FAIL))
		core_no_response(c, x, (m->what & TXN_DO_FAIL) != 0);
}

/* A response that may be asked for again is kept, all in one piece. */
static void
keep(struct txn *x, const struct core_out *out)
{
	size_t at = 0;

	free(x->reply);
	x->reply = NULL;
	x->reply_len = 0;
	if (x->server.reliable)
		return;
	if ((x->reply = malloc(out->len)) == NULL)
		return; /* the client's next request finds none: it repeats */
	for (size_t i = 0; i < out->n_iov; at += out->iov[i++].iov_len)
		memcpy(
		    x->reply + at, out->iov[i].iov_base, out->iov[i].iov_len);
	x->reply_len = at;
}

static void
server_send(struct core *c, struct txn *x, const struct core_out *out)
{
	if (out != NULL) {
		x->status = out->status;
		core_send_back(
		    c, &x->flow, x->snap, out->iov, out->n_iov, out->len);
		return;
	}
	struct gw_span kept = { x->reply, x->reply_len };
	struct iovec *iov = kept.len == 0 ? NULL : core_iov(c->arena, kept);
	if (iov == NULL)
		return; /* nothing was answered yet */
	metrics_one(&c->metrics, METRIC_RETRANSMITTED);
	core_send_back(c, &x->flow, x->snap, iov, 1, kept.len);
}

/* What is answered is open no more, though it is kept for repetitions. */
static void
leave_rule(struct txn *x)
{
	if (x->rule_meter == NULL)
		return;
	meter_leave(x->rule_meter);
	meter_unref(x->rule_meter);
	x->rule_meter = NULL;
}

/* A request that came again is told 100 once more (RFC 3261 17.2.1, 17.2.2);
 * one other than INVITE not before its time (RFC 4320 4.1). */
static bool
may_try_again(const struct txn *x)
{
	return x->status == 100 ||
	       (x->status == 0 && x->server.machine == TXN_IST);
}

void
core_step_server(struct core *c, struct txn *x, enum txn_event on,
    const struct core_out *out)
{
	struct txn_half *h = &x->server;
	const struct txn_move *m = move_of(h, on);

	if (m->next == TXN_START)
		return;
	trace(x, "server", h->state, m->next);
	h->state = m->next;
	if (h->state > TXN_PROCEEDING)
		leave_rule(x);
	if (m->what & TXN_DO_SEND)
		server_send(c, x, out);
	if ((m->what & TXN_DO_SEND) && out != NULL && h->state != TXN_ACCEPTED)
		keep(x, out);
	if ((m->what & TXN_DO_TRYING) &&
	    (on != TXN_ON_REQUEST || may_try_again(x)))
		core_reply_late(c, x, 100);
	set_retx(c, x, h, TXN_TIMER_S_RETX, m->what);
	if (!set_life(c, x, h, TXN_TIMER_S_LIFE, m->what))
		h->state = TXN_DONE;
	if (h->state == TXN_DONE)
		stop(c, x, TXN_TIMER_S_RETX, TXN_TIMER_S_LIFE);
}

/* When timer E of a client would have reached T2 (RFC 4320 4.1). */
static uint64_t
until_t2(const struct conf_limits *l)
{
	uint64_t sum = 0;

	for (uint64_t e = l->t1_ms; e < l->t2_ms; e *= 2)
		sum += e;
	return sum;
}

void
core_start_server(struct core *c, struct txn *x)
{
	x->server.machine = x->method == SIP_METHOD_INVITE ? TXN_IST : TXN_NIST;
	x->server.state = TXN_PROCEEDING;
	x->server.reliable = x->flow.transport != CONF_UDP;
	arm(c, x, TXN_TIMER_S_RETX,
	    x->method == SIP_METHOD_INVITE ? CORE_TRYING_MS :
					     until_t2(core_limits(c)));
}

static bool
is_done(const struct txn_half *h)
{
	return h->machine == TXN_NONE || h->state == TXN_DONE;
}

static bool
has_ended(const struct txn_half *h)
{
	return h->machine == TXN_NONE || h->state > TXN_PROCEEDING;
}

/* What lingers for the sake of retransmissions needs its request no more. */
static void
retire(struct core *c, struct txn *x)
{
	if (x->arena == NULL || x->purpose != TXN_PROXY ||
	    !has_ended(&x->client) || !has_ended(&x->server) ||
	    c->n_retired == CORE_ACTIONS_MAX)
		return;
	c->retired[c->n_retired++] = x->arena;
	x->arena = NULL;
	x->seen = NULL;
	x->raw = (struct gw_span){ NULL, 0 };
	x->iov = NULL;
	x->n_iov = 0;
}

void
core_settle(struct core *c, struct txn *x)
{
	/* A request that nobody answers any more. */
	if (is_done(&x->client) && !is_done(&x->server) && !core_waits(x) &&
	    x->server.state == TXN_PROCEEDING)
		core_step_server(c, x, TXN_ON_LIFE, NULL);
	retire(c, x);
	if (!is_done(&x->client) || !is_done(&x->server))
		return;
	for (unsigned i = 0; i < TXN_TIMER_N; i++)
		wheel_stop(&c->wheel, &x->timers[i]);
	x->free_next = c->dead;
	c->dead = x;
	c->n_dead++;
	c->probing -= x->purpose == TXN_PROBE;
}

/* Those that belong to no transaction. */
static void
other_timer(struct core *c, struct wheel_node *n)
{
	switch (n->kind) {
	case CORE_TIMER_PROBE: core_probe_due(c, n); break;
	case CORE_TIMER_LOOKUP: lookups_due(c, n); break;
	case CORE_TIMER_ASKED: core_asked_due(c, n); break;
	case CORE_TIMER_WATCH: kms_fetch_due(c, n); break;
	}
}

void
core_timer(struct core *c, struct wheel_node *n)
{
	enum txn_timer which = (enum txn_timer)n->kind;

	if (n->kind >= TXN_TIMER_N) {
		other_timer(c, n);
		return;
	}
	struct txn *x = (struct txn *)(void *)((char *)(n - which) -
					       offsetof(struct txn, timers));
	switch (which) {
	case TXN_TIMER_S_RETX: core_step_server(c, x, TXN_ON_RETX, NULL); break;
	case TXN_TIMER_S_LIFE: core_step_server(c, x, TXN_ON_LIFE, NULL); break;
	case TXN_TIMER_C_RETX: core_step_client(c, x, TXN_ON_RETX, NULL); break;
	case TXN_TIMER_C_LIFE: core_step_client(c, x, TXN_ON_LIFE, NULL); break;
	case TXN_TIMER_N: break;
	}
	core_settle(c, x);
}
