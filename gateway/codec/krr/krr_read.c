/*
 * krr_read.c: the elements of a KRR by the table of its dialect.
 *
 * Functions that read an element are called at its start tag and return
 * behind its end tag.
 */
#include "codec/krr/krr_read.h"

#include "codec/krr/krr_dsig.h"
#include "codec/krr/krr_id.h"
#include "mcxgw/clock.h"
#include "mcxgw/xmlpull.h"

struct reader {
	struct gw_xp x;
	const struct krr_dialects *set;
	const struct krr_dialect *dialect; /* of the root */
	struct gw_arena *a;
	struct krr *out;
	struct krr_fault *no;
	unsigned seen; /* meanings, by bit */
	bool in_embedded;
	struct krr_ids ids;
};

static enum gw_err
refuse(struct reader *r, enum gw_err err, size_t at, enum krr_why why)
{
	return krr_refuse(r->no, err, at, why);
}

static enum gw_err
malformed(struct reader *r, size_t at, enum krr_why why)
{
	return krr_refuse(r->no, GW_EMALFORMED, at, why);
}

static enum gw_err
next(struct reader *r, enum gw_xp_event *event)
{
	enum gw_err err = gw_xp_next(&r->x, event, &r->no->fault);

	if (err != GW_OK) {
		r->no->why = KRR_XML;
		return err;
	}
	if (*event != GW_XP_START)
		return GW_OK;
	return krr_ids_note(&r->ids, &r->x, r->dialect, r->no);
}

static bool
is_ours(const struct reader *r, struct gw_span name)
{
	return name.len != 0 && gw_span_eq(r->x.name, name) &&
	       gw_span_eq(r->x.ns, r->dialect->ns);
}

static bool
is_signature(const struct reader *r)
{
	return gw_span_eq(r->x.name, GW_SPAN("Signature")) &&
	       gw_span_eq(r->x.ns, GW_SPAN(KRR_DSIG_NS));
}

/* Is the current element the KRR of a dialect, or what holds a signed one? */
static const struct krr_dialect *
find_dialect(const struct reader *r)
{
	for (size_t i = 0; i < r->set->n; i++) {
		const struct krr_dialect *d = &r->set->at[i];
		if (gw_span_eq(r->x.ns, d->ns) &&
		    (gw_span_eq(r->x.name, d->root) ||
			(d->signed_root.len != 0 &&
			    gw_span_eq(r->x.name, d->signed_root))))
			return d;
	}
	return NULL;
}

static bool
is_nested_krr(const struct reader *r)
{
	const struct krr_dialect *d = find_dialect(r);

	return d != NULL && gw_span_eq(r->x.name, d->root);
}

/* Pass over the current element. */
static enum gw_err
skip(struct reader *r)
{
	unsigned depth = r->x.depth;
	enum gw_xp_event event = GW_XP_START;

	while (event != GW_XP_END || r->x.depth > depth) {
		if (event == GW_XP_START && !r->in_embedded && is_signature(r))
			return malformed(r, r->x.at, KRR_PLACE);
		if (event == GW_XP_START && is_nested_krr(r) &&
		    ++r->out->nested > KRR_NESTED_MAX)
			return refuse(r, GW_ELIMIT, r->x.at, KRR_NESTED);
		enum gw_err err = next(r, &event);
		if (err != GW_OK)
			return err;
	}
	return GW_OK;
}

/* To the next tag between elements; text there is white space. */
static enum gw_err
next_tag(struct reader *r, enum gw_xp_event *event)
{
	enum gw_err err;

	do {
		err = next(r, event);
		if (err == GW_OK && *event == GW_XP_TEXT &&
		    (r->x.is_cdata || gw_span_trim(r->x.text).len != 0))
			err = malformed(r, r->x.at, KRR_TEXT);
	} while (err == GW_OK && *event == GW_XP_TEXT);
	return err;
}

bool
krr_is_value(struct gw_span s, size_t max)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.len <= max;
}

/* A comment in a value splits it, and readers differ on what it is then. */
static enum gw_err
take_text(struct reader *r, struct gw_span *value)
{
	struct gw_span text = gw_span_trim(r->x.text);
	size_t at = r->x.at;

	if (text.len == 0)
		return GW_OK;
	if (value->len != 0)
		return malformed(r, at, KRR_PIECES);
	*value = text;
	if (r->x.is_cdata || gw_xp_unescape(r->a, text, value) == GW_OK)
		return GW_OK;
	return refuse(r, GW_ENOMEM, at, KRR_MEMORY);
}

/* The text of the current element. */
static enum gw_err
read_value(struct reader *r, size_t max, struct gw_span *out)
{
	struct gw_span value = { NULL, 0 };
	size_t at = r->x.at;

	for (;;) {
		enum gw_xp_event event;
		enum gw_err err = next(r, &event);
		if (err == GW_OK && event == GW_XP_START)
			err = malformed(r, r->x.at, KRR_INNER);
		else if (err == GW_OK && event == GW_XP_TEXT)
			err = take_text(r, &value);
		if (err != GW_OK)
			return err;
		if (event == GW_XP_END)
			break;
	}
	if (value.len > max)
		return refuse(r, GW_ELIMIT, at, KRR_LENGTH);
	if (!krr_is_value(value, max))
		return malformed(r, at, KRR_CHARACTER);
	*out = value;
	return GW_OK;
}

