/*
 * mcxgw/arena.h: memory that dies together.
 *
 * One arena serves one lifetime (a snapshot, a transaction, a document).
 * It grows in chunks up to a cap and is released by one call.  Not thread
 * safe; an immutable object may be read from many threads afterwards.
 */
#ifndef MCXGW_ARENA_H
#define MCXGW_ARENA_H

#include "mcxgw/span.h"

struct gw_arena;

/** A new arena that holds at most cap octets, or NULL (out of memory). */
struct gw_arena *gw_arena_new(size_t cap);

/** Release all of it.  NULL is allowed. */
void gw_arena_free(struct gw_arena *a);

/** Forget all allocations, keep the first chunk for reuse. */
void gw_arena_reset(struct gw_arena *a);

/**
 * n zeroed objects of size octets, aligned for any type; NULL when the cap
 * would be passed, the heap is exhausted or n * size overflows.
 */
void *gw_arena_alloc(struct gw_arena *a, size_t n, size_t size);

/** len octets, unaligned and not zeroed; else as gw_arena_alloc. */
uint8_t *gw_arena_bytes(struct gw_arena *a, size_t len);

/** A copy of s.  False when there was no room; then *out is untouched. */
bool gw_arena_copy(
    struct gw_arena *a, struct gw_span s, struct gw_span *out) GW_NODISCARD;

/** A NUL-terminated copy of s, or NULL. */
char *gw_arena_str(struct gw_arena *a, struct gw_span s);

/** Octets handed out so far. */
size_t gw_arena_used(const struct gw_arena *a);

#endif
