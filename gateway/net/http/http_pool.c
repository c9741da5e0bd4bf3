/*
 * http_pool.c: see http_pool.h.
 */
#include "net/http/http_pool.h"

#include <stdlib.h>

#include <event2/event.h>

#include "mcxgw/log.h"
#include "mcxgw/siphash.h"
#include "net/worker.h"

#define ROUNDS_MAX 4 /* of placing and sending in one turn */
#define PATIENCE   3 /* part of a deadline in which a connection must open */

static const struct conf_service *
service_of(const struct http_pool *p, const struct http_ask *a)
{
	return a->service == HTTP_ASK_NO_SERVICE ?
		   NULL :
		   p->snap->conf->services[a->service];
}

/* ---- asks by ticket ---- */

static struct http_ask **
chain(struct http_pool *p, uint64_t ticket)
{
	return &p->by_ticket[ticket & (HTTP_POOL_CHAINS - 1)];
}

struct http_ask *
http_pool_find(const struct http_pool *p, uint64_t ticket)
{
	struct http_ask *a = p->by_ticket[ticket & (HTTP_POOL_CHAINS - 1)];

	while (a != NULL && a->ticket != ticket)
		a = a->same;
	return a;
}

static void
add(struct http_pool *p, struct http_ask *a)
{
	struct http_ask **at = chain(p, a->ticket);

	a->same = *at;
	*at = a;
	p->n++;
	metrics_set(&p->w->metrics, METRIC_SERVICE_ASKS, p->n);
}

/* It is over. */
static void
forget(struct http_pool *p, struct http_ask *a)
{
	struct http_ask **at = chain(p, a->ticket);

	while (*at != a)
		at = &(*at)->same;
	*at = a->same;
	p->n--;
	metrics_set(&p->w->metrics, METRIC_SERVICE_ASKS, p->n);
	wheel_stop(&p->wheel, &a->timer);
	http_ask_free(a);
}

/* ---- what becomes of one ---- */

static const char *
system_name(const struct http_pool *p, const struct http_ask *a)
{
	const struct conf_service *v = service_of(p, a);

	return v == NULL ? "-" : p->snap->conf->systems[v->system].base.id;
}

static const char *
kind(const struct http_pool *p, const struct http_ask *a)
{
	const struct conf_service *v = service_of(p, a);

	return v == NULL ? "-" : http_way_kind(v);
}

static const char *
address(const struct http_ask *a)
{
	return a->way == NULL || a->way->e == NULL ? "-" : a->way->e->text;
}

void
http_pool_lose(struct http_pool *p, struct http_ask *a, const char *why)
{
	LOG_WARN("service.unheard", kv_text("system", system_name(p, a)),
	    kv_text("service", kind(p, a)), kv_text("address", address(a)),
	    kv_num("attempts", a->attempts), kv_text("why", why));
	wheel_stop(&p->wheel, &a->timer);
	a->way = NULL;
	a->conn = NULL;
	a->why = why;
	http_ask_move(a, &p->lost);
}

void
http_pool_again(
    struct http_pool *p, struct http_ask *a, bool same_too, const char *why)
{
	const struct conf_service *v = service_of(p, a);
	const struct conf_endpoint *e = a->way == NULL ? NULL : a->way->e;

	LOG_DEBUG("service.again", kv_text("system", system_name(p, a)),
	    kv_text("service", kind(p, a)), kv_text("address", address(a)),
	    kv_num("attempts", a->attempts), kv_text("why", why));
	if (v != NULL && e != NULL && e->service == v->id) {
		uint32_t bit = (uint32_t)1 << (e - v->endpoints);
		bool twice = (a->once & bit) != 0;
		if (!same_too || twice)
			a->tried |= bit;
		if (same_too && twice)
			http_way_failed(a->way, false, why);
		a->once |= bit;
	}
	a->way = NULL;
	a->conn = NULL;
	a->why = why;
	http_ask_move(a, &p->homeless);
}

void
http_pool_heard(
    struct http_pool *p, struct http_ask *a, const struct gw_http_response *r)
{
	struct metrics *m = &p->w->metrics;
	uint64_t ticket = a->ticket;

	metrics_one(m, METRIC_SERVICE_ANSWERED);
	metrics_one(m, METRIC_SERVICE_COUNT);
	metrics_add(m, METRIC_SERVICE_SUM_US, p->w->now.mono_us - a->began_us);
	forget(p, a);
	p->user->heard(p->arg, ticket, r);
}

