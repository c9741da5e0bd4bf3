/*
 * test_conf.c: mcxgw.xml: what loads, and how each mistake is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "mcxgw/buf.h"
#include "support/tpki.h"

#define SCHEMAS	 GW_SOURCE_DIR "/conf/schema"
#define DOC_MAX	 (4u << 20)
#define TEXT_MAX 8192

/* One element a line, so that lines can be told. */
static const char base[] =
    "<mcxgw xmlns='urn:mcxgw:config:1' name='gw.border.example'>\n"
    "<run workers='auto'/><log level='info'/>\n"
    "<tls id='border' certificate='pki/gateway.pem' key='pki/gateway.key' "
    "ca='pki/ca.pem' crl='pki/ca.crl'/>\n"
    "<listener id='a-udp' transport='udp' address='127.0.0.1' port='5060' "
    "system='alpha'/>\n"
    "<listener id='a-tcp' transport='tcp' address='127.0.0.1' port='5060' "
    "system='alpha'/>\n"
    "<listener id='b' transport='tls' address='127.0.0.1' port='5061' "
    "tls='border' advertise='gw.border.example:5061'/>\n"
    "<system id='alpha' side='local'>\n"
    "<domain name='mcptt.alpha.example'/>\n"
    "<next-hop address='127.0.0.1:5080' transport='udp'/>\n"
    "<reach address='127.0.0.0/8' ports='5080-5089'/>\n"
    "<health options='10s'/></system>\n"
    "<system id='bravo' side='partner' krr='no'>\n"
    "<domain name='mcptt.bravo.example'/>\n"
    "<identity tls='GW.bravo.example'/>\n"
    "<next-hop address='127.0.0.1:5091' transport='tls' tls='border' "
    "tls-name='gw.bravo.example'/>\n"
    "</system>\n"
    "<topology keys='pki/token.keys'/>\n"
    "<policy file='policy.xml' agreements='agreements'/>\n"
    "<limits message='65536'/>\n"
    "<admin port='9464'/>\n"
    "<control socket='mcxgw.ctl'/>\n"
    "</mcxgw>\n";

struct loaded {
	struct gw_diag *d;
	struct conf *c;
	char path[256];
};

static void
load(struct loaded *l, const char *dir, const char *text)
{
	snprintf(l->path, sizeof(l->path), "%s/mcxgw.xml", dir);
	l->d = gw_diag_new();
	assert_non_null(l->d);
	l->c =
	    conf_parse(gw_span_of(text), l->path, SCHEMAS, gw_now_read(), l->d);
}

static void
unload(struct loaded *l)
{
	conf_free(l->c);
	gw_diag_free(l->d);
}

static void
print(const struct gw_diag *d)
{
	struct gw_buf b;

	gw_buf_init(&b, 1u << 20);
	gw_diag_print(d, &b);
	print_message("%.*s\n", (int)b.len, (const char *)b.p);
	gw_buf_clear(&b);
}

/* base with the first `from` replaced; the line in which `to` ends. */
static unsigned
change(const char *doc, const char *from, const char *to, char out[TEXT_MAX])
{
	const char *hit = strstr(doc, from);
	unsigned line = 1;

	assert_non_null(hit);
	size_t before = (size_t)(hit - doc);
	int n = snprintf(out, TEXT_MAX, "%.*s%s%s", (int)before, doc, to,
	    hit + strlen(from));
	assert_true(n > 0 && n < TEXT_MAX);
	for (size_t i = 0; i < before + strlen(to); i++)
		line += out[i] == '\n';
	return line;
}

static const struct gw_diag_entry *
find(const struct gw_diag *d, const char *code)
{
	const struct gw_diag_entry *e = gw_diag_first(d);

	while (e != NULL && strcmp(e->code, code) != 0)
		e = e->next;
	return e;
}

