/*
 * krr_cert.h: the certificates of an author.  Private to this folder.
 */
#ifndef KRR_CERT_H
#define KRR_CERT_H

#include <openssl/x509.h>

#include "codec/krr/krr_dsig.h"
#include "mcxgw/span.h"

/* The author's own first, then those above it. */
struct krr_certs {
	size_t n;
	X509 *at[KRR_DSIG_CERTS_MAX];
};

/**
 * Read a PEM file.
 *
 * GW_EIO     no certificate to be read
 * GW_ELIMIT  more certificates, or larger ones, than a reader takes
 */
enum gw_err krr_certs_load(const char *path, struct krr_certs *out,
    struct gw_fault *fault) GW_NODISCARD;

/**
 * Add one from its DER octets.
 *
 * GW_EMALFORMED  it is none, or something follows
 * GW_ELIMIT      too many
 */
enum gw_err
krr_certs_add(struct krr_certs *certs, struct gw_span der) GW_NODISCARD;
void krr_certs_clear(struct krr_certs *certs);

/** Is the key of x on P-256? */
bool krr_cert_is_p256(X509 *x);

/**
 * Has x one of the names: as host of a URI "sip:HOST", or as DNS name (RFC
 * 5922, 7.1)?  Without case; wildcards match nothing, the common name does
 * not count.  The index of the name, or n.
 */
size_t krr_cert_find_name(const X509 *x, const struct gw_span *names, size_t n);

#endif
