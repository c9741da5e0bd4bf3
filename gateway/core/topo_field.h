/*
 * topo_field.h: fields with rules of their own that hold no address.  Private
 * to topo*.c.
 */
#ifndef TOPO_FIELD_H
#define TOPO_FIELD_H

#include "core/topo_work.h"

/** Warning: our name in place of each agent's (RFC 3261, 20.43).  A field that
 * cannot be read is dropped.  GW_ELIMIT */
enum gw_err
topo_field_warning(struct topo_work *w, const struct sip_hdr *h) GW_NODISCARD;

/** Resource-Priority (RFC 4412, RFC 8101): levels of mcpttp above cap_p and of
 * mcpttq above cap_q become the cap; -1: none.  GW_ELIMIT, GW_ENOMEM */
enum gw_err topo_field_priority(struct topo_work *w, const struct sip_hdr *h,
    int8_t cap_p, int8_t cap_q) GW_NODISCARD;

/** The number n in place of value.  GW_ELIMIT, GW_ENOMEM */
enum gw_err topo_field_number(
    struct topo_work *w, struct gw_span value, uint64_t n) GW_NODISCARD;

#endif
