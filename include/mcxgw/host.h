/*
 * mcxgw/host.h: what may stand for a host where users are named.
 */
#ifndef MCXGW_HOST_H
#define MCXGW_HOST_H

#include "mcxgw/span.h"

#define GW_HOST_MAX 255

/** How many octets at the beginning of s could be of a name, up to the first
 * that could not; 0 if they are none. */
size_t gw_host_name_run(struct gw_span s);

/** Letters, digits, '-', '_' and '.', the last neither at an end nor twice in
 * a row; at most GW_HOST_MAX octets. */
static inline bool
gw_host_is_name(struct gw_span host)
{
	return host.len > 0 && gw_host_name_run(host) == host.len;
}

/** An IPv6 address in brackets, as far as its characters go: as the name of a
 * domain it is only compared. */
bool gw_host_is_reference(struct gw_span host);

#endif
