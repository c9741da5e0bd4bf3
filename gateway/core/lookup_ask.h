/*
 * lookup_ask.h: one question to a lookup service, in its words and out of
 * them; nothing is remembered here.
 *
 * Users and domains have the names of the agreements; services have theirs
 * (policy_map_*).  The running gateway and `explain` read answers alike.
 */
#ifndef LOOKUP_ASK_H
#define LOOKUP_ASK_H

#include "core/snapshot.h"

/* Whom to ask: of one snapshot. */
struct lookup_ask {
	const struct snapshot *snap;
	const struct service *service;
	struct gw_span user; /* as gw_lookup_user() has it */
	int64_t wall_us;
};

/** The lookup service of a system, or NULL. */
const struct service *
lookup_ask_service(const struct snapshot *s, uint16_t system);

/** What a static service says; no domain if it has no such user.  False: the
 * arena is full. */
bool lookup_ask_table(const struct lookup_ask *q, struct gw_arena *arena,
    struct gw_lookup_answer *out) GW_NODISCARD;
/** The request that asks; NULL, or a static clause: why it cannot be
 * written. */
const char *lookup_ask_write(const struct lookup_ask *q, struct gw_arena *arena,
    struct gw_http_request *out);
/** What the response says, as adapter reads it.  NULL, or why it is no
 * answer. */
const char *lookup_ask_read(const struct lookup_ask *q,
    const struct gw_lookup_adapter *adapter, struct gw_arena *arena,
    const struct gw_http_response *in, struct gw_lookup_answer *out);

/** What a system is told of an answer about a user of system `of`: what the
 * agreement discloses, in the names of the asker's own service.  False: the
 * arena is full. */
bool lookup_ask_told(const struct snapshot *s, uint16_t asker, uint16_t of,
    const struct gw_lookup_answer *in, int64_t wall_us, struct gw_arena *arena,
    struct gw_lookup_answer *out) GW_NODISCARD;

#endif
