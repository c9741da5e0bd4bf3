/*
 * lookups.h: what the lookup services have said, and what is being asked.
 *
 * One for each worker.  Answers are remembered for their time to live, those
 * without a domain shorter; they are asked for again before they lapse, while
 * somebody uses them.  One question is in flight for each user and service:
 * who comes meanwhile waits for the same answer.  A service that failed some
 * times in a row is left alone for a while (then one question tries it).
 *
 * What a service says is kept in the names of the agreements (policy_map_*).
 * What may be told to whom is decided each time, never remembered.
 */
#ifndef LOOKUPS_H
#define LOOKUPS_H

#include "core/snapshot.h"
#include "mcxgw/lookup.h"

struct core;
struct lookups;

enum lookup_found {
	LOOKUP_ANSWER, /* *out is set */
	LOOKUP_WAIT, /* w was queued: ready() follows exactly once */
	LOOKUP_NO_SERVICE, /* the system has none */
	LOOKUP_FAILED /* no answer: down, late, wrong, too many wait */
};

/* Where an answer came from. */
struct lookup_source {
	const struct conf_service *service; /* of the snapshot; NULL: none */
	bool cached;
	uint32_t age_ms, left_ms; /* since it came; until it lapses */
	const char *why; /* of LOOKUP_FAILED; static */
};

/* Somebody who waits.  Lives in its owner, who may leave by
 * lookups_leave(). */
struct lookup_waiter {
	struct lookup_waiter *next, *prev; /* private */
	void *entry; /* private; NULL: does not wait */
	/* found: ANSWER or FAILED.  Called from core_tick(), core_heard() or
	 * core_unheard(); answer is borrowed for the call. */
	void (*ready)(struct core *c, struct lookup_waiter *w,
	    enum lookup_found found, const struct gw_lookup_answer *answer,
	    const struct lookup_source *source);
};

/**
 * Which domains serve user (any spelling), by the service of system?  s is
 * the snapshot in force.  Spans of *out live in arena.  A question may leave
 * as an action of this call.
 */
enum lookup_found
lookups_find(struct core *c, struct snapshot *s, uint16_t system,
    struct gw_span user, struct gw_arena *arena, struct lookup_waiter *w,
    struct gw_lookup_answer *out, struct lookup_source *source);
/** w does not wait any more. */
void lookups_leave(struct core *c, struct lookup_waiter *w);

/** Is the service of that system answering, as far as is known? */
bool
lookups_well(const struct core *c, const struct snapshot *s, uint16_t system);

#endif
