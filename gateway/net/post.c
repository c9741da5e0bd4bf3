/*
 * post.c: see post.h.
 */
#include "net/post.h"

#include <stdlib.h>
#include <unistd.h>

#define ANSWER_MAX (256 * 1024)

static void
free_message(struct mbox_item *item)
{
	struct post_message *m = (struct post_message *)item;

	snapshot_unref(m->snap);
	free(m);
}

struct post_message *
post_message_new(
    enum post_kind kind, const struct core_action *a, uint8_t rounds)
{
	struct post_message *m = malloc(sizeof(*m) + a->len);
	size_t at = 0;

	if (m == NULL)
		return NULL;
	m->item = (struct mbox_item){ NULL, (int)kind, free_message };
	/* Counted, not changed: what it holds stays immutable. */
	m->snap = snapshot_ref((struct snapshot *)(uintptr_t)a->snap);
	m->flow = a->flow;
	m->rounds = rounds;
	m->len = a->len;
	for (size_t i = 0; i < a->n_iov; i++) {
		if (a->iov[i].iov_len > a->len - at)
			break;
		memcpy(m->octets + at, a->iov[i].iov_base, a->iov[i].iov_len);
		at += a->iov[i].iov_len;
	}
	return m;
}

static void
free_snapshot(struct mbox_item *item)
{
	struct post_snapshot *p = (struct post_snapshot *)item;

	for (size_t i = 0; i < p->n_fds; i++)
		if (p->fds[i] >= 0)
			(void)close(p->fds[i]);
	snapshot_unref(p->snap);
	free(p);
}

struct post_snapshot *
post_snapshot_new(struct snapshot *s, size_t n_fds)
{
	struct post_snapshot *p = malloc(sizeof(*p) + n_fds * sizeof(int));

	if (p == NULL)
		return NULL;
	p->item = (struct mbox_item){ NULL, (int)POST_SNAPSHOT, free_snapshot };
	p->snap = snapshot_ref(s);
	p->n_fds = n_fds;
	for (size_t i = 0; i < n_fds; i++)
		p->fds[i] = -1;
	return p;
}

static void
free_why(struct mbox_item *item)
{
	struct post_why *p = (struct post_why *)item;

	gw_buf_clear(&p->text);
	free(p);
}

struct post_why *
post_why_new(enum post_kind kind, uint64_t question, uint64_t id, bool json)
{
	struct post_why *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->item = (struct mbox_item){ NULL, (int)kind, free_why };
	p->question = question;
	p->id = id;
	p->json = json;
	gw_buf_init(&p->text, ANSWER_MAX);
	return p;
}

static void
free_lookup(struct mbox_item *item)
{
	struct post_lookup *p = (struct post_lookup *)item;

	gw_buf_clear(&p->text);
	free(p);
}

struct post_lookup *
post_lookup_new(enum post_lookup_what what, uint64_t question,
    struct gw_span user, bool json)
{
	struct post_lookup *p = calloc(1, sizeof(*p) + user.len);

	if (p == NULL)
		return NULL;
	p->item = (struct mbox_item){ NULL, (int)POST_LOOKUP, free_lookup };
	p->what = what;
	p->question = question;
	p->json = json;
	gw_buf_init(&p->text, ANSWER_MAX);
	p->user_len = user.len;
	if (user.len > 0)
		memcpy(p->user, user.p, user.len);
	return p;
}

static void
free_note(struct mbox_item *item)
{
	free(item);
}

struct post_note *
post_note_new(enum post_kind kind, unsigned worker, uint64_t generation)
{
	struct post_note *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->item = (struct mbox_item){ NULL, (int)kind, free_note };
	p->worker = worker;
	p->generation = generation;
	return p;
}
