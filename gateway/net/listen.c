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
#include "net/sip_stream.h"
#include "net/sock.h"
#include "net/worker.h"

/* Share of all connections that may be in the middle of a handshake. */
#define OPENING_SHARE 4

struct listen_socket {
	struct listens *l;
	int fd;
	struct event *on_accept, *on_resume;
	enum conf_transport transport;
	struct conf_addr addr;
	uint16_t listener;
};

struct listens {
	struct worker *w;
	size_t n;
	struct listen_socket *at[CONF_LISTENERS_MAX];
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

/* NULL, or why no more connections are taken from peer. */
static const char *
over_limit(const struct worker *w, const struct conf_addr *peer)
{
	const struct conf_limits *l = &w->snap->conf->limits;

	if (w->conns->n >= l->connections || w->conns->n_free == 0)
		return "too many connections";
	if (w->conns->opening >= l->connections / OPENING_SHARE + 1)
		return "too many handshakes at once";
	if (conns_from(w->conns, peer) >= l->system_connections)
		return "too many connections from this address";
	return NULL;
}

static void
admit(struct listen_socket *s, int fd, const struct conf_addr *peer)
{
	struct worker *w = s->l->w;
	const struct conf_listener *l = &w->snap->conf->listeners[s->listener];
	const char *why = over_limit(w, peer);
	char text[CONF_ADDR_TEXT];

	if (why != NULL) {
		conf_addr_text(peer, text);
		metrics_one(&w->metrics, METRIC_REFUSED_CONNECTIONS);
		LOG_WARN("stream.refused", kv_text("peer", text),
		    kv_text("listener", l->id), kv_text("why", why));
		(void)close(fd);
		return;
	}
	/* Over TLS the certificate will tell the system. */
	const struct sip_stream_setup setup = { fd, false, l->transport, *peer,
		w->snap, s->listener,
		l->transport == CONF_TLS ? GW_SYSTEM_NONE : l->system, l->tls,
		NULL };
	if (sip_stream_new(w, &setup) == NULL)
		LOG_ERROR("stream.no-memory", kv_text("listener", l->id));
}

/* No descriptor or memory is left: the queue of the kernel waits. */
static void
rest(struct listen_socket *s, int err)
{
	static const struct timeval pause = { 0, LISTEN_PAUSE_MS * 1000 };
	char text[128];

	LOG_ERROR("listen.paused",
	    kv_text("listener", s->l->w->snap->conf->listeners[s->listener].id),
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
socket_new(struct listens *l, int fd, const struct conf_listener *conf)
{
	struct listen_socket *s = calloc(1, sizeof(*s));
	struct event_base *base = l->w->base;

	if (s == NULL) {
		(void)close(fd);
		return NULL;
	}
	s->l = l;
	s->fd = fd;
	s->transport = conf->transport;
	s->addr = conf->addr;
	s->on_accept = event_new(base, fd, EV_READ | EV_PERSIST, on_accept, s);
	s->on_resume = event_new(base, -1, 0, on_resume, s);
	if (s->on_accept != NULL && s->on_resume != NULL &&
	    event_add(s->on_accept, NULL) == 0)
		return s;
	close_socket(s);
	return NULL;
}

static uint16_t
listener_of(const struct snapshot *snap, const struct listen_socket *s)
{
	for (size_t i = 0; i < snap->conf->n_listeners; i++)
		if (snap->conf->listeners[i].transport == s->transport &&
		    sock_addr_eq(&snap->conf->listeners[i].addr, &s->addr))
			return (uint16_t)i;
	return UINT16_MAX;
}

void
listens_use(struct listens *l, const struct snapshot *snap, int *fds)
{
	for (size_t i = l->n; i-- > 0;) {
		l->at[i]->listener = listener_of(snap, l->at[i]);
		if (l->at[i]->listener != UINT16_MAX)
			continue;
		close_socket(l->at[i]);
		l->at[i] = l->at[--l->n];
	}
	for (size_t i = 0; i < snap->conf->n_listeners; i++) {
		const struct conf_listener *conf = &snap->conf->listeners[i];
		if (conf->transport == CONF_UDP || fds[i] < 0)
			continue;
		struct listen_socket *s = socket_new(l, fds[i], conf);
		fds[i] = -1;
		if (s == NULL) {
			LOG_ERROR(
			    "listen.no-memory", kv_text("listener", conf->id));
			continue;
		}
		s->listener = (uint16_t)i;
		l->at[l->n++] = s;
	}
}
