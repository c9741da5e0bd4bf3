/*
 * mikey_compat.h: what real products do differently, and who a key message
 * names once that is taken into account.
 *
 * mikey_imsg_parse() reads any I_MESSAGE without knowing whose it is; these
 * functions give its fields their meaning.  A security domain declares its
 * ways; what it has not declared is refused, or left to fail.
 */
#ifndef MIKEY_COMPAT_H
#define MIKEY_COMPAT_H

#include "codec/mikey/mikey_imsg.h"
#include "codec/mikey/mikey_uid.h"

/* Declared per security domain; all false is strict. */
struct mikey_compat {
	bool sign_header_excluded; /* signature does not cover the two octets
				      S type and length */
	bool uid_as_hex; /* identity is the UID in ASCII hex */
	bool kms_uri_trailing_nul; /* KMS URI ends with a NUL octet */
	bool uid_in_role_1_2; /* UIDs stand in IDRi and IDRr */
	bool kms_in_role_3; /* KMS URIs stand in IDRkms, twice */
};

/* Each is NULL where the message does not say; they borrow from it. */
struct mikey_names {
	struct gw_span initiator, receiver; /* URIs */
	struct gw_span initiator_uid, receiver_uid; /* 32 octets */
	struct gw_span initiator_kms, receiver_kms;
};

/**
 * The KMS URI by which to look up what the initiator's domain has declared:
 * IDRkmsi, else the first of two IDRkms; without a trailing NUL; NULL if
 * there is none.  Good for that alone: mikey_compat_names() says what counts.
 */
struct gw_span mikey_compat_kms_hint(const struct mikey_imsg *m);

/**
 * Who m names, under what the initiator's domain declared (NULL: strict).
 *
 * GW_EMALFORMED  IDRkms twice where it is not declared, or beside IDRkmsi or
 *                IDRkmsr; a KMS whose identity is not of the type URI; an
 *                IDRuidi or IDRuidr that is no UID; two UIDs of one user.
 *                *why (static text) says which.
 */
enum gw_err mikey_compat_names(const struct mikey_imsg *m,
    const struct mikey_compat *compat, struct mikey_names *out,
    const char **why) GW_NODISCARD;

/** The octets that the signature covers. */
struct gw_span mikey_compat_signed(
    const struct mikey_imsg *m, const struct mikey_compat *compat);

#endif
