/*
 * test_services.c: what a snapshot knows of services, when their digests
 * change, and what a reload makes of a table that changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/snapshot.h"
#include "mcxgw/buf.h"
#include "net/netset.h"
#include "support/tpki.h"

#define SCHEMAS	 GW_SOURCE_DIR "/conf/schema"
#define TEXT_MAX 8192
#define PATH_LEN 256

/* Services by id. */
enum { ALPHA, BRAVO, BRAVO_KMS, SERVICES };

static const char config[] =
    "<mcxgw xmlns='urn:mcxgw:config:1' name='gw.border.example'>\n"
    "<tls id='border' certificate='pki/gateway.pem' key='pki/gateway.key' "
    "ca='pki/ca.pem'/>\n"
    "<tls id='web' certificate='pki/gateway.pem' key='pki/gateway.key' "
    "ca='pki/ca.pem'/>\n"
    "<listener id='a' transport='tcp' address='127.0.0.1' port='5060' "
    "system='alpha'/>\n"
    "<listener id='b' transport='tls' address='127.0.0.1' port='5061' "
    "tls='border' advertise='gw.border.example:5061'/>\n"
    "<redirect dialects='dialects'/><lookups ttl='300s'/>\n"
    "<system id='alpha' side='local'><domain name='a.example'/>\n"
    "<lookup adapter='static' file='users.xml' kms='kms.a.example'/>\n"
    "<next-hop address='127.0.0.1:5080' transport='tcp'/></system>\n"
    "<system id='bravo' side='partner'><domain name='b.example'/>\n"
    "<identity tls='gw.bravo.example'/><redirect dialect='b'/>\n"
    "<lookup adapter='kms' kms='kms.b.example' deadline='1s' "
    "token-file='pki/token'>\n"
    "<endpoint address='127.0.0.1:8190' tls='web' tls-name='l.b.example' "
    "priority='1' weight='1'/></lookup>\n"
    "<kms uri='kms.b.example' watch='1h'>\n"
    "<endpoint address='127.0.0.1:8191' tls='web'/></kms>\n"
    "<next-hop address='127.0.0.1:5091' transport='tls' tls='border'/>"
    "</system>\n"
    "<topology keys='pki/token.keys'/><policy agreements='agreements'/>\n"
    "</mcxgw>\n";

static const char agreement[] =
    "<agreement xmlns='urn:mcxgw:agreement:1' id='ab' serial='1' "
    "valid-from='2026-01-01T00:00:00Z' valid-until='2036-01-01T00:00:00Z'>\n"
    "<party system='alpha'><domain name='a.example'/>"
    "<security-domain kms='kms.a.example'/></party>\n"
    "<party system='bravo'><domain name='b.example'/>"
    "<security-domain kms='kms.b.example'/>\n"
    "<map kms='kms.inside' as='kms.b.example'/></party>\n"
    "</agreement>\n";

static const char users[] =
    "<lookup xmlns='urn:mcxgw:lookup:1'>\n"
    "<user uri='sip:anna@a.example'><domain kms='kms.a.example'/></user>\n"
    "</lookup>\n";

static const char dialect[] =
    "<dialect xmlns='urn:mcxgw:dialect:1' id='b' namespace='urn:b' "
    "root='Krr'>\n"
    "<element is='initiator-domain' name='I'/>"
    "<element is='refused-domain' name='R'/>"
    "<element is='receiver-domains' name='L' item='D'/>"
    "<element is='embedded' name='E'/><id name='Id'/>\n"
    "<lookup namespace='urn:l' root='A' user='B' domain='C'/>\n"
    "</dialect>\n";

enum file { CONFIG, AGREEMENT, USERS, DIALECT, FILES };
static const struct {
	const char *name, *text;
} files[FILES] = {
	[CONFIG] = { "mcxgw.xml", config },
	[AGREEMENT] = { "agreements/ab.xml", agreement },
	[USERS] = { "users.xml", users },
	[DIALECT] = { "dialects/b.xml", dialect },
};

