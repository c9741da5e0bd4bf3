/*
 * lookup_once.c: what the main thread asks a worker of its lookups.
 */
#include "net/lookup_once.h"

#include <poll.h>

#include "net/act.h"
#include "net/post.h"
#include "net/worker.h"

#define SPARE_MS 2000 /* beside the deadline of the service */

/* ---- in the worker ---- */

static void
post_back(struct worker *w, struct post_lookup *p)
{
	p->worker = w->index;
	p->item.kind = POST_LOOKED;
	mbox_post_urgent(w->main, &p->item);
}

/* The answer as long as the caller's arena lives. */
static bool
keep(struct lookup_once *once, const struct gw_lookup_answer *in)
{
	struct gw_arena *a = once->arena;

	once->answer = *in;
	for (size_t i = 0; i < in->n_domains; i++) {
		struct gw_lookup_domain *d = &once->answer.domains[i];
		struct gw_span *external = gw_arena_alloc(
		    a, (size_t)d->n_external + 1, sizeof(*external));
		if (external == NULL || !gw_arena_copy(a, d->kms, &d->kms))
			return false;
		for (size_t k = 0; k < d->n_external; k++)
			if (!gw_arena_copy(a, d->external[k], &external[k]))
				return false;
		d->external = external;
	}
	return true;
}

static void
settle(struct lookup_once *once, enum lookup_found found,
    const struct gw_lookup_answer *answer, const struct lookup_source *source)
{
	once->found = found;
	once->source = *source;
	if (found != LOOKUP_ANSWER || keep(once, answer))
		return;
	once->found = LOOKUP_FAILED;
	once->source.why = "no memory";
}

static void
on_ready(struct core *c, struct lookup_waiter *waiter, enum lookup_found found,
    const struct gw_lookup_answer *answer, const struct lookup_source *source)
{
	struct lookup_once *once =
	    (struct lookup_once *)(void *)((char *)waiter -
					   offsetof(
					       struct lookup_once, waiter));
	struct post_lookup *p = once->post;

	(void)c;
	settle(once, found, answer, source);
	once->post = NULL;
	post_back(once->worker, p);
}

/* True: the answer comes later. */
static bool
find(struct worker *w, struct post_lookup *p)
{
	struct lookup_once *once = p->once;
	struct gw_lookup_answer answer = { 0 };
	struct lookup_source source = { 0 };

	once->worker = w;
	once->post = p;
	once->waiter = (struct lookup_waiter){ .ready = on_ready };
	enum lookup_found found = lookups_begin(w->core, once->system,
	    once->user, once->arena, &once->waiter, &answer, &source, w->now);
	act(w);
	if (found == LOOKUP_WAIT)
		return true;
	settle(once, found, &answer, &source);
	once->post = NULL;
	return false;
}

void
lookup_once_serve(struct worker *w, struct post_lookup *p)
{
	struct gw_span user = { (const uint8_t *)p->user, p->user_len };

	switch (p->what) {
	case POST_LOOKUP_FLUSH:
		p->n = lookups_flush(w->core, user, w->now);
		act(w);
		break;
	case POST_LOOKUP_SHOW:
		p->found =
		    lookups_show(w->core, user, p->json, w->now, &p->text);
		break;
	case POST_LOOKUP_FIND:
		if (find(w, p))
			return;
		break;
	}
	post_back(w, p);
}

/* ---- in the main thread ---- */

static uint64_t
patience_ms(const struct snapshot *s, uint16_t system)
{
	const struct conf_service *service =
	    system < s->conf->n_systems ? s->conf->systems[system].lookup :
					  NULL;

	return SPARE_MS + (service == NULL ? 0 : service->deadline_ms);
}

/* Until the answer is in m; true if it came. */
static bool
await(struct mbox *m, uint64_t ms)
{
	uint64_t end = gw_now_read().mono_us + ms * 1000;
	struct mbox_item *item;
	bool answered = false;

	while (!answered) {
		uint64_t now = gw_now_read().mono_us;
		struct pollfd p = { mbox_fd(m), POLLIN, 0 };
		if (now >= end)
			break;
		(void)poll(&p, 1, (int)((end - now) / 1000 + 1));
		while ((item = mbox_take(m)) != NULL) {
			answered = answered || item->kind == POST_LOOKED;
			item->free(item);
		}
	}
	return answered;
}

static bool
start(struct worker *w, struct lookup_once *once)
{
	struct post_lookup *p = post_lookup_new(
	    POST_LOOKUP_FIND, 0, (struct gw_span){ NULL, 0 }, false);

	if (p == NULL)
		return false;
	p->once = once;
	/* It asks this question, and none of its own. */
	core_drain(w->core);
	mbox_post_urgent(w->mbox, &p->item);
	return worker_start(w);
}

enum gw_err
lookup_once(struct snapshot *s, struct lookup_once *once)
{
	struct worker *all[1] = { NULL };
	struct worker_setup setup = {
		.n = 1, .snap = s, .main = mbox_new(MBOX_MAX), .all = all
	};
	enum gw_err err = GW_EIO;

	if (setup.main == NULL)
		return GW_EIO;
	all[0] = worker_new(&setup);
	if (all[0] != NULL && start(all[0], once)) {
		err = await(setup.main, patience_ms(s, once->system)) ?
			  GW_OK :
			  GW_ETIMEOUT;
		struct post_note *end = post_note_new(POST_END, 0, 0);
		if (end == NULL)
			return GW_EIO; /* the thread is left as it is */
		mbox_post_urgent(all[0]->mbox, &end->item);
		worker_join(all[0]);
	}
	worker_free(all[0]);
	mbox_free(setup.main);
	return err;
}
