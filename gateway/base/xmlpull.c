/*
 * xmlpull.c: one pass over the octets, memchr between the marks.
 *
 * The input is checked to be UTF-8 of XML characters once, at the first
 * event; after that only ASCII matters.
 */
#include "mcxgw/xmlpull.h"

#include "mcxgw/scan.h"
#include "utf8.h"

#define XML_URI	  "http://www.w3.org/XML/1998/namespace"
#define XMLNS_URI "http://www.w3.org/2000/xmlns/"

/* As nearly all begin. */
#define USUAL "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"

#define EARLY "the document ends too early"

static inline bool
is_space(uint8_t c)
{
	return c <= ' ' && (c == ' ' || c == '\n' || c == '\t' || c == '\r');
}

static enum gw_err
refuse(struct gw_fault *fault, enum gw_err err, size_t at, const char *why)
{
	*fault = (struct gw_fault){ at, why };
	return err;
}

static enum gw_err
malformed(struct gw_fault *fault, size_t at, const char *why)
{
	return refuse(fault, GW_EMALFORMED, at, why);
}

static inline bool
skip_space(struct gw_xp *x)
{
	size_t at = x->pos;

	while (x->pos < x->in.len && is_space(x->in.p[x->pos]))
		x->pos++;
	return x->pos != at;
}

/* Does the input go on with mark?  Then step over it. */
static inline bool
skip(struct gw_xp *x, struct gw_span mark)
{
	if (x->in.len - x->pos < mark.len ||
	    memcmp(x->in.p + x->pos, mark.p, mark.len) != 0)
		return false;
	x->pos += mark.len;
	return true;
}

/* Letters, digits, '.', '-' and '_', as far as they go. */
static inline struct gw_span
take_word(struct gw_xp *x)
{
	size_t at = x->pos;

	x->pos = gw_scan(GW_SCAN_WORD_END, x->in, at);
	while (x->pos < x->in.len && x->in.p[x->pos] == '_')
		x->pos = gw_scan(GW_SCAN_WORD_END, x->in, x->pos + 1);
	return (struct gw_span){ x->in.p + at, x->pos - at };
}

static inline bool
is_next(const struct gw_xp *x, uint8_t c)
{
	return x->pos < x->in.len && x->in.p[x->pos] == c;
}

/* Step over what names consist of, colons too. */
static bool
skip_name(struct gw_xp *x)
{
	size_t at = x->pos;

	while (take_word(x).len != 0 || is_next(x, ':'))
		x->pos += is_next(x, ':');
	return x->pos != at;
}

/* Does a word begin with a letter or '_', as names must? */
static inline bool
is_ncname(struct gw_span word)
{
	return word.len != 0 && word.p[0] > '9';
}

/* A name, which may be prefix:local; false when it is no qualified name. */
static inline bool
take_name(struct gw_xp *x, struct gw_span *prefix, struct gw_span *local)
{
	*prefix = (struct gw_span){ NULL, 0 };
	*local = take_word(x);
	if (is_next(x, ':')) {
		*prefix = *local;
		x->pos++;
		*local = take_word(x);
		if (!is_ncname(*prefix) || is_next(x, ':'))
			return false;
	}
	return is_ncname(*local);
}

/* The URI that prefix stands for; false when nothing declares it. */
static inline bool
find_ns(const struct gw_xp *x, struct gw_span prefix, struct gw_span *uri)
{
	for (unsigned i = x->n_ns; i > 0; i--)
		if (gw_span_eq(x->ns_scope[i - 1].prefix, prefix)) {
			*uri = x->ns_scope[i - 1].uri;
			return true;
		}
	*uri =
	    gw_span_eq(prefix, GW_SPAN("xml")) ? GW_SPAN(XML_URI) : GW_SPAN("");
	return uri->len != 0 || prefix.len == 0;
}

/* The number in "#38" or "#x26", or 0. */
static uint32_t
char_number(struct gw_span s)
{
	uint32_t c = 0, base = 10;
	size_t i = 1;

	if (s.len > 1 && s.p[1] == 'x') {
		base = 16;
		i = 2;
	}
	if (i >= s.len)
		return 0;
	for (; i < s.len && c <= 0x10ffff; i++) {
		uint32_t d = s.p[i];
		if (d >= '0' && d <= '9')
			d -= '0';
		else if (base == 16 && (d | 0x20) >= 'a' && (d | 0x20) <= 'f')
			d = (d | 0x20) - 'a' + 10;
		else
			return 0;
		c = c * base + d;
	}
	return utf8_is_xml(c) ? c : 0;
}

