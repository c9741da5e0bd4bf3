/*
 * lookup_pull.h: walk over a small XML document whose form is known.
 *
 * Elements of other namespaces are passed over, with all that is in them; those
 * of none are refused.
 * The fault of every failure is set.
 */
#ifndef LOOKUP_PULL_H
#define LOOKUP_PULL_H

#include "mcxgw/xmlpull.h"

struct lookup_pull {
	struct gw_xp xp; /* name and attributes of where it stands */
	struct gw_arena *a;
	struct gw_span ns; /* of the elements that count */
	struct gw_fault *fault;
};

/** Start, and step into the root. */
enum gw_err lookup_pull_root(struct lookup_pull *p, struct gw_arena *a,
    struct gw_span ns, struct gw_span in, struct gw_fault *fault) GW_NODISCARD;
/** Nothing but the end may follow the root. */
enum gw_err lookup_pull_end(struct lookup_pull *p) GW_NODISCARD;

/** Step to the next child of the element that is open; *more is false at its
 * end.  Whoever stepped to a child walks over all of it. */
enum gw_err lookup_pull_child(struct lookup_pull *p, bool *more) GW_NODISCARD;
/** Is it the element of that name? */
bool lookup_pull_is(const struct lookup_pull *p, struct gw_span name);
/** Pass over the rest of the element. */
enum gw_err lookup_pull_skip(struct lookup_pull *p) GW_NODISCARD;
/** The text of the element, trimmed, and nothing else in it. */
enum gw_err
lookup_pull_text(struct lookup_pull *p, struct gw_span *out) GW_NODISCARD;

/** The value of an attribute of the element it stands at; empty: none. */
enum gw_err lookup_pull_attr(
    struct lookup_pull *p, const char *name, struct gw_span *out) GW_NODISCARD;
/** Refuse attributes but those of other namespaces and, without a namespace,
 * the n names. */
enum gw_err lookup_pull_attrs(
    struct lookup_pull *p, const char *const names[], size_t n) GW_NODISCARD;

/** Say what is wrong with the element it stands at. */
enum gw_err
lookup_pull_refuse(struct lookup_pull *p, const char *why) GW_NODISCARD;

#endif
