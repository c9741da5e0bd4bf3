/*
 * topo_route.h: Record-Route, Path, Service-Route.  Private to topo*.c; Route
 * is read by topo_find_target().
 */
#ifndef TOPO_ROUTE_H
#define TOPO_ROUTE_H

#include "core/topo_work.h"

/* The entries of all rows of one id, in order. */
struct topo_routes {
	size_t n;
	struct {
		struct gw_span all; /* as it stands */
		struct gw_span uri;
		bool has_brackets;
	} at[TOPO_ROUTES_MAX];
};

/** GW_EMALFORMED, GW_ELIMIT */
enum gw_err topo_route_read(const struct sip_msg *m, enum sip_hdr_id id,
    struct topo_routes *out, struct gw_fault *fault) GW_NODISCARD;

/** Where a request goes: *uri (empty: where it says) and *routes (may be
 * empty) are those of its target, or, if a strict router comes first, as that
 * wants them (RFC 3261, 16.6, 6).  GW_ENOMEM */
enum gw_err
topo_route_strict(struct topo_work *w, const struct topo_target *target,
    struct gw_span *uri, struct gw_span *routes) GW_NODISCARD;

/** Our Record-Route, or Path, in place of those of a request that may begin a
 * dialog or a registration.  GW_EMALFORMED, GW_ELIMIT, GW_ENOMEM */
enum gw_err topo_route_request(struct topo_work *w) GW_NODISCARD;

/** Record-Route, Path and Service-Route as the other side of the response must
 * see them.  GW_EMALFORMED, GW_ELIMIT, GW_ENOMEM */
enum gw_err topo_route_response(struct topo_work *w) GW_NODISCARD;

#endif
