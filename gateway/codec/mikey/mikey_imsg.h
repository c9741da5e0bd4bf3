/*
 * mikey_imsg.h: the MIKEY-SAKKE I_MESSAGE (RFC 3830, 6043, 6509; TS 33.180
 * annex E) as a view.
 *
 * Payloads are matched by type and role, never by position.  The signed run
 * is recorded while scanning.
 */
#ifndef MIKEY_IMSG_H
#define MIKEY_IMSG_H

#include "mcxgw/span.h"

#define MIKEY_IMSG_MAX	    4096 /* octets of one I_MESSAGE */
#define MIKEY_PAYLOADS_MAX  32
#define MIKEY_SIGN_LEN	    129 /* ECCSI on P-256: r, s, PVT */
#define MIKEY_SIGN_HEAD_LEN 2 /* octets of SIGN before the signature */

enum mikey_role { /* of an IDR payload, RFC 6043 6.6, RFC 6509, TS 33.180 */
	MIKEY_IDRI = 1,
	MIKEY_IDRR = 2,
	MIKEY_IDRKMS = 3,
	MIKEY_IDRPSK = 4,
	MIKEY_IDRAPP = 5,
	MIKEY_IDRKMSI = 6,
	MIKEY_IDRKMSR = 7,
	MIKEY_IDRUIDI = 8,
	MIKEY_IDRUIDR = 9,
	MIKEY_ROLE_N = 10
};

enum mikey_purpose { /* top four bits of the CSB-ID, TS 33.180 annex G */
	MIKEY_GMK,
	MIKEY_PCK,
	MIKEY_CSK,
	MIKEY_SPK,
	MIKEY_MKFC,
	MIKEY_MSCCK,
	MIKEY_MUSIK,
	MIKEY_PURPOSE_UNKNOWN
};

#define MIKEY_PAYLOAD_HDR 255

struct mikey_payload {
	uint8_t type; /* RFC 3830 numbers; the common header is 255 */
	uint8_t role; /* of IDR, else 0 */
	uint16_t off, len;
};

struct mikey_idr {
	uint8_t id_type; /* 0 NAI, 1 URI, 2 octets */
	struct gw_span data; /* NULL when the role is absent */
};

struct mikey_imsg {
	struct gw_span raw;
	uint32_t csb_id;
	enum mikey_purpose purpose;
	uint8_t prf, cs_count, cs_map_type;
	uint8_t ts_type;
	uint64_t ntp; /* NTP 64-bit time stamp; 0 for a counter */
	struct gw_span rand;
	struct mikey_idr idr[MIKEY_ROLE_N]; /* by role */
	struct mikey_idr idr_kms2; /* a second IDRkms */
	uint8_t sakke_params, sakke_scheme;
	struct gw_span sakke; /* encapsulated data */
	struct gw_span sign; /* the 129 octets r, s, PVT */
	size_t sign_at; /* offset of the SIGN payload */
	bool v_bit, has_key_params, has_sakke_to_self;
	uint8_t n_payloads;
	struct mikey_payload payloads[MIKEY_PAYLOADS_MAX];
};

/**
 * Read an I_MESSAGE that fills `in`.
 *
 * Malformed: anything cut short, a length beyond the end, other than version
 * 1 and data type 26, not exactly one T, RAND, SAKKE and SIGN, SIGN not last
 * or not ECCSI with 129 octets, an IDR role twice or outside of 1 to 9, an
 * empty identity, RAND under 16 octets, SAKKE under 273 octets, octets behind
 * SIGN, a payload type that is unknown or has no place here.
 *
 * IDRkms alone may stand twice, because one product means IDRkmsi and IDRkmsr
 * by it: the second is kept in idr_kms2, and mikey_compat_names() refuses it
 * where the domain has not declared so.
 *
 * GW_EMALFORMED, GW_ELIMIT  fault says where and why
 */
enum gw_err mikey_imsg_parse(struct gw_span in, struct mikey_imsg *out,
    struct gw_fault *fault) GW_NODISCARD;

/** "PCK", "GMK", ...; "unknown". */
const char *mikey_purpose_name(enum mikey_purpose p);
/** "HDR", "T", "IDR", ...; by payload type. */
const char *mikey_payload_name(uint8_t type);

#endif
