/*
 * krr_code.c: the texts of krr_code.def.
 */
#include "codec/krr/krr_code.h"

const struct krr_code_text krr_codes[KRR_CODE_N] = {
#define KRR_CODE(id, code, want) [KRR_CODE_##id] = { code, want },
#include "codec/krr/krr_code.def"
#undef KRR_CODE
};
