/*
 * krr_why.h: why a KRR was refused.
 */
#ifndef KRR_WHY_H
#define KRR_WHY_H

#include "mcxgw/err.h"

enum krr_why {
#define KRR_WHY(id, word, clause) KRR_##id,
#include "codec/krr/krr_why.def"
#undef KRR_WHY
	KRR_WHY_N
};

/* A refusal: the reason, the octet of the document and a clause. */
struct krr_fault {
	enum krr_why why;
	struct gw_fault fault;
};

/** The word of a reason, as metrics and logs have it ("duplicate-id"). */
const char *krr_why_word(enum krr_why why);

/** Fill *no with the reason, its clause and its place; returns err. */
enum gw_err
krr_refuse(struct krr_fault *no, enum gw_err err, size_t at, enum krr_why why);

#endif
