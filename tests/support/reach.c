/*
 * reach.c: see reach.h.
 */
#include "support/reach.h"

static bool
is_hop(const struct core_action *a)
{
	const struct conf *c = a->snap->conf;

	for (size_t i = 0; i < c->n_systems; i++)
		for (size_t k = 0; k < c->systems[i].n_hops; k++)
			if (c->systems[i].hops[k].id == a->hop)
				return a->transport ==
					   c->systems[i].hops[k].transport ||
				       a->transport == CONF_TCP;
	return false;
}

static bool
is_peer(const struct core_action *a, const struct reach_peer *peers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (peers[i].system == a->flow.system &&
		    memcmp(peers[i].addr.ip, a->flow.peer.ip, 16) == 0)
			return true;
	return false;
}

static bool
is_whole(const struct core_action *a)
{
	size_t len = 0;

	for (size_t i = 0; i < a->n_iov; i++)
		len += a->iov[i].iov_len;
	return len == a->len && len > 0;
}

const char *
reach_fault(const struct core *c, const struct reach_peer *peers, size_t n)
{
	const struct core_actions *all = core_actions(c);

	if (all->n > CORE_ACTIONS_MAX)
		return "too many actions";
	for (size_t i = 0; i < all->n; i++) {
		const struct core_action *a = &all->at[i];
		if (a->snap == NULL)
			return "no settings";
		if (!is_whole(a))
			return "pieces and length differ";
		if (a->kind == CORE_SEND_HOP && !is_hop(a))
			return "no next hop of the settings";
		if (a->kind == CORE_SEND_BACK && !is_peer(a, peers, n))
			return "not back to the peer";
		if (a->kind == CORE_SEND_BACK &&
		    a->flow.listener >= a->snap->conf->n_listeners)
			return "from no listener";
		if (a->kind == CORE_HAND_OVER)
			return "to another worker though there is none";
	}
	return NULL;
}
