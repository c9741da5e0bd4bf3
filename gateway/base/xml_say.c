/*
 * xml_say.c: from libxml2's sentences to ours.
 */
#include "xml_say.h"

#include "mcxgw/buf.h"
#include "mcxgw/xml.h"

#define SAY_MAX	      900 /* octets of one text or remedy */
#define VALUE_MAX     120 /* octets shown of a value */
#define TYPE_BASE_MAX 8 /* steps from a type to its bases */

/* A message taken apart: Element 'E', attribute 'A': [facet 'F'] REST. */
struct message {
	struct gw_span element, attr, facet, rest;
	const xmlNode *node;
};

static struct gw_span
local_of(struct gw_span name)
{
	size_t at = gw_span_find(name, 0, '}');

	if (at == name.len)
		at = gw_span_find(name, 0, ':');
	return at == name.len ? name : gw_span_sub(name, at + 1, name.len);
}

/* Is prefix at the front of s?  Then take it off. */
static bool
skip(struct gw_span *s, struct gw_span prefix)
{
	if (!gw_span_eq(gw_span_sub(*s, 0, prefix.len), prefix))
		return false;
	*s = gw_span_sub(*s, prefix.len, s->len);
	return true;
}

/* What stands in s before the next mark; s goes on behind it. */
static struct gw_span
take_until(struct gw_span *s, struct gw_span mark)
{
	size_t at = gw_span_search(*s, mark);
	struct gw_span taken = gw_span_sub(*s, 0, at);

	*s = gw_span_sub(*s, at + mark.len, s->len);
	return taken;
}

static struct message
take_apart(const xmlError *err)
{
	struct message m = { .node = err->node };
	struct gw_span s = gw_span_trim(gw_span_of(err->message));

	if (skip(&s, GW_SPAN("Element '")))
		m.element = local_of(take_until(&s, GW_SPAN("'")));
	if (skip(&s, GW_SPAN(", attribute '")))
		m.attr = local_of(take_until(&s, GW_SPAN("'")));
	skip(&s, GW_SPAN(": "));
	if (skip(&s, GW_SPAN("[facet '")))
		m.facet = take_until(&s, GW_SPAN("'] "));
	m.rest = s;
	if (m.node != NULL && m.node->type == XML_ATTRIBUTE_NODE)
		m.node = m.node->parent;
	return m;
}

static bool
says(const struct message *m, struct gw_span part)
{
	return gw_span_search(m->rest, part) < m->rest.len;
}

/* The last run of m.rest between apostrophes: a bound, a pattern, a type. */
static struct gw_span
last_quoted(const struct message *m)
{
	size_t end = m->rest.len, at;

	while (end > 0 && m->rest.p[end - 1] != '\'')
		end--;
	if (end == 0)
		return (struct gw_span){ NULL, 0 };
	at = --end;
	while (at > 0 && m->rest.p[at - 1] != '\'')
		at--;
	return gw_span_sub(m->rest, at, end - at);
}

static void
add_cut(struct gw_buf *out, struct gw_span s)
{
	gw_buf_add(out, gw_span_sub(s, 0, VALUE_MAX));
	if (s.len > VALUE_MAX)
		gw_buf_text(out, "...");
}

/* Text without the {namespace} before names. */
static void
add_clean(struct gw_buf *out, struct gw_span s)
{
	for (size_t at = 0; at < s.len && out->len < SAY_MAX / 2; at++) {
		if (s.p[at] == '{' && at + 1 < s.len && s.p[at + 1] != '\'') {
			size_t end = gw_span_find(s, at, '}');
			if (end < s.len) {
				at = end;
				continue;
			}
		}
		gw_buf_add(out, gw_span_sub(s, at, 1));
	}
}

static void
add_place(struct gw_buf *out, const struct message *m)
{
	if (m->attr.len != 0) {
		gw_buf_text(out, "attribute \"");
		add_cut(out, m->attr);
		gw_buf_text(out, "\" of ");
	} else {
		gw_buf_text(out, "element ");
	}
	gw_buf_text(out, "<");
	add_cut(out, m->element);
	gw_buf_text(out, ">");
}

