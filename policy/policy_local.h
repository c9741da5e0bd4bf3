/*
 * policy_local.h: policy.xml as values.
 */
#ifndef POLICY_LOCAL_H
#define POLICY_LOCAL_H

#include "policy/policy_read.h"

/** The local policy where there is no file: it refuses nothing. */
struct policy_local policy_local_default(void);

/** Read the file; systems are looked up in p.  Reports every mistake. */
void policy_local_read(struct policy_reader *r, const xmlNode *root,
    const struct policy *p, struct policy_local *out);

#endif
