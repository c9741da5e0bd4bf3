/*
 * token_ring.h: what a token key is used as.  Private to this folder.
 *
 * The key of the file is never used itself: cipher key, nonce key and the key
 * for token_ring_derive() are HMAC-SHA-256 of three labels under it.
 */
#ifndef TOKEN_RING_H
#define TOKEN_RING_H

#include "codec/token/token.h"
#include "mcxgw/siphash.h"

struct token_key {
	uint8_t id;
	bool lapsed; /* when the ring was loaded */
	int64_t until_us; /* opens before that; INT64_MAX: always */
	uint8_t cipher[TOKEN_KEY_LEN];
	uint8_t derive[TOKEN_KEY_LEN];
	uint8_t nonce[GW_SIPHASH_KEY_LEN];
};

struct token_ring {
	size_t n;
	struct token_key keys[TOKEN_KEYS_MAX]; /* the first seals */
};

#endif