/* The place and the value that stands there. */
static void
add_value(struct gw_buf *out, const struct message *m)
{
	xmlChar *value = NULL;

	add_place(out, m);
	for (const xmlAttr *a = m->node == NULL ? NULL : m->node->properties;
	     a != NULL && m->attr.len != 0; a = a->next)
		if (gw_span_eq(gw_span_of((const char *)a->name), m->attr))
			value =
			    xmlNodeListGetString(m->node->doc, a->children, 1);
	if (m->attr.len == 0 && m->node != NULL)
		value = xmlNodeGetContent(m->node);
	gw_buf_text(out, " is \"");
	add_cut(out, gw_span_of((const char *)value));
	gw_buf_text(out, "\"");
	xmlFree(value);
}

/* "( {urn:a}b, {urn:a}c )." as "<b>, <c>". */
static void
add_elements(struct gw_buf *out, struct gw_span list)
{
	bool more = false;

	take_until(&list, GW_SPAN("( "));
	list = take_until(&list, GW_SPAN(" )"));
	while (list.len != 0 && out->len < SAY_MAX / 2) {
		struct gw_span name =
		    local_of(take_until(&list, GW_SPAN(", ")));
		gw_buf_text(out, more ? ", <" : "<");
		add_cut(out, name);
		gw_buf_text(out, ">");
		more = true;
	}
}

static void
want_elements(struct gw_buf *want, const struct message *m)
{
	struct gw_span list = m->rest;

	take_until(&list, GW_SPAN("Expected is "));
	if (list.len == 0) {
		gw_buf_text(want, "no element here");
		return;
	}
	if (skip(&list, GW_SPAN("one of ")))
		gw_buf_text(want, "one of ");
	add_elements(want, list);
	gw_buf_text(want, ", in the order of the schema");
}

/* "{'udp', 'tcp'}" as "udp, tcp". */
static void
want_enumeration(struct gw_buf *want, const struct message *m)
{
	struct gw_span list = m->rest;

	take_until(&list, GW_SPAN("of the set {'"));
	list = take_until(&list, GW_SPAN("'}"));
	gw_buf_text(want, "one of: ");
	for (bool more = false; list.len != 0 && want->len < SAY_MAX / 2;
	     more = true) {
		if (more)
			gw_buf_text(want, ", ");
		add_cut(want, take_until(&list, GW_SPAN("', '")));
	}
}

static void
want_facet(struct gw_buf *want, const struct message *m)
{
	static const struct {
		struct gw_span facet;
		const char *before, *after;
	} rows[] = {
		{ GW_LIT("pattern"), "text that matches ", "" },
		{ GW_LIT("minInclusive"), "at least ", "" },
		{ GW_LIT("maxInclusive"), "at most ", "" },
		{ GW_LIT("minExclusive"), "more than ", "" },
		{ GW_LIT("maxExclusive"), "less than ", "" },
		{ GW_LIT("length"), "a length of ", "" },
		{ GW_LIT("minLength"), "a length of at least ", "" },
		{ GW_LIT("maxLength"), "a length of at most ", "" },
		{ GW_LIT("totalDigits"), "at most ", " digits" },
		{ GW_LIT("fractionDigits"), "at most ",
		    " digits after the point" },
	};

	for (size_t i = 0; i < GW_COUNT(rows); i++)
		if (gw_span_eq(m->facet, rows[i].facet)) {
			gw_buf_text(want, rows[i].before);
			add_cut(want, last_quoted(m));
			gw_buf_text(want, rows[i].after);
		}
}

