/*
 * tadapter.h: what every adapter of lookups owes, for any octets.  Aborts where
 * one does not.
 */
#ifndef TADAPTER_H
#define TADAPTER_H

#include "mcxgw/lookup.h"

/** The ends and the question that seeds of the fuzz targets are about:
 * sip:bob@b.example, asked of kms.b.example. */
extern const struct gw_lookup_ends tadapter_ends;
extern const struct gw_lookup_question tadapter_bob;

/**
 * Take a response with that body, twice, and hold the result to the contract:
 * a refusal has a reason and a place, and leaves the output; an answer is
 * within its limits, without repetition, and the same in every dialect that it
 * is written in and read from again.  True: it was taken, *out is set.
 */
bool tadapter_take(struct gw_arena *a, const struct gw_lookup_adapter *ad,
    unsigned status, struct gw_span body, struct gw_lookup_answer *out);

/** Have every adapter hear a request: at most one may claim it.  What is heard
 * can be asked, and is heard again. */
void tadapter_hear(struct gw_arena *a, const struct gw_http_request *in);

#endif
