/*
 * host.c: see mcxgw/host.h.
 */
#include "mcxgw/host.h"

#include "mcxgw/hex.h"

#define REFERENCE_MIN 4 /* "[::]" */
#define REFERENCE_MAX 64

/* What a label consists of; nothing from 0x80 on. */
static const bool is_of_label[256] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0,
	0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0 };

size_t
gw_host_name_run(struct gw_span s)
{
	for (size_t n = 0;; n++) {
		size_t label = n;
		while (n < s.len && is_of_label[s.p[n]])
			n++;
		if (n == label)
			return 0;
		if (n == s.len || s.p[n] != '.')
			return n <= GW_HOST_MAX ? n : 0;
	}
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
