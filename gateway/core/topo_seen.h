/*
 * topo_seen.h: tokens of one transaction that need no cipher again.
 *
 * Responses bring back the tokens that their request was given, and a final
 * response is given the same ones as the provisional responses before it (a
 * token depends on nothing but its key, its bearer and what it hides).  So a
 * transaction keeps the last few pairs of text and content for as long as it
 * keeps its request.  Without such a memory all is sealed and opened.
 * Private to topo*.c.
 */
#ifndef TOPO_SEEN_H
#define TOPO_SEEN_H

#include "core/topo.h"

/**
 * As token_seal(), for t->to.  The key is that of key_id, 0: the current one.
 */
enum gw_err topo_seen_seal(const struct topo *t, enum token_kind kind,
    uint8_t key_id, struct gw_span plain, uint8_t *out) GW_NODISCARD;

/**
 * As token_open(), for t->from.  *plain lives in the arena, or in that of
 * t->seen.
 *
 * GW_ENOMEM, or as token_open()
 */
enum gw_err topo_seen_open(const struct topo *t, enum token_kind kind,
    struct gw_span text, struct gw_span *plain, uint8_t *key_id) GW_NODISCARD;

#endif
