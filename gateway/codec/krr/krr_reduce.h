/*
 * krr_reduce.h: what of a received KRR may go on.
 *
 * Each domain it lists is asked for by itself; what comes out is a subset of
 * the list, in its order, and of what is permitted.  What becomes of each
 * outcome is policy: all, forward the octets as they came; some, write a new
 * KRR that embeds them; none, an empty list or another answer.
 */
#ifndef KRR_REDUCE_H
#define KRR_REDUCE_H

#include "codec/krr/krr.h"

enum krr_kept { KRR_KEPT_NONE, KRR_KEPT_SOME, KRR_KEPT_ALL };

/** May this domain be proposed to whom the KRR goes? */
typedef bool krr_permit(void *arg, struct gw_span domain);

struct krr_reduced {
	enum krr_kept kept; /* of an empty list: all, nothing is dropped */
	size_t n;
	struct gw_span domains[KRR_DOMAINS_MAX]; /* of the list that came */
};

/** Ask permit once for each domain of k, in order. */
void krr_reduce(const struct krr *k, krr_permit *permit, void *arg,
    struct krr_reduced *out);

/**
 * Fill out for krr_build() or krr_sign(): what k says, with the domains of r
 * alone, k embedded as it came.  The caller sets id, author and time_us, and
 * the dialect where it is to be another.
 */
void
krr_rewrap(const struct krr *k, const struct krr_reduced *r, struct krr *out);

#endif
