/*
 * act.c: see act.h.
 */
#include "net/act.h"

#include "mcxgw/log.h"
#include "net/conns.h"
#include "net/dial.h"
#include "net/http/http_pool.h"
#include "net/http/http_server.h"
#include "net/post.h"
#include "net/sip_stream.h"
#include "net/sip_udp.h"
#include "net/sock.h"
#include "net/stream_peer.h"
#include "net/worker.h"

/* Failures that one turn tells to core; the rest waits for the next. */
#define FAILED_MAX 1024

uint16_t
act_listener(
    const struct snapshot *from, uint16_t listener, const struct snapshot *to)
{
	if (listener >= from->conf->n_listeners)
		return UINT16_MAX;
	if (from == to)
		return listener;
	const struct conf_listener *l = &from->conf->listeners[listener];
	for (size_t i = 0; i < to->conf->n_listeners; i++)
		if (to->conf->listeners[i].transport == l->transport &&
		    sock_addr_eq(&to->conf->listeners[i].addr, &l->addr))
			return (uint16_t)i;
	return UINT16_MAX;
}

uint16_t
act_system(
    const struct snapshot *from, uint16_t system, const struct snapshot *to)
{
	if (system >= from->conf->n_systems)
		return GW_SYSTEM_NONE;
	if (from == to)
		return system;
	return conf_system_by_id(
	    to->conf, gw_span_of(from->conf->systems[system].base.id));
}

static void
send_on(struct worker *w, struct sip_stream *s, const struct core_action *a)
{
	/* A full connection has told core already. */
	if (s == NULL)
		worker_failed(w, a->send_id);
	else if (sip_stream_send(s, a->iov, a->n_iov, a->len, a->send_id) !=
		 GW_OK)
		return;
}

static void
send_hop(struct worker *w, const struct core_action *a)
{
	const struct netset *set = netset_of(a->snap);

	if (a->transport != CONF_UDP)
		send_on(w, dial_hop(w, a), a);
	else if (a->hop < set->n_hops)
		sip_udp_send(w->udp, a, set->hops[a->hop].hop->listener,
		    &set->hops[a->hop].hop->addr);
	else
		worker_failed(w, a->send_id);
}

/* An answer to a datagram goes where one just came from, or to where the
 * system may be reached. */
static bool
may_answer(const struct worker *w, const struct core_action *a)
{
	const struct core_flow *f = &a->flow;

	return sip_udp_heard(w->udp, &f->peer) ||
	       (f->system < a->snap->conf->n_systems &&
		   conf_system_reaches(
		       &a->snap->conf->systems[f->system], &f->peer));
}

void
act_back(struct worker *w, const struct core_action *a)
{
	const struct core_flow *f = &a->flow;
	char peer[CONF_ADDR_TEXT];

	if (f->transport != CONF_UDP) {
		struct sip_stream *s = sip_stream_find(w, f->conn);
		if (f->conn == 0 || s == NULL || !stream_peer_check(&s->s) ||
		    s->s.state == STREAM_ENDING)
			s = dial_back(w, a);
		send_on(w, s, a);
	} else if (may_answer(w, a)) {
		sip_udp_send(w->udp, a, f->listener, &f->peer);
	} else {
		conf_addr_text(&f->peer, peer);
		LOG_WARN("udp.out-of-reach", kv_text("peer", peer));
		worker_failed(w, a->send_id);
	}
}

static void
post_to(struct worker *w, unsigned to, enum post_kind kind,
    const struct core_action *a, uint8_t rounds)
{
	struct post_message *m = NULL;

	if (to < w->n)
		m = post_message_new(kind, a, rounds);
	if (m != NULL && mbox_post(w->all[to]->mbox, &m->item))
		return;
	if (m != NULL)
		m->item.free(&m->item);
	atomic_fetch_add_explicit(&w->lost_posts, 1, memory_order_relaxed);
	LOG_WARN(
	    "worker.post-lost", kv_num("to", to), kv_num("rounds", rounds));
	worker_failed(w, a->send_id);
}

static void
act_one(struct worker *w, const struct core_action *a)
{
	unsigned owner = conns_worker(a->flow.conn);

	switch (a->kind) {
	case CORE_SEND_BACK:
		if (a->flow.conn != 0 && owner != w->index)
			post_to(w, owner, POST_SEND, a, 0);
		else
			act_back(w, a);
		break;
	case CORE_SEND_HOP: send_hop(w, a); break;
	case CORE_HAND_OVER:
		post_to(w, a->worker, POST_MESSAGE, a, a->rounds);
		break;
	case CORE_ASK: http_pool_ask(w->pool, a); break;
	case CORE_ASK_DROP: http_pool_drop(w->pool, a->ticket); break;
	case CORE_ANSWER: http_server_answer(w, a); break;
	}
}

void
act(struct worker *w)
{
	const struct core_actions *list = core_actions(w->core);

	for (size_t i = 0; i < list->n; i++)
		act_one(w, &list->at[i]);
}

void
act_failed(struct worker *w)
{
	uint64_t id;
	size_t n = 0;

	/* Telling core may make more fail: those are at the end. */
	for (; n < w->failed.len / sizeof(id) && n < FAILED_MAX; n++) {
		memcpy(&id, w->failed.p + n * sizeof(id), sizeof(id));
		core_send_failed(w->core, id, w->now);
		act(w);
	}
	gw_buf_drop(&w->failed, n * sizeof(id));
	for (n = 0; n < w->closed.len / sizeof(id); n++) {
		memcpy(&id, w->closed.p + n * sizeof(id), sizeof(id));
		core_conn_closed(w->core, id, w->now);
		act(w);
	}
	gw_buf_reset(&w->closed);
}
