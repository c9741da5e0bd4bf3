/*
 * mcxgw/lookup.h: contract between the gateway and one lookup service.
 *
 * "Which security domains serve this user, and which external domains does
 * each permit?"  Services spell the question and the answer differently; an
 * adapter translates one spelling, both ways, so that a question that came in
 * one can be answered from a service that speaks another.  It opens no
 * socket, reads no clock and keeps no state: gateway/net carries the octets.
 *
 * Threads  every function may run on several workers at once.
 * Memory   results live in the caller's arena or borrow from what was passed
 *          in; spans passed in are borrowed for the life of the result.
 * Units    lengths are octets, durations are milliseconds.
 */
#ifndef MCXGW_LOOKUP_H
#define MCXGW_LOOKUP_H

#include "mcxgw/arena.h"
#include "mcxgw/clock.h"
#include "mcxgw/err.h"
#include "mcxgw/http.h"

#define GW_LOOKUP_DOMAINS_MAX  16 /* security domains of one user */
#define GW_LOOKUP_EXTERNAL_MAX 64 /* that one of them permits */
#define GW_LOOKUP_USER_MAX     512 /* octets of an MC service ID */
#define GW_LOOKUP_KMS_MAX      255 /* octets of a KMS URI */

/* Names of the KMS interface that could not be checked against TS 33.180
 * D.2.7; dialect(5) can correct them.  Spans are of the process or the
 * snapshot. */
struct gw_lookup_names {
	struct gw_span
	    ns; /* of all elements: "urn:3gpp:ns:mcsecKMSInterface:1.0" */
	struct gw_span root; /* "KmsLookup" */
	struct gw_span user; /* "UserUri" */
	struct gw_span domain; /* "KmsUri", 0..n */
};
/** The names that are built in; static storage. */
extern const struct gw_lookup_names gw_lookup_names_3gpp;

/* What an adapter must know of the two ends, beside the question. */
struct gw_lookup_ends {
	struct gw_span self; /* URI that the gateway asks as */
	struct gw_span kms; /* KMS URI of the service that is asked or of the
	                       system that answers; may be empty */
	struct gw_span authority; /* host[:port] of the service, or asked for */
	struct gw_span prefix; /* path before the adapter's own, "" or "/x" */
	const struct gw_lookup_names *names; /* never NULL */
	int64_t wall_us;
};

struct gw_lookup_question {
	struct gw_span user; /* MC service ID, sip: or tel:, decoded, never
	                        empty */
	struct gw_span asker; /* URI of who asks; empty: not told */
};

struct gw_lookup_domain {
	struct gw_span kms; /* KMS URI, an identifier */
	bool lists_external; /* it said which external domains it permits;
	                        false: it said nothing of them */
	uint16_t n_external; /* 0 with lists_external: it permits none */
	const struct gw_span *external; /* KMS URIs */
};

/* No domain at all is an answer too: the service knows no such user. */
struct gw_lookup_answer {
	uint16_t n_domains; /* preferred first */
	struct gw_lookup_domain domains[GW_LOOKUP_DOMAINS_MAX];
	uint32_t ttl_ms; /* keep it this long; 0: not told */
};

/* What an asker is told instead of an answer. */
enum gw_lookup_error {
	GW_LOOKUP_E_REQUEST, /* 400: it cannot be read */
	GW_LOOKUP_E_FORBIDDEN, /* 403: not for this asker, whatever is asked */
	GW_LOOKUP_E_NOT_FOUND, /* 404: nothing has that path */
	GW_LOOKUP_E_METHOD, /* 405 */
	GW_LOOKUP_E_RATE, /* 429 */
	GW_LOOKUP_E_UNAVAILABLE, /* 503: the service behind does not answer */
	GW_LOOKUP_ERROR_N
};

struct gw_lookup_adapter {
	/* "kms", "domain-lookup" (XML), "domain-lookup-json". */
	const char *name;

	/**
	 * Write the request that asks q.  On failure *out is untouched.
	 *
	 * GW_ENOMEM        the arena is full
	 * GW_EUNSUPPORTED  this service cannot express q
	 */
	enum gw_err (*ask)(struct gw_arena *a, const struct gw_lookup_ends *e,
	    const struct gw_lookup_question *q,
	    struct gw_http_request *out) GW_NODISCARD;

