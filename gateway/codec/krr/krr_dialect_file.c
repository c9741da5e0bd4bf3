/*
 * krr_dialect_file.c: the schema judges form, this file meaning.
 *
 * Where the schema objects, the document is read again without it, so that
 * one run shows mistakes of both kinds.
 */
#include "codec/krr/krr_dialect_file.h"

#include "codec/krr/krr_code.h"
#include "mcxgw/xml.h"

#define WORD_MAX     64
#define NAME_MAX_LEN 128
#define NS_LEN_MAX   255

struct reader {
	struct gw_arena *a;
	struct gw_diag *d;
	struct krr_dialect *out;
	unsigned seen; /* meanings, by bit */
};

static bool
is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Made of letters, digits, '.', '_' and '-'. */
static bool
is_word(struct gw_span s, size_t max)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_alnum(s.p[i]) && s.p[i] != '.' && s.p[i] != '_' &&
		    s.p[i] != '-')
			return false;
	return s.len > 0 && s.len <= max;
}

static bool
is_name(struct gw_span s)
{
	return is_word(s, NAME_MAX_LEN) &&
	       (s.p[0] == '_' || (is_alnum(s.p[0]) && s.p[0] > '9'));
}

/* An attribute, or empty where it is not there. */
static struct gw_span
attr(struct reader *r, const xmlNode *n, const char *name)
{
	return gw_span_of(gw_xml_attr(n, name, r->a));
}

/* The name of an element or attribute; absent ones are the schema's. */
static struct gw_span
read_name(struct reader *r, const xmlNode *n, const char *attribute)
{
	const char *text = gw_xml_attr(n, attribute, r->a);
	struct gw_where at = gw_xml_where(n);

	if (text != NULL && !is_name(gw_span_of(text)))
		KRR_ERROR(r->d, &at, NAME, "%s %s=\"%s\" is no name",
		    gw_xml_name(n), attribute, text);
	return gw_span_of(text);
}

static bool
is_taken(const struct reader *r, struct gw_span name)
{
	const struct krr_dialect *d = r->out;

	for (size_t i = 0; i < d->n_fields; i++)
		if (gw_span_eq(d->fields[i].name, name))
			return true;
	return false;
}

/* KRR_IS_N with a report of nothing: the schema has said it. */
static enum krr_is
read_is(struct reader *r, const xmlNode *n)
{
	struct gw_span word = attr(r, n, "is");

	for (int i = 0; i < KRR_IS_N; i++)
		if (gw_span_eq(word, gw_span_of(krr_is_word((enum krr_is)i))))
			return (enum krr_is)i;
	return KRR_IS_N;
}

static void
check_item(struct reader *r, const xmlNode *n, const struct krr_field *f)
{
	struct gw_where at = gw_xml_where(n);

	if (f->item.len != 0 && f->is != KRR_IS_RECEIVER_DOMAINS)
		KRR_ERROR(r->d, &at, ITEM,
		    "item=\"%.*s\" on an element that is %s", GW_FMT(f->item),
		    krr_is_word(f->is));
	else if (f->item.len != 0 && gw_span_eq(f->item, f->name))
		KRR_ERROR(r->d, &at, ITEM, "item=\"%.*s\" is the name too",
		    GW_FMT(f->item));
}

static void
read_element(struct reader *r, const xmlNode *n)
{
	struct gw_where at = gw_xml_where(n);
	struct krr_field f = { .is = read_is(r, n),
		.required = gw_span_eq(attr(r, n, "required"), GW_SPAN("yes")),
		.name = read_name(r, n, "name"),
		.item = read_name(r, n, "item") };

	if (f.is == KRR_IS_N || f.name.len == 0)
		return;
	if (r->out->n_fields == KRR_FIELDS_MAX) {
		KRR_ERROR(r->d, &at, TOO_MANY, "more than %d elements",
		    KRR_FIELDS_MAX);
		return;
	}
	if (f.is != KRR_IS_OTHER && (r->seen & 1u << f.is) != 0)
		KRR_ERROR(r->d, &at, TWICE, "is=\"%s\" stands twice",
		    krr_is_word(f.is));
	if (is_taken(r, f.name))
		KRR_ERROR(r->d, &at, TWICE, "name=\"%.*s\" stands twice",
		    GW_FMT(f.name));
	check_item(r, n, &f);
	r->seen |= 1u << f.is;
	r->out->fields[r->out->n_fields++] = f;
}

