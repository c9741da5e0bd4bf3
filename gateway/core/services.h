/*
 * services.h: what one snapshot knows of the services that systems offer over
 * HTTP (conf_service): how each is spoken to, and the tables of those that
 * are files.
 *
 * Immutable after loading; any thread may read it.
 */
#ifndef SERVICES_H
#define SERVICES_H

#include "conf/conf.h"
#include "core/redirects.h"
#include "mcxgw/lookup.h"

struct service {
	const struct conf_service *conf;
	const struct gw_lookup_adapter *adapter; /* NULL: static */
	struct gw_lookup_table *table; /* of static, else NULL */
	const struct gw_lookup_names *names; /* of the system's dialect */
	/* Differs between two snapshots when anything does that answers of
	 * the service depend on: what it is asked in, where, and what its
	 * names mean.  How often, how long and with which token it is asked
	 * does not count. */
	uint64_t digest;
};

struct services {
	size_t n;
	struct service *at; /* by conf_service.id */
};

/**
 * Load what c names.  Every mistake goes to d; NULL if there was one.  p and r
 * may be NULL where they could not be loaded: mistakes are told all the same.
 */
struct services *services_load(const struct conf *c, const struct policy *p,
    const struct redirects *r, const char *schema_dir, struct gw_diag *d);
void services_free(struct services *s);

/** "Bearer ..." (RFC 6750 2.1), with what the gateway itself asks s; empty if
 * it has no token.  False: the arena is full. */
bool service_token(const struct conf_service *s, struct gw_arena *arena,
    struct gw_span *out) GW_NODISCARD;

#endif
