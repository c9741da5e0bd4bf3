/*
 * sip_hdr.c: from the name of a header field to its id, and back.
 *
 * A hash table with open addressing that is written out: the constants below
 * were chosen so that nearly all names hit their slot at once.
 */
#include "codec/sip/sip_msg.h"

#include "codec/sip/sip_char.h"

#define SLOTS 512u

struct known {
	struct gw_span name;
	uint8_t border; /* enum sip_border */
};

static const struct known known[SIP_HDR_N] = {
	[SIP_HDR_OTHER] = { GW_LIT(""), SIP_BORDER_UNKNOWN },
#define SIP_HDR(id, name, shrt, repeats, border)                               \
	[SIP_HDR_##id] = { GW_LIT(name), border },
#include "codec/sip/sip_hdr.def"
#undef SIP_HDR
};

/* Compact forms, by letter.  Fields without one stand behind the letters. */
static const uint8_t compact[128 + SIP_HDR_N] = {
#define SIP_HDR(id, name, shrt, repeats, border)                               \
	[(shrt) != 0 ? (shrt) : 128 + SIP_HDR_##id] = SIP_HDR_##id,
#include "codec/sip/sip_hdr.def"
#undef SIP_HDR
};

/* Where slot_of() leads; a taken slot moves the name to the next free one.
 * Not sorted by name but by slot. */
static const uint8_t slots[SLOTS] = {
	[2] = SIP_HDR_REFER_EVENTS_AT,
	[3] = SIP_HDR_CELLULAR_NETWORK_INFO,
	[11] = SIP_HDR_RESTORATION_INFO,
	[13] = SIP_HDR_ACCEPT_ENCODING,
	[18] = SIP_HDR_P_ASSERTED_SERVICE,
	[21] = SIP_HDR_CALL_INFO,
	[26] = SIP_HDR_CONTACT,
	[27] = SIP_HDR_CONTENT_TRANSFER_ENCODING,
	[31] = SIP_HDR_REASON_PHRASE,
	[41] = SIP_HDR_P_DCS_TRACE_PARTY_ID,
	[45] = SIP_HDR_ADDITIONAL_IDENTITY,
	[49] = SIP_HDR_EXPIRES,
	[56] = SIP_HDR_REFERRED_BY,
	[59] = SIP_HDR_TARGET_DIALOG,
	[62] = SIP_HDR_MIN_SE,
	[64] = SIP_HDR_ACCEPT_CONTACT,
	[72] = SIP_HDR_SERVICE_ROUTE,
	[74] = SIP_HDR_P_EARLY_MEDIA,
	[77] = SIP_HDR_HIDE,
	[80] = SIP_HDR_PRIV_ANSWER_MODE,
	[81] = SIP_HDR_P_PREFERRED_IDENTITY,
	[86] = SIP_HDR_RSEQ,
	[87] = SIP_HDR_REQUIRE,
	[91] = SIP_HDR_POLICY_ID,
	[92] = SIP_HDR_HISTORY_INFO,
	[93] = SIP_HDR_FROM,
	[95] = SIP_HDR_ROUTE,
	[98] = SIP_HDR_P_DCS_LAES,
	[99] = SIP_HDR_P_CHARGING_FUNCTION_ADDRESSES,
	[100] = SIP_HDR_P_DCS_OSPS,
	[103] = SIP_HDR_SERVER,
	[110] = SIP_HDR_IDENTITY_INFO,
	[112] = SIP_HDR_PROXY_REQUIRE,
	[113] = SIP_HDR_SUPPORTED,
	[120] = SIP_HDR_IDENTITY,
	[123] = SIP_HDR_GEOLOCATION,
	[124] = SIP_HDR_P_DCS_REDIRECT,
	[130] = SIP_HDR_IN_REPLY_TO,
	[136] = SIP_HDR_RESOURCE_PRIORITY,
	[140] = SIP_HDR_SIP_ETAG,
	[142] = SIP_HDR_P_VISITED_NETWORK_ID,
	[143] = SIP_HDR_PERMISSION_MISSING,
	[148] = SIP_HDR_CALL_ID,
	[151] = SIP_HDR_PATH,
	[158] = SIP_HDR_REASON,
	[159] = SIP_HDR_RECORD_ROUTE,
	[162] = SIP_HDR_PROXY_AUTHORIZATION,
	[168] = SIP_HDR_PRIORITY_VERSTAT,
	[173] = SIP_HDR_P_PROFILE_KEY,
	[187] = SIP_HDR_ALLOW_EVENTS,
	[188] = SIP_HDR_ACCEPT_LANGUAGE,
	[190] = SIP_HDR_WARNING,
	[196] = SIP_HDR_P_SERVED_USER,
	[201] = SIP_HDR_MAX_FORWARDS,
	[205] = SIP_HDR_SUBSCRIPTION_STATE,
	[206] = SIP_HDR_RESOURCE_SHARE,
	[210] = SIP_HDR_RESPONSE_SOURCE,
	[221] = SIP_HDR_CONTENT_ID,
	[229] = SIP_HDR_ERROR_INFO,
	[242] = SIP_HDR_RELAYED_CHARGE,
	[243] = SIP_HDR_MIME_VERSION,
	[245] = SIP_HDR_REPLACES,
	[246] = SIP_HDR_ACCEPT_RESOURCE_PRIORITY,
	[249] = SIP_HDR_DATE,
	[251] = SIP_HDR_MAX_BREADTH,
	[255] = SIP_HDR_ACCEPT,
	[258] = SIP_HDR_SUPPRESS_IF_MATCH,
	[262] = SIP_HDR_CONTENT_ENCODING,
	[268] = SIP_HDR_SECURITY_SERVER,
	[270] = SIP_HDR_ATTESTATION_INFO,
	[276] = SIP_HDR_REFER_TO,
	[280] = SIP_HDR_GEOLOCATION_ROUTING,
	[285] = SIP_HDR_CONTENT_DISPOSITION,
	[286] = SIP_HDR_PRIVACY,
	[299] = SIP_HDR_SESSION_ID,
	[302] = SIP_HDR_ORIGINATION_ID,
	[308] = SIP_HDR_FEATURE_CAPS,
	[309] = SIP_HDR_REPLY_TO,
	[311] = SIP_HDR_PROXY_AUTHENTICATE,
	[312] = SIP_HDR_TO,
	[315] = SIP_HDR_TRIGGER_CONSENT,
	[316] = SIP_HDR_P_ASSOCIATED_URI,
	[318] = SIP_HDR_ALLOW,
	[319] = SIP_HDR_WWW_AUTHENTICATE,
	[323] = SIP_HDR_TIMESTAMP,
	[327] = SIP_HDR_PRIORITY,
	[328] = SIP_HDR_RETRY_AFTER,
	[338] = SIP_HDR_CONTENT_TYPE,
	[339] = SIP_HDR_P_ANSWER_STATE,
	[342] = SIP_HDR_ALERT_INFO,
	[345] = SIP_HDR_P_PREFERRED_SERVICE,
	[346] = SIP_HDR_DIVERSION,
	[348] = SIP_HDR_JOIN,
	[364] = SIP_HDR_P_MEDIA_AUTHORIZATION,
	[365] = SIP_HDR_USER_AGENT,
	[368] = SIP_HDR_RECV_INFO,
	[369] = SIP_HDR_P_ACCESS_NETWORK_INFO,
	[372] = SIP_HDR_SUBJECT,
	[378] = SIP_HDR_RACK,
	[381] = SIP_HDR_AUTHENTICATION_INFO,
	[386] = SIP_HDR_P_CALLED_PARTY_ID,
	[389] = SIP_HDR_INFO_PACKAGE,
	[391] = SIP_HDR_P_ASSERTED_IDENTITY,
	[392] = SIP_HDR_SESSION_EXPIRES,
	[396] = SIP_HDR_REFER_SUB,
	[402] = SIP_HDR_POLICY_CONTACT,
	[408] = SIP_HDR_P_REFUSED_URI_LIST,
	[409] = SIP_HDR_UNSUPPORTED,
	[411] = SIP_HDR_EVENT,
	[413] = SIP_HDR_P_CHARGING_VECTOR,
	[414] = SIP_HDR_SECURITY_VERIFY,
	[421] = SIP_HDR_USER_TO_USER,
	[424] = SIP_HDR_REJECT_CONTACT,
	[429] = SIP_HDR_FLOW_TIMER,
	[433] = SIP_HDR_CSEQ,
	[437] = SIP_HDR_CONTENT_LANGUAGE,
	[438] = SIP_HDR_P_DCS_BILLING_INFO,
	[440] = SIP_HDR_GEOLOCATION_ERROR,
	[443] = SIP_HDR_P_USER_DATABASE,
	[450] = SIP_HDR_REQUEST_DISPOSITION,
	[451] = SIP_HDR_VIA,
	[454] = SIP_HDR_P_PRIVATE_NETWORK_INDICATION,
	[456] = SIP_HDR_SECURITY_CLIENT,
	[467] = SIP_HDR_ANSWER_MODE,
	[469] = SIP_HDR_P_CHARGE_INFO,
	[475] = SIP_HDR_ENCRYPTION,
	[479] = SIP_HDR_PRIORITY_SHARE,
	[489] = SIP_HDR_ORGANIZATION,
	[491] = SIP_HDR_SERVICE_INTERACT_INFO,
	[493] = SIP_HDR_SIP_IF_MATCH,
	[499] = SIP_HDR_MIN_EXPIRES,
	[507] = SIP_HDR_CONTENT_LENGTH,
	[508] = SIP_HDR_REMOTE_PARTY_ID,
	[510] = SIP_HDR_AUTHORIZATION,
};

/* name.len is at least 2. */
static unsigned
slot_of(struct gw_span name)
{
	const uint8_t *p = name.p;
	size_t n = name.len;

	return ((p[0] | 0x20u) * 11 + (p[n / 2] | 0x20u) * 125 +
		   (p[n - 1] | 0x20u) * 94 + (p[n / 3] | 0x20u) * 223 +
		   (unsigned)n * 29) %
	       SLOTS;
}

struct gw_span
sip_hdr_name(enum sip_hdr_id id)
{
	return known[id].name;
}

enum sip_border
sip_hdr_border(enum sip_hdr_id id)
{
	return (enum sip_border)known[id].border;
}

enum sip_hdr_id
sip_hdr_find(struct gw_span name)
{
	if (name.len == 0 || name.len > UINT8_MAX)
		return SIP_HDR_OTHER;
	if (name.len == 1) {
		uint8_t c = gw_lower(name.p[0]);
		return (enum sip_hdr_id)(c < 128 ? compact[c] : SIP_HDR_OTHER);
	}
	for (unsigned at = slot_of(name);; at = (at + 1) % SLOTS) {
		const struct known *k = &known[slots[at]];
		if (slots[at] == SIP_HDR_OTHER)
			return SIP_HDR_OTHER;
		if (name.len == k->name.len &&
		    (sip_char_same(name.p, k->name.p, name.len) ||
			gw_span_ieq(name, k->name)))
			return (enum sip_hdr_id)slots[at];
	}
}
