/*
 * conns.c: see conns.h.
 */
#include "net/conns.h"

#include <stdlib.h>

#include "mcxgw/siphash.h"
#include "net/sock.h"
#include "net/stream.h"

#define PEER_CHAINS 16384 /* powers of two */
#define IP_COUNTS   8192

struct conns *
conns_new(unsigned worker, const uint8_t key[16])
{
	struct conns *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->worker = worker;
	memcpy(c->key, key, sizeof(c->key));
	c->slots = calloc(CONNS_MAX, sizeof(struct stream *));
	c->free_slots = calloc(CONNS_MAX, sizeof(*c->free_slots));
	c->by_peer = calloc(PEER_CHAINS, sizeof(struct stream *));
	c->per_system = calloc(CONF_SYSTEMS_MAX, sizeof(*c->per_system));
	c->per_ip = calloc(IP_COUNTS, sizeof(*c->per_ip));
	if (c->slots == NULL || c->free_slots == NULL || c->by_peer == NULL ||
	    c->per_system == NULL || c->per_ip == NULL) {
		conns_free(c);
		return NULL;
	}
	for (uint32_t i = 0; i < CONNS_MAX; i++)
		c->free_slots[i] = CONNS_MAX - 1 - i;
	c->n_free = CONNS_MAX;
	return c;
}

void
conns_free(struct conns *c)
{
	if (c == NULL)
		return;
	while (c->all != NULL)
		stream_close(c->all, "end");
	c->dirty = c->busy = c->queue = NULL;
	for (struct stream *s = c->grave; s != NULL; s = s->next)
		s->dirty = s->busy = false;
	conns_empty_grave(c);
	free(c->slots);
	free(c->free_slots);
	free(c->by_peer);
	free(c->per_system);
	free(c->per_ip);
	free(c);
}

static size_t
peer_chain(const struct conns *c, enum conf_transport transport,
    const struct conf_addr *peer)
{
	uint8_t in[19];

	memcpy(in, peer->ip, 16);
	in[16] = (uint8_t)(peer->port >> 8);
	in[17] = (uint8_t)peer->port;
	in[18] = (uint8_t)transport;
	return gw_siphash(c->key, (struct gw_span){ in, sizeof(in) }) &
	       (PEER_CHAINS - 1);
}

static size_t
ip_count(const struct conns *c, const struct conf_addr *peer)
{
	return gw_siphash(c->key, (struct gw_span){ peer->ip, 16 }) &
	       (IP_COUNTS - 1);
}

bool
conns_add(struct conns *c, struct stream *s)
{
	if (c->n_free == 0)
		return false;
	s->slot = c->free_slots[--c->n_free];
	c->slots[s->slot] = s;
	if (++c->generation == 0)
		c->generation = 1;
	s->id = (uint64_t)(c->worker + 1) << 56 | (uint64_t)s->slot << 32 |
		c->generation;
	s->next = c->all;
	if (c->all != NULL)
		c->all->prev = s;
	c->all = s;
	size_t chain = peer_chain(c, s->transport, &s->peer);
	s->same_peer = c->by_peer[chain];
	c->by_peer[chain] = s;
	c->per_ip[ip_count(c, &s->peer)]++;
	c->n++;
	return true;
}

void
conns_bury(struct conns *c, struct stream *s)
{
	struct stream **link =
	    &c->by_peer[peer_chain(c, s->transport, &s->peer)];

	while (*link != s)
		link = &(*link)->same_peer;
	*link = s->same_peer;
	c->per_ip[ip_count(c, &s->peer)]--;
	if (c->check == s)
		c->check = s->next;
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		c->all = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	c->slots[s->slot] = NULL;
	c->free_slots[c->n_free++] = s->slot;
	c->n--;
	s->prev = NULL;
	s->next = c->grave;
	c->grave = s;
}

void
conns_empty_grave(struct conns *c)
{
	struct stream *s = c->grave, *next;

	c->grave = NULL;
	for (; s != NULL; s = next) {
		next = s->next;
		if (!s->dirty && !s->busy) {
			stream_free(s);
			continue;
		}
		s->next = c->grave;
		c->grave = s;
	}
}

struct stream *
conns_find(const struct conns *c, uint64_t id)
{
	uint32_t slot = (uint32_t)(id >> 32) & 0xffffff;

	if (slot >= CONNS_MAX || c->slots[slot] == NULL ||
	    c->slots[slot]->id != id)
		return NULL;
	return c->slots[slot];
}

struct stream *
conns_peer(const struct conns *c, enum conf_transport transport,
    const struct conf_addr *peer)
{
	return c->by_peer[peer_chain(c, transport, peer)];
}

uint32_t
conns_from(const struct conns *c, const struct conf_addr *peer)
{
	return c->per_ip[ip_count(c, peer)];
}
