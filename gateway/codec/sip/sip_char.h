/*
 * sip_char.h: classes of octets (RFC 3261, 25.1), and the pieces of grammar
 * that the readers of field values share.  Private to this folder.
 *
 * Blanks are SP, HTAB, CR and LF: where a value of a message is read, CR and
 * LF can stand in it only as part of a fold, sip_msg_parse() has seen to it.
 */
#ifndef SIP_CHAR_H
#define SIP_CHAR_H

#include "mcxgw/span.h"

enum {
	SIP_CHAR_BLANK = 1, /* SP HTAB CR LF */
	SIP_CHAR_TOKEN = 2, /* token */
	SIP_CHAR_URI = 4, /* may stand in a URI as it is; with '%' */
	SIP_CHAR_USER = 8, /* user part and password, without '%' */
	SIP_CHAR_HOST = 16, /* host name; '_' is tolerated */
	SIP_CHAR_PNAME = 32, /* name of a URI or header parameter */
	SIP_CHAR_PVALUE = 64, /* value of one that is not quoted */
	SIP_CHAR_CTL = 128, /* controls other than HTAB */
};

extern const uint8_t sip_char_class[256];

static inline bool
sip_char_is(uint8_t c, unsigned class)
{
	return (sip_char_class[c] & class) != 0;
}

/** Offset of the first octet at or after pos that is not of that class. */
static inline size_t
sip_char_skip(struct gw_span s, size_t pos, unsigned class)
{
	while (pos < s.len && s.len - pos >= 4) {
		const uint8_t *p = s.p + pos;
		if ((sip_char_class[p[0]] & class) == 0)
			return pos;
		if ((sip_char_class[p[1]] & class) == 0)
			return pos + 1;
		if ((sip_char_class[p[2]] & class) == 0)
			return pos + 2;
		if ((sip_char_class[p[3]] & class) == 0)
			return pos + 3;
		pos += 4;
	}
	while (pos < s.len && (sip_char_class[s.p[pos]] & class) != 0)
		pos++;
	return pos;
}

/**
 * Skip a quoted string: s.p[pos] is the opening quote.  The offset behind
 * the closing one, or 0 if there is none.
 */
size_t sip_char_quoted(struct gw_span s, size_t pos);

/** Does each '%' of s begin an escape of two hexadecimal digits? */
bool sip_char_escapes(struct gw_span s);

#endif
