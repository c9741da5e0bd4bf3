/*
 * test_krr_dialect.c: dialects from files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/krr/krr_code.h"
#include "support/tfile.h"
#include "support/tkrr.h"
#include "support/tpki.h"

#define SCHEMA	 GW_SOURCE_DIR "/conf/schema"
#define PAGE	 GW_SOURCE_DIR "/doc/man/dialect.5"
#define PAGE_MAX 65536

#define HEAD "<dialect xmlns='urn:mcxgw:dialect:1' id='x' namespace='urn:x' "
#define NEED                                                                   \
	"<element is='receiver-domains' name='L' item='D'/>"                   \
	"<element is='embedded' name='E'/>"
#define TAIL "</dialect>"

static struct gw_arena *arena;

static bool
parse(const char *text, struct krr_dialect *out, struct gw_diag *d)
{
	gw_arena_reset(arena);
	return krr_dialect_parse(
	    gw_span_of(text), "x.xml", SCHEMA, arena, out, d);
}

static void
assert_same(const struct krr_dialect *a, const struct krr_dialect *b)
{
	assert_true(gw_span_eq(a->id, b->id));
	assert_true(gw_span_eq(a->ns, b->ns));
	assert_true(gw_span_eq(a->root, b->root));
	assert_true(gw_span_eq(a->signed_root, b->signed_root));
	assert_true(gw_span_eq(a->id_attr, b->id_attr));
	assert_true(gw_span_eq(a->version_attr, b->version_attr));
	assert_true(gw_span_eq(a->version, b->version));
	assert_int_equal(a->skip_unknown, b->skip_unknown);
	assert_true(gw_span_eq(a->lookup->ns, b->lookup->ns));
	assert_true(gw_span_eq(a->lookup->root, b->lookup->root));
	assert_true(gw_span_eq(a->lookup->user, b->lookup->user));
	assert_true(gw_span_eq(a->lookup->domain, b->lookup->domain));
	assert_int_equal(a->n_fields, b->n_fields);
	for (size_t i = 0; i < a->n_fields; i++) {
		assert_int_equal(a->fields[i].is, b->fields[i].is);
		assert_true(gw_span_eq(a->fields[i].name, b->fields[i].name));
		assert_true(gw_span_eq(a->fields[i].item, b->fields[i].item));
	}
}

static void
the_shipped_file_is_what_is_built_in(void **state)
{
	struct gw_diag *d = gw_diag_new();
	struct krr_dialects *set =
	    krr_dialects_load(GW_SOURCE_DIR "/conf/dialects", SCHEMA, d);

	(void)state;
	assert_non_null(set);
	assert_int_equal(gw_diag_warnings(d), 0);
	assert_int_equal(set->n, 1);
	assert_ptr_not_equal(set->at, krr_dialects_builtin()->at);
	assert_same(set->at, krr_dialects_builtin()->at);
	krr_dialects_free(set);
	gw_diag_free(d);
}

static const struct {
	const char *text, *code;
	unsigned line;
} mistakes[] = {
	{ "<dialect xmlns='urn:mcxgw:dialect:1' id='-' "
	  "namespace='urn:x' root='R'><id name='I'/>" NEED TAIL,
	    "krr.dialect-id", 1 },
	{ "<dialect xmlns='urn:mcxgw:dialect:1' id='x' namespace='' "
	  "root='R'><id name='I'/>" NEED TAIL,
	    "krr.dialect-namespace", 1 },
	{ "<dialect xmlns='urn:mcxgw:dialect:1' id='x' namespace='a b' "
	  "root='R'><id name='I'/>" NEED TAIL,
	    "krr.dialect-namespace", 1 },
	{ "<dialect xmlns='urn:mcxgw:dialect:1' id='x' "
	  "namespace='http://www.w3.org/2000/09/xmldsig#' "
	  "root='R'><id name='I'/>" NEED TAIL,
	    "krr.dialect-namespace", 1 },
	{ HEAD "root='p:R'><id name='I'/>" NEED TAIL, "krr.dialect-name", 1 },
	{ HEAD "root=''><id name='I'/>" NEED TAIL, "krr.dialect-name", 1 },
	{ HEAD "root='R'>\n<id name='1'/>" NEED TAIL, "krr.dialect-name", 2 },
	{ HEAD "root='R'><id name='I'/>\n<element is='time' "
	       "name='a&lt;b'/>" NEED TAIL,
	    "krr.dialect-name", 2 },
	{ HEAD "root='R'><id name='I'/>\n"
	       "<version name='V' value=''/>" NEED TAIL,
	    "krr.dialect-version", 2 },
	{ HEAD "root='R'><id name='I'/>\n"
	       "<version name='V' value='1 0'/>" NEED TAIL,
	    "krr.dialect-version", 2 },
	{ HEAD "root='R'><id name='I'/>\n<id name='J'/>" NEED TAIL,
	    "krr.dialect-twice", 2 },
	{ HEAD "root='R'><id name='I'/>"
	       "<version name='I' value='1'/>" NEED TAIL,
	    "krr.dialect-twice", 1 },
	{ HEAD "root='R' signed-root='R'><id name='I'/>" NEED TAIL,
	    "krr.dialect-twice", 1 },
	{ HEAD "root='R'><id name='I'/>" NEED
	       "\n<element is='embedded' name='F'/>" TAIL,
	    "krr.dialect-twice", 2 },
	{ HEAD "root='R'><id name='I'/>" NEED
	       "\n<element is='time' name='E'/>" TAIL,
	    "krr.dialect-twice", 2 },
	{ HEAD "root='R'><id name='I'/>"
	       "<element is='receiver-domains' name='L' item='D'/>" TAIL,
	    "krr.dialect-missing", 1 },
	{ HEAD "root='R'><id name='I'/>"
	       "<element is='embedded' name='E'/>" TAIL,
	    "krr.dialect-missing", 1 },
	{ HEAD "root='R'><id name='I'/>" NEED
	       "\n<element is='time' name='T' item='U'/>" TAIL,
	    "krr.dialect-item", 2 },
	{ HEAD "root='R'><id name='I'/>\n<element is='receiver-domains' "
	       "name='L' item='L'/><element is='embedded' "
	       "name='E'/>" TAIL,
	    "krr.dialect-item", 2 },
	{ HEAD "root='R' unknown='ignore'><id name='I'/>"
	       "<element is='receiver-domains' name='L'/>"
	       "<element is='embedded' name='E'/>" TAIL,
	    "krr.dialect-unknown", 1 },
	{ HEAD "root='R' signed-root='S'>" NEED TAIL, "krr.dialect-no-id", 1 },
	{ HEAD "root='R'><id name='I'/>" NEED "\n<lookup root='p:L'/>" TAIL,
	    "krr.dialect-name", 2 },
	{ HEAD "root='R'><id name='I'/>" NEED "\n<lookup user=''/>" TAIL,
	    "krr.dialect-name", 2 },
	{ HEAD "root='R'><id name='I'/>" NEED "\n<lookup namespace=''/>" TAIL,
	    "krr.dialect-namespace", 2 },
	{ HEAD "root='R'><id name='I'/>" NEED "\n<lookup user='KmsUri'/>" TAIL,
	    "krr.dialect-twice", 2 },
	{ HEAD "root='R'><id name='I'/>" NEED "<lookup/>\n<lookup/>" TAIL,
	    "krr.dialect-twice", 2 },
};

static void
every_mistake_is_told_with_its_place(void **state)
{
	struct krr_dialect out;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(mistakes); i++) {
		struct gw_diag *d = gw_diag_new();
		if (parse(mistakes[i].text, &out, d))
			fail_msg("%s: read", mistakes[i].text);
		const struct gw_diag_entry *e = gw_diag_first(d);
		if (strcmp(e->code, mistakes[i].code) != 0)
			fail_msg(
			    "%s: %s: %s", mistakes[i].text, e->code, e->text);
		assert_int_equal(e->where.line, mistakes[i].line);
		assert_string_equal(e->where.file, "x.xml");
		assert_non_null(e->want);
		assert_int_equal(gw_diag_errors(d), 1);
		gw_diag_free(d);
	}
}

static void
names_of_a_lookup_can_be_corrected_one_by_one(void **state)
{
	struct gw_diag *d = gw_diag_new();
	struct krr_dialect out;

	(void)state;
	assert_true(parse(HEAD "root='R'><id name='I'/>" NEED TAIL, &out, d));
	assert_ptr_equal(out.lookup, &gw_lookup_names_3gpp);
	assert_true(parse(HEAD "root='R'><id name='I'/>" NEED
			       "<lookup namespace='urn:l' domain='Kms'/>" TAIL,
	    &out, d));
	assert_true(gw_span_eq(out.lookup->ns, GW_SPAN("urn:l")));
	assert_true(gw_span_eq(out.lookup->root, GW_SPAN("KmsLookup")));
	assert_true(gw_span_eq(out.lookup->user, GW_SPAN("UserUri")));
	assert_true(gw_span_eq(out.lookup->domain, GW_SPAN("Kms")));
	assert_true(gw_span_eq(out.ns, GW_SPAN("urn:x")));
	assert_int_equal(gw_diag_errors(d), 0);
	gw_diag_free(d);
}

static void
too_many_elements_are_told(void **state)
{
	char text[8192] = HEAD "root='R'><id name='I'/>" NEED, one[64];
	struct gw_diag *d = gw_diag_new();
	struct krr_dialect out;
	size_t len = strlen(text);

	(void)state;
	for (int i = 0; i < KRR_FIELDS_MAX; i++) {
		snprintf(
		    one, sizeof(one), "<element is='other' name='o%d'/>", i);
		memcpy(text + len, one, strlen(one) + 1);
		len += strlen(one);
	}
	memcpy(text + len, TAIL, sizeof(TAIL));
	assert_false(parse(text, &out, d));
	assert_string_equal(gw_diag_first(d)->code, "krr.dialect-too-many");
	gw_diag_free(d);
}

static void
form_and_meaning_are_judged_in_one_run(void **state)
{
	struct gw_diag *d = gw_diag_new();
	struct krr_dialect out;
	bool form = false, meaning = false;

	(void)state;
	assert_false(parse(
	    HEAD "root='R' colour='red'><id name='1'/>" NEED TAIL, &out, d));
	for (const struct gw_diag_entry *e = gw_diag_first(d); e != NULL;
	     e = e->next) {
		form = form || strncmp(e->code, "xml.", 4) == 0;
		meaning = meaning || strcmp(e->code, "krr.dialect-name") == 0;
	}
	assert_true(form && meaning);
	gw_diag_free(d);
}

static void
a_dialect_without_id_is_warned_of(void **state)
{
	struct gw_diag *d = gw_diag_new();
	struct krr_dialect out;

	(void)state;
	assert_true(parse(HEAD "root='R'>" NEED TAIL, &out, d));
	assert_int_equal(gw_diag_warnings(d), 1);
	assert_string_equal(gw_diag_first(d)->code, "krr.dialect-no-id");
	assert_int_equal(out.id_attr.len, 0);
	gw_diag_free(d);
}

/* Load a folder with one file besides the vendor's. */
static struct gw_diag *
load_with(const char *from, const char *to, size_t *n)
{
	struct gw_diag *d = gw_diag_new();

	tpki_run(
	    "rm -rf krr-dialects && mkdir krr-dialects && "
	    "cp %s/support/dialects/vendor.xml krr-dialects/a.xml && "
	    "sed 's/%s/%s/' <%s/conf/dialects/3gpp.xml >krr-dialects/b.xml",
	    GW_TESTS_DIR, from, to, GW_SOURCE_DIR);
	struct krr_dialects *set = krr_dialects_load("krr-dialects", SCHEMA, d);
	*n = set == NULL ? 0 : set->n;
	krr_dialects_free(set);
	tpki_run("rm -rf krr-dialects");
	return d;
}

