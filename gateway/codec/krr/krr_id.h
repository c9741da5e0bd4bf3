/*
 * krr_id.h: the Ids of a document, each of which must be its only one.  What
 * a signature refers to would else be one element to the verifier and another
 * to the reader.  Private to this folder.
 */
#ifndef KRR_ID_H
#define KRR_ID_H

#include "codec/krr/krr.h"
#include "codec/krr/krr_dialect.h"
#include "mcxgw/xmlpull.h"

struct krr_ids {
	size_t n;
	struct gw_span at[KRR_IDS_MAX];
};

/**
 * Note the Ids of the current start tag: attributes called id in any case and
 * namespace, and what the dialect calls so (NULL: not known yet, notes
 * nothing).
 *
 * GW_EMALFORMED, GW_ELIMIT  one is there twice, or cannot be compared
 */
enum gw_err krr_ids_note(struct krr_ids *ids, const struct gw_xp *x,
    const struct krr_dialect *d, struct krr_fault *no) GW_NODISCARD;

/** The Id of the current start tag, as the dialect calls it; or empty. */
struct gw_span krr_ids_of(const struct gw_xp *x, const struct krr_dialect *d);

#endif
