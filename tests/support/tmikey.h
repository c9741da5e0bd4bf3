/*
 * tmikey.h: builds and signs I_MESSAGEs for tests, with the master secrets of
 * the corpus (kms/DOMAIN/material.json).  Any user, any time, any oddity.
 */
#ifndef TMIKEY_H
#define TMIKEY_H

#include <stdint.h>

#include "mcxgw/span.h"

struct tmikey {
	uint8_t octets[8192];
	size_t len;
	size_t next_at; /* where the type of the payload to come goes */
};

/* A KMS that signs: KSAK and KPAK. */
struct tmikey_kms {
	char uri[64];
	uint64_t period, offset;
	uint8_t ksak[32], kpak[65];
};

/** The KMS of material.json at path; fails the program if it cannot. */
void tmikey_kms_load(struct tmikey_kms *k, const char *path);

/** The common header: no crypto session, empty map. */
void tmikey_start(struct tmikey *m, uint32_t csb_id);
/** A payload: its octets behind the one that names the next. */
void tmikey_add(struct tmikey *m, uint8_t type, struct gw_span body);
void tmikey_time(struct tmikey *m, uint64_t ntp_seconds);
/** RAND of len octets. */
void tmikey_rand(struct tmikey *m, uint8_t len);
void
tmikey_idr(struct tmikey *m, uint8_t role, uint8_t id_type, struct gw_span id);
/** SAKKE of 273 octets, not one that opens. */
void tmikey_sakke(struct tmikey *m);
/** SIGN with a signature made for identity; header: is SIGN's covered? */
void tmikey_sign(struct tmikey *m, const struct tmikey_kms *k,
    struct gw_span identity, bool header);

static inline struct gw_span
tmikey_span(const struct tmikey *m)
{
	return (struct gw_span){ m->octets, m->len };
}

#endif
