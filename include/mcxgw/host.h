/*
 * mcxgw/host.h: what may stand for a host where users are named.
 */
#ifndef MCXGW_HOST_H
#define MCXGW_HOST_H

#include "mcxgw/span.h"

#define GW_HOST_MAX 255

/** Letters, digits, '-', '_' and '.', the last neither at an end nor twice in
 * a row; at most GW_HOST_MAX octets. */
bool gw_host_is_name(struct gw_span host);
/** An IPv6 address in brackets, as far as its characters go: as the name of a
 * domain it is only compared. */
bool gw_host_is_reference(struct gw_span host);

#endif
