/*
 * sip_edit.c: edits in the order of their offsets, and the pieces that the
 * changed message consists of.
 */
#include "codec/sip/sip_edit.h"

/* Marks an edit that lay outside: no offset of a message is that large. */
#define OUTSIDE UINT32_MAX

static void
add(struct sip_edits *e, size_t off, size_t del, struct gw_span ins)
{
	if (e->n == SIP_EDITS_MAX) {
		e->full = true;
		return;
	}
	if (off > e->raw.len || del > e->raw.len - off ||
	    e->raw.len >= OUTSIDE) {
		off = OUTSIDE;
		del = 0;
	}
	e->at[e->n++] = (struct sip_edit){ (uint32_t)off, (uint32_t)del, ins };
}

static size_t
offset_of(const struct sip_edits *e, struct gw_span part)
{
	uintptr_t base = (uintptr_t)e->raw.p, p = (uintptr_t)part.p;

	return p < base ? OUTSIDE : (size_t)(p - base);
}

/* Insertions stand before what replaces the octet they precede. */
static bool
is_before(const struct sip_edit *a, const struct sip_edit *b)
{
	return a->off < b->off ||
	       (a->off == b->off && a->del == 0 && b->del > 0);
}

/* Insertion sort: stable, and the edits mostly come in order. */
static void
sort(struct sip_edits *e)
{
	for (unsigned i = 1; i < e->n; i++) {
		if (!is_before(&e->at[i], &e->at[i - 1]))
			continue;
		struct sip_edit x = e->at[i];
		unsigned k = i;
		for (; k > 0 && is_before(&x, &e->at[k - 1]); k--)
			e->at[k] = e->at[k - 1];
		e->at[k] = x;
	}
}

/* iovec has no const, but nobody writes through it. */
static void
put(struct iovec *iov, size_t *n, struct gw_span piece)
{
	if (piece.len == 0)
		return;
	memcpy(&iov[*n].iov_base, &piece.p, sizeof(iov[*n].iov_base));
	iov[(*n)++].iov_len = piece.len;
}

void
sip_edits_init(struct sip_edits *e, struct gw_span raw)
{
	e->raw = raw;
	e->n = 0;
	e->full = false;
}

void
sip_edits_replace(struct sip_edits *e, struct gw_span old, struct gw_span ins)
{
	add(e, offset_of(e, old), old.len, ins);
}

void
sip_edits_insert(struct sip_edits *e, size_t off, struct gw_span ins)
{
	add(e, off, 0, ins);
}

void
sip_edits_remove(struct sip_edits *e, struct gw_span old)
{
	add(e, offset_of(e, old), old.len, (struct gw_span){ NULL, 0 });
}

enum gw_err
sip_edits_apply(struct sip_edits *e, struct iovec *iov, size_t *n, size_t *len)
{
	size_t at = 0, pieces = 0, sum = 0;

	if (e->full)
		return GW_ELIMIT;
	sort(e);
	for (unsigned i = 0; i < e->n; i++) {
		const struct sip_edit *x = &e->at[i];
		if (x->off == OUTSIDE || x->off < at)
			return GW_EBUG;
		put(iov, &pieces, gw_span_sub(e->raw, at, x->off - at));
		put(iov, &pieces, x->ins);
		sum += x->off - at + x->ins.len;
		at = x->off + x->del;
	}
	put(iov, &pieces, gw_span_sub(e->raw, at, e->raw.len - at));
	*n = pieces;
	*len = sum + e->raw.len - at;
	return GW_OK;
}
