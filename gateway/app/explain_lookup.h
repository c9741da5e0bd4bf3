/*
 * explain_lookup.h: the lookup that a decision needs, answered by hand.
 *
 * A static service is asked as the running gateway asks it; of the others the
 * caller of `explain` says what they answer.
 */
#ifndef EXPLAIN_LOOKUP_H
#define EXPLAIN_LOOKUP_H

#include "core/gate.h"
#include "mcxgw/json.h"

struct explain_lookup {
	const char *source; /* "static", "unknown", "down", "file", "none";
	                       NULL: no lookup was needed, or nobody said */
	const char *why; /* of no answer; static */
	struct gw_span user;
	uint16_t system;
	struct gw_lookup_answer answer;
	struct gate_lookup lookup;
};

/**
 * If the decision in *judged is pending, take it again.  said is "unknown",
 * "down", "file" (text is then the body of a response, in whatever dialect;
 * what cannot be read is no answer) or NULL: nobody said.
 */
void explain_lookup_settle(struct gate *g, const struct snapshot *s,
    const char *said, struct gw_span text, struct gw_now now,
    struct gw_arena *arena, struct gate_case *judged,
    struct explain_lookup *out);

/** Write it as the member "lookup" of the open object, or as a line. */
void explain_lookup_json(struct gw_json *j, const struct snapshot *s,
    const struct explain_lookup *l);
void explain_lookup_text(struct gw_buf *out, const struct snapshot *s,
    const struct explain_lookup *l);

#endif
