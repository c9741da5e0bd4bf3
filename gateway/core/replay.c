/*
 * replay.c: sets of sixteen entries, found by hash, replaced by age.
 */
#include "core/replay.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "mcxgw/siphash.h"

#define WAYS	  16
#define NAME_MAX_ 640 /* octets of a name that are hashed */

/*
 * Sixteen entries.  One is written name first: a reader that sees the name of
 * one and the call of another takes a replay for a replay, or a first use for
 * a replay; it never takes a replay for a first use.
 *
 * A set is cold whenever it is asked for: names stand together, in two lines
 * of memory, and the one call that matters is a third.
 */
struct set {
	_Atomic uint64_t name[WAYS]; /* 0: empty */
	_Atomic uint64_t
	    call[WAYS]; /* 40 bits of the call's hash, 24 of time */
};

struct replay {
	size_t mask; /* of sets */
	uint8_t key[GW_SIPHASH_KEY_LEN];
	_Atomic uint64_t evictions;
	struct set *sets; /* aligned, in the same memory */
};

#define TIME_BITS 24
#define TIME_MASK (((uint64_t)1 << TIME_BITS) - 1)

/* At a multiple of the size of a set, so that it begins a line. */
static void *
aligned(void *p)
{
	size_t over = (uintptr_t)p % sizeof(struct set);

	return (uint8_t *)p + (over == 0 ? 0 : sizeof(struct set) - over);
}

struct replay *
replay_new(size_t n, const uint8_t key[REPLAY_KEY_LEN])
{
	size_t sets = 64;

	while (sets * WAYS < n)
		sets *= 2;
	struct replay *r =
	    calloc(1, sizeof(*r) + (sets + 1) * sizeof(*r->sets));
	if (r == NULL)
		return NULL;
	r->sets = aligned(r + 1);
	r->mask = sets - 1;
	memcpy(r->key, key, sizeof(r->key));
	return r;
}

void
replay_free(struct replay *r)
{
	free(r);
}

static size_t
add(uint8_t *out, size_t at, struct gw_span s)
{
	size_t n = s.len < NAME_MAX_ - at ? s.len : NAME_MAX_ - at;

	if (n > 0)
		memcpy(out + at, s.p, n);
	return at + n;
}

static uint64_t
name_of(const struct replay *r, const struct mikey_imsg *m)
{
	uint8_t text[NAME_MAX_];
	size_t n = 0;

	n = add(text, n, (struct gw_span){ (const uint8_t *)&m->csb_id, 4 });
	n = add(text, n, (struct gw_span){ (const uint8_t *)&m->ntp, 8 });
	n = add(text, n, m->rand);
	n = add(text, n, m->idr[MIKEY_IDRUIDI].data);
	n = add(text, n, m->idr[MIKEY_IDRI].data);
	uint64_t h = gw_siphash13(r->key, (struct gw_span){ text, n });
	return h == 0 ? 1 : h;
}

/* Seconds since the entry was made, of 24 bits: half a year. */
static uint64_t
age_s(uint64_t call, uint64_t now_s)
{
	return (now_s - call) & TIME_MASK;
}

/* WAYS: there is none. */
static size_t
find(struct set *set, uint64_t name)
{
	size_t i = 0;

	while (i < WAYS && atomic_load_explicit(
			       &set->name[i], memory_order_acquire) != name)
		i++;
	return i;
}

/* An empty entry, else the oldest. */
static size_t
victim(struct set *set, uint64_t now_s, uint64_t *oldest)
{
	size_t best = find(set, 0);

	*oldest = UINT64_MAX;
	if (best < WAYS)
		return best;
	*oldest = 0;
	for (size_t i = 0; i < WAYS; i++) {
		uint64_t age = age_s(
		    atomic_load_explicit(&set->call[i], memory_order_relaxed),
		    now_s);
		if (age >= *oldest) {
			*oldest = age;
			best = i;
		}
	}
	return best;
}

bool
replay_seen(struct replay *r, const struct mikey_imsg *m,
    struct gw_span call_id, struct gw_now now, int64_t window_us)
{
	uint64_t name = name_of(r, m), oldest;
	uint64_t now_s = now.mono_us / 1000000;
	uint64_t window_s = (uint64_t)window_us / 1000000;
	uint64_t call =
	    (gw_siphash13(r->key, call_id) & ~TIME_MASK) | (now_s & TIME_MASK);
	struct set *set = &r->sets[name & r->mask];
	size_t i = find(set, name);

	if (i < WAYS) {
		uint64_t was =
		    atomic_load_explicit(&set->call[i], memory_order_relaxed);
		if ((was & ~TIME_MASK) == (call & ~TIME_MASK))
			return false; /* the same call */
		if (age_s(was, now_s) <= window_s)
			return true;
		atomic_store_explicit(
		    &set->call[i], call, memory_order_relaxed);
		return false;
	}
	i = victim(set, now_s, &oldest);
	if (oldest <= window_s)
		atomic_fetch_add_explicit(
		    &r->evictions, 1, memory_order_relaxed);
	atomic_store_explicit(&set->call[i], call, memory_order_relaxed);
	atomic_store_explicit(&set->name[i], name, memory_order_release);
	return false;
}

uint64_t
replay_evictions(const struct replay *r)
{
	const struct replay *p = r;

	return atomic_load_explicit(&p->evictions, memory_order_relaxed);
}
