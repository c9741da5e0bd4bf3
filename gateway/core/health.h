/*
 * health.h: which next hops can be used, known to all workers.
 *
 * One entry a hop, by its id in the configuration.  All fields are atomics
 * that any thread may read and write; each entry is small and independent, so
 * there is nothing to lock.
 */
#ifndef HEALTH_H
#define HEALTH_H

#include <stdatomic.h>

#include "conf/conf.h"

struct health_hop {
	_Atomic uint64_t down_until_us; /* monotonic; 0: up */
	_Atomic uint32_t fails; /* in a row */
	_Atomic uint64_t changed_us; /* monotonic, last change up or down */
};

struct health {
	size_t n;
	struct health_hop hops[];
};

/** Entries for the hops of c; state of hops that old (with its conf) knew by
 * system, transport and address is taken over.  NULL: no memory. */
struct health *health_new(const struct conf *c, const struct conf *old_conf,
    const struct health *old);
void health_free(struct health *h);

bool health_is_up(const struct health *h, uint32_t hop, uint64_t mono_us);
/** The hop answered.  True if it was down before (worth a log line). */
bool health_up(struct health *h, uint32_t hop, uint64_t mono_us);
/** The hop failed; it rests for rest_s.  True if it was up before. */
bool
health_down(struct health *h, uint32_t hop, uint64_t mono_us, uint32_t rest_s);

/**
 * Choose a next hop of s: of those that are up, the lowest priority number;
 * among equals by weight, with dice (any 32 random bits).  tried is a bit set
 * over the hops of s that must not be chosen.  When all that remain are down,
 * the one that has rested longest is tried, so that a wrong belief heals.
 * The index in s->hops, or -1 if all were tried.
 */
int health_choose(const struct health *h, const struct conf_system *s,
    uint32_t tried, uint32_t dice, uint64_t mono_us);

#endif
