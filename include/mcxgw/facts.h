/*
 * mcxgw/facts.h: what is known of one request when it is judged.
 *
 * Plain values, no SIP: core/gate fills them in from a message, `explain`
 * from a file, a test by hand, and policy reads them.  Spans are borrowed for
 * the duration of the decision.  Systems are named by their index in the
 * configuration (struct gw_system, policy/policy.h).
 */
#ifndef MCXGW_FACTS_H
#define MCXGW_FACTS_H

#include "mcxgw/clock.h"
#include "mcxgw/lookup.h"

#define GW_FACT_KEYS_MAX 8
#define GW_SYSTEM_NONE	 UINT16_MAX

enum gw_service { GW_SERVICE_NONE, GW_MCPTT, GW_MCVIDEO, GW_MCDATA };

/* What kind of communication it is; from session-type, indicators and the
 * method.  A rule lists the kinds it permits. */
enum gw_kind {
	GW_KIND_OTHER,
	GW_KIND_PRIVATE,
	GW_KIND_FIRST_TO_ANSWER,
	GW_KIND_AMBIENT,
	GW_KIND_GROUP, /* prearranged */
	GW_KIND_CHAT,
	GW_KIND_ADHOC,
	GW_KIND_MESSAGE, /* MESSAGE: SDS, status, key distribution */
	GW_KIND_PUBLISH, /* PUBLISH: affiliation, settings */
	GW_KIND_SUBSCRIBE, /* SUBSCRIBE and NOTIFY */
	GW_KIND_REGISTER,
	GW_KIND_N
};

/* A communication has an urgency beside its kind. */
enum gw_urgency { GW_ROUTINE, GW_IMMINENT_PERIL, GW_EMERGENCY, GW_URGENCY_N };

enum gw_key_state {
	GW_KEY_MALFORMED, /* could not be read; why says where */
	GW_KEY_UNCHECKED, /* nobody asked for the signature */
	GW_KEY_VALID,
	GW_KEY_INVALID, /* the signature is wrong */
	GW_KEY_UNVERIFIABLE, /* no certificate, no identity ... */
};

struct gw_key_fact {
	const char *purpose; /* "PCK"; static */
	uint32_t csb_id;
	/* Empty when absent or hidden. */
	struct gw_span initiator, receiver, initiator_kms, receiver_kms;
	bool initiator_hidden;
	int64_t made_wall_us; /* time stamp; 0: none that can be used */
	bool replayed; /* seen before in another request */
	enum gw_key_state state;
	const char *why; /* of malformed, invalid, unverifiable; static */
	size_t at; /* offset of a malformed key message's fault */
};

/* What the target system's lookup service says of the target user. */
enum gw_lookup_state {
	GW_LOOKUP_NOT_ASKED,
	GW_LOOKUP_ANSWERED, /* gw_facts.lookup is set; perhaps no domain */
	GW_LOOKUP_NO_ANSWER, /* down, late, wrong, or there is no service */
};

struct gw_facts {
	uint16_t from; /* system the peer proved to be; GW_SYSTEM_NONE */
	/* Fixed by the dialog's token; GW_SYSTEM_NONE if to be found. */
	uint16_t to;
	bool in_dialog;
	/* In a dialog: it comes from the side that was called, so the rule
	 * of the dialog's own direction applies, ends exchanged. */
	bool answering;

	enum gw_service service;
	enum gw_kind kind;
	enum gw_urgency urgency;

	/* MC service IDs as URIs.  initiator: info document, else asserted
	 * identity.  Empty when not told (in a dialog that is no fault). */
	struct gw_span initiator;
	bool initiator_encrypted;
	/* An asserted identity that is of another system and no migrated
	 * user of the peer's; empty: none. */
	struct gw_span asserted_other;
	/* Where it wants to go: Request-URI (empty when it is ours), the
	 * info document's request URI, the called group. */
	struct gw_span request_uri, info_request_uri, group;
	bool target_encrypted;

	bool info_present;
	bool has_media_offer; /* a body that could carry media or keys */
	uint8_t n_keys;
	struct gw_key_fact keys[GW_FACT_KEYS_MAX];

	int8_t priority_p, priority_q; /* mcpttp, mcpttq level; -1: none */

	/* Steps 9 and 10, if the rule looks up.  Names as the agreement has
	 * them. */
	enum gw_lookup_state lookup_state;
	const struct gw_lookup_answer *lookup; /* borrowed */
	const char *lookup_why; /* of GW_LOOKUP_NO_ANSWER; static */

	/* Step 11, told by the meters. */
	bool over_rate, over_concurrent;
	uint32_t retry_after_s;
};

/** "mcptt"; "first-to-answer"; "emergency".  Static storage. */
const char *gw_service_name(enum gw_service s);
const char *gw_kind_name(enum gw_kind k);
const char *gw_urgency_name(enum gw_urgency u);

#endif
