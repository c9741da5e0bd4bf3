/*
 * mikey_imsg.c: the payload chain, driven by one table.
 *
 * A row says how long a payload is; its reader then sees that span only.
 */
#include "codec/mikey/mikey_imsg.h"

#define VERSION	       1
#define DATA_TYPE_IMSG 26
#define ECCSI	       2 /* S type */
#define RAND_LEAST     16
#define SAKKE_LEAST    (257 + 16) /* R and H of parameter set 1 */

enum payload_type { /* RFC 3830 6.1, RFC 6043, RFC 6509 */
	LAST = 0,
	SIGN = 4,
	T = 5,
	CERT = 7,
	SP = 10,
	RAND = 11,
	IDR = 14,
	GENEXT = 21,
	SAKKE = 26,
	TYPE_N = 27
};

enum { GENEXT_SAKKE_TO_SELF = 6, GENEXT_KEY_PARAMS = 7 };
enum { MAP_SRTP, MAP_EMPTY, MAP_GENERIC };
enum { TS_NTP_UTC, TS_NTP, TS_COUNTER };

/* Take what p, one whole payload, says.  NULL, or why it is malformed. */
typedef const char *payload_reader(struct mikey_imsg *m, struct gw_span p);

struct payload_row {
	const char *name;
	payload_reader *read; /* NULL: no place in an I_MESSAGE */
	uint8_t least; /* octets without what is of variable length */
	uint8_t len_at, len_width; /* where the variable length stands */
	size_t (*measure)(struct gw_span rest); /* if that is not enough */
	bool once; /* exactly once */
};

static uint32_t
be(struct gw_span s, size_t at, size_t width)
{
	uint32_t n = 0;

	for (size_t i = 0; i < width; i++)
		n = n << 8 | s.p[at + i];
	return n;
}

/* GENERIC-ID of RFC 6043: CS ID, protocol, S and #P, #P policies, data, SPI. */
static size_t
generic_map_len(struct gw_span s, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		if (s.len - at < 3)
			return SIZE_MAX;
		at += 3 + (s.p[at + 2] & 0x7fu);
		if (at > s.len || s.len - at < 2)
			return SIZE_MAX;
		at += 2 + be(s, at, 2);
		if (at >= s.len)
			return SIZE_MAX;
		at += 1 + (size_t)s.p[at];
		if (at > s.len)
			return SIZE_MAX;
	}
	return at;
}

static size_t
measure_hdr(struct gw_span rest)
{
	size_t n = rest.p[8], len = 0;

	if (rest.p[0] != VERSION || rest.p[1] != DATA_TYPE_IMSG)
		return 10; /* read_hdr() says so */
	if (rest.p[9] == MAP_SRTP)
		len = 9 * n;
	else if (rest.p[9] == MAP_GENERIC)
		len = generic_map_len(gw_span_sub(rest, 10, rest.len), n);
	return len == SIZE_MAX ? SIZE_MAX : 10 + len;
}

static size_t
measure_t(struct gw_span rest)
{
	return rest.p[1] == TS_COUNTER ? 6 : 10;
}

static size_t
measure_sign(struct gw_span rest)
{
	return MIKEY_SIGN_HEAD_LEN + (be(rest, 0, 2) & 0xfff);
}

static enum mikey_purpose
purpose_of(uint32_t csb_id)
{
	uint32_t tag = csb_id >> 28;

	return tag < MIKEY_PURPOSE_UNKNOWN ? (enum mikey_purpose)tag :
					     MIKEY_PURPOSE_UNKNOWN;
}

static const char *
read_hdr(struct mikey_imsg *m, struct gw_span p)
{
	if (p.p[0] != VERSION)
		return "version is not 1";
	if (p.p[1] != DATA_TYPE_IMSG)
		return "data type is not SAKKE I_MESSAGE (26)";
	m->v_bit = p.p[3] >> 7;
	m->prf = p.p[3] & 0x7f;
	m->csb_id = be(p, 4, 4);
	m->purpose = purpose_of(m->csb_id);
	m->cs_count = p.p[8];
	m->cs_map_type = p.p[9];
	if (m->cs_map_type > MAP_GENERIC)
		return "unknown CS ID map type";
	if (m->cs_map_type == MAP_EMPTY && m->cs_count != 0)
		return "CS ID map is empty, the number of CS is not 0";
	return NULL;
}

static const char *
read_t(struct mikey_imsg *m, struct gw_span p)
{
	m->ts_type = p.p[1];
	if (m->ts_type > TS_COUNTER)
		return "unknown time stamp type";
	if (m->ts_type != TS_COUNTER)
		m->ntp = (uint64_t)be(p, 2, 4) << 32 | be(p, 6, 4);
	return NULL;
}

