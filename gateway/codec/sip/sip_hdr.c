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
	[1] = SIP_HDR_P_MEDIA_AUTHORIZATION,
	[9] = SIP_HDR_PRIORITY,
	[11] = SIP_HDR_SUBSCRIPTION_STATE,
	[17] = SIP_HDR_ACCEPT_CONTACT,
	[22] = SIP_HDR_HISTORY_INFO,
	[27] = SIP_HDR_UNSUPPORTED,
	[29] = SIP_HDR_CONTENT_ID,
	[34] = SIP_HDR_ADDITIONAL_IDENTITY,
	[35] = SIP_HDR_RESTORATION_INFO,
	[36] = SIP_HDR_WARNING,
	[58] = SIP_HDR_JOIN,
	[63] = SIP_HDR_FEATURE_CAPS,
	[65] = SIP_HDR_P_ANSWER_STATE,
	[66] = SIP_HDR_WWW_AUTHENTICATE,
	[67] = SIP_HDR_P_PROFILE_KEY,
	[68] = SIP_HDR_CONTENT_ENCODING,
	[69] = SIP_HDR_PROXY_AUTHORIZATION,
	[72] = SIP_HDR_ROUTE,
	[78] = SIP_HDR_MAX_FORWARDS,
	[79] = SIP_HDR_SERVICE_ROUTE,
	[81] = SIP_HDR_ORGANIZATION,
	[82] = SIP_HDR_CONTACT,
	[89] = SIP_HDR_P_CALLED_PARTY_ID,
	[92] = SIP_HDR_P_CHARGING_FUNCTION_ADDRESSES,
	[96] = SIP_HDR_CONTENT_TYPE,
	[98] = SIP_HDR_RETRY_AFTER,
	[106] = SIP_HDR_RACK,
	[114] = SIP_HDR_REFER_EVENTS_AT,
	[118] = SIP_HDR_SIP_IF_MATCH,
	[120] = SIP_HDR_SECURITY_CLIENT,
	[122] = SIP_HDR_HIDE,
	[126] = SIP_HDR_AUTHORIZATION,
	[128] = SIP_HDR_POLICY_ID,
	[131] = SIP_HDR_PATH,
	[132] = SIP_HDR_REQUEST_DISPOSITION,
	[142] = SIP_HDR_P_DCS_REDIRECT,
	[146] = SIP_HDR_P_EARLY_MEDIA,
	[154] = SIP_HDR_PRIORITY_VERSTAT,
	[159] = SIP_HDR_P_CHARGING_VECTOR,
	[175] = SIP_HDR_ALLOW,
	[176] = SIP_HDR_RELAYED_CHARGE,
	[177] = SIP_HDR_DATE,
	[184] = SIP_HDR_P_DCS_LAES,
	[189] = SIP_HDR_INFO_PACKAGE,
	[190] = SIP_HDR_P_USER_DATABASE,
	[193] = SIP_HDR_CONTENT_LANGUAGE,
	[196] = SIP_HDR_RECORD_ROUTE,
	[197] = SIP_HDR_RSEQ,
	[201] = SIP_HDR_GEOLOCATION,
	[202] = SIP_HDR_P_REFUSED_URI_LIST,
	[204] = SIP_HDR_ACCEPT_ENCODING,
	[206] = SIP_HDR_FROM,
	[208] = SIP_HDR_IDENTITY,
	[210] = SIP_HDR_P_PRIVATE_NETWORK_INDICATION,
	[213] = SIP_HDR_P_ACCESS_NETWORK_INFO,
	[216] = SIP_HDR_ALLOW_EVENTS,
	[220] = SIP_HDR_REMOTE_PARTY_ID,
	[233] = SIP_HDR_ACCEPT_RESOURCE_PRIORITY,
	[238] = SIP_HDR_REQUIRE,
	[239] = SIP_HDR_PROXY_AUTHENTICATE,
	[242] = SIP_HDR_MIME_VERSION,
	[245] = SIP_HDR_FLOW_TIMER,
	[247] = SIP_HDR_ERROR_INFO,
	[248] = SIP_HDR_SIP_ETAG,
	[257] = SIP_HDR_CONTENT_LENGTH,
	[260] = SIP_HDR_ALERT_INFO,
	[264] = SIP_HDR_REFERRED_BY,
	[270] = SIP_HDR_TARGET_DIALOG,
	[275] = SIP_HDR_ORIGINATION_ID,
	[278] = SIP_HDR_CELLULAR_NETWORK_INFO,
	[279] = SIP_HDR_PRIVACY,
	[280] = SIP_HDR_PROXY_REQUIRE,
	[289] = SIP_HDR_SECURITY_SERVER,
	[303] = SIP_HDR_SESSION_EXPIRES,
	[308] = SIP_HDR_ENCRYPTION,
	[315] = SIP_HDR_REPLACES,
	[321] = SIP_HDR_REASON_PHRASE,
	[325] = SIP_HDR_SUPPRESS_IF_MATCH,
	[328] = SIP_HDR_ACCEPT_LANGUAGE,
	[329] = SIP_HDR_SERVICE_INTERACT_INFO,
	[330] = SIP_HDR_REASON,
	[331] = SIP_HDR_ATTESTATION_INFO,
	[335] = SIP_HDR_REFER_SUB,
	[338] = SIP_HDR_P_ASSERTED_SERVICE,
	[339] = SIP_HDR_RECV_INFO,
	[340] = SIP_HDR_CALL_INFO,
	[345] = SIP_HDR_VIA,
	[355] = SIP_HDR_P_ASSERTED_IDENTITY,
	[364] = SIP_HDR_GEOLOCATION_ERROR,
	[366] = SIP_HDR_RESPONSE_SOURCE,
	[367] = SIP_HDR_SECURITY_VERIFY,
	[372] = SIP_HDR_P_ASSOCIATED_URI,
	[373] = SIP_HDR_USER_TO_USER,
	[374] = SIP_HDR_IDENTITY_INFO,
	[375] = SIP_HDR_EXPIRES,
	[379] = SIP_HDR_EVENT,
	[382] = SIP_HDR_ANSWER_MODE,
	[383] = SIP_HDR_PRIORITY_SHARE,
	[384] = SIP_HDR_DIVERSION,
	[385] = SIP_HDR_PRIV_ANSWER_MODE,
	[386] = SIP_HDR_SERVER,
	[392] = SIP_HDR_PERMISSION_MISSING,
	[398] = SIP_HDR_P_DCS_TRACE_PARTY_ID,
	[399] = SIP_HDR_P_VISITED_NETWORK_ID,
	[413] = SIP_HDR_P_CHARGE_INFO,
	[416] = SIP_HDR_P_DCS_BILLING_INFO,
	[418] = SIP_HDR_TRIGGER_CONSENT,
	[422] = SIP_HDR_CALL_ID,
	[424] = SIP_HDR_SUPPORTED,
	[430] = SIP_HDR_MIN_EXPIRES,
	[431] = SIP_HDR_MIN_SE,
	[434] = SIP_HDR_GEOLOCATION_ROUTING,
	[437] = SIP_HDR_CSEQ,
	[440] = SIP_HDR_REFER_TO,
	[441] = SIP_HDR_P_PREFERRED_SERVICE,
	[442] = SIP_HDR_REPLY_TO,
	[443] = SIP_HDR_AUTHENTICATION_INFO,
	[444] = SIP_HDR_ACCEPT,
	[446] = SIP_HDR_RESOURCE_SHARE,
	[454] = SIP_HDR_P_DCS_OSPS,
	[456] = SIP_HDR_CONTENT_DISPOSITION,
	[457] = SIP_HDR_IN_REPLY_TO,
	[458] = SIP_HDR_P_PREFERRED_IDENTITY,
	[478] = SIP_HDR_P_SERVED_USER,
	[479] = SIP_HDR_REJECT_CONTACT,
	[483] = SIP_HDR_CONTENT_TRANSFER_ENCODING,
	[487] = SIP_HDR_RESOURCE_PRIORITY,
	[489] = SIP_HDR_TO,
	[490] = SIP_HDR_MAX_BREADTH,
	[492] = SIP_HDR_SUBJECT,
	[493] = SIP_HDR_POLICY_CONTACT,
	[508] = SIP_HDR_TIMESTAMP,
	[509] = SIP_HDR_SESSION_ID,
	[510] = SIP_HDR_USER_AGENT,
};

/* Two octets, in lower case if they are letters. */
static uint32_t
pair(const uint8_t *p)
{
	return ((uint32_t)p[0] | (uint32_t)p[1] << 8) | 0x2020;
}

/* name.len is at least 2. */
static unsigned
slot_of(struct gw_span name)
{
	uint32_t h = pair(name.p) * 2443038673u +
		     pair(name.p + name.len - 2) * 4110889141u +
		     (uint32_t)name.len * 863668017u;

	return h >> 23;
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

/* In whatever case it is written, from that slot on.  Apart, so that the usual
 * way saves no registers. */
static __attribute__((noinline)) enum sip_hdr_id
find_from(unsigned at, struct gw_span name)
{
	for (; slots[at] != SIP_HDR_OTHER; at = (at + 1) % SLOTS)
		if (gw_span_ieq(name, known[slots[at]].name))
			return (enum sip_hdr_id)slots[at];
	return SIP_HDR_OTHER;
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
	/* Mostly it is in its slot, and written as we would write it. */
	unsigned at = slot_of(name);
	struct gw_span first = known[slots[at]].name;
	if (name.len == first.len && sip_char_same(name.p, first.p, first.len))
		return (enum sip_hdr_id)slots[at];
	return find_from(at, name);
}
