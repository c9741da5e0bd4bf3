/*
 * ports.h: opens the sockets of listeners that a new snapshot brings.
 *
 * The main thread opens all of them for all workers before anything is
 * swapped: a port that cannot be had leaves the old settings in force.
 */
#ifndef PORTS_H
#define PORTS_H

#include "net/post.h"

/* A listener of either sort: those for SIP come first, then those for HTTP. */
struct port {
	const char *id;
	enum conf_transport transport;
	const struct conf_addr *addr;
	bool http;
	uint16_t listener; /* index among its sort */
};

size_t ports_count(const struct conf *c);
struct port ports_at(const struct conf *c, size_t i);
/** The same address and transport, for the same sort of messages. */
bool ports_same(const struct port *a, const struct port *b);

/**
 * Fill posts (one for each of n workers) with sockets for the listeners of
 * `to` that `from` (NULL: nothing yet) does not have.  False: one could not
 * be opened, or could not be had alone; it is logged, and the posts must be
 * freed with what they hold.
 */
bool ports_open(const struct snapshot *from, const struct snapshot *to,
    unsigned n, struct post_snapshot *const *posts);

#endif
