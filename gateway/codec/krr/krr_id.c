/*
 * krr_id.c: see krr_id.h.
 */
#include "codec/krr/krr_id.h"

static enum gw_err
add(struct krr_ids *ids, struct gw_span id, size_t at, struct krr_fault *no)
{
	/* xml:id is compared without the blanks around it. */
	id = gw_span_trim(id);
	if (id.len == 0 || id.len > KRR_ID_MAX ||
	    gw_span_find(id, 0, '&') < id.len)
		return krr_refuse(no, GW_EMALFORMED, at, KRR_ID);
	for (size_t i = 0; i < ids->n; i++)
		if (gw_span_eq(ids->at[i], id))
			return krr_refuse(
			    no, GW_EMALFORMED, at, KRR_DUPLICATE_ID);
	if (ids->n == KRR_IDS_MAX)
		return krr_refuse(no, GW_ELIMIT, at, KRR_IDS);
	ids->at[ids->n++] = id;
	return GW_OK;
}

enum gw_err
krr_ids_note(struct krr_ids *ids, const struct gw_xp *x,
    const struct krr_dialect *d, struct krr_fault *no)
{
	if (d == NULL)
		return GW_OK;
	for (unsigned i = 0; i < x->n_attrs; i++) {
		const struct gw_xp_attr *a = &x->attrs[i];
		if (!gw_span_ieq(a->name, GW_SPAN("id")) &&
		    (d->id_attr.len == 0 || !gw_span_eq(a->name, d->id_attr)))
			continue;
		enum gw_err err =
		    add(ids, a->value, (size_t)(a->value.p - x->in.p), no);
		if (err != GW_OK)
			return err;
	}
	return GW_OK;
}

struct gw_span
krr_ids_of(const struct gw_xp *x, const struct krr_dialect *d)
{
	for (unsigned i = 0; i < x->n_attrs; i++)
		if (d->id_attr.len != 0 && x->attrs[i].ns.len == 0 &&
		    gw_span_eq(x->attrs[i].name, d->id_attr))
			return gw_span_trim(x->attrs[i].value);
	return (struct gw_span){ NULL, 0 };
}