static void
the_shipped_example_loads(void **state)
{
	const char *dir = *state;
	char path[256];
	struct gw_diag *d = gw_diag_new();

	snprintf(path, sizeof(path), "%s/mcxgw.xml", dir);
	struct conf *c = conf_load(path, SCHEMAS, d);
	if (c == NULL || gw_diag_warnings(d) > 0)
		print(d);
	assert_non_null(c);
	assert_int_equal(gw_diag_warnings(d), 0);
	assert_string_equal(c->path, path);
	assert_string_equal(c->name, "gw.border.example");
	assert_int_equal(c->workers, 0);
	assert_int_equal(c->n_systems, 2);
	assert_int_equal(c->n_listeners, 3);
	assert_int_equal(c->n_tls, 1);
	assert_int_equal(c->n_hops, 2);
	assert_int_equal(c->n_http_listeners, 2);
	assert_int_equal(c->n_services, 3);
	assert_string_equal(c->systems[0].lookup->adapter, "kms");
	assert_string_equal(
	    c->systems[1].lookup->adapter, "domain-lookup-json");
	assert_string_equal(
	    c->systems[1].lookup->authority, "lookup.bravo.example:8190");
	assert_string_equal(c->systems[1].kms[0]->kms, "kms.bravo.example");
	assert_int_equal(c->lookups.ttl_s, 300);
	assert_int_equal(c->limits.message_max, 65536);
	assert_int_equal(c->limits.t1_ms, 500);
	assert_true(c->admin_on);
	assert_int_equal(c->admin.port, 9464);
	snprintf(path, sizeof(path), "%s/pki/gateway.key", dir);
	assert_string_equal(c->tls[0].key, path);
	assert_ptr_equal(c->tls[0].at.file, c->path);
	assert_string_equal(c->redirect.author, "sip:gw.border.example");
	snprintf(path, sizeof(path), "%s/pki/krr.key", dir);
	assert_string_equal(c->redirect.key, path);
	assert_null(c->systems[0].krr.ca);
	snprintf(path, sizeof(path), "%s/pki/ca.crl", dir);
	assert_string_equal(c->systems[1].krr.crl, path);
	assert_string_equal(c->systems[1].krr.authors[0], "gw.bravo.example");
	conf_free(c);
	gw_diag_free(d);
}

static void
systems_have_their_hops_and_names(void **state)
{
	struct loaded l;

	load(&l, *state, base);
	assert_non_null(l.c);
	const struct conf_system *a = &l.c->systems[0], *b = &l.c->systems[1];
	assert_true(a->base.local && !b->base.local);
	assert_true(a->understands_krr && !b->understands_krr);
	assert_int_equal(a->warn_code, 179);
	assert_int_equal(a->at.line, 7);
	assert_int_equal(a->n_hops, 1);
	assert_int_equal(a->hops[0].transport, CONF_UDP);
	assert_int_equal(a->hops[0].addr.port, 5080);
	assert_string_equal(a->hops[0].text, "127.0.0.1:5080");
	assert_int_equal(a->hops[0].listener, 0);
	assert_int_equal(a->hops[0].tcp_listener, 1);
	assert_int_equal(a->hops[0].udp_limit, 1300);
	assert_int_equal(a->hops[0].options_s, 10);
	assert_int_equal(a->hops[0].tls, UINT16_MAX);
	assert_int_equal(b->hops[0].listener, 2);
	assert_int_equal(b->hops[0].tls, 0);
	assert_int_equal(b->hops[0].options_s, 0);
	assert_int_equal(b->hops[0].id, 1);
	assert_string_equal(b->base.identities[0], "gw.bravo.example");
	assert_string_equal(
	    l.c->policy_systems[1].domains[0], "mcptt.bravo.example");
	assert_string_equal(l.c->listeners[0].advertise, "127.0.0.1:5060");
	assert_int_equal(l.c->listeners[0].system, 0);
	assert_int_equal(l.c->listeners[2].system, GW_SYSTEM_NONE);
	unload(&l);
}

static void
lookups_are_without_case(void **state)
{
	struct loaded l;

	load(&l, *state, base);
	assert_non_null(l.c);
	assert_int_equal(
	    conf_system_by_identity(l.c, GW_SPAN("gw.BRAVO.example")), 1);
	assert_int_equal(
	    conf_system_by_identity(l.c, GW_SPAN("gw.bravo")), GW_SYSTEM_NONE);
	assert_int_equal(
	    conf_system_by_identity(l.c, GW_SPAN("")), GW_SYSTEM_NONE);
	assert_int_equal(conf_system_by_id(l.c, GW_SPAN("alpha")), 0);
	assert_int_equal(
	    conf_system_by_id(l.c, GW_SPAN("carl")), GW_SYSTEM_NONE);
	unload(&l);
}

