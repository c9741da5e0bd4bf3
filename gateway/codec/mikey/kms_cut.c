/*
 * kms_cut.c: one walk over the document finds what goes; what stays is
 * copied.
 */
#include "codec/mikey/kms_cut.h"

#include "mcxgw/xmlpull.h"

struct range {
	size_t from, to;
};

/* The certificate that the walk is in: depths are those of elements, 0:
 * outside of one. */
struct unit {
	unsigned depth; /* of the outermost: it is kept or removed whole */
	unsigned cert; /* of the KmsCertificate in it */
	unsigned uri; /* of its KmsUri */
	size_t from;
	struct range inner; /* its KmsCertificate */
	unsigned n_certs, n_uris, n_texts;
	bool odd; /* it cannot be told whose it is, or is not to be kept */
	struct gw_span text;
};

struct walk {
	const struct kms_cut_rules *rules;
	struct gw_arena *a;
	struct gw_xp x;
	struct unit u;
	bool is_signed; /* something outside of certificates is */
	struct range last, last_inner; /* the last one that is kept */
	size_t root; /* where the document's element begins */
	size_t kept, n;
	struct range at[KMS_CUT_CERTS_MAX];
};

static bool
is(const struct walk *w, const char *name)
{
	return gw_span_eq(w->x.name, gw_span_of(name));
}

static enum gw_err
fail(const struct walk *w, enum gw_err err, const char *why,
    struct gw_fault *fault)
{
	*fault = (struct gw_fault){ w->x.at, why };
	return err;
}

static void
start_in_unit(struct walk *w)
{
	struct unit *u = &w->u;

	if (u->uri != 0) {
		u->odd = true;
	} else if (is(w, "KmsCertificate")) {
		u->odd = u->odd || u->cert != 0;
		u->cert = w->x.depth;
		u->inner.from = w->x.at;
		u->n_certs++;
		u->n_uris = 0;
	} else if (u->cert != 0 && w->x.depth == u->cert + 1 &&
		   is(w, "KmsUri")) {
		u->uri = w->x.depth;
		u->n_uris++;
		u->n_texts = 0;
		u->text = GW_SPAN("");
	}
}

static bool
may_stand(const struct walk *w)
{
	for (size_t i = 0; i < w->rules->n_never; i++)
		if (gw_span_eq(w->x.name, w->rules->never[i]))
			return false;
	return true;
}

static enum gw_err
on_start(struct walk *w, struct gw_fault *fault)
{
	if (!may_stand(w))
		return fail(
		    w, GW_EUNSUPPORTED, "it holds what must not cross", fault);
	if (w->x.depth == 1)
		w->root = w->x.at;
	if (w->u.depth == 0 &&
	    (is(w, "KmsCertificate") || is(w, "SignedKmsCertificate"))) {
		if (w->kept + w->n == KMS_CUT_CERTS_MAX)
			return fail(
			    w, GW_ELIMIT, "too many certificates", fault);
		w->u = (struct unit){ .depth = w->x.depth, .from = w->x.at };
	}
	if (w->u.depth != 0)
		start_in_unit(w);
	else if (is(w, "Signature"))
		w->is_signed = true;
	return GW_OK;
}

/* A value in two pieces is one that readers may join, or not. */
static enum gw_err
on_text(struct walk *w)
{
	struct unit *u = &w->u;

	if (u->uri == 0)
		return GW_OK;
	u->odd = u->odd || u->n_texts++ > 0;
	u->text = w->x.text;
	if (w->x.is_cdata)
		return GW_OK;
	return gw_xp_unescape(w->a, w->x.text, &u->text);
}

static void
end_cert(struct walk *w)
{
	struct unit *u = &w->u;

	if (u->n_uris != 1 || u->odd ||
	    !w->rules->keep(w->rules->arg, gw_span_trim(u->text)))
		u->odd = true;
	u->inner.to = w->x.end;
	u->cert = 0;
}

static void
on_end(struct walk *w)
{
	struct unit *u = &w->u;

	if (u->depth == 0)
		return;
	if (w->x.depth == u->uri)
		u->uri = 0;
	if (w->x.depth == u->cert)
		end_cert(w);
	if (w->x.depth != u->depth)
		return;
	struct range all = { u->from, w->x.end };
	if (u->odd || u->n_certs == 0) {
		w->at[w->n++] = all;
	} else {
		w->last = all;
		w->last_inner = u->inner;
		w->kept++;
	}
	u->depth = 0;
}

static enum gw_err
walk(struct walk *w, struct gw_fault *fault)
{
	enum gw_xp_event event = GW_XP_START;
	enum gw_err err = GW_OK;

	while (err == GW_OK && event != GW_XP_EOF) {
		err = gw_xp_next(&w->x, &event, fault);
		if (err != GW_OK)
			break;
		switch (event) {
		case GW_XP_START: err = on_start(w, fault); break;
		case GW_XP_TEXT:
			*fault = (struct gw_fault){ w->x.at,
				"a KmsUri that cannot be read" };
			err = on_text(w);
			break;
		case GW_XP_END: on_end(w); break;
		case GW_XP_EOF: break;
		}
	}
	return err;
}

static bool
join(const struct walk *w, struct gw_span in, struct gw_span *out)
{
	uint8_t *p = gw_arena_bytes(w->a, in.len);
	size_t from = 0, len = 0;

	if (p == NULL)
		return false;
	for (size_t i = 0; i <= w->n; i++) {
		size_t to = i < w->n ? w->at[i].from : in.len;
		memcpy(p + len, in.p + from, to - from);
		len += to - from;
		from = i < w->n ? w->at[i].to : in.len;
	}
	*out = (struct gw_span){ p, len };
	return true;
}

static struct gw_span
span_of(struct gw_span message, struct range r)
{
	return gw_span_sub(message, r.from, r.to - r.from);
}

enum gw_err
kms_cut(struct gw_arena *a, struct gw_span message,
    const struct kms_cut_rules *rules, struct kms_cut *out,
    struct gw_fault *fault)
{
	struct walk *w = gw_arena_alloc(a, 1, sizeof(*w));
	struct gw_span rest = message;

	*fault = (struct gw_fault){ 0, "out of memory" };
	if (w == NULL)
		return GW_ENOMEM;
	w->rules = rules;
	w->a = a;
	gw_xp_init(&w->x, message);
	enum gw_err err = walk(w, fault);
	if (err != GW_OK)
		return err;
	if (w->n > 0 && w->is_signed)
		return fail(w, GW_EAUTH,
		    "a certificate that is not permitted stands under a "
		    "signature",
		    fault);
	if (w->n > 0 && w->at[0].from == w->root)
		return fail(
		    w, GW_ENOTFOUND, "its certificate is not permitted", fault);
	if (w->n > 0 && !join(w, message, &rest))
		return GW_ENOMEM;
	*out = (struct kms_cut){ w->kept, w->n, rest,
		span_of(message, w->last_inner), span_of(message, w->last) };
	return GW_OK;
}