void
http_pool_sent(struct http_pool *p, struct http_ask *a)
{
	wheel_arm(&p->wheel, &a->timer, a->deadline_us);
}

/* ---- where to ---- */

static uint32_t throw(struct http_pool * p)
{
	p->dice++;
	return (uint32_t)gw_siphash(p->w->key,
	    (struct gw_span){ (const uint8_t *)&p->dice, sizeof(p->dice) });
}

static uint32_t
weight_of(const struct conf_endpoint *e)
{
	return e->weight == 0 ? 1 : e->weight;
}

/* May it be chosen, of those that are not in tried? */
static bool
is_choice(const struct http_pool *p, const struct conf_service *v, size_t i,
    uint32_t tried)
{
	const struct http_way *way = p->ways[v->endpoints[i].id];

	return (tried >> i & 1) == 0 &&
	       (way == NULL || http_way_is_up(way, p->w->now.mono_us));
}

/* Of the endpoints that are up the lowest priority number, among equals by
 * weight; -1: none. */
static int
choose(struct http_pool *p, const struct conf_service *v, uint32_t tried)
{
	uint32_t weight = 0;
	int found = -1;

	for (size_t i = 0; i < v->n_endpoints; i++) {
		const struct conf_endpoint *e = &v->endpoints[i];
		if (!is_choice(p, v, i, tried))
			continue;
		if (found >= 0 && e->priority != v->endpoints[found].priority)
			break;
		/* Each of those seen so far has its share of the weight. */
		weight += weight_of(e);
		if (found < 0 || throw(p) % weight < weight_of(e))
			found = (int)i;
	}
	return found;
}

static struct http_way *
way_to(struct http_pool *p, const struct conf_service *v, int i)
{
	const struct conf_endpoint *e = &v->endpoints[i];

	if (p->ways[e->id] == NULL)
		p->ways[e->id] = http_way_new(p, v, e);
	return p->ways[e->id];
}

static void
place(struct http_pool *p, struct http_ask *a)
{
	const struct conf_service *v = service_of(p, a);
	uint64_t now = p->w->now.mono_us, patience;
	int i = v == NULL || p->ways == NULL ? -1 : choose(p, v, a->tried);
	struct http_way *way = i < 0 ? NULL : way_to(p, v, i);

	if (way == NULL) {
		http_pool_lose(
		    p, a, a->why != NULL ? a->why : "every endpoint is down");
		return;
	}
	if (a->attempts++ == HTTP_POOL_ATTEMPTS_MAX ||
	    way->waiting.n >= HTTP_WAY_WAITING_MAX) {
		a->attempts--;
		http_pool_lose(p, a,
		    a->why != NULL ? a->why : "too many wait for the service");
		return;
	}
	if (a->attempts > 1)
		metrics_one(&p->w->metrics, METRIC_SERVICE_RETRIES);
	a->way = way;
	http_ask_move(a, &way->waiting);
	patience = (a->deadline_us - a->began_us) / PATIENCE;
	wheel_arm(&p->wheel, &a->timer,
	    now + patience < a->deadline_us ? now + patience : a->deadline_us);
	http_way_touch(way);
}

/* ---- time ---- */

/* It waits for a connection that does not open: is there somewhere else? */
static void
impatient(struct http_pool *p, struct http_ask *a)
{
	const struct conf_service *v = service_of(p, a);
	struct http_way *way = a->way;
	uint32_t tried = a->tried;

	http_pool_sent(p, a); /* its deadline counts from now on */
	if (way != NULL)
		http_way_touch(way);
	if (way == NULL || a->conn != NULL || way->n_opening == 0 ||
	    v == NULL || way->e == NULL || way->e->service != v->id)
		return;
	tried |= (uint32_t)1 << (way->e - v->endpoints);
	if (choose(p, v, tried) >= 0)
		http_way_failed(way, true, "connecting takes too long");
}

static void
due(struct http_pool *p, struct http_ask *a)
{
	static const char why[] = "no answer in time";
	struct http_way *way = a->way;
	struct http_way_conn *k = a->conn;

	if (p->w->now.mono_us < a->deadline_us) {
		impatient(p, a);
		return;
	}
	if (k != NULL)
		http_conn_drop(k->c, a->ticket);
	if (way != NULL && (k != NULL || way->n_opening > 0))
		http_way_failed(way, false, why);
	a->late = true;
	http_pool_lose(p, a, why);
}

