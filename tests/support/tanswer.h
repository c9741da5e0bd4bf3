/*
 * tanswer.h: answers of lookup services as text, for tests.
 *
 *   "kms.b0; kms.b1: kms.a0 kms.a1; kms.b2:"
 *
 * Three domains: the first says nothing of external ones, the second permits
 * two, the last permits none.
 */
#ifndef TANSWER_H
#define TANSWER_H

#include "mcxgw/lookup.h"

/** Spans borrow from text; what is larger than the limits ends the program. */
struct gw_lookup_answer tanswer_read(struct gw_arena *a, const char *text);

/** The same text again, in out. */
const char *
tanswer_text(const struct gw_lookup_answer *in, char *out, size_t size);

#endif
