/*
 * http_way.c: see http_way.h.
 */
#include "net/http/http_way.h"

#include <stdlib.h>

#include "mcxgw/log.h"
#include "net/http/http_pool.h"
#include "net/worker.h"

static uint64_t
now_us(const struct http_way *way)
{
	return way->pool->w->now.mono_us;
}

const char *
http_way_kind(const struct conf_service *v)
{
	return v->is_kms ? "kms" : "lookup";
}

/* ---- how it fares ---- */

static const char *
system_name(const struct http_way *way)
{
	return way->pool->snap->conf->systems[way->service->system].base.id;
}

bool
http_way_is_up(const struct http_way *way, uint64_t now_us)
{
	return way->down_until_us <= now_us;
}

void
http_way_well(struct http_way *way)
{
	way->fails = 0;
	if (way->down_until_us == 0)
		return;
	way->down_until_us = 0;
	if (way->e != NULL)
		LOG_INFO("service.up", kv_text("system", system_name(way)),
		    kv_text("service", http_way_kind(way->service)),
		    kv_text("address", way->e->text));
}

/* What waits for it goes elsewhere. */
static void
turn_away(struct http_way *way, const char *why)
{
	while (way->waiting.first != NULL)
		http_pool_again(way->pool, way->waiting.first, false, why);
}

void
http_way_failed(struct http_way *way, bool hard, const char *why)
{
	const struct conf_lookups *l = &way->pool->snap->conf->lookups;
	bool was_up = http_way_is_up(way, now_us(way));

	if (way->fails < UINT32_MAX)
		way->fails++;
	if (way->e == NULL || (!hard && way->fails < l->failures))
		return;
	way->down_until_us = now_us(way) + (uint64_t)l->down_s * 1000000;
	if (was_up)
		LOG_WARN("service.down", kv_text("system", system_name(way)),
		    kv_text("service", http_way_kind(way->service)),
		    kv_text("address", way->e->text), kv_text("why", why));
	turn_away(way, hard ? "the service cannot be reached" :
			      "the service has failed too often");
}

/* ---- connections ---- */

/* Those that go on: open ones, and with opening those that open. */
static unsigned
count(const struct http_way *way, bool opening)
{
	unsigned n = 0;

	for (const struct http_way_conn *k = way->conns; k != NULL; k = k->next)
		n += !k->ending && (k->open || opening);
	return n;
}

static void
on_open(void *arg, struct http_conn *c)
{
	struct http_way_conn *k = arg;

	k->open = true;
	k->way->n_opening--;
	k->way->single = http_conn_room(c) <= 1;
	http_way_touch(k->way);
}

static void
on_response(void *arg, struct http_conn *c, uint64_t ticket,
    const struct gw_http_response *r)
{
	struct http_way_conn *k = arg;
	struct http_ask *a = http_pool_find(k->way->pool, ticket);

	(void)c;
	k->answered = true;
	http_way_touch(k->way); /* there is room again */
	http_way_well(k->way);
	if (a != NULL && a->conn == k)
		http_pool_heard(k->way->pool, a, r);
}

/* A connection that had answered before and is closed then was closed for
 * being idle, most of the time: the endpoint did not fail, and may be asked
 * again, but a new connection will show. */
static void
fail(struct http_way_conn *k, struct http_ask *a, bool untouched,
    const char *why)
{
	struct http_way *way = k->way;

	if (!untouched && !k->answered)
		http_way_failed(way, false, why);
	if (untouched || a->safe)
		http_pool_again(way->pool, a, untouched || k->answered, why);
	else
		http_pool_lose(way->pool, a, why);
}

static void
on_failed(void *arg, struct http_conn *c, uint64_t ticket, bool untouched,
    const char *why)
{
	struct http_way_conn *k = arg;
	struct http_ask *a = http_pool_find(k->way->pool, ticket);

	(void)c;
	http_way_touch(k->way);
	if (a != NULL && a->conn == k)
		fail(k, a, untouched, why);
}

/* It takes questions no more.  One that was open and had none, though some
 * wait, is as bad as one that cannot be opened, and would be opened again and
 * again. */
static void
end(struct http_way_conn *k, const char *why)
{
	if (k->open && !k->ending && !k->asked && k->way->waiting.first != NULL)
		http_way_failed(k->way, false, why);
	k->ending = true;
	http_way_touch(k->way);
}