static void
put(const char *dir, enum file file, const char *text)
{
	char path[PATH_LEN];

	snprintf(path, sizeof(path), "%s/%s", dir, files[file].name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

/* The file with the first `from` replaced. */
static void
change(const char *dir, enum file file, const char *from, const char *to)
{
	char text[TEXT_MAX];
	const char *doc = files[file].text, *hit = strstr(doc, from);

	if (hit == NULL)
		fail_msg("there is no \"%s\"", from);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(hit - doc), doc, to,
	    hit + strlen(from));
	put(dir, file, text);
}

static void
change_back(const char *dir)
{
	for (int i = 0; i < FILES; i++)
		put(dir, (enum file)i, files[i].text);
}

static struct snapshot *
load(const char *dir, const struct snapshot *old, struct gw_diag *d)
{
	char path[PATH_LEN];

	snprintf(path, sizeof(path), "%s/%s", dir, files[CONFIG].name);
	return snapshot_load(path, SCHEMAS, gw_now_read(), old, d);
}

static struct snapshot *
need(const char *dir, const struct snapshot *old)
{
	struct gw_diag *d = gw_diag_new();
	struct gw_buf b;

	struct snapshot *s = load(dir, old, d);
	if (s == NULL) {
		gw_buf_init(&b, 1u << 16);
		gw_diag_print(d, &b);
		fail_msg("%.*s", (int)b.len, (const char *)b.p);
	}
	gw_diag_free(d);
	return s;
}

static const struct gw_lookup_answer *
answer_of(const struct snapshot *s, const char *user)
{
	return gw_lookup_table_find(
	    s->services->at[ALPHA].table, gw_span_of(user));
}

static void
each_service_has_what_it_needs(void **state)
{
	struct snapshot *s = need(*state, NULL);

	assert_int_equal(s->services->n, SERVICES);
	for (size_t i = 0; i < SERVICES; i++) {
		const struct service *v = &s->services->at[i];
		assert_ptr_equal(v->conf, s->conf->services[i]);
		assert_int_equal(v->conf->id, i);
		assert_non_null(v->names);
		assert_int_equal(v->adapter == NULL, i == ALPHA);
		assert_int_equal(v->table != NULL, i == ALPHA);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(
			    v->digest, s->services->at[j].digest);
	}
	assert_string_equal(s->services->at[BRAVO].adapter->name, "kms");
	assert_ptr_equal(s->services->at[ALPHA].names, &gw_lookup_names_3gpp);
	assert_true(
	    gw_span_eq(s->services->at[BRAVO].names->user, GW_SPAN("B")));
	const struct gw_lookup_answer *a = answer_of(s, "sip:anna@a.example");
	assert_non_null(a);
	assert_int_equal(a->n_domains, 1);
	snapshot_unref(s);
}

static void
without_services_there_are_none(void **state)
{
	const char *dir = *state;

	tpki_run(
	    "sed -i '/<lookup adapter\\|<kms\\|<endpoint/d' %s/mcxgw.xml", dir);
	struct snapshot *s = need(dir, NULL);
	change_back(dir);
	assert_int_equal(s->services->n, 0);
	snapshot_unref(s);
}

#define BIT(id) (1u << (id))

/* What depends on a change, as a set of services. */
static const struct {
	enum file file;
	const char *from, *to;
	unsigned changed;
} rows[] = {
	{ CONFIG, "adapter='kms'", "adapter='domain-lookup'", BIT(BRAVO) },
	{ CONFIG, "adapter='kms'", "adapter='domain-lookup-json'", BIT(BRAVO) },
	{ CONFIG, "adapter='static' file='users.xml' kms='kms.a.example'/>",
	    "adapter='kms' kms='kms.a.example'>"
	    "<endpoint address='127.0.0.1:1'/></lookup>",
	    BIT(ALPHA) },
	{ CONFIG, " kms='kms.b.example'", "", BIT(BRAVO) },
	{ CONFIG, " kms='kms.b.example'", " kms='kms.b2.example'", BIT(BRAVO) },
	{ CONFIG, "deadline='1s'", "authority='l.b.example'", BIT(BRAVO) },
	{ CONFIG, "deadline='1s'", "prefix='/x'", BIT(BRAVO) },
	{ CONFIG, "127.0.0.1:8190", "127.0.0.2:8190", BIT(BRAVO) },
	{ CONFIG, "127.0.0.1:8190", "127.0.0.1:8189", BIT(BRAVO) },
	{ CONFIG, "127.0.0.1:8190' tls='web' tls-name='l.b.example'",
	    "127.0.0.1:8190'", BIT(BRAVO) },
	{ CONFIG, "tls-name='l.b.example'", "tls-name='m.b.example'",
	    BIT(BRAVO) },
	{ CONFIG, "</lookup>", "<endpoint address='127.0.0.1:1'/></lookup>",
	    BIT(BRAVO) },
	{ CONFIG, "127.0.0.1:8191", "127.0.0.1:8192", BIT(BRAVO_KMS) },
	{ CONFIG, "kms uri='kms.b.example'", "kms uri='kms.c.example'",
	    BIT(BRAVO_KMS) },
	{ AGREEMENT, "kms='kms.inside'", "kms='kms.other'",
	    BIT(BRAVO) | BIT(BRAVO_KMS) },
	{ AGREEMENT, "<map kms='kms.inside' as='kms.b.example'/>", "",
	    BIT(BRAVO) | BIT(BRAVO_KMS) },
	{ USERS, "kms.a.example", "kms.b.example", BIT(ALPHA) },
	{ USERS, "sip:anna@a.example", "sip:anne@a.example", BIT(ALPHA) },
	{ DIALECT, "'urn:l'", "'urn:m'", BIT(BRAVO) | BIT(BRAVO_KMS) },
	{ DIALECT, "root='A'", "root='D'", BIT(BRAVO) | BIT(BRAVO_KMS) },
	{ DIALECT, "user='B'", "user='D'", BIT(BRAVO) | BIT(BRAVO_KMS) },
	{ DIALECT, "domain='C'", "domain='D'", BIT(BRAVO) | BIT(BRAVO_KMS) },

	{ CONFIG, "deadline='1s'", "deadline='2s'", 0 },
	{ DIALECT, "name='I'", "name='J'", 0 },
	{ CONFIG, "token-file='pki/token'", "token-file='pki/token2'", 0 },
	{ CONFIG, "priority='1'", "priority='2'", 0 },
	{ CONFIG, "weight='1'", "weight='2'", 0 },
	{ CONFIG, "watch='1h'", "watch='2h'", 0 },
	{ CONFIG, "ttl='300s'", "ttl='299s'", 0 },
	{ CONFIG, "port='5060'", "port='5062'", 0 },
	{ AGREEMENT, "serial='1'", "serial='2'", 0 },
};

static void
digests_change_with_what_answers_depend_on(void **state)
{
	const char *dir = *state;
	struct snapshot *was = need(dir, NULL);

	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		unsigned changed = 0;
		change(dir, rows[i].file, rows[i].from, rows[i].to);
		struct snapshot *is = need(dir, was);
		change_back(dir);
		assert_int_equal(is->services->n, SERVICES);
		for (size_t j = 0; j < SERVICES; j++)
			changed |= is->services->at[j].digest !=
					   was->services->at[j].digest ?
				       BIT(j) :
				       0;
		if (changed != rows[i].changed)
			fail_msg("%s: %u changed, not %u", rows[i].to, changed,
			    rows[i].changed);
		snapshot_unref(is);
	}
	snapshot_unref(was);
}