static enum gw_err
read_domain(struct reader *r)
{
	struct krr *k = r->out;
	size_t at = r->x.at;

	if (k->n_domains == KRR_DOMAINS_MAX)
		return refuse(r, GW_ELIMIT, at, KRR_DOMAINS);
	enum gw_err err =
	    read_value(r, KRR_DOMAIN_MAX, &k->domains[k->n_domains]);
	if (err == GW_OK && k->domains[k->n_domains].len == 0)
		err = malformed(r, at, KRR_EMPTY);
	if (err == GW_OK)
		k->n_domains++;
	return err;
}

/* What the dialect has no name for: of another namespace, or of its own. */
static enum gw_err
read_foreign(struct reader *r)
{
	if (is_signature(r))
		return malformed(r, r->x.at, KRR_PLACE);
	if (gw_span_eq(r->x.ns, r->dialect->ns) && !r->dialect->skip_unknown)
		return malformed(r, r->x.at, KRR_UNKNOWN);
	r->out->n_foreign++;
	return skip(r);
}

static enum gw_err
read_list(struct reader *r, const struct krr_field *f)
{
	for (;;) {
		enum gw_xp_event event;
		enum gw_err err = next_tag(r, &event);
		if (err != GW_OK || event == GW_XP_END)
			return err;
		err = is_ours(r, f->item) ? read_domain(r) : read_foreign(r);
		if (err != GW_OK)
			return err;
	}
}

static enum gw_err
read_embedded(struct reader *r)
{
	enum gw_xp_event event;
	enum gw_err err = next_tag(r, &event);

	if (err != GW_OK || event == GW_XP_END)
		return err;
	size_t at = r->x.at;
	r->in_embedded = true;
	err = skip(r);
	r->in_embedded = false;
	if (err != GW_OK)
		return err;
	r->out->embedded = gw_span_sub(r->x.in, at, r->x.end - at);
	err = next_tag(r, &event);
	if (err == GW_OK && event != GW_XP_END)
		err = malformed(r, r->x.at, KRR_EMBEDDED);
	return err;
}

static enum gw_err
read_time(struct reader *r)
{
	enum gw_err err = read_value(r, KRR_TEXT_MAX, &r->out->time);

	/* Some clients leave out the zone: a time that is not known. */
	if (err == GW_OK &&
	    gw_time_parse(r->out->time, &r->out->time_us) != GW_OK)
		r->out->time_us = 0;
	return err;
}

static struct gw_span *
value_of(struct krr *k, enum krr_is is)
{
	switch (is) {
	case KRR_IS_AUTHOR: return &k->author;
	case KRR_IS_INITIATOR: return &k->initiator;
	case KRR_IS_INITIATOR_DOMAIN: return &k->initiator_domain;
	case KRR_IS_RECEIVER: return &k->receiver;
	case KRR_IS_REFUSED_DOMAIN: return &k->refused;
	case KRR_IS_TIME:
	case KRR_IS_RECEIVER_DOMAINS:
	case KRR_IS_EMBEDDED:
	case KRR_IS_OTHER:
	case KRR_IS_N: break;
	}
	return NULL;
}

static enum gw_err
read_field(struct reader *r, const struct krr_field *f)
{
	bool is_flat = f->is == KRR_IS_RECEIVER_DOMAINS && f->item.len == 0;

	if (f->is == KRR_IS_OTHER)
		return skip(r);
	if ((r->seen & 1u << f->is) != 0 && !is_flat)
		return malformed(r, r->x.at, KRR_TWICE);
	r->seen |= 1u << f->is;
	if (f->is == KRR_IS_RECEIVER_DOMAINS)
		return is_flat ? read_domain(r) : read_list(r, f);
	if (f->is == KRR_IS_EMBEDDED)
		return read_embedded(r);
	if (f->is == KRR_IS_TIME)
		return read_time(r);
	return read_value(r, KRR_TEXT_MAX, value_of(r->out, f->is));
}

/* The current element is a Signature where one may stand. */
static enum gw_err
read_signature(struct reader *r)
{
	size_t at = r->x.at;

	if (r->out->signature.len != 0)
		return malformed(r, at, KRR_TWO_SIGNATURES);
	/* What is in it is read by krr_sig.c, which bears no other in it. */
	r->in_embedded = true;
	enum gw_err err = skip(r);
	r->in_embedded = false;
	r->out->signature = gw_span_sub(r->x.in, at, r->x.end - at);
	return err;
}

static enum gw_err
read_child(struct reader *r)
{
	const struct krr_dialect *d = r->dialect;

	if (is_signature(r) && d->signed_root.len == 0)
		return read_signature(r);
	for (size_t i = 0; i < d->n_fields; i++)
		if (is_ours(r, d->fields[i].name))
			return read_field(r, &d->fields[i]);
	return read_foreign(r);
}

