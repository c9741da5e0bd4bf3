/*
 * tkrr.h: KMS Redirect Responses for tests.  Whatever fails ends the program
 * with a message.
 */
#ifndef TKRR_H
#define TKRR_H

#include "codec/krr/krr_build.h"
#include "codec/krr/krr_read.h"
#include "codec/krr/krr_sign.h"
#include "codec/krr/krr_trust.h"

/* Domains of tkrr_example(). */
#define TKRR_ONE "kms.bravo.example"
#define TKRR_TWO "kms.bravo-tac.example"

/** A KRR of the built-in dialect with all that may be said and two domains. */
struct krr tkrr_example(void);
/** Built-in dialect and those of tests/support/dialects; loaded once. */
const struct krr_dialects *tkrr_dialects(void);
/** The dialect with this id among them. */
const struct krr_dialect *tkrr_dialect(const char *id);

/** A signer from DIR/NAME.pem and .key. */
struct krr_signer *tkrr_signer(const char *dir, const char *name);
/** Trust in DIR/ca.pem with the revocation list DIR/crl (NULL: none) and one
 * name (NULL: none). */
struct krr_trust *
tkrr_trust(const char *dir, const char *crl, const char *name);

/** Replace the first `from` in text by `to`, in static storage that lasts
 * until the call after the next.  It must be there. */
struct gw_span
tkrr_replace(struct gw_span text, const char *from, const char *to);
/** The same from the first `from` to the next `end`, both included. */
struct gw_span tkrr_replace_to(
    struct gw_span text, const char *from, const char *end, const char *to);

#endif
