/*
 * tls_identity.h: who a certificate says its holder is (RFC 5922, 7.1).
 *
 * SIP domain identities are the hosts of URI names "sip:HOST" without a user,
 * then DNS names; the common name counts only when there are no alternative
 * names at all.  Names are compared without case and octet by octet: a
 * wildcard matches nothing (7.2).
 */
#ifndef TLS_IDENTITY_H
#define TLS_IDENTITY_H

#include "conf/conf.h"

#define TLS_IDENTITY_MAX  32 /* names of one certificate */
#define TLS_IDENTITY_ROOM 2048 /* octets of all of them */

struct x509_st;

struct tls_identity {
	size_t n;
	struct gw_span at[TLS_IDENTITY_MAX]; /* point into text */
	size_t used;
	char text[TLS_IDENTITY_ROOM];
};

/**
 * The identities of a certificate.  The result may be empty.
 *
 * GW_EMALFORMED  a name with a NUL inside, or names that cannot be read
 * GW_ELIMIT      more names than we look at: whom they leave out is unknown
 */
enum gw_err tls_identity_read(
    const struct x509_st *x, struct tls_identity *out) GW_NODISCARD;

bool tls_identity_has(const struct tls_identity *id, struct gw_span name);
/** Does it hold an identity that system s may show? */
bool
tls_identity_is(const struct tls_identity *id, const struct conf_system *s);

/**
 * The one system that these identities name.
 *
 * GW_ENOTFOUND  none
 * GW_EAUTH      more than one: whom to believe is not ours to guess
 */
enum gw_err tls_identity_system(const struct tls_identity *id,
    const struct conf *c, uint16_t *system) GW_NODISCARD;

/** All names with spaces between, for the log; cut if out is too small. */
void tls_identity_text(const struct tls_identity *id, char *out, size_t len);

#endif
