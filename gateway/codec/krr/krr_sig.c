/*
 * krr_sig.c: a Signature by recursive descent, with nothing optional but the
 * second transform and what KeyInfo says beside certificates.
 */
#include "codec/krr/krr_sig.h"

#include "codec/krr/krr_dialect.h"
#include "mcxgw/hex.h"
#include "mcxgw/xmlpull.h"

#define TRANSFORMS_MAX 2

struct reader {
	struct gw_xp x;
	const struct krr *k;
	struct gw_arena *a;
	struct krr_certs *certs;
	struct krr_fault *no;
};

static enum gw_err
refuse(struct reader *r, enum krr_why why)
{
	return krr_refuse(r->no, GW_EAUTH, r->x.at, why);
}

static enum gw_err
next(struct reader *r, enum gw_xp_event *event)
{
	enum gw_err err = gw_xp_next(&r->x, event, &r->no->fault);

	if (err != GW_OK)
		r->no->why = KRR_XML;
	return err;
}

/* To the next tag; text between tags is white space. */
static enum gw_err
next_tag(struct reader *r, enum gw_xp_event *event)
{
	enum gw_err err;

	do {
		err = next(r, event);
		if (err == GW_OK && *event == GW_XP_TEXT &&
		    gw_span_trim(r->x.text).len != 0)
			err = refuse(r, KRR_FORM);
	} while (err == GW_OK && *event == GW_XP_TEXT);
	return err;
}

static bool
is(const struct reader *r, const char *name)
{
	return gw_span_eq(r->x.ns, GW_SPAN(KRR_DSIG_NS)) &&
	       gw_span_eq(r->x.name, gw_span_of(name));
}

/* No attribute of the current start tag but an Id, or one called name. */
static enum gw_err
only_attr(struct reader *r, const char *name)
{
	for (unsigned i = 0; i < r->x.n_attrs; i++)
		if (r->x.attrs[i].ns.len != 0 ||
		    (!gw_span_eq(r->x.attrs[i].name, GW_SPAN("Id")) &&
			!gw_span_eq(r->x.attrs[i].name, gw_span_of(name))))
			return refuse(r, KRR_FORM);
	return GW_OK;
}

/* The next tag begins such an element. */
static enum gw_err
open(struct reader *r, const char *name, const char *attr, enum krr_why why)
{
	enum gw_xp_event event;
	enum gw_err err = next_tag(r, &event);

	if (err != GW_OK)
		return err;
	if (event != GW_XP_START || !is(r, name))
		return refuse(r, why);
	return only_attr(r, attr);
}

/* The next tag ends the element we are in. */
static enum gw_err
close(struct reader *r, enum krr_why why)
{
	enum gw_xp_event event;
	enum gw_err err = next_tag(r, &event);

	if (err == GW_OK && event != GW_XP_END)
		err = refuse(r, why);
	return err;
}

/* The current element is empty and names this algorithm. */
static enum gw_err
is_algorithm(struct reader *r, const char *uri, enum krr_why why)
{
	const struct gw_xp_attr *at = gw_xp_attr(&r->x, "Algorithm");

	if (at == NULL || !gw_span_eq(at->value, gw_span_of(uri)))
		return refuse(r, why);
	return close(r, why);
}

static enum gw_err
algorithm(struct reader *r, const char *name, const char *uri, enum krr_why why)
{
	enum gw_err err = open(r, name, "Algorithm", why);

	return err == GW_OK ? is_algorithm(r, uri, why) : err;
}

/* Base64 may be broken into lines and indented. */
static bool
without_blanks(struct gw_arena *a, struct gw_span s, struct gw_span *out)
{
	uint8_t *to = gw_arena_bytes(a, s.len);
	size_t n = 0;

	if (to == NULL)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] > ' ')
			to[n++] = s.p[i];
	*out = (struct gw_span){ to, n };
	return true;
}

