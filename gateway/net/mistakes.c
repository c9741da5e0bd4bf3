/*
 * mistakes.c: see mistakes.h.
 */
#include "net/mistakes.h"

#include "mcxgw/log.h"

static const char *
level_name(const struct gw_diag_entry *e)
{
	return e->level == GW_DIAG_ERROR ? "error" : "warning";
}

static const char *
file_of(const struct gw_diag_entry *e)
{
	return e->where.file == NULL ? "-" : e->where.file;
}

void
mistakes_text(const struct gw_diag *d, struct gw_buf *out)
{
	for (const struct gw_diag_entry *e = gw_diag_first(d); e != NULL;
	     e = e->next)
		gw_buf_fmt(out, "%s:%u: %s: %s [%s]\n    want: %s\n",
		    file_of(e), e->where.line, level_name(e), e->text, e->code,
		    e->want);
}

void
mistakes_json(const struct gw_diag *d, const char *key, struct gw_json *out)
{
	gw_json_open(out, key, '[');
	for (const struct gw_diag_entry *e = gw_diag_first(d); e != NULL;
	     e = e->next) {
		gw_json_open(out, NULL, '{');
		gw_json_text(out, "level", level_name(e));
		gw_json_text(out, "file", file_of(e));
		gw_json_num(out, "line", e->where.line);
		gw_json_text(out, "code", e->code);
		gw_json_text(out, "text", e->text);
		gw_json_text(out, "want", e->want);
		gw_json_close(out, '}');
	}
	gw_json_close(out, ']');
}

void
mistakes_log(const struct gw_diag *d)
{
	for (const struct gw_diag_entry *e = gw_diag_first(d); e != NULL;
	     e = e->next) {
		if (e->level == GW_DIAG_ERROR)
			LOG_ERROR("conf.mistake", kv_text("file", file_of(e)),
			    kv_num("line", e->where.line),
			    kv_text("code", e->code), kv_text("text", e->text),
			    kv_text("want", e->want));
		else
			LOG_WARN("conf.warning", kv_text("file", file_of(e)),
			    kv_num("line", e->where.line),
			    kv_text("code", e->code), kv_text("text", e->text),
			    kv_text("want", e->want));
	}
}
