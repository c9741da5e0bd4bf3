/*
 * why.h: the last decisions of one worker, to be explained afterwards by the
 * id in the response.
 *
 * A ring of fixed rows; texts are cut to fit.  Rule names and places are
 * copied, so a row outlives its snapshot.
 */
#ifndef WHY_H
#define WHY_H

#include "mcxgw/verdict.h"

struct why;

/** A ring of n rows, or NULL: no memory. */
struct why *why_new(size_t n);
void why_free(struct why *w);

struct why_head {
	uint64_t id;
	int64_t wall_us;
	const char *method; /* static */
	const char *from, *to; /* system ids, "" if none */
	struct gw_span initiator, target;
};

/** Keep what is said of the verdict, cut to fit; the oldest row gives way. */
void
why_add(struct why *w, const struct why_head *h, const struct gw_verdict *v);

/** Write row id; false if it is not there (any more). */
bool why_write(const struct why *w, uint64_t id, bool json, struct gw_buf *out);

#endif
