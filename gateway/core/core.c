/*
 * core.c: entry points, memory of a call, actions, timers.
 */
#include "core/engine.h"

#include <stdlib.h>

#include "codec/sip/sip_frame.h"
#include "core/askers.h"
#include "core/kms_fetch.h"
#include "core/kms_pass.h"
#include "mcxgw/siphash.h"

uint64_t
core_random(struct core *c)
{
	uint64_t n = c->counter++;

	return gw_siphash(
	    c->setup.seed, (struct gw_span){ (const uint8_t *)&n, sizeof(n) });
}

struct gw_span
core_system_id(const struct snapshot *s, uint16_t system)
{
	if (system >= s->conf->n_systems)
		return GW_SPAN("");
	return gw_span_of(s->conf->systems[system].base.id);
}

bool
core_same_system(const struct core *c, const struct txn *x, uint16_t of_txn,
    uint16_t of_flow)
{
	if (x->snap == c->snap)
		return of_txn == of_flow;
	return of_txn != GW_SYSTEM_NONE &&
	       gw_span_eq(core_system_id(x->snap, of_txn),
		   core_system_id(c->snap, of_flow));
}

struct core_action *
core_act(struct core *c, enum core_action_kind kind)
{
	if (c->actions.n == CORE_ACTIONS_MAX) {
		LOG_ERROR("bug.actions-full", kv_num("max", CORE_ACTIONS_MAX));
		return NULL;
	}
	struct core_action *a = &c->actions.at[c->actions.n++];
	*a = (struct core_action){ .kind = kind, .snap = c->snap };
	return a;
}

struct iovec *
core_iov(struct gw_arena *a, struct gw_span text)
{
	struct iovec *iov = gw_arena_alloc(a, 1, sizeof(*iov));

	if (iov == NULL)
		return NULL;
	memcpy(&iov->iov_base, &text.p, sizeof(iov->iov_base));
	iov->iov_len = text.len;
	return iov;
}

struct gw_span
core_flat(struct core *c, const struct iovec *iov, size_t n, size_t len)
{
	uint8_t *p = gw_arena_bytes(c->arena, len);
	size_t at = 0;

	if (p == NULL)
		return GW_SPAN("");
	for (size_t i = 0; i < n; at += iov[i++].iov_len)
		memcpy(p + at, iov[i].iov_base, iov[i].iov_len);
	return (struct gw_span){ p, at };
}

struct gw_arena *
core_fresh_arena(struct core *c)
{
	if (c->n_spare > 0)
		return c->spare[--c->n_spare];
	return gw_arena_new(SIP_MSG_MAX + CORE_ARENA_EXTRA);
}

static void
arena_put(struct core *c, struct gw_arena *a)
{
	/* Those of another size limit are of no use. */
	if (c->n_spare == CORE_ARENAS_KEPT) {
		gw_arena_free(a);
		return;
	}
	gw_arena_reset(a);
	c->spare[c->n_spare++] = a;
}

struct gw_arena *
core_take_arena(struct core *c)
{
	struct gw_arena *fresh = core_fresh_arena(c);
	struct gw_arena *taken = c->arena;

	if (fresh == NULL)
		return NULL;
	c->arena = fresh;
	return taken;
}

/* What the last call left behind can go: its actions were carried out. */
void
core_begin(struct core *c, struct gw_now now)
{
	c->now = now;
	c->actions.n = 0;
	while (c->n_retired > 0)
		arena_put(c, c->retired[--c->n_retired]);
	while (c->dead != NULL) {
		struct txn *x = c->dead;
		c->dead = x->free_next;
		if (c->dead != NULL)
			txns_prefetch(&c->txns, c->dead);
		/* Others have small arenas of their own. */
		if (x->arena != NULL && x->purpose == TXN_PROXY) {
			arena_put(c, x->arena);
			x->arena = NULL;
		}
		txns_free(&c->txns, x);
	}
	c->n_dead = 0;
	gw_arena_reset(c->arena);
}

void
core_finish(struct core *c)
{
	lookups_count(c);
	metrics_set(&c->metrics, METRIC_TRANSACTIONS, core_open(c));
}

