/*
 * krr_verify.c: the one file that has xmlsec verify something.
 */
#include "codec/krr/krr_verify.h"

#include <libxml/parser.h>
#include <xmlsec/xmlsec.h>

#include <openssl/err.h>
#include <xmlsec/buffer.h>
#include <xmlsec/list.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/xmldsig.h>

#include "codec/krr/krr_chain.h"
#include "codec/krr/krr_read.h"
#include "codec/krr/krr_sig.h"

/* Never NOENT, DTDLOAD, DTDATTR, DTDVALID, XINCLUDE, HUGE or RECOVER. */
#define OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)

/* One verification. */
struct check {
	const struct krr_dialects *set;
	struct gw_span doc;
	const struct krr *krr; /* as it was read */
	X509 *author;
	struct gw_arena *a;
	struct krr *out;
	struct krr_fault *no;
};

static enum gw_err
refuse(struct check *c, enum krr_why why)
{
	return krr_refuse(
	    c->no, GW_EAUTH, (size_t)(c->krr->signature.p - c->doc.p), why);
}

static bool
is_named(const xmlNode *n, struct gw_span name, struct gw_span ns)
{
	return n->type == XML_ELEMENT_NODE && n->ns != NULL &&
	       gw_span_eq(gw_span_of((const char *)n->name), name) &&
	       gw_span_eq(gw_span_of((const char *)n->ns->href), ns);
}

/* The one child of that name, or NULL. */
static xmlNode *
only_child(const xmlNode *parent, struct gw_span name, struct gw_span ns)
{
	xmlNode *found = NULL;

	for (xmlNode *n = parent->children; n != NULL; n = n->next) {
		if (!is_named(n, name, ns))
			continue;
		if (found != NULL)
			return NULL;
		found = n;
	}
	return found;
}

/* The KRR's element: the root, or in a signed root. */
static xmlNode *
find_krr(const struct check *c, xmlNode *root)
{
	const struct krr_dialect *d = c->krr->dialect;

	if (is_named(root, d->root, d->ns))
		return root;
	return only_child(root, d->root, d->ns);
}

/* Only the Id that the reference may mean is one to libxml2. */
static bool
set_id(const struct check *c, xmlDoc *doc, xmlNode *krr)
{
	struct gw_span name = c->krr->dialect->id_attr;

	if (c->krr->id.len == 0)
		return true;
	for (xmlAttr *a = krr->properties; a != NULL; a = a->next) {
		if (a->ns != NULL ||
		    !gw_span_eq(gw_span_of((const char *)a->name), name))
			continue;
		xmlChar *value = xmlNodeListGetString(doc, a->children, 1);
		bool good =
		    value != NULL && xmlAddID(NULL, doc, value, a) != NULL;
		xmlFree(value);
		return good;
	}
	return false;
}

/* A second fence: krr_sig.c has refused all else already. */
static bool
limit(xmlSecDSigCtx *ctx)
{
	ctx->enabledReferenceUris =
	    xmlSecTransformUriTypeEmpty | xmlSecTransformUriTypeSameDocument;
	ctx->flags |= XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES;
	return xmlSecDSigCtxEnableReferenceTransform(
		   ctx, xmlSecTransformEnvelopedId) >= 0 &&
	       xmlSecDSigCtxEnableReferenceTransform(
		   ctx, xmlSecTransformInclC14NId) >= 0 &&
	       xmlSecDSigCtxEnableReferenceTransform(
		   ctx, xmlSecOpenSSLTransformSha256Id) >= 0 &&
	       xmlSecDSigCtxEnableSignatureTransform(
		   ctx, xmlSecTransformInclC14NId) >= 0 &&
	       xmlSecDSigCtxEnableSignatureTransform(
		   ctx, xmlSecOpenSSLTransformEcdsaSha256Id) >= 0;
}

/* The author's key and no other: KeyInfo is not looked at. */
static bool
set_key(xmlSecDSigCtx *ctx, X509 *author)
{
	EVP_PKEY *key = X509_get_pubkey(author);
	xmlSecKeyData *data =
	    key == NULL ? NULL : xmlSecOpenSSLEvpKeyAdopt(key);

	if (data == NULL) {
		EVP_PKEY_free(key);
		return false;
	}
	ctx->signKey = xmlSecKeyCreate();
	if (ctx->signKey == NULL || xmlSecKeySetValue(ctx->signKey, data) < 0) {
		xmlSecKeyDataDestroy(data);
		return false;
	}
	return true;
}

