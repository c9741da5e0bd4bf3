/*
 * tls_ctx.c: each file is read once; its octets are digested and parsed, so
 * that what is compared at the next load is what was used.  What the
 * certificates say (validity, roles) conf has looked at; here they must serve.
 */
#include "net/tls_ctx.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "mcxgw/buf.h"
#include "net/tls.h"

#define FILE_CAP    (32u << 20) /* CRLs of large CAs reach some MiB */
#define CHAIN_MAX   8
#define ANCHORS_MAX 1024
#define CRLS_MAX    1024
#define DAY_US	    ((int64_t)86400 * 1000000)

/* All are AEAD with forward secrecy. */
#define SUITES_12                                                              \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"           \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"           \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define SUITES_13                                                              \
	"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"                       \
	"TLS_CHACHA20_POLY1305_SHA256"

const unsigned char tls_ctx_http_protos[12] = "\x02h2\x08http/1.1";

/* One load: where to report, and what both contexts get. */
struct load {
	const struct conf_tls *conf;
	struct gw_diag *d;
	bool failed;
	STACK_OF(X509) * chain, *anchors;
	STACK_OF(X509_CRL) * crls;
	EVP_PKEY *key;
};

static void
refuse(struct load *l, const char *code, const char *want, const char *file,
    const char *what)
{
	const char *lib = ERR_reason_error_string(ERR_peek_last_error());

	gw_diag_error(l->d, &l->conf->at, code, want, "%s: %s%s%s", file, what,
	    lib == NULL ? "" : ": ", lib == NULL ? "" : lib);
	ERR_clear_error();
	l->failed = true;
}

/* The octets of a regular file of sane size, appended to out. */
static bool
slurp(struct load *l, const char *file, struct gw_buf *out)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t n = 1;

	ERR_clear_error();
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		refuse(l, "tls.file",
		    "a PEM file that the gateway's user may read", file,
		    fd < 0 ? "cannot be opened" : "is not a file");
		if (fd >= 0)
			(void)close(fd);
		return false;
	}
	while (n > 0) {
		uint8_t *room = gw_buf_room(out, 65536);
		n = room == NULL ? -1 : read(fd, room, 65536);
		if (n > 0)
			gw_buf_took(out, (size_t)n);
	}
	(void)close(fd);
	if (n < 0)
		refuse(l, "tls.file", "a PEM file of at most 32 MiB", file,
		    "cannot be read");
	return n == 0;
}

/* Keys with a pass phrase are refused: nobody is there to type it. */
static int
no_password(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return -1;
}

static BIO *
bio_of(const struct gw_buf *text)
{
	return BIO_new_mem_buf(text->p, (int)text->len);
}

static void
read_certs(struct load *l, const char *file, struct gw_buf *text, int max,
    STACK_OF(X509) * into, const char *want)
{
	BIO *bio = bio_of(text);
	X509 *x;

	while (bio != NULL && sk_X509_num(into) < max &&
	       (x = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL)
		if (sk_X509_push(into, x) == 0) {
			X509_free(x);
			break;
		}
	/* The end of the file is an error of its own to OpenSSL. */
	if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE &&
	    sk_X509_num(into) > 0)
		ERR_clear_error();
	else
		refuse(l, "tls.pem", want, file, "no certificates to be read");
	BIO_free(bio);
}

static void
load_own(struct load *l)
{
	struct gw_buf text;
	BIO *bio;

	gw_buf_init(&text, FILE_CAP);
	if (slurp(l, l->conf->certificate, &text))
		read_certs(l, l->conf->certificate, &text, CHAIN_MAX, l->chain,
		    "the gateway's certificate, then its chain, in PEM");
	gw_buf_reset(&text);
	if (slurp(l, l->conf->key, &text) && (bio = bio_of(&text)) != NULL) {
		l->key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
		if (l->key == NULL)
			refuse(l, "tls.key",
			    "an unencrypted private key in PEM", l->conf->key,
			    "no private key to be read");
		BIO_free(bio);
	}
	if (text.p != NULL)
		OPENSSL_cleanse(text.p, text.size);
	gw_buf_clear(&text);
	if (sk_X509_num(l->chain) == 0)
		return;
	if (l->key != NULL &&
	    X509_check_private_key(sk_X509_value(l->chain, 0), l->key) != 1)
		refuse(l, "tls.key-mismatch",
		    "the private key of the certificate", l->conf->key,
		    "does not belong to the certificate");
}

static void
read_crls(struct load *l, struct gw_buf *text)
{
	BIO *bio = bio_of(text);
	X509_CRL *c;

	while (
	    bio != NULL && sk_X509_CRL_num(l->crls) < CRLS_MAX &&
	    (c = PEM_read_bio_X509_CRL(bio, NULL, no_password, NULL)) != NULL)
		if (sk_X509_CRL_push(l->crls, c) == 0) {
			X509_CRL_free(c);
			break;
		}
	if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE &&
	    sk_X509_CRL_num(l->crls) > 0)
		ERR_clear_error();
	else
		refuse(l, "tls.crl", "certificate revocation lists in PEM",
		    l->conf->crl, "no CRL to be read");
	BIO_free(bio);
}

