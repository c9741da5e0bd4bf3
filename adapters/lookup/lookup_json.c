/*
 * lookup_json.c: tokens of JSON, taken by a reader that knows what it wants.
 */
#include "adapters/lookup/lookup_json.h"

#include "adapters/lookup/lookup_char.h"
#include "mcxgw/hex.h"

#define NUMBER_LEN_MAX 19

enum gw_err
lookup_json_refuse(struct lookup_json *j, const char *why)
{
	*j->fault = (struct gw_fault){ j->pos, why };
	return GW_EMALFORMED;
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_space(struct lookup_json *j)
{
	while (j->pos < j->in.len && is_space(j->in.p[j->pos]))
		j->pos++;
}

/* Step over white space, and over c if it comes next. */
static bool
skip(struct lookup_json *j, uint8_t c)
{
	skip_space(j);
	if (j->pos == j->in.len || j->in.p[j->pos] != c)
		return false;
	j->pos++;
	return true;
}

/* The character behind a backslash; 0: none that a value may have. */
static uint8_t
take_escape(struct lookup_json *j)
{
	static const char plain[] = "\"\\/";
	unsigned c = 0;

	if (j->in.len - j->pos < 2)
		return 0;
	uint8_t kind = j->in.p[j->pos + 1];
	if (kind != 0 && strchr(plain, kind) != NULL) {
		j->pos += 2;
		return kind;
	}
	if (kind != 'u' || j->in.len - j->pos < 6)
		return 0;
	for (size_t i = 2; i < 6; i++) {
		int v = gw_hex_value(j->in.p[j->pos + i]);
		if (v < 0)
			return 0;
		c = c << 4 | (unsigned)v;
	}
	if (c < 0x20 || c > 0x7e)
		return 0;
	j->pos += 6;
	return (uint8_t)c;
}

/* The rest of a string that has an escape at pos; from is its begin. */
static enum gw_err
take_escaped(struct lookup_json *j, size_t from, struct gw_span *out)
{
	size_t end = j->pos, n = j->pos - from;
	uint8_t *to;

	while (end < j->in.len && j->in.p[end] != '"')
		end += j->in.p[end] == '\\' ? 2 : 1;
	end = end < j->in.len ? end : j->in.len;
	if ((to = gw_arena_bytes(j->a, end - from)) == NULL) {
		*j->fault = (struct gw_fault){ j->pos, "the arena is full" };
		return GW_ENOMEM;
	}
	memcpy(to, j->in.p + from, n);
	while (j->pos < end) {
		uint8_t c = j->in.p[j->pos];
		if (c < 0x20 || c > 0x7e)
			return lookup_json_refuse(j, "not visible ASCII");
		if (c != '\\')
			j->pos++;
		else if ((c = take_escape(j)) == 0)
			return lookup_json_refuse(j, "no escape for a URI");
		to[n++] = c;
	}
	if (j->pos == j->in.len)
		return lookup_json_refuse(j, "the text ends too early");
	j->pos++;
	*out = (struct gw_span){ to, n };
	return GW_OK;
}

enum gw_err
lookup_json_string(struct lookup_json *j, struct gw_span *out)
{
	size_t from;

	if (!skip(j, '"'))
		return lookup_json_refuse(j, "a string is wanted");
	from = j->pos;
	for (j->pos = lookup_char_run(j->in, from); j->pos < j->in.len;
	     j->pos = lookup_char_run(j->in, j->pos + 1)) {
		uint8_t c = j->in.p[j->pos];
		if (c == '\\')
			return take_escaped(j, from, out);
		if (c == '"') {
			*out = gw_span_sub(j->in, from, j->pos++ - from);
			return GW_OK;
		}
		if (c < 0x20 || c > 0x7e)
			return lookup_json_refuse(j, "not visible ASCII");
	}
	return lookup_json_refuse(j, "the text ends too early");
}

enum gw_err
lookup_json_number(struct lookup_json *j, uint64_t max, uint64_t *out)
{
	size_t from;
	uint64_t n;

	skip_space(j);
	for (from = j->pos; j->pos < j->in.len; j->pos++)
		if (j->in.p[j->pos] < '0' || j->in.p[j->pos] > '9')
			break;
	struct gw_span digits = gw_span_sub(j->in, from, j->pos - from);
	if (digits.len == 0 || digits.len > NUMBER_LEN_MAX ||
	    digits.p[0] == '0' || gw_span_to_u64(digits, max, &n) != GW_OK)
		return lookup_json_refuse(j, "a whole number is wanted");
	*out = n;
	return GW_OK;
}

/* The member whose name comes next, written without an escape; n: none. */
static size_t
find_member(
    const struct lookup_json *j, const struct lookup_json_member *all, size_t n)
{
	size_t i = 0;

	for (; i < n; i++) {
		struct gw_span name = all[i].name;
		struct gw_span at = gw_span_sub(j->in, j->pos, name.len + 2);
		if (at.len == name.len + 2 && at.p[0] == '"' &&
		    at.p[at.len - 1] == '"' &&
		    memcmp(at.p + 1, name.p, name.len) == 0)
			break;
	}
	return i;
}

/* The same of a name that may have escapes. */
static enum gw_err
read_name(struct lookup_json *j, const struct lookup_json_member *all, size_t n,
    size_t *i)
{
	struct gw_span name;
	enum gw_err err = lookup_json_string(j, &name);

	*i = 0;
	while (err == GW_OK && *i < n && !gw_span_eq(name, all[*i].name))
		++*i;
	return err;
}

static enum gw_err
read_member(struct lookup_json *j, const struct lookup_json_member *members,
    size_t n, void *arg, bool seen[])
{
	enum gw_err err = GW_OK;
	size_t i;

	skip_space(j);
	if ((i = find_member(j, members, n)) < n)
		j->pos += members[i].name.len + 2;
	else
		err = read_name(j, members, n, &i);
	if (err != GW_OK)
		return err;
	if (i == n)
		return lookup_json_refuse(j, "an unknown member");
	if (seen[i])
		return lookup_json_refuse(j, "a member stands twice");
	seen[i] = true;
	if (!skip(j, ':'))
		return lookup_json_refuse(j, "a colon is wanted");
	return members[i].read(j, arg);
}

enum gw_err
lookup_json_object(struct lookup_json *j,
    const struct lookup_json_member *members, size_t n, void *arg)
{
	bool seen[LOOKUP_JSON_MEMBERS_MAX] = { false };
	enum gw_err err = GW_OK;

	if (!skip(j, '{'))
		return lookup_json_refuse(j, "an object is wanted");
	if (!skip(j, '}')) {
		do
			err = read_member(j, members, n, arg, seen);
		while (err == GW_OK && skip(j, ','));
		if (err == GW_OK && !skip(j, '}'))
			err = lookup_json_refuse(j, "an object does not end");
	}
	for (size_t i = 0; err == GW_OK && i < n; i++)
		if (members[i].required && !seen[i])
			err = lookup_json_refuse(j, "a member is missing");
	return err;
}

enum gw_err
lookup_json_array(struct lookup_json *j,
    enum gw_err (*read)(struct lookup_json *j, void *arg), void *arg)
{
	enum gw_err err;

	if (!skip(j, '['))
		return lookup_json_refuse(j, "an array is wanted");
	if (skip(j, ']'))
		return GW_OK;
	do
		err = read(j, arg);
	while (err == GW_OK && skip(j, ','));
	if (err == GW_OK && !skip(j, ']'))
		err = lookup_json_refuse(j, "an array does not end");
	return err;
}

enum gw_err
lookup_json_end(struct lookup_json *j)
{
	skip_space(j);
	return j->pos == j->in.len ?
		   GW_OK :
		   lookup_json_refuse(j, "something follows the answer");
}
