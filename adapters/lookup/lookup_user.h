/*
 * lookup_user.h: one form for all spellings of a user.
 */
#ifndef LOOKUP_USER_H
#define LOOKUP_USER_H

#include "mcxgw/lookup.h"

struct lookup_user {
	size_t len;
	size_t host_at, host_len; /* without a port; 0: it has no host */
	uint8_t text[GW_LOOKUP_USER_MAX];
};

/**
 * Read a user into its form, see gw_lookup_user().  On failure *out holds
 * nothing.
 *
 * GW_EMALFORMED  no sip:, sips: or tel: URI with a user part
 * GW_ELIMIT      the form is longer than GW_LOOKUP_USER_MAX
 */
enum gw_err
lookup_user_read(struct gw_span uri, struct lookup_user *out) GW_NODISCARD;

/** Are both URIs of users, and of the same one? */
bool lookup_user_same(struct gw_span a, struct gw_span b);

static inline struct gw_span
lookup_user_span(const struct lookup_user *u)
{
	return (struct gw_span){ u->text, u->len };
}

#endif
