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

#endif
