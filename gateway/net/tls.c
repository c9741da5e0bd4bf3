/*
 * tls.c: SSL_read_ex and SSL_write_ex on a socket; the error queue is emptied
 * before each call, as it belongs to the thread and not to the connection.
 */
#include "net/tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net/sock.h"
#include "net/tls_identity.h"

/* Octets that are read at once from a service, which answers many questions
 * on one connection. */
#define ANSWERS_READ 65536

static void
note_peer(struct tls *t, X509 *leaf)
{
	struct tls_identity id;

	if (leaf == NULL)
		return;
	X509_NAME_oneline(
	    X509_get_subject_name(leaf), t->subject, sizeof(t->subject));
	if (tls_identity_read(leaf, &id) == GW_OK)
		tls_identity_text(&id, t->names, sizeof(t->names));
}

/* Keep the first refusal for the log; never turn it into consent. */
static void
note_refusal(struct tls *t, X509_STORE_CTX *x)
{
	if (t->verify_error != 0)
		return;
	t->verify_error = X509_STORE_CTX_get_error(x);
	t->verify_depth = X509_STORE_CTX_get_error_depth(x);
	note_peer(t, X509_STORE_CTX_get0_cert(x));
}

static int
on_verify(int ok, X509_STORE_CTX *x)
{
	SSL *ssl =
	    X509_STORE_CTX_get_ex_data(x, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *t = ssl == NULL ? NULL : SSL_get_app_data(ssl);

	if (ok != 1 && t != NULL)
		note_refusal(t, x);
	return ok;
}

/* OpenSSL's macro wants a name it could write to; it copies it. */
static bool
set_sni(SSL *ssl, const char *name)
{
	char copy[TLSEXT_MAXLEN_host_name + 1];
	size_t len = strlen(name);

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, name, len + 1);
	return SSL_set_tlsext_host_name(ssl, copy) == 1;
}

struct tls *
tls_new(const struct tls_ctx *ctx, int fd, bool server, const char *name)
{
	struct tls *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->server = server;
	t->ssl = SSL_new(server ? ctx->server : ctx->client);
	if (t->ssl == NULL || SSL_set_fd(t->ssl, fd) != 1 ||
	    SSL_set_app_data(t->ssl, t) != 1 ||
	    (!server && name != NULL && !set_sni(t->ssl, name))) {
		tls_free(t);
		ERR_clear_error();
		return NULL;
	}
	SSL_set_verify(t->ssl,
	    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, on_verify);
	if (server)
		SSL_set_accept_state(t->ssl);
	else
		SSL_set_connect_state(t->ssl);
	return t;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	SSL_free(t->ssl);
	free(t);
}

bool
tls_offer_http(struct tls *t)
{
	t->http = true;
	if (t->server)
		return true;
	/* An answer may end with its connection (RFC 9112, 6.3), so that an
	 * end without close_notify would cut it short unnoticed (9.8). */
	(void)SSL_clear_options(t->ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_set_default_read_buffer_len(t->ssl, ANSWERS_READ);
	return SSL_set_alpn_protos(t->ssl, tls_ctx_http_protos,
		   sizeof(tls_ctx_http_protos)) == 0;
}

static void
say_why(struct tls *t, int saved_errno)
{
	unsigned long e = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(e);
	char text[128];

	if (t->verify_error != 0)
		(void)snprintf(t->why, sizeof(t->why), "%s at depth %d",
		    X509_verify_cert_error_string(t->verify_error),
		    t->verify_depth);
	else if (reason != NULL)
		(void)snprintf(t->why, sizeof(t->why), "%s", reason);
	else if (saved_errno != 0)
		(void)snprintf(t->why, sizeof(t->why), "%s",
		    sock_error(saved_errno, text, sizeof(text)));
	else
		(void)snprintf(t->why, sizeof(t->why), "closed by the peer");
	ERR_clear_error();
}

static enum io_status
result(struct tls *t, int ret)
{
	int saved = errno;
	int e = SSL_get_error(t->ssl, ret);

	t->wants_write = e == SSL_ERROR_WANT_WRITE;
	switch (e) {
	case SSL_ERROR_NONE: return IO_OK;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE: return IO_AGAIN;
	case SSL_ERROR_ZERO_RETURN: return IO_EOF;
	default: say_why(t, e == SSL_ERROR_SYSCALL ? saved : 0);
	}
	return IO_BROKEN;
}

enum io_status
tls_handshake(struct tls *t)
{
	ERR_clear_error();
	errno = 0;
	enum io_status st = result(t, SSL_do_handshake(t->ssl));
	if (st == IO_EOF) {
		say_why(t, 0);
		return IO_BROKEN;
	}
	if (st == IO_OK)
		note_peer(t, tls_peer(t));
	return st;
}

enum io_status
tls_read(struct tls *t, uint8_t *p, size_t len, size_t *got)
{
	ERR_clear_error();
	errno = 0;
	return result(t, SSL_read_ex(t->ssl, p, len, got));
}

enum io_status
tls_write(struct tls *t, const uint8_t *p, size_t len, size_t *put)
{
	ERR_clear_error();
	errno = 0;
	enum io_status st = result(t, SSL_write_ex(t->ssl, p, len, put));
	return st == IO_EOF ? IO_BROKEN : st;
}

bool
tls_pending(const struct tls *t)
{
	return SSL_has_pending(t->ssl) == 1;
}

void
tls_close(struct tls *t)
{
	ERR_clear_error();
	if (SSL_is_init_finished(t->ssl))
		(void)SSL_shutdown(t->ssl);
	ERR_clear_error();
}

X509 *
tls_peer(const struct tls *t)
{
	return SSL_get0_peer_certificate(t->ssl);
}

struct gw_span
tls_alpn(const struct tls *t)
{
	const unsigned char *p = NULL;
	unsigned len = 0;

	SSL_get0_alpn_selected(t->ssl, &p, &len);
	return (struct gw_span){ p, len };
}

struct gw_span
tls_sni(const struct tls *t)
{
	return gw_span_of(
	    SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name));
}

const char *
tls_version(const struct tls *t)
{
	return SSL_get_version(t->ssl);
}

const char *
tls_suite(const struct tls *t)
{
	return SSL_get_cipher_name(t->ssl);
}

bool
tls_verify_again(struct tls *t, const struct tls_ctx *ctx)
{
	SSL_CTX *c = t->server ? ctx->server : ctx->client;
	X509_STORE_CTX *x = X509_STORE_CTX_new();
	X509 *leaf = tls_peer(t);
	bool good = false;

	t->verify_error = 0;
	ERR_clear_error();
	if (x != NULL && leaf != NULL &&
	    X509_STORE_CTX_init(x, SSL_CTX_get_cert_store(c), leaf,
		SSL_get_peer_cert_chain(t->ssl)) == 1 &&
	    X509_STORE_CTX_set_default(
		x, t->server ? "ssl_client" : "ssl_server") == 1) {
		good = X509_verify_cert(x) == 1;
		if (!good)
			note_refusal(t, x);
	}
	if (!good)
		say_why(t, 0);
	X509_STORE_CTX_free(x);
	return good;
}
