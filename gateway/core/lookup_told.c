/*
 * lookup_told.c: what `ctl lookup` shows and forgets.
 */
#include "core/lookups_int.h"
#include "mcxgw/json.h"

/* Whom the operator means: the user, its system, what remembers it. */
struct told {
	struct gw_span user; /* as it is looked up */
	uint16_t system;
	const struct service *service; /* NULL: there is none */
	struct lookup_entry *entry; /* NULL: nothing is known */
};

/* NULL, or why nothing can be said. */
static const char *
find(struct core *c, struct gw_span user, struct told *t)
{
	const struct snapshot *s = c->snap;

	*t = (struct told){ .system = policy_system_of(s->policy, user) };
	if (t->system == GW_SYSTEM_NONE)
		return "the user is of no system";
	if (gw_lookup_user(c->arena, user, &t->user) != GW_OK)
		return "no such user can be asked about";
	t->service = lookup_ask_service(s, t->system);
	if (t->service == NULL)
		return "the system has no lookup service";
	struct lookup_service *state =
	    c->lookups->services[t->service->conf->id];
	if (state != NULL)
		t->entry = lookup_cache_find(c->lookups->cache, state, t->user);
	return NULL;
}

static size_t
flush_user(struct core *c, struct gw_span user)
{
	struct told t;

	if (find(c, user, &t) != NULL || t.entry == NULL)
		return 0;
	/* Those who wait for an answer get it, those who come ask again. */
	if (t.entry->flight != NULL)
		lookup_cache_hide(c->lookups->cache, t.entry);
	else
		lookup_cache_remove(c->lookups->cache, t.entry);
	return 1;
}

/* Another state takes the place of s, which is well or not as before. */
static struct lookup_service *
successor(struct lookups *l, const struct lookup_service *s)
{
	struct lookup_service *next =
	    lookup_service_new(l->serial++, s->digest);

	if (next == NULL)
		return NULL;
	next->down = s->down;
	next->failures = s->failures;
	next->until_us = s->until_us;
	return next;
}

static size_t
flush_all(struct lookups *l)
{
	size_t before = lookup_cache_count(l->cache);

	for (size_t i = 0; i < l->n_services; i++) {
		struct lookup_service *s = l->services[i];
		struct lookup_service *next =
		    s == NULL ? NULL : successor(l, s);
		if (next == NULL)
			continue;
		lookup_cache_forget(l->cache, s);
		lookup_service_unref(s);
		l->services[i] = next;
	}
	return before - lookup_cache_count(l->cache);
}

size_t
lookups_flush(struct core *c, struct gw_span user, struct gw_now now)
{
	core_begin(c, now);
	size_t n = user.len == 0 ? flush_all(c->lookups) : flush_user(c, user);
	core_finish(c);
	return n;
}

static void
show_answer(const struct gw_lookup_answer *a, struct gw_json *j)
{
	gw_json_open(j, "domains", '[');
	for (size_t i = 0; i < a->n_domains; i++) {
		const struct gw_lookup_domain *d = &a->domains[i];
		gw_json_open(j, NULL, '{');
		gw_json_span(j, "domain", d->kms);
		if (d->lists_external)
			gw_json_open(j, "external", '[');
		else
			gw_json_null(j, "external");
		for (size_t k = 0; k < d->n_external; k++)
			gw_json_span(j, NULL, d->external[k]);
		if (d->lists_external)
			gw_json_close(j, ']');
		gw_json_close(j, '}');
	}
	gw_json_close(j, ']');
}

static void
answer_json(struct core *c, const struct told *t, struct gw_json *j)
{
	const struct lookup_entry *e = t->entry;
	struct gw_lookup_answer answer;
	uint64_t age_ms = (c->now.mono_us - e->came_us) / 1000;

	gw_json_bool(j, "asking", e->flight != NULL);
	if (e->answer == NULL ||
	    !lookup_kept_read(e->answer, c->arena, &answer))
		return;
	gw_json_num(j, "age_ms", (int64_t)age_ms);
	gw_json_num(j, "left_ms",
	    age_ms < e->ttl_ms ? (int64_t)(e->ttl_ms - age_ms) : 0);
	show_answer(&answer, j);
}

