/*
 * policy_disclose.h: which security domains of one system another may know.
 */
#ifndef POLICY_DISCLOSE_H
#define POLICY_DISCLOSE_H

#include "policy/policy_int.h"

/**
 * The domains of the asker that may be paired with a domain of the other
 * party, as bits in the order of the asker's list; 0: it may not be known.
 * dir is the direction from the asker.
 */
uint32_t
policy_reach_of(const struct policy_agreement *a, int dir, uint32_t domain);

/** The direction of an agreement that begins at that party. */
static inline int
policy_direction_from(const struct policy_agreement *a, uint16_t system)
{
	return a->party[0].system == system ? 0 : 1;
}

#endif
