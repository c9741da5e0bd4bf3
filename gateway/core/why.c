/*
 * why.c: rows of fixed size; the text is made only when somebody asks.
 *
 * By the time a row is written again it has left the caches, so its texts are
 * packed at its front: a decision touches the lines that it fills, and no more.
 */
#include "core/why.h"

#include <stdio.h>
#include <stdlib.h>

#include "mcxgw/clock.h"
#include "mcxgw/json.h"

/* Each with its NUL. */
#define ID_TEXT	     40
#define URI_TEXT     96
#define RULE_TEXT    96
#define FACT_TEXT    64
#define FILE_TEXT    48
#define DOMAINS_TEXT 256

/* Behind it: its fact, and its file unless that is the one before. */
struct why_step {
	const char *because; /* static */
	unsigned line;
	uint8_t check, outcome;
	bool same_file;
};

#define STEP_TEXT (sizeof(struct why_step) + FACT_TEXT + FILE_TEXT)
#define ROW_TEXT                                                               \
	(2 * ID_TEXT + 2 * URI_TEXT + RULE_TEXT + DOMAINS_TEXT +               \
	    GW_STEPS_MAX * STEP_TEXT)

struct why_row {
	uint64_t id;
	int64_t wall_us;
	const char *method;
	unsigned status;
	uint8_t outcome, reason, n_steps;
	/* from, to, initiator, target, rule, domains, steps */
	char texts[ROW_TEXT];
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

/* ---- writing ---- */

/* As much as fits into size, with a NUL; the octet behind it. */
static char *
put(char *to, size_t size, struct gw_span s)
{
	size_t n = s.len < size - 1 ? s.len : size - 1;

	if (n > 0)
		memcpy(to, s.p, n);
	to[n] = '\0';
	return to + n + 1;
}

/* The end of a path tells more than its beginning. */
static char *
put_path(char *to, const char *path)
{
	struct gw_span s = gw_span_of(path);

	if (s.len > FILE_TEXT - 1)
		s = gw_span_sub(s, s.len - (FILE_TEXT - 1), s.len);
	return put(to, FILE_TEXT, s);
}

static char *
put_domains(char *to, const struct gw_verdict *v)
{
	size_t at = 0;

	for (unsigned i = 0; i < v->n_domains; i++) {
		struct gw_span d = v->domains[i];
		if (at + d.len + 2 > DOMAINS_TEXT)
			break;
		if (at > 0)
			to[at++] = ' ';
		if (d.len > 0)
			memcpy(to + at, d.p, d.len);
		at += d.len;
	}
	to[at] = '\0';
	return to + at + 1;
}

static char *
put_step(char *to, const struct gw_step *s, const struct gw_step *before)
{
	struct why_step head = { .because = s->because,
		.line = s->at.line,
		.check = (uint8_t)s->check,
		.outcome = (uint8_t)s->outcome,
		.same_file = before != NULL && s->at.file == before->at.file };

	memcpy(to, &head, sizeof(head));
	to = put(to + sizeof(head), FACT_TEXT, s->fact);
	return head.same_file ? to : put_path(to, s->at.file);
}

void
why_add(struct why *w, const struct why_head *h, const struct gw_verdict *v)
{
	struct why_row *r = &w->rows[w->next];
	char *to = r->texts;

	w->next = (w->next + 1) % w->n;
	r->id = h->id;
	r->wall_us = h->wall_us;
	r->method = h->method;
	r->outcome = (uint8_t)v->outcome;
	r->reason = (uint8_t)v->reason;
	r->status = v->status;
	r->n_steps = v->n_steps;
	to = put(to, ID_TEXT, gw_span_of(h->from));
	to = put(to, ID_TEXT, gw_span_of(h->to));
	to = put(to, URI_TEXT, h->initiator);
	to = put(to, URI_TEXT, h->target);
	to = put(to, RULE_TEXT, gw_span_of(v->rule));
	to = put_domains(to, v);
	for (unsigned i = 0; i < v->n_steps; i++)
		to = put_step(
		    to, &v->steps[i], i == 0 ? NULL : &v->steps[i - 1]);
}

/* ---- reading ---- */

/* A row with its texts found again. */
struct why_read {
	const struct why_row *row;
	const char *from, *to, *initiator, *target, *rule, *domains;
	struct gw_step steps[GW_STEPS_MAX];
};

static const char *
take(const char **at)
{
	const char *text = *at;

	*at += strlen(text) + 1;
	return text;
}

/* file: that of the step before, and then of this one. */
static void
take_step(const char **at, const char **file, struct gw_step *out)
{
	struct why_step head;

	memcpy(&head, *at, sizeof(head));
	*at += sizeof(head);
	const char *fact = take(at);
	if (!head.same_file)
		*file = take(at);
	*out = (struct gw_step){ .check = (enum gw_check)head.check,
		.outcome = (enum gw_step_outcome)head.outcome,
		.because = head.because,
		.fact = gw_span_of(fact),
		.at = { **file == '\0' ? NULL : *file, head.line } };
}

static void
read_row(const struct why_row *row, struct why_read *r)
{
	const char *at = row->texts, *file = "";

	r->row = row;
	r->from = take(&at);
	r->to = take(&at);
	r->initiator = take(&at);
	r->target = take(&at);
	r->rule = take(&at);
	r->domains = take(&at);
	for (unsigned i = 0; i < row->n_steps; i++)
		take_step(&at, &file, &r->steps[i]);
}

static void
write_text(const struct why_read *r, struct gw_buf *out)
{
	char when[GW_TIME_TEXT_LEN];

	gw_time_text(r->row->wall_us, when);
	gw_buf_fmt(out, "decision %016llx at %s\n",
	    (unsigned long long)r->row->id, when);
	gw_buf_fmt(out, "%s from %s (%s) to %s (%s)\n", r->row->method, r->from,
	    r->initiator, r->to, r->target);
	gw_buf_fmt(out, "verdict %s, reason %s, status %u, rule %s\n",
	    gw_outcome_name((enum gw_outcome)r->row->outcome),
	    gw_reason_name((enum gw_reason)r->row->reason), r->row->status,
	    r->rule[0] == '\0' ? "none" : r->rule);
	if (r->domains[0] != '\0')
		gw_buf_fmt(out, "receiver domains %s\n", r->domains);
	for (unsigned i = 0; i < r->row->n_steps; i++) {
		gw_step_text(out, &r->steps[i]);
		gw_buf_text(out, "\n");
	}
}

static void
write_step(struct gw_json *j, const struct gw_step *s)
{
	gw_json_open(j, NULL, '{');
	gw_json_text(j, "check", gw_check_name(s->check));
	gw_json_text(j, "outcome", gw_step_outcome_name(s->outcome));
	gw_json_text(j, "because", s->because);
	gw_json_text(j, "fact", (const char *)s->fact.p);
	gw_json_text(j, "file", s->at.file == NULL ? "" : s->at.file);
	gw_json_num(j, "line", s->at.line);
	gw_json_close(j, '}');
}

static void
write_json(const struct why_read *r, struct gw_buf *out)
{
	char text[GW_TIME_TEXT_LEN];
	struct gw_json j;

	gw_json_init(&j, out);
	gw_json_open(&j, NULL, '{');
	snprintf(text, sizeof(text), "%016llx", (unsigned long long)r->row->id);
	gw_json_text(&j, "decision", text);
	gw_time_text(r->row->wall_us, text);
	gw_json_text(&j, "time", text);
	gw_json_text(&j, "method", r->row->method);
	gw_json_text(&j, "from", r->from);
	gw_json_text(&j, "to", r->to);
	gw_json_text(&j, "initiator", r->initiator);
	gw_json_text(&j, "target", r->target);
	gw_json_text(
	    &j, "verdict", gw_outcome_name((enum gw_outcome)r->row->outcome));
	gw_json_text(
	    &j, "reason", gw_reason_name((enum gw_reason)r->row->reason));
	gw_json_num(&j, "status", r->row->status);
	gw_json_text(&j, "rule", r->rule);
	gw_json_text(&j, "receiver_domains", r->domains);
	gw_json_open(&j, "steps", '[');
	for (unsigned i = 0; i < r->row->n_steps; i++)
		write_step(&j, &r->steps[i]);
	gw_json_close(&j, ']');
	gw_json_close(&j, '}');
	gw_buf_text(out, "\n");
}

bool
why_write(const struct why *w, uint64_t id, bool json, struct gw_buf *out)
{
	struct why_read r;
	size_t i = 0;

	while (i < w->n && (w->rows[i].id != id || w->rows[i].method == NULL))
		i++;
	if (i == w->n)
		return false;
	read_row(&w->rows[i], &r);
	if (json)
		write_json(&r, out);
	else
		write_text(&r, out);
	return true;
}
