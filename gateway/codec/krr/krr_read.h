/*
 * krr_read.h: a KRR from its octets.
 *
 * In place, in one pass, in bounded time and memory; no DTD, no entity.
 * Elements may stand in any order, those of other namespaces are passed over.
 * What is used is read strictly: a value is one piece of text, without
 * comments or elements in it, of characters that a URI has; nothing that is
 * used stands twice; an element of the KRR's own namespace that the dialect
 * does not have is refused, since it may hold domains that nobody would judge
 * (a dialect can say otherwise); no two Ids are alike.
 *
 * A signature is noted, not verified (krr_verify.h).
 */
#ifndef KRR_READ_H
#define KRR_READ_H

#include "codec/krr/krr.h"
#include "codec/krr/krr_dialect.h"
#include "mcxgw/arena.h"

/**
 * Read the document in one of the dialects of set.
 *
 * GW_EMALFORMED, GW_ELIMIT, GW_ENOMEM  refused: *no says why and where, *out
 *                                      must not be read
 */
enum gw_err krr_read(struct gw_span doc, const struct krr_dialects *set,
    struct gw_arena *a, struct krr *out, struct krr_fault *no) GW_NODISCARD;

/**
 * The same of what outer embeds, with the namespaces that it has from there;
 * places count from the start of outer->element.  For showing: nothing in it
 * is believed.
 *
 * GW_ENOTFOUND  it embeds nothing
 */
enum gw_err
krr_read_embedded(const struct krr *outer, const struct krr_dialects *set,
    struct gw_arena *a, struct krr *out, struct krr_fault *no) GW_NODISCARD;

/** May s be written as a value: visible ASCII, not too long? */
bool krr_is_value(struct gw_span s, size_t max);

#endif