static void
load_trust(struct load *l, uint8_t digest[TLS_CTX_DIGEST_LEN])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct gw_buf text;

	gw_buf_init(&text, FILE_CAP);
	if (slurp(l, l->conf->ca, &text))
		read_certs(l, l->conf->ca, &text, ANCHORS_MAX, l->anchors,
		    "the certificates of the CAs that peers may have");
	if (md == NULL || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(md, text.p, text.len) != 1)
		l->failed = true;
	gw_buf_reset(&text);
	if (l->conf->crl != NULL && slurp(l, l->conf->crl, &text))
		read_crls(l, &text);
	if (md == NULL || EVP_DigestUpdate(md, text.p, text.len) != 1 ||
	    EVP_DigestFinal_ex(md, digest, NULL) != 1)
		l->failed = true;
	gw_buf_clear(&text);
	EVP_MD_CTX_free(md);
}

/* 1 if everything was taken. */
static int
put_trust(const struct load *l, SSL_CTX *ctx)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	int ok = 1;

	for (int i = 0; ok == 1 && i < sk_X509_num(l->anchors); i++) {
		X509 *x = sk_X509_value(l->anchors, i);
		/* What OpenSSL keeps of a certificate is worked out now,
		 * not at its first use by some worker. */
		(void)X509_check_purpose(x, -1, 0);
		ok = X509_STORE_add_cert(store, x) == 1 &&
		     SSL_CTX_add_client_CA(ctx, x) == 1;
	}
	for (int i = 0; ok == 1 && i < sk_X509_CRL_num(l->crls); i++)
		ok = X509_STORE_add_crl(store, sk_X509_CRL_value(l->crls, i));
	if (l->conf->crl != NULL)
		(void)X509_STORE_set_flags(
		    store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	return ok;
}

static int
put_own(const struct load *l, SSL_CTX *ctx)
{
	int ok =
	    SSL_CTX_use_certificate(ctx, sk_X509_value(l->chain, 0)) == 1 &&
	    SSL_CTX_use_PrivateKey(ctx, l->key) == 1;

	for (int i = 1; ok == 1 && i < sk_X509_num(l->chain); i++)
		ok = SSL_CTX_add1_chain_cert(ctx, sk_X509_value(l->chain, i)) ==
		     1;
	return ok;
}

/* Only connections of HTTP choose; to others the extension is unknown, as a
 * context may serve both. */
static int
choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *len,
    const unsigned char *in, unsigned in_len, void *arg)
{
	const struct tls *t = SSL_get_app_data(ssl);
	unsigned char *chosen = NULL;

	(void)arg;
	if (t == NULL || !t->http)
		return SSL_TLSEXT_ERR_NOACK;
	if (SSL_select_next_proto(&chosen, len, tls_ctx_http_protos,
		sizeof(tls_ctx_http_protos), in,
		in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static void
put_modes(SSL_CTX *ctx)
{
	(void)SSL_CTX_set_options(
	    ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
		     SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE |
		     /* SIP delimits its messages: an end without close_notify
		 * cannot cut one short unnoticed. */
		     SSL_OP_IGNORE_UNEXPECTED_EOF);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
					SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					SSL_MODE_ENABLE_PARTIAL_WRITE);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_verify_depth(ctx, CHAIN_MAX);
	SSL_CTX_set_default_passwd_cb(ctx, no_password);
	SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
}

static SSL_CTX *
context_new(struct load *l, const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);
	int least = l->conf->tls13_only ? TLS1_3_VERSION : TLS1_2_VERSION;

	if (ctx != NULL && SSL_CTX_set_min_proto_version(ctx, least) == 1 &&
	    SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1 &&
	    SSL_CTX_set_cipher_list(ctx, SUITES_12) == 1 &&
	    SSL_CTX_set_ciphersuites(ctx, SUITES_13) == 1 && put_own(l, ctx) &&
	    put_trust(l, ctx) == 1) {
		put_modes(ctx);
		return ctx;
	}
	refuse(l, "tls.context", "a key and suites that OpenSSL accepts",
	    l->conf->certificate, "TLS cannot use it");
	SSL_CTX_free(ctx);
	return NULL;
}

static int64_t
end_of(X509 *x, struct gw_now now)
{
	ASN1_TIME *at = ASN1_TIME_set(NULL, (time_t)(now.wall_us / 1000000));
	int days = 0, seconds = 0;

	if (at != NULL)
		(void)ASN1_TIME_diff(
		    &days, &seconds, at, X509_get0_notAfter(x));
	ASN1_TIME_free(at);
	return now.wall_us + days * DAY_US + (int64_t)seconds * 1000000;
}

bool
tls_ctx_load(const struct conf_tls *t, struct gw_now now, struct gw_diag *d,
    struct tls_ctx *out)
{
	struct load l = { t, d, false, sk_X509_new_null(), sk_X509_new_null(),
		sk_X509_CRL_new_null(), NULL };

	*out = (struct tls_ctx){ 0 };
	if (l.chain == NULL || l.anchors == NULL || l.crls == NULL) {
		refuse(&l, "tls.context", "more memory", t->id, "no memory");
	} else {
		load_own(&l);
		load_trust(&l, out->trust);
	}
	if (!l.failed) {
		out->server = context_new(&l, TLS_server_method());
		out->client = context_new(&l, TLS_client_method());
		out->expires_us = end_of(sk_X509_value(l.chain, 0), now);
	}
	sk_X509_pop_free(l.chain, X509_free);
	sk_X509_pop_free(l.anchors, X509_free);
	sk_X509_CRL_pop_free(l.crls, X509_CRL_free);
	EVP_PKEY_free(l.key);
	if (out->server != NULL && out->client != NULL)
		return true;
	tls_ctx_clear(out);
	return false;
}

void
tls_ctx_clear(struct tls_ctx *c)
{
	SSL_CTX_free(c->server);
	SSL_CTX_free(c->client);
	*c = (struct tls_ctx){ 0 };
}
