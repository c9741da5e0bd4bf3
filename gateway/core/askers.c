/*
 * askers.c: a pool of rows and two hash tables over them.
 */
#include "core/askers.h"

#include <stdlib.h>

#define BUCKETS	 4096u /* chains of five, if 20000 wait */
#define POOL_MAX 1024 /* free rows that are kept */

struct askers {
	size_t n, n_pool;
	struct asked *pool;
	struct asked *by_stream[BUCKETS], *by_ticket[BUCKETS];
	uint32_t held[BUCKETS]; /* by service */
};

/* Numbers of our own making: nobody chooses their buckets. */
static size_t
bucket(uint64_t id)
{
	return (size_t)((id * UINT64_C(0x9e3779b97f4a7c15)) >> 52);
}

struct askers *
askers_new(void)
{
	return calloc(1, sizeof(struct askers));
}

static void
let_go(struct asked *one)
{
	gw_arena_free(one->arena);
	snapshot_unref(one->snap);
	one->arena = NULL;
	one->snap = NULL;
}

void
askers_free(struct askers *a)
{
	struct asked *one;

	if (a == NULL)
		return;
	while ((one = askers_first(a)) != NULL)
		askers_give(a, one);
	while ((one = a->pool) != NULL) {
		a->pool = one->next;
		free(one);
	}
	free(a);
}

struct asked *
askers_first(struct askers *a)
{
	for (size_t i = 0; a->n > 0 && i < BUCKETS; i++)
		if (a->by_stream[i] != NULL)
			return a->by_stream[i];
	return NULL;
}

static struct asked *
asked_new(struct askers *a)
{
	struct asked *one = a->pool;

	if (one == NULL)
		return calloc(1, sizeof(*one));
	a->pool = one->next;
	a->n_pool--;
	*one = (struct asked){ 0 };
	return one;
}

struct asked *
askers_take(struct askers *a, uint64_t stream, size_t max)
{
	struct asked *one = a->n < max ? asked_new(a) : NULL;
	struct asked **head = &a->by_stream[bucket(stream)];

	if (one == NULL)
		return NULL;
	one->stream = stream;
	one->next = *head;
	one->back = head;
	if (*head != NULL)
		(*head)->back = &one->next;
	*head = one;
	a->n++;
	return one;
}

void
askers_give(struct askers *a, struct asked *one)
{
	let_go(one);
	*one->back = one->next;
	if (one->next != NULL)
		one->next->back = one->back;
	if (one->back_ticket != NULL) {
		*one->back_ticket = one->next_ticket;
		if (one->next_ticket != NULL)
			one->next_ticket->back_ticket = one->back_ticket;
		--*one->held;
	}
	a->n--;
	if (a->n_pool == POOL_MAX) {
		free(one);
		return;
	}
	one->next = a->pool;
	a->pool = one;
	a->n_pool++;
}

struct asked *
askers_by_stream(struct askers *a, uint64_t stream)
{
	struct asked *one = a->by_stream[bucket(stream)];

	while (one != NULL && one->stream != stream)
		one = one->next;
	return one;
}

size_t
askers_held(const struct askers *a, uint64_t service)
{
	return a->held[bucket(service)];
}

void
askers_await(
    struct askers *a, struct asked *one, uint64_t ticket, uint64_t service)
{
	struct asked **head = &a->by_ticket[bucket(ticket)];

	one->held = &a->held[bucket(service)];
	++*one->held;
	one->ticket = ticket;
	one->next_ticket = *head;
	one->back_ticket = head;
	if (*head != NULL)
		(*head)->back_ticket = &one->next_ticket;
	*head = one;
}

struct asked *
askers_by_ticket(struct askers *a, uint64_t ticket)
{
	struct asked *one = a->by_ticket[bucket(ticket)];

	while (one != NULL && one->ticket != ticket)
		one = one->next_ticket;
	return one;
}

bool
askers_keep(struct asked *one)
{
	struct gw_http_request *r = &one->request;
	struct gw_span *const texts[] = { &one->question.user,
		&one->question.asker, &one->certificate, &r->path,
		&r->authority, &r->content_type, &r->accept };
	size_t need = 1;

	r->body = r->authorization = GW_SPAN("");
	for (size_t i = 0; i < GW_COUNT(texts); i++)
		need += texts[i]->len;
	if ((one->arena = gw_arena_new(need)) == NULL)
		return false;
	for (size_t i = 0; i < GW_COUNT(texts); i++)
		if (!gw_arena_copy(one->arena, *texts[i], texts[i]))
			return false;
	return true;
}
