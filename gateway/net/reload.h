/*
 * reload.h: from files to settings in force, or not at all.
 */
#ifndef RELOAD_H
#define RELOAD_H

#include "net/worker.h"

struct gw_diag;

struct reload {
	const char *config, *schema_dir;
	struct worker *const *workers;
	unsigned n;
	struct snapshot *snap; /* in force; NULL before the first */
};

/** Load the files; every mistake goes to d.  NULL: r is as it was. */
struct snapshot *
reload_load(const struct reload *r, struct gw_now now, struct gw_diag *d);

/**
 * Put s in force: open the ports it adds, post it to all workers, and keep
 * it as r->snap (takes over the caller's reference).
 *
 * GW_EIO     a port cannot be had; logged; r is as it was
 * GW_ENOMEM  r is as it was
 */
enum gw_err reload_apply(struct reload *r, struct snapshot *s) GW_NODISCARD;

/** Have all workers taken up that generation? */
bool reload_is_done(const struct reload *r, uint64_t generation);

/** What of `to` only a restart would change: words with spaces between, or
 * an empty text. */
void reload_restarts(
    const struct snapshot *from, const struct snapshot *to, struct gw_buf *out);

#endif
