/*
 * mcxgw/diag.h: mistakes in files, all of them in one run.
 *
 * Each report says where, what is there, what should be, and carries a stable
 * code that the manual has an entry for:
 *
 *   conf/agreements/ab.xml:41: error: kms "" is empty [agreement.kms]
 *       want: the KMS URI as the key messages carry it
 */
#ifndef MCXGW_DIAG_H
#define MCXGW_DIAG_H

#include "mcxgw/arena.h"

struct gw_buf;
struct gw_json;

struct gw_where {
	const char *file; /* borrowed; a report keeps a copy of its own */
	unsigned line; /* from 1; 0 means the file as a whole */
};

enum gw_diag_level { GW_DIAG_ERROR, GW_DIAG_WARNING };

struct gw_diag_entry {
	enum gw_diag_level level;
	struct gw_where where;
	const char *code, *want, *text;
	struct gw_diag_entry *next;
};

/* Collects entries in order of report; keeps 1000, counts all. */
struct gw_diag;

struct gw_diag *gw_diag_new(void);
void gw_diag_free(struct gw_diag *d);

/** Report one mistake and carry on.  code is static; want is copied and may
 * be NULL. */
void gw_diag_error(struct gw_diag *d, const struct gw_where *at,
    const char *code, const char *want, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/** The same for what works but should be looked at. */
void gw_diag_warning(struct gw_diag *d, const struct gw_where *at,
    const char *code, const char *want, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

size_t gw_diag_errors(const struct gw_diag *d);
size_t gw_diag_warnings(const struct gw_diag *d);
/** The first entry, or NULL; follow next. */
const struct gw_diag_entry *gw_diag_first(const struct gw_diag *d);

/** Write all entries as text, in the form shown above. */
void gw_diag_print(const struct gw_diag *d, struct gw_buf *out);
/**
 * Write the members errors, warnings, not_shown (numbers) and findings (an
 * array of level, file, line, code, text, want) into the object that is open.
 */
void gw_diag_json(const struct gw_diag *d, struct gw_json *j);

#endif
