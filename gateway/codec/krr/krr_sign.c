/*
 * krr_sign.c: SignedInfo is written twice, once canonically for the digest,
 * where it declares the namespaces that it has from around it.
 */
#include "codec/krr/krr_sign.h"

#include <stdlib.h>

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "codec/krr/krr_build.h"
#include "codec/krr/krr_c14n.h"
#include "codec/krr/krr_cert.h"
#include "codec/krr/krr_dsig.h"

#define FIELD_LEN  (KRR_DSIG_VALUE_LEN / 2)
#define DER_MAX	   80 /* ECDSA-Sig-Value on P-256: at most 72 */
#define INFO_MAX   4096 /* octets of SignedInfo */
#define INFO_ROOM  1024 /* so much at once: most need no more */
#define B64_LEN(n) (((n) + 2) / 3 * 4 + 1)

struct krr_signer {
	EVP_PKEY *key;
	EVP_PKEY_CTX *ready; /* copied for each signature */
	EVP_MD *sha256;
	struct gw_buf key_info; /* KeyInfo, and the end of the Signature */
};

static void
put_b64(struct gw_buf *b, struct gw_span s)
{
	uint8_t *to = gw_buf_room(b, B64_LEN(s.len));

	if (to != NULL)
		gw_buf_took(b, (size_t)EVP_EncodeBlock(to, s.p, (int)s.len));
}

static void
put_key_info(struct krr_signer *s, const struct krr_certs *certs)
{
	gw_buf_text(&s->key_info, "<KeyInfo><X509Data>");
	for (size_t i = 0; i < certs->n; i++) {
		uint8_t *der = NULL;
		int len = i2d_X509(certs->at[i], &der);
		gw_buf_text(&s->key_info, "<X509Certificate>");
		if (len > 0)
			put_b64(
			    &s->key_info, (struct gw_span){ der, (size_t)len });
		else
			s->key_info.bad = true;
		gw_buf_text(&s->key_info, "</X509Certificate>");
		OPENSSL_free(der);
	}
	gw_buf_text(&s->key_info, "</X509Data></KeyInfo></Signature>");
}

static int
no_password(char *buf, int size, int is_writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)is_writing;
	(void)arg;
	return -1;
}

static EVP_PKEY *
read_key(const char *path)
{
	BIO *bio = BIO_new_file(path, "r");
	EVP_PKEY *key =
	    bio == NULL ? NULL :
			  PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);

	BIO_free(bio);
	return key;
}

static enum gw_err
load_key(struct krr_signer *s, const struct krr_certs *certs, const char *path,
    struct gw_fault *fault)
{
	if ((s->key = read_key(path)) == NULL) {
		fault->why = "no private key to be read";
		return GW_EIO;
	}
	if (!krr_cert_is_p256(certs->at[0])) {
		fault->why = "the certificate's key is not on P-256";
		return GW_EMALFORMED;
	}
	if (X509_check_private_key(certs->at[0], s->key) != 1) {
		fault->why = "the key is not that of the certificate";
		return GW_EMALFORMED;
	}
	s->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	s->ready = EVP_PKEY_CTX_new_from_pkey(NULL, s->key, NULL);
	if (s->sha256 == NULL || s->ready == NULL ||
	    EVP_PKEY_sign_init(s->ready) != 1) {
		fault->why = "out of memory";
		return GW_ENOMEM;
	}
	return GW_OK;
}

enum gw_err
krr_signer_new(const char *certificate, const char *key,
    struct krr_signer **out, struct gw_fault *fault)
{
	struct krr_signer *s = calloc(1, sizeof(*s));
	struct krr_certs certs = { 0 };

	*fault = (struct gw_fault){ 0, "out of memory" };
	if (s == NULL)
		return GW_ENOMEM;
	gw_buf_init(&s->key_info,
	    KRR_DSIG_CERTS_MAX * (B64_LEN(KRR_DSIG_CERT_MAX) + 64) + 128);
	enum gw_err err = krr_certs_load(certificate, &certs, fault);
	if (err == GW_OK)
		err = load_key(s, &certs, key, fault);
	if (err == GW_OK) {
		put_key_info(s, &certs);
		err = gw_buf_ok(&s->key_info) ? GW_OK : GW_ENOMEM;
	}
	krr_certs_clear(&certs);
	ERR_clear_error();
	if (err == GW_OK)
		*out = s;
	else
		krr_signer_free(s);
	return err;
}