/* What stands between '&' and ';' as a character, or 0. */
static uint32_t
ref_char(struct gw_span s)
{
	static const struct {
		struct gw_span name;
		uint32_t c;
	} rows[] = {
		{ GW_LIT("lt"), '<' },
		{ GW_LIT("gt"), '>' },
		{ GW_LIT("amp"), '&' },
		{ GW_LIT("quot"), '"' },
		{ GW_LIT("apos"), '\'' },
	};

	if (s.len != 0 && s.p[0] == '#')
		return char_number(s);
	for (size_t i = 0; i < GW_COUNT(rows); i++)
		if (gw_span_eq(s, rows[i].name))
			return rows[i].c;
	return 0;
}

/* Offset of the first '&' in s that begins no reference, or s.len. */
static size_t
find_bad_ref(struct gw_span s)
{
	size_t at = gw_span_find(s, 0, '&');

	while (at < s.len) {
		size_t end = gw_span_find(s, at, ';');
		if (end == s.len ||
		    ref_char(gw_span_sub(s, at + 1, end - at - 1)) == 0)
			return at;
		at = gw_span_find(s, end, '&');
	}
	return s.len;
}

static enum gw_err
take_value(struct gw_xp *x, struct gw_span *value, struct gw_fault *fault)
{
	size_t at, end;

	skip_space(x);
	if (x->pos == x->in.len)
		return malformed(fault, x->pos, EARLY);
	if (x->in.p[x->pos] != '=')
		return malformed(fault, x->pos, "attribute without a value");
	x->pos++;
	skip_space(x);
	if (x->pos == x->in.len)
		return malformed(fault, x->pos, EARLY);
	uint8_t quote = x->in.p[x->pos];
	if (quote != '"' && quote != '\'')
		return malformed(fault, x->pos, "attribute without quotes");
	at = x->pos + 1;
	end = gw_scan(GW_SCAN_VALUE_END, x->in, at);
	bool plain = end < x->in.len && x->in.p[end] == quote;
	if (!plain)
		end = gw_span_find(x->in, end, quote);
	if (end == x->in.len)
		return malformed(fault, end, EARLY);

	struct gw_span v = { x->in.p + at, end - at };
	size_t bad = plain ? v.len : gw_span_find(v, 0, '<');
	if (bad < v.len)
		return malformed(fault, at + bad, "'<' in an attribute");
	if (!plain && (bad = find_bad_ref(v)) < v.len)
		return malformed(fault, at + bad, "unknown reference");
	x->pos = end + 1;
	*value = v;
	return GW_OK;
}

/* Why prefix must not be declared as uri, or NULL (Namespaces 1.0, 3). */
static const char *
ns_fault(const struct gw_xp *x, struct gw_span prefix, struct gw_span uri)
{
	bool is_xml = gw_span_eq(prefix, GW_SPAN("xml"));

	/* Both would give one namespace two spellings. */
	if (gw_scan(GW_SCAN_BLANK, uri, 0) < uri.len)
		return "reference or space in a namespace name";
	if (prefix.len != 0 && uri.len == 0)
		return "prefix declared as nothing";
	if (gw_span_eq(prefix, GW_SPAN("xmlns")) ||
	    gw_span_eq(uri, GW_SPAN(XMLNS_URI)) ||
	    is_xml != gw_span_eq(uri, GW_SPAN(XML_URI)))
		return "reserved namespace";
	for (unsigned i = x->n_ns;
	     i > 0 && x->ns_scope[i - 1].depth == x->depth; i--)
		if (gw_span_eq(x->ns_scope[i - 1].prefix, prefix))
			return "namespace declared twice";
	return NULL;
}

static enum gw_err
declare_ns(struct gw_xp *x, size_t at, struct gw_span prefix,
    struct gw_span uri, struct gw_fault *fault)
{
	const char *why = ns_fault(x, prefix, uri);

	if (why != NULL)
		return malformed(fault, at, why);
	if (x->n_ns == GW_XP_NS_MAX)
		return refuse(fault, GW_ELIMIT, at, "too many namespaces");
	x->ns_scope[x->n_ns].prefix = prefix;
	x->ns_scope[x->n_ns].uri = uri;
	x->ns_scope[x->n_ns].depth = x->depth;
	x->n_ns++;
	return GW_OK;
}

