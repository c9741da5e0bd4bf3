/*
 * krr_c14n.c: events of the pull reader, written canonically.
 */
#include "codec/krr/krr_c14n.h"

#include "mcxgw/xmlpull.h"

/* Lexicographic by octet, which for UTF-8 is by character. */
static int
compare(struct gw_span a, struct gw_span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

/* How an octet of text or of an attribute's value is written; NULL: as it is.
 * Blanks that were written as references stay references. */
static const char *
escape_of(uint8_t c, bool is_attr)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return is_attr ? NULL : "&gt;";
	case '"': return is_attr ? "&quot;" : NULL;
	case '\t': return is_attr ? "&#x9;" : NULL;
	case '\n': return is_attr ? "&#xA;" : NULL;
	case '\r': return "&#xD;";
	default: return NULL;
	}
}

void
krr_c14n_put(struct gw_buf *b, struct gw_span s, bool is_attr)
{
	size_t from = 0;

	for (size_t i = 0; i < s.len; i++) {
		const char *to = escape_of(s.p[i], is_attr);
		if (to == NULL)
			continue;
		gw_buf_add(b, gw_span_sub(s, from, i - from));
		gw_buf_text(b, to);
		from = i + 1;
	}
	gw_buf_add(b, gw_span_sub(s, from, s.len));
}

/* The character that a reference at the start of s stands for, escaped. */
static size_t
put_reference(
    struct gw_buf *b, struct gw_span s, bool is_attr, struct gw_arena *a)
{
	size_t end = gw_span_find(s, 0, ';');
	struct gw_span c;

	gw_arena_reset(a);
	if (gw_xp_unescape(a, gw_span_sub(s, 0, end + 1), &c) == GW_OK)
		krr_c14n_put(b, c, is_attr);
	else
		b->bad = true;
	return end + 1;
}

/* Raw text between two references: ends of lines are one LF (XML 1.0, 2.11),
 * blanks of an attribute are spaces (3.3.3). */
static void
put_plain(struct gw_buf *b, struct gw_span s, bool is_attr)
{
	size_t from = 0;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];
		if (c != '\r' && !(is_attr && (c == '\n' || c == '\t')))
			continue;
		krr_c14n_put(b, gw_span_sub(s, from, i - from), is_attr);
		if (c == '\r' && i + 1 < s.len && s.p[i + 1] == '\n')
			i++;
		gw_buf_text(b, is_attr ? " " : "\n");
		from = i + 1;
	}
	krr_c14n_put(b, gw_span_sub(s, from, s.len), is_attr);
}

static void
put_raw(struct gw_buf *b, struct gw_span s, bool is_attr, struct gw_arena *a)
{
	size_t from = 0, at = gw_span_find(s, 0, '&');

	while (at < s.len) {
		put_plain(b, gw_span_sub(s, from, at - from), is_attr);
		from = at +
		       put_reference(b, gw_span_sub(s, at, s.len), is_attr, a);
		at = gw_span_find(s, from, '&');
	}
	put_plain(b, gw_span_sub(s, from, s.len), is_attr);
}

/* What prefix stood for outside of declaration i; empty for nothing. */
static struct gw_span
outer_uri(const struct gw_xp *x, unsigned i)
{
	for (unsigned k = i; k > 0; k--)
		if (x->ns_scope[k - 1].depth < x->ns_scope[i].depth &&
		    gw_span_eq(
			x->ns_scope[k - 1].prefix, x->ns_scope[i].prefix))
			return x->ns_scope[k - 1].uri;
	return (struct gw_span){ NULL, 0 };
}

