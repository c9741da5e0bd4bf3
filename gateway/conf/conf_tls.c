/*
 * conf_tls.c: certificates, keys, trust anchors and revocation lists, seen
 * with libcrypto alone.  What signs or verifies redirect responses is looked
 * at as if it stood in a tls element.
 */
#include "conf/conf_tls.h"

#include <stdio.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "conf/conf_addr.h"
#include "conf/conf_file.h"

#define PEM_FILE_MAX	((size_t)4 << 20)
#define SUBJECT_LEN	160
#define SECURITY_MIN	112 /* bits; OpenSSL's security level 2 */
#define DAY_S		86400
#define EXPIRES_SOON_S	(30 * DAY_S)
#define CRL_LAPSES_SOON DAY_S
#define CRLS_MAX	256 /* in one file */
#define HOSTS_MAX	253
#define GROUP_MAX	32 /* name of a curve */

/* One element under inspection. */
struct check {
	struct conf_reader *r;
	const struct conf_tls *t; /* what is not in the element is NULL */
	bool p256; /* is such a key demanded? */
	time_t now;
	STACK_OF(X509) * chain; /* our own first */
	STACK_OF(X509) * cas;
	EVP_PKEY *key;
};

/* Open a file as a memory BIO over *content (to be cleared by the caller). */
static BIO *
open_pem(struct check *k, const char *what, const char *path, bool secret,
    struct gw_buf *content)
{
	gw_buf_init(content, PEM_FILE_MAX);
	if (!(secret ? conf_file_secret(k->r, &k->t->at, what, path) :
		       conf_file_check(k->r, &k->t->at, what, path)))
		return NULL;
	if (!conf_file_read(path, content)) {
		CONF_ERROR(k->r, &k->t->at, FILE,
		    "%s \"%s\" cannot be read, or is larger than 4 MiB", what,
		    path);
		return NULL;
	}
	return BIO_new_mem_buf(content->p, (int)content->len);
}

/* Why reading stopped: the end of the file is none of our business. */
static bool
ended_well(void)
{
	unsigned long e = ERR_peek_last_error();
	bool well = e == 0 || (ERR_GET_LIB(e) == ERR_LIB_PEM &&
				  ERR_GET_REASON(e) == PEM_R_NO_START_LINE);
	ERR_clear_error();
	return well;
}

static bool
read_certs(struct check *k, const char *what, const char *path,
    STACK_OF(X509) * out, bool *there)
{
	struct gw_buf content;
	BIO *bio = open_pem(k, what, path, false, &content);
	X509 *cert;
	bool ok;

	*there = bio != NULL;
	ERR_clear_error();
	while (bio != NULL &&
	       (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		if (sk_X509_push(out, cert) == 0)
			X509_free(cert);
	ok = ended_well() && bio != NULL;
	BIO_free(bio);
	gw_buf_clear(&content);
	return ok && sk_X509_num(out) > 0;
}

static const char *
subject_of(const X509_NAME *name, char out[SUBJECT_LEN])
{
	BIO *bio = BIO_new(BIO_s_mem());
	int n = 0;

	if (bio != NULL &&
	    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
		n = BIO_read(bio, out, SUBJECT_LEN - 1);
	out[n > 0 ? n : 0] = '\0';
	BIO_free(bio);
	return out;
}

static void
time_text(const ASN1_TIME *t, char out[GW_TIME_TEXT_LEN])
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		snprintf(out, GW_TIME_TEXT_LEN, "an unreadable time");
	else
		snprintf(out, GW_TIME_TEXT_LEN,
		    "%04u-%02u-%02uT%02u:%02u:%02uZ",
		    (unsigned)(tm.tm_year + 1900) % 10000u,
		    (unsigned)(tm.tm_mon + 1) % 100u,
		    (unsigned)tm.tm_mday % 100u, (unsigned)tm.tm_hour % 100u,
		    (unsigned)tm.tm_min % 100u, (unsigned)tm.tm_sec % 100u);
}

/* Is t before now + ahead_s?  What cannot be read has passed. */
static bool
before(const struct check *k, const ASN1_TIME *t, long ahead_s)
{
	time_t limit = k->now + ahead_s;
	int cmp = ASN1_TIME_cmp_time_t(t, limit);

	return cmp == -2 || cmp < 0;
}

/* Validity of one certificate of our own chain. */
static void
check_dates(struct check *k, const X509 *cert)
{
	char name[SUBJECT_LEN], when[GW_TIME_TEXT_LEN];
	const ASN1_TIME *from = X509_get0_notBefore(cert);
	const ASN1_TIME *until = X509_get0_notAfter(cert);

	subject_of(X509_get_subject_name(cert), name);
	time_text(until, when);
	if (before(k, until, 0))
		CONF_ERROR(k->r, &k->t->at, CERTIFICATE_EXPIRED,
		    "certificate \"%s\": %s expired at %s", k->t->certificate,
		    name, when);
	else if (before(k, until, EXPIRES_SOON_S))
		CONF_WARN(k->r, &k->t->at, CERTIFICATE_EXPIRES,
		    "certificate \"%s\": %s expires at %s", k->t->certificate,
		    name, when);
	if (!before(k, from, 1)) {
		time_text(from, when);
		CONF_ERROR(k->r, &k->t->at, CERTIFICATE_EARLY,
		    "certificate \"%s\": %s is valid only from %s",
		    k->t->certificate, name, when);
	}
}

/* RFC 5922, 7.1: a URI "sip:host", without a user. */
static bool
has_uri_name(X509 *cert, const char *host)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	char want[sizeof("sip:") + HOSTS_MAX];
	bool found = false;

	snprintf(want, sizeof(want), "sip:%.*s", HOSTS_MAX, host);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);
		if (n->type != GEN_URI)
			continue;
		struct gw_span uri = { ASN1_STRING_get0_data(
					   n->d.uniformResourceIdentifier),
			(size_t)ASN1_STRING_length(
			    n->d.uniformResourceIdentifier) };
		found |= gw_span_ieq(uri, gw_span_of(want));
	}
	GENERAL_NAMES_free(names);
	return found;
}

