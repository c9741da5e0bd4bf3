/*
 * mistakes.h: what a load found wrong, for people, for programs, for the log.
 */
#ifndef MISTAKES_H
#define MISTAKES_H

#include "mcxgw/buf.h"
#include "mcxgw/diag.h"
#include "mcxgw/json.h"

/** Lines as mcxgw/diag.h shows them. */
void mistakes_text(const struct gw_diag *d, struct gw_buf *out);
/** An array of objects under key. */
void
mistakes_json(const struct gw_diag *d, const char *key, struct gw_json *out);
/** One log line each. */
void mistakes_log(const struct gw_diag *d);

#endif
