/*
 * netset.h: what net makes of a snapshot: TLS contexts, and next hops by id.
 *
 * Built once when the snapshot is loaded, immutable, freed with it.
 */
#ifndef NETSET_H
#define NETSET_H

#include "core/snapshot.h"
#include "net/tls_ctx.h"

struct netset_hop {
	const struct conf_hop *hop;
	uint16_t system;
};

struct netset {
	size_t n_tls, n_hops;
	struct tls_ctx *tls; /* by index of conf.tls */
	struct netset_hop *hops; /* by conf_hop.id */
};

/**
 * Build the set of s and attach it (s->net).  Every certificate, key, trust
 * anchor or CRL that cannot be used goes to d with its file.  False if there
 * was an error, or no memory (an error too).
 */
bool netset_attach(struct snapshot *s, struct gw_now now, struct gw_diag *d);

static inline const struct netset *
netset_of(const struct snapshot *s)
{
	return s->net;
}

#endif
