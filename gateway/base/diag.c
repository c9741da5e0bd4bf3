/*
 * diag.c: a list of mistakes in the order they were found.
 *
 * Everything an entry holds is copied into the diag's own arena, the file
 * name too: it may stand in a document that is gone when it is printed.
 */
#include "mcxgw/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "mcxgw/buf.h"
#include "mcxgw/json.h"

#define ENTRIES_MAX  1000
#define TEXT_MAX_LEN 1024
#define ARENA_CAP    ((size_t)4 << 20)

struct gw_diag {
	struct gw_arena *arena;
	struct gw_diag_entry *first, *last;
	size_t n[2]; /* reports by level, those left out included */
	size_t kept;
};

static const char *const level_words[] = {
	[GW_DIAG_ERROR] = "error",
	[GW_DIAG_WARNING] = "warning",
};

struct gw_diag *
gw_diag_new(void)
{
	struct gw_diag *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	if ((d->arena = gw_arena_new(ARENA_CAP)) == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

void
gw_diag_free(struct gw_diag *d)
{
	if (d == NULL)
		return;
	gw_arena_free(d->arena);
	free(d);
}

/* Reports on one file follow each other: they share its name. */
static const char *
keep_file(struct gw_diag *d, const char *file)
{
	if (file == NULL)
		return NULL;
	if (d->last != NULL && d->last->where.file != NULL &&
	    strcmp(d->last->where.file, file) == 0)
		return d->last->where.file;
	return gw_arena_str(d->arena, gw_span_of(file));
}

static void
report(struct gw_diag *d, enum gw_diag_level level, const struct gw_where *at,
    const char *code, const char *want, const char *text)
{
	struct gw_diag_entry *e;

	d->n[level]++;
	if (d->kept == ENTRIES_MAX ||
	    (e = gw_arena_alloc(d->arena, 1, sizeof(*e))) == NULL)
		return;
	e->level = level;
	if (at != NULL) {
		e->where.file = keep_file(d, at->file);
		e->where.line = at->line;
	}
	e->code = code;
	if (want != NULL)
		e->want = gw_arena_str(d->arena, gw_span_of(want));
	if ((e->text = gw_arena_str(d->arena, gw_span_of(text))) == NULL)
		e->text = "(out of memory)";
	if (d->last == NULL)
		d->first = e;
	else
		d->last->next = e;
	d->last = e;
	d->kept++;
}

void
gw_diag_error(struct gw_diag *d, const struct gw_where *at, const char *code,
    const char *want, const char *fmt, ...)
{
	char text[TEXT_MAX_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report(d, GW_DIAG_ERROR, at, code, want, text);
}

void
gw_diag_warning(struct gw_diag *d, const struct gw_where *at, const char *code,
    const char *want, const char *fmt, ...)
{
	char text[TEXT_MAX_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report(d, GW_DIAG_WARNING, at, code, want, text);
}

size_t
gw_diag_errors(const struct gw_diag *d)
{
	return d->n[GW_DIAG_ERROR];
}

size_t
gw_diag_warnings(const struct gw_diag *d)
{
	return d->n[GW_DIAG_WARNING];
}

const struct gw_diag_entry *
gw_diag_first(const struct gw_diag *d)
{
	return d->first;
}

/* Text quotes the file; a terminal must not obey it. */
static void
add_shown(struct gw_buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		uint8_t c = (uint8_t)*s;
		if (c < 0x20 || c == 0x7f)
			c = '?';
		gw_buf_add(out, (struct gw_span){ &c, 1 });
	}
}

static void
print_entry(const struct gw_diag_entry *e, struct gw_buf *out)
{
	if (e->where.file != NULL) {
		add_shown(out, e->where.file);
		if (e->where.line != 0)
			gw_buf_fmt(out, ":%u", e->where.line);
		gw_buf_text(out, ": ");
	}
	gw_buf_text(out, level_words[e->level]);
	gw_buf_text(out, ": ");
	add_shown(out, e->text);
	gw_buf_fmt(out, " [%s]\n", e->code);
	if (e->want != NULL)
		gw_buf_fmt(out, "    want: %s\n", e->want);
}

static size_t
left_out(const struct gw_diag *d)
{
	return d->n[GW_DIAG_ERROR] + d->n[GW_DIAG_WARNING] - d->kept;
}

void
gw_diag_print(const struct gw_diag *d, struct gw_buf *out)
{
	for (const struct gw_diag_entry *e = d->first; e != NULL; e = e->next)
		print_entry(e, out);
	if (left_out(d) != 0)
		gw_buf_fmt(out, "%zu more not shown\n", left_out(d));
}

void
gw_diag_json(const struct gw_diag *d, struct gw_json *j)
{
	gw_json_num(j, "errors", (int64_t)gw_diag_errors(d));
	gw_json_num(j, "warnings", (int64_t)gw_diag_warnings(d));
	gw_json_num(j, "not_shown", (int64_t)left_out(d));
	gw_json_open(j, "findings", '[');
	for (const struct gw_diag_entry *e = d->first; e != NULL; e = e->next) {
		gw_json_open(j, NULL, '{');
		gw_json_text(j, "level", level_words[e->level]);
		gw_json_text(j, "file", e->where.file);
		gw_json_num(j, "line", e->where.line);
		gw_json_text(j, "code", e->code);
		gw_json_text(j, "text", e->text);
		gw_json_text(j, "want", e->want);
		gw_json_close(j, '}');
	}
	gw_json_close(j, ']');
}