void
krr_signer_free(struct krr_signer *s)
{
	if (s == NULL)
		return;
	EVP_PKEY_CTX_free(s->ready);
	EVP_PKEY_free(s->key);
	EVP_MD_free(s->sha256);
	gw_buf_clear(&s->key_info);
	free(s);
}

static bool
put_digest(const struct krr_signer *s, struct gw_span octets, struct gw_buf *b)
{
	uint8_t digest[KRR_DSIG_DIGEST_LEN];

	if (EVP_Digest(octets.p, octets.len, digest, NULL, s->sha256, NULL) !=
	    1)
		return false;
	put_b64(b, (struct gw_span){ digest, sizeof(digest) });
	return true;
}

/* The digest of the KRR from octet `from` on, as it is without a signature. */
static enum gw_err
digest_krr(const struct krr_signer *s, const struct krr *k,
    struct gw_span octets, struct gw_buf *b, struct krr_fault *no)
{
	struct gw_buf canonical;

	if (k->embedded.len == 0)
		return put_digest(s, octets, b) ?
			   GW_OK :
			   krr_refuse(no, GW_EBUG, 0, KRR_KEY);
	gw_buf_init(&canonical, (size_t)KRR_OCTETS_MAX * 8);
	enum gw_err err = krr_c14n(octets, &canonical, &no->fault);
	if (err != GW_OK)
		no->why = KRR_XML;
	else if (!put_digest(s, gw_buf_span(&canonical), b))
		err = krr_refuse(no, GW_EBUG, 0, KRR_KEY);
	gw_buf_clear(&canonical);
	return err;
}

/* The attributes that SignedInfo has in its canonical form: it declares what
 * is in scope. */
static void
put_scope(const struct krr *k, struct gw_buf *b)
{
	gw_buf_text(b, " xmlns=\"" KRR_DSIG_NS "\"");
	if (k->prefix.len == 0)
		return;
	gw_buf_text(b, " xmlns:");
	gw_buf_add(b, k->prefix);
	gw_buf_text(b, "=\"");
	gw_buf_add(b, k->dialect->ns);
	gw_buf_text(b, "\"");
}

/* What stands in SignedInfo up to the digest's value. */
static void
put_signed_info(const struct krr *k, struct gw_buf *b)
{
	gw_buf_text(b,
	    "><CanonicalizationMethod Algorithm=\"" KRR_DSIG_C14N "\">"
	    "</CanonicalizationMethod>"
	    "<SignatureMethod Algorithm=\"" KRR_DSIG_ECDSA "\">"
	    "</SignatureMethod><Reference URI=\"");
	if (k->id.len != 0) {
		gw_buf_text(b, "#");
		gw_buf_add(b, k->id);
	}
	gw_buf_text(b, "\"><Transforms>");
	if (k->dialect->signed_root.len == 0)
		gw_buf_text(b,
		    "<Transform Algorithm=\"" KRR_DSIG_ENVELOPED "\">"
		    "</Transform>");
	gw_buf_text(b,
	    "<Transform Algorithm=\"" KRR_DSIG_C14N "\"></Transform>"
	    "</Transforms><DigestMethod Algorithm=\"" KRR_DSIG_SHA256 "\">"
	    "</DigestMethod><DigestValue>");
}

/* r and s as XML signatures have them: 32 octets each (RFC 4050, 3.3). */
static bool
split_der(const uint8_t *der, size_t len, uint8_t out[KRR_DSIG_VALUE_LEN])
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	bool good =
	    sig != NULL &&
	    BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, FIELD_LEN) == FIELD_LEN &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + FIELD_LEN, FIELD_LEN) ==
		FIELD_LEN;

	ECDSA_SIG_free(sig);
	return good;
}