struct core *
core_new(const struct core_setup *setup, struct snapshot *s, struct gw_now now)
{
	struct core *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->setup = *setup;
	c->snap = snapshot_ref(s);
	c->now = now;
	wheel_init(&c->wheel, now.mono_us);
	c->gate.verifier = eccsi_verifier_new(CORE_SIGNERS);
	c->gate.replay = setup->replay;
	c->gate.meter = true;
	c->gate.known = core_look_up_known;
	c->gate.arg = c;
	c->sealer = token_sealer_new();
	c->why = why_new(CORE_WHY_KEPT);
	c->askers = askers_new();
	c->arena = core_fresh_arena(c);
	if (c->gate.verifier == NULL || c->sealer == NULL || c->why == NULL ||
	    c->askers == NULL || c->arena == NULL ||
	    !txns_init(&c->txns, core_limits(c)->transactions) ||
	    token_sealer_use(c->sealer, s->tokens) != GW_OK ||
	    !lookups_use(c, NULL, s) || !core_probes_start(c) ||
	    !kms_fetch_start(c)) {
		core_free(c);
		return NULL;
	}
	return c;
}

void
core_free(struct core *c)
{
	if (c == NULL)
		return;
	core_probes_stop(c);
	kms_fetch_stop(c);
	core_askers_stop(c);
	lookups_free(c);
	txns_clear(&c->txns);
	eccsi_verifier_free(c->gate.verifier);
	token_sealer_free(c->sealer);
	why_free(c->why);
	gw_arena_free(c->arena);
	while (c->n_retired > 0)
		gw_arena_free(c->retired[--c->n_retired]);
	while (c->n_spare > 0)
		gw_arena_free(c->spare[--c->n_spare]);
	snapshot_unref(c->snap);
	free(c);
}

const struct core_actions *
core_actions(const struct core *c)
{
	return &c->actions;
}

bool
core_use(struct core *c, struct snapshot *s, struct gw_now now)
{
	struct token_sealer *sealer = token_sealer_new();

	core_begin(c, now);
	if (sealer == NULL || token_sealer_use(sealer, s->tokens) != GW_OK ||
	    !lookups_use(c, c->snap, s)) {
		token_sealer_free(sealer);
		LOG_ERROR("snapshot.refused", kv_text("why", "out of memory"));
		return false;
	}
	struct snapshot *old = c->snap;
	token_sealer_free(c->sealer);
	c->sealer = sealer;
	core_probes_stop(c);
	kms_fetch_stop(c);
	c->snap = snapshot_ref(s);
	snapshot_unref(old);
	c->txns.max = core_limits(c)->transactions;
	if (!c->draining && !core_probes_start(c))
		LOG_ERROR("probe.off", kv_text("why", "out of memory"));
	if (!c->draining && !kms_fetch_start(c))
		LOG_ERROR("kms.watch-off", kv_text("why", "out of memory"));
	return true;
}

static const enum metric received[CONF_TRANSPORT_N] = {
	[CONF_UDP] = METRIC_RX_UDP,
	[CONF_TCP] = METRIC_RX_TCP,
	[CONF_TLS] = METRIC_RX_TLS,
};

static unsigned
status_of(enum gw_err err, const char *why)
{
	if (err == GW_EUNSUPPORTED)
		return 505;
	return err == GW_ELIMIT && strstr(why, "header") == NULL ? 513 : 400;
}

static void
malformed(struct core *c, const struct core_flow *flow, enum gw_err err,
    const struct gw_fault *fault)
{
	struct gw_buf text;

	metrics_one(&c->metrics, METRIC_MALFORMED);
	LOG_WARN("sip.malformed",
	    kv_span("peer", core_system_id(c->snap, flow->system)),
	    kv_num("at", fault->at), kv_text("why", fault->why));
	if (!c->msg.answerable) {
		metrics_one(&c->metrics, METRIC_DROPPED);
		return;
	}
	gw_buf_init(&text, 512);
	gw_buf_fmt(&text, "Warning: 399 %s \"octet %zu: %s\"\r\n",
	    c->snap->conf->name, fault->at, fault->why);
	core_reply_stateless(c, flow, &c->msg,
	    &(struct core_refusal){ .status = status_of(err, fault->why),
		.headers = gw_buf_span(&text) });
	gw_buf_clear(&text);
}