static void
hops_are_sorted_by_priority(void **state)
{
	char text[TEXT_MAX];
	struct loaded l;

	change(base, "<reach",
	    "<next-hop address='127.0.0.1:6002' transport='udp' priority='0'/>"
	    "<next-hop address='127.0.0.1:6003' transport='udp' priority='9'/>"
	    "<next-hop address='127.0.0.1:6004' transport='udp' priority='0'/>"
	    "<reach",
	    text);
	load(&l, *state, text);
	assert_non_null(l.c);
	static const uint16_t ports[] = { 6002, 6004, 5080, 6003 };
	for (size_t i = 0; i < GW_COUNT(ports); i++)
		assert_int_equal(l.c->systems[0].hops[i].addr.port, ports[i]);
	assert_int_equal(l.c->n_hops, 5);
	unload(&l);
}

static void
a_system_reaches_its_hops_and_ranges_only(void **state)
{
	static const struct {
		const char *addr;
		bool a, b;
	} rows[] = {
		{ "127.0.0.1:5080", true, false },
		{ "127.9.9.9:5089", true, false },
		{ "127.9.9.9:5090", false, false },
		{ "128.0.0.1:5080", false, false },
		{ "127.0.0.1:5091", false, true },
		{ "127.0.0.1:5092", false, false },
		{ "[::1]:5080", false, false },
	};
	struct loaded l;
	struct conf_addr addr;

	load(&l, *state, base);
	assert_non_null(l.c);
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		assert_true(conf_addr_parse(gw_span_of(rows[i].addr), &addr));
		assert_int_equal(
		    conf_system_reaches(&l.c->systems[0], &addr), rows[i].a);
		assert_int_equal(
		    conf_system_reaches(&l.c->systems[1], &addr), rows[i].b);
	}
	unload(&l);
}

static void
addresses_read_as_they_are_written(void **state)
{
	static const struct {
		const char *text, *again;
	} good[] = {
		{ "127.0.0.1:5060", "127.0.0.1:5060" },
		{ "127.0.0.1", "127.0.0.1" },
		{ "[::1]:5060", "[::1]:5060" },
		{ "::1", "[::1]" },
		{ "[2001:DB8::0]", "[2001:db8::]" },
		{ "::ffff:10.1.2.3", "10.1.2.3" },
	};
	static const char *const bad[] = { "", "127.0.0.1:", "127.0.0.1:0",
		"127.0.0.1:65536", "127.0.0.1:50a", "127.0.0", "1.2.3.256",
		"[::1", "[::1]5060", "::1:5060:", "localhost", "[]:5",
		"127.0.0.1 ", "01.2.3.4" };
	char out[CONF_ADDR_TEXT];
	struct conf_addr addr;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(good); i++) {
		assert_true(conf_addr_parse(gw_span_of(good[i].text), &addr));
		conf_addr_text(&addr, out);
		assert_string_equal(out, good[i].again);
	}
	for (size_t i = 0; i < GW_COUNT(bad); i++)
		if (conf_addr_parse(gw_span_of(bad[i]), &addr))
			fail_msg("accepted \"%s\"", bad[i]);
}

struct mistake {
	const char *code, *from, *to;
	bool warning;
};

