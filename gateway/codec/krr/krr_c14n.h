/*
 * krr_c14n.h: the canonical form of a document (Canonical XML 1.0, inclusive,
 * without comments), for signing.  Private to this folder.
 *
 * Of whole documents alone, which are what xmlpull.h reads: no DTD, no
 * processing instruction.  A mistake here would give a signature that does
 * not verify; verifying does not come this way but goes through libxml2.
 */
#ifndef KRR_C14N_H
#define KRR_C14N_H

#include "mcxgw/buf.h"

/**
 * Append the canonical form of doc.
 *
 * GW_EMALFORMED, GW_ELIMIT  as gw_xp_next()
 * GW_ENOMEM                 out is full
 */
enum gw_err krr_c14n(struct gw_span doc, struct gw_buf *out,
    struct gw_fault *fault) GW_NODISCARD;

/** Append s as text, or as the value of an attribute, with what must be
 * escaped escaped. */
void krr_c14n_put(struct gw_buf *b, struct gw_span s, bool is_attr);

#endif
