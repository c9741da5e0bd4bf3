/*
 * topo_seal.h: what stands in the tokens of routes, URIs and Call-IDs, and the
 * text around a token.  Private to topo*.c.
 *
 *     flags (1) | hash of a system (8) | [memo (8)] | text
 *
 * The system is the one the text belongs to: a request that brings the token
 * is led there.
 */
#ifndef TOPO_SEAL_H
#define TOPO_SEAL_H

#include "codec/sip/sip_uri.h"
#include "core/topo_work.h"

struct topo_secret {
	uint64_t system;
	uint64_t memo; /* 0: none */
	bool answering; /* whoever brings it is the side that was called */
	uint8_t key_id; /* of the key it was sealed with */
	struct gw_span text; /* URI, list of routes, Call-ID */
};

/* The URI around a token; bits. */
enum {
	TOPO_SEAL_LR = 1,
	TOPO_SEAL_TRANSPORT = 2, /* as the listener's is */
	TOPO_SEAL_BRACKETS = 4,
	TOPO_SEAL_SIPS = 8, /* if the listener has TLS */
};

/**
 * Write the URI that stands for s toward w->t->to, at the listener that faces
 * it.
 *
 * GW_ELIMIT  the text is too long for a token
 * GW_ENOMEM
 */
enum gw_err topo_seal_uri(struct topo_work *w, enum token_kind kind,
    const struct topo_secret *s, unsigned form,
    struct gw_span *out) GW_NODISCARD;
/** The same for a Call-ID: token "@" host. */
enum gw_err topo_seal_call_id(struct topo_work *w, const struct topo_secret *s,
    struct gw_span *out) GW_NODISCARD;

/**
 * Open a token that t->from brings; text is in the arena.
 *
 * GW_EMALFORMED, GW_EAUTH  it does not open
 * GW_ENOMEM
 */
enum gw_err topo_seal_open(const struct topo *t, enum token_kind kind,
    struct gw_span token, struct topo_secret *out) GW_NODISCARD;

/** Is u a URI of the gateway's own?  *token is its user part if that has the
 * form of a token, else empty. */
bool topo_seal_is_own(
    const struct names *n, const struct sip_uri *u, struct gw_span *token);

/**
 * The same for a URI that t->from brings, as text.  One that stands as
 * topo_seal_uri() wrote it, at t->in, is known without being read.
 *
 * GW_EMALFORMED  it cannot be read
 */
enum gw_err topo_seal_read(const struct topo *t, struct gw_span uri,
    bool *is_own, struct gw_span *token, struct gw_fault *fault) GW_NODISCARD;

#endif
