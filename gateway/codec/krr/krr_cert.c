/*
 * krr_cert.c: see krr_cert.h.
 */
#include "codec/krr/krr_cert.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define GROUP_NAME_MAX 32

static bool
is_small(X509 *x)
{
	int len = i2d_X509(x, NULL);

	return len > 0 && len <= KRR_DSIG_CERT_MAX;
}

static enum gw_err
read_pem(BIO *bio, struct krr_certs *out, struct gw_fault *fault)
{
	X509 *x;

	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (out->n == KRR_DSIG_CERTS_MAX || !is_small(x)) {
			X509_free(x);
			fault->why = "more certificates, or larger ones, than "
				     "a reader takes";
			return GW_ELIMIT;
		}
		out->at[out->n++] = x;
	}
	if (out->n == 0 ||
	    ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
		fault->why = "no certificate to be read";
		return GW_EIO;
	}
	return GW_OK;
}

enum gw_err
krr_certs_load(const char *path, struct krr_certs *out, struct gw_fault *fault)
{
	BIO *bio = BIO_new_file(path, "r");
	enum gw_err err = GW_EIO;

	if (bio == NULL)
		fault->why = "no certificate file to be read";
	else
		err = read_pem(bio, out, fault);
	BIO_free(bio);
	ERR_clear_error();
	return err;
}

enum gw_err
krr_certs_add(struct krr_certs *certs, struct gw_span der)
{
	const uint8_t *p = der.p;

	if (certs->n == KRR_DSIG_CERTS_MAX || der.len > KRR_DSIG_CERT_MAX)
		return GW_ELIMIT;
	X509 *x = d2i_X509(NULL, &p, (long)der.len);
	ERR_clear_error();
	if (x == NULL || p != der.p + der.len) {
		X509_free(x);
		return GW_EMALFORMED;
	}
	certs->at[certs->n++] = x;
	return GW_OK;
}

void
krr_certs_clear(struct krr_certs *certs)
{
	for (size_t i = 0; i < certs->n; i++)
		X509_free(certs->at[i]);
	certs->n = 0;
}

bool
krr_cert_is_p256(X509 *x)
{
	char group[GROUP_NAME_MAX];
	EVP_PKEY *key = X509_get0_pubkey(x);

	return key != NULL && EVP_PKEY_is_a(key, "EC") == 1 &&
	       EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
	       strcmp(group, SN_X9_62_prime256v1) == 0;
}

static struct gw_span
octets(const ASN1_STRING *s)
{
	int len = ASN1_STRING_length(s);

	return (struct gw_span){ ASN1_STRING_get0_data(s),
		len < 0 ? 0 : (size_t)len };
}

/* The host that a name of the certificate stands for, or empty. */
static struct gw_span
host_of(const GENERAL_NAME *g)
{
	static const struct gw_span scheme = GW_LIT("sip:");
	struct gw_span none = { NULL, 0 };

	if (g->type == GEN_DNS)
		return octets(g->d.dNSName);
	if (g->type != GEN_URI)
		return none;
	struct gw_span uri = octets(g->d.uniformResourceIdentifier);
	if (!gw_span_istarts(uri, scheme))
		return none;
	/* One with a user, a port or parameters equals no host. */
	return gw_span_sub(uri, scheme.len, uri.len);
}

size_t
krr_cert_find_name(const X509 *x, const struct gw_span *names, size_t n)
{
	GENERAL_NAMES *list =
	    X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	size_t found = n;

	for (int i = 0; found == n && i < sk_GENERAL_NAME_num(list); i++) {
		struct gw_span host = host_of(sk_GENERAL_NAME_value(list, i));
		for (size_t k = 0; found == n && k < n; k++)
			if (host.len != 0 && gw_span_ieq(host, names[k]))
				found = k;
	}
	GENERAL_NAMES_free(list);
	return found;
}
