/*
 * conf_tls.h: would the TLS material work?  Private to this folder.
 *
 * Whatever would make a handshake fail later is found here, before the
 * configuration is in force.
 */
#ifndef CONF_TLS_H
#define CONF_TLS_H

#include "conf/conf_set.h"

/** Check the files of r->tls[index] at r->wall_us, for the roles that
 * r->tls_roles says and the hosts its listeners advertise. */
void conf_tls_check(struct conf_reader *r, uint16_t index);

#endif
