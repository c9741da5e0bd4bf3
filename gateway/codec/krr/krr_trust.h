/*
 * krr_trust.h: whose signatures of a partner are believed.
 *
 * Immutable; may be used by several threads at once.
 */
#ifndef KRR_TRUST_H
#define KRR_TRUST_H

#include "codec/krr/krr_why.h"
#include "mcxgw/span.h"

#define KRR_NAMES_MAX 64

struct krr_trust;

/* Borrowed for the call. */
struct krr_trust_source {
	const char *ca; /* PEM file of trust anchors, roots or others */
	const char *crl; /* PEM file of revocation lists, or NULL */
	/* Hosts of which the author's certificate must name one. */
	size_t n_names;
	const struct gw_span *names;
};

/**
 * Read the files.
 *
 * GW_EIO     a file cannot be read as what it should be
 * GW_ELIMIT  more names than are compared
 * GW_ENOMEM  out of memory
 */
enum gw_err krr_trust_new(const struct krr_trust_source *src,
    struct krr_trust **out, struct gw_fault *fault) GW_NODISCARD;
void krr_trust_free(struct krr_trust *t);

#endif
