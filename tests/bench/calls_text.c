/*
 * calls_text.c: templates, the table, and what is read of messages.
 */
#include "bench/calls_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "support/tfile.h"

#define CRLF	GW_SPAN("\r\n")
#define NUM_LEN 24

static const struct {
	struct gw_span name;
	enum calls_key key;
} keywords[] = {
	{ GW_LIT("pid"), CALLS_PID },
	{ GW_LIT("call_number"), CALLS_NUMBER },
	{ GW_LIT("dynamic_id"), CALLS_VARIED },
	{ GW_LIT("len"), CALLS_LEN },
	{ GW_LIT("next_url"), CALLS_URL },
	{ GW_LIT("peer_tag_param"), CALLS_TAG },
	{ GW_LIT("routes"), CALLS_ROUTE },
	{ GW_LIT("last_Via:"), CALLS_VIA },
	{ GW_LIT("last_Record-Route:"), CALLS_RECORD_ROUTE },
	{ GW_LIT("last_From:"), CALLS_FROM },
	{ GW_LIT("last_To:"), CALLS_TO },
	{ GW_LIT("last_Call-ID:"), CALLS_CALL_ID },
	{ GW_LIT("last_CSeq:"), CALLS_CSEQ },
	{ GW_LIT("field0"), CALLS_FIELD },
	{ GW_LIT("field1"), CALLS_FIELD + 1 },
	{ GW_LIT("field2"), CALLS_FIELD + 2 },
	{ GW_LIT("field3"), CALLS_FIELD + 3 },
};

static void
die(const char *path, const char *why)
{
	fprintf(stderr, "bench_calls: %s: %s\n", path, why);
	exit(2);
}

static bool
starts(struct gw_span s, size_t off, struct gw_span with)
{
	return gw_span_eq(gw_span_sub(s, off, with.len), with);
}

static enum calls_key
keyword(struct gw_span name)
{
	for (size_t i = 0; i < GW_COUNT(keywords); i++)
		if (gw_span_eq(keywords[i].name, name))
			return keywords[i].key;
	return CALLS_NONE;
}

static void
add_part(const char *path, struct calls_text *t, struct calls_part part)
{
	if (t->n_parts == CALLS_PARTS)
		die(path, "too many keywords");
	t->parts[t->n_parts++] = part;
}

void
calls_text_read(const char *path, struct calls_text *t)
{
	struct gw_span all = { t->raw,
		tfile_read(path, t->raw, sizeof(t->raw)) };
	size_t head = gw_span_search(all, GW_SPAN("\r\n\r\n")) + 4;
	size_t from = 0;

	if (head > all.len)
		die(path, "has no end of its header");
	t->n_parts = t->body = 0;
	while (from < all.len) {
		size_t open = gw_span_find(all, from, '[');
		if (t->body == 0 && open >= head) {
			add_part(path, t,
			    (struct calls_part){
				.text = gw_span_sub(all, from, head - from) });
			t->body = t->n_parts;
			from = head;
			continue;
		}
		struct calls_part part = { .text = gw_span_sub(
					       all, from, open - from) };
		size_t close = gw_span_find(all, open, ']');
		from = all.len;
		if (open < all.len) {
			part.key = keyword(
			    gw_span_sub(all, open + 1, close - open - 1));
			if (part.key == CALLS_NONE)
				die(path, "has an unknown keyword");
			from = close + 1;
			part.line = open > 0 && all.p[open - 1] == '\n' &&
				    from < head && starts(all, from, CRLF);
			from += part.line ? CRLF.len : 0;
		}
		add_part(path, t, part);
	}
}

/* The fields of the line; false: too many. */
static bool
split(struct gw_span line, struct calls_row *row)
{
	size_t from = 0, n = 0;

	*row = (struct calls_row){ 0 };
	while (from < line.len) {
		size_t end = gw_span_find(line, from, ';');
		if (n == CALLS_FIELDS)
			return false;
		row->fields[n++] = gw_span_sub(line, from, end - from);
		from = end + 1;
	}
	return true;
}

void
calls_table_read(const char *path, struct calls_table *table)
{
	struct stat st;
	size_t lines = 0;

	if (stat(path, &st) != 0 || st.st_size <= 0)
		die(path, "cannot be read");
	size_t max = (size_t)st.st_size;
	table->raw = malloc(max);
	if (table->raw == NULL)
		die(path, "no memory");
	struct gw_span all = { table->raw, tfile_read(path, table->raw, max) };
	for (size_t i = 0; i < all.len; i++)
		lines += all.p[i] == '\n';
	table->rows = calloc(lines + 1, sizeof(*table->rows));
	table->n_rows = 0;
	if (table->rows == NULL)
		die(path, "no memory");
	for (size_t from = gw_span_find(all, 0, '\n') + 1; from < all.len;) {
		size_t end = gw_span_find(all, from, '\n');
		if (!split(gw_span_sub(all, from, end - from),
			&table->rows[table->n_rows++]))
			die(path, "has too many fields");
		from = end + 1;
	}
	if (table->n_rows == 0)
		die(path, "is empty");
}

void
calls_table_free(struct calls_table *table)
{
	free(table->rows);
	free(table->raw);
}

static size_t
body_len(const struct calls_text *t, const struct calls_values *values)
{
	size_t len = 0;

	for (size_t i = t->body; i < t->n_parts; i++)
		len += t->parts[i].text.len + values->of[t->parts[i].key].len;
	return len;
}

/* Add what to the *len octets at out; false: more than max. */
static bool
put(uint8_t *out, size_t max, size_t *len, struct gw_span what)
{
	if (what.len > max - *len)
		return false;
	if (what.len > 0)
		memcpy(out + *len, what.p, what.len);
	*len += what.len;
	return true;
}

