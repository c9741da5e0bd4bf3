/*
 * conf_tls.h: would certificates, keys and trust anchors work, those of TLS
 * and those of redirect responses?  Private to this folder.
 *
 * Whatever would make a handshake or a signature fail later is found here,
 * before the configuration is in force.
 */
#ifndef CONF_TLS_H
#define CONF_TLS_H

#include "conf/conf_set.h"

/** Check the files of r->tls[index] at r->wall_us, for the roles that
 * r->tls_roles says and the hosts its listeners advertise. */
void conf_tls_check(struct conf_reader *r, uint16_t index);

/** Check the pair that signs redirect responses.  host is the author's (NULL:
 * not known), which the certificate should name. */
void conf_tls_check_signer(struct conf_reader *r,
    const struct conf_redirect *redirect, const char *host);

/** Check what the signatures of a system are verified with. */
void conf_tls_check_trust(struct conf_reader *r, const struct conf_krr *krr);

#endif
