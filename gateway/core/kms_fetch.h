/*
 * kms_fetch.h: fetches the certificates that kms_watch.h speaks of.  Private
 * to the engine.
 */
#ifndef KMS_FETCH_H
#define KMS_FETCH_H

#include "core/core.h"
#include "core/wheel.h"

struct core;

/** Watch what the snapshot in force has to watch, if this worker does that.
 * False: no memory. */
bool kms_fetch_start(struct core *c);
void kms_fetch_stop(struct core *c);
void kms_fetch_due(struct core *c, struct wheel_node *n);
/** The KMS answered to ticket; r NULL: it did not, and why. */
void kms_fetch_heard(struct core *c, uint64_t ticket,
    const struct gw_http_response *r, const char *why);

#endif
