/*
 * kms_pass.h: traffic with the KMS of another system, passed on by policy.
 * Private to the engine.
 *
 * A request goes to that KMS alone, with body and bearer token as they came;
 * nothing of it is kept.  What comes back loses the certificates that the
 * asker's system is not to have.
 */
#ifndef KMS_PASS_H
#define KMS_PASS_H

#include "core/askers.h"
#include "core/engine.h"

/** A request for a KMS.  False: its path is none of those, nothing was done.
 */
bool kms_pass_asked(struct core *c, const struct core_asker *from,
    const struct gw_http_request *r);
/** The KMS answered to ticket; r NULL: it did not, and why. */
void kms_pass_heard(struct core *c, uint64_t ticket,
    const struct gw_http_response *r, const char *why);
/** It has not answered in time. */
void kms_pass_due(struct core *c, struct asked *a);

#endif