static enum gw_err
read_attr(struct gw_xp *x, struct gw_fault *fault)
{
	size_t at = x->pos;
	struct gw_span prefix, local, value;
	enum gw_err err;

	if (!take_name(x, &prefix, &local))
		return malformed(fault, at, "not an attribute name");
	if ((err = take_value(x, &value, fault)) != GW_OK)
		return err;
	if (gw_span_eq(prefix, GW_SPAN("xmlns")))
		return declare_ns(x, at, local, value, fault);
	if (prefix.len == 0 && gw_span_eq(local, GW_SPAN("xmlns")))
		return declare_ns(x, at, GW_SPAN(""), value, fault);
	if (x->n_attrs == GW_XP_ATTRS_MAX)
		return refuse(fault, GW_ELIMIT, at, "too many attributes");
	/* Its namespace may be declared after it: until the end of the tag
	 * the prefix stands in its place. */
	x->attrs[x->n_attrs++] = (struct gw_xp_attr){ local, prefix, value };
	return GW_OK;
}

static size_t
offset_of(const struct gw_xp *x, struct gw_span s)
{
	return (size_t)(s.p - x->in.p);
}

/* Give the attributes their namespaces; none may stand there twice. */
static enum gw_err
resolve_attrs(struct gw_xp *x, struct gw_fault *fault)
{
	for (unsigned i = 0; i < x->n_attrs; i++) {
		struct gw_xp_attr *a = &x->attrs[i];
		struct gw_span prefix = a->ns;
		size_t at = offset_of(x, prefix.len != 0 ? prefix : a->name);
		if (prefix.len != 0 && !find_ns(x, prefix, &a->ns))
			return malformed(fault, at, "undeclared prefix");
		for (unsigned k = 0; k < i; k++)
			if (gw_span_eq(x->attrs[k].name, a->name) &&
			    gw_span_eq(x->attrs[k].ns, a->ns))
				return malformed(
				    fault, at, "attribute given twice");
	}
	return GW_OK;
}

/* What stands between the name and '>'. */
static enum gw_err
read_attrs(struct gw_xp *x, struct gw_fault *fault)
{
	enum gw_err err;

	for (;;) {
		bool spaced = skip_space(x);
		if (is_next(x, '>')) {
			x->pos++;
			return GW_OK;
		}
		if (skip(x, GW_SPAN("/>"))) {
			x->empty_pending = true;
			return GW_OK;
		}
		if (x->pos == x->in.len)
			return malformed(fault, x->pos, EARLY);
		if (!spaced)
			return malformed(
			    fault, x->pos, "not an element or attribute name");
		if ((err = read_attr(x, fault)) != GW_OK)
			return err;
	}
}

static enum gw_err
read_start(struct gw_xp *x, struct gw_fault *fault)
{
	struct gw_span name, prefix, local;
	enum gw_err err;

	x->at = x->pos++;
	if (x->done)
		return malformed(fault, x->at, "a second root element");
	if (x->depth == GW_XP_DEPTH_MAX)
		return refuse(fault, GW_ELIMIT, x->at, "nested too deep");
	if (!take_name(x, &prefix, &local))
		return malformed(fault, x->at + 1, "not an element name");
	name = prefix.len == 0 ? local : gw_span_join(prefix, local);
	x->stack[x->depth++] = name;
	if ((err = read_attrs(x, fault)) != GW_OK)
		return err;
	x->name = local;
	if (!find_ns(x, prefix, &x->ns))
		return malformed(
		    fault, offset_of(x, name), "undeclared prefix");
	x->stack_name[x->depth - 1] = local;
	x->stack_ns[x->depth - 1] = x->ns;
	x->end = x->pos;
	return resolve_attrs(x, fault);
}

static enum gw_err
read_end(struct gw_xp *x, struct gw_fault *fault)
{
	x->at = x->pos;
	x->pos += 2;
	if (x->depth == 0)
		return malformed(fault, x->at, "end of nothing");
	bool same = skip(x, x->stack[x->depth - 1]);
	if (!is_next(x, '>')) {
		same &= !skip_name(x); /* or it is longer, or another */
		skip_space(x);
	}
	if (x->pos == x->in.len)
		return malformed(fault, x->pos, EARLY);
	if (!same || x->in.p[x->pos] != '>')
		return malformed(fault, x->at, "end does not match the start");
	x->end = ++x->pos;
	x->pop_pending = true;
	x->name = x->stack_name[x->depth - 1];
	x->ns = x->stack_ns[x->depth - 1];
	return GW_OK;
}

/* Leave the element that ended, and the namespaces it declared. */
static void
pop(struct gw_xp *x)
{
	while (x->n_ns > 0 && x->ns_scope[x->n_ns - 1].depth == x->depth)
		x->n_ns--;
	x->depth--;
	x->done = x->depth == 0;
	x->pop_pending = false;
}

