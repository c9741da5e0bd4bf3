/*
 * askers.h: who asked over HTTP and waits for an answer.  Private to the
 * engine.
 *
 * Rows are taken from a pool of bounded size and found again by the stream
 * of the asker, or by the ticket of the question that it waits for.  A row
 * keeps a copy of what its answer must repeat, never a token.
 */
#ifndef ASKERS_H
#define ASKERS_H

#include "core/core.h"
#include "core/lookups.h"
#include "core/wheel.h"

/* What became of a question. */
enum asked_result {
	ASKED_ANSWERED, /* a domain was told; KMS traffic came back */
	ASKED_NOTHING, /* unknown or not disclosed: alike */
	ASKED_UNAVAILABLE, /* the service, memory or patience is missing */
	ASKED_MALFORMED, /* 400, 405 */
	ASKED_NOT_FOUND, /* no such path */
	ASKED_FORBIDDEN,
	ASKED_LIMITED, /* asks too often */
	ASKED_GONE, /* the asker did not wait */
	ASKED_RESULT_N
};

struct asked {
	struct wheel_node due; /* first: core_asked_due() is given it */
	struct lookup_waiter waiter;
	struct asked *next, **back; /* by stream; next alone: in the pool */
	struct asked *next_ticket, **back_ticket; /* back NULL: has none */
	uint32_t *held; /* where it is counted, while it waits for a ticket */
	struct snapshot *snap; /* that system, of and service are of */
	struct gw_arena *arena; /* what is copied; NULL: nothing yet */
	uint64_t stream, ticket, came_us;
	uint16_t system; /* who asks */
	uint16_t of; /* the user's system, or that of the KMS; may be NONE */
	uint8_t kms; /* enum policy_kms_request; POLICY_KMS_N: a lookup */
	bool failed; /* the service was asked, and gave no answer */
	const struct gw_lookup_adapter *adapter;
	struct gw_lookup_question question; /* of KMS traffic: for whom */
	struct gw_span certificate; /* of KMS traffic: whose is asked for */
	/* Of the request: method, path, authority and media types. */
	struct gw_http_request request;
};

struct askers;

struct askers *askers_new(void);
/** All rows; what they wait for is dropped by the caller. */
void askers_free(struct askers *a);
/** Any of those that wait, or NULL. */
struct asked *askers_first(struct askers *a);

/** A row for that stream, empty but for it; NULL: max rows are taken, or no
 * memory. */
struct asked *askers_take(struct askers *a, uint64_t stream, size_t max);
/** The row is free again; it holds no timer and no waiter any more. */
void askers_give(struct askers *a, struct asked *one);
struct asked *askers_by_stream(struct askers *a, uint64_t stream);
/** It waits for that ticket of a service from now on. */
void askers_await(
    struct askers *a, struct asked *one, uint64_t ticket, uint64_t service);
/** How many wait for tickets of that service (services of equal hash count as
 * one). */
size_t askers_held(const struct askers *a, uint64_t service);
struct asked *askers_by_ticket(struct askers *a, uint64_t ticket);
/** Copy the texts that the row has borrowed so far into its own memory; body
 * and token are dropped.  False: no memory. */
bool askers_keep(struct asked *one);

#endif
