/*
 * listen.c: see listen.h.
 */
#include "net/listen.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "mcxgw/log.h"
#include "net/conns.h"
#include "net/http/http_server.h"
#include "net/ports.h"
#include "net/sip_stream.h"
#include "net/sock.h"
#include "net/worker.h"

/* Share of all connections that may be in the middle of a handshake. */
#define OPENING_SHARE 4

struct listen_socket {
	struct listens *l;
	int fd;
	struct event *on_accept, *on_resume;
	struct conf_addr addr;
	struct port port; /* of the settings in force; but addr is above */
};

struct listens {
	struct worker *w;
	size_t n;
	struct listen_socket *at[2 * CONF_LISTENERS_MAX];
};

struct listens *
listens_new(struct worker *w)
{
	struct listens *l = calloc(1, sizeof(*l));

	if (l != NULL)
		l->w = w;
	return l;
}

static void
close_socket(struct listen_socket *s)
{
	if (s->on_accept != NULL)
		event_free(s->on_accept);
	if (s->on_resume != NULL)
		event_free(s->on_resume);
	(void)close(s->fd);
	free(s);
}

void
listens_free(struct listens *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n; i++)
		close_socket(l->at[i]);
	free(l);
}

/* NULL, or why no more connections are taken from peer: max of all, each of
 * its address. */
static const char *
over_limit(const struct conns *c, uint32_t max, uint32_t each,
    const struct conf_addr *peer)
{
	if (c->n >= max || c->n_free == 0)
		return "too many connections";
	if (c->opening >= max / OPENING_SHARE + 1)
		return "too many handshakes at once";
	if (conns_from(c, peer) >= each)
		return "too many connections from this address";
	return NULL;
}

/* The last of HTTP's are for services: calls wait for their answers. */
static const char *
over_limit_http(const struct worker *w, const struct conf_addr *peer)
{
	const struct conf *c = w->snap->conf;
	uint32_t max = c->lookups.http_connections;

	return over_limit(w->http, max - max / CONNS_SERVICES_SHARE,
	    conns_http_share(c, c->limits.system_connections), peer);
}

static bool
refused(const struct listen_socket *s, const struct conf_addr *peer)
{
	struct worker *w = s->l->w;
	const struct conf_limits *l = &w->snap->conf->limits;
	const char *why = s->port.http ? over_limit_http(w, peer) :
					 over_limit(w->conns, l->connections,
					     l->system_connections, peer);
	char text[CONF_ADDR_TEXT];

	if (why == NULL)
		return false;
	conf_addr_text(peer, text);
	metrics_one(&w->metrics, s->port.http ? METRIC_HTTP_REFUSED_LIMIT :
						METRIC_REFUSED_CONNECTIONS);
	LOG_WARN(s->port.http ? "http.refused" : "stream.refused",
	    kv_text("peer", text), kv_text("listener", s->port.id),
	    kv_text("why", why));
	return true;
}

/* Over TLS the certificate will tell the system. */
static bool
take_sip(struct worker *w, const struct port *p, struct stream_setup *setup)
{
	const struct conf_listener *l = &w->snap->conf->listeners[p->listener];

	setup->system = l->transport == CONF_TLS ? GW_SYSTEM_NONE : l->system;
	setup->tls = l->tls;
	return sip_stream_new(w, setup, NULL) != NULL;
}

static bool
take_http(struct worker *w, const struct port *p, struct stream_setup *setup)
{
	const struct conf_http_listener *l =
	    &w->snap->conf->http_listeners[p->listener];

	setup->system = l->tls != UINT16_MAX ? GW_SYSTEM_NONE : l->system;
	setup->tls = l->tls;
	return http_server_accept(w, setup);
}

static void
admit(struct listen_socket *s, int fd, const struct conf_addr *peer)
{
	struct worker *w = s->l->w;
	struct stream_setup setup = { .fd = fd,
		.transport = s->port.transport,
		.peer = *peer,
		.snap = w->snap,
		.listener = s->port.listener };

	if (refused(s, peer)) {
		(void)close(fd);
		return;
	}
	if (!(s->port.http ? take_http(w, &s->port, &setup) :
			     take_sip(w, &s->port, &setup)))
		LOG_ERROR("stream.no-memory", kv_text("listener", s->port.id));
}

/* No descriptor or memory is left: the queue of the kernel waits. */
static void
rest(struct listen_socket *s, int err)
{
	static const struct timeval pause = { 0, LISTEN_PAUSE_MS * 1000 };
	char text[128];

	LOG_ERROR("listen.paused", kv_text("listener", s->port.id),
	    kv_text("why", sock_error(err, text, sizeof(text))));
	(void)event_del(s->on_accept);
	(void)event_add(s->on_resume, &pause);
}

static void
on_accept(int fd, short what, void *arg)
{
	struct listen_socket *s = arg;
	struct conf_addr peer;

	(void)what;
	worker_tick(s->l->w);
	for (int i = 0; i < LISTEN_ACCEPTS_MAX; i++) {
		int got = sock_accept(fd, &peer);
		if (got >= 0) {
			admit(s, got, &peer);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM)
			rest(s, errno);
		/* Others are of one connection that is gone already. */
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

static void
on_resume(int fd, short what, void *arg)
{
	struct listen_socket *s = arg;

	(void)fd;
	(void)what;
	(void)event_add(s->on_accept, NULL);
}

static struct listen_socket *
socket_new(struct listens *l, int fd, const struct port *port)
{
	struct listen_socket *s = calloc(1, sizeof(*s));
	struct event_base *base = l->w->base;

	if (s == NULL) {
		(void)close(fd);
		return NULL;
	}
	s->l = l;
	s->fd = fd;
	s->addr = *port->addr;
	s->port = *port;
	s->on_accept = event_new(base, fd, EV_READ | EV_PERSIST, on_accept, s);
	s->on_resume = event_new(base, -1, 0, on_resume, s);
	if (s->on_accept != NULL && s->on_resume != NULL &&
	    event_add(s->on_accept, NULL) == 0)
		return s;
	close_socket(s);
	return NULL;
}

/* The listener that a socket has under new settings; false: none. */
static bool
renew(struct listen_socket *s, const struct conf *c)
{
	s->port.addr = &s->addr;
	for (size_t i = 0; i < ports_count(c); i++) {
		struct port p = ports_at(c, i);
		if (ports_same(&s->port, &p)) {
			s->port = p;
			return true;
		}
	}
	return false;
}

void
listens_use(struct listens *l, const struct snapshot *snap, int *fds)
{
	const struct conf *c = snap->conf;

	for (size_t i = l->n; i-- > 0;) {
		if (renew(l->at[i], c))
			continue;
		close_socket(l->at[i]);
		l->at[i] = l->at[--l->n];
	}
	for (size_t i = 0; i < ports_count(c); i++) {
		struct port p = ports_at(c, i);
		if (p.transport == CONF_UDP || fds[i] < 0)
			continue;
		struct listen_socket *s = socket_new(l, fds[i], &p);
		fds[i] = -1;
		if (s == NULL)
			LOG_ERROR(
			    "listen.no-memory", kv_text("listener", p.id));
		else
			l->at[l->n++] = s;
	}
}
