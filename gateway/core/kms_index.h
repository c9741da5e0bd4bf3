/*
 * kms_index.h: the KMSs of a configuration by the names that requests have
 * for them: KMS URI and authority, without case.
 *
 * Immutable; the cost of finding does not depend on how many there are.
 */
#ifndef KMS_INDEX_H
#define KMS_INDEX_H

#include "conf/conf.h"

struct kms_index;

/** The <kms> elements of c, which must outlive the result.  NULL: no memory.
 */
struct kms_index *kms_index_new(const struct conf *c);
void kms_index_free(struct kms_index *x);

/**
 * The KMS of that name, of any system but `except`; a scheme, a port or a
 * path in the name are no hindrance.  NULL: there is none, or *ambiguous:
 * more than one.
 */
const struct conf_service *kms_index_find(const struct kms_index *x,
    struct gw_span name, uint16_t except, bool *ambiguous);

#endif
