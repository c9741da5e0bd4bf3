/*
 * mcx_list.c: entries of a resource list.
 */
#include "codec/mcx/mcx_list.h"

#include "mcxgw/xmlpull.h"

static const struct gw_span list_ns =
    GW_LIT("urn:ietf:params:xml:ns:resource-lists");

static enum gw_err
malformed(struct gw_fault *fault, size_t at, const char *why)
{
	*fault = (struct gw_fault){ at, why };
	return GW_EMALFORMED;
}

/* sip:<ciphertext>;iv=..;key-id=..;alg=..@<domain> */
static bool
is_encrypted(struct gw_span uri)
{
	struct gw_span user = gw_span_sub(uri, 0, gw_span_find(uri, 0, '@'));
	struct gw_span iv = GW_SPAN(";iv="), key = GW_SPAN(";key-id=");

	return user.len < uri.len && gw_span_search(user, iv) < user.len &&
	       gw_span_search(user, key) < user.len;
}

static enum gw_err
read_entry(struct gw_xp *x, struct gw_arena *a, struct mcx_list *l,
    struct gw_fault *fault)
{
	const struct gw_xp_attr *uri = gw_xp_attr(x, "uri");
	struct gw_span target;

	if (uri == NULL || uri->value.len == 0)
		return malformed(fault, x->at, "an entry without a URI");
	l->entries++;
	if (l->target.len != 0)
		return GW_OK;
	enum gw_err err = gw_xp_unescape(a, uri->value, &target);
	if (err != GW_OK) {
		*fault = (struct gw_fault){ x->at,
			err == GW_ENOMEM ? "out of memory" :
					   "a reference in a value" };
		return err;
	}
	l->target = gw_span_trim(target);
	l->target_encrypted = is_encrypted(l->target);
	return GW_OK;
}

static enum gw_err
read_start(struct gw_xp *x, bool is_root, struct gw_arena *a,
    struct mcx_list *l, struct gw_fault *fault)
{
	bool ours = gw_span_eq(x->ns, list_ns);

	if (is_root)
		return ours && gw_span_eq(x->name, GW_SPAN("resource-lists")) ?
			   GW_OK :
			   malformed(fault, x->at, "not a resource list");
	if (!ours || l->entries == UINT8_MAX)
		return GW_OK;
	if (gw_span_eq(x->name, GW_SPAN("entry")))
		return read_entry(x, a, l, fault);
	if (gw_span_eq(x->name, GW_SPAN("entry-ref")) ||
	    gw_span_eq(x->name, GW_SPAN("external")))
		l->entries++;
	return GW_OK;
}

enum gw_err
mcx_list_read(struct gw_span doc, struct gw_arena *a, struct mcx_list *out,
    struct gw_fault *fault)
{
	struct mcx_list l = { 0 };
	struct gw_xp x;
	enum gw_xp_event event;
	bool in_root = false;

	gw_xp_init(&x, doc);
	do {
		enum gw_err err = gw_xp_next(&x, &event, fault);
		if (err == GW_OK && event == GW_XP_START) {
			err = read_start(&x, !in_root, a, &l, fault);
			in_root = true;
		}
		if (err != GW_OK)
			return err;
	} while (event != GW_XP_EOF);
	*out = l;
	return GW_OK;
}
