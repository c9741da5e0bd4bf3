/*
 * settings.h: what several verbs share: files, schemas, snapshots, output.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "core/snapshot.h"
#include "mcxgw/buf.h"
#include "mcxgw/json.h"

#define SETTINGS_PATH_MAX 4096
#define SETTINGS_FILE_MAX (16u << 20)

/**
 * The folder of the schemas: given (NULL: not), else "schema" beside the
 * configuration file, else where they are installed.  Always fills out.
 */
void settings_schema_dir(
    const char *config, const char *given, char out[SETTINGS_PATH_MAX]);

/**
 * Load the snapshot with its TLS material.  Findings go to d; NULL if there
 * was an error.
 */
struct snapshot *
settings_load(const char *config, const char *schema_dir, struct gw_diag *d);

/** Write the findings of d and how many there are to stderr. */
void settings_print(const struct gw_diag *d, const char *config);

/**
 * Read a whole file ("-": standard input) into out.
 *
 * GW_EIO    errno says why
 * GW_ELIMIT larger than SETTINGS_FILE_MAX
 */
enum gw_err settings_read(const char *path, struct gw_buf *out) GW_NODISCARD;

/** Write b to stdout and clear it. */
void settings_write(struct gw_buf *b);

#endif