/* The octets that the current element holds as base64. */
static enum gw_err
read_octets(struct reader *r, struct gw_span *out, enum krr_why why)
{
	struct gw_span text = { NULL, 0 };
	enum gw_xp_event event;
	enum gw_err err;

	while ((err = next(r, &event)) == GW_OK && event == GW_XP_TEXT) {
		if (text.len != 0 || r->x.is_cdata)
			return refuse(r, why);
		text = gw_span_trim(r->x.text);
	}
	if (err != GW_OK)
		return err;
	if (event != GW_XP_END || text.len == 0)
		return refuse(r, why);
	/* Some writers end lines with &#13;. */
	struct gw_fault unheard;
	if (gw_xp_unescape(r->a, text, &text) != GW_OK ||
	    !without_blanks(r->a, text, &text))
		return krr_refuse(r->no, GW_ENOMEM, r->x.at, KRR_MEMORY);
	err = gw_b64_decode(r->a, text, out, &unheard);
	if (err == GW_ENOMEM)
		return krr_refuse(r->no, GW_ENOMEM, r->x.at, KRR_MEMORY);
	return err == GW_OK ? GW_OK : refuse(r, why);
}

static enum gw_err
value(struct reader *r, const char *name, size_t len)
{
	struct gw_span octets;
	enum gw_err err = open(r, name, "Id", KRR_FORM);

	if (err == GW_OK)
		err = read_octets(r, &octets, KRR_VALUE);
	if (err == GW_OK && octets.len != len)
		err = refuse(r, KRR_VALUE);
	return err;
}

/* Enveloped-signature and then, perhaps, C14N; where the Signature stands
 * beside the KRR, C14N alone will do. */
static enum gw_err
transforms(struct reader *r)
{
	bool is_beside = r->k->dialect->signed_root.len != 0;
	enum gw_err err = open(r, "Transforms", "", KRR_TRANSFORM);
	unsigned n = 0;

	while (err == GW_OK) {
		enum gw_xp_event event;
		if ((err = next_tag(r, &event)) != GW_OK)
			return err;
		if (event == GW_XP_END)
			break;
		if (n == TRANSFORMS_MAX || !is(r, "Transform") ||
		    (err = only_attr(r, "Algorithm")) != GW_OK)
			return refuse(r, KRR_TRANSFORM);
		const struct gw_xp_attr *at = gw_xp_attr(&r->x, "Algorithm");
		bool is_last =
		    at != NULL && gw_span_eq(at->value, GW_SPAN(KRR_DSIG_C14N));
		if (is_last && n == 0 && !is_beside)
			return refuse(r, KRR_TRANSFORM);
		err = is_algorithm(r,
		    is_last ? KRR_DSIG_C14N : KRR_DSIG_ENVELOPED,
		    KRR_TRANSFORM);
		n = is_last ? TRANSFORMS_MAX : n + 1;
		if (!is_last && n == TRANSFORMS_MAX)
			return refuse(r, KRR_TRANSFORM);
	}
	if (err == GW_OK && n == 0)
		err = refuse(r, KRR_TRANSFORM);
	return err;
}

/* The whole document, or the Id of the KRR that was read. */
static bool
is_reference(const struct krr *k, struct gw_span uri)
{
	if (uri.len == 0)
		return true;
	return k->id.len != 0 && uri.p[0] == '#' &&
	       gw_span_eq(gw_span_sub(uri, 1, uri.len), k->id);
}

static enum gw_err
reference(struct reader *r)
{
	enum gw_err err = open(r, "Reference", "URI", KRR_REFERENCES);

	if (err != GW_OK)
		return err;
	const struct gw_xp_attr *uri = gw_xp_attr(&r->x, "URI");
	if (uri == NULL || !is_reference(r->k, uri->value))
		return refuse(r, KRR_REFERENCE);
	err = transforms(r);
	if (err == GW_OK)
		err = algorithm(
		    r, "DigestMethod", KRR_DSIG_SHA256, KRR_DIGEST_METHOD);
	if (err == GW_OK)
		err = value(r, "DigestValue", KRR_DSIG_DIGEST_LEN);
	return err == GW_OK ? close(r, KRR_FORM) : err;
}

