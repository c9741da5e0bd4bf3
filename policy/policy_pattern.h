/*
 * policy_pattern.h: which identities a rule means.
 *
 *   sip:anna@mcptt.alpha.example      one identity
 *   sip:*@mcptt.alpha.example         every one of that host
 *   sip:ops-*@mcptt.alpha.example     user parts that begin with "ops-"
 *   sip:*-desk@*.alpha.example        ... that end so, in any sub-domain
 *   tel:+3580*                        numbers that begin so
 *
 * sip stands for sips too.  The host is compared without case, the user part
 * with it.
 */
#ifndef POLICY_PATTERN_H
#define POLICY_PATTERN_H

#include "mcxgw/arena.h"
#include "policy/policy_uri.h"

enum policy_glob {
	POLICY_GLOB_NONE, /* the user part is exactly this, or absent */
	POLICY_GLOB_ANY, /* any user part, also none */
	POLICY_GLOB_PREFIX,
	POLICY_GLOB_SUFFIX
};

struct policy_pattern {
	const char *text; /* as written */
	enum policy_scheme scheme;
	enum policy_glob glob;
	bool sub_domains; /* host is ".suffix" */
	struct gw_span user, host;
	uint64_t hash; /* of the identity, if it means exactly one */
};

/**
 * Read a pattern; strings are copied to a.
 *
 * GW_EMALFORMED  *why (static) says what is wrong
 * GW_ENOMEM
 */
enum gw_err policy_pattern_parse(struct gw_arena *a, const char *text,
    struct policy_pattern *out, const char **why) GW_NODISCARD;

/** Is u one of the identities that p means? */
bool policy_pattern_matches(
    const struct policy_pattern *p, const struct policy_uri *u);

/** Does p mean exactly one identity? */
bool policy_pattern_is_exact(const struct policy_pattern *p);

/** Does a mean every identity that b means?  May say no although it does. */
bool policy_pattern_covers(
    const struct policy_pattern *a, const struct policy_pattern *b);

#endif
