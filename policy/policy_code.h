/*
 * policy_code.h: mistakes in agreements and local policy, by name.
 */
#ifndef POLICY_CODE_H
#define POLICY_CODE_H

#include "mcxgw/diag.h"

enum policy_code {
#define POLICY_CODE(id, code, want) POLICY_CODE_##id,
#include "policy/policy_code.def"
#undef POLICY_CODE
	POLICY_CODE_N
};

/* The stable word of a code and what should be. */
struct policy_code_text {
	const char *code, *want;
};
extern const struct policy_code_text policy_codes[POLICY_CODE_N];

/* Report a mistake at a struct gw_where; the rest is a format and values
 * that say what is there. */
#define POLICY_ERROR(d, at, id, ...)                                           \
	gw_diag_error((d), (at), policy_codes[POLICY_CODE_##id].code,          \
	    policy_codes[POLICY_CODE_##id].want, __VA_ARGS__)
#define POLICY_WARNING(d, at, id, ...)                                         \
	gw_diag_warning((d), (at), policy_codes[POLICY_CODE_##id].code,        \
	    policy_codes[POLICY_CODE_##id].want, __VA_ARGS__)

#endif
