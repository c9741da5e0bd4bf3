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
#include "mcxgw/buf.h"
#include "mcxgw/lookup.h"

struct core;
struct lookups;
struct wheel_node;

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
 * as an action of this call.  w may be NULL: then WAIT means that it was
 * asked, and nobody hears of it.
 */
enum lookup_found
lookups_find(struct core *c, struct snapshot *s, uint16_t system,
    struct gw_span user, struct gw_arena *arena, struct lookup_waiter *w,
    struct gw_lookup_answer *out, struct lookup_source *source);
/** Ask again, though there is an answer that holds: WAIT, or FAILED, or
 * NO_SERVICE. */
enum lookup_found lookups_renew(struct core *c, struct snapshot *s,
    uint16_t system, struct gw_span user, struct gw_arena *arena,
    struct lookup_waiter *w, struct lookup_source *source);
/** As lookups_find() from outside of a call, by the snapshot in force. */
enum lookup_found lookups_begin(struct core *c, uint16_t system,
    struct gw_span user, struct gw_arena *arena, struct lookup_waiter *w,
    struct gw_lookup_answer *out, struct lookup_source *source,
    struct gw_now now);
/** Only what needs no question and no wait.  False: *out is not set. */
bool lookups_recall(struct core *c, struct snapshot *s, uint16_t system,
    struct gw_span user, struct gw_arena *arena, struct gw_lookup_answer *out);
/** w does not wait any more. */
void lookups_leave(struct core *c, struct lookup_waiter *w);

/** Is the service of that system answering, as far as is known? */
bool
lookups_well(const struct core *c, const struct snapshot *s, uint16_t system);

/** Forget what was said of user (any spelling), of all users if it is empty.
 * How many that were. */
size_t lookups_flush(struct core *c, struct gw_span user, struct gw_now now);
/** Write what is known of user, of the services if it is empty: a JSON object
 * or lines.  False: this worker knows nothing of the user; *out says why. */
bool lookups_show(struct core *c, struct gw_span user, bool json,
    struct gw_now now, struct gw_buf *out);

/*
 * For core.c.
 */

/** s is in force from now on, old (NULL: none) no more: what depended on
 * something that changed is forgotten.  False: no memory, nothing has
 * changed. */
bool
lookups_use(struct core *c, const struct snapshot *old, struct snapshot *s);
/** Those who wait hear nothing any more. */
void lookups_free(struct core *c);
/** What became of a question; tickets of none are ignored. */
void lookups_heard(
    struct core *c, uint64_t ticket, const struct gw_http_response *r);
void lookups_unheard(struct core *c, uint64_t ticket, const char *why);
/** The deadline of a question has passed. */
void lookups_due(struct core *c, struct wheel_node *n);
/** Tell those who wait what came, as many as fit into this call. */
void lookups_release(struct core *c);
/** Does anybody wait still to be told? */
bool lookups_are_ready(const struct core *c);
/** Set the gauges. */
void lookups_count(struct core *c);

#endif