/* Declarations of the current element that change something, by prefix. */
static void
put_namespaces(struct gw_buf *b, const struct gw_xp *x)
{
	unsigned order[GW_XP_NS_MAX], n = 0;

	for (unsigned i = 0; i < x->n_ns; i++) {
		if (x->ns_scope[i].depth != x->depth ||
		    gw_span_eq(x->ns_scope[i].uri, outer_uri(x, i)) ||
		    gw_span_eq(x->ns_scope[i].prefix, GW_SPAN("xml")))
			continue;
		unsigned k = n++;
		for (; k > 0 && compare(x->ns_scope[i].prefix,
				    x->ns_scope[order[k - 1]].prefix) < 0;
		     k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	for (unsigned k = 0; k < n; k++) {
		struct gw_span prefix = x->ns_scope[order[k]].prefix;
		gw_buf_text(b, prefix.len == 0 ? " xmlns" : " xmlns:");
		gw_buf_add(b, prefix);
		gw_buf_text(b, "=\"");
		krr_c14n_put(b, x->ns_scope[order[k]].uri, true);
		gw_buf_text(b, "\"");
	}
}

static bool
is_before(const struct gw_xp_attr *a, const struct gw_xp_attr *b)
{
	int c = compare(a->ns, b->ns);

	return c < 0 || (c == 0 && compare(a->name, b->name) < 0);
}

/* The name as it is written: its prefix stands before it. */
static struct gw_span
qualified(struct gw_span name, const struct gw_xp *x)
{
	const uint8_t *p = name.p;

	if (p > x->in.p && p[-1] == ':')
		while (p > x->in.p && p[-1] != ' ' && p[-1] != '\t' &&
		       p[-1] != '\n' && p[-1] != '\r')
			p--;
	return (struct gw_span){ p, name.len + (size_t)(name.p - p) };
}

static void
put_attrs(struct gw_buf *b, const struct gw_xp *x, struct gw_arena *a)
{
	unsigned order[GW_XP_ATTRS_MAX], n = 0;

	for (; n < x->n_attrs; n++) {
		unsigned k = n;
		for (;
		     k > 0 && is_before(&x->attrs[n], &x->attrs[order[k - 1]]);
		     k--)
			order[k] = order[k - 1];
		order[k] = n;
	}
	for (unsigned k = 0; k < n; k++) {
		const struct gw_xp_attr *at = &x->attrs[order[k]];
		gw_buf_text(b, " ");
		gw_buf_add(b, qualified(at->name, x));
		gw_buf_text(b, "=\"");
		put_raw(b, at->value, true, a);
		gw_buf_text(b, "\"");
	}
}

static void
put_event(struct gw_buf *b, const struct gw_xp *x, enum gw_xp_event event,
    struct gw_arena *a)
{
	switch (event) {
	case GW_XP_START:
		gw_buf_text(b, "<");
		gw_buf_add(b, x->stack[x->depth - 1]);
		put_namespaces(b, x);
		put_attrs(b, x, a);
		gw_buf_text(b, ">");
		break;
	case GW_XP_TEXT:
		if (x->is_cdata)
			put_plain(b, x->text, false);
		else
			put_raw(b, x->text, false, a);
		break;
	case GW_XP_END:
		gw_buf_text(b, "</");
		gw_buf_add(b, x->stack[x->depth - 1]);
		gw_buf_text(b, ">");
		break;
	case GW_XP_EOF: break;
	}
}

enum gw_err
krr_c14n(struct gw_span doc, struct gw_buf *out, struct gw_fault *fault)
{
	enum gw_xp_event event = GW_XP_START;
	enum gw_err err = GW_OK;
	struct gw_arena *a = gw_arena_new(4096);
	struct gw_xp x;

	if (a == NULL)
		return GW_ENOMEM;
	gw_xp_init(&x, doc);
	while (event != GW_XP_EOF &&
	       (err = gw_xp_next(&x, &event, fault)) == GW_OK)
		put_event(out, &x, event, a);
	gw_arena_free(a);
	if (err == GW_OK && !gw_buf_ok(out)) {
		*fault = (struct gw_fault){ 0, "out of memory" };
		err = GW_ENOMEM;
	}
	return err;
}