static enum gw_err
signed_info(struct reader *r)
{
	enum gw_err err = open(r, "SignedInfo", "Id", KRR_FORM);
	enum gw_xp_event event;

	if (err == GW_OK)
		err = next_tag(r, &event);
	if (err != GW_OK)
		return err;
	if (event == GW_XP_END)
		return refuse(r, KRR_REFERENCES);
	if (!is(r, "CanonicalizationMethod") ||
	    (err = only_attr(r, "Algorithm")) != GW_OK)
		return refuse(r, KRR_CANONICAL);
	err = is_algorithm(r, KRR_DSIG_C14N, KRR_CANONICAL);
	if (err == GW_OK)
		err = algorithm(
		    r, "SignatureMethod", KRR_DSIG_ECDSA, KRR_ALGORITHM);
	if (err == GW_OK)
		err = reference(r);
	return err == GW_OK ? close(r, KRR_REFERENCES) : err;
}

static enum gw_err
certificate(struct reader *r)
{
	struct gw_span der;
	enum gw_err err = only_attr(r, "");

	if (err == GW_OK)
		err = read_octets(r, &der, KRR_CERTIFICATE);
	if (err != GW_OK)
		return err;
	err = krr_certs_add(r->certs, der);
	if (err == GW_ELIMIT)
		return krr_refuse(r->no, GW_ELIMIT, r->x.at, KRR_CERTIFICATES);
	return err == GW_OK ? GW_OK : refuse(r, KRR_CERTIFICATE);
}

/* What names the certificate that is there anyway; passed over. */
static bool
is_hint(const struct reader *r)
{
	return is(r, "X509SubjectName") || is(r, "X509IssuerSerial") ||
	       is(r, "X509SKI");
}

static enum gw_err
skip(struct reader *r)
{
	unsigned depth = r->x.depth;
	enum gw_xp_event event = GW_XP_START;
	enum gw_err err = GW_OK;

	while (err == GW_OK && (event != GW_XP_END || r->x.depth > depth))
		err = next(r, &event);
	return err;
}

static enum gw_err
key_info(struct reader *r)
{
	enum gw_err err = open(r, "KeyInfo", "Id", KRR_KEY_INFO);

	if (err == GW_OK)
		err = open(r, "X509Data", "", KRR_KEY_INFO);
	while (err == GW_OK) {
		enum gw_xp_event event;
		if ((err = next_tag(r, &event)) != GW_OK)
			return err;
		if (event == GW_XP_END)
			break;
		if (is(r, "X509Certificate"))
			err = certificate(r);
		else if (is_hint(r))
			err = skip(r);
		else
			err = refuse(r, KRR_KEY_INFO);
	}
	if (err == GW_OK && r->certs->n == 0)
		err = refuse(r, KRR_KEY_INFO);
	return err == GW_OK ? close(r, KRR_KEY_INFO) : err;
}

/* To the start tag of the Signature. */
static enum gw_err
find(struct reader *r, size_t at)
{
	enum gw_xp_event event;
	enum gw_err err;

	do
		err = next(r, &event);
	while (err == GW_OK && event != GW_XP_EOF &&
	       (event != GW_XP_START || r->x.at != at));
	if (err == GW_OK && event == GW_XP_EOF)
		err = refuse(r, KRR_UNSIGNED);
	return err;
}

enum gw_err
krr_sig_read(struct gw_span doc, const struct krr *k, struct gw_arena *a,
    struct krr_certs *certs, struct krr_fault *no)
{
	struct reader r = { .k = k, .a = a, .certs = certs, .no = no };

	if (k->signature.len == 0)
		return krr_refuse(no, GW_EAUTH, 0, KRR_UNSIGNED);
	gw_xp_init(&r.x, doc);
	enum gw_err err = find(&r, (size_t)(k->signature.p - doc.p));
	if (err == GW_OK)
		err = only_attr(&r, "Id");
	if (err == GW_OK)
		err = signed_info(&r);
	if (err == GW_OK)
		err = value(&r, "SignatureValue", KRR_DSIG_VALUE_LEN);
	if (err == GW_OK)
		err = key_info(&r);
	return err == GW_OK ? close(&r, KRR_FORM) : err;
}
