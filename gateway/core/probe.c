/*
 * probe.c: OPTIONS to next hops that ask for it.  Any answer but 503 means
 * that the hop lives.
 */
#include "core/engine.h"

#include <stdlib.h>

#define PROBE_MAX   2048
#define PROBE_ARENA 8192

struct probe {
	struct wheel_node node;
	uint16_t system;
	const struct conf_hop *hop; /* lives in the core's snapshot */
};

struct probes {
	size_t n;
	struct probe at[];
};

static void
arm(struct core *c, struct probe *p, uint64_t ms)
{
	p->node.kind = CORE_TIMER_PROBE;
	wheel_arm(&c->wheel, &p->node, c->now.mono_us + ms * 1000);
}

static size_t
count(const struct conf *conf)
{
	size_t n = 0;

	for (size_t i = 0; i < conf->n_systems; i++)
		for (size_t k = 0; k < conf->systems[i].n_hops; k++)
			n += conf->systems[i].hops[k].options_s > 0;
	return n;
}

/* Not all at once: the first probes are spread over a second. */
bool
core_probes_start(struct core *c)
{
	const struct conf *conf = c->snap->conf;
	size_t n = c->setup.probes ? count(conf) : 0;
	struct probes *all = calloc(1, sizeof(*all) + n * sizeof(struct probe));

	if (all == NULL)
		return false;
	c->probes = all;
	for (size_t i = 0; n > 0 && i < conf->n_systems; i++)
		for (size_t k = 0; k < conf->systems[i].n_hops; k++) {
			const struct conf_hop *hop = &conf->systems[i].hops[k];
			if (hop->options_s == 0)
				continue;
			struct probe *p = &all->at[all->n++];
			p->system = (uint16_t)i;
			p->hop = hop;
			arm(c, p, core_random(c) % 1000);
		}
	return true;
}

void
core_probes_stop(struct core *c)
{
	if (c->probes == NULL)
		return;
	for (size_t i = 0; i < c->probes->n; i++)
		wheel_stop(&c->wheel, &c->probes->at[i].node);
	free(c->probes);
	c->probes = NULL;
}

static void
write_options(
    struct core *c, const struct probe *p, uint64_t id, struct gw_buf *out)
{
	static const char *const names[CONF_TRANSPORT_N] = { "UDP", "TCP",
		"TLS" };
	const struct conf *conf = c->snap->conf;
	const char *us = conf->listeners[p->hop->listener].advertise;
	unsigned long long tag = core_random(c);

	gw_buf_fmt(out, "OPTIONS sip:%s SIP/2.0\r\n", p->hop->text);
	gw_buf_fmt(out,
	    "Via: SIP/2.0/%s "
	    "%s;branch=z9hG4bK%016llx00000000;rport;gw=%02x\r\n",
	    names[p->hop->transport], us, (unsigned long long)id,
	    c->setup.worker);
	gw_buf_fmt(
	    out, "Max-Forwards: 70\r\nFrom: <sip:%s>;tag=%016llx\r\n", us, tag);
	gw_buf_fmt(out, "To: <sip:%s>\r\nCall-ID: %016llx@%s\r\n", p->hop->text,
	    tag, conf->name);
	gw_buf_text(out, "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
}

static struct txn *
probe_txn(struct core *c, const struct probe *p)
{
	struct txn *x = txns_new(&c->txns);

	if (x == NULL)
		return NULL;
	x->purpose = TXN_PROBE;
	c->probing++;
	x->method = SIP_METHOD_OPTIONS;
	x->snap = snapshot_ref(c->snap);
	x->from = GW_SYSTEM_NONE;
	x->to = p->system;
	x->hop = p->hop->id;
	x->transport = p->hop->transport;
	x->client.machine = TXN_NICT;
	x->client.reliable = x->transport != CONF_UDP;
	return x;
}

void
core_probe_due(struct core *c, struct wheel_node *n)
{
	struct probe *p = (struct probe *)(void *)n;
	uint64_t id = core_random(c) & ~CORE_CANCEL_BIT;
	struct gw_buf text;

	arm(c, p, (uint64_t)p->hop->options_s * 1000);
	struct txn *x = probe_txn(c, p);
	if (x == NULL)
		return;
	gw_buf_init(&text, PROBE_MAX);
	write_options(c, p, id, &text);
	txns_add_client(&c->txns, x, id);
	x->arena = gw_arena_new(PROBE_ARENA);
	x->len = text.len;
	x->n_iov = 1;
	if (gw_buf_ok(&text) && x->arena != NULL &&
	    gw_arena_copy(x->arena, gw_buf_span(&text), &x->raw))
		x->iov = core_iov(x->arena, x->raw);
	gw_buf_clear(&text);
	if (x->iov == NULL)
		x->client.state = TXN_DONE;
	else
		core_step_client(c, x, TXN_ON_SEND, NULL);
	core_settle(c, x);
}

void
core_probe_result(struct core *c, struct txn *x, bool alive)
{
	struct gw_span system = core_system_id(x->snap, x->to);
	bool news;

	if (alive)
		news = health_up(x->snap->health, x->hop, c->now.mono_us);
	else
		news = health_down(x->snap->health, x->hop, c->now.mono_us,
		    core_limits(c)->hop_down_s);
	if (news && alive)
		LOG_INFO(
		    "hop.up", kv_span("system", system), kv_num("hop", x->hop));
	else if (news)
		LOG_WARN("hop.down", kv_span("system", system),
		    kv_num("hop", x->hop),
		    kv_text("why", "no answer to OPTIONS"));
}
