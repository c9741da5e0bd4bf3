/*
 * redirects.h: what one snapshot knows of redirect responses: the dialects,
 * the key that the gateway signs with, and for each system the dialect it
 * speaks and the authors that are believed.
 *
 * Immutable after loading; any thread may read it.
 */
#ifndef REDIRECTS_H
#define REDIRECTS_H

#include "codec/krr/krr_dialect.h"
#include "codec/krr/krr_sign.h"
#include "codec/krr/krr_trust.h"
#include "conf/conf.h"

struct redirects_peer {
	const struct krr_dialect *dialect;
	struct krr_trust *trust; /* NULL: nothing it signs can be verified */
};

struct redirects {
	struct krr_dialects *loaded; /* NULL: only what is built in */
	const struct krr_dialects *dialects;
	struct krr_signer *signer; /* NULL: nothing can be signed */
	size_t n;
	struct redirects_peer *peers; /* by system */
};

/** Load what c names.  Every mistake goes to d; NULL if there was one. */
struct redirects *
redirects_load(const struct conf *c, const char *schema_dir, struct gw_diag *d);
void redirects_free(struct redirects *r);

#endif