static void
answer_text(struct core *c, const struct told *t, struct gw_buf *out)
{
	const struct lookup_entry *e = t->entry;
	struct gw_lookup_answer answer;
	uint64_t age_ms = (c->now.mono_us - e->came_us) / 1000;

	if (e->flight != NULL)
		gw_buf_text(out, "it is being asked\n");
	if (e->answer == NULL ||
	    !lookup_kept_read(e->answer, c->arena, &answer))
		return;
	gw_buf_fmt(out, "answered %llu ms ago, holds for %llu ms more\n",
	    (unsigned long long)age_ms,
	    (unsigned long long)(age_ms < e->ttl_ms ? e->ttl_ms - age_ms : 0));
	if (answer.n_domains == 0)
		gw_buf_text(out, "no such user\n");
	for (size_t i = 0; i < answer.n_domains; i++) {
		const struct gw_lookup_domain *d = &answer.domains[i];
		gw_buf_fmt(out, "domain %.*s%s", GW_FMT(d->kms),
		    d->lists_external ? ", permits:" : "");
		for (size_t k = 0; k < d->n_external; k++)
			gw_buf_fmt(out, " %.*s", GW_FMT(d->external[k]));
		gw_buf_text(out, "\n");
	}
}

static bool
show_user(struct core *c, struct gw_span user, bool json, struct gw_buf *out)
{
	struct told t;
	struct gw_json j;
	const char *why = find(c, user, &t);

	if (why == NULL && t.service->table != NULL)
		why = "the service is static, nothing is remembered";
	else if (why == NULL && t.entry == NULL)
		why = "nothing is remembered of the user";
	if (json) {
		gw_json_init(&j, out);
		gw_json_open(&j, NULL, '{');
		gw_json_span(&j, "user", t.user.len > 0 ? t.user : user);
		gw_json_span(&j, "system", core_system_id(c->snap, t.system));
		if (why != NULL)
			gw_json_text(&j, "error", why);
		else
			answer_json(c, &t, &j);
		gw_json_close(&j, '}');
		gw_buf_text(out, "\n");
	} else if (why != NULL) {
		gw_buf_fmt(out, "%s\n", why);
	} else {
		answer_text(c, &t, out);
	}
	return why == NULL;
}

static const char *
state_word(const struct lookup_service *s)
{
	if (s == NULL)
		return "static";
	if (s->tried)
		return "tried";
	return s->down ? "down" : "up";
}

static void
service_line(const struct core *c, const struct service *service,
    const struct lookup_service *state, struct gw_buf *out)
{
	struct gw_span id = core_system_id(c->snap, service->conf->system);

	gw_buf_fmt(out, "%.*s: %s, %s, %zu users, %u failures\n", GW_FMT(id),
	    service->conf->adapter, state_word(state),
	    state == NULL ? 0 : state->n_entries,
	    state == NULL ? 0 : state->failures);
}

static void
service_json(const struct core *c, const struct service *service,
    const struct lookup_service *state, struct gw_json *j)
{
	gw_json_open(j, NULL, '{');
	gw_json_span(
	    j, "system", core_system_id(c->snap, service->conf->system));
	gw_json_text(j, "adapter", service->conf->adapter);
	gw_json_text(j, "state", state_word(state));
	gw_json_num(j, "users", state == NULL ? 0 : (int64_t)state->n_entries);
	gw_json_num(j, "failures", state == NULL ? 0 : state->failures);
	gw_json_close(j, '}');
}

static void
show_services(struct core *c, bool json, struct gw_buf *out)
{
	const struct services *all = c->snap->services;
	struct gw_json j;

	gw_json_init(&j, out);
	if (json) {
		gw_json_open(&j, NULL, '{');
		gw_json_open(&j, "services", '[');
	}
	for (size_t i = 0; i < all->n; i++) {
		if (all->at[i].conf->is_kms)
			continue;
		if (json)
			service_json(
			    c, &all->at[i], c->lookups->services[i], &j);
		else
			service_line(
			    c, &all->at[i], c->lookups->services[i], out);
	}
	if (!json)
		return;
	gw_json_close(&j, ']');
	gw_json_close(&j, '}');
	gw_buf_text(out, "\n");
}

bool
lookups_show(struct core *c, struct gw_span user, bool json, struct gw_now now,
    struct gw_buf *out)
{
	bool known = true;

	core_begin(c, now);
	if (user.len > 0)
		known = show_user(c, user, json, out);
	else
		show_services(c, json, out);
	core_finish(c);
	return known;
}
