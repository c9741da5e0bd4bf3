/*
 * rounds.h: how often a call was redirected lately.
 *
 * A caller may need several rounds (TS 33.180 5.2.8), but not without end.  A
 * fixed table, by a keyed hash of the Call-ID; a call whose place another
 * takes begins to count again.
 */
#ifndef ROUNDS_H
#define ROUNDS_H

#include <stdint.h>

#define ROUNDS_KEPT	 4096
#define ROUNDS_MAX	 8
#define ROUNDS_FORGET_US 60000000 /* after a minute it is another try */

struct rounds {
	struct {
		uint64_t call, last_us;
		uint32_t n;
	} rows[ROUNDS_KEPT];
};

/** One round more of the call; false once it has had ROUNDS_MAX. */
static inline _Bool
rounds_one(struct rounds *r, uint64_t call, uint64_t mono_us)
{
	uint64_t i = call % ROUNDS_KEPT;

	if (r->rows[i].call != call ||
	    mono_us - r->rows[i].last_us > ROUNDS_FORGET_US) {
		r->rows[i].call = call;
		r->rows[i].n = 0;
	}
	r->rows[i].last_us = mono_us;
	if (r->rows[i].n >= ROUNDS_MAX)
		return 0;
	r->rows[i].n++;
	return 1;
}

#endif
