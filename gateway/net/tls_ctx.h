/*
 * tls_ctx.h: the two OpenSSL contexts of one <tls> of the configuration.
 *
 * TLS 1.2 and 1.3 with AEAD suites only, a certificate of the peer always,
 * CRLs checked for the whole chain where one is configured, no compression,
 * no renegotiation, no session tickets, no resumption: every connection is a
 * full handshake under the trust that is in force.
 *
 * A context is immutable after loading and shared by all threads.
 */
#ifndef TLS_CTX_H
#define TLS_CTX_H

#include "conf/conf.h"

struct ssl_ctx_st;

#define TLS_CTX_DIGEST_LEN 32

/* What we speak where ALPN is asked, best first (RFC 7301, 3.1). */
extern const unsigned char tls_ctx_http_protos[12];

struct tls_ctx {
	struct ssl_ctx_st *server, *client;
	/* SHA-256 over CA and CRL: whom we trust. */
	uint8_t trust[TLS_CTX_DIGEST_LEN];
	int64_t expires_us; /* wall clock: the end of our own certificate */
};

/** Load what t names.  False: the reasons are in d, and *out is empty. */
bool tls_ctx_load(const struct conf_tls *t, struct gw_now now,
    struct gw_diag *d, struct tls_ctx *out);
void tls_ctx_clear(struct tls_ctx *c);

#endif
