/*
 * thttpd.c: see thttpd.h.
 */
#include "support/thttpd.h"

#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include "net/sock.h"

#define WRITE_MAX (1u << 20)
#define READ_MAX  65536

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "thttpd: %s\n", what);
	abort();
}

static void
drop_conn(struct thttpd_conn *c)
{
	if (c->dead)
		return;
	c->dead = true;
	io_close(&c->io);
}

static void
flush(struct thttpd_conn *c)
{
	struct gw_buf out;

	if (c->dead || c->p == NULL)
		return;
	gw_buf_init(&out, WRITE_MAX);
	must(c->class->pull(c->p, &out) == GW_OK, "no memory");
	struct iovec iov = { out.p, out.len };
	if (out.len > 0)
		must(io_queue(&c->io, &iov, 1, out.len) == GW_OK, "full");
	gw_buf_clear(&out);
	if (io_flush(&c->io) == IO_BROKEN || c->class->done(c->p))
		drop_conn(c);
}

static void
garbage(struct thttpd_conn *c)
{
	char text[] = "\x16\x03\x01 this is no HTTP\r\n\r\n";
	struct iovec iov = { text, sizeof(text) - 1 };

	must(io_queue(&c->io, &iov, 1, iov.iov_len) == GW_OK, "full");
	(void)io_flush(&c->io);
	drop_conn(c);
}

/* An answer without a length. */
static void
ends(struct thttpd_conn *c)
{
	char text[] = "HTTP/1.1 200 OK\r\n\r\nsome of it";
	struct iovec iov = { text, sizeof(text) - 1 };

	must(io_queue(&c->io, &iov, 1, iov.iov_len) == GW_OK, "full");
	(void)io_flush(&c->io);
	if (c->io.tls != NULL && c->d->mood == THTTPD_BREAKS_OFF)
		SSL_set_quiet_shutdown(c->io.tls->ssl, 1);
	drop_conn(c);
}

static void
on_request(void *arg, uint64_t stream, const struct gw_http_request *r)
{
	struct thttpd_conn *c = arg;
	struct thttpd *d = c->d;
	const struct gw_http_response echo = { .status = 200,
		.content_type = GW_LIT("text/plain"),
		.body = r->body };

	d->n_requests++;
	snprintf(d->authorization, sizeof(d->authorization), "%.*s",
	    GW_FMT(r->authorization));
	snprintf(d->path, sizeof(d->path), "%.*s", GW_FMT(r->path));
	switch (d->mood) {
	case THTTPD_ONE_EACH:
		c->class->end(c->p);
		must(c->class->answer(c->p, stream, &echo) == GW_OK, "answer");
		break;
	case THTTPD_ECHO:
		must(c->class->answer(c->p, stream, &echo) == GW_OK, "answer");
		break;
	case THTTPD_HANGS_UP: drop_conn(c); break;
	case THTTPD_GREETS:
	case THTTPD_GARBAGE: garbage(c); break;
	case THTTPD_ENDS:
	case THTTPD_BREAKS_OFF: ends(c); break;
	case THTTPD_SILENT: break;
	}
}

static void
on_gone(void *arg, uint64_t stream)
{
	(void)arg;
	(void)stream;
}

static const struct http_events events = { .request = on_request,
	.gone = on_gone };

static void
speak(struct thttpd_conn *c)
{
	const struct http_limits limits = { .streams = 100,
		.body = GW_HTTP_BODY_MAX };
	bool h2 =
	    c->io.tls != NULL && gw_span_eq(tls_alpn(c->io.tls), GW_SPAN("h2"));

	c->class = h2 ? &http2_class : &http1_class;
	c->p = c->class->make(true, &limits, &events, c);
	must(c->p != NULL, "no memory");
	c->open = true;
	io_want_read(&c->io);
	if (c->d->mood == THTTPD_GREETS)
		garbage(c);
}

static bool
shake_hands(struct thttpd_conn *c)
{
	enum io_status st =
	    c->io.tls == NULL ? IO_OK : tls_handshake(c->io.tls);

	if (st == IO_OK)
		speak(c);
	else if (st != IO_AGAIN)
		drop_conn(c);
	else if (c->io.tls->wants_write)
		io_want_write(&c->io);
	else
		io_want_read(&c->io);
	return c->open;
}

static void
take(struct thttpd_conn *c)
{
	static uint8_t room[READ_MAX];
	const char *why = NULL;
	size_t got = 0;

	while (!c->dead) {
		enum io_status st = io_read(&c->io, room, READ_MAX, &got);
		if (st == IO_AGAIN)
			break;
		if (st != IO_OK ||
		    c->class->feed(c->p, (struct gw_span){ room, got }, &why) !=
			GW_OK)
			drop_conn(c);
		flush(c);
	}
}

static void
on_event(int fd, short what, void *arg)
{
	struct thttpd_conn *c = arg;

	(void)fd;
	if (what & EV_WRITE)
		c->io.writes = false;
	if (c->dead || (!c->open && !shake_hands(c)))
		return;
	take(c);
	flush(c);
}

static void
on_accept(int fd, short what, void *arg)
{
	struct thttpd *d = arg;
	struct conf_addr peer;
	int peer_fd;

	(void)what;
	while ((peer_fd = sock_accept(fd, &peer)) >= 0) {
		must(d->n_conns < THTTPD_CONNS_MAX, "too many connections");
		struct thttpd_conn *c = &d->conns[d->n_conns++];
		*c = (struct thttpd_conn){ .d = d, .used = true };
		must(io_open(&c->io, d->base, peer_fd, WRITE_MAX, on_event, c),
		    "io");
		if (d->tls != NULL) {
			c->io.tls = tls_new(d->tls, peer_fd, true, NULL);
			must(c->io.tls != NULL, "tls");
			if (d->h2)
				must(tls_offer_http(c->io.tls), "alpn");
		}
		(void)shake_hands(c);
	}
}

void
thttpd_move(struct thttpd *d, struct event_base *base)
{
	if (d->on_accept != NULL)
		event_free(d->on_accept);
	d->base = base;
	d->on_accept =
	    event_new(base, d->fd, EV_READ | EV_PERSIST, on_accept, d);
	must(d->on_accept != NULL && event_add(d->on_accept, NULL) == 0,
	    "event");
}

void
thttpd_deafen(struct thttpd *d)
{
	event_free(d->on_accept);
	(void)close(d->fd);
	d->on_accept = NULL;
	d->fd = -1;
}

void
thttpd_open(struct thttpd *d, struct event_base *base,
    const struct tls_ctx *tls, bool h2)
{
	struct conf_addr any = { .port = 0 };
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);

	*d = (struct thttpd){ .base = base, .tls = tls, .h2 = h2 };
	must(conf_addr_parse(gw_span_of("127.0.0.1"), &any), "address");
	d->fd = sock_listen(&any);
	must(d->fd >= 0, "listen");
	must(getsockname(d->fd, (struct sockaddr *)&at, &len) == 0 &&
		 sock_get(&at, &any),
	    "port");
	d->port = any.port;
	thttpd_move(d, base);
}

void
thttpd_hang_up(struct thttpd *d)
{
	for (unsigned i = 0; i < d->n_conns; i++)
		drop_conn(&d->conns[i]);
}

void
thttpd_close(struct thttpd *d)
{
	thttpd_hang_up(d);
	for (unsigned i = 0; i < d->n_conns; i++) {
		io_clear(&d->conns[i].io);
		if (d->conns[i].p != NULL)
			d->conns[i].class->free(d->conns[i].p);
	}
	if (d->on_accept != NULL)
		thttpd_deafen(d);
}
