/*
 * kms_cut.h: a message of a KMS without the certificates that somebody is
 * not to have.
 *
 * A certificate that is not kept is removed as a whole, from the '<' of its
 * KmsCertificate (or of the SignedKmsCertificate around it) to the '>' of its
 * end; all else stays octet for octet.  Certificates are known by the local
 * names of their elements, in any namespace and at any depth, so that none
 * crosses in a spelling that its reader might understand.
 */
#ifndef KMS_CUT_H
#define KMS_CUT_H

#include "mcxgw/arena.h"
#include "mcxgw/err.h"

#define KMS_CUT_CERTS_MAX 256 /* of one message */

struct kms_cut_rules {
	/* May the certificate of that KMS be kept? */
	bool (*keep)(const void *arg, struct gw_span kms_uri);
	const void *arg;
	/* Names of elements that must not be there at all. */
	const struct gw_span *never;
	size_t n_never;
};

struct kms_cut {
	size_t kept, removed; /* certificates, each with what is around it */
	struct gw_span out; /* the message itself if nothing was removed */
	/* The last one that was kept, where it stands in the message: its
	 * KmsCertificate, and with the SignedKmsCertificate around it. */
	struct gw_span certificate, with_signature;
};

/**
 * Cut message.  On failure *out is untouched, and nothing of the message
 * may be passed on.
 *
 * GW_EMALFORMED, GW_ELIMIT  no document that can be read
 * GW_EAUTH         something would be removed from under a signature
 * GW_EUNSUPPORTED  it holds what must not be there
 * GW_ENOTFOUND     nothing would be left
 * GW_ENOMEM        the arena is full
 */
enum gw_err kms_cut(struct gw_arena *a, struct gw_span message,
    const struct kms_cut_rules *rules, struct kms_cut *out,
    struct gw_fault *fault) GW_NODISCARD;

#endif
