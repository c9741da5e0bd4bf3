/*
 * txn.c: the tables of transactions.  Keys are keyed hashes already, so
 * their low bits serve as bucket numbers.
 */
#include "core/txn.h"

#include <stdlib.h>

#define FREE_KEPT_MAX 4096 /* transactions kept for reuse */

bool
txns_init(struct txns *t, size_t max)
{
	size_t buckets = 64;

	*t = (struct txns){ .max = max };
	while (buckets < max)
		buckets *= 2;
	t->mask = buckets - 1;
	t->by_server = calloc(buckets, sizeof(*t->by_server));
	t->by_client = calloc(buckets, sizeof(*t->by_client));
	if (t->by_server != NULL && t->by_client != NULL)
		return true;
	free(t->by_server);
	free(t->by_client);
	return false;
}

static void
release(struct txn *x)
{
	gw_arena_free(x->arena);
	free(x->reply);
	free(x->ack);
	if (x->rule_meter != NULL) {
		meter_leave(x->rule_meter);
		meter_unref(x->rule_meter);
	}
	if (x->system_meter != NULL) {
		meter_leave(x->system_meter);
		meter_unref(x->system_meter);
	}
	snapshot_unref(x->snap);
}

void
txns_clear(struct txns *t)
{
	for (size_t i = 0; t->by_server != NULL && i <= t->mask; i++) {
		while (t->by_server[i] != NULL)
			txns_free(t, t->by_server[i]);
		while (t->by_client[i] != NULL)
			txns_free(t, t->by_client[i]);
	}
	while (t->free != NULL) {
		struct txn *next = t->free->free_next;
		free(t->free);
		t->free = next;
	}
	free(t->by_server);
	free(t->by_client);
	*t = (struct txns){ 0 };
}

struct txn *
txns_new(struct txns *t)
{
	struct txn *x = t->free;

	if (t->n >= t->max)
		return NULL;
	if (x != NULL) {
		t->free = x->free_next;
		t->n_free--;
	} else if ((x = malloc(sizeof(*x))) == NULL) {
		return NULL;
	}
	*x = (struct txn){ .cap_p = -1, .cap_q = -1 };
	t->n++;
	return x;
}

static void
unlink_from(struct txn **head, struct txn *x, bool server)
{
	for (struct txn **at = head; *at != NULL;
	     at = server ? &(*at)->server_next : &(*at)->client_next)
		if (*at == x) {
			*at = server ? x->server_next : x->client_next;
			return;
		}
}

void
txns_prefetch(const struct txns *t, const struct txn *x)
{
	__builtin_prefetch(&t->by_server[x->server_key & t->mask], 1);
	__builtin_prefetch(&t->by_client[x->client_id & t->mask], 1);
	if (x->reply != NULL)
		__builtin_prefetch(x->reply - 1, 1); /* the heap's own words */
}

void
txns_free(struct txns *t, struct txn *x)
{
	unlink_from(&t->by_server[x->server_key & t->mask], x, true);
	unlink_from(&t->by_client[x->client_id & t->mask], x, false);
	release(x);
	t->n--;
	if (t->n_free >= FREE_KEPT_MAX) {
		free(x);
		return;
	}
	x->free_next = t->free;
	t->free = x;
	t->n_free++;
}

void
txns_add_server(struct txns *t, struct txn *x, uint64_t key)
{
	x->server_key = key;
	x->server_next = t->by_server[key & t->mask];
	t->by_server[key & t->mask] = x;
}

void
txns_add_client(struct txns *t, struct txn *x, uint64_t id)
{
	x->client_id = id;
	x->client_next = t->by_client[id & t->mask];
	t->by_client[id & t->mask] = x;
}

void
txns_drop_client(struct txns *t, struct txn *x)
{
	unlink_from(&t->by_client[x->client_id & t->mask], x, false);
}

struct txn *
txns_find_server(const struct txns *t, uint64_t key)
{
	struct txn *x = t->by_server[key & t->mask];

	while (x != NULL && x->server_key != key)
		x = x->server_next;
	return x;
}

struct txn *
txns_find_client(const struct txns *t, uint64_t id)
{
	struct txn *x = t->by_client[id & t->mask];

	while (x != NULL && x->client_id != id)
		x = x->client_next;
	return x;
}
