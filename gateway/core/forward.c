/*
 * forward.c: requests that go out: which next hop, which branch, which
 * edits.
 */
#include "core/engine.h"

#include "codec/sip/sip_addr.h"
#include "mcxgw/siphash.h"

static void
put_hex(uint8_t *out, uint64_t n, unsigned digits)
{
	static const char hex[] = "0123456789abcdef";

	for (; digits > 0; n >>= 4)
		out[--digits] = (uint8_t)hex[n & 15];
}

static void
branch_text(uint8_t out[TOPO_BRANCH_LEN], uint64_t id, uint32_t loop)
{
	memcpy(out, "z9hG4bK", 7);
	put_hex(out + 7, id, 16);
	put_hex(out + 23, loop, 8);
}

/* The same on every node for the same request and attempt, so that a CANCEL
 * that another node gets finds its INVITE at the next hop. */
static uint64_t
client_id(const struct snapshot *s, uint64_t name, uint8_t attempt)
{
	uint64_t in[2] = { name, attempt };
	uint64_t id = name;

	if (attempt > 0)
		id = gw_siphash(s->branch_key,
		    (struct gw_span){ (const uint8_t *)in, sizeof(in) });
	return id & ~CORE_CANCEL_BIT;
}

/* The address of a sip URI, if its host is one. */
static bool
uri_address(struct gw_span text, struct conf_addr *out)
{
	struct gw_fault fault;
	struct sip_uri uri;

	if (sip_uri_parse(text, &uri, &fault) != GW_OK ||
	    !sip_host_is_address(uri.host))
		return false;
	if (!conf_addr_parse(uri.host, out))
		return false;
	out->port = uri.port != 0 ? uri.port : 5060;
	return true;
}

/* In a dialog the token says where to go on: if that is the address of a
 * next hop, it is that one.  The token was made here, so this is no choice of
 * the peer's; and nothing but next hops can be chosen. */
static int
hop_of_target(const struct conf_system *s, const struct topo_target *target)
{
	struct gw_fault fault;
	struct gw_span uri = target->uri;
	struct sip_addr first;
	struct conf_addr addr;
	size_t pos = 0;

	if (!target->has_token || s->n_hops == 1)
		return -1;
	if (target->routes.len > 0) {
		if (sip_addr_next(target->routes, &pos, &first, &fault) !=
		    GW_OK)
			return -1;
		uri = first.uri;
	}
	if (uri.len == 0 || !uri_address(uri, &addr))
		return -1;
	for (size_t i = 0; i < s->n_hops; i++)
		if (memcmp(&s->hops[i].addr.ip, &addr.ip, sizeof(addr.ip)) ==
			0 &&
		    s->hops[i].addr.port == addr.port)
			return (int)i;
	return -1;
}

static int
choose(struct core *c, const struct snapshot *snap, uint16_t to, uint32_t tried,
    const struct topo_target *target)
{
	const struct conf_system *s = &snap->conf->systems[to];
	int i = hop_of_target(s, target);

	if (i >= 0 && (tried & (1u << i)) == 0)
		return i;
	uint32_t dice = s->n_hops > 1 ? (uint32_t)core_random(c) : 0;
	return health_choose(snap->health, s, tried, dice, c->now.mono_us);
}

/* What one try to send a request out needs. */
struct outgoing {
	const struct sip_msg *m;
	const struct topo_target *target;
	const struct mcx_body *body;
	const struct policy_handling *handling;
	const struct conf_hop *hop;
	enum conf_transport transport;
	uint64_t id;
};

static uint16_t
listener_of(const struct outgoing *o)
{
	return o->transport == o->hop->transport ? o->hop->listener :
						   o->hop->tcp_listener;
}

static const struct policy_handling *
handling_of(const struct txn *x)
{
	return policy_handling(
	    x->snap->policy, x->from, x->to, x->begun_wall_us);
}

