/*
 * token.h: what must not be seen outside, as an authenticated, encrypted
 * token.
 *
 * A token is the text (token_text.h) of
 *
 *     version (1) | key id (1) | nonce (12) | ciphertext | tag (16)
 *
 * sealed with AES-256-GCM.  The nonce is a keyed hash (SipHash-128 under a
 * key derived from the token key) of what is sealed and of what it is bound
 * to: equal input gives equal tokens, so a Call-ID stays the same in every
 * message of a dialog and a retransmission is octet for octet the same, and
 * a nonce never serves two different inputs but by a 96-bit collision.
 *
 * A token is bound (associated data) to its kind and to the one system that
 * may bring it back, which fixes the direction too.  One changed bit, another
 * kind or another bearer: it does not open.
 *
 * Threads  a ring is immutable; a sealer belongs to one thread.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include "mcxgw/clock.h"
#include "mcxgw/diag.h"

#define TOKEN_BEARER_MAX 255 /* octets of a system id */
#define TOKEN_KEY_LEN	 32
#define TOKEN_KEYS_MAX	 8
#define TOKEN_PLAIN_MAX	 3072 /* octets that may be sealed */
#define TOKEN_OVERHEAD	 30
/* Characters of a token of n octets; no NUL. */
#define TOKEN_TEXT_LEN(n)                                                      \
	(((n) + TOKEN_OVERHEAD) / 3 * 4 +                                      \
	    (((n) + TOKEN_OVERHEAD) % 3 == 0 ?                                 \
		    0 :                                                        \
		    ((n) + TOKEN_OVERHEAD) % 3 + 1))
#define TOKEN_TEXT_MAX TOKEN_TEXT_LEN(TOKEN_PLAIN_MAX)

enum token_kind {
	TOKEN_VIA = 1, /* the Vias of a request that crossed */
	TOKEN_ROUTE, /* a route set behind the gateway */
	TOKEN_URI, /* a Contact or another URI of the inside */
	TOKEN_CALL_ID,
	TOKEN_KIND_N
};

/* What a token is bound to. */
struct token_bind {
	enum token_kind kind;
	struct gw_span bearer; /* id of the system that may bring it back */
};

struct token_ring; /* the keys of one snapshot */

/**
 * Read a key file: one key a line,
 *
 *     ID HEX [until=2026-12-31T00:00:00Z]
 *
 * ID 1 to 255, HEX 64 digits; '#' begins a comment.  The first key seals, all
 * of them open until their time is over.  Mistakes go to d (token.*); NULL if
 * there was one.
 */
struct token_ring *
token_ring_load(const char *path, struct gw_now now, struct gw_diag *d);
/** The same for text in memory; name stands for the file. */
struct token_ring *token_ring_parse(struct gw_span text, const char *name,
    struct gw_now now, struct gw_diag *d);
void token_ring_free(struct token_ring *r);

/** Id of the key that seals. */
uint8_t token_ring_current(const struct token_ring *r);

/** 16 octets derived from the sealing key and label (not secret), the same on
 * every node that holds the key: for keyed hashes that nodes share. */
void token_ring_derive(
    const struct token_ring *r, const char *label, uint8_t out[16]);

struct token_sealer; /* cipher contexts of one thread */

struct token_sealer *token_sealer_new(void);
void token_sealer_free(struct token_sealer *s);
/** Use ring from now on; it must outlive its use.  GW_ENOMEM. */
enum gw_err token_sealer_use(
    struct token_sealer *s, const struct token_ring *ring) GW_NODISCARD;

/**
 * Seal plain with key key_id (0: the current one; an unknown one, or one that
 * had lapsed when the ring was loaded: the current one) and write TOKEN_TEXT_LEN(plain.len) characters to out.
 *
 * GW_ELIMIT  plain is longer than TOKEN_PLAIN_MAX, or the bearer's id than
 *            TOKEN_BEARER_MAX
 * GW_EBUG    the cipher failed
 */
enum gw_err token_seal(struct token_sealer *s, uint8_t key_id,
    const struct token_bind *bind, struct gw_span plain,
    uint8_t *out) GW_NODISCARD;

/**
 * Open text into out (TOKEN_PLAIN_MAX octets); *len and *key_id are set.
 *
 * GW_EMALFORMED  not the form of a token
 * GW_EAUTH       unknown or lapsed key, changed, or bound to something else
 */
enum gw_err token_open(struct token_sealer *s, struct gw_now now,
    const struct token_bind *bind, struct gw_span text, uint8_t *out,
    size_t *len, uint8_t *key_id) GW_NODISCARD;

/** Has text the form of a token (characters, length, version)?  Cheap; says
 * nothing about authenticity. */
bool token_looks_like(struct gw_span text);

/** The key id that text names, 0 if it has not the form of a token.  Not
 * authenticated. */
uint8_t token_key_id(struct gw_span text);

#endif
