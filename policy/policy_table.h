/*
 * policy_table.h: from a hash to numbers; open addressing, filled once.
 *
 * The table keeps hashes only: the caller compares what they stand for.
 *
 *   for (uint32_t at = 0, i; policy_table_next(t, hash, &at, &i);)
 *           if (names are equal) ...
 */
#ifndef POLICY_TABLE_H
#define POLICY_TABLE_H

#include "mcxgw/arena.h"

struct policy_slot {
	uint64_t hash;
	uint32_t value; /* 0: free; else the number plus one */
};

struct policy_table {
	uint32_t n; /* 0: a hash need not even be taken */
	uint32_t mask;
	struct policy_slot *slots; /* NULL: nothing in it */
};

/** Room for n entries.  False: out of memory. */
bool policy_table_init(struct policy_table *t, struct gw_arena *a, size_t n);

/** Add one of the n entries that there is room for. */
void policy_table_add(struct policy_table *t, uint64_t hash, uint32_t value);

/**
 * Step through the values of that hash, in order of adding.  *at starts at
 * 0.  False when there is no further one.
 */
bool policy_table_next(
    const struct policy_table *t, uint64_t hash, uint32_t *at, uint32_t *value);

#endif