static void
want_type(struct gw_buf *want, const struct message *m)
{
	static const struct {
		struct gw_span type;
		const char *want;
	} rows[] = {
		{ GW_LIT("dateTime"),
		    "date, time and zone, as in 2026-01-01T00:00:00Z" },
		{ GW_LIT("boolean"), "true or false" },
		{ GW_LIT("nonNegativeInteger"), "a whole number from 0 on" },
		{ GW_LIT("positiveInteger"), "a whole number from 1 on" },
		{ GW_LIT("unsignedByte"), "a whole number from 0 to 255" },
		{ GW_LIT("unsignedShort"), "a whole number from 0 to 65535" },
		{ GW_LIT("unsignedInt"),
		    "a whole number from 0 to 4294967295" },
		{ GW_LIT("NCName"), "a name: letters, digits, - . _" },
		{ GW_LIT("base64Binary"), "base64" },
		{ GW_LIT("hexBinary"), "hexadecimal digits, an even number" },
	};
	struct gw_span type = local_of(last_quoted(m));

	for (size_t i = 0; i < GW_COUNT(rows); i++)
		if (gw_span_eq(type, rows[i].type)) {
			gw_buf_text(want, rows[i].want);
			return;
		}
	gw_buf_text(want, "a value of the type ");
	add_cut(want, type);
	gw_buf_text(want, " of the schema");
}

/* The complexType of that name at the top of the schema, or NULL. */
static const xmlNode *
find_type(const xmlNode *top, struct gw_span name)
{
	const xmlNode *n = gw_xml_child(top, NULL);

	for (; n != NULL; n = gw_xml_next(n, NULL)) {
		const xmlAttr *a = xmlHasProp(n, (const xmlChar *)"name");
		if (a != NULL && a->children != NULL &&
		    gw_span_eq(
			name, gw_span_of((const char *)a->children->content)))
			return n;
	}
	return NULL;
}

static struct gw_span
prop(const xmlNode *n, const char *name)
{
	const xmlAttr *a = xmlHasProp(n, (const xmlChar *)name);

	return gw_span_of(a == NULL || a->children == NULL ?
			      NULL :
			      (const char *)a->children->content);
}

/* The names of the attributes that type declares, its bases included. */
static void
add_attributes(struct gw_buf *out, const xmlNode *top, const xmlNode *type)
{
	for (unsigned i = 0; type != NULL && i < TYPE_BASE_MAX; i++) {
		const xmlNode *n = gw_xml_child(type, NULL), *next = NULL;
		struct gw_span base = { NULL, 0 };
		for (; n != NULL; n = gw_xml_next(n, NULL)) {
			struct gw_span name = local_of(prop(n, "name"));
			if (name.len == 0)
				name = local_of(prop(n, "ref"));
			if (strcmp(gw_xml_name(n), "attribute") == 0) {
				gw_buf_text(out, out->len == 0 ? "" : ", ");
				add_cut(out, name);
			} else if (strstr(gw_xml_name(n), "Content") != NULL ||
				   strcmp(gw_xml_name(n), "extension") == 0) {
				next = n; /* the declarations go on inside */
			}
		}
		base = local_of(prop(type, "base"));
		type = next != NULL  ? next :
		       base.len != 0 ? find_type(top, base) :
				       NULL;
	}
}

static void
want_attributes(
    struct gw_buf *want, const struct message *m, const xmlDoc *schema)
{
	const xmlNode *top = schema->children;
	struct gw_buf names;

	gw_buf_init(&names, SAY_MAX);
	while (top != NULL && top->type != XML_ELEMENT_NODE)
		top = top->next;
	for (const xmlNode *n = top; n != NULL;) {
		if (n->type == XML_ELEMENT_NODE &&
		    strcmp(gw_xml_name(n), "element") == 0 && names.len == 0 &&
		    gw_span_eq(prop(n, "name"), m->element)) {
			struct gw_span type = local_of(prop(n, "type"));
			add_attributes(&names, top,
			    type.len != 0 ? find_type(top, type) :
					    gw_xml_child(n, "complexType"));
		}
		if (n->children != NULL) {
			n = n->children;
			continue;
		}
		while (n != NULL && n->next == NULL)
			n = n->parent;
		n = n == NULL ? NULL : n->next;
	}
	if (names.len == 0) {
		gw_buf_text(want, "no such attribute");
	} else {
		gw_buf_text(want, "only: ");
		gw_buf_add(want, gw_buf_span(&names));
	}
	gw_buf_clear(&names);
}