void
core_message(struct core *c, const struct core_flow *flow, struct gw_span raw,
    uint8_t rounds, struct gw_now now)
{
	struct gw_fault fault = { 0, "" };
	struct gw_span copy;

	core_begin(c, now);
	metrics_one(&c->metrics, received[flow->transport]);
	if (gw_span_istarts(raw, GW_SPAN("SIP/2.0 "))) {
		core_response(c, flow, raw);
		core_finish(c);
		return;
	}
	if (!gw_arena_copy(c->arena, raw, &copy)) {
		metrics_one(&c->metrics, METRIC_DROPPED);
		LOG_WARN("sip.too-large", kv_num("octets", raw.len));
		return;
	}
	enum gw_err err = sip_msg_parse(copy, &c->msg, &fault);
	if (err != GW_OK)
		malformed(c, flow, err, &fault);
	else if (c->msg.is_request)
		core_request(c, flow, rounds);
	core_finish(c);
}

void
core_heard(struct core *c, uint64_t ticket, const struct gw_http_response *r,
    struct gw_now now)
{
	core_begin(c, now);
	LOG_DEBUG(
	    "core.heard", kv_id("ticket", ticket), kv_num("status", r->status));
	switch (core_ticket_owner(ticket)) {
	case CORE_OWNER_LOOKUP: lookups_heard(c, ticket, r); break;
	case CORE_OWNER_KMS: kms_pass_heard(c, ticket, r, NULL); break;
	case CORE_OWNER_WATCH: kms_fetch_heard(c, ticket, r, NULL); break;
	}
	core_finish(c);
}

void
core_unheard(
    struct core *c, uint64_t ticket, const char *why, struct gw_now now)
{
	core_begin(c, now);
	LOG_DEBUG("core.unheard", kv_id("ticket", ticket), kv_text("why", why));
	switch (core_ticket_owner(ticket)) {
	case CORE_OWNER_LOOKUP: lookups_unheard(c, ticket, why); break;
	case CORE_OWNER_KMS: kms_pass_heard(c, ticket, NULL, why); break;
	case CORE_OWNER_WATCH: kms_fetch_heard(c, ticket, NULL, why); break;
	}
	core_finish(c);
}

void
core_send_failed(struct core *c, uint64_t send_id, struct gw_now now)
{
	core_begin(c, now);
	metrics_one(&c->metrics, METRIC_SEND_FAILURES);
	struct txn *x = txns_find_client(&c->txns, send_id);
	if (x != NULL) {
		core_step_client(c, x, TXN_ON_FAIL, NULL);
		core_settle(c, x);
	}
	core_finish(c);
}

/* Transactions notice by their timers, or by core_send_failed(). */
void
core_conn_closed(struct core *c, uint64_t conn, struct gw_now now)
{
	core_begin(c, now);
	LOG_DEBUG("core.conn-closed", kv_num("conn", conn));
}

bool
core_tick(struct core *c, struct gw_now now)
{
	struct wheel_node *n = NULL;

	core_begin(c, now);
	lookups_release(c);
	/* A timer leads to four actions at most. */
	while (c->actions.n + 4 <= CORE_ACTIONS_MAX &&
	       (n = wheel_take(&c->wheel, now.mono_us)) != NULL)
		core_timer(c, n);
	core_finish(c);
	return n != NULL || lookups_are_ready(c);
}

uint64_t
core_next_us(const struct core *c)
{
	uint64_t next = wheel_next_us(&c->wheel);
	uint64_t clean = c->now.mono_us + CORE_CLEAN_US;

	if (lookups_are_ready(c))
		return c->now.mono_us;
	/* What the last call left holds meters and settings. */
	if ((c->dead != NULL || c->n_retired > 0) && clean < next)
		return clean;
	return next;
}

void
core_drain(struct core *c)
{
	c->draining = true;
	core_probes_stop(c);
	kms_fetch_stop(c);
}

size_t
core_open(const struct core *c)
{
	return c->txns.n - c->n_dead - c->probing;
}

const struct metrics *
core_metrics(const struct core *c)
{
	return &c->metrics;
}

bool
core_why(const struct core *c, uint64_t id, bool json, struct gw_buf *out)
{
	return why_write(c->why, id, json, out);
}
