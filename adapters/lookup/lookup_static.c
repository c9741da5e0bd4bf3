/*
 * lookup_static.c: a file that says which domains serve whom, as a table.
 *
 * Users and domains of users stand in one table: the form of a user begins
 * with its scheme and a colon, which no host name has.
 */
#include <stdio.h>

#include "adapters/lookup/lookup_build.h"
#include "adapters/lookup/lookup_user.h"
#include "mcxgw/siphash.h"
#include "mcxgw/xml.h"

#define PATH_LEN_MAX 4096
/* A file of GW_XML_FILE_MAX, each of its entries as an answer. */
#define ARENA_CAP ((size_t)128 << 20)

/* The table is filled by the operator, not by strangers; lookups of
 * strangers only read it. */
static const uint8_t hash_key[GW_SIPHASH_KEY_LEN] = "mcxgw.lookup.v1";

enum code {
#define LOOKUP_CODE(id, code, want) CODE_##id,
#include "adapters/lookup/lookup_code.def"
#undef LOOKUP_CODE
	CODE_N
};

static const struct {
	const char *code, *want;
} codes[CODE_N] = {
#define LOOKUP_CODE(id, code, want) [CODE_##id] = { code, want },
#include "adapters/lookup/lookup_code.def"
#undef LOOKUP_CODE
};

