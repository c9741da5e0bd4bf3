/*
 * asked.h: answers to those who ask over HTTP.  Private to the engine.
 *
 *   asked.c     which domains serve a user (mcxgw/lookup.h)
 *   kms_pass.c  traffic with the KMS of another system
 */
#ifndef ASKED_H
#define ASKED_H

#include "core/askers.h"
#include "core/engine.h"

/** CORE_ANSWER for that stream; r is copied.  Its texts live until the next
 * call. */
void
core_answer(struct core *c, uint64_t stream, const struct gw_http_response *r);

/* What is told of a question that is done. */
struct asked_done {
	uint16_t asker, of; /* of the snapshot in force */
	const struct gw_lookup_adapter *adapter; /* NULL: none knew the path */
	enum asked_result result;
	struct gw_span user; /* or the kind of KMS traffic */
	const char *why; /* static; NULL: nothing to say */
	size_t domains; /* told */
	bool cached;
	uint64_t came_us;
};
/** One line of the log, one count. */
void asked_log(struct core *c, const struct asked_done *d);

/** Answer with an error in the spelling of adapter; in is what was asked. */
void asked_refuse(struct core *c, uint64_t stream,
    const struct gw_lookup_adapter *adapter, const struct gw_http_request *in,
    uint16_t asker, enum gw_lookup_error error, uint32_t retry_after_s);

/** What an adapter must know to answer that system. */
struct gw_lookup_ends asked_ends(
    const struct core *c, uint16_t asker, const struct gw_http_request *in);

/** The index today of a system of a row's snapshot; GW_SYSTEM_NONE if it is
 * gone. */
uint16_t
asked_today(const struct core *c, const struct asked *a, uint16_t system);

#endif