/* Say it in out, and in want what should be. */
static void
say(struct gw_buf *out, struct gw_buf *want, struct message *m,
    const xmlDoc *schema)
{
	bool bad_type = says(m, GW_SPAN("is not a valid value of"));

	if (says(m, GW_SPAN("is required but missing"))) {
		m->attr = last_quoted(m);
		add_place(out, m);
		gw_buf_text(out, " is missing");
		gw_buf_add(want, m->attr);
		gw_buf_text(want, "=\"...\"");
	} else if (says(m, GW_SPAN("The attribute ")) &&
		   says(m, GW_SPAN("is not allowed"))) {
		add_place(out, m);
		gw_buf_text(out, " is not known");
		want_attributes(want, m, schema);
	} else if (says(m, GW_SPAN("This element is not expected"))) {
		add_place(out, m);
		gw_buf_text(out, " is not expected here");
		want_elements(want, m);
	} else if (says(m, GW_SPAN("Missing child element"))) {
		add_place(out, m);
		gw_buf_text(out, " ends too early");
		want_elements(want, m);
	} else if (gw_span_eq(m->facet, GW_SPAN("enumeration"))) {
		add_value(out, m);
		want_enumeration(want, m);
	} else if (m->facet.len != 0 || bad_type) {
		add_value(out, m);
		if (bad_type)
			want_type(want, m);
		else
			want_facet(want, m);
	} else {
		add_place(out, m);
		gw_buf_text(out, ": ");
		add_clean(out, m->rest);
	}
}

/* The remedy of the messages that carry no value of their own. */
static const char *
fixed_want(const struct message *m)
{
	static const struct {
		struct gw_span part;
		const char *want;
	} rows[] = {
		{ GW_LIT("No matching global"),
		    "the root element and namespace of the schema" },
		{ GW_LIT("Character content"), "elements only, no text" },
		{ GW_LIT("Duplicate key-sequence"),
		    "a value that no other element has" },
		{ GW_LIT("No match found for key"),
		    "the name of something that this file defines" },
		{ GW_LIT("Element content is not allowed"),
		    "text only, no elements" },
		{ GW_LIT("content is empty"), "nothing inside" },
		{ GW_LIT("content type is empty"), "nothing inside" },
	};

	for (size_t i = 0; i < GW_COUNT(rows); i++)
		if (says(m, rows[i].part))
			return rows[i].want;
	return "what the schema allows here";
}

/* Was the value at this place reported already, for a facet it broke? */
static bool
is_said(struct xml_say *s, const struct message *m)
{
	struct gw_span attr = gw_span_sub(m->attr, 0, sizeof(s->last_attr) - 1);
	bool same = s->last == m->node && m->node != NULL &&
		    gw_span_eq(attr, gw_span_of(s->last_attr));

	if (m->facet.len == 0)
		return same && says(m, GW_SPAN("is not a valid value of"));
	s->last = m->node;
	if (attr.len != 0)
		memcpy(s->last_attr, attr.p, attr.len);
	s->last_attr[attr.len] = '\0';
	return false;
}

void
xml_say_error(void *arg, xmlErrorPtr err)
{
	struct xml_say *s = arg;
	struct message m = take_apart(err);
	struct gw_where at = { NULL, 0 };
	struct gw_buf text, want;

	/* "Warning: No precomputed value": a follow-up of a bad value. */
	if (err->level < XML_ERR_ERROR || says(&m, GW_SPAN("Warning: ")) ||
	    is_said(s, &m))
		return;
	if (m.node != NULL)
		at = gw_xml_where(m.node);
	else
		at = (struct gw_where){ err->file,
			(unsigned)(err->line > 0 ? err->line : 0) };
	gw_buf_init(&text, SAY_MAX);
	gw_buf_init(&want, SAY_MAX);
	say(&text, &want, &m, s->schema);
	gw_buf_add(&want, (struct gw_span)GW_LIT("\0"));
	const char *remedy =
	    want.len > 1 ? (const char *)want.p : fixed_want(&m);
	gw_diag_error(s->d, &at, "xml.schema", remedy, "%.*s",
	    GW_FMT(gw_buf_span(&text)));
	gw_buf_clear(&want);
	gw_buf_clear(&text);
}
