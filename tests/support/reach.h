/*
 * reach.h: where the actions of a core may go, whatever its messages say.
 */
#ifndef REACH_H
#define REACH_H

#include "core/core.h"

#define REACH_ACTIONS_MAX 4 /* that one message leads to */

/* A peer as its messages come in. */
struct reach_peer {
	uint16_t system;
	struct conf_addr addr;
};

/** NULL if every action goes to a next hop of c's settings, or back to the
 * address of the peer that it says it is of; else what is wrong. */
const char *
reach_fault(const struct core *c, const struct reach_peer *peers, size_t n);

#endif
