/*
 * lookup_service.h: what one worker knows of a lookup service: whether it
 * answers, and which answers of it still hold.
 *
 * Counted: whoever remembers something of it, or waits for it, has a
 * reference.  When its settings change, or all that it said is forgotten, it
 * is gone, and another takes its place; what is remembered of one that is
 * gone is never found again.
 *
 * The breaker: after some failures in a row the service is down and is left
 * alone for a while; then one question tries it.
 */
#ifndef LOOKUP_SERVICE_H
#define LOOKUP_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lookup_service {
	size_t refs;
	uint64_t serial; /* names it; no two have the same */
	uint64_t digest; /* of its settings */
	size_t n_entries; /* users remembered */
	size_t n_flights, n_waiting; /* questions in flight, who waits */
	bool gone;
	bool stays; /* while settings change */
	/* the breaker */
	bool down, tried; /* tried: a question is on its way to find out */
	uint32_t failures; /* in a row */
	uint64_t until_us; /* monotonic: left alone till then */
};

/** One with one reference; NULL: no memory. */
struct lookup_service *lookup_service_new(uint64_t serial, uint64_t digest);
struct lookup_service *lookup_service_ref(struct lookup_service *s);
/** NULL is allowed. */
void lookup_service_unref(struct lookup_service *s);

bool lookup_service_may_ask(const struct lookup_service *s, uint64_t mono_us);
/** It is asked.  True: by this question it is tried. */
bool lookup_service_asked(struct lookup_service *s);
/** It answered.  True: it was down until now. */
bool lookup_service_good(struct lookup_service *s);
/** It failed a question, the one that tried it or another.  True: it is down
 * from now on. */
bool lookup_service_bad(struct lookup_service *s, bool tried, uint64_t mono_us,
    uint32_t failures_max, uint32_t down_s);

#endif
