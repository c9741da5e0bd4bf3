/*
 * replay.h: key messages seen lately, known to all workers.
 *
 * A key message is named by a keyed hash of its initiator (IDRi or UID), CSB
 * ID, time stamp and RAND, never by its signature (s -> q - s still
 * verifies).  Seen again under the same Call-ID it is the same call (a
 * retransmission, a refresh, a retry on another hop); under another Call-ID
 * it is a replay.
 *
 * The table is a fixed set-associative array of atomics: no lock, bounded
 * memory.  When a set is full of entries that still count, the oldest gives
 * way and replay_evictions() rises: size the table for rate times window.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include "codec/mikey/mikey_imsg.h"
#include "mcxgw/clock.h"

struct replay;

#define REPLAY_KEY_LEN 16

/** A table of at least n entries that hashes under key (random octets);
 * NULL: no memory. */
struct replay *replay_new(size_t n, const uint8_t key[REPLAY_KEY_LEN]);
void replay_free(struct replay *r);

/**
 * Note m in the request of call_id.  True if it was seen within window_us
 * under another Call-ID.
 */
bool replay_seen(struct replay *r, const struct mikey_imsg *m,
    struct gw_span call_id, struct gw_now now, int64_t window_us);

/** How many entries were thrown out before their time, as the table was full. */
uint64_t replay_evictions(const struct replay *r);

#endif
