/*
 * conf_listener.h: tls and listener elements.  Private to this folder.
 */
#ifndef CONF_LISTENER_H
#define CONF_LISTENER_H

#include "conf/conf_set.h"

/** Read the tls elements of root into r->tls; their files come later. */
void conf_listener_read_tls(struct conf_reader *r, const xmlNode *root);

/** Read the listeners of root; all ids are known. */
void conf_listener_read(struct conf_reader *r, const xmlNode *root);

/** An address without a port, and a port.  out->port stays 0 where one of
 * them is wrong, which is reported: then nothing else is said of them. */
void conf_listener_read_address(struct conf_reader *r, const xmlNode *n,
    enum conf_set address, enum conf_set port, struct conf_addr *out);

/** What needs the systems: can each TLS listener, of SIP or
 * HTTP, be used by somebody? */
void conf_listener_check(struct conf_reader *r);

/** Does a listener, of SIP or HTTP, stand on this address and port? */
bool conf_listener_on(const struct conf_reader *r, enum conf_transport t,
    const struct conf_addr *addr);

/** May the system use the listener toward such an address? */
bool conf_listener_fits(const struct conf_listener *l, uint16_t system,
    enum conf_transport transport, const struct conf_addr *to);

#endif
