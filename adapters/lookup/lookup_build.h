/*
 * lookup_build.h: an answer, domain by domain, within its limits.
 */
#ifndef LOOKUP_BUILD_H
#define LOOKUP_BUILD_H

#include "mcxgw/lookup.h"

struct lookup_build {
	struct gw_arena *a;
	struct gw_lookup_answer answer;
	/* the domain that is being read, its external domains apart */
	struct gw_lookup_domain domain;
	struct gw_span external[GW_LOOKUP_EXTERNAL_MAX];
	/* of names without case, so that few are compared */
	uint32_t domain_hash[GW_LOOKUP_DOMAINS_MAX];
	uint32_t external_hash[GW_LOOKUP_EXTERNAL_MAX];
};

/** Start without a domain.  Names that are added must live as long as a. */
void lookup_build_init(struct lookup_build *b, struct gw_arena *a);

/** A domain begins; its name and external domains come in any order. */
void lookup_build_begin(struct lookup_build *b);

/*
 * On failure *why is a static clause:
 *
 * GW_EMALFORMED  no KMS URI: empty, long, or not of characters of a URI
 * GW_ELIMIT      more than we accept
 * GW_ENOMEM      (end)
 */
enum gw_err lookup_build_kms(
    struct lookup_build *b, struct gw_span kms, const char **why) GW_NODISCARD;
/** One that is there already is passed over. */
enum gw_err lookup_build_external(
    struct lookup_build *b, struct gw_span kms, const char **why) GW_NODISCARD;
/** The domain is complete.  *twice tells that it was there already, and was
 * passed over. */
enum gw_err lookup_build_end(
    struct lookup_build *b, bool *twice, const char **why) GW_NODISCARD;

/** The whole of a domain that has a name and nothing else; twice is once. */
enum gw_err lookup_build_only(
    struct lookup_build *b, struct gw_span kms, const char **why) GW_NODISCARD;

#endif