static void
read_only(struct reader *r, const xmlNode *n, struct gw_span *name)
{
	struct gw_where at = gw_xml_where(n);

	if (name->len != 0)
		KRR_ERROR(r->d, &at, TWICE, "%s stands twice", gw_xml_name(n));
	*name = read_name(r, n, "name");
}

static bool
is_visible(struct gw_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '&' ||
		    s.p[i] == '<' || s.p[i] == '"')
			return false;
	return true;
}

static void
read_version(struct reader *r, const xmlNode *n)
{
	struct gw_where at = gw_xml_where(n);
	const char *value = gw_xml_attr(n, "value", r->a);

	read_only(r, n, &r->out->version_attr);
	r->out->version = gw_span_of(value);
	if (value != NULL &&
	    (r->out->version.len == 0 || r->out->version.len > WORD_MAX ||
		!is_visible(r->out->version)))
		KRR_ERROR(r->d, &at, VERSION, "version value=\"%s\"", value);
}

/* Set *ns to what namespace= says; absent ones are the schema's. */
static void
read_namespace(struct reader *r, const xmlNode *n, struct gw_span *ns)
{
	/* Those of XML and of signatures mean something else. */
	static const struct gw_span never[] = {
		GW_LIT("http://www.w3.org/2000/09/xmldsig#"),
		GW_LIT("http://www.w3.org/XML/1998/namespace"),
		GW_LIT("http://www.w3.org/2000/xmlns/"),
	};
	struct gw_where at = gw_xml_where(n);
	const char *text = gw_xml_attr(n, "namespace", r->a);
	bool good = text != NULL && text[0] != '\0';

	if (text == NULL)
		return;
	*ns = gw_span_of(text);
	for (size_t i = 0; i < GW_COUNT(never); i++)
		good = good && !gw_span_eq(*ns, never[i]);
	if (!good || ns->len > NS_LEN_MAX || !is_visible(*ns))
		KRR_ERROR(r->d, &at, NAMESPACE, "namespace=\"%s\"", text);
}

/* Names that are not told stay those that are built in. */
static void
read_lookup(struct reader *r, const xmlNode *n)
{
	struct gw_where at = gw_xml_where(n);
	struct gw_lookup_names *names = gw_arena_alloc(r->a, 1, sizeof(*names));
	struct gw_span text;

	if (names == NULL) {
		KRR_ERROR(r->d, &at, MEMORY, "out of memory");
		return;
	}
	if (r->out->lookup != &gw_lookup_names_3gpp)
		KRR_ERROR(r->d, &at, TWICE, "lookup stands twice");
	*names = gw_lookup_names_3gpp;
	read_namespace(r, n, &names->ns);
	if ((text = read_name(r, n, "root")).len != 0)
		names->root = text;
	if ((text = read_name(r, n, "user")).len != 0)
		names->user = text;
	if ((text = read_name(r, n, "domain")).len != 0)
		names->domain = text;
	if (gw_span_eq(names->user, names->domain))
		KRR_ERROR(r->d, &at, TWICE,
		    "user and domain of lookup are both \"%.*s\"",
		    GW_FMT(names->user));
	r->out->lookup = names;
}

