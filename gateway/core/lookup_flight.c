/*
 * lookup_flight.c: questions in flight: asked once, answered for all who
 * wait.
 */
#include "core/lookups_int.h"

#include <stdlib.h>

#define ACTIONS_OF_ONE 4 /* that telling one waiter leads to, at most */

static struct lookup_flight **
chain(struct lookups *l, uint64_t ticket)
{
	return &l->by_ticket[ticket & (LOOKUP_TICKETS - 1)];
}

static struct lookup_flight *
find(struct lookups *l, uint64_t ticket)
{
	struct lookup_flight *f = *chain(l, ticket);

	while (f != NULL && f->ticket != ticket)
		f = f->next;
	return f;
}

static void
drop(struct lookups *l, const struct lookup_flight *f)
{
	struct lookup_flight **at = chain(l, f->ticket);

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	l->n_flights--;
	f->state->n_flights--;
}

static struct lookup_flight *
lookup_flight_new(struct core *c, struct snapshot *s,
    const struct service *service, struct lookup_service *state)
{
	struct lookup_flight *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->ticket = core_ticket(CORE_OWNER_LOOKUP, c->lookups->serial++);
	f->snap = snapshot_ref(s);
	f->service = service;
	f->state = lookup_service_ref(state);
	f->asked_us = c->now.mono_us;
	f->deadline.kind = CORE_TIMER_LOOKUP;
	return f;
}

void
lookup_flight_free(struct core *c, struct lookup_flight *f)
{
	wheel_stop(&c->wheel, &f->deadline);
	lookup_kept_unref(lookup_cache_kepts(c->lookups->cache), f->answer);
	lookup_service_unref(f->state);
	snapshot_unref(f->snap);
	free(f);
}

static struct lookup_ask
question(const struct core *c, const struct lookup_flight *f)
{
	return (struct lookup_ask){ f->snap, f->service,
		{ f->entry->user, f->entry->user_len }, c->now.wall_us };
}

static const char *
send(struct core *c, struct lookup_flight *f)
{
	struct lookup_ask q = question(c, f);
	struct gw_http_request *r = gw_arena_alloc(c->arena, 1, sizeof(*r));
	const char *why = r == NULL ? "the memory of the call is full" :
				      lookup_ask_write(&q, c->arena, r);
	struct core_action *a;

	if (why != NULL)
		return why;
	if ((a = core_act(c, CORE_ASK)) == NULL)
		return "too much is sent at once";
	a->snap = f->snap;
	a->ticket = f->ticket;
	a->service = f->service->conf->id;
	a->deadline_ms = f->service->conf->deadline_ms;
	a->safe = true;
	a->http.request = r;
	return NULL;
}

static const char *
may_start(const struct core *c, const struct lookup_service *state)
{
	if (!lookup_service_may_ask(state, c->now.mono_us))
		return "the service failed and is left alone for a while";
	if (state->n_flights >= core_share(c) ||
	    c->lookups->n_flights >= c->snap->conf->lookups.waiting)
		return "too many questions are in flight";
	return NULL;
}

struct lookup_flight *
lookup_flight_start(struct core *c, struct snapshot *s,
    const struct service *service, struct lookup_service *state,
    struct lookup_entry *e, const char **why)
{
	struct lookups *l = c->lookups;
	struct lookup_flight *f;

	if ((*why = may_start(c, state)) != NULL)
		return NULL;
	*why = "no memory";
	if ((f = lookup_flight_new(c, s, service, state)) == NULL)
		return NULL;
	f->entry = e;
	if ((*why = send(c, f)) != NULL) {
		lookup_flight_free(c, f);
		return NULL;
	}
	lookup_cache_hold(l->cache, e);
	e->flight = f;
	f->tries = lookup_service_asked(state);
	f->next = *chain(l, f->ticket);
	*chain(l, f->ticket) = f;
	l->n_flights++;
	state->n_flights++;
	wheel_arm(&c->wheel, &f->deadline,
	    c->now.mono_us + (uint64_t)service->conf->deadline_ms * 1000);
	metrics_one(&c->metrics, METRIC_LOOKUP_QUESTIONS);
	return f;
}

