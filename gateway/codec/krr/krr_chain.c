/*
 * krr_chain.c: trust anchors, revocation lists and names, by libcrypto.
 */
#include "codec/krr/krr_chain.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "mcxgw/arena.h"

#define SECURITY_LEVEL 2 /* of keys and digests in the chain: 112 bits */
#define ARENA_CAP      (64u << 10)

struct krr_trust {
	X509_STORE *store;
	struct gw_arena *arena; /* of the names */
	size_t n_names;
	struct gw_span names[KRR_NAMES_MAX];
};

/* Did reading end at the end of the file, after n of them? */
static bool
ended_well(int n)
{
	bool well = n > 0 && ERR_GET_REASON(ERR_peek_last_error()) ==
				 PEM_R_NO_START_LINE;

	ERR_clear_error();
	return well;
}

static bool
read_anchors(X509_STORE *store, const char *path)
{
	BIO *bio = BIO_new_file(path, "r");
	bool good = bio != NULL;
	X509 *x = NULL;
	int n = 0;

	while (good && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		good = X509_STORE_add_cert(store, x) == 1;
		X509_free(x);
		n++;
	}
	BIO_free(bio);
	return ended_well(n) && good;
}

static bool
read_crls(X509_STORE *store, const char *path)
{
	BIO *bio = BIO_new_file(path, "r");
	bool good = bio != NULL;
	X509_CRL *c = NULL;
	int n = 0;

	while (good &&
	       (c = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL) {
		good = X509_STORE_add_crl(store, c) == 1;
		X509_CRL_free(c);
		n++;
	}
	BIO_free(bio);
	return ended_well(n) && good;
}

static enum gw_err
read_files(struct krr_trust *t, const struct krr_trust_source *src,
    struct gw_fault *fault)
{
	unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;

	if (!read_anchors(t->store, src->ca)) {
		fault->why = "no trust anchors to be read";
		return GW_EIO;
	}
	if (src->crl != NULL && !read_crls(t->store, src->crl)) {
		fault->why = "no revocation lists to be read";
		return GW_EIO;
	}
	if (src->crl != NULL)
		flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
	(void)X509_STORE_set_flags(t->store, flags);
	return GW_OK;
}

static enum gw_err
copy_names(struct krr_trust *t, const struct krr_trust_source *src,
    struct gw_fault *fault)
{
	if (src->n_names > KRR_NAMES_MAX) {
		fault->why = "more names than are compared";
		return GW_ELIMIT;
	}
	for (; t->n_names < src->n_names; t->n_names++)
		if (!gw_arena_copy(t->arena, src->names[t->n_names],
			&t->names[t->n_names]))
			return GW_ENOMEM;
	return GW_OK;
}

enum gw_err
krr_trust_new(const struct krr_trust_source *src, struct krr_trust **out,
    struct gw_fault *fault)
{
	struct krr_trust *t = calloc(1, sizeof(*t));
	enum gw_err err = GW_ENOMEM;

	*fault = (struct gw_fault){ 0, "out of memory" };
	if (t != NULL && (t->store = X509_STORE_new()) != NULL &&
	    (t->arena = gw_arena_new(ARENA_CAP)) != NULL)
		err = read_files(t, src, fault);
	if (err == GW_OK)
		err = copy_names(t, src, fault);
	if (err == GW_OK)
		*out = t;
	else
		krr_trust_free(t);
	return err;
}

void
krr_trust_free(struct krr_trust *t)
{
	if (t == NULL)
		return;
	X509_STORE_free(t->store);
	gw_arena_free(t->arena);
	free(t);
}

static enum krr_why
why_of(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED: return KRR_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID: return KRR_EARLY;
	case X509_V_ERR_CERT_REVOKED: return KRR_REVOKED;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_HAS_EXPIRED: return KRR_REVOCATION;
	case X509_V_ERR_OUT_OF_MEM: return KRR_MEMORY;
	default: return KRR_UNTRUSTED;
	}
}

/* The first as the author's, the others as what may stand above it. */
static enum krr_why
verify(X509_STORE_CTX *ctx, X509_STORE *store, const struct krr_certs *certs,
    STACK_OF(X509) * above, int64_t wall_us)
{
	if (X509_STORE_CTX_init(ctx, store, certs->at[0], above) != 1)
		return KRR_MEMORY;
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)(wall_us / 1000000));
	X509_VERIFY_PARAM_set_depth(param, KRR_DSIG_CERTS_MAX);
	X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
	return X509_verify_cert(ctx) == 1 ?
		   KRR_NONE :
		   why_of(X509_STORE_CTX_get_error(ctx));
}

static enum krr_why
check_chain(X509_STORE *store, const struct krr_certs *certs, int64_t wall_us)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *above = sk_X509_new_null();
	enum krr_why why = KRR_MEMORY;
	bool good = ctx != NULL && above != NULL;

	for (size_t i = 1; good && i < certs->n; i++)
		good = sk_X509_push(above, certs->at[i]) > 0;
	if (good)
		why = verify(ctx, store, certs, above, wall_us);
	X509_STORE_CTX_free(ctx);
	sk_X509_free(above);
	ERR_clear_error();
	return why;
}

enum krr_why
krr_chain_check(const struct krr_trust *t, const struct krr_certs *certs,
    int64_t wall_us, struct gw_span *name)
{
	X509 *author = certs->at[0];

	if (!krr_cert_is_p256(author))
		return KRR_KEY_TYPE;
	/* All bits are set where there is no such extension. */
	if ((X509_get_key_usage(author) & KU_DIGITAL_SIGNATURE) == 0)
		return KRR_USAGE;
	enum krr_why why = check_chain(t->store, certs, wall_us);
	if (why != KRR_NONE)
		return why;
	size_t at = krr_cert_find_name(author, t->names, t->n_names);
	if (at == t->n_names)
		return KRR_NAME;
	*name = t->names[at];
	return KRR_NONE;
}
