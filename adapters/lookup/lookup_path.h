/*
 * lookup_path.h: paths whose last segment is a user, percent-encoded.
 *
 * A path is cut at '/' before anything is decoded: an identity may hold
 * "%2F".
 */
#ifndef LOOKUP_PATH_H
#define LOOKUP_PATH_H

#include "mcxgw/lookup.h"

/**
 * Write prefix, root and user as one path.
 *
 * GW_EUNSUPPORTED  it would be longer than GW_HTTP_PATH_MAX, or lead elsewhere
 *                  for a server that decodes it too early
 * GW_ENOMEM
 */
enum gw_err lookup_path_build(struct gw_arena *a, struct gw_span prefix,
    struct gw_span root, struct gw_span user, struct gw_span *out) GW_NODISCARD;

/** Is path one segment below prefix and root?  Then that is *segment. */
bool lookup_path_is(struct gw_span prefix, struct gw_span root,
    struct gw_span path, struct gw_span *segment);

/**
 * Decode the user in a segment.
 *
 * GW_EMALFORMED  a query, a bad escape, no URI of a user, or a long one
 * GW_ENOMEM
 */
enum gw_err lookup_path_user(struct gw_arena *a, struct gw_span segment,
    struct gw_span *user, struct gw_fault *fault) GW_NODISCARD;

#endif