static void
a_file_takes_the_place_of_the_built_in_dialect(void **state)
{
	size_t n;
	struct gw_diag *d = load_with("ProcessorUri", "Author", &n);

	(void)state;
	assert_int_equal(n, 2);
	gw_diag_free(d);
}

static void
two_dialects_are_told_apart(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
		/* the id of the vendor's, which case does not tell apart */
		{ "id=\"3gpp\"", "id=\"Vendor\"" },
		/* another id for the root of the built-in one */
		{ "id=\"3gpp\"", "id=\"other\"" },
		/* the vendor's signed root */
		{ "namespace=\"urn:3gpp:ns:mcsecKMSKRR:1.0\" root=\"Kms"
		  "RedirectResponse\"",
		    "namespace=\"urn:example:vendor:redirect:2\" "
		    "root=\"SignedRedirect\"" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		size_t n;
		struct gw_diag *d = load_with(rows[i].from, rows[i].to, &n);
		assert_int_equal(n, 0);
		assert_string_equal(gw_diag_first(d)->code, "krr.dialect-same");
		gw_diag_free(d);
	}
}

static void
too_many_dialects_are_told(void **state)
{
	struct gw_diag *d = gw_diag_new();

	(void)state;
	tpki_run("rm -rf krr-dialects && mkdir krr-dialects && for i in "
		 "$(seq %d); do sed \"s/3gpp:ns/$i/; s/id=.3gpp./id='d$i'/\" "
		 "<%s/conf/dialects/3gpp.xml >krr-dialects/$i.xml; done",
	    KRR_DIALECTS_MAX, GW_SOURCE_DIR);
	assert_null(krr_dialects_load("krr-dialects", SCHEMA, d));
	tpki_run("rm -rf krr-dialects");
	assert_int_equal(gw_diag_errors(d), 1);
	assert_string_equal(gw_diag_first(d)->code, "krr.dialect-too-many");
	gw_diag_free(d);
}