size_t
calls_text_write(const struct calls_text *t, const struct calls_values *values,
    uint8_t *out, size_t max)
{
	char number[NUM_LEN];
	size_t len = 0;
	bool fits = true;

	for (size_t i = 0; fits && i < t->n_parts; i++) {
		const struct calls_part *part = &t->parts[i];
		struct gw_span value = values->of[part->key];
		if (part->key == CALLS_LEN) {
			snprintf(
			    number, sizeof(number), "%zu", body_len(t, values));
			value = gw_span_of(number);
		}
		fits = put(out, max, &len, part->text) &&
		       put(out, max, &len, value) &&
		       (!part->line || value.len == 0 ||
			   put(out, max, &len, CRLF));
	}
	return fits ? len : 0;
}

static bool
add_line(struct calls_lines *lines, struct gw_span field)
{
	return (lines->len == 0 ||
		   put(lines->text, sizeof(lines->text), &lines->len, CRLF)) &&
	       put(lines->text, sizeof(lines->text), &lines->len, field);
}

/* Keep what is wanted of a field; *length is what Content-Length says. */
static bool
read_field(struct gw_span field, struct calls_msg *m, uint64_t *length)
{
	const struct {
		struct gw_span name;
		struct gw_span *once;
		struct calls_lines *lines;
	} wanted[] = {
		{ GW_SPAN("Via:"), NULL, &m->via },
		{ GW_SPAN("Record-Route:"), NULL, &m->record_route },
		{ GW_SPAN("From:"), &m->from, NULL },
		{ GW_SPAN("To:"), &m->to, NULL },
		{ GW_SPAN("Call-ID:"), &m->call_id, NULL },
		{ GW_SPAN("CSeq:"), &m->cseq, NULL },
		{ GW_SPAN("Contact:"), &m->contact, NULL },
	};

	for (size_t i = 0; i < GW_COUNT(wanted); i++) {
		if (!gw_span_istarts(field, wanted[i].name))
			continue;
		if (wanted[i].lines != NULL)
			return add_line(wanted[i].lines, field);
		if (wanted[i].once->len > 0)
			return false;
		*wanted[i].once = field;
		return true;
	}
	return !gw_span_istarts(field, GW_SPAN("Content-Length:")) ||
	       gw_span_to_u64(calls_value(field), CALLS_MSG_MAX, length) ==
		   GW_OK;
}

/* 0 for the first line of a request; false: neither. */
static bool
read_status(struct gw_span line, unsigned *status)
{
	const struct gw_span version = GW_SPAN("SIP/2.0 ");
	uint64_t n = 0;

	if (starts(line, 0, version) &&
	    gw_span_to_u64(gw_span_sub(line, version.len, 3), 699, &n) != GW_OK)
		return false;
	*status = (unsigned)n;
	return line.len > 0;
}

bool
calls_msg_read(struct gw_span raw, struct calls_msg *m)
{
	size_t from = 0, end;
	uint64_t length = UINT64_MAX;

	m->from = m->to = m->call_id = m->cseq = m->contact = GW_SPAN("");
	m->via.len = m->record_route.len = 0;
	for (bool first = true;; first = false) {
		end = gw_span_find(raw, from, '\n');
		if (end == raw.len || end == from || raw.p[end - 1] != '\r')
			return false;
		struct gw_span line = gw_span_sub(raw, from, end - 1 - from);
		from = end + 1;
		if (line.len == 0)
			break;
		if (first ? !read_status(line, &m->status) :
			    !read_field(line, m, &length))
			return false;
	}
	struct gw_span cseq = calls_value(m->cseq);
	size_t space = gw_span_find(cseq, 0, ' ');
	m->method = gw_span_trim(gw_span_sub(cseq, space, cseq.len));
	return m->method.len > 0 && m->from.len > 0 && m->to.len > 0 &&
	       m->call_id.len > 0 && m->via.len > 0 && length == raw.len - from;
}

struct gw_span
calls_value(struct gw_span field)
{
	size_t colon = gw_span_find(field, 0, ':');

	return gw_span_trim(gw_span_sub(field, colon + 1, field.len));
}

struct gw_span
calls_contact(const struct calls_msg *m)
{
	size_t open = gw_span_find(m->contact, 0, '<');
	size_t close = gw_span_find(m->contact, open, '>');

	if (close == m->contact.len)
		return GW_SPAN("");
	return gw_span_sub(m->contact, open + 1, close - open - 1);
}

struct gw_span
calls_to_tag(const struct calls_msg *m)
{
	size_t uri = gw_span_find(m->to, 0, '>');
	struct gw_span rest = gw_span_sub(m->to, uri, m->to.len);
	size_t at = gw_span_search(rest, GW_SPAN(";tag="));

	return gw_span_sub(rest, at, gw_span_find(rest, at + 1, ';') - at);
}

bool
calls_route(const struct calls_msg *m, uint8_t *out, size_t max, size_t *len)
{
	struct gw_span all = { m->record_route.text, m->record_route.len };
	struct gw_span elements[CALLS_ROUTES];
	size_t n = 0;
	bool fits = true;

	*len = 0;
	for (size_t open = gw_span_find(all, 0, '<'); open < all.len;) {
		size_t close = gw_span_find(all, open, '>');
		if (close == all.len || n == CALLS_ROUTES)
			return false;
		elements[n++] = gw_span_sub(all, open, close + 1 - open);
		open = gw_span_find(all, close, '<');
	}
	while (fits && n-- > 0)
		fits = put(out, max, len,
			   *len == 0 ? GW_SPAN("Route: ") : GW_SPAN(", ")) &&
		       put(out, max, len, elements[n]);
	return fits;
}
