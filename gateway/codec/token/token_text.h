/*
 * token_text.h: octets as text that may stand in the user part of a SIP URI,
 * in a Via parameter and in a Call-ID.  Private to this folder.
 *
 * Unpadded base64url (RFC 4648, 5) with '.' for 'Q' and '~' for 'q': peers
 * that look for "CSeq" anywhere in a message must not find it in a token
 * (decision 0014).
 */
#ifndef TOKEN_TEXT_H
#define TOKEN_TEXT_H

#include "mcxgw/err.h"
#include "mcxgw/span.h"

/** The six bits of a digit, or more than 63. */
unsigned token_text_value(uint8_t digit);

/** Write in as text; out has room for (4 * in.len + 2) / 3 digits. */
void token_text_encode(struct gw_span in, uint8_t *out);

/** Does s consist of digits alone? */
bool token_text_is(struct gw_span s);

/**
 * Write the octets of in to out, setting *len; out has room for in.len / 4 * 3
 * + 2.  There is one text of each octets.
 *
 * GW_EMALFORMED  foreign character, impossible length, stray bits
 */
enum gw_err
token_text_decode(struct gw_span in, uint8_t *out, size_t *len) GW_NODISCARD;

#endif