static void
check_whole(struct reader *r, const xmlNode *root)
{
	const unsigned need =
	    1u << KRR_IS_RECEIVER_DOMAINS | 1u << KRR_IS_EMBEDDED;
	const struct krr_dialect *d = r->out;
	struct gw_where at = gw_xml_where(root);

	for (int i = 0; i < KRR_IS_N; i++)
		if ((need & ~r->seen & 1u << i) != 0)
			KRR_ERROR(r->d, &at, MISSING,
			    "there is no element that is %s",
			    krr_is_word((enum krr_is)i));
	for (size_t i = 0; i < d->n_fields; i++)
		if (d->fields[i].is == KRR_IS_RECEIVER_DOMAINS &&
		    d->fields[i].item.len == 0 && d->skip_unknown)
			KRR_ERROR(r->d, &at, UNKNOWN,
			    "unknown=\"ignore\" with domains that have no "
			    "list around them");
	if (d->id_attr.len == 0 && d->signed_root.len != 0)
		KRR_ERROR(r->d, &at, NO_ID,
		    "signed-root= needs an Id that the signature refers to");
	else if (d->id_attr.len == 0)
		KRR_WARNING(r->d, &at, NO_ID, "there is no id element");
	if (d->id_attr.len != 0 && gw_span_eq(d->id_attr, d->version_attr))
		KRR_ERROR(r->d, &at, TWICE, "id and version have one name");
	if (d->signed_root.len != 0 && gw_span_eq(d->signed_root, d->root))
		KRR_ERROR(r->d, &at, TWICE, "root and signed-root are one");
}

static void
read_root(struct reader *r, const xmlNode *root)
{
	struct gw_where at = gw_xml_where(root);
	const char *id = gw_xml_attr(root, "id", r->a);

	r->out->id = gw_span_of(id);
	if (id != NULL &&
	    (!is_word(r->out->id, WORD_MAX) || !is_alnum(r->out->id.p[0])))
		KRR_ERROR(r->d, &at, ID, "dialect id=\"%s\"", id);
	read_namespace(r, root, &r->out->ns);
	r->out->root = read_name(r, root, "root");
	r->out->signed_root = read_name(r, root, "signed-root");
	r->out->skip_unknown =
	    gw_span_eq(attr(r, root, "unknown"), GW_SPAN("ignore"));
	for (const xmlNode *n = gw_xml_child(root, NULL); n != NULL;
	     n = gw_xml_next(n, NULL)) {
		const char *name = gw_xml_name(n);
		if (strcmp(name, "element") == 0)
			read_element(r, n);
		else if (strcmp(name, "id") == 0)
			read_only(r, n, &r->out->id_attr);
		else if (strcmp(name, "version") == 0)
			read_version(r, n);
		else if (strcmp(name, "lookup") == 0)
			read_lookup(r, n);
	}
	check_whole(r, root);
}

static bool
read_source(const struct gw_xml_source *src, const char *schema_dir,
    struct gw_arena *a, struct krr_dialect *out, struct gw_diag *d)
{
	struct krr_dialect dialect = { .lookup = &gw_lookup_names_3gpp };
	struct reader r = { .a = a, .d = d, .out = &dialect };
	struct gw_where at = { src->path, 0 };
	size_t errors = gw_diag_errors(d);
	xmlDoc *doc = gw_xml_open(src, schema_dir, "dialect.xsd", d);

	if (doc == NULL)
		return false;
	if (strcmp(gw_xml_name(gw_xml_root(doc)), "dialect") == 0)
		read_root(&r, gw_xml_root(doc));
	if (!gw_xml_ok(doc))
		KRR_ERROR(d, &at, MEMORY, "out of memory");
	gw_xml_free(doc);
	if (gw_diag_errors(d) != errors)
		return false;
	*out = dialect;
	return true;
}

bool
krr_dialect_load(const char *path, const char *schema_dir, struct gw_arena *a,
    struct krr_dialect *out, struct gw_diag *d)
{
	return read_source(
	    &(struct gw_xml_source){ path, NULL }, schema_dir, a, out, d);
}

bool
krr_dialect_parse(struct gw_span text, const char *name, const char *schema_dir,
    struct gw_arena *a, struct krr_dialect *out, struct gw_diag *d)
{
	return read_source(
	    &(struct gw_xml_source){ name, &text }, schema_dir, a, out, d);
}
