/*
 * tpolicy.h: policies from text, and facts by hand, for tests.
 *
 * Three systems: 0 alpha, 1 bravo (speaks for the migrated user
 * sip:roam@mcptt.charlie.example), 2 charlie.
 */
#ifndef TPOLICY_H
#define TPOLICY_H

#include "mcxgw/xml.h"
#include "policy/policy.h"

enum { TPOLICY_ALPHA, TPOLICY_BRAVO, TPOLICY_CHARLIE, TPOLICY_SYSTEMS };

extern const struct gw_system tpolicy_systems[TPOLICY_SYSTEMS];

/* 2026-06-01T00:00:00Z, when the agreements of tests are in force. */
#define TPOLICY_NOW INT64_C(1780272000000000)

/**
 * The policy of a local policy (NULL: none) and n agreements, given as text
 * without the schema.  NULL if there was an error; d has it.
 */
struct policy *tpolicy_make(const char *local, const char *const *agreements,
    size_t n, struct gw_diag *d);

/** The same; the program ends with the mistakes if there are any. */
struct policy *tpolicy_need(const char *local, const char *agreement);

/** Print what d holds. */
void tpolicy_print(const struct gw_diag *d);

/** A private call of anna@alpha to bert@bravo with a good key message. */
struct gw_facts tpolicy_call(void);

#endif
