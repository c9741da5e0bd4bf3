/*
 * lookup_cache.h: users of lookup services, and what was said of them.
 *
 * A table of one worker, keyed by service and user (in the form of
 * gw_lookup_user()) under the worker's random key.  It is bounded in users
 * and in octets, and what has to give way is found at constant cost:
 *
 *   new        answers that nobody has used again
 *   used       those that somebody has; the least lately used goes back to
 *              new when they are more than their share
 *   negative   "no such user", in a bound of their own
 *   (none)     while a question about the user is in flight
 *
 * So neither asking about many users once, nor about many that do not exist,
 * pushes out those in use.
 *
 * It knows no time: an entry that has lapsed is as good as any until somebody
 * looks at it.
 */
#ifndef LOOKUP_CACHE_H
#define LOOKUP_CACHE_H

#include "core/lookup_kept.h"
#include "core/lookup_service.h"

/* Octets of all entries and answers, for each user that may be remembered. */
#define LOOKUP_CACHE_OCTETS   232
#define LOOKUP_CACHE_NEGATIVE 8 /* "no such user": one in so many more */

enum lookup_list {
	LOOKUP_LIST_NONE,
	LOOKUP_LIST_NEW,
	LOOKUP_LIST_USED,
	LOOKUP_LIST_NEGATIVE,
	LOOKUP_LIST_N
};

struct lookup_flight;

struct lookup_entry {
	struct lookup_entry *next; /* of the table; private */
	struct lookup_entry *newer, *older; /* of the list; private */
	struct lookup_service *service; /* one reference */
	struct lookup_kept *answer; /* NULL: none came yet */
	struct lookup_flight *flight; /* the question, or NULL */
	uint64_t came_us; /* monotonic */
	uint32_t ttl_ms;
	uint32_t hash; /* private */
	uint16_t user_len;
	uint8_t list; /* enum lookup_list */
	bool refreshed; /* asked for again before it lapses */
	bool gone; /* it is not found any more; private */
	uint8_t user[];
};

struct lookup_cache;

/** At most max users; NULL: no memory. */
struct lookup_cache *
lookup_cache_new(size_t max, const uint8_t key[GW_SIPHASH_KEY_LEN]);
/** Nothing is in flight. */
void lookup_cache_free(struct lookup_cache *t);
/** As many from now on. */
void lookup_cache_resize(struct lookup_cache *t, size_t max);

/** The entry of that user, or NULL. */
struct lookup_entry *lookup_cache_find(const struct lookup_cache *t,
    const struct lookup_service *service, struct gw_span user);
/** Somebody used the answer of e. */
void lookup_cache_use(struct lookup_cache *t, struct lookup_entry *e);

/** An entry without an answer, in no list; NULL: no memory. */
struct lookup_entry *lookup_cache_add(struct lookup_cache *t,
    struct lookup_service *service, struct gw_span user);
/** Take e off its list, so that it stays until it is put back or removed. */
void lookup_cache_hold(struct lookup_cache *t, struct lookup_entry *e);
/** Put e, which is in no list and has an answer, on its list; used: somebody
 * asked again.  It, or others, may have to go: e is not to be touched any
 * more. */
void
lookup_cache_put(struct lookup_cache *t, struct lookup_entry *e, bool used);
/** e has another answer; one reference to it is taken over. */
void lookup_cache_answer(struct lookup_cache *t, struct lookup_entry *e,
    struct lookup_kept *answer, uint64_t came_us, uint32_t ttl_ms);
void lookup_cache_remove(struct lookup_cache *t, struct lookup_entry *e);
/** e, which is held, is not found any more; another may take its place before
 * it is removed. */
void lookup_cache_hide(struct lookup_cache *t, struct lookup_entry *e);

/** What was said by a service is forgotten from now on: it is gone. */
void
lookup_cache_forget(struct lookup_cache *t, struct lookup_service *service);

struct lookup_kepts *lookup_cache_kepts(struct lookup_cache *t);
/** Entries that can be found. */
size_t lookup_cache_count(const struct lookup_cache *t);
/** Octets on the heap, as far as can be told. */
size_t lookup_cache_octets(const struct lookup_cache *t);

#endif
