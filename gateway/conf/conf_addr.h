/*
 * conf_addr.h: what addresses and host names are.  Private to this folder.
 */
#ifndef CONF_ADDR_H
#define CONF_ADDR_H

#include "conf/conf.h"

bool conf_addr_is_v4(const struct conf_addr *a);
/** 0.0.0.0 or ::. */
bool conf_addr_is_any(const struct conf_addr *a);
bool conf_addr_is_loopback(const struct conf_addr *a);
/** The address of one host: not unspecified, multicast or broadcast. */
bool conf_addr_is_unicast(const struct conf_addr *a);
bool conf_addr_eq(const struct conf_addr *a, const struct conf_addr *b);

/** A host name (RFC 1123, 2.1; '_' is refused), perhaps with a final dot. */
bool conf_addr_is_host(struct gw_span s);

/** "host", "host:port", "a.b.c.d", "[::1]:port"; *host without brackets. */
bool conf_addr_split(struct gw_span text, struct gw_span *host, uint16_t *port);

/**
 * "192.0.2.0/24", or an address alone (all bits).  prefix counts of 128.
 *
 * GW_EMALFORMED   not a range
 * GW_EUNSUPPORTED bits are set behind the prefix
 */
enum gw_err conf_addr_range(
    struct gw_span text, uint8_t ip[16], uint8_t *prefix) GW_NODISCARD;

/** "5080" or "5080-5089". */
bool conf_addr_ports(struct gw_span text, uint16_t *from, uint16_t *to);

/** Do the first prefix bits of a and b agree? */
bool conf_addr_inside(const uint8_t a[16], const uint8_t b[16], uint8_t prefix);

#endif
