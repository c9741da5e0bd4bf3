/*
 * lookup_cache.c: the table, its lists, and who has to go.
 */
#include "core/lookup_cache.h"

#include <stdlib.h>

#define CACHE_BUCKETS_MIN 64
#define ANSWERS_SHARE	  4 /* one bucket for an answer to so many users */
/* Answers that were used again may be so many of five of all. */
#define USED_FIFTHS 4
/* Entries that one answer may push out: enough of the smallest to make room
 * for the largest. */
#define GO_MAX 2048

struct list {
	struct lookup_entry *newest, *oldest;
	size_t n;
};

struct lookup_cache {
	struct lookup_entry **buckets;
	size_t mask;
	size_t n, max;
	size_t n_gone; /* hidden, or of services that are gone */
	size_t octets; /* of entries */
	struct list lists[LOOKUP_LIST_N];
	struct lookup_kepts kepts;
	uint8_t key[GW_SIPHASH_KEY_LEN];
};

static size_t
size_of(const struct lookup_entry *e)
{
	return (sizeof(*e) + e->user_len + 23) / 16 * 16;
}

static size_t
buckets_for(size_t max)
{
	size_t n = CACHE_BUCKETS_MIN;

	while (n < max)
		n *= 2;
	return n;
}

static struct lookup_entry **
buckets_new(size_t n)
{
	return calloc(n, sizeof(struct lookup_entry *));
}

struct lookup_cache *
lookup_cache_new(size_t max, const uint8_t key[GW_SIPHASH_KEY_LEN])
{
	struct lookup_cache *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->mask = buckets_for(max) - 1;
	t->max = max;
	memcpy(t->key, key, sizeof(t->key));
	t->buckets = buckets_new(t->mask + 1);
	if (t->buckets != NULL &&
	    lookup_kepts_init(&t->kepts, max / ANSWERS_SHARE, key))
		return t;
	lookup_cache_free(t);
	return NULL;
}

void
lookup_cache_free(struct lookup_cache *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; t->buckets != NULL && i <= t->mask; i++)
		while (t->buckets[i] != NULL)
			lookup_cache_remove(t, t->buckets[i]);
	lookup_kepts_clear(&t->kepts);
	free(t->buckets);
	free(t);
}

/* Without memory the chains are longer than they should be. */
void
lookup_cache_resize(struct lookup_cache *t, size_t max)
{
	size_t n = buckets_for(max);
	struct lookup_entry **buckets =
	    n == t->mask + 1 ? NULL : buckets_new(n);

	t->max = max;
	if (buckets == NULL)
		return;
	for (size_t i = 0; i <= t->mask; i++) {
		struct lookup_entry *e, *next;
		for (e = t->buckets[i]; e != NULL; e = next) {
			next = e->next;
			e->next = buckets[e->hash & (n - 1)];
			buckets[e->hash & (n - 1)] = e;
		}
	}
	free(t->buckets);
	t->buckets = buckets;
	t->mask = n - 1;
}

static uint32_t
hash_of(const struct lookup_cache *t, const struct lookup_service *service,
    struct gw_span user)
{
	return (uint32_t)(gw_siphash(t->key, user) + service->serial);
}

struct lookup_entry *
lookup_cache_find(const struct lookup_cache *t,
    const struct lookup_service *service, struct gw_span user)
{
	uint32_t hash = hash_of(t, service, user);
	struct lookup_entry *e = t->buckets[hash & t->mask];

	while (e != NULL &&
	       (e->hash != hash || e->service != service || e->gone ||
		   !gw_span_eq((struct gw_span){ e->user, e->user_len }, user)))
		e = e->next;
	return e;
}

/* Lists. */

static void
list_push(struct list *l, struct lookup_entry *e)
{
	e->newer = NULL;
	e->older = l->newest;
	if (l->newest != NULL)
		l->newest->newer = e;
	else
		l->oldest = e;
	l->newest = e;
	l->n++;
}

static void
list_drop(struct list *l, struct lookup_entry *e)
{
	if (e->newer != NULL)
		e->newer->older = e->older;
	else
		l->newest = e->older;
	if (e->older != NULL)
		e->older->newer = e->newer;
	else
		l->oldest = e->newer;
	l->n--;
}

static void
move(struct lookup_cache *t, struct lookup_entry *e, enum lookup_list to)
{
	if (e->list != LOOKUP_LIST_NONE)
		list_drop(&t->lists[e->list], e);
	e->list = (uint8_t)to;
	if (to != LOOKUP_LIST_NONE)
		list_push(&t->lists[to], e);
}

