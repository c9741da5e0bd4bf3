/*
 * dial.c: see dial.h.
 */
#include "net/dial.h"

#include <errno.h>

#include "mcxgw/log.h"
#include "net/act.h"
#include "net/conns.h"
#include "net/sock.h"
#include "net/stream_peer.h"
#include "net/worker.h"

/* Where to, in terms of the snapshot in force. */
struct target {
	enum conf_transport transport;
	const struct conf_addr *addr;
	uint16_t system, listener, tls;
	const struct conf_hop *hop; /* NULL: back to a peer */
};

static void
log_failed(struct worker *w, const struct target *t, const char *why)
{
	char peer[CONF_ADDR_TEXT];

	conf_addr_text(t->addr, peer);
	LOG_WARN("dial.failed", kv_text("peer", peer),
	    kv_text("transport", conf_transport_name(t->transport)),
	    kv_text("system", w->snap->conf->systems[t->system].base.id),
	    kv_text("why", why));
}

/* The one door to the outside: what is not configured stays unreachable. */
static struct sip_stream *
dial(struct worker *w, const struct target *t)
{
	const struct conf *c = w->snap->conf;
	const struct conf_addr *from;
	char text[128];

	if (!conf_system_reaches(&c->systems[t->system], t->addr)) {
		log_failed(w, t, "out of the system's reach");
		return NULL;
	}
	if (w->conns->n >= c->limits.connections) {
		log_failed(w, t, "too many connections");
		return NULL;
	}
	if (t->transport == CONF_TLS && t->tls >= c->n_tls) {
		log_failed(w, t, "no TLS settings");
		return NULL;
	}
	if (t->listener >= c->n_listeners) {
		log_failed(w, t, "no listener to speak for it");
		return NULL;
	}
	from = &c->listeners[t->listener].addr;
	int fd = sock_connect(from, t->addr);
	if (fd < 0) {
		log_failed(w, t, sock_error(errno, text, sizeof(text)));
		return NULL;
	}
	const struct stream_setup setup = { .fd = fd,
		.outbound = true,
		.transport = t->transport,
		.peer = *t->addr,
		.snap = w->snap,
		.listener = t->listener,
		.system = t->system,
		.tls = t->tls };
	return sip_stream_new(w, &setup, t->hop);
}

static bool
is_alive(const struct stream *s)
{
	return s->state != STREAM_ENDING && s->state != STREAM_CLOSED;
}

static bool
same_identity(const struct conf_hop *a, const struct conf_hop *b)
{
	return a != NULL && stream_peer_same_name(a->tls_name, b->tls_name);
}

/* A connection with that peer that belongs to the system, and if hop is
 * given, may serve it. */
static struct sip_stream *
find(struct worker *w, enum conf_transport transport,
    const struct conf_addr *addr, uint16_t system, const struct conf_hop *hop)
{
	struct stream *s = conns_peer(w->conns, transport, addr), *next;

	for (; s != NULL; s = next) {
		struct sip_stream *sip = (struct sip_stream *)s;
		next = s->same_peer;
		if (is_alive(s) && s->transport == transport &&
		    s->system == system && sock_addr_eq(&s->peer, addr) &&
		    (hop == NULL || same_identity(sip->hop, hop)) &&
		    stream_peer_check(s))
			return sip;
	}
	return NULL;
}

/* The next hop of an older snapshot as it is today, or NULL. */
static const struct conf_hop *
hop_today(const struct conf_system *sys, const struct conf_hop *old)
{
	for (size_t i = 0; i < sys->n_hops; i++)
		if (sys->hops[i].transport == old->transport &&
		    sock_addr_eq(&sys->hops[i].addr, &old->addr))
			return &sys->hops[i];
	return NULL;
}

struct sip_stream *
dial_hop(struct worker *w, const struct core_action *a)
{
	const struct netset *set = netset_of(a->snap);
	const struct conf_hop *hop;
	struct target t = { .transport = a->transport };

	if (a->hop >= set->n_hops)
		return NULL;
	hop = set->hops[a->hop].hop;
	t.system = act_system(a->snap, set->hops[a->hop].system, w->snap);
	if (t.system == GW_SYSTEM_NONE)
		return NULL;
	if (a->snap != w->snap)
		t.hop = hop_today(&w->snap->conf->systems[t.system], hop);
	else
		t.hop = hop;
	struct sip_stream *s = find(
	    w, t.transport, &hop->addr, t.system, t.hop != NULL ? t.hop : hop);
	if (s != NULL || t.hop == NULL)
		return s;
	t.addr = &t.hop->addr;
	t.tls = t.hop->tls;
	t.listener = t.hop->transport == CONF_UDP ? t.hop->tcp_listener :
						    t.hop->listener;
	return dial(w, &t);
}

struct sip_stream *
dial_back(struct worker *w, const struct core_action *a)
{
	const struct conf *c = w->snap->conf;
	struct target t = { .transport = a->flow.transport,
		.addr = &a->flow.peer,
		.tls = UINT16_MAX };

	t.system = act_system(a->snap, a->flow.system, w->snap);
	t.listener = act_listener(a->snap, a->flow.listener, w->snap);
	if (t.system == GW_SYSTEM_NONE || t.listener == UINT16_MAX)
		return NULL;
	struct sip_stream *s = find(w, t.transport, t.addr, t.system, NULL);
	if (s != NULL)
		return s;
	if (t.transport == CONF_TLS)
		t.tls = c->listeners[t.listener].tls;
	return dial(w, &t);
}

int
dial_endpoint(struct worker *w, const struct conf_endpoint *e)
{
	const struct conf *c = w->snap->conf;
	const struct target t = { .transport = e->tls == UINT16_MAX ? CONF_TCP :
								      CONF_TLS,
		.addr = &e->addr,
		.system = c->services[e->service]->system };
	char text[128];

	if (w->http->n >= c->lookups.http_connections) {
		log_failed(w, &t, "too many connections");
		return -1;
	}
	int fd = sock_connect(NULL, &e->addr);
	if (fd < 0)
		log_failed(w, &t, sock_error(errno, text, sizeof(text)));
	return fd;
}
