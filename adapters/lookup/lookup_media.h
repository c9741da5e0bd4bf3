/*
 * lookup_media.h: media types and status codes.
 */
#ifndef LOOKUP_MEDIA_H
#define LOOKUP_MEDIA_H

#include "mcxgw/lookup.h"

#define LOOKUP_MEDIA_XML  "application/xml"
#define LOOKUP_MEDIA_JSON "application/json"

enum lookup_media { LOOKUP_NEITHER, LOOKUP_XML, LOOKUP_JSON };

/** What an Accept field prefers (RFC 9110 12.5.1); XML where it does not
 * say, or is not there. */
enum lookup_media lookup_media_pick(struct gw_span accept);

/** Is that what a Content-Type field names?  Also if there is none. */
bool lookup_media_is_xml(struct gw_span content_type);
bool lookup_media_is_json(struct gw_span content_type);

/* What an error is in HTTP. */
struct lookup_media_error {
	unsigned status;
	struct gw_span title, detail; /* detail: what an asker can do */
};
const struct lookup_media_error *lookup_media_error(enum gw_lookup_error error);

#endif
