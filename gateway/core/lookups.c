/*
 * lookups.c: what the service of a user's system says, out of memory or by
 * asking.
 */
#include "core/lookups_int.h"

#include <stdlib.h>

static struct lookups *
lookups_new(const struct core *c)
{
	struct lookups *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->cache =
	    lookup_cache_new(c->snap->conf->lookups.cache, c->setup.seed);
	if (l->cache != NULL)
		return l;
	free(l);
	return NULL;
}

/* The state of the service of the same system in old, or NULL. */
static struct lookup_service *
state_before(const struct lookups *l, const struct snapshot *old,
    const struct snapshot *s, const struct conf_service *conf)
{
	uint16_t system;

	if (old == NULL)
		return NULL;
	system = conf_system_by_id(old->conf, core_system_id(s, conf->system));
	const struct service *before = lookup_ask_service(old, system);
	return before == NULL ? NULL : l->services[before->conf->id];
}

/* States of the services of s, by id; NULL: no memory. */
static struct lookup_service **
states_new(
    struct lookups *l, const struct snapshot *old, const struct snapshot *s)
{
	size_t n = s->conf->n_services;
	struct lookup_service **all = calloc(n + 1, sizeof(*all));
	bool ok = all != NULL;

	for (size_t i = 0; ok && i < n; i++) {
		const struct service *service = &s->services->at[i];
		if (service->conf->is_kms || service->table != NULL)
			continue;
		struct lookup_service *was =
		    state_before(l, old, s, service->conf);
		all[i] = was != NULL && was->digest == service->digest ?
			     lookup_service_ref(was) :
			     lookup_service_new(l->serial++, service->digest);
		ok = all[i] != NULL;
	}
	for (size_t i = 0; !ok && all != NULL && i < n; i++)
		lookup_service_unref(all[i]);
	if (ok)
		return all;
	free(all);
	return NULL;
}

static void
states_free(struct lookups *l)
{
	for (size_t i = 0; i < l->n_services; i++)
		lookup_service_unref(l->services[i]);
	free(l->services);
	l->services = NULL;
	l->n_services = 0;
}

/* What is in no service of now is forgotten. */
static void
forget_missing(struct lookups *l, struct lookup_service **now, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (now[i] != NULL)
			now[i]->stays = true;
	for (size_t i = 0; i < l->n_services; i++)
		if (l->services[i] != NULL && !l->services[i]->stays)
			lookup_cache_forget(l->cache, l->services[i]);
	for (size_t i = 0; i < n; i++)
		if (now[i] != NULL)
			now[i]->stays = false;
}

bool
lookups_use(struct core *c, const struct snapshot *old, struct snapshot *s)
{
	struct lookups *l = c->lookups;
	struct lookup_service **now;

	if (l == NULL && (l = c->lookups = lookups_new(c)) == NULL)
		return false;
	if ((now = states_new(l, old, s)) == NULL)
		return false;
	forget_missing(l, now, s->conf->n_services);
	states_free(l);
	l->services = now;
	l->n_services = s->conf->n_services;
	lookup_cache_resize(l->cache, s->conf->lookups.cache);
	return true;
}

void
lookups_free(struct core *c)
{
	struct lookups *l = c->lookups;

	if (l == NULL)
		return;
	for (size_t i = 0; i < LOOKUP_TICKETS; i++)
		while (l->by_ticket[i] != NULL) {
			struct lookup_flight *f = l->by_ticket[i];
			l->by_ticket[i] = f->next;
			lookup_flight_free(c, f);
		}
	while (l->ready != NULL) {
		struct lookup_flight *f = l->ready;
		l->ready = f->next;
		lookup_flight_free(c, f);
	}
	lookup_cache_free(l->cache);
	states_free(l);
	free(l);
	c->lookups = NULL;
}

static enum lookup_found
failed(struct core *c, struct lookup_source *source, const char *why)
{
	metrics_one(&c->metrics, METRIC_LOOKUP_FAILED);
	source->why = why;
	return LOOKUP_FAILED;
}

/* An answer is used, not for the first time and not for long any more: ask
 * before it lapses.  If that fails it holds to its end. */
static void
refresh(struct core *c, struct snapshot *s, const struct service *service,
    struct lookup_entry *e)
{
	uint64_t ttl_us = (uint64_t)e->ttl_ms * 1000;
	const char *why;

	if (e->flight != NULL || e->refreshed ||
	    lookup_kept_is_empty(e->answer) || e->service->down ||
	    c->now.mono_us < e->came_us + ttl_us - ttl_us / LOOKUP_REFRESH_TTL)
		return;
	struct lookup_flight *f =
	    lookup_flight_start(c, s, service, e->service, e, &why);
	if (f == NULL)
		return;
	e->refreshed = true;
	metrics_one(&c->metrics, METRIC_LOOKUP_REFRESHES);
}

static enum lookup_found
remembered(struct core *c, struct snapshot *s, const struct service *service,
    struct lookup_entry *e, struct gw_arena *arena,
    struct gw_lookup_answer *out, struct lookup_source *source)
{
	if (!lookup_kept_read(e->answer, arena, out))
		return failed(c, source, "the memory of the request is full");
	source->cached = true;
	source->age_ms = (uint32_t)((c->now.mono_us - e->came_us) / 1000);
	source->left_ms = e->ttl_ms - source->age_ms;
	metrics_one(&c->metrics, out->n_domains == 0 ? METRIC_LOOKUP_NEGATIVE :
						       METRIC_LOOKUP_CACHED);
	lookup_cache_use(c->lookups->cache, e);
	refresh(c, s, service, e);
	return LOOKUP_ANSWER;
}

