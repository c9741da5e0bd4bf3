/*
 * topo_via.h: our Via in a request.  Private to topo*.c; reading it back is
 * in topo.h.
 */
#ifndef TOPO_VIA_H
#define TOPO_VIA_H

#include "core/topo_work.h"

/**
 * Remove all Vias of the request and add ours, with the others in its token.
 *
 * GW_EMALFORMED  the top Via cannot be read
 * GW_ELIMIT      the Vias are too long for a token
 * GW_ENOMEM
 */
enum gw_err
topo_via_put(struct topo_work *w, const struct topo_request *r) GW_NODISCARD;

#endif