static void
a_folder_that_is_not_there_is_told(void **state)
{
	struct gw_diag *d = gw_diag_new();

	(void)state;
	assert_null(krr_dialects_load("no/such/folder", SCHEMA, d));
	assert_string_equal(gw_diag_first(d)->code, "krr.dialect-folder");
	gw_diag_free(d);
}

static void
without_a_folder_there_is_the_built_in_dialect(void **state)
{
	struct gw_diag *d = gw_diag_new();
	struct krr_dialects *set = krr_dialects_load(NULL, SCHEMA, d);

	(void)state;
	assert_non_null(set);
	assert_int_equal(set->n, 1);
	assert_same(set->at, krr_dialects_builtin()->at);
	assert_non_null(krr_dialect_find(set, GW_SPAN("3GPP")));
	assert_null(krr_dialect_find(set, GW_SPAN("vendor")));
	krr_dialects_free(set);
	gw_diag_free(d);
}

/* In the page, lines are filled: blanks compare as one. */
static bool
has(const char *page, const char *text)
{
	for (; *page != '\0'; page++) {
		const char *a = page, *b = text;
		while (*b != '\0' && (*a == *b || (*a == '\n' && *b == ' '))) {
			a++;
			b++;
		}
		if (*b == '\0')
			return true;
	}
	return false;
}