void
lookup_cache_use(struct lookup_cache *t, struct lookup_entry *e)
{
	struct list *used = &t->lists[LOOKUP_LIST_USED];

	if (e->list == LOOKUP_LIST_NONE || used->newest == e)
		return;
	if (e->list == LOOKUP_LIST_NEGATIVE) {
		move(t, e, LOOKUP_LIST_NEGATIVE);
		return;
	}
	move(t, e, LOOKUP_LIST_USED);
	if (used->n > t->max / 5 * USED_FIFTHS && used->oldest != e)
		move(t, used->oldest, LOOKUP_LIST_NEW);
}

static struct lookup_entry *
lookup_entry_new(struct gw_span user)
{
	struct lookup_entry *e = malloc(sizeof(*e) + user.len);

	if (e == NULL)
		return NULL;
	*e = (struct lookup_entry){ .user_len = (uint16_t)user.len };
	memcpy(e->user, user.p, user.len);
	return e;
}

struct lookup_entry *
lookup_cache_add(
    struct lookup_cache *t, struct lookup_service *service, struct gw_span user)
{
	uint32_t hash = hash_of(t, service, user);
	struct lookup_entry *e =
	    user.len > GW_LOOKUP_USER_MAX ? NULL : lookup_entry_new(user);

	if (e == NULL)
		return NULL;
	e->service = lookup_service_ref(service);
	e->hash = hash;
	e->next = t->buckets[hash & t->mask];
	t->buckets[hash & t->mask] = e;
	service->n_entries++;
	t->n++;
	t->octets += size_of(e);
	return e;
}

void
lookup_cache_hold(struct lookup_cache *t, struct lookup_entry *e)
{
	move(t, e, LOOKUP_LIST_NONE);
}

void
lookup_cache_remove(struct lookup_cache *t, struct lookup_entry *e)
{
	struct lookup_entry **at = &t->buckets[e->hash & t->mask];

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	move(t, e, LOOKUP_LIST_NONE);
	t->n--;
	t->n_gone -= e->gone || e->service->gone;
	t->octets -= size_of(e);
	e->service->n_entries -= !e->gone;
	lookup_service_unref(e->service);
	lookup_kept_unref(&t->kepts, e->answer);
	free(e);
}

void
lookup_cache_hide(struct lookup_cache *t, struct lookup_entry *e)
{
	if (e->gone)
		return;
	t->n_gone += !e->service->gone;
	e->service->n_entries--;
	e->gone = true;
}

/* The entry that has to go, if one has to. */
static struct lookup_entry *
surplus(const struct lookup_cache *t)
{
	const struct list *fresh = &t->lists[LOOKUP_LIST_NEW];
	const struct list *used = &t->lists[LOOKUP_LIST_USED];
	const struct list *negative = &t->lists[LOOKUP_LIST_NEGATIVE];
	bool octets =
	    t->octets + t->kepts.octets > t->max * (size_t)LOOKUP_CACHE_OCTETS;

	if (negative->n > t->max / LOOKUP_CACHE_NEGATIVE)
		return negative->oldest;
	if (!octets && fresh->n + used->n <= t->max)
		return NULL;
	if (fresh->n > 0)
		return fresh->oldest;
	return octets && negative->n > 0 ? negative->oldest : used->oldest;
}

static void
make_room(struct lookup_cache *t)
{
	struct lookup_entry *e;

	for (unsigned i = 0; i < GO_MAX && (e = surplus(t)) != NULL; i++)
		lookup_cache_remove(t, e);
}

void
lookup_cache_put(struct lookup_cache *t, struct lookup_entry *e, bool used)
{
	if (lookup_kept_is_empty(e->answer))
		move(t, e, LOOKUP_LIST_NEGATIVE);
	else
		move(t, e, used ? LOOKUP_LIST_USED : LOOKUP_LIST_NEW);
	make_room(t);
}

void
lookup_cache_answer(struct lookup_cache *t, struct lookup_entry *e,
    struct lookup_kept *answer, uint64_t came_us, uint32_t ttl_ms)
{
	lookup_kept_unref(&t->kepts, e->answer);
	e->answer = answer;
	e->came_us = came_us;
	e->ttl_ms = ttl_ms;
}

void
lookup_cache_forget(struct lookup_cache *t, struct lookup_service *service)
{
	if (service->gone)
		return;
	service->gone = true;
	t->n_gone += service->n_entries;
}

struct lookup_kepts *
lookup_cache_kepts(struct lookup_cache *t)
{
	return &t->kepts;
}

size_t
lookup_cache_count(const struct lookup_cache *t)
{
	return t->n - t->n_gone;
}

size_t
lookup_cache_octets(const struct lookup_cache *t)
{
	return sizeof(*t) +
	       (t->mask + 1 + t->kepts.mask + 1) * sizeof(struct list *) +
	       t->octets + t->kepts.octets;
}
