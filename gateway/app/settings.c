/*
 * settings.c: files in, text out.
 */
#include "app/settings.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "net/netset.h"

#define PRINT_MAX (4u << 20)
#define CHUNK	  65536

static size_t
folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

void
settings_schema_dir(
    const char *config, const char *given, char out[SETTINGS_PATH_MAX])
{
	char probe[SETTINGS_PATH_MAX + 16];

	if (given != NULL) {
		snprintf(out, SETTINGS_PATH_MAX, "%s", given);
		return;
	}
	snprintf(out, SETTINGS_PATH_MAX, "%.*sschema", (int)folder_len(config),
	    config);
	snprintf(probe, sizeof(probe), "%s/mcxgw.xsd", out);
	if (access(probe, R_OK) != 0)
		snprintf(out, SETTINGS_PATH_MAX, "%s/schema", GW_DATADIR);
}

struct snapshot *
settings_load(const char *config, const char *schema_dir, struct gw_diag *d)
{
	struct gw_now now = gw_now_read();
	struct snapshot *s = snapshot_load(config, schema_dir, now, NULL, d);

	if (s != NULL && !netset_attach(s, now, d)) {
		snapshot_unref(s);
		return NULL;
	}
	return s;
}

void
settings_print(const struct gw_diag *d, const char *config)
{
	struct gw_buf text;

	gw_buf_init(&text, PRINT_MAX);
	gw_diag_print(d, &text);
	gw_buf_fmt(&text, "%s: %zu errors, %zu warnings\n", config,
	    gw_diag_errors(d), gw_diag_warnings(d));
	fwrite(text.p, 1, text.len, stderr);
	gw_buf_clear(&text);
}

enum gw_err
settings_read(const char *path, struct gw_buf *out)
{
	bool standard_in = strcmp(path, "-") == 0;
	FILE *f = standard_in ? stdin : fopen(path, "rb");
	enum gw_err err = GW_OK;

	if (f == NULL)
		return GW_EIO;
	for (;;) {
		uint8_t *room = gw_buf_room(out, CHUNK);
		if (room == NULL) {
			err = GW_ELIMIT;
			break;
		}
		size_t n = fread(room, 1, CHUNK, f);
		gw_buf_took(out, n);
		if (n < CHUNK) {
			err = ferror(f) ? GW_EIO : GW_OK;
			break;
		}
	}
	if (!standard_in)
		fclose(f);
	return err;
}

void
settings_write(struct gw_buf *b)
{
	fwrite(b->p, 1, b->len, stdout);
	gw_buf_clear(b);
}