/* Ask about the user of e. */
static enum lookup_found
ask(struct core *c, struct snapshot *s, const struct service *service,
    struct lookup_entry *e, struct lookup_waiter *w,
    struct lookup_source *source)
{
	const char *why = NULL;
	struct lookup_flight *f = e->flight;

	if (f == NULL)
		f = lookup_flight_start(c, s, service, e->service, e, &why);
	if (f == NULL) {
		if (!lookup_is_fresh(e, c->now.mono_us))
			lookup_cache_remove(c->lookups->cache, e);
		return failed(c, source, why);
	}
	if (w != NULL && !lookup_flight_join(c, f, w))
		return failed(c, source, "too many wait for answers");
	return LOOKUP_WAIT;
}

/* The entry of a user whose service is asked; NULL: there is none. */
static struct lookup_entry *
entry_of(const struct core *c, const struct lookup_ask *q)
{
	return lookup_cache_find(c->lookups->cache,
	    c->lookups->services[q->service->conf->id], q->user);
}

static enum lookup_found
find_asked(struct core *c, struct snapshot *s, const struct lookup_ask *q,
    struct gw_arena *arena, struct lookup_waiter *w,
    struct gw_lookup_answer *out, struct lookup_source *source)
{
	struct lookups *l = c->lookups;
	struct lookup_entry *e = entry_of(c, q);

	if (e != NULL && lookup_is_fresh(e, c->now.mono_us))
		return remembered(c, s, q->service, e, arena, out, source);
	if (e == NULL)
		e = lookup_cache_add(
		    l->cache, l->services[q->service->conf->id], q->user);
	if (e == NULL)
		return failed(c, source, "no memory");
	return ask(c, s, q->service, e, w, source);
}

static enum lookup_found
find_static(struct core *c, const struct lookup_ask *q, struct gw_arena *arena,
    struct gw_lookup_answer *out, struct lookup_source *source)
{
	if (!lookup_ask_table(q, arena, out))
		return failed(c, source, "the memory of the request is full");
	metrics_one(&c->metrics, METRIC_LOOKUP_STATIC);
	return LOOKUP_ANSWER;
}

enum lookup_found
lookups_find(struct core *c, struct snapshot *s, uint16_t system,
    struct gw_span user, struct gw_arena *arena, struct lookup_waiter *w,
    struct gw_lookup_answer *out, struct lookup_source *source)
{
	const struct service *service = lookup_ask_service(s, system);
	struct lookup_ask q = {
		.snap = s, .service = service, .wall_us = c->now.wall_us
	};

	*source = (struct lookup_source){ .service = NULL };
	if (service == NULL) {
		(void)failed(c, source, "the system has no lookup service");
		return LOOKUP_NO_SERVICE;
	}
	source->service = service->conf;
	if (gw_lookup_user(arena, user, &q.user) != GW_OK)
		return failed(c, source, "no such user can be asked about");
	if (service->table != NULL)
		return find_static(c, &q, arena, out, source);
	return find_asked(c, s, &q, arena, w, out, source);
}

enum lookup_found
lookups_renew(struct core *c, struct snapshot *s, uint16_t system,
    struct gw_span user, struct gw_arena *arena, struct lookup_waiter *w,
    struct lookup_source *source)
{
	struct lookup_ask q = { .snap = s,
		.service = lookup_ask_service(s, system),
		.wall_us = c->now.wall_us };
	struct lookup_entry *e;

	*source = (struct lookup_source){ .service = NULL };
	if (q.service == NULL || q.service->table != NULL)
		return LOOKUP_NO_SERVICE;
	source->service = q.service->conf;
	if (gw_lookup_user(arena, user, &q.user) != GW_OK)
		return failed(c, source, "no such user can be asked about");
	if ((e = entry_of(c, &q)) == NULL)
		return failed(c, source, "no memory");
	return ask(c, s, q.service, e, w, source);
}

bool
lookups_recall(struct core *c, struct snapshot *s, uint16_t system,
    struct gw_span user, struct gw_arena *arena, struct gw_lookup_answer *out)
{
	struct lookup_ask q = { .snap = s,
		.service = lookup_ask_service(s, system),
		.wall_us = c->now.wall_us };
	struct lookup_source source;
	struct lookup_entry *e;

	if (q.service == NULL || gw_lookup_user(arena, user, &q.user) != GW_OK)
		return false;
	if (q.service->table != NULL)
		return find_static(c, &q, arena, out, &source) == LOOKUP_ANSWER;
	e = entry_of(c, &q);
	return e != NULL && lookup_is_fresh(e, c->now.mono_us) &&
	       remembered(c, s, q.service, e, arena, out, &source) ==
		   LOOKUP_ANSWER;
}

enum lookup_found
lookups_begin(struct core *c, uint16_t system, struct gw_span user,
    struct gw_arena *arena, struct lookup_waiter *w,
    struct gw_lookup_answer *out, struct lookup_source *source,
    struct gw_now now)
{
	core_begin(c, now);
	enum lookup_found found =
	    lookups_find(c, c->snap, system, user, arena, w, out, source);
	core_finish(c);
	return found;
}

bool
lookups_well(const struct core *c, const struct snapshot *s, uint16_t system)
{
	const struct service *service = lookup_ask_service(s, system);

	if (service == NULL)
		return false;
	return service->table != NULL ||
	       !c->lookups->services[service->conf->id]->down;
}

bool
lookups_are_ready(const struct core *c)
{
	return c->lookups->ready != NULL;
}

void
lookups_count(struct core *c)
{
	const struct lookups *l = c->lookups;

	metrics_set(&c->metrics, METRIC_LOOKUP_WAITING, l->n_waiting);
	metrics_set(&c->metrics, METRIC_LOOKUP_FLIGHTS, l->n_flights);
	metrics_set(
	    &c->metrics, METRIC_LOOKUP_ENTRIES, lookup_cache_count(l->cache));
}