/* Edit o->m for x; the pieces go to x's arena. */
static enum gw_err
compose(struct core *c, struct txn *x, const struct outgoing *o)
{
	struct topo t = { x->snap, c->sealer, x->arena, c->now, x->from, x->to,
		x->flow.listener, listener_of(o), x->seen, x->begun_wall_us,
		&c->plain };
	struct topo_request r = { .target = o->target,
		.body = o->body,
		.worker = c->setup.worker,
		.source = x->flow.peer,
		.out_transport = o->transport,
		.memo = x->memo,
		.cap_p = x->cap_p,
		.cap_q = x->cap_q,
		.handling = o->handling };
	uint8_t branch[TOPO_BRANCH_LEN];
	struct gw_fault fault = { 0, "" };
	size_t n, len;

	r.source.port = x->source_port;
	branch_text(branch, o->id, x->loop);
	r.branch = (struct gw_span){ branch, sizeof(branch) };
	sip_edits_init(&c->edits, o->m->raw);
	enum gw_err err = topo_edit_request(&t, o->m, &r, &c->edits, &fault);
	if (err == GW_OK)
		err = sip_edits_apply(&c->edits, c->iov, &n, &len);
	if (err == GW_OK && len > o->m->raw.len + TOPO_GROWTH_MAX)
		err = GW_ELIMIT;
	if (err != GW_OK) {
		LOG_WARN("request.not-written",
		    kv_text("error", gw_strerror(err)), kv_num("at", fault.at),
		    kv_text("why", fault.why));
		return err;
	}
	struct iovec *iov = gw_arena_alloc(x->arena, n, sizeof(*iov));
	if (iov == NULL)
		return GW_ENOMEM;
	memcpy(iov, c->iov, n * sizeof(*iov));
	x->iov = iov;
	x->n_iov = n;
	x->len = len;
	x->hop = o->hop->id;
	x->transport = o->transport;
	return GW_OK;
}

/* Large datagrams go over TCP where the next hop has it (18.1.1).  What fits
 * into none is no failure of the hop's. */
static enum gw_err
compose_sized(struct core *c, struct txn *x, struct outgoing *o)
{
	o->transport = o->hop->transport;
	enum gw_err err = compose(c, x, o);
	if (err == GW_OK && o->transport == CONF_UDP &&
	    x->len > o->hop->udp_limit && o->hop->tcp_listener != UINT16_MAX) {
		o->transport = CONF_TCP;
		err = compose(c, x, o);
	}
	if (err == GW_OK && o->transport == CONF_UDP &&
	    x->len > CORE_DATAGRAM_MAX)
		err = GW_ELIMIT;
	return err;
}

static unsigned
status_of(enum gw_err err)
{
	switch (err) {
	case GW_EMALFORMED: return 400;
	case GW_ELIMIT: return 513;
	case GW_OK:
	case GW_EMORE:
	case GW_EAUTH:
	case GW_ENOMEM:
	case GW_EUNSUPPORTED:
	case GW_EREMOTE:
	case GW_ETIMEOUT:
	case GW_ENOTFOUND:
	case GW_EIO:
	case GW_EBUG: break;
	}
	return 500;
}

bool
core_forward(struct core *c, struct txn *x, const struct sip_msg *m,
    const struct topo_target *target, const struct mcx_body *body,
    unsigned *status)
{
	const struct conf_system *s = &x->snap->conf->systems[x->to];
	struct outgoing o = { .m = m,
		.target = target,
		.body = body,
		.handling = handling_of(x) };
	int i = choose(c, x->snap, x->to, x->tried, target);

	*status = 500;
	if (i < 0)
		return false;
	x->seen = topo_seen_new(x->arena);
	x->tried |= 1u << i;
	o.hop = &s->hops[i];
	o.id = client_id(x->snap, x->name, x->attempt++);
	enum gw_err err = compose_sized(c, x, &o);
	if (err != GW_OK) {
		*status = status_of(err);
		return false;
	}
	x->heard = false;
	x->client = (struct txn_half){
		.machine = x->method == SIP_METHOD_INVITE ? TXN_ICT : TXN_NICT,
		.state = TXN_START,
		.reliable = x->transport != CONF_UDP
	};
	txns_add_client(&c->txns, x, o.id);
	core_step_client(c, x, TXN_ON_SEND, NULL);
	return true;
}

/* The attempt that is given up stays behind to absorb what still comes; an
 * INVITE that was not answered yet, to be cancelled when its hop wakes up. */