static void
the_manual_has_every_mistake_and_every_meaning(void **state)
{
	static char page[PAGE_MAX];
	char text[256];

	(void)state;
	page[tfile_read(PAGE, (uint8_t *)page, sizeof(page) - 1)] = '\0';
	for (size_t i = 0; i < KRR_CODE_N; i++) {
		snprintf(text, sizeof(text), "\n.It Cm %s", krr_codes[i].code);
		if (!has(page, text))
			fail_msg("no item %s", krr_codes[i].code);
		snprintf(text, sizeof(text), "Wanted: %s.", krr_codes[i].want);
		if (!has(page, text))
			fail_msg("the page lacks \"%s\"", text);
	}
	for (int i = 0; i < KRR_IS_N; i++) {
		snprintf(text, sizeof(text), "\n.It Li %s\n",
		    krr_is_word((enum krr_is)i));
		if (!has(page, text))
			fail_msg("no item %s", krr_is_word((enum krr_is)i));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shipped_file_is_what_is_built_in),
		cmocka_unit_test(every_mistake_is_told_with_its_place),
		cmocka_unit_test(names_of_a_lookup_can_be_corrected_one_by_one),
		cmocka_unit_test(too_many_elements_are_told),
		cmocka_unit_test(form_and_meaning_are_judged_in_one_run),
		cmocka_unit_test(a_dialect_without_id_is_warned_of),
		cmocka_unit_test(
		    a_file_takes_the_place_of_the_built_in_dialect),
		cmocka_unit_test(two_dialects_are_told_apart),
		cmocka_unit_test(too_many_dialects_are_told),
		cmocka_unit_test(a_folder_that_is_not_there_is_told),
		cmocka_unit_test(
		    without_a_folder_there_is_the_built_in_dialect),
		cmocka_unit_test(
		    the_manual_has_every_mistake_and_every_meaning),
	};

	arena = gw_arena_new(1u << 20);
	return arena == NULL ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
