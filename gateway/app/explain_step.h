/*
 * explain_step.h: one step of a decision, in the JSON of `explain`.
 */
#ifndef EXPLAIN_STEP_H
#define EXPLAIN_STEP_H

#include "mcxgw/json.h"
#include "mcxgw/verdict.h"

/** Write its members into the open object. */
void explain_step_json(struct gw_json *j, const struct gw_step *s);

#endif
