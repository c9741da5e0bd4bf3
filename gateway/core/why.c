/*
 * why.c: rows of fixed size; the text is made only when somebody asks.
 */
#include "core/why.h"

#include <stdio.h>
#include <stdlib.h>

#include "mcxgw/clock.h"
#include "mcxgw/json.h"

#define ID_TEXT	     40
#define URI_TEXT     96
#define RULE_TEXT    96
#define FACT_TEXT    64
#define FILE_TEXT    48
#define DOMAINS_TEXT 256

struct why_step {
	uint8_t check, outcome;
	unsigned line;
	const char *because; /* static */
	char fact[FACT_TEXT], file[FILE_TEXT];
};

struct why_row {
	uint64_t id;
	int64_t wall_us;
	const char *method;
	char from[ID_TEXT], to[ID_TEXT];
	char initiator[URI_TEXT], target[URI_TEXT];
	char rule[RULE_TEXT], domains[DOMAINS_TEXT];
	uint8_t outcome, reason, n_steps;
	unsigned status;
	struct why_step steps[GW_STEPS_MAX];
};

struct why {
	size_t n, next;
	struct why_row rows[];
};

struct why *
why_new(size_t n)
{
	struct why *w = calloc(1, sizeof(*w) + n * sizeof(struct why_row));

	if (w != NULL)
		w->n = n;
	return w;
}

void
why_free(struct why *w)
{
	free(w);
}

/* As much as fits, with a NUL. */
static void
cut(char *out, size_t size, struct gw_span s)
{
	size_t n = s.len < size - 1 ? s.len : size - 1;

	if (n > 0)
		memcpy(out, s.p, n);
	out[n] = '\0';
}

/* The end of a path tells more than its beginning. */
static void
cut_path(char *out, size_t size, const char *path)
{
	struct gw_span s = gw_span_of(path);

	if (s.len > size - 1)
		s = gw_span_sub(s, s.len - (size - 1), s.len);
	cut(out, size, s);
}

static void
add_domains(struct why_row *r, const struct gw_verdict *v)
{
	size_t at = 0;

	r->domains[0] = '\0';
	for (unsigned i = 0; i < v->n_domains; i++) {
		if (at + v->domains[i].len + 2 > sizeof(r->domains))
			return;
		if (at > 0)
			r->domains[at++] = ' ';
		cut(r->domains + at, sizeof(r->domains) - at, v->domains[i]);
		at += v->domains[i].len;
	}
}

void
why_add(struct why *w, const struct why_head *h, const struct gw_verdict *v)
{
	struct why_row *r = &w->rows[w->next];

	w->next = (w->next + 1) % w->n;
	r->id = h->id;
	r->wall_us = h->wall_us;
	r->method = h->method;
	cut(r->from, sizeof(r->from), gw_span_of(h->from));
	cut(r->to, sizeof(r->to), gw_span_of(h->to));
	cut(r->initiator, sizeof(r->initiator), h->initiator);
	cut(r->target, sizeof(r->target), h->target);
	cut(r->rule, sizeof(r->rule), gw_span_of(v->rule));
	add_domains(r, v);
	r->outcome = (uint8_t)v->outcome;
	r->reason = (uint8_t)v->reason;
	r->status = v->status;
	r->n_steps = v->n_steps;
	for (unsigned i = 0; i < v->n_steps; i++) {
		const struct gw_step *s = &v->steps[i];
		struct why_step *to = &r->steps[i];
		to->check = (uint8_t)s->check;
		to->outcome = (uint8_t)s->outcome;
		to->because = s->because;
		to->line = s->at.line;
		cut(to->fact, sizeof(to->fact), s->fact);
		cut_path(to->file, sizeof(to->file), s->at.file);
	}
}

static struct gw_step
step_of(const struct why_step *s)
{
	return (struct gw_step){ .check = (enum gw_check)s->check,
		.outcome = (enum gw_step_outcome)s->outcome,
		.because = s->because,
		.fact = gw_span_of(s->fact),
		.at = { s->file[0] == '\0' ? NULL : s->file, s->line } };
}

static void
write_text(const struct why_row *r, struct gw_buf *out)
{
	char when[GW_TIME_TEXT_LEN];

	gw_time_text(r->wall_us, when);
	gw_buf_fmt(
	    out, "decision %016llx at %s\n", (unsigned long long)r->id, when);
	gw_buf_fmt(out, "%s from %s (%s) to %s (%s)\n", r->method, r->from,
	    r->initiator, r->to, r->target);
	gw_buf_fmt(out, "verdict %s, reason %s, status %u, rule %s\n",
	    gw_outcome_name((enum gw_outcome)r->outcome),
	    gw_reason_name((enum gw_reason)r->reason), r->status,
	    r->rule[0] == '\0' ? "none" : r->rule);
	if (r->domains[0] != '\0')
		gw_buf_fmt(out, "receiver domains %s\n", r->domains);
	for (unsigned i = 0; i < r->n_steps; i++) {
		struct gw_step s = step_of(&r->steps[i]);
		gw_step_text(out, &s);
		gw_buf_text(out, "\n");
	}
}

static void
write_step(struct gw_json *j, const struct why_step *s)
{
	gw_json_open(j, NULL, '{');
	gw_json_text(j, "check", gw_check_name((enum gw_check)s->check));
	gw_json_text(j, "outcome",
	    gw_step_outcome_name((enum gw_step_outcome)s->outcome));
	gw_json_text(j, "because", s->because);
	gw_json_text(j, "fact", s->fact);
	gw_json_text(j, "file", s->file);
	gw_json_num(j, "line", s->line);
	gw_json_close(j, '}');
}

static void
write_json(const struct why_row *r, struct gw_buf *out)
{
	char text[GW_TIME_TEXT_LEN];
	struct gw_json j;

	gw_json_init(&j, out);
	gw_json_open(&j, NULL, '{');
	snprintf(text, sizeof(text), "%016llx", (unsigned long long)r->id);
	gw_json_text(&j, "decision", text);
	gw_time_text(r->wall_us, text);
	gw_json_text(&j, "time", text);
	gw_json_text(&j, "method", r->method);
	gw_json_text(&j, "from", r->from);
	gw_json_text(&j, "to", r->to);
	gw_json_text(&j, "initiator", r->initiator);
	gw_json_text(&j, "target", r->target);
	gw_json_text(
	    &j, "verdict", gw_outcome_name((enum gw_outcome)r->outcome));
	gw_json_text(&j, "reason", gw_reason_name((enum gw_reason)r->reason));
	gw_json_num(&j, "status", r->status);
	gw_json_text(&j, "rule", r->rule);
	gw_json_text(&j, "receiver_domains", r->domains);
	gw_json_open(&j, "steps", '[');
	for (unsigned i = 0; i < r->n_steps; i++)
		write_step(&j, &r->steps[i]);
	gw_json_close(&j, ']');
	gw_json_close(&j, '}');
	gw_buf_text(out, "\n");
}

bool
why_write(const struct why *w, uint64_t id, bool json, struct gw_buf *out)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct why_row *r = &w->rows[i];
		if (r->id != id || r->method == NULL)
			continue;
		if (json)
			write_json(r, out);
		else
			write_text(r, out);
		return true;
	}
	return false;
}
