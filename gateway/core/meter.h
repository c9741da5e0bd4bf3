/*
 * meter.h: rates and numbers of open transactions, shared by all workers.
 *
 * A rate is kept as one atomic time (GCRA, the leaky bucket as a meter), a
 * number as one atomic counter.  Meters outlive snapshots: the next snapshot
 * takes those of rules and systems with the same names.
 */
#ifndef METER_H
#define METER_H

#include <stdatomic.h>

#include "conf/conf.h"
#include "policy/policy.h"

struct meter {
	atomic_uint refs;
	_Atomic uint64_t tat_us; /* theoretical arrival time, monotonic */
	_Atomic uint32_t open; /* transactions that count now */
};

struct meters {
	size_t n_rules, n_systems;
	struct meter **rules; /* by rule index */
	struct meter **systems; /* by system index */
};

/** NULL: no memory. */
struct meters *meters_new(const struct policy *p, const struct conf *c,
    const struct policy *old_policy, const struct conf *old_conf,
    const struct meters *old);
void meters_free(struct meters *m);

/** One request more at now: is it within the limit?  If not, nothing is
 * counted and *retry_after_s (at least 1) says when to come back. */
bool meter_rate(struct meter *m, const struct policy_limit *limit,
    uint64_t mono_us, uint32_t *retry_after_s);
/** Count one open transaction if fewer than max (0: no limit) are. */
bool meter_enter(struct meter *m, uint32_t max);
void meter_leave(struct meter *m);
struct meter *meter_ref(struct meter *m);
void meter_unref(struct meter *m);

#endif
