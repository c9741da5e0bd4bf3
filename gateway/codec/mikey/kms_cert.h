/*
 * kms_cert.h: KMS certificates (TS 33.180 D.3.2) and the check of a key
 * message's signature with them.
 */
#ifndef KMS_CERT_H
#define KMS_CERT_H

#include "codec/eccsi/eccsi.h"
#include "codec/mikey/mikey_compat.h"
#include "mcxgw/clock.h"
#include "mcxgw/diag.h"

#define KMS_SHA256_LEN 32

struct kms_cert {
	const char *kms_uri; /* as written */
	const char *issuer; /* NULL if absent */
	int64_t valid_from_us, valid_to_us; /* 0: not given */
	uint64_t period, offset; /* UserKeyPeriod, UserKeyOffset, seconds */
	struct eccsi_kpak *kpak;
	struct gw_span pub_enc_key, pub_auth_key;
	uint8_t sha256[KMS_SHA256_LEN]; /* of the file's octets */
	bool external; /* Role="External" */
	bool security_gateway;
};

/* The certificates of one snapshot, by KMS URI without case.  Immutable. */
struct kms_certs;

struct kms_certs *kms_certs_new(void);
void kms_certs_free(struct kms_certs *c);

/**
 * Read a file that holds one KmsCertificate, or a KMS response that holds
 * some, and keep them.  sha256 (32 octets) is the pin that the file must
 * match, NULL for none.  Every reason for refusal is reported to d (not well
 * formed, wrong namespace, missing or twice, point not on the curve, period
 * 0, offset not below period, revoked, outside its validity at now ...).
 * False if anything was refused; nothing of the file is kept then.  The same
 * certificate may come again from another file; another one for a KMS URI
 * that is there already is refused.
 */
bool kms_certs_load(struct kms_certs *c, const char *path,
    const uint8_t *sha256, struct gw_now now, struct gw_diag *d);

/** The same for text in memory; name stands for the file in reports. */
bool kms_certs_read(struct kms_certs *c, struct gw_span text, const char *name,
    const uint8_t *sha256, struct gw_now now, struct gw_diag *d);

/** How many, and the i-th, in order of loading. */
size_t kms_certs_count(const struct kms_certs *c);
const struct kms_cert *kms_certs_at(const struct kms_certs *c, size_t i);
/** The certificate of that KMS URI (without case), or NULL. */
const struct kms_cert *
kms_certs_find(const struct kms_certs *c, struct gw_span kms_uri);

/** The SHA-256 of text, as pins have it.  False: no memory. */
bool kms_cert_sha256(struct gw_span text, uint8_t out[KMS_SHA256_LEN]);

/** Do both stand for the same KMS with the same keys and key periods?  What
 * else a certificate says may differ. */
bool kms_cert_same(const struct kms_cert *a, const struct kms_cert *b);

/**
 * Check the signature of m with cert, the certificate of its IDRkmsi (or of
 * the domain, if m names none).  The signer's UID is computed from IDRi and
 * the KmsUri of cert for the key period of the T payload, or taken from
 * IDRuidi; where both stand, they must agree.  *why (static text) is set on
 * failure.
 *
 * GW_EAUTH         the signature is not valid, or m contradicts itself, cert
 *                  or compat (NULL: strict)
 * GW_EUNSUPPORTED  it cannot be checked: no identity, a time stamp that is
 *                  no NTP time ...
 * GW_ENOMEM
 */
enum gw_err kms_cert_verify(const struct kms_cert *cert,
    const struct mikey_imsg *m, const struct mikey_compat *compat,
    struct eccsi_verifier *v, const char **why) GW_NODISCARD;

#endif
