/*
 * tls.h: TLS on one non-blocking socket.
 *
 * Knows OpenSSL, not who may connect: the chain is verified here, the
 * identity by the caller.  Lives in one thread; never crosses to another.
 */
#ifndef TLS_H
#define TLS_H

#include "mcxgw/span.h"
#include "net/io_status.h"
#include "net/tls_ctx.h"

#define TLS_TEXT_MAX 400

struct ssl_st;
struct x509_st;

struct tls {
	struct ssl_st *ssl;
	bool server;
	bool http; /* ALPN chooses between h2 and http/1.1 */
	bool wants_write; /* the last call waits for room, not for octets */
	/* Why the chain of the peer was refused, and who it said it was. */
	int verify_error, verify_depth; /* 0: it was not refused */
	char subject[TLS_TEXT_MAX];
	char names[TLS_TEXT_MAX];
	char why[TLS_TEXT_MAX]; /* of IO_BROKEN */
};

/**
 * TLS over fd (borrowed) as server or client.  name: host name that a client
 * asks for (SNI), or NULL.  NULL: no memory.
 */
struct tls *
tls_new(const struct tls_ctx *ctx, int fd, bool server, const char *name);
void tls_free(struct tls *t);
/** Before the handshake: this connection carries HTTP, and ALPN (RFC 7301)
 * says which: h2 if both have it, else http/1.1; nothing in common ends the
 * handshake.  False: no memory. */
bool tls_offer_http(struct tls *t);

/* Of each: IO_AGAIN waits for octets, or for room if wants_write. */

/** IO_OK once; then the peer has shown a certificate that chains to a CA. */
enum io_status tls_handshake(struct tls *t);
enum io_status tls_read(struct tls *t, uint8_t *p, size_t len, size_t *got);
enum io_status
tls_write(struct tls *t, const uint8_t *p, size_t len, size_t *put);
/** Octets were read from the socket that tls_read() has not given yet. */
bool tls_pending(const struct tls *t);
/** Say goodbye if that is possible at once. */
void tls_close(struct tls *t);

/** The peer's certificate, borrowed; NULL before the handshake. */
struct x509_st *tls_peer(const struct tls *t);
/** What ALPN chose, and the host name that the client asked for; empty: no
 * such extension.  Borrowed. */
struct gw_span tls_alpn(const struct tls *t);
struct gw_span tls_sni(const struct tls *t);
/** "TLSv1.3" and the suite's name; static. */
const char *tls_version(const struct tls *t);
const char *tls_suite(const struct tls *t);

/** Does the chain that the peer has shown still hold under ctx?  If not, the
 * reason is in t. */
bool tls_verify_again(struct tls *t, const struct tls_ctx *ctx);

#endif
