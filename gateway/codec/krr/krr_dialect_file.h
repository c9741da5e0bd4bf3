/*
 * krr_dialect_file.h: one dialect from its document.  Private to this folder.
 */
#ifndef KRR_DIALECT_FILE_H
#define KRR_DIALECT_FILE_H

#include "codec/krr/krr_dialect.h"

/** Read the file at path as krr_dialect_parse() reads text; path lives as
 * long as the reports. */
bool krr_dialect_load(const char *path, const char *schema_dir,
    struct gw_arena *a, struct krr_dialect *out, struct gw_diag *d);

#endif