static void
on_ending(void *arg, struct http_conn *c)
{
	(void)c;
	end(arg, "the connection ended before it was used");
}

static void
unlink_conn(struct http_way_conn *k)
{
	struct http_way_conn **at = &k->way->conns;

	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	k->way->n_conns--;
	k->way->pool->n_conns--;
	k->way->n_opening -= !k->open;
}

static void
on_closed(void *arg, struct http_conn *c, bool opened, const char *why)
{
	struct http_way_conn *k = arg;
	struct http_way *way = k->way;

	(void)c;
	while (k->asks.first != NULL)
		fail(k, k->asks.first, false, "the connection was closed");
	end(k, why);
	unlink_conn(k);
	free(k);
	if (opened)
		return;
	if (count(way, false) == 0)
		http_way_failed(way, true, why);
}

static const struct http_conn_user user = { on_open, on_response, on_failed,
	on_ending, on_closed };

static struct http_way_conn *
conn_new(struct http_way *way)
{
	struct http_way_conn *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	k->way = way;
	k->c = http_conn_dial(way->pool->w, way->e, &user, k);
	if (k->c == NULL) {
		free(k);
		return NULL;
	}
	k->next = way->conns;
	way->conns = k;
	way->n_conns++;
	way->n_opening++;
	way->pool->n_conns++;
	return k;
}

/* One that opens tells how much others are worth, so it is waited for; over
 * HTTP/1.1 each question that waits is worth one. */
static void
dial(struct http_way *way)
{
	size_t want = 0;

	if (way->waiting.n > 0)
		want = way->single ? way->waiting.n : 1;
	while (way->n_opening < want && count(way, true) < HTTP_WAY_CONNS_MAX &&
	       way->n_conns < HTTP_WAY_CONNS_MAX + HTTP_WAY_ENDING_MAX)
		if (conn_new(way) == NULL)
			break;
	if (want == 0 || way->n_conns > 0)
		return;
	http_way_failed(way, true, "no connection can be opened");
}

static struct http_way_conn *
find_room(const struct http_way *way)
{
	struct http_way_conn *k = way->conns;

	while (
	    k != NULL && (!k->open || k->ending || http_conn_room(k->c) == 0))
		k = k->next;
	return k;
}

/* False: not now. */
static bool
send(struct http_way_conn *k, struct http_ask *a)
{
	struct http_pool *p = k->way->pool;

	switch ((int)http_conn_ask(k->c, a->ticket, &a->request)) {
	case GW_OK:
		http_ask_move(a, &k->asks);
		a->conn = k;
		k->asked = true;
		http_pool_sent(p, a);
		break;
	case GW_ELIMIT: return false;
	case GW_EUNSUPPORTED: k->ending = true; break;
	case GW_EMALFORMED:
		http_pool_lose(p, a, "the question cannot be written");
		break;
	default: http_pool_lose(p, a, "no memory");
	}
	return true;
}

void
http_way_touch(struct http_way *way)
{
	if (way->touched)
		return;
	way->touched = true;
	way->next_touched = way->pool->touched;
	way->pool->touched = way;
}

void
http_way_run(struct http_way *way)
{
	struct http_way_conn *k;

	while (way->waiting.first != NULL && (k = find_room(way)) != NULL &&
	       send(k, way->waiting.first))
		continue;
	if (way->e != NULL)
		dial(way);
}

void
http_way_retire(struct http_way *way)
{
	way->e = NULL;
	way->service = NULL;
	way->pool->n_retired++;
	http_way_touch(way);
	for (struct http_way_conn *k = way->conns; k != NULL; k = k->next) {
		k->ending = true;
		http_conn_end(k->c);
	}
	turn_away(way, "the endpoint is not configured any more");
}

struct http_way *
http_way_new(struct http_pool *p, const struct conf_service *v,
    const struct conf_endpoint *e)
{
	struct http_way *way = calloc(1, sizeof(*way));

	if (way == NULL)
		return NULL;
	way->pool = p;
	way->service = v;
	way->e = e;
	way->next = p->all;
	p->all = way;
	return way;
}

void
http_way_free(struct http_way *way)
{
	way->e = NULL; /* that they close says nothing of it */
	while (way->conns != NULL)
		http_conn_close(way->conns->c, "end");
	free(way);
}
