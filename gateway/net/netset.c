/*
 * netset.c: see netset.h.
 */
#include "net/netset.h"

#include <stdlib.h>

static void
set_free(void *arg)
{
	struct netset *set = arg;

	if (set == NULL)
		return;
	for (size_t i = 0; i < set->n_tls; i++)
		tls_ctx_clear(&set->tls[i]);
	free(set->tls);
	free(set->hops);
	free(set);
}

static struct netset *
set_new(const struct conf *c)
{
	struct netset *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return NULL;
	set->tls = calloc(c->n_tls + 1, sizeof(*set->tls));
	set->hops = calloc(c->n_hops + 1, sizeof(*set->hops));
	if (set->tls != NULL && set->hops != NULL)
		return set;
	set_free(set);
	return NULL;
}

/* Every id below n_hops is met once. */
static bool
index_hops(struct netset *set, const struct conf *c)
{
	for (size_t i = 0; i < c->n_systems; i++) {
		const struct conf_system *s = &c->systems[i];
		for (size_t k = 0; k < s->n_hops; k++) {
			if (s->hops[k].id >= c->n_hops)
				return false;
			set->hops[s->hops[k].id] =
			    (struct netset_hop){ &s->hops[k], (uint16_t)i };
			set->n_hops++;
		}
	}
	return set->n_hops == c->n_hops;
}

bool
netset_attach(struct snapshot *s, struct gw_now now, struct gw_diag *d)
{
	const struct conf *c = s->conf;
	const struct gw_where at = { c->path, 0 };
	struct netset *set = set_new(c);
	bool ok = set != NULL && index_hops(set, c);

	if (!ok)
		gw_diag_error(d, &at, "net.set", "more memory",
		    "the next hops cannot be indexed");
	for (size_t i = 0; set != NULL && i < c->n_tls; i++) {
		ok = tls_ctx_load(&c->tls[i], now, d, &set->tls[i]) && ok;
		set->n_tls = i + 1;
	}
	if (!ok) {
		set_free(set);
		return false;
	}
	s->net = set;
	s->net_free = set_free;
	return true;
}
