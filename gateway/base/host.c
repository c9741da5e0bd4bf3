/*
 * host.c: see mcxgw/host.h.
 */
#include "mcxgw/host.h"

#include "mcxgw/hex.h"

#define REFERENCE_MIN 4 /* "[::]" */
#define REFERENCE_MAX 64

static inline bool
is_of_label(uint8_t c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26 || (uint8_t)(c - '0') < 10 ||
	       c == '-' || c == '_';
}

bool
gw_host_is_name(struct gw_span host)
{
	bool label = false; /* has begun */

	if (host.len > GW_HOST_MAX)
		return false;
	for (size_t i = 0; i < host.len; i++) {
		if (is_of_label(host.p[i]))
			label = true;
		else if (host.p[i] == '.' && label)
			label = false;
		else
			return false;
	}
	return label;
}

bool
gw_host_is_reference(struct gw_span host)
{
	if (host.len < REFERENCE_MIN || host.len > REFERENCE_MAX ||
	    host.p[0] != '[' || host.p[host.len - 1] != ']')
		return false;
	for (size_t i = 1; i + 1 < host.len; i++)
		if (gw_hex_value(host.p[i]) < 0 && host.p[i] != ':' &&
		    host.p[i] != '.')
			return false;
	return true;
}
