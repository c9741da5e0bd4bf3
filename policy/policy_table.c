/*
 * policy_table.c: linear probing, at most half full.
 */
#include "policy/policy_table.h"

bool
policy_table_init(struct policy_table *t, struct gw_arena *a, size_t n)
{
	size_t size = 4;

	*t = (struct policy_table){ .slots = NULL };
	if (n > UINT32_MAX / 8)
		return false;
	while (size < 2 * n)
		size *= 2;
	t->slots = gw_arena_alloc(a, size, sizeof(*t->slots));
	t->mask = (uint32_t)(size - 1);
	return t->slots != NULL;
}

void
policy_table_add(struct policy_table *t, uint64_t hash, uint32_t value)
{
	uint32_t i = (uint32_t)hash & t->mask;

	t->n++;
	while (t->slots[i].value != 0)
		i = (i + 1) & t->mask;
	t->slots[i] = (struct policy_slot){ hash, value + 1 };
}

bool
policy_table_next(
    const struct policy_table *t, uint64_t hash, uint32_t *at, uint32_t *value)
{
	if (t->n == 0)
		return false;
	for (;; ++*at) {
		const struct policy_slot *s =
		    &t->slots[((uint32_t)hash + *at) & t->mask];
		if (s->value == 0)
			return false;
		if (s->hash == hash) {
			*value = s->value - 1;
			++*at;
			return true;
		}
	}
}