/* Are they the same KRR, in all that is used? */
static bool
is_same(const struct krr *a, const struct krr *b)
{
	bool same = a->dialect == b->dialect && gw_span_eq(a->id, b->id) &&
		    gw_span_eq(a->author, b->author) &&
		    gw_span_eq(a->time, b->time) &&
		    gw_span_eq(a->initiator, b->initiator) &&
		    gw_span_eq(a->initiator_domain, b->initiator_domain) &&
		    gw_span_eq(a->receiver, b->receiver) &&
		    gw_span_eq(a->refused, b->refused) &&
		    a->n_domains == b->n_domains && a->nested == b->nested;

	for (size_t i = 0; same && i < a->n_domains; i++)
		same = gw_span_eq(a->domains[i], b->domains[i]);
	return same;
}

/* Read the octets that went into the digest. */
static enum gw_err
read_signed(struct check *c, xmlSecDSigReferenceCtx *ref)
{
	xmlSecBuffer *buf = xmlSecDSigReferenceCtxGetPreDigestBuffer(ref);
	struct krr_fault unheard;
	struct gw_span octets;

	if (buf == NULL)
		return refuse(c, KRR_COVERAGE);
	octets = (struct gw_span){ xmlSecBufferGetData(buf),
		xmlSecBufferGetSize(buf) };
	if (!gw_arena_copy(c->a, octets, &octets))
		return krr_refuse(c->no, GW_ENOMEM, 0, KRR_MEMORY);
	if (krr_read(octets, c->set, c->a, c->out, &unheard) != GW_OK ||
	    c->out->signature.len != 0 || !is_same(c->out, c->krr))
		return refuse(c, KRR_COVERAGE);
	return GW_OK;
}

static enum gw_err
judge(struct check *c, xmlSecDSigCtx *ctx)
{
	xmlSecPtrList *refs = &ctx->signedInfoReferences;

	if (xmlSecPtrListGetSize(refs) != 1)
		return refuse(c, KRR_REFERENCES);
	xmlSecDSigReferenceCtx *ref = xmlSecPtrListGetItem(refs, 0);
	if (ref->status != xmlSecDSigStatusSucceeded)
		return refuse(c, KRR_DIGEST);
	if (ctx->status != xmlSecDSigStatusSucceeded)
		return refuse(c, KRR_SIGNATURE);
	return read_signed(c, ref);
}

static enum gw_err
compute(struct check *c, xmlDoc *doc)
{
	xmlNode *root = xmlDocGetRootElement(doc);
	xmlNode *krr = root == NULL ? NULL : find_krr(c, root);
	xmlNode *signature =
	    krr == NULL ?
		NULL :
		only_child(root, GW_SPAN("Signature"), GW_SPAN(KRR_DSIG_NS));
	enum gw_err err;

	if (signature == NULL)
		return refuse(c, KRR_PLACE);
	if (!set_id(c, doc, krr))
		return refuse(c, KRR_DUPLICATE_ID);
	xmlSecDSigCtx *ctx = xmlSecDSigCtxCreate(NULL);
	if (ctx == NULL)
		return krr_refuse(c->no, GW_ENOMEM, 0, KRR_MEMORY);
	/* 0 alone says only that it was computed: judge() asks for the
	 * status. */
	if (!limit(ctx) || !set_key(ctx, c->author) ||
	    xmlSecDSigCtxVerify(ctx, signature) < 0)
		err = refuse(c, KRR_LIBRARY);
	else
		err = judge(c, ctx);
	xmlSecDSigCtxDestroy(ctx);
	ERR_clear_error();
	return err;
}

static enum gw_err
parse_and_compute(struct check *c)
{
	xmlDoc *doc = xmlReadMemory(
	    (const char *)c->doc.p, (int)c->doc.len, NULL, "UTF-8", OPTIONS);
	enum gw_err err;

	if (doc == NULL)
		return refuse(c, KRR_LIBRARY);
	err = compute(c, doc);
	xmlFreeDoc(doc);
	return err;
}

enum gw_err
krr_verify(const struct krr_trust *t, const struct krr_dialects *set,
    struct gw_span doc, int64_t wall_us, struct gw_arena *a,
    struct krr_verified *out, struct krr_fault *no)
{
	struct krr_certs certs = { 0 };
	struct krr k;
	struct check c = { .set = set,
		.doc = doc,
		.krr = &k,
		.a = a,
		.out = &out->krr,
		.no = no };
	enum gw_err err = krr_read(doc, set, a, &k, no);

	if (err == GW_OK)
		err = krr_sig_read(doc, &k, a, &certs, no);
	if (err == GW_OK) {
		enum krr_why why =
		    krr_chain_check(t, &certs, wall_us, &out->name);
		if (why != KRR_NONE)
			err = refuse(&c, why);
	}
	if (err == GW_OK) {
		c.author = certs.at[0];
		err = parse_and_compute(&c);
	}
	krr_certs_clear(&certs);
	return err;
}
