/*
 * mistakes.h: what a load found wrong, for the log.
 */
#ifndef MISTAKES_H
#define MISTAKES_H

#include "mcxgw/diag.h"

/** One log line each. */
void mistakes_log(const struct gw_diag *d);

#endif
