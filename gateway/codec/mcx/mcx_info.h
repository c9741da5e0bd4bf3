/*
 * mcx_info.h: the info documents mcptt-info, mcvideo-info and mcdata-info
 * (TS 24.379 annex F, TS 24.281 annex F, TS 24.282 annex D), as far as a
 * border needs them.
 */
#ifndef MCX_INFO_H
#define MCX_INFO_H

#include "mcxgw/arena.h"

enum mcx_service { MCX_NONE, MCX_MCPTT, MCX_MCVIDEO, MCX_MCDATA };

#define MCX_CUTS_MAX 4

/* Identities are empty when absent, and when encrypted. */
struct mcx_info {
	enum mcx_service service;
	struct gw_span session_type; /* "private", "prearranged", ... */
	struct gw_span request_uri; /* mcptt-request-uri & co. */
	struct gw_span calling_user;
	struct gw_span called_party;
	struct gw_span calling_group;
	bool emergency, alert, imminent_peril, broadcast;
	/* Which of the above stand there encrypted (type="Encrypted"). */
	bool request_uri_encrypted, calling_user_encrypted,
	    called_party_encrypted, calling_group_encrypted;
	bool any_encrypted; /* one of the above, session type or indicator */
	uint8_t n_unknown; /* elements nobody knows, counted up to 255 */
	/* Whole elements that must not cross (the access token), as spans
	 * of the input. */
	uint8_t n_cuts;
	struct gw_span cuts[MCX_CUTS_MAX];
};

/** The service a media type belongs to ("application/vnd.3gpp.mcptt-info+xml"),
 * MCX_NONE if it is no info document. */
enum mcx_service mcx_info_type(struct gw_span media_type);

/** "mcptt", "mcvideo", "mcdata", "none". */
const char *mcx_service_name(enum mcx_service s);

/**
 * Read the document doc of that service.  The URI may stand in mcpttURI (and
 * its like) or as direct text; the type attribute may be missing.  The same
 * element twice is malformed, and so is a value in two pieces or of the wrong
 * kind, another root or another namespace: two readers could take different
 * ones.  Only elements in the namespace of the root give facts.  An access
 * token is cut wherever it stands, in whatever namespace.
 *
 * GW_EMALFORMED, GW_ELIMIT, GW_ENOMEM  fault is relative to doc
 */
enum gw_err
mcx_info_read(struct gw_span doc, enum mcx_service service, struct gw_arena *a,
    struct mcx_info *out, struct gw_fault *fault) GW_NODISCARD;

#endif
