/*
 * lookups_int.h: what the files of the lookups share.  Private to this
 * folder.
 *
 *   lookups.c         what others call
 *   lookup_flight.c   questions in flight, and those who wait for them
 *   lookup_told.c     what `ctl lookup` tells
 *   lookup_cache.c    answers that are remembered
 *   lookup_service.c  services, and whether they answer
 *   lookup_ask.c      one question in the words of a service
 */
#ifndef LOOKUPS_INT_H
#define LOOKUPS_INT_H

#include "core/engine.h"
#include "core/lookup_ask.h"
#include "core/lookup_cache.h"
#include "core/lookups.h"

#define LOOKUP_TICKETS	   4096 /* chains of the table of questions */
#define LOOKUP_REFRESH_TTL 5 /* asked again in the last fifth of its time */

/* A question, from when it is asked until the last who waits was told. */
struct lookup_flight {
	struct lookup_flight *next; /* by ticket, or in the order of release */
	uint64_t ticket;
	struct wheel_node deadline;
	struct snapshot *snap; /* that it is asked and read by */
	const struct service *service; /* of snap */
	struct lookup_service *state; /* one reference */
	struct lookup_entry *entry; /* held; NULL once it is settled */
	struct lookup_waiter *first, *last;
	size_t n_waiters;
	uint64_t asked_us;
	bool tries; /* whether the service is back */
	/* once it is settled */
	struct lookup_kept *answer; /* one reference; NULL: failed */
	uint32_t ttl_ms;
	const char *why;
};

struct lookups {
	struct lookup_cache *cache;
	size_t n_services; /* of the snapshot in force */
	struct lookup_service **services; /* by conf_service.id; NULL for those
					     that are not asked */
	uint64_t serial; /* of services and tickets */
	struct lookup_flight *by_ticket[LOOKUP_TICKETS];
	size_t n_flights, n_waiting;
	struct lookup_flight *ready, *ready_last; /* settled, to be released */
};

static inline bool
lookup_is_fresh(const struct lookup_entry *e, uint64_t mono_us)
{
	return e->answer != NULL &&
	       mono_us < e->came_us + (uint64_t)e->ttl_ms * 1000;
}

/* lookup_flight.c */
/** Ask service about user; e (held from now on) is where the answer goes.
 * NULL: it cannot be asked, *why says so; e is as it was. */
struct lookup_flight *lookup_flight_start(struct core *c, struct snapshot *s,
    const struct service *service, struct lookup_service *state,
    struct lookup_entry *e, const char **why);
/** w waits for f.  False: too many wait. */
bool lookup_flight_join(
    struct core *c, struct lookup_flight *f, struct lookup_waiter *w);
/** End of f without a word to anybody; it is off the table. */
void lookup_flight_free(struct core *c, struct lookup_flight *f);

#endif
