/*
 * policy_compile.h: from files that were read to a policy that decides.
 *
 *   p = policy_compile_begin(...)
 *   policy_compile_local(p, ...)        at most once
 *   policy_compile_add(p, ...)          for each agreement
 *   policy_compile_end(p, ...)          cross-checks, indexes
 *
 * Each step reports all it finds; the last one is false if anything was an
 * error, then the policy must be freed and not be used.
 */
#ifndef POLICY_COMPILE_H
#define POLICY_COMPILE_H

#include "mcxgw/xml.h"
#include "policy/policy_int.h"

/** A policy over src->systems with room for n agreements; NULL: no memory. */
struct policy *policy_compile_begin(
    const struct policy_source *src, size_t n, struct gw_diag *d);

/** Read the document of the local policy or of an agreement. */
void policy_compile_local(
    struct policy *p, const xmlNode *root, const char *file, struct gw_diag *d);
void policy_compile_add(
    struct policy *p, const xmlNode *root, const char *file, struct gw_diag *d);

/** Cross-check and index everything.  False if d holds an error. */
bool policy_compile_end(struct policy *p, int64_t wall_us, struct gw_diag *d);

/* The first step of all.  False: out of memory. */
bool policy_systems_link(struct policy *p, struct gw_diag *d);
/* The steps of policy_compile_end(), in order.  False: out of memory. */
bool policy_domains_link(struct policy *p, struct gw_diag *d);
bool policy_maps_link(struct policy *p, struct gw_diag *d);
bool policy_relations_link(struct policy *p, struct gw_diag *d);
bool policy_narrow_link(struct policy *p, struct gw_diag *d);
bool policy_reach_link(struct policy *p);
void policy_warn(const struct policy *p, int64_t wall_us, struct gw_diag *d);

#endif
