/*
 * reload.c: see reload.h.
 */
#include "net/reload.h"

#include "mcxgw/log.h"
#include "net/ports.h"
#include "net/post.h"
#include "net/sock.h"

struct snapshot *
reload_load(const struct reload *r, struct gw_now now, struct gw_diag *d)
{
	struct snapshot *s =
	    snapshot_load(r->config, r->schema_dir, now, r->snap, d);

	if (s == NULL || netset_attach(s, now, d))
		return s;
	snapshot_unref(s);
	return NULL;
}

enum gw_err
reload_apply(struct reload *r, struct snapshot *s)
{
	struct post_snapshot *posts[CORE_WORKERS_MAX] = { NULL };
	enum gw_err err = GW_ENOMEM;
	unsigned n = 0;

	for (; n < r->n; n++)
		if ((posts[n] = post_snapshot_new(s, ports_count(s->conf))) ==
		    NULL)
			goto out;
	err = GW_EIO;
	if (!ports_open(r->snap, s, r->n, posts))
		goto out;
	for (n = 0; n < r->n; n++)
		mbox_post_urgent(r->workers[n]->mbox, &posts[n]->item);
	snapshot_unref(r->snap);
	r->snap = s;
	gw_log_set_level((enum gw_log_level)s->conf->log_level);
	return GW_OK;
out:
	while (n-- > 0)
		posts[n]->item.free(&posts[n]->item);
	return err;
}

bool
reload_is_done(const struct reload *r, uint64_t generation)
{
	for (unsigned i = 0; i < r->n; i++)
		if (atomic_load(&r->workers[i]->generation) < generation)
			return false;
	return true;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

void
reload_restarts(
    const struct snapshot *from, const struct snapshot *to, struct gw_buf *out)
{
	const struct conf *a = from->conf, *b = to->conf;

	if (a->workers != b->workers)
		gw_buf_text(out, "workers ");
	if (a->admin_on != b->admin_on ||
	    (a->admin_on && !sock_addr_eq(&a->admin, &b->admin)))
		gw_buf_text(out, "admin ");
	if (!same_text(a->control_socket, b->control_socket))
		gw_buf_text(out, "control ");
}