static void
on_timer(int fd, short what, void *arg)
{
	struct http_pool *p = arg;
	struct wheel_node *n;

	(void)fd;
	(void)what;
	worker_tick(p->w);
	p->armed_us = UINT64_MAX;
	while ((n = wheel_take(&p->wheel, p->w->now.mono_us)) != NULL)
		due(p, (struct http_ask *)((char *)n -
					   offsetof(struct http_ask, timer)));
}

static void
arm_timer(struct http_pool *p)
{
	uint64_t next = wheel_next_us(&p->wheel), wait = 0;
	struct timeval tv;

	if (next >= p->armed_us)
		return;
	p->armed_us = next;
	if (next > p->w->now.mono_us)
		wait = next - p->w->now.mono_us;
	tv.tv_sec = (time_t)(wait / 1000000);
	tv.tv_usec = (suseconds_t)(wait % 1000000);
	(void)event_add(p->on_timer, &tv);
}

/* ---- the end of a turn ---- */

static void
run(struct http_pool *p)
{
	struct http_way *way;

	for (int i = 0; i < ROUNDS_MAX &&
			(p->homeless.first != NULL || p->touched != NULL);
	     i++) {
		while (p->homeless.first != NULL)
			place(p, p->homeless.first);
		while ((way = p->touched) != NULL) {
			p->touched = way->next_touched;
			way->touched = false;
			http_way_run(way);
		}
	}
}

static void
tell_lost(struct http_pool *p)
{
	struct http_ask *a;

	/* Telling may bring new ones, which are for the next turn. */
	for (size_t n = p->lost.n; n > 0 && (a = p->lost.first) != NULL; n--) {
		uint64_t ticket = a->ticket;
		const char *why = a->why;
		metrics_one(&p->w->metrics,
		    a->late ? METRIC_SERVICE_LATE : METRIC_SERVICE_FAILED);
		forget(p, a);
		p->user->unheard(p->arg, ticket, why);
	}
}

/* Ways that the settings know no more, once nothing is open on them. */
static void
free_retired(struct http_pool *p)
{
	struct http_way **at = &p->all, *way;

	while (p->n_retired > 0 && (way = *at) != NULL) {
		if (way->e != NULL || way->n_conns > 0 || way->touched) {
			at = &way->next;
			continue;
		}
		*at = way->next;
		p->n_retired--;
		http_way_free(way);
	}
}

void
http_pool_turn(struct http_pool *p)
{
	if (http_pool_has_more(p)) {
		run(p);
		free_retired(p);
		tell_lost(p);
		metrics_set(
		    &p->w->metrics, METRIC_SERVICE_CONNECTIONS, p->n_conns);
	}
	arm_timer(p);
}

bool
http_pool_has_more(const struct http_pool *p)
{
	return p->homeless.first != NULL || p->lost.first != NULL ||
	       p->touched != NULL;
}

/* ---- new settings ---- */

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL &&
			     gw_span_ieq(gw_span_of(a), gw_span_of(b)));
}

/* What was written for one, and a token, is not for another that has taken its
 * place. */
static bool
same_service(const struct conf_service *a, const struct conf_service *b)
{
	return same_text(a->adapter, b->adapter) && same_text(a->kms, b->kms) &&
	       same_text(a->authority, b->authority) &&
	       strcmp(a->prefix, b->prefix) == 0;
}

/* The service of an older configuration as it is in `to`, or NULL. */
static const struct conf_service *
service_in(const struct conf *to, const struct conf *from,
    const struct conf_service *v)
{
	uint16_t system =
	    conf_system_by_id(to, gw_span_of(from->systems[v->system].base.id));
	const struct conf_system *s;

	if (from == to)
		return v;
	if (system == GW_SYSTEM_NONE)
		return NULL;
	s = &to->systems[system];
	for (size_t i = 0; v->is_kms && i < s->n_kms; i++)
		if (same_service(s->kms[i], v))
			return s->kms[i];
	return !v->is_kms && s->lookup != NULL && same_service(s->lookup, v) ?
		   s->lookup :
		   NULL;
}

static const char *
tls_id(const struct conf *c, const struct conf_endpoint *e)
{
	return e->tls < c->n_tls ? c->tls[e->tls].id : NULL;
}

/* The endpoint e as it is in v of `to`, or NULL. */
static const struct conf_endpoint *
endpoint_in(const struct conf *to, const struct conf_service *v,
    const struct conf *from, const struct conf_endpoint *e)
{
	for (size_t i = 0; i < v->n_endpoints; i++) {
		const struct conf_endpoint *f = &v->endpoints[i];
		if (f->addr.port == e->addr.port &&
		    memcmp(f->addr.ip, e->addr.ip, sizeof(e->addr.ip)) == 0 &&
		    same_text(tls_id(to, f), tls_id(from, e)) &&
		    same_text(f->tls_name, e->tls_name))
			return f;
	}
	return NULL;
}

