/*
 * gather.h: questions of the control socket that every worker answers:
 * `lookup show`, `lookup flush`.  The main thread asks, counts and puts
 * together.
 */
#ifndef GATHER_H
#define GATHER_H

#include "net/ctl.h"
#include "net/post.h"
#include "net/worker.h"

struct gather_one {
	uint64_t id; /* of the control session; 0: free */
	enum post_lookup_what what;
	unsigned left; /* workers that have not answered */
	bool json, found;
	size_t n; /* forgotten by all of them */
	struct gw_buf text;
};

struct gather {
	struct gather_one at[CTL_SESSIONS_MAX];
};

/** Ask all workers.  NULL; or why not. */
const char *gather_ask(struct gather *g, struct worker *const *workers,
    unsigned n, const struct ctl_question *q);
/** What one of them says; with the last, the question is answered. */
void
gather_take(struct gather *g, struct ctl *ctl, const struct post_lookup *p);
void gather_clear(struct gather *g);

#endif
