/*
 * krr_chain.h: is an author believed?  Private to this folder.
 */
#ifndef KRR_CHAIN_H
#define KRR_CHAIN_H

#include "codec/krr/krr_cert.h"
#include "codec/krr/krr_trust.h"

/**
 * Is the first of certs, by way of the others, under an anchor of t, not
 * revoked, in force at wall_us, a P-256 key for signatures, and of one of the
 * names?  Then *name is that name, as long as t lives; else the reason.
 */
enum krr_why krr_chain_check(const struct krr_trust *t,
    const struct krr_certs *certs, int64_t wall_us, struct gw_span *name);

#endif
