/*
 * ports.c: see ports.h.
 */
#include "net/ports.h"

#include <errno.h>

#include "mcxgw/log.h"
#include "net/sock.h"

size_t
ports_count(const struct conf *c)
{
	return c->n_listeners + c->n_http_listeners;
}

struct port
ports_at(const struct conf *c, size_t i)
{
	if (i < c->n_listeners) {
		const struct conf_listener *l = &c->listeners[i];
		return (struct port){ l->id, l->transport, &l->addr, false,
			(uint16_t)i };
	}
	i -= c->n_listeners;
	const struct conf_http_listener *l = &c->http_listeners[i];
	return (struct port){ l->id, l->tls == UINT16_MAX ? CONF_TCP : CONF_TLS,
		&l->addr, true, (uint16_t)i };
}

bool
ports_same(const struct port *a, const struct port *b)
{
	return a->http == b->http && a->transport == b->transport &&
	       sock_addr_eq(a->addr, b->addr);
}

static bool
is_stream(const struct port *p)
{
	return p->transport != CONF_UDP;
}

static bool
has(const struct snapshot *s, const struct port *p)
{
	for (size_t i = 0; s != NULL && i < ports_count(s->conf); i++) {
		struct port q = ports_at(s->conf, i);
		if (ports_same(p, &q))
			return true;
	}
	return false;
}

static bool
refuse(const struct port *p, const char *why)
{
	char addr[CONF_ADDR_TEXT];

	conf_addr_text(p->addr, addr);
	LOG_ERROR("listen.refused", kv_text("listener", p->id),
	    kv_text("transport", conf_transport_name(p->transport)),
	    kv_text("address", addr), kv_text("why", why));
	return false;
}

/* Sockets of TCP and TLS share ports under SO_REUSEPORT just as willingly as
 * those of one listener do. */
static bool
is_twice(const struct snapshot *s, size_t at)
{
	struct port p = ports_at(s->conf, at);

	for (size_t i = 0; i < at; i++) {
		struct port q = ports_at(s->conf, i);
		if (is_stream(&p) == is_stream(&q) &&
		    sock_addr_eq(p.addr, q.addr))
			return true;
	}
	return false;
}

static bool
open_one(const struct snapshot *from, const struct snapshot *to, size_t at,
    unsigned n, struct post_snapshot *const *posts)
{
	struct port p = ports_at(to->conf, at);
	char text[128];

	if (p.addr->port == 0)
		return refuse(&p, "port 0 is not a port");
	if (is_twice(to, at))
		return refuse(&p, "another listener has this address");
	/* Later on, our own retired sockets may still be bound. */
	if (from == NULL && !sock_is_free(p.addr, is_stream(&p)))
		return refuse(&p, sock_error(errno, text, sizeof(text)));
	for (unsigned i = 0; i < n; i++) {
		int fd = is_stream(&p) ? sock_listen(p.addr) : sock_udp(p.addr);
		if (fd < 0)
			return refuse(
			    &p, sock_error(errno, text, sizeof(text)));
		posts[i]->fds[at] = fd;
	}
	return true;
}

bool
ports_open(const struct snapshot *from, const struct snapshot *to, unsigned n,
    struct post_snapshot *const *posts)
{
	bool ok = true;

	for (size_t i = 0; i < ports_count(to->conf); i++) {
		struct port p = ports_at(to->conf, i);
		if (!has(from, &p))
			ok = open_one(from, to, i, n, posts) && ok;
	}
	return ok;
}
