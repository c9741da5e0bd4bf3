/*
 * mcx_body.h: what stands in the body of a SIP message of an MCX service.
 *
 * Walks a body, multipart to any depth up to a cap, and collects in one view:
 * the parts, the MCX info document (mcptt-info, mcvideo-info, mcdata-info),
 * and every key message (MIKEY-SAKKE I_MESSAGE) in SDP key-mgmt lines
 * (session and media level, RFC 4567), in application/mikey parts (binary or
 * base64) and in message/sip parts.  All spans point into the message, or
 * into the arena where decoding was needed.
 *
 * The body of a message/sip part is a part below it.  Info documents in there
 * speak of the inner message (third-party REGISTER): they must be well formed
 * but give no facts, and one that holds an access token is malformed, as
 * nothing can be cut without changing the inner message's length.
 *
 * Nothing here decides: a body that cannot be read is reported as such, and
 * policy says what becomes of it.
 */
#ifndef MCX_BODY_H
#define MCX_BODY_H

#include "codec/mcx/mcx_info.h"
#include "codec/mikey/mikey_imsg.h"
#include "codec/sip/sip_msg.h"
#include "mcxgw/arena.h"

#define MCX_PARTS_MAX 32 /* parts of one message, at all depths */
#define MCX_DEPTH_MAX 8 /* multipart in multipart */
#define MCX_KEYS_MAX  8 /* key messages of one message */

struct mcx_part {
	/* "application/sdp", without parameters, in its own case; empty if
	 * the part has none, which is text/plain */
	struct gw_span type;
	struct gw_span content_id;
	struct gw_span disposition; /* "recipient-list"; empty if none */
	struct gw_span head; /* its header fields; empty for a lone body */
	struct gw_span body;
	bool base64; /* Content-Transfer-Encoding: base64 */
	uint8_t depth; /* 0: the body itself, 1: in the outer multipart */
	int8_t parent; /* index, -1 for depth 0 */
	/* Has parts of its own (message/sip too); body is all of it. */
	bool multipart;
};

struct mcx_key_msg {
	/* as it is told to people: "sdp-session", "sdp-media:audio",
	 * "body", "part:2" (index into parts); static or in the arena */
	const char *where;
	bool in_sdp;
	int8_t part; /* index of the part it stands in */
	struct gw_span text; /* as it stands there: base64, or the octets */
	struct gw_span raw; /* decoded octets of the I_MESSAGE */
	enum gw_err err; /* of mikey_imsg_parse or of base64 */
	/* Where: in raw, or in text if that could not be decoded (raw is
	 * empty then). */
	struct gw_fault fault;
	struct mikey_imsg imsg; /* valid if err is GW_OK */
};

struct mcx_body {
	uint8_t n_parts, n_keys;
	bool has_sdp;
	bool has_signed; /* a part with XML signatures over others */
	/* A part nobody can look into, which could hold media or keys: S/MIME
	 * envelopes, bodies that are elsewhere or come in pieces. */
	bool has_sealed;
	bool info_encrypted; /* at least one element that matters is opaque */
	int8_t info_part; /* index of the info document's part, or -1 */
	struct mcx_info info; /* service is MCX_NONE if there is no document */
	/* First entry in resource-lists, if any ("" else). */
	struct gw_span list_target;
	bool list_target_encrypted; /* its user part is a ciphertext */
	uint8_t list_entries; /* of all lists, up to 255 */
	struct mcx_part parts[MCX_PARTS_MAX];
	struct mcx_key_msg keys[MCX_KEYS_MAX];
};

/**
 * Read the body of m.  An empty body is GW_OK with no part.
 *
 * GW_EMALFORMED  the frame of the body cannot be read (no media type, no
 *                boundary, no closing delimiter, bad transfer encoding, SDP
 *                with a bare CR, info document or list not well formed, two
 *                info documents, an access token that cannot be cut): fault
 *                says where (offset from the start of m->raw; of the part,
 *                if that had to be decoded) and why
 * GW_ELIMIT      too deep, too many parts or key messages
 * GW_ENOMEM      the arena is full
 *
 * After a failure *out must not be read.  A key message that is malformed does not fail the body: its row has err
 * and fault (offset inside the decoded I_MESSAGE).
 */
enum gw_err mcx_body_read(const struct sip_msg *m, struct gw_arena *a,
    struct mcx_body *out, struct gw_fault *fault) GW_NODISCARD;

/**
 * Has m a body that mcx_body_read() would find something in, or refuse?  Of
 * one that is not wanted it would note its one part and no more.
 */
bool mcx_body_wanted(const struct sip_msg *m);

#endif