static bool
has_name(X509 *cert, const char *host, unsigned flags)
{
	flags |= X509_CHECK_FLAG_NO_WILDCARDS;
	return has_uri_name(cert, host) ||
	       X509_check_host(cert, host, strlen(host), flags, NULL) == 1;
}

static void
check_name(struct check *k, X509 *cert, const char *shown, const char *id)
{
	struct gw_span host;
	uint16_t port;
	char text[HOSTS_MAX + 1];

	if (shown == NULL || !conf_addr_split(gw_span_of(shown), &host, &port))
		return;
	snprintf(text, sizeof(text), "%.*s", GW_FMT(host));
	if (has_name(cert, text, 0) || X509_check_ip_asc(cert, text, 0) == 1)
		return;
	CONF_WARN(k->r, &k->t->at, CERTIFICATE_NAME,
	    "certificate \"%s\" does not name \"%s\", which listener \"%s\" "
	    "advertises",
	    k->t->certificate, text, id == NULL ? "" : id);
}

static void
check_role(struct check *k, X509 *cert, uint8_t roles)
{
	static const struct {
		uint8_t role;
		int purpose;
		const char *name, *by;
	} rows[] = {
		{ CONF_ROLE_SERVER, X509_PURPOSE_SSL_SERVER, "server",
		    "listeners use" },
		{ CONF_ROLE_CLIENT, X509_PURPOSE_SSL_CLIENT, "client",
		    "next hops and endpoints use" },
	};

	for (size_t i = 0; i < GW_COUNT(rows); i++)
		if ((roles & rows[i].role) != 0 &&
		    X509_check_purpose(cert, rows[i].purpose, 0) != 1)
			CONF_WARN(k->r, &k->t->at, CERTIFICATE_ROLE,
			    "certificate \"%s\" may not be a TLS %s, which %s "
			    "it as",
			    k->t->certificate, rows[i].name, rows[i].by);
}

/* Read our certificates and look at their dates; our own, or NULL. */
static X509 *
check_chain(struct check *k)
{
	bool there;

	if (!read_certs(
		k, "certificate", k->t->certificate, k->chain, &there)) {
		if (there)
			CONF_ERROR(k->r, &k->t->at, CERTIFICATE,
			    "certificate \"%s\" is not PEM certificates",
			    k->t->certificate);
		return NULL;
	}
	for (int i = 0; i < sk_X509_num(k->chain); i++)
		check_dates(k, sk_X509_value(k->chain, i));
	return sk_X509_value(k->chain, 0);
}

static void
check_certificate(struct check *k, uint16_t index)
{
	X509 *leaf = check_chain(k);

	if (leaf == NULL)
		return;
	for (size_t i = 0; i < k->r->listener_ids.n; i++)
		if (k->r->listeners[i].tls == index)
			check_name(k, leaf, k->r->listeners[i].advertise,
			    k->r->listeners[i].id);
	for (size_t i = 0; i < k->r->n_https; i++)
		if (k->r->https[i].tls == index)
			check_name(k, leaf, k->r->https[i].authority,
			    k->r->https[i].id);
	check_role(k, leaf, k->r->tls_roles[index]);
}

/* Who verifies a signature asks for the right to sign, and for a name; the
 * common name does not count. */
