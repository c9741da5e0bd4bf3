/*
 * krr_body.c: see krr_body.h.
 */
#include "codec/krr/krr_body.h"

#include "codec/krr/krr.h"
#include "mcxgw/hex.h"

enum gw_err
krr_body_find(const struct mcx_body *body, struct gw_arena *a,
    struct gw_span *doc, size_t *part, struct gw_fault *fault)
{
	size_t at = body->n_parts;

	for (size_t i = 0; i < body->n_parts; i++) {
		if (!krr_is_type(body->parts[i].type))
			continue;
		if (at != body->n_parts) {
			*fault = (struct gw_fault){ 0, "two KRRs" };
			return GW_EMALFORMED;
		}
		at = i;
	}
	if (at == body->n_parts)
		return GW_ENOTFOUND;
	struct gw_span octets = body->parts[at].body;
	if (body->parts[at].base64) {
		enum gw_err err = gw_b64_decode(a, octets, &octets, fault);
		if (err != GW_OK)
			return err;
	}
	*doc = octets;
	*part = at;
	return GW_OK;
}