static bool
put_value(
    const struct krr_signer *s, struct gw_span signed_info, struct gw_buf *b)
{
	uint8_t digest[KRR_DSIG_DIGEST_LEN], der[DER_MAX];
	uint8_t value[KRR_DSIG_VALUE_LEN];
	size_t len = sizeof(der);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_dup(s->ready);
	bool good =
	    ctx != NULL &&
	    EVP_Digest(signed_info.p, signed_info.len, digest, NULL, s->sha256,
		NULL) == 1 &&
	    EVP_PKEY_sign(ctx, der, &len, digest, sizeof(digest)) == 1 &&
	    split_der(der, len, value);

	EVP_PKEY_CTX_free(ctx);
	if (good)
		put_b64(b, (struct gw_span){ value, sizeof(value) });
	return good;
}

/* SignedInfo in its canonical form. */
struct info {
	struct gw_buf text;
	size_t scope_end; /* behind the declarations that it has from outside */
};

/* Write it for the KRR `octets`. */
static enum gw_err
build_info(const struct krr_signer *s, const struct krr *k,
    struct gw_span octets, struct info *info, struct krr_fault *no)
{
	struct gw_buf *b = &info->text;

	gw_buf_init(b, INFO_MAX);
	(void)gw_buf_room(b, INFO_ROOM);
	gw_buf_text(b, "<SignedInfo");
	put_scope(k, b);
	info->scope_end = b->len;
	put_signed_info(k, b);
	enum gw_err err = digest_krr(s, k, octets, b, no);
	gw_buf_text(b, "</DigestValue></Reference></SignedInfo>");
	if (err == GW_OK && !gw_buf_ok(b))
		err = krr_refuse(no, GW_ENOMEM, 0, KRR_MEMORY);
	return err;
}

static enum gw_err
put_signature(const struct krr_signer *s, const struct info *info,
    struct gw_buf *b, struct krr_fault *no)
{
	struct gw_span text = gw_buf_span(&info->text);

	gw_buf_text(b, "<Signature xmlns=\"" KRR_DSIG_NS "\"><SignedInfo");
	gw_buf_add(b, gw_span_sub(text, info->scope_end, text.len));
	gw_buf_text(b, "<SignatureValue>");
	if (!put_value(s, text, b))
		return krr_refuse(no, GW_EBUG, 0, KRR_KEY);
	gw_buf_text(b, "</SignatureValue>");
	gw_buf_add(b, gw_buf_span(&s->key_info));
	return GW_OK;
}

/* The Signature as the last child of the KRR. */
static enum gw_err
sign_inside(const struct krr_signer *s, const struct krr *k, struct gw_buf *out,
    struct krr_fault *no)
{
	size_t from = out->len;
	struct info info;
	enum gw_err err = krr_build_open(k, out, no);

	if (err != GW_OK)
		return err;
	size_t end = out->len;
	krr_build_close(k, out);
	if ((err = krr_build_done(out, from, no)) != GW_OK)
		return err;
	err = build_info(
	    s, k, gw_span_sub(gw_buf_span(out), from, out->len), &info, no);
	if (err == GW_OK) {
		out->len = end;
		err = put_signature(s, &info, out, no);
		krr_build_close(k, out);
	}
	gw_buf_clear(&info.text);
	return err;
}

/* The Signature beside the KRR, both in an element of the dialect. */
static enum gw_err
sign_beside(const struct krr_signer *s, const struct krr *k, struct gw_buf *out,
    struct krr_fault *no)
{
	struct info info;

	krr_build_root(k, k->dialect->signed_root, out);
	gw_buf_text(out, ">");
	size_t from = out->len;
	enum gw_err err = krr_build(k, out, no);
	if (err != GW_OK)
		return err;
	err = build_info(
	    s, k, gw_span_sub(gw_buf_span(out), from, out->len), &info, no);
	if (err == GW_OK)
		err = put_signature(s, &info, out, no);
	krr_build_end(k, k->dialect->signed_root, out);
	gw_buf_clear(&info.text);
	return err;
}

enum gw_err
krr_sign(const struct krr_signer *s, const struct krr *k, struct gw_buf *out,
    struct krr_fault *no)
{
	size_t from = out->len;
	enum gw_err err;

	if (k->id.len == 0 && k->dialect->id_attr.len != 0)
		return krr_refuse(no, GW_EMALFORMED, 0, KRR_ID);
	err = k->dialect->signed_root.len == 0 ? sign_inside(s, k, out, no) :
						 sign_beside(s, k, out, no);
	if (err == GW_OK)
		err = krr_build_done(out, from, no);
	if (err != GW_OK)
		out->len = from;
	return err;
}
