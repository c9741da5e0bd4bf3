/*
 * test_lookup_static.c: a file of lookups.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "mcxgw/diag.h"
#include "mcxgw/lookup.h"
#include "support/tfile.h"

#define SCHEMA	 GW_SOURCE_DIR "/conf/schema"
#define PAGE	 GW_SOURCE_DIR "/doc/man/domain-lookup.5"
#define PAGE_MAX 65536

#define HEAD "<lookup xmlns='urn:mcxgw:lookup:1'>\n"
#define TAIL "</lookup>"
#define BOB  "<user uri='sip:bob@b.example'>"

static struct gw_diag *diag;

static int
start(void **state)
{
	(void)state;
	diag = gw_diag_new();
	return diag == NULL;
}

static int
stop(void **state)
{
	(void)state;
	gw_diag_free(diag);
	return 0;
}

/* The table of a text, by way of a file. */
static struct gw_lookup_table *
load(const char *text)
{
	char path[] = "/tmp/test_lookup_static.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	struct gw_lookup_table *t = gw_lookup_table_load(path, SCHEMA, diag);
	unlink(path);
	return t;
}

static void
assert_kms(const struct gw_lookup_answer *a, size_t i, const char *kms)
{
	assert_true(gw_span_eq(a->domains[i].kms, gw_span_of(kms)));
}

static const struct gw_lookup_answer *
find(const struct gw_lookup_table *t, const char *user)
{
	return gw_lookup_table_find(t, gw_span_of(user));
}

static void
a_user_comes_before_its_domain(void **state)
{
	struct gw_lookup_table *t = load(HEAD
	    "<user-domain name='B.example'><domain kms='kms.b'/></user-domain>"
	    "<user uri='sips:%62ob@B.EXAMPLE;x=y'>"
	    "<domain kms='kms.tac'><external/></domain>"
	    "<domain kms='kms.b'><external><domain kms='kms.a'/>"
	    "<domain kms='kms.c'/></external></domain></user>"
	    "<user uri='sip:nobody@b.example'/>"
	    "<user uri='tel:+358-9-1'><domain kms='kms.t'/></user>" TAIL);
	const struct gw_lookup_answer *a;

	(void)state;
	assert_non_null(t);
	assert_int_equal(gw_diag_errors(diag), 0);
	a = find(t, "sip:bob@b.example:5060");
	assert_non_null(a);
	assert_int_equal(a->n_domains, 2);
	assert_int_equal(a->ttl_ms, 0);
	assert_kms(a, 0, "kms.tac");
	assert_true(a->domains[0].lists_external);
	assert_int_equal(a->domains[0].n_external, 0);
	assert_kms(a, 1, "kms.b");
	assert_int_equal(a->domains[1].n_external, 2);
	assert_true(gw_span_eq(a->domains[1].external[1], GW_SPAN("kms.c")));

	a = find(t, "sip:Bob@b.example"); /* another user of that domain */
	assert_non_null(a);
	assert_int_equal(a->n_domains, 1);
	assert_kms(a, 0, "kms.b");
	assert_false(a->domains[0].lists_external);
	assert_ptr_equal(find(t, "sip:eve@B.example:5070"), a);

	assert_int_equal(find(t, "sip:nobody@b.example")->n_domains, 0);
	assert_kms(find(t, "tel:+35891"), 0, "kms.t");
	assert_null(find(t, "tel:35891"));
	assert_null(find(t, "sip:bob@c.example"));
	assert_null(find(t, "b.example"));
	assert_null(find(t, ""));
	gw_lookup_table_free(t);
}

static void
a_file_may_be_empty_or_large(void **state)
{
	static char text[1 << 20];
	char user[64];
	size_t n = 0;
	struct gw_lookup_table *t = load(HEAD TAIL);

	(void)state;
	assert_non_null(t);
	assert_null(find(t, "sip:bob@b.example"));
	gw_lookup_table_free(t);

	n += (size_t)snprintf(text, sizeof(text), HEAD);
	for (unsigned i = 0; i < 5000; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "<user uri='sip:u%u@b.example'><domain kms='k%u'/></user>",
		    i, i % 7);
	snprintf(text + n, sizeof(text) - n, TAIL);
	t = load(text);
	assert_non_null(t);
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(user, sizeof(user), "sip:u%u@b.example", i);
		assert_int_equal(find(t, user)->n_domains, 1);
	}
	assert_kms(find(t, "sip:u4999@b.example"), 0, "k1");
	assert_null(find(t, "sip:u5000@b.example"));
	gw_lookup_table_free(t);
}