/* A system that comes or goes moves the ids, not the digests. */
static void
digests_do_not_depend_on_ids(void **state)
{
	const char *dir = *state;
	struct snapshot *was = need(dir, NULL);

	change(dir, CONFIG, "<system id='alpha'",
	    "<system id='zulu' side='local'><domain name='z.example'/>"
	    "<lookup adapter='kms'><endpoint address='127.0.0.1:1'/></lookup>"
	    "<next-hop address='127.0.0.1:5089' transport='tls' tls='border'/>"
	    "<identity tls='z.example'/></system><system id='alpha'");
	struct snapshot *is = need(dir, was);
	change_back(dir);
	assert_int_equal(is->services->n, SERVICES + 1);
	for (size_t i = 0; i < SERVICES; i++)
		assert_int_equal(is->services->at[i + 1].digest,
		    was->services->at[i].digest);
	snapshot_unref(is);
	snapshot_unref(was);
}

static void
a_reload_reads_a_changed_table(void **state)
{
	const char *dir = *state, *anna = "sip:anna@a.example";
	struct snapshot *was = need(dir, NULL);

	change(dir, USERS, "kms.a.example", "kms.new.example");
	struct snapshot *is = need(dir, was);
	change_back(dir);
	assert_true(gw_span_eq(
	    answer_of(was, anna)->domains[0].kms, GW_SPAN("kms.a.example")));
	assert_true(gw_span_eq(
	    answer_of(is, anna)->domains[0].kms, GW_SPAN("kms.new.example")));
	/* What is in force does not live on what was. */
	snapshot_unref(was);
	assert_int_equal(answer_of(is, anna)->n_domains, 1);
	snapshot_unref(is);
}

