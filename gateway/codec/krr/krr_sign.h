/*
 * krr_sign.h: write a KRR that is signed (TS 33.180 D.4.2).
 *
 * The document is written in its canonical form, as is SignedInfo, so that
 * both digests are taken over octets that are there already; what is embedded
 * is made canonical on the way.  The reference is to the KRR's own Id, so that
 * the signature stays good when others embed it.
 *
 * A signer may be used by several threads at once.
 */
#ifndef KRR_SIGN_H
#define KRR_SIGN_H

#include "codec/krr/krr.h"
#include "mcxgw/buf.h"

struct krr_signer;

/**
 * Read the PEM files of a P-256 key and of its certificate, with those above
 * it behind it (at most KRR_DSIG_CERTS_MAX in all), which go into the
 * signature.
 *
 * GW_EIO          a file cannot be read as what it should be
 * GW_ELIMIT       more certificates, or larger ones, than a reader takes
 * GW_EMALFORMED   the key is not on P-256, or not that of the certificate
 * GW_ENOMEM       out of memory
 */
enum gw_err krr_signer_new(const char *certificate, const char *key,
    struct krr_signer **out, struct gw_fault *fault) GW_NODISCARD;
void krr_signer_free(struct krr_signer *s);

/**
 * Append k as krr_build() does, with the signature of s.  k needs an Id if
 * its dialect has one.
 *
 * GW_EBUG  the library could not sign
 */
enum gw_err krr_sign(const struct krr_signer *s, const struct krr *k,
    struct gw_buf *out, struct krr_fault *no) GW_NODISCARD;

#endif
