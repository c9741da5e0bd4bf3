/*
 * meter.h: rates, numbers of open transactions and numbers of redirects,
 * shared by all workers.
 *
 * A rate is kept as one atomic time (GCRA, the leaky bucket as a meter), a
 * number as one atomic counter.  Meters outlive snapshots: the next snapshot
 * takes those of rules, systems and security domains with the same names.
 */
#ifndef METER_H
#define METER_H

#include <stdatomic.h>

#include "conf/conf.h"
#include "policy/policy.h"

#define METER_TRIGGERS 3 /* A, B, C */

struct meter {
	atomic_uint refs;
	_Atomic uint64_t tat_us; /* theoretical arrival time, monotonic */
	_Atomic uint32_t open; /* transactions that count now */
	/* By trigger: of callers of a system, of uses of a domain. */
	_Atomic uint64_t redirects[METER_TRIGGERS];
};

struct meters {
	size_t n_rules, n_systems, n_domains;
	struct meter **rules; /* by rule index */
	struct meter **systems; /* by system index */
	/* As policy_domain_at() counts; behind them one for all others. */
	struct meter **domains;
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
/** One redirect more for that trigger ('A', 'B', 'C'). */
void meter_redirect(struct meter *m, char trigger);
/** The meter of a security domain, p being the policy of m. */
struct meter *meters_domain(
    const struct meters *m, const struct policy *p, struct gw_span kms);
struct meter *meter_ref(struct meter *m);
void meter_unref(struct meter *m);

#endif
