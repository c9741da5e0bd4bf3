/*
 * gauges.h: what the process as a whole shows beside the counters of the
 * workers: generation, certificates, next hops, memory.
 */
#ifndef GAUGES_H
#define GAUGES_H

#include "net/worker.h"

/* Rows of next hops that are shown; past it only their number is. */
#define GAUGES_HOPS_MAX 4096
/* Rows of redirects; the trigger alone counts all. */
#define GAUGES_SYSTEMS_MAX 1024
#define GAUGES_DOMAINS_MAX 1024

/** All metrics: counters summed over the n workers, then the gauges. */
void gauges_text(const struct snapshot *s, struct worker *const *workers,
    unsigned n, bool draining, struct gw_now now, struct gw_buf *out);

#endif
