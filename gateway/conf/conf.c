/*
 * conf.c: questions to a loaded configuration.
 */
#include "conf/conf.h"

#include "conf/conf_addr.h"
#include "conf/conf_index.h"

bool
conf_system_reaches(const struct conf_system *s, const struct conf_addr *addr)
{
	for (size_t i = 0; i < s->n_hops; i++)
		if (conf_addr_eq(&s->hops[i].addr, addr))
			return true;
	for (size_t i = 0; i < s->n_reach; i++) {
		const struct conf_reach *p = &s->reach[i];
		if (conf_addr_inside(p->ip, addr->ip, p->prefix) &&
		    addr->port >= p->port_from && addr->port <= p->port_to)
			return true;
	}
	return false;
}

uint16_t
conf_system_by_identity(const struct conf *c, struct gw_span name)
{
	return conf_index_find(c->by_identity, name);
}

uint16_t
conf_system_by_id(const struct conf *c, struct gw_span id)
{
	return conf_index_find(c->by_id, id);
}