static const struct gw_diag_entry *
find(const struct gw_diag *d, const char *code)
{
	const struct gw_diag_entry *e = gw_diag_first(d);

	while (e != NULL && strcmp(e->code, code) != 0)
		e = e->next;
	return e;
}

/* Does loading fail for that reason, in that line of that file? */
static void
fails(const char *dir, const char *code, enum file file, unsigned line)
{
	char path[PATH_LEN];
	struct gw_diag *d = gw_diag_new();

	snprintf(path, sizeof(path), "%s/%s", dir, files[file].name);
	assert_null(load(dir, NULL, d));
	const struct gw_diag_entry *e = find(d, code);
	if (e == NULL)
		fail_msg("want %s", code);
	assert_string_equal(e->where.file, path);
	assert_int_equal(e->where.line, line);
	assert_true(e->want != NULL && e->want[0] != '\0');
	gw_diag_free(d);
}

static void
an_adapter_that_there_is_not_is_told(void **state)
{
	static const char *const wrong[] = { "adapter='ldap'", "adapter='KMS'",
		"adapter='kms '" };

	for (size_t i = 0; i < GW_COUNT(wrong); i++) {
		change(*state, CONFIG, "adapter='kms'", wrong[i]);
		fails(*state, "lookup.adapter", CONFIG, 12);
	}
	change_back(*state);
}

static void
a_mistake_in_a_table_fails_the_snapshot(void **state)
{
	const char *dir = *state;
	struct gw_diag *d = gw_diag_new();

	change(dir, USERS, "<domain kms='kms.a.example'/>", "<domain/>");
	fails(dir, "xml.schema", USERS, 2);
	/* Together with those of other files. */
	change(dir, AGREEMENT, "serial='1'", "");
	change(dir, CONFIG, "adapter='kms'", "adapter='ldap'");
	assert_null(load(dir, NULL, d));
	assert_non_null(find(d, "xml.schema"));
	assert_non_null(find(d, "lookup.adapter"));
	assert_true(gw_diag_errors(d) >= 3);
	change_back(dir);
	gw_diag_free(d);
}

static void
what_only_http_uses_is_loaded_for_tls(void **state)
{
	struct snapshot *s = need(*state, NULL);
	struct gw_diag *d = gw_diag_new();

	assert_true(netset_attach(s, gw_now_read(), d));
	uint16_t web = s->services->at[BRAVO].conf->endpoints[0].tls;
	assert_string_equal(s->conf->tls[web].id, "web");
	assert_non_null(netset_of(s)->tls[web].client);
	assert_non_null(netset_of(s)->tls[web].server);
	gw_diag_free(d);
	snapshot_unref(s);
}

static int
set_up(void **state)
{
	char *dir = tpki_new();

	tpki_run("umask 077 && cd %s && mkdir dialects && cd pki && echo one "
		 ">token && echo two "
		 ">token2",
	    dir);
	change_back(dir);
	*state = dir;
	return 0;
}

static int
tear_down(void **state)
{
	tpki_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_service_has_what_it_needs),
		cmocka_unit_test(without_services_there_are_none),
		cmocka_unit_test(digests_change_with_what_answers_depend_on),
		cmocka_unit_test(digests_do_not_depend_on_ids),
		cmocka_unit_test(a_reload_reads_a_changed_table),
		cmocka_unit_test(an_adapter_that_there_is_not_is_told),
		cmocka_unit_test(a_mistake_in_a_table_fails_the_snapshot),
		cmocka_unit_test(what_only_http_uses_is_loaded_for_tls),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
