/*
 * krr_dsig.h: the words of XML signatures in the profile of TS 33.180 D.4.2.
 * Private to this folder.
 */
#ifndef KRR_DSIG_H
#define KRR_DSIG_H

#define KRR_DSIG_NS "http://www.w3.org/2000/09/xmldsig#"

#define KRR_DSIG_C14N	   "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define KRR_DSIG_ENVELOPED KRR_DSIG_NS "enveloped-signature"
#define KRR_DSIG_SHA256	   "http://www.w3.org/2001/04/xmlenc#sha256"
#define KRR_DSIG_ECDSA	   "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"

#define KRR_DSIG_DIGEST_LEN 32
#define KRR_DSIG_VALUE_LEN  64 /* r and s of P-256, not DER */
#define KRR_DSIG_CERTS_MAX  4 /* the author's and those above it */
#define KRR_DSIG_CERT_MAX   8192 /* octets of one */

#endif