/* A list of domains that is not there is not an empty one: its name may be
 * another, and nobody would judge what it lists. */
static bool
is_required(const struct krr_field *f)
{
	return f->required ||
	       (f->is == KRR_IS_RECEIVER_DOMAINS && f->item.len != 0);
}

/* The current element is the KRR itself. */
static enum gw_err
read_body(struct reader *r)
{
	const struct krr_dialect *d = r->dialect;
	size_t at = r->x.at;
	enum gw_xp_event event;
	enum gw_err err;

	r->out->id = krr_ids_of(&r->x, d);
	while ((err = next_tag(r, &event)) == GW_OK && event != GW_XP_END)
		if ((err = read_child(r)) != GW_OK)
			break;
	if (err != GW_OK)
		return err;
	r->out->body = gw_span_sub(r->x.in, at, r->x.end - at);
	for (size_t i = 0; i < d->n_fields; i++)
		if (is_required(&d->fields[i]) &&
		    (r->seen & 1u << d->fields[i].is) == 0)
			return malformed(r, at, KRR_MISSING);
	return GW_OK;
}

/* The current element holds a signed KRR and its Signature. */
static enum gw_err
read_signed(struct reader *r)
{
	size_t at = r->x.at;

	for (;;) {
		enum gw_xp_event event;
		enum gw_err err = next_tag(r, &event);
		if (err != GW_OK)
			return err;
		if (event == GW_XP_END)
			break;
		if (is_signature(r))
			err = read_signature(r);
		else if (!is_ours(r, r->dialect->root))
			err = read_foreign(r);
		else if (r->out->body.len != 0)
			err = malformed(r, r->x.at, KRR_TWICE);
		else
			err = read_body(r);
		if (err != GW_OK)
			return err;
	}
	return r->out->body.len != 0 ? GW_OK : malformed(r, at, KRR_MISSING);
}

/* A default namespace that the root declares is its own wherever it is
 * embedded; without one it would get that of the KRR around it. */
static struct gw_span
outer_prefix(const struct gw_xp *x)
{
	struct gw_span name = x->stack[0];

	for (unsigned i = 0; i < x->n_ns; i++)
		if (x->ns_scope[i].prefix.len == 0)
			return (struct gw_span){ NULL, 0 };
	size_t colon = gw_span_find(name, 0, ':');
	return gw_span_sub(name, 0, colon < name.len ? colon : 0);
}

/* The current element is a KRR, or holds a signed one. */
static enum gw_err
read_element(struct reader *r)
{
	size_t at = r->x.at;
	enum gw_err err;

	r->dialect = find_dialect(r);
	if (r->dialect == NULL)
		return malformed(r, at, KRR_ROOT);
	r->out->dialect = r->dialect;
	if ((err = krr_ids_note(&r->ids, &r->x, r->dialect, r->no)) != GW_OK)
		return err;
	err = is_ours(r, r->dialect->root) ? read_body(r) : read_signed(r);
	if (err == GW_OK)
		r->out->element = gw_span_sub(r->x.in, at, r->x.end - at);
	return err;
}

static void
start(struct reader *r, struct gw_span doc, const struct krr_dialects *set)
{
	r->set = set;
	r->dialect = NULL;
	r->seen = 0;
	r->in_embedded = false;
	r->ids.n = 0;
	*r->out = (struct krr){ 0 };
	gw_xp_init(&r->x, doc);
}

enum gw_err
krr_read(struct gw_span doc, const struct krr_dialects *set, struct gw_arena *a,
    struct krr *out, struct krr_fault *no)
{
	struct reader r;
	enum gw_xp_event event;

	if (doc.len > KRR_OCTETS_MAX)
		return krr_refuse(no, GW_ELIMIT, KRR_OCTETS_MAX, KRR_SIZE);
	r.a = a;
	r.out = out;
	r.no = no;
	start(&r, doc, set);
	enum gw_err err = next(&r, &event); /* the root, or not XML */
	if (err != GW_OK)
		return err;
	out->prefix = outer_prefix(&r.x);
	err = read_element(&r);
	return err == GW_OK ? next(&r, &event) : err; /* nothing follows */
}

enum gw_err
krr_read_embedded(const struct krr *outer, const struct krr_dialects *set,
    struct gw_arena *a, struct krr *out, struct krr_fault *no)
{
	struct reader r;
	enum gw_xp_event event;
	enum gw_err err = GW_OK;

	if (outer->embedded.len == 0)
		return GW_ENOTFOUND;
	size_t at = (size_t)(outer->embedded.p - outer->element.p);
	r.a = a;
	r.out = out;
	r.no = no;
	start(&r, outer->element, set);
	do
		err = next(&r, &event);
	while (err == GW_OK && event != GW_XP_EOF &&
	       (event != GW_XP_START || r.x.at != at));
	return err == GW_OK ? read_element(&r) : err;
}