static void
check_signer(struct check *k, X509 *cert, const char *host)
{
	/* All bits are set where there is no such extension. */
	if ((X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE) == 0)
		CONF_WARN(k->r, &k->t->at, CERTIFICATE_USAGE,
		    "certificate \"%s\" may not be used for signatures",
		    k->t->certificate);
	if (host != NULL &&
	    !has_name(cert, host, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
		CONF_WARN(k->r, &k->t->at, AUTHOR_NAME,
		    "certificate \"%s\" does not name \"%s\", the author's "
		    "host",
		    k->t->certificate, host);
}

static bool
is_p256(const EVP_PKEY *key)
{
	char group[GROUP_MAX];

	return EVP_PKEY_is_a(key, "EC") == 1 &&
	       EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
	       strcmp(group, SN_X9_62_prime256v1) == 0;
}

/* Asked only when the key is encrypted: say so, and give no passphrase. */
static int
note_encrypted(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing;
	*(bool *)arg = true;
	return -1;
}

static void
check_key(struct check *k)
{
	struct gw_buf content;
	BIO *bio = open_pem(k, "key", k->t->key, true, &content);
	bool encrypted = false;

	if (bio == NULL)
		goto out;
	k->key = PEM_read_bio_PrivateKey(bio, NULL, note_encrypted, &encrypted);
	if (encrypted)
		CONF_ERROR(k->r, &k->t->at, KEY_ENCRYPTED,
		    "key \"%s\" is encrypted", k->t->key);
	else if (k->key == NULL)
		CONF_ERROR(k->r, &k->t->at, KEY,
		    "key \"%s\" is not a private key in PEM", k->t->key);
	else if (k->p256 && !is_p256(k->key))
		CONF_ERROR(k->r, &k->t->at, KEY_CURVE,
		    "key \"%s\" is not on P-256", k->t->key);
	else if (EVP_PKEY_get_security_bits(k->key) < SECURITY_MIN)
		CONF_ERROR(k->r, &k->t->at, KEY_WEAK,
		    "key \"%s\" has %d bits of security", k->t->key,
		    EVP_PKEY_get_security_bits(k->key));
	X509 *leaf = sk_X509_value(k->chain, 0);
	if (k->key != NULL && leaf != NULL &&
	    X509_check_private_key(leaf, k->key) != 1)
		CONF_ERROR(k->r, &k->t->at, KEY_MISMATCH,
		    "key \"%s\" is not the key of certificate \"%s\"",
		    k->t->key, k->t->certificate);
out:
	BIO_free(bio);
	if (content.p != NULL)
		OPENSSL_cleanse(content.p, content.len);
	gw_buf_clear(&content);
}

static void
check_ca(struct check *k)
{
	char name[SUBJECT_LEN], when[GW_TIME_TEXT_LEN];
	bool there, found = false;

	bool read = read_certs(k, "ca", k->t->ca, k->cas, &there);
	if (!there)
		return;
	for (int i = 0; read && i < sk_X509_num(k->cas); i++) {
		X509 *ca = sk_X509_value(k->cas, i);
		const ASN1_TIME *until = X509_get0_notAfter(ca);
		if (X509_check_ca(ca) != 1)
			continue;
		found = true;
		if (!before(k, until, 0))
			continue;
		time_text(until, when);
		CONF_WARN(k->r, &k->t->at, CA_EXPIRED,
		    "ca \"%s\": %s expired at %s", k->t->ca,
		    subject_of(X509_get_subject_name(ca), name), when);
	}
	if (!found)
		CONF_ERROR(k->r, &k->t->at, CA,
		    read ? "ca \"%s\" has no CA certificate" :
			   "ca \"%s\" is not PEM certificates",
		    k->t->ca);
}

/* Is crl signed by this CA? */
static bool
is_crl_of(X509_CRL *crl, X509 *ca)
{
	EVP_PKEY *pub = X509_get0_pubkey(ca);

	return pub != NULL &&
	       X509_NAME_cmp(
		   X509_CRL_get_issuer(crl), X509_get_subject_name(ca)) == 0 &&
	       X509_CRL_verify(crl, pub) == 1;
}

static void
check_crl_dates(struct check *k, const X509_CRL *crl, const char *issuer)
{
	char when[GW_TIME_TEXT_LEN];
	const ASN1_TIME *from = X509_CRL_get0_lastUpdate(crl);
	const ASN1_TIME *until = X509_CRL_get0_nextUpdate(crl);

	if (!before(k, from, 1)) {
		time_text(from, when);
		CONF_ERROR(k->r, &k->t->at, CRL_EARLY,
		    "crl \"%s\" of %s is valid only from %s", k->t->crl, issuer,
		    when);
	}
	if (until == NULL) /* it never lapses */
		return;
	time_text(until, when);
	if (before(k, until, 0))
		CONF_ERROR(k->r, &k->t->at, CRL_LAPSED,
		    "crl \"%s\" of %s lapsed at %s", k->t->crl, issuer, when);
	else if (before(k, until, CRL_LAPSES_SOON))
		CONF_WARN(k->r, &k->t->at, CRL_EXPIRES,
		    "crl \"%s\" of %s lapses at %s", k->t->crl, issuer, when);
}

static void
check_crl(struct check *k, X509_CRL *crl, bool *covered)
{
	char issuer[SUBJECT_LEN];
	bool signed_by_one = false;

	subject_of(X509_CRL_get_issuer(crl), issuer);
	for (int i = 0; i < sk_X509_num(k->cas); i++)
		if (is_crl_of(crl, sk_X509_value(k->cas, i)))
			signed_by_one = covered[i] = true;
	if (!signed_by_one && sk_X509_num(k->cas) > 0)
		CONF_ERROR(k->r, &k->t->at, CRL_SIGNER,
		    "crl \"%s\" of %s is signed by none of the CAs", k->t->crl,
		    issuer);
	check_crl_dates(k, crl, issuer);
}

/* With a crl file, a CA without a list has its peers refused. */
static void
report_uncovered(struct check *k, const bool *covered)
{
	char name[SUBJECT_LEN];

	for (int i = 0; i < sk_X509_num(k->cas); i++) {
		X509 *ca = sk_X509_value(k->cas, i);
		if (!covered[i] && X509_check_ca(ca) == 1)
			CONF_WARN(k->r, &k->t->at, CRL_MISSING,
			    "crl \"%s\" has no list of %s", k->t->crl,
			    subject_of(X509_get_subject_name(ca), name));
	}
}

static void
check_crls(struct check *k)
{
	struct gw_buf content;
	BIO *bio = open_pem(k, "crl", k->t->crl, false, &content);
	bool *covered = conf_set_alloc(
	    k->r, (size_t)sk_X509_num(k->cas) + 1, sizeof(*covered));
	X509_CRL *crl;
	int n = 0;

	ERR_clear_error();
	while (bio != NULL && covered != NULL && n < CRLS_MAX &&
	       (crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL) {
		check_crl(k, crl, covered);
		X509_CRL_free(crl);
		n++;
	}
	bool well = ended_well();
	if (bio != NULL && (n == 0 || !well))
		CONF_ERROR(k->r, &k->t->at, CRL,
		    "crl \"%s\" is not revocation lists in PEM", k->t->crl);
	else if (n > 0)
		report_uncovered(k, covered);
	BIO_free(bio);
	gw_buf_clear(&content);
}

static bool
start(struct check *k)
{
	k->now = (time_t)(k->r->wall_us / 1000000);
	k->chain = sk_X509_new_null();
	k->cas = sk_X509_new_null();
	if (k->chain == NULL || k->cas == NULL)
		k->r->no_memory = true;
	return k->chain != NULL && k->cas != NULL;
}

static void
finish(struct check *k)
{
	sk_X509_pop_free(k->chain, X509_free);
	sk_X509_pop_free(k->cas, X509_free);
	EVP_PKEY_free(k->key);
	ERR_clear_error();
}

void
conf_tls_check(struct conf_reader *r, uint16_t index)
{
	struct check k = { .r = r, .t = &r->tls[index] };

	if (!start(&k))
		goto out;
	if (r->tls_roles[index] == 0)
		CONF_WARN(r, &k.t->at, TLS_UNUSED, "nothing uses tls \"%s\"",
		    k.t->id == NULL ? "" : k.t->id);
	check_certificate(&k, index);
	check_key(&k);
	check_ca(&k);
	if (k.t->crl != NULL)
		check_crls(&k);
out:
	finish(&k);
}

void
conf_tls_check_signer(struct conf_reader *r,
    const struct conf_redirect *redirect, const char *host)
{
	struct conf_tls t = { .certificate = redirect->certificate,
		.key = redirect->key,
		.at = redirect->at };
	struct check k = { .r = r, .t = &t, .p256 = true };

	if (!start(&k))
		goto out;
	X509 *leaf = check_chain(&k);
	if (leaf != NULL)
		check_signer(&k, leaf, host);
	check_key(&k);
out:
	finish(&k);
}

void
conf_tls_check_trust(struct conf_reader *r, const struct conf_krr *krr)
{
	struct conf_tls t = { .ca = krr->ca, .crl = krr->crl, .at = krr->at };
	struct check k = { .r = r, .t = &t };

	if (!start(&k))
		goto out;
	check_ca(&k);
	if (t.crl != NULL)
		check_crls(&k);
out:
	finish(&k);
}
