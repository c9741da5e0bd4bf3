/*
 * krr_sig.h: what a Signature says of itself, held against the profile of
 * TS 33.180 D.4.2.  Private to this folder.
 *
 * Whatever the profile does not need is refused here, before a library that
 * could do more sees it.
 */
#ifndef KRR_SIG_H
#define KRR_SIG_H

#include "codec/krr/krr.h"
#include "codec/krr/krr_cert.h"
#include "mcxgw/arena.h"

/**
 * Read the Signature of k, which was read from doc.  The author's certificates
 * are added to certs, which the caller clears whatever happens.
 *
 * GW_EMALFORMED, GW_ELIMIT, GW_EAUTH, GW_ENOMEM  refused: *no says why
 */
enum gw_err
krr_sig_read(struct gw_span doc, const struct krr *k, struct gw_arena *a,
    struct krr_certs *certs, struct krr_fault *no) GW_NODISCARD;

#endif