static enum gw_err
read_text(struct gw_xp *x, struct gw_fault *fault)
{
	size_t bad, end = gw_scan(GW_SCAN_MARKUP, x->in, x->pos);
	bool plain = end < x->in.len && x->in.p[end] == '<';

	if (!plain)
		end = gw_span_find(x->in, end, '<');
	x->text = (struct gw_span){ x->in.p + x->pos, end - x->pos };
	x->at = x->pos;
	x->end = x->pos = end;
	x->is_cdata = false;
	if (x->depth == 0) {
		if (gw_span_trim(x->text).len != 0)
			return malformed(
			    fault, x->at, "text outside the root element");
		return GW_OK;
	}
	if (plain)
		return GW_OK;
	if ((bad = find_bad_ref(x->text)) < x->text.len)
		return malformed(fault, x->at + bad, "unknown reference");
	if (gw_span_find(x->text, 0, ']') < x->text.len &&
	    (bad = gw_span_search(x->text, GW_SPAN("]]>"))) < x->text.len)
		return malformed(fault, x->at + bad, "\"]]>\" in text");
	return GW_OK;
}

static enum gw_err
read_cdata(struct gw_xp *x, struct gw_fault *fault)
{
	if (x->depth == 0)
		return malformed(fault, x->at, "text outside the root element");
	struct gw_span rest = gw_span_sub(x->in, x->pos, x->in.len);
	size_t len = gw_span_search(rest, GW_SPAN("]]>"));
	if (len == rest.len)
		return malformed(fault, x->in.len, EARLY);
	x->text = gw_span_sub(rest, 0, len);
	x->is_cdata = true;
	x->end = x->pos += len + 3;
	return GW_OK;
}

static enum gw_err
skip_comment(struct gw_xp *x, struct gw_fault *fault)
{
	struct gw_span rest = gw_span_sub(x->in, x->pos, x->in.len);
	size_t len = gw_span_search(rest, GW_SPAN("--"));

	if (len + 2 >= rest.len)
		return malformed(fault, x->in.len, EARLY);
	if (rest.p[len + 2] != '>')
		return malformed(fault, x->pos + len, "\"--\" in a comment");
	x->pos += len + 3;
	return GW_OK;
}

/* One pseudo-attribute of the XML declaration, if it is there. */
static enum gw_err
read_pseudo(struct gw_xp *x, struct gw_span name, struct gw_span *value,
    struct gw_fault *fault)
{
	size_t before = x->pos;

	*value = (struct gw_span){ NULL, 0 };
	if (!skip_space(x) || !skip(x, name)) {
		x->pos = before;
		return GW_OK;
	}
	return take_value(x, value, fault);
}

static enum gw_err
read_declaration(struct gw_xp *x, struct gw_fault *fault)
{
	struct gw_span version, encoding, alone;
	size_t at = x->pos;
	enum gw_err err;

	if ((err = read_pseudo(x, GW_SPAN("version"), &version, fault)) !=
		GW_OK ||
	    (err = read_pseudo(x, GW_SPAN("encoding"), &encoding, fault)) !=
		GW_OK ||
	    (err = read_pseudo(x, GW_SPAN("standalone"), &alone, fault)) !=
		GW_OK)
		return err;
	skip_space(x);
	if (!skip(x, GW_SPAN("?>")))
		return malformed(fault, x->pos, "bad XML declaration");
	if (!gw_span_eq(version, GW_SPAN("1.0")))
		return malformed(fault, at, "XML version is not 1.0");
	if (encoding.p != NULL && !gw_span_ieq(encoding, GW_SPAN("UTF-8")))
		return malformed(fault, at, "encoding is not UTF-8");
	if (alone.p != NULL && !gw_span_eq(alone, GW_SPAN("yes")) &&
	    !gw_span_eq(alone, GW_SPAN("no")))
		return malformed(fault, at, "bad XML declaration");
	return GW_OK;
}

static enum gw_err
start(struct gw_xp *x, struct gw_fault *fault)
{
	size_t bad;

	x->started = true;
	if (x->in.len > GW_XP_OCTETS_MAX)
		return refuse(
		    fault, GW_ELIMIT, GW_XP_OCTETS_MAX, "document too long");
	if ((bad = utf8_find_bad(x->in)) < x->in.len)
		return malformed(
		    fault, bad, "not UTF-8, or a control character");
	skip(x, GW_SPAN("\xef\xbb\xbf"));
	if (skip(x, GW_SPAN(USUAL)))
		return GW_OK;
	if (!skip(x, GW_SPAN("<?xml")))
		return GW_OK;
	return read_declaration(x, fault);
}