static const char *
read_rand(struct mikey_imsg *m, struct gw_span p)
{
	m->rand = gw_span_sub(p, 2, p.len);
	return m->rand.len < RAND_LEAST ? "RAND of fewer than 16 octets" : NULL;
}

/* Where role goes; NULL if it is taken. */
static struct mikey_idr *
idr_place(struct mikey_imsg *m, uint8_t role)
{
	if (m->idr[role].data.p == NULL)
		return &m->idr[role];
	if (role == MIKEY_IDRKMS && m->idr_kms2.data.p == NULL)
		return &m->idr_kms2;
	return NULL;
}

static const char *
read_idr(struct mikey_imsg *m, struct gw_span p)
{
	uint8_t role = p.p[1];

	if (role < MIKEY_IDRI || role >= MIKEY_ROLE_N)
		return "unknown role of an identity";
	if (p.len == 5)
		return "empty identity";
	struct mikey_idr *idr = idr_place(m, role);
	if (idr == NULL)
		return "two identities of one role";
	*idr = (struct mikey_idr){ p.p[2], gw_span_sub(p, 5, p.len) };
	m->payloads[m->n_payloads - 1].role = role;
	return NULL;
}

/* RFC 3830, 6.10: type and length octet before each value. */
static const char *
read_sp(struct mikey_imsg *m, struct gw_span p)
{
	(void)m;
	for (size_t at = 5; at < p.len; at += 2 + (size_t)p.p[at + 1])
		if (p.len - at < 2 || p.len - at < 2 + (size_t)p.p[at + 1])
			return "a policy parameter is cut short";
	return NULL;
}

static const char *
read_sakke(struct mikey_imsg *m, struct gw_span p)
{
	m->sakke_params = p.p[1];
	m->sakke_scheme = p.p[2];
	m->sakke = gw_span_sub(p, 5, p.len);
	return m->sakke.len < SAKKE_LEAST ? "SAKKE of fewer than 273 octets" :
					    NULL;
}

/* TS 33.180 E.5: a whole SAKKE payload inside an extension. */
static const char *
read_genext(struct mikey_imsg *m, struct gw_span p)
{
	struct gw_span data = gw_span_sub(p, 4, p.len);

	if (p.p[1] == GENEXT_KEY_PARAMS)
		m->has_key_params = true;
	if (p.p[1] != GENEXT_SAKKE_TO_SELF)
		return NULL;
	m->has_sakke_to_self = true;
	if (data.len < 5 || data.len - 5 != be(data, 3, 2))
		return "SAKKE-to-self does not fill its extension";
	return NULL;
}

static const char *
read_cert(struct mikey_imsg *m, struct gw_span p)
{
	(void)m;
	(void)p;
	return NULL;
}

static const char *
read_sign(struct mikey_imsg *m, struct gw_span p)
{
	if (p.p[0] >> 4 != ECCSI)
		return "signature type is not ECCSI (2)";
	m->sign = gw_span_sub(p, MIKEY_SIGN_HEAD_LEN, p.len);
	m->sign_at = (size_t)(p.p - m->raw.p);
	return m->sign.len != MIKEY_SIGN_LEN ? "signature is not 129 octets" :
					       NULL;
}

static const struct payload_row hdr_row = { "HDR", read_hdr, 10, 0, 0,
	measure_hdr, true };

static const struct payload_row rows[TYPE_N] = {
	[1] = { .name = "KEMAC" },
	[2] = { .name = "PKE" },
	[3] = { .name = "DH" },
	[SIGN] = { "SIGN", read_sign, 2, 0, 0, measure_sign, true },
	[T] = { "T", read_t, 6, 0, 0, measure_t, true },
	[6] = { .name = "ID" },
	[CERT] = { "CERT", read_cert, 4, 2, 2, NULL, false },
	[8] = { .name = "CHASH" },
	[9] = { .name = "V" },
	[SP] = { "SP", read_sp, 5, 3, 2, NULL, false },
	[RAND] = { "RAND", read_rand, 2, 1, 1, NULL, true },
	[12] = { .name = "ERR" },
	[13] = { .name = "TR" },
	[IDR] = { "IDR", read_idr, 5, 3, 2, NULL, false },
	[15] = { .name = "RANDR" },
	[16] = { .name = "TP" },
	[17] = { .name = "TICKET" },
	[20] = { .name = "KEYDATA" },
	[GENEXT] = { "GENEXT", read_genext, 4, 2, 2, NULL, false },
	[SAKKE] = { "SAKKE", read_sakke, 5, 3, 2, NULL, true },
};

