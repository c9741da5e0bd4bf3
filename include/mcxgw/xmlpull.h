/*
 * mcxgw/xmlpull.h: read an XML document from the wire, in place.
 *
 * A pull reader for the small documents that stand in SIP bodies (mcptt-info
 * and its like).  It allocates nothing, knows namespaces, checks that the
 * document is well formed, and refuses what such documents never need: DTDs,
 * entity references beyond the five predefined and character references,
 * processing instructions after the XML declaration, encodings other than
 * UTF-8, names beyond ASCII, references and white space in a namespace name.
 * Depth, attributes and octets are capped.
 *
 * Names and values are spans into the input; text is raw (entities not
 * replaced) until gw_xp_unescape().  The text of an element comes in several
 * events when a comment or a CDATA section divides it: a reader that wants
 * one value refuses the second, or joins them, but never takes the first
 * alone.
 */
#ifndef MCXGW_XMLPULL_H
#define MCXGW_XMLPULL_H

#include "mcxgw/arena.h"

#define GW_XP_DEPTH_MAX	 24
#define GW_XP_ATTRS_MAX	 16
#define GW_XP_NS_MAX	 16 /* namespace declarations in scope */
#define GW_XP_OCTETS_MAX (256u << 10)

enum gw_xp_event {
	GW_XP_START, /* name, ns, attrs; at is the offset of '<' */
	GW_XP_TEXT, /* text; is_cdata tells that nothing is escaped */
	GW_XP_END, /* name, ns; end is the offset behind '>' */
	GW_XP_EOF
};

struct gw_xp_attr {
	struct gw_span name; /* local name */
	struct gw_span ns; /* URI, empty for none */
	struct gw_span value;
};

struct gw_xp {
	struct gw_span in;
	size_t pos;
	/* the current event */
	struct gw_span name, ns, text;
	bool is_cdata;
	size_t at, end; /* offsets of the markup of this event */
	/* of the element the event belongs to; the root is 1, at its end
	 * too */
	unsigned depth;
	unsigned n_attrs;
	struct gw_xp_attr attrs[GW_XP_ATTRS_MAX];
	/* What is in scope, for those who write the document again: names
	 * with their prefixes by depth, the root at 0; declarations with the
	 * depth of their element, inner ones last. */
	struct gw_span stack[GW_XP_DEPTH_MAX];
	unsigned n_ns;
	struct {
		struct gw_span prefix, uri;
		unsigned depth;
	} ns_scope[GW_XP_NS_MAX];
	/* private */
	struct gw_span stack_ns[GW_XP_DEPTH_MAX], stack_name[GW_XP_DEPTH_MAX];
	bool empty_pending, pop_pending, done, started;
};

void gw_xp_init(struct gw_xp *x, struct gw_span in);

/**
 * Step to the next event.
 *
 * GW_EMALFORMED, GW_ELIMIT  with place (in.len when the document ends too
 *                           early) and reason; do not call again
 */
enum gw_err gw_xp_next(struct gw_xp *x, enum gw_xp_event *event,
    struct gw_fault *fault) GW_NODISCARD;

/** The attribute of that local name without namespace, or NULL. */
const struct gw_xp_attr *gw_xp_attr(const struct gw_xp *x, const char *name);

/**
 * Replace entity and character references of raw; spans without '&' are
 * returned as they are, others are copied to a.
 *
 * GW_EMALFORMED  not a reference, or to a character XML does not have
 * GW_ENOMEM      the arena is full
 */
enum gw_err gw_xp_unescape(
    struct gw_arena *a, struct gw_span raw, struct gw_span *out) GW_NODISCARD;

#endif
