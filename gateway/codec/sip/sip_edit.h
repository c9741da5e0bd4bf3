/*
 * sip_edit.h: change a message without copying it.
 *
 * A list of { offset, octets removed, octets inserted } over the received
 * bytes; applying it gives an iovec in which unchanged runs point into the
 * original.  Edits may be added in any order; they must not overlap.  Several
 * insertions at one offset stand in the order in which they were added, and
 * before what replaces the octet there.
 *
 * Inserted spans are borrowed: they live in the request's arena.
 */
#ifndef SIP_EDIT_H
#define SIP_EDIT_H

#include <sys/uio.h>

#include "mcxgw/span.h"

#define SIP_EDITS_MAX 160
#define SIP_IOV_MAX   (2 * SIP_EDITS_MAX + 1)

struct sip_edit {
	uint32_t off, del;
	struct gw_span ins;
};

struct sip_edits {
	struct gw_span raw;
	uint16_t n;
	bool full; /* an edit found no room: apply refuses */
	struct sip_edit at[SIP_EDITS_MAX];
};

void sip_edits_init(struct sip_edits *e, struct gw_span raw);

/** Put ins in place of old, a span inside raw. */
void
sip_edits_replace(struct sip_edits *e, struct gw_span old, struct gw_span ins);
/** Insert before the octet at off (0 to raw.len). */
void sip_edits_insert(struct sip_edits *e, size_t off, struct gw_span ins);
/** Remove a span inside raw. */
void sip_edits_remove(struct sip_edits *e, struct gw_span old);

/**
 * Sort, check and write the pieces.  iov has SIP_IOV_MAX entries.  *n and
 * *len (the sum, octets) are set.
 *
 * GW_ELIMIT  more than SIP_EDITS_MAX edits
 * GW_EBUG    edits overlap or lie outside of raw
 *
 * May be called again, also after further edits.
 */
enum gw_err sip_edits_apply(struct sip_edits *e, struct iovec *iov, size_t *n,
    size_t *len) GW_NODISCARD;

#endif
