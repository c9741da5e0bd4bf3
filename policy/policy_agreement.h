/*
 * policy_agreement.h: one agreement file as values.
 *
 * Reads what stands in the file and checks it by itself; what it says of
 * systems and of other agreements is checked when the policy is compiled.
 * Every mistake is reported to the reader's diag; a value that could not be
 * read is left at its strictest.
 */
#ifndef POLICY_AGREEMENT_H
#define POLICY_AGREEMENT_H

#include "policy/policy_read.h"

/** The whole file.  False: not an agreement at all, or out of memory. */
bool policy_agreement_read(
    struct policy_reader *r, const xmlNode *root, struct policy_agreement *out);

/** A <party>, <permit> or <handling>.  Sides are the ids of the parties. */
void policy_party_read(
    struct policy_reader *r, const xmlNode *node, struct policy_party *out);
void policy_permit_read(
    struct policy_reader *r, const xmlNode *node, struct policy_rule *out);
void policy_handling_read(
    struct policy_reader *r, const xmlNode *node, struct policy_handling *out);
/** The <map> elements of a <party>, whose domains were read. */
void policy_maps_read(
    struct policy_reader *r, const xmlNode *node, struct policy_party *out);
/** What holds where an agreement has no <handling>: the strictest. */
struct policy_handling policy_handling_default(void);

/** Read from= and to=: 0 or 1, the direction; -1 if it is none (reported). */
int policy_agreement_direction(struct policy_reader *r, const xmlNode *node,
    const struct policy_agreement *a);

#endif