/* The report stands in the line in which `to` ends. */
static const struct mistake mistakes[] = {
	{ "conf.host", "name='gw.border.example'", "name='gw border'", false },
	{ "conf.number", "workers='auto'", "workers='many'", false },
	{ "conf.range", "workers='auto'", "workers='0'", false },
	{ "conf.range", "workers='auto'", "workers='99999999999'", false },
	{ "conf.number", "workers='auto'", "workers='-1'", false },
	{ "conf.id", "id='border'", "id='the border'", false },
	{ "conf.id-twice", "id='a-tcp'", "id='A-udp'", false },
	{ "conf.id-twice", "<system id='bravo'", "<system id='alpha'", false },
	{ "conf.unknown-system", "system='alpha'", "system='carl'", false },
	{ "conf.unknown-tls", "tls='border' adv", "tls='brder' adv", false },
	{ "conf.unknown-tls", "tls='border' tls-name", "tls='brder' tls-name",
	    false },
	{ "conf.unknown-listener", "transport='udp'/>",
	    "transport='udp' listener='c'/>", false },
	{ "conf.hop-listener", "transport='udp'/>",
	    "transport='udp' listener='b'/>", false },
	{ "conf.address", "address='127.0.0.1' port='5060'",
	    "address='localhost' port='5060'", false },
	{ "conf.address", "address='127.0.0.1' port='5060'",
	    "address='127.0.0.1:5' port='5060'", false },
	{ "conf.port", "port='5060'", "port='0'", false },
	{ "conf.port", "port='5060'", "port='99999999999'", false },
	{ "conf.empty", "port='5060'", "port=''", false },
	{ "conf.listener-tls", "tls='border' advertise", "advertise", false },
	{ "conf.listener-tls", "system='alpha'/>",
	    "system='alpha' tls='border'/>", false },
	{ "conf.listener-system", " system='alpha'/>", "/>", false },
	{ "conf.listener-twice", "<listener id='b'",
	    "<listener id='x' transport='udp' address='0.0.0.0' port='5060' "
	    "advertise='gw' system='alpha'/><listener id='b'",
	    false },
	{ "conf.listener-any", "address='127.0.0.1' port='5060'",
	    "address='0.0.0.0' port='5060'", false },
	{ "conf.host", "advertise='gw.border.example:5061'",
	    "advertise='gw.border.example:x'", false },
	{ "conf.domain-missing", "<domain name='mcptt.alpha.example'/>\n", "",
	    false },
	{ "conf.domain-twice", "name='mcptt.bravo.example'",
	    "name='MCPTT.alpha.example'", false },
	{ "conf.identity-twice", "tls='GW.bravo.example'/>",
	    "tls='gw.b'/><identity tls='GW.b.'/>", false },
	{ "conf.user", "<health", "<migrated user='carl'/><health", false },
	{ "conf.hop-missing",
	    "<next-hop address='127.0.0.1:5080' transport='udp'/>\n", "",
	    true },
	{ "conf.hop-address", "127.0.0.1:5080' transport='udp'/>",
	    "224.0.0.1:5080' transport='udp'/>", false },
	{ "conf.address", "127.0.0.1:5080'", "alpha.example:5080'", false },
	{ "conf.hop-twice", "<reach",
	    "<next-hop address='127.0.0.1:5080' transport='udp'/><reach",
	    false },
	{ "conf.hop-self", "127.0.0.1:5080'", "127.0.0.1:5060'", false },
	{ "conf.hop-listener", "127.0.0.1:5080'", "[::1]:5080'", false },
	{ "conf.hop-tls", "tls='border' tls-name", "tls-name", false },
	{ "conf.hop-tls", "transport='udp'/>", "transport='udp' tls='border'/>",
	    false },
	{ "conf.hop-name", "tls-name='gw.bravo.example'",
	    "tls-name='gw.alpha.example'", false },
	{ "conf.hop-name", "transport='udp'/>",
	    "transport='udp' tls-name='gw.bravo.example'/>", false },
	{ "conf.range", "transport='udp'/>",
	    "transport='udp' udp-limit='65508'/>", false },
	{ "conf.range", "transport='udp'/>",
	    "transport='udp' priority='65536'/>", false },
	{ "conf.range", "transport='udp'/>", "transport='udp' weight='0'/>",
	    false },
	{ "xml.schema", " address='127.0.0.0/8'", "", false },
	{ "xml.schema", "address='127.0.0.0/8'",
	    "address='127.0.0.0/8' domain='x'", false },
	{ "conf.address", "127.0.0.0/8", "127.0.0.1/8", false },
	{ "conf.address", "127.0.0.0/8", "127.0.0.0/33", false },
	{ "conf.reach-all", "127.0.0.0/8", "0.0.0.0/0", false },
	{ "conf.reach-all", "127.0.0.0/8", "::/0", false },
	{ "conf.ports", "5080-5089", "5089-5080", false },
	{ "conf.ports", "5080-5089", "0-5080", false },
	{ "conf.unit", "options='10s'", "options='10'", false },
	{ "conf.unit", "options='10s'", "options='500ms'", false },
	{ "conf.range", "options='10s'", "options='2h'", false },
	{ "conf.number", "options='10s'", "options='-10s'", false },
	{ "conf.twice", "<health options='10s'/>",
	    "<health options='10s'/>\n<health/>", false },
	{ "conf.file", "pki/token.keys", "pki/none.keys", false },
	{ "conf.file", "pki/token.keys", "pki", false },
	{ "conf.file", "policy.xml", "policies.xml", false },
	{ "conf.file", "pki/gateway.pem", "pki/none.pem", false },
	{ "conf.empty", "file='policy.xml'", "file=''", false },
	{ "conf.folder", "agreements='agreements'", "agreements='none'",
	    false },
	{ "conf.folder", "agreements='agreements'", "agreements='policy.xml'",
	    false },
	{ "conf.limits", "message='65536'",
	    "message='65536' transactions='100' system-transactions='101'",
	    false },
	{ "conf.limits", "message='65536'", "t1='5s' t2='4s'", false },
	{ "conf.limits", "message='65536'",
	    "message='65536' write-buffer='65535'", false },
	{ "conf.limits", "message='65536'", "t1='10ms' failover='641ms'",
	    false },
	{ "conf.limits", "message='65536'", "timer-c='3min'", true },
	{ "conf.limits", "krr='no'", "krr='no' max-transactions='50001'",
	    false },
	{ "conf.range", "message='65536'", "message='99'", false },
	{ "conf.admin-loopback", "<admin", "<admin address='192.0.2.1'",
	    false },
	{ "conf.listener-twice", "port='9464'", "port='5060'", false },
	{ "conf.control-path", "mcxgw.ctl",
	    "/123456789/123456789/123456789/123456789/123456789/123456789/"
	    "123456789/123456789/123456789/123456789/1234567",
	    false },
	{ "conf.control-folder", "mcxgw.ctl", "none/mcxgw.ctl", true },
	{ "conf.twice", "<admin", "<log level='warn'/>\n<admin", false },
	{ "conf.range", "krr='no'", "krr='no' warn-code='7'", false },
};