bool
lookup_flight_join(
    struct core *c, struct lookup_flight *f, struct lookup_waiter *w)
{
	if (f->state->n_waiting >= core_share(c) ||
	    c->lookups->n_waiting >= c->snap->conf->lookups.waiting)
		return false;
	w->entry = f;
	w->next = NULL;
	w->prev = f->last;
	if (f->last != NULL)
		f->last->next = w;
	else
		f->first = w;
	f->last = w;
	f->n_waiters++;
	f->state->n_waiting++;
	c->lookups->n_waiting++;
	return true;
}

void
lookups_leave(struct core *c, struct lookup_waiter *w)
{
	struct lookup_flight *f = w->entry;

	if (f == NULL)
		return;
	if (w->prev != NULL)
		w->prev->next = w->next;
	else
		f->first = w->next;
	if (w->next != NULL)
		w->next->prev = w->prev;
	else
		f->last = w->prev;
	w->entry = NULL;
	f->n_waiters--;
	f->state->n_waiting--;
	c->lookups->n_waiting--;
}

/* How long an answer holds. */
static uint32_t
time_to_live(const struct conf_lookups *l, const struct gw_lookup_answer *a)
{
	uint64_t told = a->ttl_ms;
	uint64_t most = (uint64_t)l->ttl_max_s * 1000;
	uint64_t ttl = told != 0 ? told : (uint64_t)l->ttl_s * 1000;

	if (a->n_domains == 0)
		most = (uint64_t)l->negative_s * 1000;
	if (told == 0 && a->n_domains == 0)
		ttl = most;
	if (ttl > most)
		ttl = most;
	return ttl > UINT32_MAX ? UINT32_MAX : (uint32_t)ttl;
}

/* The service answered, or not: is it well? */
static void
judge_service(struct core *c, const struct lookup_flight *f, bool good)
{
	const struct conf_lookups *l = &c->snap->conf->lookups;
	struct gw_span system =
	    core_system_id(f->snap, f->service->conf->system);

	if (good && lookup_service_good(f->state)) {
		LOG_INFO("lookup.up", kv_span("system", system));
	} else if (!good && lookup_service_bad(f->state, f->tries,
				c->now.mono_us, l->failures, l->down_s)) {
		metrics_one(&c->metrics, METRIC_LOOKUP_DOWN);
		LOG_WARN("lookup.down", kv_span("system", system),
		    kv_text("why", f->why),
		    kv_num("failures", f->state->failures));
	}
}

/* The answer is remembered, or the one before while it holds. */
static void
keep(struct core *c, struct lookup_flight *f)
{
	struct lookup_cache *cache = c->lookups->cache;
	struct lookup_entry *e = f->entry;
	bool used = e->answer != NULL; /* asked about before */

	f->entry = NULL;
	e->flight = NULL;
	if (f->answer != NULL) {
		lookup_cache_answer(cache, e, lookup_kept_ref(f->answer),
		    c->now.mono_us, f->ttl_ms);
		e->refreshed = false;
	}
	if (e->gone || f->state->gone || !lookup_is_fresh(e, c->now.mono_us))
		lookup_cache_remove(cache, e);
	else
		lookup_cache_put(cache, e, used);
}

static void
tell(const struct core *c, const struct lookup_flight *f, size_t domains)
{
	LOG_INFO("lookup.done", kv_id("question", f->ticket),
	    kv_span(
		"system", core_system_id(f->snap, f->service->conf->system)),
	    kv_text("adapter", f->service->conf->adapter),
	    kv_text("result", f->answer == NULL ? "failed" :
			      domains == 0	? "unknown" :
						  "answered"),
	    kv_num("domains", domains), kv_num("waiters", f->n_waiters),
	    kv_text("why", f->why == NULL ? "" : f->why),
	    kv_num("took_us", c->now.mono_us - f->asked_us));
}

