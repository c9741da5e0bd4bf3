/*
 * lookup_path.c: percent-encoding (RFC 3986 2.1) and paths made with it.
 */
#include "adapters/lookup/lookup_path.h"

#include "adapters/lookup/lookup_char.h"
#include "adapters/lookup/lookup_user.h"
#include "mcxgw/buf.h"
#include "mcxgw/hex.h"

/* Runs of unreserved characters are written at once. */
void
gw_lookup_escape(struct gw_buf *out, struct gw_span text)
{
	static const struct lookup_char_set unreserved = {
		LOOKUP_CHAR_DIGITS | LOOKUP_CHAR('-') | LOOKUP_CHAR('.'),
		LOOKUP_CHAR_LETTERS | LOOKUP_CHAR('_') | LOOKUP_CHAR('~'),
	};
	static const uint8_t digits[] = "0123456789ABCDEF";
	size_t plain = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.p[i];
		if (lookup_char_in(unreserved, c))
			continue;
		uint8_t escape[3] = { '%', digits[c >> 4], digits[c & 15] };
		gw_buf_add(out, gw_span_sub(text, plain, i - plain));
		gw_buf_add(out, (struct gw_span){ escape, sizeof(escape) });
		plain = i + 1;
	}
	gw_buf_add(out, gw_span_sub(text, plain, text.len));
}

enum gw_err
gw_lookup_unescape(struct gw_arena *a, struct gw_span text, struct gw_span *out)
{
	size_t at = gw_span_find(text, 0, '%'), n = at;
	uint8_t *to;

	if (at == text.len) {
		*out = text;
		return GW_OK;
	}
	if ((to = gw_arena_bytes(a, text.len)) == NULL)
		return GW_ENOMEM;
	memcpy(to, text.p, at);
	for (; at < text.len; at++) {
		uint8_t c = text.p[at];
		if (c == '%') {
			int high = text.len - at < 3 ?
				       -1 :
				       gw_hex_value(text.p[at + 1]);
			int low = high < 0 ? -1 : gw_hex_value(text.p[at + 2]);
			if (low < 0 || (high | low) == 0)
				return GW_EMALFORMED;
			c = (uint8_t)(high << 4 | low);
			at += 2;
		}
		to[n++] = c;
	}
	*out = (struct gw_span){ to, n };
	return GW_OK;
}

bool
gw_lookup_has_steps(struct gw_span text)
{
	for (size_t from = 0, end; from <= text.len; from = end + 1) {
		end = gw_span_find(text, from, '/');
		struct gw_span one = gw_span_sub(text, from, end - from);
		if (gw_span_eq(one, GW_SPAN(".")) ||
		    gw_span_eq(one, GW_SPAN("..")))
			return true;
	}
	return false;
}

enum gw_err
lookup_path_build(struct gw_arena *a, struct gw_span prefix,
    struct gw_span root, struct gw_span user, struct gw_span *out)
{
	size_t head = prefix.len + root.len, cap;
	struct gw_buf b;

	if (head > GW_HTTP_PATH_MAX || user.len > GW_HTTP_PATH_MAX - head ||
	    gw_lookup_has_steps(user))
		return GW_EUNSUPPORTED;
	cap = head + 3 * user.len;
	cap = cap < GW_HTTP_PATH_MAX ? cap : GW_HTTP_PATH_MAX;
	b = (struct gw_buf){
		.p = gw_arena_bytes(a, cap), .size = cap, .cap = cap
	};
	if (b.p == NULL)
		return GW_ENOMEM;
	gw_buf_add(&b, prefix);
	gw_buf_add(&b, root);
	gw_lookup_escape(&b, user);
	if (!gw_buf_ok(&b))
		return GW_EUNSUPPORTED;
	*out = gw_buf_span(&b);
	return GW_OK;
}

static bool
starts(struct gw_span s, struct gw_span with)
{
	return gw_span_eq(gw_span_sub(s, 0, with.len), with);
}

bool
lookup_path_is(struct gw_span prefix, struct gw_span root, struct gw_span path,
    struct gw_span *segment)
{
	struct gw_span rest = gw_span_sub(path, prefix.len, path.len);

	if (path.len > GW_HTTP_PATH_MAX || !starts(path, prefix) ||
	    !starts(rest, root))
		return false;
	rest = gw_span_sub(rest, root.len, rest.len);
	if (gw_span_find(rest, 0, '/') != rest.len)
		return false;
	*segment = rest;
	return true;
}

enum gw_err
lookup_path_user(struct gw_arena *a, struct gw_span segment,
    struct gw_span *user, struct gw_fault *fault)
{
	struct gw_span text;
	struct lookup_user form;

	*fault = (struct gw_fault){ 0, "the path has a query" };
	if (gw_span_find(segment, 0, '?') != segment.len ||
	    gw_span_find(segment, 0, '#') != segment.len)
		return GW_EMALFORMED;
	fault->why = "not percent-encoding in the path";
	enum gw_err err = gw_lookup_unescape(a, segment, &text);
	if (err != GW_OK)
		return err;
	fault->why = "the path ends in no URI of a user";
	if (text.len > GW_LOOKUP_USER_MAX ||
	    lookup_user_read(text, &form) != GW_OK)
		return GW_EMALFORMED;
	*user = text;
	return GW_OK;
}