static void
check_mistake(const char *dir, const struct mistake *m)
{
	char text[TEXT_MAX];
	struct loaded l;
	unsigned line = change(base, m->from, m->to, text);

	if (m->to[0] == '\0' || strcmp(m->code, "conf.twice") == 0)
		line = 0; /* stands elsewhere */
	load(&l, dir, text);
	const struct gw_diag_entry *e = find(l.d, m->code);
	if (e == NULL || e->where.file == NULL ||
	    (line != 0 && e->where.line != line)) {
		print(l.d);
		fail_msg("%s: want %s in line %u for %s", l.path, m->code, line,
		    m->to);
	}
	assert_string_equal(e->where.file, l.path);
	assert_true(e->where.line > 0);
	assert_true(e->text[0] != '\0');
	assert_true(e->want != NULL && e->want[0] != '\0');
	assert_int_equal(
	    e->level, m->warning ? GW_DIAG_WARNING : GW_DIAG_ERROR);
	assert_int_equal(l.c != NULL, m->warning);
	unload(&l);
}

static void
each_mistake_is_told_with_its_place(void **state)
{
	for (size_t i = 0; i < GW_COUNT(mistakes); i++)
		check_mistake(*state, &mistakes[i]);
}

static void
what_needs_two_changes_is_told_too(void **state)
{
	char one[TEXT_MAX], two[TEXT_MAX];
	struct loaded l;

	/* Nobody has an identity: neither hop nor listener can be used. */
	change(base, "<identity tls='GW.bravo.example'/>\n", "", one);
	load(&l, *state, one);
	assert_null(l.c);
	assert_non_null(find(l.d, "conf.identity-missing"));
	assert_non_null(find(l.d, "conf.listener-identity"));
	unload(&l);

	/* A partner over plain UDP beyond this machine. */
	change(base, "side='local'", "side='partner'", one);
	change(one, "127.0.0.1:5080", "192.0.2.1:5080", two);
	load(&l, *state, two);
	assert_non_null(l.c);
	assert_non_null(find(l.d, "conf.partner-plain"));
	assert_non_null(find(l.d, "conf.no-local"));
	unload(&l);

	/* No TCP for what is too large for UDP. */
	change(base, "transport='tcp'", "transport='tls' tls='border'", one);
	load(&l, *state, one);
	assert_non_null(find(l.d, "conf.hop-tcp"));
	unload(&l);
}

