/*
 * explain_step.c: see explain_step.h.
 */
#include "app/explain_step.h"

#include "app/settings.h"

static void
write_place(struct gw_json *j, const struct gw_where *at)
{
	struct gw_buf text;

	if (at->file == NULL) {
		gw_json_null(j, "at");
		return;
	}
	gw_buf_init(&text, SETTINGS_PATH_MAX);
	gw_buf_fmt(&text, "%s:%u", at->file, at->line);
	gw_json_span(j, "at", gw_buf_span(&text));
	gw_buf_clear(&text);
}

void
explain_step_json(struct gw_json *j, const struct gw_step *s)
{
	gw_json_text(j, "check", gw_check_name(s->check));
	gw_json_text(j, "outcome", gw_step_outcome_name(s->outcome));
	gw_json_text(j, "because", s->because);
	gw_json_span(j, "fact", s->fact);
	write_place(j, &s->at);
}
