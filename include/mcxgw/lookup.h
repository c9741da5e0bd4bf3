/*
 * mcxgw/lookup.h: contract between the gateway and one lookup service.
 *
 * "Which security domains serve this user, and which external domains does
 * each permit?"  Services spell the question and the answer differently; an
 * adapter translates one spelling, both ways, so that a question that came in
 * one can be answered from a service that speaks another.  It opens no
 * socket, reads no clock and keeps no state: gateway/net carries the octets.
 *
 * Nothing implements this contract yet: decisions use the domains that the
 * agreement lists (step 9).
 *
 * Threads  every function may run on several workers at once.
 * Memory   results live in the caller's arena; spans passed in are borrowed
 *          for the duration of the call.
 * Units    lengths are octets, durations are milliseconds.
 */
#ifndef MCXGW_LOOKUP_H
#define MCXGW_LOOKUP_H

#include "mcxgw/arena.h"

#define GW_LOOKUP_DOMAINS_MAX  16 /* security domains of one user */
#define GW_LOOKUP_EXTERNAL_MAX 64 /* that one of them permits */

enum gw_lookup_why { GW_LOOKUP_DECISION, GW_LOOKUP_ASKED };

struct gw_lookup_question {
	struct gw_span user; /* MC service ID, sip: or tel:, never empty */
	struct gw_span system; /* id of the system that asks */
	struct gw_span identity; /* who asks in it; empty: nobody in person */
	enum gw_lookup_why why; /* for a decision, or asked from outside */
};

struct gw_lookup_domain {
	struct gw_span kms; /* KMS URI, an identifier */
	uint16_t n_external; /* domains that it permits beside itself */
	const struct gw_span *external;
};

/* No domain at all is an answer too: the service knows no such user. */
struct gw_lookup_answer {
	uint16_t n_domains; /* preferred first */
	struct gw_lookup_domain domains[GW_LOOKUP_DOMAINS_MAX];
	uint32_t ttl_ms; /* keep it this long; 0: do not */
	const char *source; /* static: the adapter's name */
};

struct gw_lookup_request {
	struct gw_span path; /* begins with '/', percent-encoded */
	struct gw_span body; /* empty means GET, otherwise POST */
	const char *content_type; /* static; NULL when body is empty */
};

struct gw_lookup_adapter {
	const char *name; /* as written in <lookup adapter="..."> */

	/**
	 * Write the HTTP request that asks q.  On failure *out is untouched.
	 *
	 * GW_ENOMEM        the arena is full
	 * GW_EUNSUPPORTED  this service cannot express q
	 */
	enum gw_err (*ask)(struct gw_arena *a,
	    const struct gw_lookup_question *q, struct gw_lookup_request *out);

	/**
	 * Read a complete reply of the service.  On failure *out is untouched.
	 *
	 * GW_ENOMEM      the arena is full
	 * GW_EMALFORMED  the reply breaks its own format; do not ask again
	 * GW_EREMOTE     the service reports its own failure; may ask again
	 */
	enum gw_err (*take)(struct gw_arena *a, unsigned http_status,
	    struct gw_span body, struct gw_lookup_answer *out);

	/**
	 * Read a question that somebody asks us in this spelling.
	 *
	 * GW_ENOMEM, GW_EMALFORMED  as above
	 * GW_ENOTFOUND              the path is none of this spelling
	 */
	enum gw_err (*hear)(struct gw_arena *a,
	    const struct gw_lookup_request *in, struct gw_lookup_question *out);

	/** Write our answer; body and content type of *out are set. */
	enum gw_err (*answer)(struct gw_arena *a,
	    const struct gw_lookup_answer *in, struct gw_lookup_request *out);
};

#endif
