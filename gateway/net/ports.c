/*
 * ports.c: see ports.h.
 */
#include "net/ports.h"

#include <errno.h>

#include "mcxgw/log.h"
#include "net/sock.h"

static bool
is_stream(const struct conf_listener *l)
{
	return l->transport != CONF_UDP;
}

static bool
has(const struct snapshot *s, const struct conf_listener *l)
{
	for (size_t i = 0; s != NULL && i < s->conf->n_listeners; i++) {
		const struct conf_listener *k = &s->conf->listeners[i];
		if (k->transport == l->transport &&
		    sock_addr_eq(&k->addr, &l->addr))
			return true;
	}
	return false;
}

static bool
refuse(const struct conf_listener *l, const char *why)
{
	char addr[CONF_ADDR_TEXT];

	conf_addr_text(&l->addr, addr);
	LOG_ERROR("listen.refused", kv_text("listener", l->id),
	    kv_text("transport", conf_transport_name(l->transport)),
	    kv_text("address", addr), kv_text("why", why));
	return false;
}

/* Sockets of TCP and TLS share ports under SO_REUSEPORT just as willingly as
 * those of one listener do. */
static bool
is_twice(const struct snapshot *s, size_t at)
{
	const struct conf_listener *l = &s->conf->listeners[at];

	for (size_t i = 0; i < at; i++) {
		const struct conf_listener *k = &s->conf->listeners[i];
		if (is_stream(k) == is_stream(l) &&
		    sock_addr_eq(&k->addr, &l->addr))
			return true;
	}
	return false;
}

static bool
open_one(const struct snapshot *from, const struct snapshot *to, size_t at,
    unsigned n, struct post_snapshot *const *posts)
{
	const struct conf_listener *l = &to->conf->listeners[at];
	char text[128];

	if (l->addr.port == 0)
		return refuse(l, "port 0 is not a port");
	if (is_twice(to, at))
		return refuse(l, "another listener has this address");
	/* Later on, our own retired sockets may still be bound. */
	if (from == NULL && !sock_is_free(&l->addr, is_stream(l)))
		return refuse(l, sock_error(errno, text, sizeof(text)));
	for (unsigned i = 0; i < n; i++) {
		int fd =
		    is_stream(l) ? sock_listen(&l->addr) : sock_udp(&l->addr);
		if (fd < 0)
			return refuse(l, sock_error(errno, text, sizeof(text)));
		posts[i]->fds[at] = fd;
	}
	return true;
}

bool
ports_open(const struct snapshot *from, const struct snapshot *to, unsigned n,
    struct post_snapshot *const *posts)
{
	bool ok = true;

	for (size_t i = 0; i < to->conf->n_listeners; i++)
		if (!has(from, &to->conf->listeners[i]))
			ok = open_one(from, to, i, n, posts) && ok;
	return ok;
}
