/*
 * topo_work.c: edits with bounds, and rows that go in one piece.
 */
#include "core/topo_work.h"

/* Does the agreement of either direction ask for it?  A Call-ID is the same
 * both ways. */
static bool
hides_call_id(const struct topo *t, const struct policy_handling *handling)
{
	const struct policy *p = t->snap->policy;

	return handling->hide_call_id ||
	       (p != NULL && policy_handling(p, t->to, t->from, t->as_of_us)
				 ->hide_call_id);
}

void
topo_work_init(struct topo_work *w, const struct topo *t,
    const struct sip_msg *m, const struct policy_handling *handling,
    struct sip_edits *edits, struct gw_fault *fault)
{
	const struct names *names = t->snap->names;

	*w = (struct topo_work){
		.t = t,
		.m = m,
		.edits = edits,
		.fault = fault,
		.handling = handling,
		.names = names,
		.from = names_system_hash(names, t->from),
		.to = names_system_hash(names, t->to),
		.hide_call_id = hides_call_id(t, handling),
		.head_off =
		    (size_t)(sip_msg_hdr(m, SIP_HDR_VIA)->line.p - m->raw.p),
		.first_edit = edits->n,
	};
}

static void
flush(struct topo_work *w)
{
	if (w->dropped.len > 0)
		sip_edits_remove(w->edits, w->dropped);
	w->dropped.len = 0;
}

void
topo_work_drop(struct topo_work *w, struct gw_span line)
{
	/* New rows stand before the first Via: no removal reaches over that
	 * place. */
	bool is_head = line.p == w->m->raw.p + w->head_off;

	if (!is_head && w->dropped.len > 0 &&
	    w->dropped.p + w->dropped.len == line.p) {
		w->dropped.len += line.len;
		return;
	}
	flush(w);
	w->dropped = line;
}

static enum gw_err
check(struct topo_work *w, size_t more)
{
	w->inserted += more;
	if (w->edits->full)
		return topo_work_limit(w, "needs too many changes");
	if (w->inserted > w->m->raw.len + TOPO_GROWTH_MAX)
		return topo_work_limit(w, "message would grow too much");
	return GW_OK;
}

enum gw_err
topo_work_replace(struct topo_work *w, struct gw_span old, struct gw_span ins)
{
	sip_edits_replace(w->edits, old, ins);
	return check(w, ins.len);
}

enum gw_err
topo_work_add(struct topo_work *w, struct gw_span row)
{
	sip_edits_insert(w->edits, w->head_off, row);
	return check(w, row.len);
}

enum gw_err
topo_work_join(struct topo_work *w, const struct gw_span *parts, size_t n,
    struct gw_span *out)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += parts[i].len;
	uint8_t *p = gw_arena_bytes(w->t->arena, len);
	if (p == NULL)
		return GW_ENOMEM;
	*out = (struct gw_span){ p, len };
	for (size_t i = 0; i < n; i++) {
		if (parts[i].len > 0)
			memcpy(p, parts[i].p, parts[i].len);
		p += parts[i].len;
	}
	return GW_OK;
}

enum gw_err
topo_work_add_parts(struct topo_work *w, const struct gw_span *parts, size_t n)
{
	struct gw_span row;
	enum gw_err err = topo_work_join(w, parts, n, &row);

	return err != GW_OK ? err : topo_work_add(w, row);
}

struct topo_mark
topo_work_mark(const struct topo_work *w)
{
	return (struct topo_mark){ w->edits->n, w->inserted };
}

void
topo_work_forget(struct topo_work *w, struct topo_mark mark)
{
	w->edits->n = mark.n;
	w->inserted = mark.inserted;
}

enum gw_err
topo_work_refuse(struct topo_work *w, struct gw_span part, const char *why)
{
	*w->fault = (struct gw_fault){ (size_t)(part.p - w->m->raw.p), why };
	return GW_EMALFORMED;
}

enum gw_err
topo_work_limit(struct topo_work *w, const char *why)
{
	*w->fault = (struct gw_fault){ 0, why };
	return GW_ELIMIT;
}

enum gw_err
topo_work_end(struct topo_work *w)
{
	size_t added = 0, removed = 0;

	flush(w);
	for (unsigned i = w->first_edit; i < w->edits->n; i++) {
		added += w->edits->at[i].ins.len;
		removed += w->edits->at[i].del;
	}
	if (w->edits->full)
		return topo_work_limit(w, "needs too many changes");
	if (added > removed + TOPO_GROWTH_MAX)
		return topo_work_limit(w, "message would grow too much");
	return GW_OK;
}
