/*
 * topo_field.c: see topo_field.h.
 */
#include "core/topo_field.h"

#define NUMBER_MAX 20 /* digits of a 64-bit number */

enum gw_err
topo_field_number(struct topo_work *w, struct gw_span value, uint64_t n)
{
	uint8_t digits[NUMBER_MAX];
	size_t at = NUMBER_MAX;
	struct gw_span text;

	do {
		digits[--at] = (uint8_t)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	if (!gw_arena_copy(w->t->arena,
		(struct gw_span){ digits + at, NUMBER_MAX - at }, &text))
		return GW_ENOMEM;
	return topo_work_replace(w, value, text);
}

static size_t
skip_blanks(struct gw_span s, size_t at)
{
	while (at < s.len && memchr(" \t\r\n", s.p[at], 4) != NULL)
		at++;
	return at;
}

static size_t
skip_word(struct gw_span s, size_t at)
{
	while (at < s.len && memchr(" \t\r\n,\"", s.p[at], 6) == NULL)
		at++;
	return at;
}

/* Behind the quoted string that begins at at, or 0. */
static size_t
skip_quoted(struct gw_span s, size_t at)
{
	if (at == s.len || s.p[at] != '"')
		return 0;
	for (at++; at < s.len && s.p[at] != '"'; at++)
		if (s.p[at] == '\\')
			at++;
	return at < s.len ? at + 1 : 0;
}

/* code agent "text"; moves *pos behind it and its comma. */
static bool
next_warning(struct gw_span v, size_t *pos, struct gw_span *agent)
{
	size_t code = skip_blanks(v, *pos), code_end = skip_word(v, code);
	size_t from = skip_blanks(v, code_end), end = skip_word(v, from);
	uint64_t n;

	if (code_end - code != 3 || end == from ||
	    gw_span_to_u64(gw_span_sub(v, code, 3), 999, &n) != GW_OK)
		return false;
	*agent = gw_span_sub(v, from, end - from);
	size_t at = skip_quoted(v, skip_blanks(v, end));
	if (at == 0)
		return false;
	at = skip_blanks(v, at);
	if (at < v.len && v.p[at] != ',')
		return false;
	*pos = at < v.len ? at + 1 : at;
	return true;
}

enum gw_err
topo_field_warning(struct topo_work *w, const struct sip_hdr *h)
{
	struct gw_span name = gw_span_of(w->t->snap->conf->name), agent;
	struct topo_mark mark = topo_work_mark(w);
	size_t pos = 0;

	while (pos < h->value.len) {
		if (!next_warning(h->value, &pos, &agent)) {
			topo_work_forget(w, mark);
			topo_work_drop(w, h->line);
			return GW_OK;
		}
		enum gw_err err = topo_work_replace(w, agent, name);
		if (err != GW_OK)
			return err;
	}
	return GW_OK;
}

/* The level in one "namespace.level", if it is above the cap. */
static bool
is_above(struct gw_span value, struct gw_span space, int8_t cap,
    struct gw_span *level)
{
	uint64_t n = 0;

	if (cap < 0 || !gw_span_istarts(value, space))
		return false;
	*level = gw_span_sub(value, space.len, value.len);
	/* A level that is no number is nothing we could lower. */
	enum gw_err err = gw_span_to_u64(*level, UINT32_MAX, &n);
	return err == GW_ELIMIT || (err == GW_OK && n > (uint64_t)cap);
}

enum gw_err
topo_field_priority(
    struct topo_work *w, const struct sip_hdr *h, int8_t cap_p, int8_t cap_q)
{
	struct gw_span v = h->value, level;
	enum gw_err err = GW_OK;
	size_t at = 0;

	while (err == GW_OK && at < v.len) {
		size_t end = gw_span_find(v, at, ',');
		struct gw_span one = gw_span_trim(gw_span_sub(v, at, end - at));
		if (is_above(one, GW_SPAN("mcpttp."), cap_p, &level))
			err = topo_field_number(w, level, (uint64_t)cap_p);
		else if (is_above(one, GW_SPAN("mcpttq."), cap_q, &level))
			err = topo_field_number(w, level, (uint64_t)cap_q);
		at = end + 1;
	}
	return err;
}
