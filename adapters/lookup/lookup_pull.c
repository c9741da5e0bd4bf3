/*
 * lookup_pull.c: events of mcxgw/xmlpull.h as steps from child to child.
 */
#include "adapters/lookup/lookup_pull.h"

enum gw_err
lookup_pull_refuse(struct lookup_pull *p, const char *why)
{
	*p->fault = (struct gw_fault){ p->xp.at, why };
	return GW_EMALFORMED;
}

static enum gw_err
next(struct lookup_pull *p, enum gw_xp_event *event)
{
	return gw_xp_next(&p->xp, event, p->fault);
}

enum gw_err
lookup_pull_root(struct lookup_pull *p, struct gw_arena *a, struct gw_span ns,
    struct gw_span in, struct gw_fault *fault)
{
	enum gw_xp_event event;
	enum gw_err err;

	p->a = a;
	p->ns = ns;
	p->fault = fault;
	gw_xp_init(&p->xp, in);
	if ((err = next(p, &event)) != GW_OK)
		return err;
	if (event != GW_XP_START || !gw_span_eq(p->xp.ns, ns))
		return lookup_pull_refuse(p, "the root has another namespace");
	return GW_OK;
}

enum gw_err
lookup_pull_end(struct lookup_pull *p)
{
	enum gw_xp_event event;
	enum gw_err err = next(p, &event);

	if (err == GW_OK && event != GW_XP_EOF)
		err = lookup_pull_refuse(p, "something follows the root");
	return err;
}

enum gw_err
lookup_pull_skip(struct lookup_pull *p)
{
	const unsigned depth = p->xp.depth;
	enum gw_xp_event event;
	enum gw_err err;

	/* Ends: every event takes octets, and their number is capped. */
	do
		err = next(p, &event);
	while (err == GW_OK && (event != GW_XP_END || p->xp.depth != depth));
	return err;
}

enum gw_err
lookup_pull_child(struct lookup_pull *p, bool *more)
{
	enum gw_xp_event event;
	enum gw_err err;

	while ((err = next(p, &event)) == GW_OK) {
		if (event == GW_XP_TEXT && gw_span_trim(p->xp.text).len != 0)
			return lookup_pull_refuse(
			    p, "text where only elements stand");
		if (event == GW_XP_TEXT)
			continue;
		*more = event == GW_XP_START;
		if (!*more || gw_span_eq(p->xp.ns, p->ns))
			return GW_OK;
		/* More likely a forgotten prefix than an extension. */
		if (p->xp.ns.len == 0)
			return lookup_pull_refuse(
			    p, "an element without a namespace");
		if ((err = lookup_pull_skip(p)) != GW_OK)
			return err;
	}
	return err;
}

bool
lookup_pull_is(const struct lookup_pull *p, struct gw_span name)
{
	return gw_span_eq(p->xp.name, name);
}

/* Replace references; plain text is not touched. */
static enum gw_err
unescape(struct lookup_pull *p, struct gw_span raw, struct gw_span *out)
{
	enum gw_err err = gw_xp_unescape(p->a, raw, out);

	if (err != GW_OK)
		*p->fault = (struct gw_fault){
			(size_t)(raw.p - p->xp.in.p),
			"a reference that cannot be resolved",
		};
	return err;
}

enum gw_err
lookup_pull_text(struct lookup_pull *p, struct gw_span *out)
{
	struct gw_span text = { NULL, 0 };
	bool found = false, plain = false;
	enum gw_xp_event event;
	enum gw_err err;

	while ((err = next(p, &event)) == GW_OK && event != GW_XP_END) {
		if (event != GW_XP_TEXT)
			return lookup_pull_refuse(p, "an element in a value");
		if (found)
			return lookup_pull_refuse(p, "a value in pieces");
		found = true;
		plain = p->xp.is_cdata;
		text = gw_span_trim(p->xp.text);
	}
	if (err != GW_OK)
		return err;
	if (!plain && (err = unescape(p, text, &text)) != GW_OK)
		return err;
	*out = text;
	return GW_OK;
}

enum gw_err
lookup_pull_attr(struct lookup_pull *p, const char *name, struct gw_span *out)
{
	const struct gw_xp_attr *attr = gw_xp_attr(&p->xp, name);

	*out = (struct gw_span){ NULL, 0 };
	return attr == NULL ? GW_OK : unescape(p, attr->value, out);
}

enum gw_err
lookup_pull_attrs(struct lookup_pull *p, const char *const names[], size_t n)
{
	for (size_t i = 0; i < p->xp.n_attrs; i++) {
		const struct gw_xp_attr *attr = &p->xp.attrs[i];
		bool ours = attr->ns.len == 0;
		bool known = !ours && !gw_span_eq(attr->ns, p->ns);
		for (size_t k = 0; ours && !known && k < n; k++)
			known = gw_span_eq(attr->name, gw_span_of(names[k]));
		if (!known)
			return lookup_pull_refuse(p, "an unknown attribute");
	}
	return GW_OK;
}
