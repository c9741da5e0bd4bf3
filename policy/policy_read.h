/*
 * policy_read.h: attributes and lists of words, with their mistakes.
 *
 * A reader reports what is wrong and gives the strictest value in its place:
 * a file with a mistake is never used, but read to its end so that one run
 * shows all of them.
 */
#ifndef POLICY_READ_H
#define POLICY_READ_H

#include "mcxgw/xml.h"
#include "policy/policy_int.h"

struct policy_reader {
	struct gw_arena *a;
	struct gw_diag *d;
	const char *file; /* lives in the arena */
	bool no_memory;
};

/** n zeroed objects, never NULL for n = 0; NULL sets no_memory. */
void *policy_read_alloc(struct policy_reader *r, size_t n, size_t size);

/** Where node stands; the file name lives in the arena. */
struct gw_where
policy_read_where(const struct policy_reader *r, const xmlNode *node);

/** How many children of that name; more than max is a mistake and counted
 * as max. */
size_t policy_read_count(
    struct policy_reader *r, const xmlNode *node, const char *name, size_t max);

/** An attribute, or NULL; policy_read_need() reports that it is missing. */
const char *policy_read_attr(
    struct policy_reader *r, const xmlNode *node, const char *name);
const char *policy_read_need(
    struct policy_reader *r, const xmlNode *node, const char *name);
/** A needed attribute of the form of an id; NULL if it is not. */
const char *
policy_read_id(struct policy_reader *r, const xmlNode *node, const char *name);

/** The number of the attribute's word among words, fallback if absent. */
unsigned policy_read_word(struct policy_reader *r, const xmlNode *node,
    const char *name, const char *const *words, size_t n, unsigned fallback);
/** "yes" or "no". */
bool policy_read_yes(struct policy_reader *r, const xmlNode *node,
    const char *name, bool fallback);
int64_t policy_read_number(struct policy_reader *r, const xmlNode *node,
    const char *name, int64_t max, int64_t fallback);
/** A duration in microseconds, 1 s to max. */
int64_t policy_read_duration(struct policy_reader *r, const xmlNode *node,
    const char *name, int64_t max_us, int64_t fallback);

/** The next word of a list; empty at the end.  *at starts at 0. */
struct gw_span policy_read_next(struct gw_span list, size_t *at);

/**
 * Services, kinds, urgencies of a list as a mask.  name_of gives the word of
 * a number below n; numbers below first are no words.
 */
uint32_t
policy_read_mask(struct policy_reader *r, const xmlNode *node, const char *name,
    const char *(*name_of)(unsigned), unsigned first, unsigned n);
const char *policy_read_service(unsigned n);
const char *policy_read_kind(unsigned n);
const char *policy_read_urgency(unsigned n);

/** A pattern for identities; false if it is none (reported). */
bool policy_read_pattern(struct policy_reader *r, const struct gw_where *at,
    const char *text, struct policy_pattern *out);

/** A KMS URI in lower case; NULL if it is none (reported). */
const char *policy_read_kms(
    struct policy_reader *r, const struct gw_where *at, struct gw_span text);

/** Has node the child <any/>? */
bool policy_read_any(const xmlNode *node);

#endif
