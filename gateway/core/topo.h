/*
 * topo.h: what changes in a message that crosses the border.
 *
 * Everything that tells of the inside (Via, Record-Route, Route, Path,
 * Service-Route, Contact and other URIs whose host is not one of the
 * system's public domains, Call-ID where the agreement asks for it) becomes a
 * token in a URI of the gateway; tokens that come back become what they were.
 * Both sides are hidden from each other.  Nothing is kept: any node with the
 * key can do the next message.
 *
 * The result is a list of edits over the received octets.  Inserted text
 * lives in the arena.
 */
#ifndef TOPO_H
#define TOPO_H

#include "codec/mcx/mcx_body.h"
#include "codec/sip/sip_edit.h"
#include "codec/sip/sip_msg.h"
#include "core/snapshot.h"
#include "core/topo_plain.h"

#define TOPO_ROUTES_MAX 32 /* entries of one route set */
/* A message grows by no more than this: a token has at most TOKEN_TEXT_MAX
 * (4136) characters, and a message that would need a longer one, or more
 * than this of all, is refused (513).  A common INVITE grows by less than
 * 900 octets. */
#define TOPO_GROWTH_MAX 16384

/* Text of our branch: z9hG4bK, 16 hex digits of id, 8 of the loop hash. */
#define TOPO_BRANCH_LEN (7 + 16 + 8)

/* Tokens that a transaction gave out, so that its responses cost no cipher. */
#define TOPO_SEEN_MAX 8
struct topo_seen;

/** An empty memory in a, which it fills; it dies with a.  NULL: no room. */
struct topo_seen *topo_seen_new(struct gw_arena *a);

/* What every call needs. */
struct topo {
	const struct snapshot *snap;
	struct token_sealer *sealer;
	struct gw_arena *arena;
	struct gw_now now;
	uint16_t from, to; /* systems: whence the message comes, whither */
	uint16_t in, out; /* listeners that face them */
	struct topo_seen *seen; /* of the transaction, or NULL */
	int64_t as_of_us; /* wall clock: when its request came */
	struct topo_plain *plain; /* of this thread, or NULL */
};

/* What the tokens of a request say (Route and Request-URI). */
struct topo_target {
	bool ours; /* the Request-URI is one of the gateway's own */
	bool has_token; /* a good token was found: the fields below hold */
	bool bad_token; /* one of ours that does not open for this bearer */
	uint16_t to; /* the system it leads to */
	bool answering; /* brought by the side that was called */
	uint8_t key_id; /* the dialog's key, for Call-ID */
	uint64_t memo; /* what the dialog's token remembers (gate.h) */
	/* What the target's own token remembers, which may be newer: a
	 * Contact changes in a dialog, its route does not.  0: nothing. */
	uint64_t memo_of_uri;
	struct gw_span uri; /* new Request-URI, empty: as it is */
	struct gw_span routes; /* Route value to send, empty: none */
};

/**
 * Look at Route and Request-URI of request m that came from system
 * t->from.  Also undoes strict routing (RFC 3261 16.4).  Uses snap, sealer,
 * arena, now, from and in of t.
 *
 * GW_EMALFORMED  Route or Request-URI cannot be read
 * GW_ELIMIT      more than TOPO_ROUTES_MAX entries in Route
 * GW_ENOMEM
 */
enum gw_err topo_find_target(const struct topo *t, const struct sip_msg *m,
    struct topo_target *out, struct gw_fault *fault) GW_NODISCARD;

struct topo_request {
	const struct topo_target *target;
	const struct mcx_body *body; /* NULL: not read (nothing to cut) */
	struct gw_span branch; /* TOPO_BRANCH_LEN octets */
	uint8_t worker; /* told in the Via, comes back in responses */
	/* For the Vias kept in the token (RFC 3261 18.2.1, RFC 3581): where
	 * the request came from. */
	struct conf_addr source;
	enum conf_transport out_transport; /* what it is sent over */
	uint64_t memo; /* for new tokens to remember */
	int8_t cap_p, cap_q; /* priority caps, -1: none */
	const struct policy_handling *handling;
};

/**
 * Add the edits for a request: our Via in place of all, Max-Forwards one
 * less (70 if absent), Record-Route where a dialog may begin, Route, Request-
 * URI, Contact and the other URIs, headers that do not cross, Call-ID,
 * priorities, cuts in the body, Content-Length (added if absent).
 *
 * GW_EMALFORMED  a field that must be read cannot be
 * GW_ELIMIT      a token or the message would grow beyond its bound
 * GW_ENOMEM
 */
enum gw_err topo_edit_request(const struct topo *t, const struct sip_msg *m,
    const struct topo_request *r, struct sip_edits *edits,
    struct gw_fault *fault) GW_NODISCARD;

/* What our top Via of a response says. */
struct topo_via {
	uint64_t id; /* of the branch: names the client transaction */
	uint32_t loop;
	uint8_t worker;
	struct gw_span token; /* as it stands there */
};

/** Read the top Via of response m.  False: it is not ours.  s NULL: it may
 * have any name, if it has the form of ours. */
bool topo_read_via(
    const struct snapshot *s, const struct sip_msg *m, struct topo_via *out);

/* Where the Via token of a response leads. */
struct topo_back {
	uint16_t to; /* system the request came from */
	uint16_t listener; /* it came in at */
	enum conf_transport transport;
	struct conf_addr addr; /* its source */
	struct gw_span vias; /* its Via rows, whole lines with CRLF */
	uint8_t key_id; /* that sealed the token: for topo_response */
	uint64_t memo; /* of the request: for topo_response */
	bool answering; /* the same: for answering_side */
};

/**
 * Open the Via token for a response from t->from (uses snap, sealer, arena,
 * now, from).
 *
 * GW_EMALFORMED, GW_EAUTH  not a token for this bearer: drop the response
 * GW_ENOMEM
 */
enum gw_err topo_open_via(const struct topo *t, const struct topo_via *via,
    struct topo_back *out) GW_NODISCARD;

struct topo_response {
	struct gw_span vias; /* to stand in place of ours: whole lines */
	uint8_t key_id; /* of the token in our Via; 0: read it there */
	uint64_t memo; /* for new tokens to remember */
	const struct policy_handling *handling;
	const struct mcx_body *body; /* NULL: not read */
	bool answering_side; /* t->to is the side that was called (the
	                        request went against the dialog) */
	/* A run of the body that is written anew, with what stands there
	 * then; empty for none. */
	struct gw_span old_part, new_part;
};

/**
 * Add the edits for a response: Vias, Record-Route as the other side must
 * see it, Contact and the other URIs, From, To and Call-ID as the request
 * had them, headers that do not cross, Warning's agent, Content-Length.
 *
 * Errors as for topo_edit_request().
 */
enum gw_err topo_edit_response(const struct topo *t, const struct sip_msg *m,
    const struct topo_response *r, struct sip_edits *edits,
    struct gw_fault *fault) GW_NODISCARD;

/** Does a Via of m carry one of our names and this loop hash (RFC 3261
 * 16.3, 4)? */
bool
topo_is_loop(const struct snapshot *s, const struct sip_msg *m, uint32_t loop);

/** Is the host of uri one of the gateway's own names (advertise)? */
bool topo_is_ours(const struct snapshot *s, struct gw_span host);

#endif
