/*
 * mcxgw/siphash.h: SipHash-2-4 (Aumasson, Bernstein), a keyed hash for hash
 * tables fed by strangers and for synthetic nonces.
 */
#ifndef MCXGW_SIPHASH_H
#define MCXGW_SIPHASH_H

#include "mcxgw/span.h"

#define GW_SIPHASH_KEY_LEN 16

/** The 64-bit hash of in under key. */
uint64_t gw_siphash(const uint8_t key[GW_SIPHASH_KEY_LEN], struct gw_span in);

/** SipHash-1-3, in half the time: for tables alone, whose hashes nobody sees,
 * and for long texts. */
uint64_t gw_siphash13(const uint8_t key[GW_SIPHASH_KEY_LEN], struct gw_span in);

/** gw_siphash() over the ASCII lower case of in. */
uint64_t gw_siphash_i(const uint8_t key[GW_SIPHASH_KEY_LEN], struct gw_span in);

/** The 128-bit variant. */
void gw_siphash128(
    const uint8_t key[GW_SIPHASH_KEY_LEN], struct gw_span in, uint8_t out[16]);

#endif
