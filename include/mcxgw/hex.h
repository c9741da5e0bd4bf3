/*
 * mcxgw/hex.h: hexadecimal and base64, strict.
 */
#ifndef MCXGW_HEX_H
#define MCXGW_HEX_H

#include "mcxgw/arena.h"

/** The value of a hexadecimal digit of either case, or -1. */
static inline int
gw_hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/**
 * Decode hexadecimal digits of either case; nothing else is allowed.
 *
 * GW_EMALFORMED  odd length or a foreign character (fault says where)
 * GW_ENOMEM      the arena is full
 */
enum gw_err gw_hex_decode(struct gw_arena *a, struct gw_span in,
    struct gw_span *out, struct gw_fault *fault) GW_NODISCARD;

/**
 * Decode base64 (RFC 4648, 4).  CR and LF inside are skipped (MIME bodies);
 * padding is required and nothing may follow it; stray bits must be zero.
 *
 * GW_EMALFORMED  with the offset of the offending octet
 * GW_ENOMEM      the arena is full
 */
enum gw_err gw_b64_decode(struct gw_arena *a, struct gw_span in,
    struct gw_span *out, struct gw_fault *fault) GW_NODISCARD;

/** Octets of the URL-safe form (RFC 4648, 5) of len octets, unpadded. */
static inline size_t
gw_b64url_len(size_t len)
{
	return len / 3 * 4 + (len % 3 == 0 ? 0 : len % 3 + 1);
}

/** Write the unpadded URL-safe form of in; out has gw_b64url_len octets. */
void gw_b64url_encode(struct gw_span in, uint8_t *out);

/** Does s consist of digits of the URL-safe form only? */
bool gw_b64url_is(struct gw_span s);

/**
 * Decode the unpadded URL-safe form into out (at least in.len / 4 * 3 + 2
 * octets), setting *len.  Only the canonical form is accepted.
 *
 * GW_EMALFORMED  foreign character, impossible length, stray bits
 */
enum gw_err
gw_b64url_decode(struct gw_span in, uint8_t *out, size_t *len) GW_NODISCARD;

#endif