static void
every_mistake_has_its_line_and_code(void **state)
{
	static const struct {
		const char *text, *code;
		unsigned line;
	} rows[] = {
		{ HEAD "<user uri='bob'/>" TAIL, "lookup.user", 2 },
		{ HEAD "<user uri=''/>" TAIL, "lookup.user", 2 },
		{ HEAD "<user-domain name='b..c'/>" TAIL, "lookup.user-domain",
		    2 },
		{ HEAD "<user-domain name=''/>" TAIL, "lookup.user-domain", 2 },
		{ HEAD "<user-domain name='b.example:5060'/>" TAIL,
		    "lookup.user-domain", 2 },
		{ HEAD "<user-domain name='b;x=y'/>" TAIL, "lookup.user-domain",
		    2 },
		{ HEAD "<user-domain name='x@b'/>" TAIL, "lookup.user-domain",
		    2 },
		{ HEAD BOB "\n<domain kms=''/></user>" TAIL, "lookup.kms", 3 },
		{ HEAD BOB "\n<domain kms='a b'/></user>" TAIL, "lookup.kms",
		    3 },
		{ HEAD BOB "<domain kms='a'><external>\n<domain kms='&lt;'/>"
			   "</external></domain></user>" TAIL,
		    "lookup.kms", 3 },
		{ HEAD BOB "<domain kms='a'/>\n<domain kms='A'/></user>" TAIL,
		    "lookup.twice", 3 },
		{ HEAD BOB "<domain kms='a'><external><domain kms='b'/>\n"
			   "<domain kms='B'/></external></domain></user>" TAIL,
		    "lookup.twice", 3 },
		{ HEAD BOB "</user>\n<user uri='sips:bob@B.example'/>" TAIL,
		    "lookup.twice", 3 },
		{ HEAD "<user-domain name='b'/>\n<user-domain name='B'/>" TAIL,
		    "lookup.twice", 3 },
		{ HEAD "<user/>" TAIL, "xml.schema", 2 },
		{ HEAD "<other/>" TAIL, "xml.schema", 2 },
		{ "<lookup xmlns='urn:mcxgw:lookup:2'/>", "xml.schema", 1 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		gw_diag_free(diag);
		diag = gw_diag_new();
		assert_null(load(rows[i].text));
		const struct gw_diag_entry *e = gw_diag_first(diag);
		assert_non_null(e);
		if (strcmp(rows[i].code, "xml.schema") != 0)
			assert_string_equal(e->code, rows[i].code);
		assert_int_equal(e->where.line, rows[i].line);
		assert_non_null(e->want);
	}
	gw_diag_free(diag);
	diag = gw_diag_new();
	assert_null(gw_lookup_table_load("/nowhere/x.xml", SCHEMA, diag));
	assert_int_equal(gw_diag_errors(diag), 1);
	gw_lookup_table_free(NULL);
}

static void
too_many_domains_are_refused(void **state)
{
	static char text[16384];

	(void)state;
	for (unsigned extra = 0; extra < 2; extra++) {
		size_t n = (size_t)snprintf(text, sizeof(text), HEAD BOB);
		for (unsigned i = 0; i < GW_LOOKUP_DOMAINS_MAX + extra; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "<domain kms='k%u'/>", i);
		snprintf(text + n, sizeof(text) - n, "</user>" TAIL);
		gw_diag_free(diag);
		diag = gw_diag_new();
		struct gw_lookup_table *t = load(text);
		assert_int_equal(t == NULL, extra);
		if (t == NULL)
			assert_string_equal(
			    gw_diag_first(diag)->code, "lookup.too-many");
		gw_lookup_table_free(t);
	}
}

static void
the_manual_has_every_code_and_what_is_wanted(void **state)
{
	static const char *const codes[][2] = {
#define LOOKUP_CODE(id, code, want) { code, want },
#include "adapters/lookup/lookup_code.def"
#undef LOOKUP_CODE
	};
	static char page[PAGE_MAX];
	char item[128];

	(void)state;
	size_t n = tfile_read(PAGE, (uint8_t *)page, sizeof(page) - 1);
	page[n] = '\0';
	for (size_t i = 0; i < n; i++)
		page[i] = page[i] == '\n' ? ' ' : page[i];
	for (size_t i = 0; i < GW_COUNT(codes); i++) {
		snprintf(item, sizeof(item), ".It Cm %s ", codes[i][0]);
		const char *at = strstr(page, item);
		assert_non_null(at);
		const char *want = strstr(at, "Wanted: ");
		assert_non_null(want);
		assert_memory_equal(want + 8, codes[i][1], strlen(codes[i][1]));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_comes_before_its_domain),
		cmocka_unit_test(a_file_may_be_empty_or_large),
		cmocka_unit_test(every_mistake_has_its_line_and_code),
		cmocka_unit_test(too_many_domains_are_refused),
		cmocka_unit_test(the_manual_has_every_code_and_what_is_wanted),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
