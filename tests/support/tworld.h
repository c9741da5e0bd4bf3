/*
 * tworld.h: agreements and local policies by chance, for tests of what must
 * hold in all of them.  The same seed gives the same world.
 *
 * Two parties, alpha and bravo, with three security domains each and a rule in
 * either direction: 0 "ab/calls", 1 "ab/back".
 */
#ifndef TWORLD_H
#define TWORLD_H

#include "support/tpolicy.h"

/* What key messages of the worlds name: first those of alpha, then those of
 * bravo; the last three are of no party. */
#define TWORLD_NAMES	  9
#define TWORLD_OF_PARTIES 6
extern const char *const tworld_names[TWORLD_NAMES];

#define TWORLD_NARROW  (1u << 0) /* refusals that name users or kinds too */
#define TWORLD_LOOKUPS (1u << 1) /* rules look up and say what is told */

/** A number below n. */
unsigned tworld_draw(uint32_t *seed, unsigned n);

/** The policy of that world; flags are TWORLD_*. */
struct policy *tworld_make(uint32_t seed, unsigned flags);

/* The ways a rule is met: of its own direction, of its dialog's other. */
struct tworld_way {
	const char *rule;
	uint32_t index;
	bool back, answering; /* from bravo; the rule is reversed */
};
#define TWORLD_WAYS 4
extern const struct tworld_way tworld_ways[TWORLD_WAYS];

/** A request that meets the rule that way, with these KMS URIs. */
struct gw_facts tworld_facts(
    const struct tworld_way *way, const char *initiator, const char *receiver);

/** May the two be paired under that rule, in that way? */
bool tworld_permits(const struct policy *p, const struct tworld_way *way,
    struct gw_span initiator, struct gw_span receiver);

#endif
