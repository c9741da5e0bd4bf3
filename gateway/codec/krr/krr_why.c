/*
 * krr_why.c: the words and clauses of krr_why.def.
 */
#include "codec/krr/krr_why.h"

static const struct {
	const char *word, *clause;
} rows[KRR_WHY_N] = {
#define KRR_WHY(id, word, clause) [KRR_##id] = { word, clause },
#include "codec/krr/krr_why.def"
#undef KRR_WHY
};

const char *
krr_why_word(enum krr_why why)
{
	return rows[why].word;
}

enum gw_err
krr_refuse(struct krr_fault *no, enum gw_err err, size_t at, enum krr_why why)
{
	*no = (struct krr_fault){ why, { at, rows[why].clause } };
	return err;
}