#define REPORT(l, at, id, ...)                                                 \
	gw_diag_error((l)->d, (at), codes[CODE_##id].code,                     \
	    codes[CODE_##id].want, __VA_ARGS__)

struct entry {
	struct gw_span key; /* empty: free */
	struct gw_lookup_answer answer;
};

struct gw_lookup_table {
	struct gw_arena *arena;
	size_t size; /* a power of two, at least twice the entries */
	struct entry **at;
};

struct loading {
	struct gw_lookup_table *t;
	struct gw_diag *d;
	struct lookup_build build;
};

static struct entry **
find_slot(const struct gw_lookup_table *t, struct gw_span key)
{
	size_t i = (size_t)gw_siphash(hash_key, key) & (t->size - 1);

	/* Half of the slots are free at least. */
	while (t->at[i] != NULL && !gw_span_eq(t->at[i]->key, key))
		i = (i + 1) & (t->size - 1);
	return &t->at[i];
}

static struct gw_span
attr(struct loading *l, const xmlNode *n, const char *name)
{
	return gw_span_of(gw_xml_attr(n, name, l->t->arena));
}

static void
report_kms(struct loading *l, const xmlNode *n, struct gw_span kms,
    enum gw_err err, const char *why)
{
	struct gw_where at = gw_xml_where(n);

	if (err == GW_ELIMIT)
		REPORT(l, &at, TOO_MANY, "%s", why);
	else if (err == GW_ENOMEM)
		REPORT(l, &at, MEMORY, "out of memory");
	else if (err != GW_OK)
		REPORT(l, &at, KMS, "kms=\"%.*s\": %s", GW_FMT(kms), why);
}

static void
read_external(struct loading *l, const xmlNode *n)
{
	struct gw_where at = gw_xml_where(n);
	struct gw_span kms = attr(l, n, "kms");
	size_t before = l->build.domain.n_external;
	const char *why;
	enum gw_err err = lookup_build_external(&l->build, kms, &why);

	if (err != GW_OK)
		report_kms(l, n, kms, err, why);
	else if (l->build.domain.n_external == before)
		REPORT(l, &at, TWICE, "external domain \"%.*s\" stands twice",
		    GW_FMT(kms));
}

static void
read_domain(struct loading *l, const xmlNode *n)
{
	struct gw_where at = gw_xml_where(n);
	struct gw_span kms = attr(l, n, "kms");
	const xmlNode *list = gw_xml_child(n, "external");
	const char *why;
	bool twice = false;
	enum gw_err err;

	lookup_build_begin(&l->build);
	err = lookup_build_kms(&l->build, kms, &why);
	l->build.domain.lists_external = list != NULL;
	if (list != NULL)
		for (const xmlNode *e = gw_xml_child(list, "domain"); e != NULL;
		     e = gw_xml_next(e, "domain"))
			read_external(l, e);
	if (err == GW_OK)
		err = lookup_build_end(&l->build, &twice, &why);
	if (err != GW_OK)
		report_kms(l, n, kms, err, why);
	else if (twice)
		REPORT(
		    l, &at, TWICE, "domain \"%.*s\" stands twice", GW_FMT(kms));
}

/* The key of an entry in u; false after a report. */
static bool
read_key(struct loading *l, const xmlNode *n, struct lookup_user *u)
{
	struct gw_where at = gw_xml_where(n);
	char text[sizeof("sip:-@") + GW_LOOKUP_USER_MAX];

	if (strcmp(gw_xml_name(n), "user") == 0) {
		struct gw_span uri = attr(l, n, "uri");
		if (lookup_user_read(uri, u) == GW_OK)
			return true;
		REPORT(l, &at, USER, "user uri=\"%.*s\"", GW_FMT(uri));
		return false;
	}
	struct gw_span name = attr(l, n, "name");
	int len = snprintf(text, sizeof(text), "sip:-@%.*s", GW_FMT(name));
	if (len > 0 && (size_t)len < sizeof(text) &&
	    lookup_user_read(gw_span_of(text), u) == GW_OK &&
	    u->host_len == name.len && u->host_at + name.len == u->len)
		return true;
	REPORT(l, &at, USER_DOMAIN, "user-domain name=\"%.*s\"", GW_FMT(name));
	return false;
}

static void
read_entry(struct loading *l, const xmlNode *n)
{
	struct gw_where at = gw_xml_where(n);
	bool is_user = strcmp(gw_xml_name(n), "user") == 0;
	struct lookup_user u;
	struct entry **slot, *e;

	lookup_build_init(&l->build, l->t->arena);
	for (const xmlNode *d = gw_xml_child(n, "domain"); d != NULL;
	     d = gw_xml_next(d, "domain"))
		read_domain(l, d);
	if (!read_key(l, n, &u))
		return;
	struct gw_span key =
	    is_user ? lookup_user_span(&u) :
		      gw_span_sub(lookup_user_span(&u), u.host_at, u.host_len);
	if (*(slot = find_slot(l->t, key)) != NULL) {
		REPORT(l, &at, TWICE, "%s \"%.*s\" stands twice",
		    gw_xml_name(n), GW_FMT(key));
		return;
	}
	e = gw_arena_alloc(l->t->arena, 1, sizeof(*e));
	if (e == NULL || !gw_arena_copy(l->t->arena, key, &e->key)) {
		REPORT(l, &at, MEMORY, "out of memory");
		return;
	}
	e->answer = l->build.answer;
	*slot = e;
}

static bool
make_slots(struct gw_lookup_table *t, const xmlNode *root)
{
	size_t n = 0;

	for (const xmlNode *e = gw_xml_child(root, NULL); e != NULL;
	     e = gw_xml_next(e, NULL))
		n++;
	for (t->size = 2; t->size < 2 * n; t->size *= 2)
		continue;
	t->at = gw_arena_alloc(t->arena, t->size, sizeof(*t->at));
	return t->at != NULL;
}

static void
read_file(struct loading *l, xmlDoc *doc, const char *path)
{
	struct gw_where at = { path, 0 };
	const xmlNode *root = gw_xml_root(doc);

	if (!make_slots(l->t, root)) {
		REPORT(l, &at, MEMORY, "out of memory");
		return;
	}
	for (const xmlNode *n = gw_xml_child(root, NULL); n != NULL;
	     n = gw_xml_next(n, NULL))
		read_entry(l, n);
	if (!gw_xml_ok(doc))
		REPORT(l, &at, MEMORY, "out of memory");
}

struct gw_lookup_table *
gw_lookup_table_load(
    const char *path, const char *schema_dir, struct gw_diag *d)
{
	struct gw_where at = { path, 0 };
	size_t errors = gw_diag_errors(d);
	char xsd[PATH_LEN_MAX];
	struct gw_arena *a = gw_arena_new(ARENA_CAP);
	struct loading l = { .d = d,
		.t = a == NULL ? NULL : gw_arena_alloc(a, 1, sizeof(*l.t)) };
	xmlDoc *doc;

	if (l.t == NULL) {
		REPORT(&l, &at, MEMORY, "out of memory");
		gw_arena_free(a);
		return NULL;
	}
	l.t->arena = a;
	snprintf(xsd, sizeof(xsd), "%s/lookup.xsd", schema_dir);
	if ((doc = gw_xml_load(path, xsd, d)) != NULL) {
		read_file(&l, doc, path);
		gw_xml_free(doc);
	}
	if (doc == NULL || gw_diag_errors(d) != errors) {
		gw_arena_free(a);
		return NULL;
	}
	return l.t;
}

void
gw_lookup_table_free(struct gw_lookup_table *t)
{
	if (t != NULL)
		gw_arena_free(t->arena);
}

const struct gw_lookup_answer *
gw_lookup_table_find(const struct gw_lookup_table *t, struct gw_span user)
{
	struct lookup_user u;
	struct entry *e;

	if (lookup_user_read(user, &u) != GW_OK)
		return NULL;
	if ((e = *find_slot(t, lookup_user_span(&u))) == NULL &&
	    u.host_len != 0)
		e = *find_slot(t,
		    gw_span_sub(lookup_user_span(&u), u.host_at, u.host_len));
	return e == NULL ? NULL : &e->answer;
}
