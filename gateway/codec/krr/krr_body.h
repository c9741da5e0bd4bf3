/*
 * krr_body.h: the KRR in the body of a SIP message: alone, or one part of a
 * multipart.
 */
#ifndef KRR_BODY_H
#define KRR_BODY_H

#include "codec/mcx/mcx_body.h"

/**
 * Find the KRR in a body.  *doc lies in the message, or in a where it had to
 * be decoded; *part is the index of its part.
 *
 * GW_ENOTFOUND   there is none
 * GW_EMALFORMED  there are two, or its transfer encoding is broken
 * GW_ENOMEM      the arena is full
 */
enum gw_err krr_body_find(const struct mcx_body *body, struct gw_arena *a,
    struct gw_span *doc, size_t *part, struct gw_fault *fault) GW_NODISCARD;

#endif