	/**
	 * Read a complete response of the service to q.  Domains are in its
	 * order, without repetition, compared without case.  "No such user",
	 * as the dialect says it, is GW_OK without domains.  On failure *out
	 * is untouched and *fault says where and why.
	 *
	 * GW_ENOMEM      the arena is full
	 * GW_EMALFORMED  it breaks its own format, or answers another question
	 * GW_ELIMIT      more domains than we accept
	 * GW_EREMOTE     the service reports its own failure; may ask again
	 */
	enum gw_err (*take)(struct gw_arena *a, const struct gw_lookup_ends *e,
	    const struct gw_lookup_question *q,
	    const struct gw_http_response *in, struct gw_lookup_answer *out,
	    struct gw_fault *fault) GW_NODISCARD;

	/**
	 * Read a question that somebody asks us in this spelling.
	 *
	 * GW_ENOMEM       the arena is full
	 * GW_EMALFORMED   of this spelling, but broken (400)
	 * GW_EUNSUPPORTED of this spelling, but another method (405)
	 * GW_ENOTFOUND    the path or the media types are none of this spelling
	 */
	enum gw_err (*hear)(struct gw_arena *a, const struct gw_lookup_ends *e,
	    const struct gw_http_request *in, struct gw_lookup_question *out,
	    struct gw_fault *fault) GW_NODISCARD;

	/**
	 * Write our answer to q.  The same octets for the same answer, user
	 * and time in seconds.  GW_ENOMEM.
	 */
	enum gw_err (*answer)(struct gw_arena *a,
	    const struct gw_lookup_ends *e, const struct gw_lookup_question *q,
	    const struct gw_lookup_answer *in,
	    struct gw_http_response *out) GW_NODISCARD;

	/**
	 * Write an error as this spelling has it (KmsError,
	 * application/problem+json).  in may be what could not be read.
	 * GW_ENOMEM.
	 */
	enum gw_err (*refuse)(struct gw_arena *a,
	    const struct gw_lookup_ends *e, const struct gw_http_request *in,
	    enum gw_lookup_error error,
	    struct gw_http_response *out) GW_NODISCARD;
};

/** The adapter of that name, or NULL. */
const struct gw_lookup_adapter *gw_lookup_adapter(struct gw_span name);
/** All of them, for those who must try each with hear(). */
const struct gw_lookup_adapter *const *gw_lookup_adapters(size_t *n);

/*
 * A static service: a file (urn:mcxgw:lookup:1, conf/schema/lookup.xsd) that
 * says which domains serve whom.  Immutable after loading.
 */
struct gw_lookup_table;
struct gw_diag;

/** Load the file at path.  Every mistake goes to d; NULL if there was one. */
struct gw_lookup_table *gw_lookup_table_load(
    const char *path, const char *schema_dir, struct gw_diag *d);
void gw_lookup_table_free(struct gw_lookup_table *t);
/** The answer for a user (compared as URIs): its own entry, else that of its
 * domain, else NULL.  Spans live as long as the table.  Cost does not depend
 * on the number of entries. */
const struct gw_lookup_answer *
gw_lookup_table_find(const struct gw_lookup_table *t, struct gw_span user);

/*
 * MC service IDs as questions name them.  adapters/lookup/lookup_user.c
 */

/**
 * The form under which a user is looked up and remembered: scheme and host in
 * lower case, "sips" as "sip", no parameters, no headers, escapes of
 * unreserved characters undone; for tel: no visual separators (RFC 3966 4,
 * RFC 3261 19.1.4).
 *
 * GW_EMALFORMED  no sip:, sips: or tel: URI with a user part
 * GW_ELIMIT      longer than GW_LOOKUP_USER_MAX
 * GW_ENOMEM      the arena is full
 */
enum gw_err gw_lookup_user(
    struct gw_arena *a, struct gw_span uri, struct gw_span *out) GW_NODISCARD;

/** Append text percent-encoded as one path segment (RFC 3986 3.3, all but
 * unreserved characters). */
struct gw_buf;
void gw_lookup_escape(struct gw_buf *out, struct gw_span text);
/** Undo it.  GW_EMALFORMED: not an escape, or to a NUL; GW_ENOMEM. */
enum gw_err gw_lookup_unescape(
    struct gw_arena *a, struct gw_span text, struct gw_span *out) GW_NODISCARD;
/** Does a server that decodes a path before it cuts it see steps ("." or "..")
 * in a segment that stands for text?  It would arrive at another resource. */
bool gw_lookup_has_steps(struct gw_span text);

#endif
