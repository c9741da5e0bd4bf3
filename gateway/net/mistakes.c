/*
 * mistakes.c: see mistakes.h.
 */
#include "net/mistakes.h"

#include "mcxgw/log.h"

static const char *
file_of(const struct gw_diag_entry *e)
{
	return e->where.file == NULL ? "-" : e->where.file;
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
