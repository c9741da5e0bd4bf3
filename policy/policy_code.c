/*
 * policy_code.c: the texts of policy_code.def.
 */
#include "policy/policy_code.h"

const struct policy_code_text policy_codes[POLICY_CODE_N] = {
#define POLICY_CODE(id, code, want) [POLICY_CODE_##id] = { code, want },
#include "policy/policy_code.def"
#undef POLICY_CODE
};
