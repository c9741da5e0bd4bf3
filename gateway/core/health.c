/*
 * health.c: next hops that live, and the choice among them.
 */
#include "core/health.h"

#include <stdlib.h>

static const struct conf_hop *
same_hop(const struct conf_system *s, const struct conf_hop *like)
{
	for (size_t i = 0; i < s->n_hops; i++)
		if (s->hops[i].transport == like->transport &&
		    s->hops[i].addr.port == like->addr.port &&
		    memcmp(s->hops[i].addr.ip, like->addr.ip,
			sizeof(like->addr.ip)) == 0)
			return &s->hops[i];
	return NULL;
}

static void
take_over(struct health_hop *to, struct health_hop *from)
{
	atomic_init(&to->down_until_us,
	    atomic_load_explicit(&from->down_until_us, memory_order_relaxed));
	atomic_init(&to->fails,
	    atomic_load_explicit(&from->fails, memory_order_relaxed));
	atomic_init(&to->changed_us,
	    atomic_load_explicit(&from->changed_us, memory_order_relaxed));
}

/* old is only read, but loads of atomics take no const in C17. */
static void
take_over_system(struct health *h, const struct conf_system *s,
    const struct conf_system *before, const struct health *old)
{
	struct health_hop *rows;

	memcpy(&rows, &(const struct health_hop *){ old->hops }, sizeof(rows));
	for (size_t i = 0; i < s->n_hops; i++) {
		const struct conf_hop *was = same_hop(before, &s->hops[i]);
		if (was != NULL && was->id < old->n)
			take_over(&h->hops[s->hops[i].id], &rows[was->id]);
	}
}

struct health *
health_new(
    const struct conf *c, const struct conf *old_conf, const struct health *old)
{
	struct health *h =
	    calloc(1, sizeof(*h) + c->n_hops * sizeof(struct health_hop));

	if (h == NULL)
		return NULL;
	h->n = c->n_hops;
	for (size_t i = 0; old != NULL && i < c->n_systems; i++) {
		const struct conf_system *s = &c->systems[i];
		uint16_t was =
		    conf_system_by_id(old_conf, gw_span_of(s->base.id));
		if (was != GW_SYSTEM_NONE)
			take_over_system(h, s, &old_conf->systems[was], old);
	}
	return h;
}

void
health_free(struct health *h)
{
	free(h);
}

bool
health_is_up(const struct health *h, uint32_t hop, uint64_t mono_us)
{
	return hop < h->n && atomic_load_explicit(&h->hops[hop].down_until_us,
				 memory_order_relaxed) <= mono_us;
}

bool
health_up(struct health *h, uint32_t hop, uint64_t mono_us)
{
	if (hop >= h->n)
		return false;
	struct health_hop *x = &h->hops[hop];
	if (atomic_load_explicit(&x->fails, memory_order_relaxed) == 0)
		return false;
	bool was_down =
	    atomic_exchange_explicit(&x->fails, 0, memory_order_relaxed) != 0;
	atomic_store_explicit(&x->down_until_us, 0, memory_order_relaxed);
	if (was_down)
		atomic_store_explicit(
		    &x->changed_us, mono_us, memory_order_relaxed);
	return was_down;
}

bool
health_down(struct health *h, uint32_t hop, uint64_t mono_us, uint32_t rest_s)
{
	if (hop >= h->n)
		return false;
	struct health_hop *x = &h->hops[hop];
	uint32_t fails =
	    atomic_fetch_add_explicit(&x->fails, 1, memory_order_relaxed);
	atomic_store_explicit(&x->down_until_us,
	    mono_us + (uint64_t)rest_s * 1000000, memory_order_relaxed);
	if (fails == 0)
		atomic_store_explicit(
		    &x->changed_us, mono_us, memory_order_relaxed);
	return fails == 0;
}

/* What one pass over the hops finds. */
struct choice {
	uint16_t priority;
	uint32_t weight; /* sum of those with that priority */
	int rested; /* longest, of those that are down */
	uint64_t until;
};

static bool
is_tried(uint32_t tried, size_t i)
{
	return i >= 32 || (tried & (1u << i)) != 0;
}

static struct choice
look(const struct health *h, const struct conf_system *s, uint32_t tried,
    uint64_t now)
{
	struct choice c = { UINT16_MAX, 0, -1, UINT64_MAX };

	for (size_t i = 0; i < s->n_hops; i++) {
		const struct conf_hop *hop = &s->hops[i];
		if (is_tried(tried, i))
			continue;
		if (!health_is_up(h, hop->id, now)) {
			uint64_t until = atomic_load_explicit(
			    &h->hops[hop->id].down_until_us,
			    memory_order_relaxed);
			if (until < c.until) {
				c.until = until;
				c.rested = (int)i;
			}
			continue;
		}
		if (hop->priority < c.priority) {
			c.priority = hop->priority;
			c.weight = 0;
		}
		if (hop->priority == c.priority)
			c.weight += hop->weight == 0 ? 1u : hop->weight;
	}
	return c;
}

int
health_choose(const struct health *h, const struct conf_system *s,
    uint32_t tried, uint32_t dice, uint64_t mono_us)
{
	struct choice c = look(h, s, tried, mono_us);

	if (c.weight == 0)
		return c.rested;
	uint32_t left = dice % c.weight;
	for (size_t i = 0; i < s->n_hops; i++) {
		const struct conf_hop *hop = &s->hops[i];
		uint32_t weight = hop->weight == 0 ? 1u : hop->weight;
		if (is_tried(tried, i) || hop->priority != c.priority ||
		    !health_is_up(h, hop->id, mono_us))
			continue;
		if (left < weight)
			return (int)i;
		left -= weight;
	}
	return c.rested;
}