void
gw_xp_init(struct gw_xp *x, struct gw_span in)
{
	/* The arrays are left alone: their counts say what is in them. */
	x->in = in;
	x->pos = x->at = x->end = 0;
	x->name = x->ns = x->text = (struct gw_span){ NULL, 0 };
	x->depth = x->n_attrs = x->n_ns = 0;
	x->is_cdata = x->empty_pending = x->pop_pending = false;
	x->done = x->started = false;
}

/* One piece of markup or text; *found tells whether it is an event. */
static enum gw_err
read_piece(struct gw_xp *x, enum gw_xp_event *event, bool *found,
    struct gw_fault *fault)
{
	*found = true;
	if (x->in.p[x->pos] != '<') {
		*event = GW_XP_TEXT;
		*found = x->depth != 0;
		return read_text(x, fault);
	}
	uint8_t next = x->pos + 1 < x->in.len ? x->in.p[x->pos + 1] : '\0';
	if (next == '/') {
		*event = GW_XP_END;
		return read_end(x, fault);
	}
	x->at = x->pos;
	if (next == '!') {
		*event = GW_XP_TEXT;
		if (skip(x, GW_SPAN("<![CDATA[")))
			return read_cdata(x, fault);
		*found = false;
		if (skip(x, GW_SPAN("<!--")))
			return skip_comment(x, fault);
		return malformed(
		    fault, x->at, "DTD or other declaration, never read");
	}
	if (next == '?')
		return malformed(
		    fault, x->at, "processing instruction, never read");
	if (x->pos + 1 == x->in.len)
		return malformed(fault, x->in.len, EARLY);
	*event = GW_XP_START;
	return read_start(x, fault);
}

enum gw_err
gw_xp_next(struct gw_xp *x, enum gw_xp_event *event, struct gw_fault *fault)
{
	enum gw_err err = GW_OK;
	bool found = false;

	if (!x->started && (err = start(x, fault)) != GW_OK)
		return err;
	if (x->pop_pending)
		pop(x);
	x->n_attrs = 0;
	if (x->empty_pending) {
		x->empty_pending = false;
		x->pop_pending = true;
		*event = GW_XP_END;
		return GW_OK; /* name and place are those of its START */
	}
	while (err == GW_OK && !found) {
		if (x->pos < x->in.len) {
			err = read_piece(x, event, &found, fault);
		} else if (!x->done) {
			err = malformed(fault, x->in.len, EARLY);
		} else {
			x->at = x->end = x->pos;
			*event = GW_XP_EOF;
			found = true;
		}
	}
	return err;
}

const struct gw_xp_attr *
gw_xp_attr(const struct gw_xp *x, const char *name)
{
	struct gw_span want = gw_span_of(name);

	for (unsigned i = 0; i < x->n_attrs; i++)
		if (x->attrs[i].ns.len == 0 &&
		    gw_span_eq(x->attrs[i].name, want))
			return &x->attrs[i];
	return NULL;
}

static size_t
put_char(uint8_t *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (uint8_t)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	to[0] = (uint8_t)((0xf00u >> n & 0xff) | c >> (6 * (n - 1)));
	for (size_t i = 1; i < n; i++)
		to[i] = (uint8_t)(0x80 | (c >> (6 * (n - 1 - i)) & 0x3f));
	return n;
}

enum gw_err
gw_xp_unescape(struct gw_arena *a, struct gw_span raw, struct gw_span *out)
{
	size_t at = gw_span_find(raw, 0, '&'), from = 0, len = 0;
	uint8_t *to;

	if (at == raw.len) {
		*out = raw;
		return GW_OK;
	}
	/* A reference is never shorter than its character. */
	if ((to = gw_arena_bytes(a, raw.len)) == NULL)
		return GW_ENOMEM;
	while (at < raw.len) {
		size_t end = gw_span_find(raw, at, ';');
		uint32_t c = ref_char(gw_span_sub(raw, at + 1, end - at - 1));
		if (end == raw.len || c == 0)
			return GW_EMALFORMED;
		memcpy(to + len, raw.p + from, at - from);
		len += at - from;
		len += put_char(to + len, c);
		from = end + 1;
		at = gw_span_find(raw, from, '&');
	}
	if (from < raw.len)
		memcpy(to + len, raw.p + from, raw.len - from);
	len += raw.len - from;
	*out = (struct gw_span){ to, len };
	return GW_OK;
}
