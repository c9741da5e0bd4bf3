/*
 * topo_uri.h: URIs that cross, in fields of class SIP_BORDER_URI.  Private to
 * topo*.c.
 *
 * A token of ours becomes what it hides, if that belongs to the system the
 * message goes to.  A URI with a public domain stays.  Any other is hidden.  A Contact is always
 * hidden: it names a user agent, whatever its domain.
 */
#ifndef TOPO_URI_H
#define TOPO_URI_H

#include "core/topo_work.h"

/**
 * Every URI of the field, those in parameters too.  A field that cannot
 * cross (it names a host of the inside in a URI that is not of SIP) is
 * dropped; so is one of a response that cannot be read, unless it must be.
 *
 * GW_EMALFORMED  it cannot be read
 * GW_ELIMIT, GW_ENOMEM
 */
enum gw_err
topo_uri_field(struct topo_work *w, const struct sip_hdr *h) GW_NODISCARD;

#endif