static void
leave_attempt(struct core *c, struct txn *x)
{
	struct txn *y = txns_new(&c->txns);
	bool unheard =
	    x->method == SIP_METHOD_INVITE && x->client.state == TXN_DONE;

	txns_drop_client(&c->txns, x);
	wheel_stop(&c->wheel, &x->timers[TXN_TIMER_C_RETX]);
	wheel_stop(&c->wheel, &x->timers[TXN_TIMER_C_LIFE]);
	x->client.state = TXN_DONE; /* unless another attempt is made */
	if (y == NULL)
		return;
	y->purpose = TXN_LEFT;
	y->method = x->method;
	y->snap = snapshot_ref(x->snap);
	y->from = x->from;
	y->to = x->to;
	y->hop = x->hop;
	y->transport = x->transport;
	y->client.machine = x->client.machine;
	y->client.state = unheard ? TXN_CALLING : TXN_COMPLETED;
	y->client.reliable = x->client.reliable;
	y->ack = x->ack;
	y->ack_len = x->ack_len;
	x->ack = NULL;
	x->ack_len = 0;
	if (unheard)
		core_keep_cancel(c, x, y);
	txns_add_client(&c->txns, y, x->client_id);
	y->timers[TXN_TIMER_C_LIFE].kind = TXN_TIMER_C_LIFE;
	wheel_arm(&c->wheel, &y->timers[TXN_TIMER_C_LIFE],
	    c->now.mono_us + (uint64_t)core_limits(c)->t1_ms * 64 * 1000);
}

bool
core_read_body(struct core *c, const struct topo *t,
    const struct policy_handling *handling, const struct sip_msg *m,
    const struct mcx_body **out)
{
	struct gw_fault fault = { 0, "" };

	*out = NULL;
	if (!handling->access_token_drop || !mcx_body_wanted(m))
		return true;
	*out = &c->judged.body;
	if (mcx_body_read(m, c->arena, &c->judged.body, &fault) == GW_OK)
		return true;
	LOG_WARN("body.not-read",
	    kv_span("from", core_system_id(t->snap, t->from)),
	    kv_num("at", fault.at), kv_text("why", fault.why));
	return false;
}

bool
core_forward_again(struct core *c, struct txn *x, unsigned *status)
{
	struct topo t = { x->snap, c->sealer, x->arena, c->now, x->from, x->to,
		x->flow.listener, 0, NULL, x->begun_wall_us, NULL };
	const struct mcx_body *body = NULL;
	struct topo_target target = { 0 };
	struct gw_fault fault;

	*status = 500;
	if (x->arena == NULL || x->cancel_wanted || x->cancelled ||
	    sip_msg_parse(x->raw, &c->sent, &fault) != GW_OK ||
	    topo_find_target(&t, &c->sent, &target, &fault) != GW_OK ||
	    target.bad_token /* its key has gone meanwhile */)
		return false;
	if (choose(c, x->snap, x->to, x->tried, &target) < 0 ||
	    !core_read_body(c, &t, handling_of(x), &c->sent, &body))
		return false;
	leave_attempt(c, x);
	if (sip_msg_parse(x->raw, &c->sent, &fault) != GW_OK)
		return false;
	metrics_one(&c->metrics, METRIC_FAILOVERS);
	return core_forward(c, x, &c->sent, &target, body, status);
}

void
core_forward_stateless(struct core *c, const struct core_flow *flow,
    const struct sip_msg *m, const struct topo_target *target)
{
	struct txn x = { .snap = c->snap,
		.flow = *flow,
		.source_port = flow->peer.port,
		.begun_wall_us = c->now.wall_us,
		.arena = c->arena,
		.from = flow->system,
		.to = target->to,
		.loop = core_loop_hash(c, m),
		.memo = target->memo,
		.cap_p = -1,
		.cap_q = -1 };
	struct outgoing o = {
		.m = m, .target = target, .handling = handling_of(&x)
	};
	const struct topo t = { .snap = c->snap, .from = x.from };
	int i = choose(c, c->snap, x.to, 0, target);

	if (i < 0 || !core_read_body(c, &t, o.handling, m, &o.body)) {
		metrics_one(&c->metrics, METRIC_DROPPED);
		return;
	}
	o.hop = &c->snap->conf->systems[x.to].hops[i];
	o.id = client_id(c->snap, c->name, 0);
	if (compose_sized(c, &x, &o) != GW_OK) {
		metrics_one(&c->metrics, METRIC_DROPPED);
		return;
	}
	struct core_action *a = core_act(c, CORE_SEND_HOP);
	if (a == NULL)
		return;
	metrics_one(&c->metrics, METRIC_STATELESS);
	a->hop = x.hop;
	a->transport = x.transport;
	a->iov = x.iov;
	a->n_iov = x.n_iov;
	a->len = x.len;
}