/* f has its answer, or none for the reason why; well: the service answers. */
static void
settle(struct core *c, struct lookup_flight *f,
    const struct gw_lookup_answer *answer, const char *why, bool well)
{
	struct lookups *l = c->lookups;

	wheel_stop(&c->wheel, &f->deadline);
	drop(l, f);
	f->why = why;
	if (answer != NULL) {
		f->ttl_ms = time_to_live(&c->snap->conf->lookups, answer);
		f->answer =
		    lookup_kept_get(lookup_cache_kepts(l->cache), answer);
		if (f->answer == NULL)
			f->why = "the answer could not be kept";
	}
	judge_service(c, f, well);
	tell(c, f, answer == NULL ? 0 : answer->n_domains);
	keep(c, f);
	f->next = NULL;
	if (l->ready_last != NULL)
		l->ready_last->next = f;
	else
		l->ready = f;
	l->ready_last = f;
}

/* Does the status refuse the question alone?  Else whoever asks about odd users
 * could make a service count as down for all. */
static bool
is_of_question(unsigned status)
{
	return status == 400 || status == 414 || status == 422;
}

void
lookups_heard(struct core *c, uint64_t ticket, const struct gw_http_response *r)
{
	struct lookup_flight *f = find(c->lookups, ticket);
	struct gw_lookup_answer answer;

	if (f == NULL)
		return; /* late: nobody waits */
	struct lookup_ask q = question(c, f);
	const char *why =
	    lookup_ask_read(&q, f->service->adapter, c->arena, r, &answer);
	settle(c, f, why == NULL ? &answer : NULL, why,
	    why == NULL || is_of_question(r->status));
	lookups_release(c);
}

void
lookups_unheard(struct core *c, uint64_t ticket, const char *why)
{
	struct lookup_flight *f = find(c->lookups, ticket);

	if (f == NULL)
		return;
	settle(c, f, NULL, why, false);
	lookups_release(c);
}

void
lookups_due(struct core *c, struct wheel_node *n)
{
	struct lookup_flight *f =
	    (struct lookup_flight *)(void *)((char *)n -
					     offsetof(struct lookup_flight,
						 deadline));
	struct core_action *a = core_act(c, CORE_ASK_DROP);

	if (a != NULL)
		a->ticket = f->ticket;
	settle(c, f, NULL, "no answer within the deadline", false);
}

/* Is there room in this call for what one who waits will do? */
static bool
has_room(const struct core *c)
{
	return c->actions.n + ACTIONS_OF_ONE <= CORE_ACTIONS_MAX &&
	       gw_arena_used(c->arena) <= SIP_MSG_MAX;
}

/* What those who wait for f are told; NULL: they are told why not. */
static const struct gw_lookup_answer *
told(const struct core *c, const struct lookup_flight *f,
    struct gw_lookup_answer *room, struct lookup_source *source)
{
	*source = (struct lookup_source){
		.service = f->service->conf, .left_ms = f->ttl_ms, .why = f->why
	};
	if (f->answer == NULL)
		return NULL;
	if (lookup_kept_read(f->answer, c->arena, room))
		return room;
	source->why = "the memory of the call is full";
	return NULL;
}

/* At least one waiter for each call that begins here.  False: f is not
 * finished, the rest waits for the next call. */
static bool
release(struct core *c, struct lookup_flight *f)
{
	const struct gw_lookup_answer *answer;
	struct lookup_source source;
	struct gw_lookup_answer room;

	if (f->first == NULL)
		return true;
	if (!has_room(c))
		return false;
	answer = told(c, f, &room, &source);
	do {
		struct lookup_waiter *w = f->first;
		lookups_leave(c, w);
		metrics_one(&c->metrics, answer != NULL ? METRIC_LOOKUP_ASKED :
							  METRIC_LOOKUP_FAILED);
		w->ready(c, w, answer != NULL ? LOOKUP_ANSWER : LOOKUP_FAILED,
		    answer, &source);
	} while (f->first != NULL && has_room(c));
	return f->first == NULL;
}

void
lookups_release(struct core *c)
{
	struct lookups *l = c->lookups;

	while (l->ready != NULL && release(c, l->ready)) {
		struct lookup_flight *f = l->ready;
		l->ready = f->next;
		if (l->ready == NULL)
			l->ready_last = NULL;
		lookup_flight_free(c, f);
	}
}
