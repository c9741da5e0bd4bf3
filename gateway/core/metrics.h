/*
 * metrics.h: counters of one worker (metrics.def).
 *
 * One thread writes, any thread reads: relaxed atomics, no lock.  The sum
 * over all workers is made when somebody asks.
 */
#ifndef METRICS_H
#define METRICS_H

#include <stdatomic.h>

#include "mcxgw/buf.h"

enum metric {
#define METRIC(id, kind, name, help) METRIC_##id,
#include "core/metrics.def"
#undef METRIC
	METRIC_N
};

struct metrics {
	_Atomic uint64_t at[METRIC_N];
};

/* Only the owning thread calls these. */
static inline void
metrics_add(struct metrics *m, enum metric id, uint64_t n)
{
	uint64_t v = atomic_load_explicit(&m->at[id], memory_order_relaxed);

	atomic_store_explicit(&m->at[id], v + n, memory_order_relaxed);
}

static inline void
metrics_one(struct metrics *m, enum metric id)
{
	metrics_add(m, id, 1);
}

static inline void
metrics_set(struct metrics *m, enum metric id, uint64_t n)
{
	atomic_store_explicit(&m->at[id], n, memory_order_relaxed);
}

/** The sum over n workers, in the text format of Prometheus (0.0.4). */
void
metrics_text(const struct metrics *const *all, size_t n, struct gw_buf *out);

#endif
