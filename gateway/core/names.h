/*
 * names.h: the names of a configuration, for lookups per message: hosts that
 * are the gateway's own, domains of systems, and what stands for a system or
 * a listener in a token.
 *
 * In a token a system or listener is a hash of its id, not its index: other
 * nodes, and the next configuration, number them otherwise.
 *
 * Immutable after names_new(); the cost of a lookup does not depend on how
 * many names there are.
 */
#ifndef NAMES_H
#define NAMES_H

#include "conf/conf.h"

struct names;

/** The names of c, which must outlive the result.  NULL: no memory. */
struct names *names_new(const struct conf *c);
void names_free(struct names *n);

/**
 * Is that a sent-by or URI host of ours (advertise of a listener)?  Host
 * without brackets and without case.  port 0: none was given, that fits any.
 */
bool names_is_own(const struct names *n, struct gw_span host, uint16_t port);

/** Is host a domain of MC service IDs of any system, or "anonymous.invalid"
 * (RFC 3323, 4.1.1.3), which may be seen by everyone? */
bool names_is_public(const struct names *n, struct gw_span host);

/** What stands for a system in tokens, and back: GW_SYSTEM_NONE if no system
 * of this configuration has it. */
uint64_t names_system_hash(const struct names *n, uint16_t system);
uint16_t names_system(const struct names *n, uint64_t hash);

/** The same for listeners; UINT16_MAX if there is none. */
uint64_t names_listener_hash(const struct names *n, uint16_t listener);
uint16_t names_listener(const struct names *n, uint64_t hash);

/** Cut "gw.alpha.example:5061" or "[::1]:5061" into host (without brackets)
 * and port (0: none, or not one). */
void names_split(struct gw_span text, struct gw_span *host, uint16_t *port);

#endif
