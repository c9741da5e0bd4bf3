/*
 * lookup_once.h: one question to the lookup service of a system, blocking:
 * this is the side of the command line.
 *
 * A worker of its own asks, as those of the gateway would.
 */
#ifndef LOOKUP_ONCE_H
#define LOOKUP_ONCE_H

#include "core/lookups.h"

struct worker;

struct lookup_once {
	/* the question */
	uint16_t system;
	struct gw_span user; /* as the agreements name it */
	struct gw_arena *arena; /* holds what comes back */
	/* what came */
	enum lookup_found found;
	struct gw_lookup_answer answer;
	struct lookup_source source;
	/* private */
	struct lookup_waiter waiter;
	struct worker *worker;
	struct post_lookup *post; /* while the worker has it */
};

/**
 * Ask with the settings s.
 *
 * GW_EIO       no worker could be made
 * GW_ETIMEOUT  it did not answer at all
 */
enum gw_err
lookup_once(struct snapshot *s, struct lookup_once *once) GW_NODISCARD;

struct post_lookup;
/** In the worker: a POST_LOOKUP has come. */
void lookup_once_serve(struct worker *w, struct post_lookup *p);

#endif