static void
a_missing_element_is_told(void **state)
{
	static const char *const gone[] = { "<topology keys='pki/token.keys'/>",
		"<policy file='policy.xml' agreements='agreements'/>" };
	char text[TEXT_MAX];
	struct loaded l;

	for (size_t i = 0; i < GW_COUNT(gone); i++) {
		change(base, gone[i], "", text);
		load(&l, *state, text);
		assert_null(l.c);
		assert_non_null(find(l.d, "conf.missing"));
		assert_int_equal(gw_diag_errors(l.d), 1);
		unload(&l);
	}
	load(&l, *state, "<mcxgw xmlns='urn:mcxgw:config:1' name='gw'/>");
	assert_null(l.c);
	assert_int_equal(gw_diag_errors(l.d), 4);
	unload(&l);
}

static void
one_run_shows_form_and_meaning(void **state)
{
	char one[TEXT_MAX], two[TEXT_MAX], three[TEXT_MAX];
	struct loaded l;

	change(base, "<run", "<walk/><run", one);
	change(one, "port='5060'", "port='66000'", two);
	change(
	    two, "tls-name='gw.bravo.example'", "tls-name='gw.alpha'", three);
	load(&l, *state, three);
	assert_null(l.c);
	const struct gw_diag_entry *e = gw_diag_first(l.d);
	assert_int_equal(strncmp(e->code, "xml.", 4), 0);
	assert_int_equal(e->where.line, 2);
	assert_int_equal(find(l.d, "conf.port")->where.line, 4);
	assert_int_equal(find(l.d, "conf.hop-name")->where.line, 15);
	unload(&l);
}

static void
words_and_required_attributes_are_checked_by_the_schema(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
		{ "side='local'", "side='middle'" },
		{ " side='local'", "" },
		{ "transport='udp'", "transport='sctp'" },
		{ "level='info'", "level='loud'" },
		{ "krr='no'", "krr='maybe'" },
		{ "id='a-udp' ", "" },
		{ "<topology ", "<topology color='red' " },
		{ "urn:mcxgw:config:1", "urn:mcxgw:config:2" },
		{ "</mcxgw>", "" },
		{ "<mcxgw", "<!DOCTYPE mcxgw><mcxgw" },
	};
	char text[TEXT_MAX];
	struct loaded l;

	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		change(base, rows[i].from, rows[i].to, text);
		load(&l, *state, text);
		assert_null(l.c);
		assert_true(gw_diag_errors(l.d) > 0);
		assert_int_equal(
		    strncmp(gw_diag_first(l.d)->code, "xml.", 4), 0);
		unload(&l);
	}
}

static void
a_file_that_is_not_there_is_told(void **state)
{
	struct gw_diag *d = gw_diag_new();

	(void)state;
	assert_null(conf_load("none/mcxgw.xml", SCHEMAS, d));
	assert_int_equal(gw_diag_errors(d), 1);
	gw_diag_free(d);
}

