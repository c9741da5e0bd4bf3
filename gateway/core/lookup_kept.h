/*
 * lookup_kept.h: answers of lookup services as they are remembered: packed,
 * and equal ones once.
 *
 * Most users of a system have the same domains, so a million of them need a
 * handful of answers.  What an answer says of its time to live is not kept.
 */
#ifndef LOOKUP_KEPT_H
#define LOOKUP_KEPT_H

#include "mcxgw/buf.h"
#include "mcxgw/lookup.h"
#include "mcxgw/siphash.h"

struct lookup_kept; /* counted */

/* All of one worker. */
struct lookup_kepts {
	struct lookup_kept **buckets;
	size_t mask;
	size_t n, octets; /* on the heap, buckets aside */
	uint8_t key[GW_SIPHASH_KEY_LEN];
	struct gw_buf text; /* in which one is packed */
};

/** Sized for n answers that differ.  False: no memory. */
bool lookup_kepts_init(
    struct lookup_kepts *all, size_t n, const uint8_t key[GW_SIPHASH_KEY_LEN]);
/** All answers were released before. */
void lookup_kepts_clear(struct lookup_kepts *all);

/** The packed form of a, with one reference more.  NULL: no memory, or a name
 * in it is longer than a KMS URI may be. */
struct lookup_kept *
lookup_kept_get(struct lookup_kepts *all, const struct gw_lookup_answer *a);
struct lookup_kept *lookup_kept_ref(struct lookup_kept *k);
/** NULL is allowed. */
void lookup_kept_unref(struct lookup_kepts *all, struct lookup_kept *k);

/** The service knows no such user. */
bool lookup_kept_is_empty(const struct lookup_kept *k);
/** As it was, all of it in the arena.  False: the arena is full. */
bool lookup_kept_read(const struct lookup_kept *k, struct gw_arena *arena,
    struct gw_lookup_answer *out) GW_NODISCARD;

#endif