/* The length of the payload that rest begins with, or 0 with *why. */
static size_t
payload_len(
    const struct payload_row *row, struct gw_span rest, const char **why)
{
	size_t len = 0;

	if (rest.len >= row->least)
		len = row->measure != NULL ?
			  row->measure(rest) :
			  row->least + be(rest, row->len_at, row->len_width);
	if (len != 0 && len <= rest.len)
		return len;
	*why = len == 0 ? "the message ends inside a payload" :
			  "a payload is longer than the message";
	return 0;
}

static const struct payload_row *
find_row(uint8_t type, uint32_t seen, const char **why)
{
	const struct payload_row *row = NULL;

	if (type == MIKEY_PAYLOAD_HDR)
		row = &hdr_row;
	else if (type < TYPE_N && rows[type].name != NULL)
		row = &rows[type];
	if (row == NULL)
		*why = "unknown payload type";
	else if (row->read == NULL)
		*why = "payload has no place in an I_MESSAGE";
	else if (row->once && type < TYPE_N && (seen & 1u << type) != 0)
		*why = "a payload that may stand only once";
	else
		return row;
	return NULL;
}

/* The payload of that type at *at; *at moves behind it. */
static enum gw_err
take_payload(struct mikey_imsg *m, uint8_t type, uint32_t seen, size_t *at,
    const char **why)
{
	struct gw_span rest = gw_span_sub(m->raw, *at, m->raw.len);

	if (m->n_payloads == MIKEY_PAYLOADS_MAX) {
		*why = "more than 32 payloads";
		return GW_ELIMIT;
	}
	const struct payload_row *row = find_row(type, seen, why);
	size_t len = row == NULL ? 0 : payload_len(row, rest, why);
	if (len == 0)
		return GW_EMALFORMED;
	m->payloads[m->n_payloads++] = (struct mikey_payload){
		.type = type, .off = (uint16_t)*at, .len = (uint16_t)len
	};
	if ((*why = row->read(m, gw_span_sub(rest, 0, len))) != NULL)
		return GW_EMALFORMED;
	*at += len;
	return GW_OK;
}

static enum gw_err
missing(uint32_t seen, const char **why)
{
	static const struct {
		uint8_t type;
		const char *why;
	} needed[] = { { T, "no time stamp (T)" }, { RAND, "no RAND" },
		{ SAKKE, "no SAKKE" }, { SIGN, "no signature (SIGN)" } };

	for (size_t i = 0; i < GW_COUNT(needed); i++)
		if ((seen & 1u << needed[i].type) == 0) {
			*why = needed[i].why;
			return GW_EMALFORMED;
		}
	return GW_OK;
}

/* The chain from the common header to its end, which must be the input's. */
static enum gw_err
scan(struct mikey_imsg *m, size_t *at, const char **why)
{
	uint8_t type = MIKEY_PAYLOAD_HDR;
	uint32_t seen = 0;

	do {
		size_t start = *at;
		enum gw_err err = take_payload(m, type, seen, at, why);
		if (err != GW_OK)
			return err;
		if (type < TYPE_N)
			seen |= 1u << type;
		if (type == SIGN)
			break; /* RFC 3830, 6.5: always last, names no next */
		type = m->raw.p[start + (type == MIKEY_PAYLOAD_HDR ? 2 : 0)];
	} while (type != LAST);
	if (*at != m->raw.len) {
		*why = "octets behind the last payload";
		return GW_EMALFORMED;
	}
	*at = 0;
	return missing(seen, why);
}

enum gw_err
mikey_imsg_parse(
    struct gw_span in, struct mikey_imsg *out, struct gw_fault *fault)
{
	struct mikey_imsg m = { .raw = in };
	struct gw_fault f = { 0, NULL };
	enum gw_err err = GW_ELIMIT;

	if (in.len > MIKEY_IMSG_MAX)
		f = (struct gw_fault){ MIKEY_IMSG_MAX,
			"an I_MESSAGE of more than 4096 octets" };
	else
		err = scan(&m, &f.at, &f.why);
	if (err == GW_OK)
		*out = m;
	else
		*fault = f;
	return err;
}

const char *
mikey_purpose_name(enum mikey_purpose p)
{
	static const char *const names[] = { "GMK", "PCK", "CSK", "SPK", "MKFC",
		"MSCCK", "MuSiK" };

	return (size_t)p < GW_COUNT(names) ? names[p] : "unknown";
}

const char *
mikey_payload_name(uint8_t type)
{
	if (type == MIKEY_PAYLOAD_HDR)
		return hdr_row.name;
	return type < TYPE_N && rows[type].name != NULL ? rows[type].name :
							  "unknown";
}