static void
move_ways(struct http_pool *p, const struct conf *from, const struct conf *to)
{
	for (struct http_way *way = p->all; way != NULL; way = way->next) {
		const struct conf_service *v = NULL;
		const struct conf_endpoint *e = NULL;
		if (way->e == NULL)
			continue;
		if (p->ways != NULL)
			v = service_in(to, from, way->service);
		if (v != NULL)
			e = endpoint_in(to, v, from, way->e);
		if (e == NULL || p->ways[e->id] != NULL) {
			http_way_retire(way);
			continue;
		}
		way->service = v;
		way->e = e;
		p->ways[e->id] = way;
	}
}

static void
move_asks(struct http_pool *p, const struct conf *from, const struct conf *to)
{
	for (size_t i = 0; i < HTTP_POOL_CHAINS; i++) {
		struct http_ask *a = p->by_ticket[i];
		for (; a != NULL; a = a->same) {
			const struct conf_service *v = NULL;
			if (a->service != HTTP_ASK_NO_SERVICE)
				v = service_in(
				    to, from, from->services[a->service]);
			a->service = v == NULL ? HTTP_ASK_NO_SERVICE : v->id;
			/* Bits over the endpoints that it had. */
			a->tried = a->once = 0;
		}
	}
}

static struct http_way **
ways_new(const struct conf *c)
{
	return calloc(c->n_endpoints + 1, sizeof(struct http_way *));
}

void
http_pool_use(struct http_pool *p)
{
	struct snapshot *old = p->snap;

	if (old == p->w->snap)
		return;
	p->snap = snapshot_ref(p->w->snap);
	free(p->ways);
	p->ways = ways_new(p->snap->conf); /* NULL: nothing can be asked */
	move_asks(p, old->conf, p->snap->conf);
	move_ways(p, old->conf, p->snap->conf);
	snapshot_unref(old);
}

/* ---- in and out ---- */

void
http_pool_ask(struct http_pool *p, const struct core_action *a)
{
	const struct conf *from = a->snap->conf;
	const struct conf_service *v = NULL;
	struct http_ask *q;

	if (a->service < from->n_services)
		v = service_in(p->snap->conf, from, from->services[a->service]);
	q = http_ask_new(a, v, p->w->now.mono_us);
	if (q == NULL) { /* the deadline of core will tell */
		LOG_WARN("service.no-memory", kv_num("asks", p->n));
		return;
	}
	add(p, q);
	if (v == NULL)
		http_pool_lose(p, q, "the service is not configured any more");
	else if (p->n > HTTP_POOL_ASKS_MAX)
		http_pool_lose(p, q, "too many questions are open");
	else
		http_ask_move(q, &p->homeless);
}

void
http_pool_drop(struct http_pool *p, uint64_t ticket)
{
	struct http_ask *a = http_pool_find(p, ticket);

	if (a == NULL)
		return;
	metrics_one(&p->w->metrics, METRIC_SERVICE_DROPPED);
	if (a->conn != NULL) {
		http_conn_drop(a->conn->c, ticket);
		http_way_touch(a->way);
	}
	forget(p, a);
}

struct http_pool *
http_pool_new(struct worker *w, const struct http_pool_user *user, void *arg)
{
	struct http_pool *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->w = w;
	p->user = user;
	p->arg = arg;
	p->armed_us = UINT64_MAX;
	p->snap = snapshot_ref(w->snap);
	wheel_init(&p->wheel, w->now.mono_us);
	p->ways = ways_new(p->snap->conf);
	p->on_timer = event_new(w->base, -1, 0, on_timer, p);
	if (p->ways != NULL && p->on_timer != NULL)
		return p;
	http_pool_free(p);
	return NULL;
}

void
http_pool_free(struct http_pool *p)
{
	struct http_way *next;

	if (p == NULL)
		return;
	for (size_t i = 0; i < HTTP_POOL_CHAINS; i++)
		while (p->by_ticket[i] != NULL)
			http_pool_drop(p, p->by_ticket[i]->ticket);
	for (struct http_way *way = p->all; way != NULL; way = next) {
		next = way->next;
		http_way_free(way);
	}
	if (p->on_timer != NULL)
		event_free(p->on_timer);
	free(p->ways);
	snapshot_unref(p->snap);
	free(p);
}
