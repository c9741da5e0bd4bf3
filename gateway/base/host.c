/*
 * host.c: see mcxgw/host.h.
 */
#include "mcxgw/host.h"

#include "mcxgw/hex.h"

#define REFERENCE_MIN 4 /* "[::]" */
#define REFERENCE_MAX 64

bool
gw_host_is_name(struct gw_span host)
{
	if (host.len == 0 || host.len > GW_HOST_MAX)
		return false;
	for (size_t i = 0; i < host.len; i++) {
		uint8_t c = gw_lower(host.p[i]);
		bool edge = i == 0 || i + 1 == host.len;
		bool dot = c == '.' && !edge && host.p[i - 1] != '.';

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '_' && !dot)
			return false;
	}
	return true;
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
