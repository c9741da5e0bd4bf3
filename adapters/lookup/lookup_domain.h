/*
 * lookup_domain.h: this project's own interface, in XML and in JSON, see
 * domain-lookup(5).  Private to this folder.
 */
#ifndef LOOKUP_DOMAIN_H
#define LOOKUP_DOMAIN_H

#include "adapters/lookup/lookup_media.h"
#include "adapters/lookup/lookup_write.h"

#define LOOKUP_DOMAIN_PATH "/domain-lookup/v1/users/"
#define LOOKUP_DOMAIN_NS   "urn:mcxgw:domain-lookup:1"
/* So many seconds fit into the milliseconds of an answer. */
#define LOOKUP_DOMAIN_TTL_MAX (UINT32_MAX / 1000)

/* What an answer is written from. */
struct lookup_domain_answer {
	const struct gw_lookup_question *q;
	const struct gw_lookup_answer *answer;
};

/* How one of the two is written and read. */
struct lookup_domain_form {
	enum lookup_media media;
	struct gw_span type;
	size_t frame, tags; /* octets around an answer, around each domain */
	bool (*is_type)(struct gw_span content_type);
	void (*write)(struct gw_buf *b, const struct lookup_domain_answer *w);
	/* Sets *user to whom it is about. */
	enum gw_err (*read)(struct gw_arena *a, struct gw_span body,
	    struct gw_span *user, struct gw_lookup_answer *out,
	    struct gw_fault *fault) GW_NODISCARD;
};

extern const struct lookup_domain_form lookup_domain_xml;
extern const struct lookup_domain_form lookup_domain_json;

extern const struct gw_lookup_adapter lookup_domain_xml_adapter;
extern const struct gw_lookup_adapter lookup_domain_json_adapter;

/** Seconds that an answer is to be kept, as it is told; 0: it is not.  An
 * answer without a domain never tells: why it has none is nobody's business.
 */
uint32_t lookup_domain_ttl(const struct gw_lookup_answer *answer);

#endif
