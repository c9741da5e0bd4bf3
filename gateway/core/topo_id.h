/*
 * topo_id.h: Call-IDs that cross.  Private to topo*.c.
 */
#ifndef TOPO_ID_H
#define TOPO_ID_H

#include "core/topo_work.h"

/**
 * What becomes of one Call-ID: restored if it is a token of ours, a token if
 * the agreement hides it.  *out is empty if it stays.
 *
 * GW_ELIMIT, GW_ENOMEM
 */
enum gw_err topo_id_cross(
    struct topo_work *w, struct gw_span id, struct gw_span *out) GW_NODISCARD;

/**
 * A field that names Call-IDs: Call-ID, Replaces, Join, Target-Dialog (one,
 * with parameters) or In-Reply-To (a list).
 *
 * GW_ELIMIT, GW_ENOMEM
 */
enum gw_err
topo_id_field(struct topo_work *w, const struct sip_hdr *h) GW_NODISCARD;

/**
 * The value of such a field as it stands, escaped, in the headers of a URI
 * (RFC 3261, 19.1.1: "?Replaces=...").  *out is empty if it stays.
 *
 * GW_EMALFORMED  a bad escape
 * GW_ELIMIT, GW_ENOMEM
 */
enum gw_err topo_id_escaped(struct topo_work *w, struct gw_span value,
    struct gw_span *out) GW_NODISCARD;

#endif
