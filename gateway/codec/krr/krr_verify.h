/*
 * krr_verify.h: the signature of a KRR (TS 33.180 D.4.2).
 *
 * Four things must hold, in this order: the Signature is of the profile and
 * refers to the KRR that stands at the root; its author's certificate is in
 * force under a trust anchor and has a name that is allowed; digest and
 * signature are right, as xmlsec computes them; and the octets that went into
 * the digest read as the very KRR that was read before.  What is handed out is
 * read from those octets.
 *
 * KeyInfo gives the certificates and nothing else; nothing is ever fetched.
 * The signature says nothing of an embedded KRR but that its author passed it
 * on: verify that as a document of its own.
 *
 * krr_init() comes first.  May run on several threads at once.
 */
#ifndef KRR_VERIFY_H
#define KRR_VERIFY_H

#include "codec/krr/krr.h"
#include "codec/krr/krr_dialect.h"
#include "codec/krr/krr_trust.h"
#include "mcxgw/arena.h"

struct krr_verified {
	/* What was signed.  Its spans are in the arena, not in the document:
	 * to embed or forward the KRR, read it with krr_read(). */
	struct krr krr;
	struct gw_span name; /* of its author; as long as the trust lives */
};

/**
 * Verify the signature of doc against t, as it is at wall_us.
 *
 * GW_OK       it is good; *out is filled
 * GW_EAUTH    it is not, or there is none; *no says why
 * others      doc cannot be read (krr_read()), or memory
 */
enum gw_err
krr_verify(const struct krr_trust *t, const struct krr_dialects *set,
    struct gw_span doc, int64_t wall_us, struct gw_arena *a,
    struct krr_verified *out, struct krr_fault *no) GW_NODISCARD;

#endif