static void
secrets_open_to_others_are_warned_of(void **state)
{
	const char *dir = *state;
	struct loaded l;

	tpki_run("chmod 640 %s/pki/gateway.key", dir);
	load(&l, dir, base);
	tpki_run("chmod 600 %s/pki/gateway.key", dir);
	assert_non_null(l.c);
	const struct gw_diag_entry *e = find(l.d, "conf.secret-mode");
	assert_non_null(e);
	assert_non_null(strstr(e->text, "0640"));
	assert_int_equal(gw_diag_warnings(l.d), 1);
	unload(&l);

	tpki_run("chmod 604 %s/pki/token.keys", dir);
	load(&l, dir, base);
	tpki_run("chmod 600 %s/pki/token.keys", dir);
	assert_non_null(find(l.d, "conf.secret-mode"));
	unload(&l);
}

static void
too_many_is_told(void **state)
{
	char text[TEXT_MAX * 4];
	struct loaded l;
	int n = snprintf(text, sizeof(text), "%.*s",
	    (int)(strstr(base, "<reach") - base), base);

	for (int i = 0; i <= CONF_HOPS_MAX; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
		    "<next-hop address='127.0.1.1:%d' transport='udp'/>",
		    6000 + i);
	snprintf(
	    text + n, sizeof(text) - (size_t)n, "%s", strstr(base, "<reach"));
	load(&l, *state, text);
	assert_null(l.c);
	assert_non_null(find(l.d, "conf.too-many"));
	unload(&l);
}

/* n systems beside those of base. */
static struct gw_span
many_systems(struct gw_buf *b, unsigned n)
{
	const char *cut = strstr(base, "<topology");

	gw_buf_init(b, DOC_MAX);
	gw_buf_add(
	    b, (struct gw_span){ (const uint8_t *)base, (size_t)(cut - base) });
	for (unsigned i = 0; i < n; i++)
		gw_buf_fmt(b,
		    "<system id='s%u' side='partner'><domain name='s%u.ex'/>"
		    "<identity tls='g.s%u.ex'/><next-hop transport='tls' "
		    "tls='border' address='10.%u.%u.1'/></system>\n",
		    i, i, i, i / 250, i % 250);
	gw_buf_text(b, cut);
	assert_true(gw_buf_ok(b));
	return gw_buf_span(b);
}

static void
ten_thousand_systems_load(void **state)
{
	char path[256];
	struct gw_diag *d = gw_diag_new();
	struct gw_buf b;
	struct gw_span text = many_systems(&b, 10000);

	snprintf(path, sizeof(path), "%s/mcxgw.xml", (const char *)*state);
	struct conf *c = conf_parse(text, path, SCHEMAS, gw_now_read(), d);
	if (c == NULL)
		print(d);
	assert_non_null(c);
	assert_int_equal(c->n_systems, 10002);
	assert_int_equal(c->n_hops, 10002);
	assert_int_equal(c->systems[10001].at.line, 10016);
	for (unsigned i = 0; i < 10000; i += 37) {
		char name[32];
		snprintf(name, sizeof(name), "G.s%u.EX", i);
		assert_int_equal(
		    conf_system_by_identity(c, gw_span_of(name)), i + 2);
		snprintf(name, sizeof(name), "s%u", i);
		assert_int_equal(conf_system_by_id(c, gw_span_of(name)), i + 2);
	}
	conf_free(c);
	gw_diag_free(d);
	gw_buf_clear(&b);
}

static int
set_up(void **state)
{
	*state = tpki_new();
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
		cmocka_unit_test(the_shipped_example_loads),
		cmocka_unit_test(systems_have_their_hops_and_names),
		cmocka_unit_test(lookups_are_without_case),
		cmocka_unit_test(hops_are_sorted_by_priority),
		cmocka_unit_test(a_system_reaches_its_hops_and_ranges_only),
		cmocka_unit_test(addresses_read_as_they_are_written),
		cmocka_unit_test(each_mistake_is_told_with_its_place),
		cmocka_unit_test(what_needs_two_changes_is_told_too),
		cmocka_unit_test(a_missing_element_is_told),
		cmocka_unit_test(one_run_shows_form_and_meaning),
		cmocka_unit_test(
		    words_and_required_attributes_are_checked_by_the_schema),
		cmocka_unit_test(a_file_that_is_not_there_is_told),
		cmocka_unit_test(secrets_open_to_others_are_warned_of),
		cmocka_unit_test(too_many_is_told),
		cmocka_unit_test(ten_thousand_systems_load),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
