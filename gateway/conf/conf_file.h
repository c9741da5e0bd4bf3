/*
 * conf_file.h: are the files that the configuration names there, and whose
 * eyes may see them?  Private to this folder.
 */
#ifndef CONF_FILE_H
#define CONF_FILE_H

#include "conf/conf_set.h"
#include "mcxgw/buf.h"

/**
 * A regular file that we can read.  what ("token keys") goes into the report.
 * False if not (then reported); path NULL is false without a report.
 */
bool conf_file_check(struct conf_reader *r, const struct gw_where *at,
    const char *what, const char *path);

/** The same, and warn if others than the owner may read or write it. */
bool conf_file_secret(struct conf_reader *r, const struct gw_where *at,
    const char *what, const char *path);

/** A folder that we can list. */
bool conf_file_folder(struct conf_reader *r, const struct gw_where *at,
    const char *what, const char *path);

/** Append the content of a file to out, at most out's cap. */
bool conf_file_read(const char *path, struct gw_buf *out);

#endif
