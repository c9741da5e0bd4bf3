/*
 * conf_index.c: open addressing, at most half full.
 */
#include "conf/conf_index.h"

#include "mcxgw/siphash.h"

struct slot {
	struct gw_span name; /* p NULL: free */
	uint16_t value;
};

struct conf_index {
	size_t mask, n;
	struct slot *slots;
};

static const uint8_t key[GW_SIPHASH_KEY_LEN];

/* The slot of name, or the free one where it would stand. */
static struct slot *
slot_of(const struct conf_index *x, struct gw_span name)
{
	size_t i = (size_t)gw_siphash_i(key, name) & x->mask;

	while (
	    x->slots[i].name.p != NULL && !gw_span_ieq(x->slots[i].name, name))
		i = (i + 1) & x->mask;
	return &x->slots[i];
}

struct conf_index *
conf_index_new(struct gw_arena *a, size_t n)
{
	struct conf_index *x = gw_arena_alloc(a, 1, sizeof(*x));
	size_t size = 4;

	while (size / 2 <= n && size <= SIZE_MAX / 4)
		size *= 2;
	struct slot *slots = gw_arena_alloc(a, size, sizeof(*slots));
	if (x == NULL || slots == NULL)
		return NULL;
	x->mask = size - 1;
	x->slots = slots;
	return x;
}

uint16_t
conf_index_add(struct conf_index *x, struct gw_span name, uint16_t value)
{
	struct slot *s = slot_of(x, name);

	if (s->name.p != NULL)
		return s->value;
	if (name.p == NULL || x->n > x->mask / 2)
		return CONF_INDEX_NONE;
	x->n++;
	s->name = name;
	s->value = value;
	return value;
}

uint16_t
conf_index_find(const struct conf_index *x, struct gw_span name)
{
	if (x == NULL || name.len == 0)
		return CONF_INDEX_NONE;
	const struct slot *s = slot_of(x, name);
	return s->name.p == NULL ? CONF_INDEX_NONE : s->value;
}
