/*
 * krr_code.h: mistakes in dialect files, by name.  Private to this folder.
 */
#ifndef KRR_CODE_H
#define KRR_CODE_H

#include "mcxgw/diag.h"

enum krr_code {
#define KRR_CODE(id, code, want) KRR_CODE_##id,
#include "codec/krr/krr_code.def"
#undef KRR_CODE
	KRR_CODE_N
};

/* The stable word of a code and what should be. */
struct krr_code_text {
	const char *code, *want;
};
extern const struct krr_code_text krr_codes[KRR_CODE_N];

/* Report a mistake at a struct gw_where; the rest is a format and values
 * that say what is there. */
#define KRR_ERROR(d, at, id, ...)                                              \
	gw_diag_error((d), (at), krr_codes[KRR_CODE_##id].code,                \
	    krr_codes[KRR_CODE_##id].want, __VA_ARGS__)
#define KRR_WARNING(d, at, id, ...)                                            \
	gw_diag_warning((d), (at), krr_codes[KRR_CODE_##id].code,              \
	    krr_codes[KRR_CODE_##id].want, __VA_ARGS__)

#endif
