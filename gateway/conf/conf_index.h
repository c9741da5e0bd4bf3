/*
 * conf_index.h: from a name to a number, without case.  Private to this
 * folder.
 *
 * Filled while loading, read only afterwards.  The names are an operator's;
 * what a peer asks for never enters, so the hash needs no secret.
 */
#ifndef CONF_INDEX_H
#define CONF_INDEX_H

#include "mcxgw/arena.h"

#define CONF_INDEX_NONE UINT16_MAX

struct conf_index;

/** An index with room for n names in a, or NULL. */
struct conf_index *conf_index_new(struct gw_arena *a, size_t n);

/**
 * Add name (borrowed) unless it is there.  The value it has: the new one, or
 * that of the first who came; CONF_INDEX_NONE if the index is full.
 */
uint16_t
conf_index_add(struct conf_index *x, struct gw_span name, uint16_t value);

/** The value of name, or CONF_INDEX_NONE.  x may be NULL. */
uint16_t conf_index_find(const struct conf_index *x, struct gw_span name);

#endif
