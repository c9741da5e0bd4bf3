/*
 * json.c: a writer that keeps commas and nesting.
 */
#include "mcxgw/json.h"

#include "utf8.h"

void
gw_json_init(struct gw_json *j, struct gw_buf *out)
{
	*j = (struct gw_json){ .out = out };
}

static void
add_escaped(struct gw_buf *out, uint8_t c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *hit = c == 0 ? NULL : strchr(from, c);

	if (hit != NULL)
		gw_buf_fmt(out, "\\%c", to[hit - from]);
	else
		gw_buf_fmt(out, "\\u%04x", c);
}

static void
add_string(struct gw_buf *out, struct gw_span s)
{
	size_t plain = 0, n;
	uint32_t c;

	gw_buf_text(out, "\"");
	for (size_t at = 0; at < s.len; at += n == 0 ? 1 : n) {
		n = utf8_char(s, at, &c);
		if (n != 0 && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		gw_buf_add(out, gw_span_sub(s, plain, at - plain));
		plain = at + 1;
		if (n == 0)
			gw_buf_text(out, "\xef\xbf\xbd");
		else
			add_escaped(out, (uint8_t)c);
	}
	gw_buf_add(out, gw_span_sub(s, plain, s.len));
	gw_buf_text(out, "\"");
}

/* What stands before a value: a comma, if due, and the key. */
static void
begin(struct gw_json *j, const char *key)
{
	if (j->depth > 0) {
		if (j->more[j->depth - 1])
			gw_buf_text(j->out, ",");
		j->more[j->depth - 1] = true;
	}
	if (key != NULL) {
		add_string(j->out, gw_span_of(key));
		gw_buf_text(j->out, ":");
	}
}

void
gw_json_open(struct gw_json *j, const char *key, char bracket)
{
	begin(j, key);
	gw_buf_text(j->out, bracket == '[' ? "[" : "{");
	if (j->depth == GW_JSON_DEPTH_MAX)
		j->out->bad = true;
	else
		j->more[j->depth++] = false;
}

void
gw_json_close(struct gw_json *j, char bracket)
{
	gw_buf_text(j->out, bracket == ']' ? "]" : "}");
	if (j->depth == 0)
		j->out->bad = true;
	else
		j->depth--;
}

void
gw_json_span(struct gw_json *j, const char *key, struct gw_span text)
{
	begin(j, key);
	add_string(j->out, text);
}

void
gw_json_text(struct gw_json *j, const char *key, const char *text)
{
	if (text == NULL)
		gw_json_null(j, key);
	else
		gw_json_span(j, key, gw_span_of(text));
}

void
gw_json_num(struct gw_json *j, const char *key, int64_t n)
{
	begin(j, key);
	if (n < 0)
		gw_buf_text(j->out, "-");
	gw_buf_num(j->out, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

void
gw_json_bool(struct gw_json *j, const char *key, bool b)
{
	begin(j, key);
	gw_buf_text(j->out, b ? "true" : "false");
}

void
gw_json_null(struct gw_json *j, const char *key)
{
	begin(j, key);
	gw_buf_text(j->out, "null");
}

void
gw_json_hex(struct gw_json *j, const char *key, struct gw_span octets)
{
	begin(j, key);
	gw_buf_text(j->out, "\"");
	gw_buf_hex(j->out, octets);
	gw_buf_text(j->out, "\"");
}
