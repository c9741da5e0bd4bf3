/*
 * eccsi.h: ECCSI signatures (RFC 6507) on P-256 with SHA-256: verification.
 *
 * A verifier context belongs to one thread.  It keeps the point
 * Y = [HS]PVT + KPAK of signers that came back (bounded), because it is the
 * same for every signature of one user in one key period.
 */
#ifndef ECCSI_H
#define ECCSI_H

#include "mcxgw/span.h"

#define ECCSI_SIG_LEN	129
#define ECCSI_POINT_LEN 65
#define ECCSI_UID_LEN	32

struct eccsi_kpak; /* a KMS public authentication key; immutable */
struct eccsi_verifier; /* scratch and cache of one thread */

/**
 * Take the uncompressed point (65 octets) as a KPAK.
 *
 * GW_EMALFORMED  not an uncompressed point, or not on the curve
 * GW_ENOMEM
 */
enum gw_err
eccsi_kpak_new(struct gw_span point, struct eccsi_kpak **out) GW_NODISCARD;
void eccsi_kpak_free(struct eccsi_kpak *k);

/** A verifier that remembers at most `signers` signers; NULL: no memory. */
struct eccsi_verifier *eccsi_verifier_new(size_t signers);
void eccsi_verifier_free(struct eccsi_verifier *v);

/**
 * Verify sig over msg for the identity id.  GW_OK only if it is valid.
 *
 * GW_EMALFORMED  sig is not 129 octets, PVT is not on the curve
 * GW_EAUTH       it does not verify
 * GW_ENOMEM
 */
enum gw_err eccsi_verify(struct eccsi_verifier *v, const struct eccsi_kpak *k,
    struct gw_span id, struct gw_span msg, struct gw_span sig) GW_NODISCARD;

#endif
