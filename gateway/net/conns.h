/*
 * conns.h: the stream connections of one worker.
 *
 * Each has a slot; its id names worker, slot and a generation, so an id that
 * outlives its connection finds nothing.  They are also found by the address
 * of the peer, and counted by system and by the peer's IP address.  Owns the
 * connections: what is closed lies in the grave until the turn ends.
 */
#ifndef CONNS_H
#define CONNS_H

#include "conf/conf.h"

#define CONNS_MAX 65536 /* of one worker; settings lower it */

struct stream;

/* Shares of the HTTP connections of a worker (conf.lookups): what one system
 * or address may have, and what only those to services may. */
#define CONNS_HTTP_SHARE     2
#define CONNS_SERVICES_SHARE 4

struct conns {
	size_t n;
	size_t opening; /* of n: not yet authenticated */
	struct stream *all; /* by next and prev */
	struct stream *dirty; /* have something to flush */
	struct stream *busy; /* have more to read than one turn takes */
	struct stream *queue, *queue_last; /* the same, for those that share
	                                      some time of it: in order */
	struct stream *check; /* the next to look at under new settings */
	struct stream *grave;
	struct stream **slots;
	uint32_t *free_slots, n_free;
	uint32_t generation;
	struct stream **by_peer; /* chains */
	uint32_t *per_system; /* by index; CONF_SYSTEMS_MAX */
	uint32_t *per_ip; /* by hash: an upper bound */
	uint8_t key[16];
	unsigned worker;
};

/** key: random.  NULL: no memory. */
struct conns *conns_new(unsigned worker, const uint8_t key[16]);
void conns_free(struct conns *c);

/** Put s in a slot and give it its id.  False: all are taken. */
bool conns_add(struct conns *c, struct stream *s);
/** Take it out of everything; the memory goes to the grave. */
void conns_bury(struct conns *c, struct stream *s);
/** Free what is in the grave and in no list of the turn any more. */
void conns_empty_grave(struct conns *c);

struct stream *conns_find(const struct conns *c, uint64_t id);
/** The first connection with that peer; follow same_peer, and compare: the
 * chain holds others too. */
struct stream *conns_peer(const struct conns *c, enum conf_transport transport,
    const struct conf_addr *peer);
/** Connections from the IP address of peer: at least as many as there are. */
uint32_t conns_from(const struct conns *c, const struct conf_addr *peer);

/** Of `max` connections that one system, or address, may have by the limits:
 * those of HTTP that it may have. */
static inline uint32_t
conns_http_share(const struct conf *c, uint32_t max)
{
	uint32_t share = c->lookups.http_connections / CONNS_HTTP_SHARE;

	return max < share ? max : share;
}

/** Is there work that no event will tell of? */
static inline bool
conns_have_work(const struct conns *c)
{
	return c->busy != NULL || c->queue != NULL || c->dirty != NULL ||
	       c->check != NULL;
}

/** The worker that an id belongs to. */
static inline unsigned
conns_worker(uint64_t id)
{
	return (unsigned)(id >> 56) - 1;
}

#endif
