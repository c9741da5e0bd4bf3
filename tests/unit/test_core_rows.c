/*
 * test_core_rows.c: every check of the decision, passed and failed, by calls
 * with key messages that are signed on the spot, through the whole engine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/tcall.h"

static const char config[] =
    "<mcxgw xmlns=\"urn:mcxgw:config:1\" name=\"gw.example\">\n"
    "<listener id=\"a-udp\" transport=\"udp\" address=\"127.0.0.1\""
    " port=\"5060\" system=\"alpha\" advertise=\"in.gw.example\"/>\n"
    "<listener id=\"b-udp\" transport=\"udp\" address=\"127.0.0.1\""
    " port=\"5070\" system=\"bravo\" advertise=\"out.gw.example:5070\"/>\n"
    "<listener id=\"c-udp\" transport=\"udp\" address=\"127.0.0.1\""
    " port=\"5071\" system=\"charlie\" advertise=\"out.gw.example:5071\"/>\n"
    "<system id=\"alpha\" side=\"local\">\n"
    "<domain name=\"mcptt.alpha.example\"/>\n"
    "<migrated user=\"sip:roam@mcptt.charlie.example\"/>\n"
    "<next-hop address=\"127.0.0.1:5080\" transport=\"udp\""
    " udp-limit=\"65000\"/></system>\n"
    "<system id=\"bravo\" side=\"partner\">\n"
    "<domain name=\"mcptt.bravo.example\"/>\n"
    "<next-hop address=\"127.0.0.1:5090\" transport=\"udp\""
    " udp-limit=\"65000\"/></system>\n"
    "<system id=\"charlie\" side=\"partner\">\n"
    "<domain name=\"mcptt.charlie.example\"/>\n"
    "<next-hop address=\"127.0.0.1:5092\" transport=\"udp\""
    " udp-limit=\"65000\"/></system>\n"
    "<topology keys=\"token.keys\"/>\n"
    "<policy agreements=\"agreements\" file=\"policy.xml\"/>\n</mcxgw>\n";

#define RULE(id, kinds, more)                                                  \
	"<permit from=\"alpha\" to=\"bravo\" id=\"" id "\">"                   \
	"<communication service=\"mcptt\" kind=\"" kinds "\"/>"                \
	"<initiator><any/></initiator>"                                        \
	"<target match=\"sip:*@mcptt.bravo.example\"/>"                        \
	"<domains initiator=\"kms.alpha.example\""                             \
	" receiver=\"kms.bravo.example kms.bravo-tac.example\"/>" more         \
	"</permit>\n"

/* calls: keys, signed.  groups: keys if there are any, looked at.  chat: no
 * demands, capped, limited, and no empty redirects. */
static const char rules[] = RULE("calls", "private first-to-answer emergency",
    "<key-message presence=\"required\" signature=\"require\"/>")
    RULE("groups", "group",
	"<key-message presence=\"optional\" signature=\"check\"/>"
	"<info opaque=\"allow\"/>") RULE("chat", "chat",
	"<key-message presence=\"optional\" signature=\"off\"/>"
	"<limit rate=\"3/s\"/><cap mcpttp=\"4\"/>") RULE("adhoc", "adhoc",
	"<key-message presence=\"forbidden\"/><limit concurrent=\"2\"/>");

#define POLICY(content)                                                        \
	"<policy xmlns=\"urn:mcxgw:policy:1\">" content "</policy>\n"

static const char local[] = POLICY(
    "<refuse id=\"no-mallory\" initiator=\"sip:mallory@mcptt.alpha.example\"/>"
    "<key-messages clock-tolerance=\"60s\"/>");
static const char revoking[] = POLICY("<revoked kms=\"kms.alpha.example\"/>");
static const char revoking_receiver[] =
    POLICY("<revoked kms=\"kms.bravo.example\"/>");

struct row {
	const char *name;
	struct tcall call;
	unsigned status; /* 0: it crosses */
	const char *says; /* in the refusal; of what crosses */
};

#define BOB TCALL_BOB
#define OPAQUE                                                                 \
	"<mcptt-calling-user-id type=\"Encrypted\">"                           \
	"<EncryptedData xmlns=\"http://www.w3.org/2001/04/xmlenc#\">"          \
	"<CipherData><CipherValue>AAAA</CipherValue></CipherData>"             \
	"</EncryptedData></mcptt-calling-user-id>"
#define RECEIVERS "receiver domains: kms.bravo.example kms.bravo-tac.example"

static const struct row table[] = {
	/* 2: source */
	{ "2 pass: caller of the peer", { 0 }, 0, "INVITE" },
	{ "2 pass: migrated",
	    { .calling = "sip:roam@mcptt.charlie.example",
		.idri = "sip:roam@mcptt.charlie.example" },
	    0, "INVITE" },
	{ "2 fail: caller of another", { .calling = BOB }, 403,
	    "source-not-of-peer" },
	{ "2 fail: asserted of another", { .asserted = BOB }, 403,
	    "source-not-of-peer" },
	{ "2 fail: other migrated user",
	    { .calling = "sip:stay@mcptt.charlie.example" }, 403,
	    "source-not-of-peer" },
	{ "2 fail: no SIP URI", { .calling = "http://mcptt.alpha.example" },
	    403, "source-not-of-peer" },
	/* 3: target */
	{ "3 pass: by the document",
	    { .uri = "sip:in.gw.example", .target = BOB }, 0, "INVITE" },
	{ "3 fail: of nobody",
	    { .uri = "sip:x@nowhere.example",
		.target = "sip:x@nowhere.example" },
	    404, "no-route" },
	{ "3 fail: back again",
	    { .uri = "sip:adam@mcptt.alpha.example",
		.target = "sip:adam@mcptt.alpha.example" },
	    404, "no-route" },
	/* 4: agreement */
	{ "4 fail: none",
	    { .uri = "sip:c@mcptt.charlie.example",
		.target = "sip:c@mcptt.charlie.example" },
	    403, "\"179 service not authorized" },
	/* 5: rule, local policy */
	{ "5 pass: first-to-answer", { .session = "first-to-answer" }, 0,
	    "INVITE" },
	{ "5 pass: emergency",
	    { .info = "<emergency-ind>true</emergency-ind>" }, 0, "INVITE" },
	{ "5 fail: kind", { .session = "ambient-listening" }, 403,
	    "not-permitted" },
	{ "5 fail: urgency",
	    { .session = "chat",
		.damage = TCALL_NO_KEY,
		.info = "<emergency-ind>true</emergency-ind>" },
	    403, "\"179 service not authorized" },
	{ "5 fail: target", { .target = "sip:bob@other.example" }, 403,
	    "not-permitted" },
	{ "5 fail: local",
	    { .calling = "sip:mallory@mcptt.alpha.example",
		.idri = "sip:mallory@mcptt.alpha.example" },
	    403, "not-permitted" },
	/* 6: end to end */
	{ "6 pass: none wanted", { .session = "chat", .damage = TCALL_NO_KEY },
	    0, "INVITE" },
	{ "6 fail: missing", { .damage = TCALL_NO_KEY }, 403, "key-missing" },
	{ "6 fail: forbidden", { .session = "adhoc" }, 403, "not-permitted" },
	{ "6 fail: unreadable", { .body = "--b\r\n\r\nx\r\n" }, 400,
	    "body-malformed" },
	/* 7: key messages */
	{ "7 pass: off", { .session = "chat", .damage = TCALL_TAMPERED }, 0,
	    "INVITE" },
	{ "7 pass: unverifiable where checked",
	    { .session = "prearranged",
		.kmsi = "kms.alpha-new.example",
		.damage = TCALL_OTHERS },
	    488, "initiator-domain" },
	{ "7 pass: checked", { .session = "prearranged" }, 0, "INVITE" },
	{ "7 fail: checked",
	    { .session = "prearranged", .damage = TCALL_TAMPERED }, 403,
	    "key-signature" },
	{ "7 fail: tampered", { .damage = TCALL_TAMPERED }, 403,
	    "key-signature" },
	{ "7 fail: unverifiable",
	    { .kmsi = "kms.alpha-new.example", .damage = TCALL_OTHERS }, 403,
	    "key-signature" },
	{ "7 fail: other KMS", { .damage = TCALL_OTHERS }, 403,
	    "key-signature" },
	{ "7 fail: cut", { .damage = TCALL_CUT }, 400, "key-malformed" },
	{ "7 pass: a little old", { .made_s = -55 }, 0, "INVITE" },
	{ "7 fail: old", { .made_s = -70 }, 403, "key-stale" },
	{ "7 fail: to come", { .made_s = 70 }, 403, "key-stale" },
	{ "7 fail: not of the caller",
	    { .idri = "sip:adam@mcptt.alpha.example" }, 403,
	    "key-not-of-source" },
	/* 8: initiator domain */
	{ "8 fail: of the target's system",
	    { .kmsi = "kms.bravo.example", .damage = TCALL_OTHERS }, 488,
	    RECEIVERS },
	{ "8 fail: unknown",
	    { .session = "chat", .kmsi = "kms.unknown.example" }, 488,
	    "initiator-domain" },
	{ "8 fail: not in the rule",
	    { .session = "chat", .kmsi = "kms.alpha-new.example" }, 488,
	    RECEIVERS },
	/* 9: receiver domain */
	{ "9 pass: the other one", { .kmsr = "kms.bravo-tac.example" }, 0,
	    "INVITE" },
	{ "9 fail: not of the target", { .kmsr = "kms.alpha.example" }, 488,
	    RECEIVERS },
	{ "9 fail: unknown", { .kmsr = "kms.unknown.example" }, 488,
	    "receiver-domain" },
	/* 10: pair */
	{ "10 fail: not paired", { .kmsr = "kms.bravo-old.example" }, 488,
	    "pair; decision" },
	/* 11: priority */
	{ "11 pass: capped",
	    { .session = "chat",
		.damage = TCALL_NO_KEY,
		.more = "Resource-Priority: mcpttp.9\n" },
	    0, "Resource-Priority: mcpttp.4\r\n" },
	{ "11 pass: not capped",
	    { .session = "chat",
		.damage = TCALL_NO_KEY,
		.more = "Resource-Priority: mcpttp.3\n" },
	    0, "Resource-Priority: mcpttp.3\r\n" },
};

static struct talk t;
static struct tcalls calls;

static void
open_with(const char *parties, const char *policy)
{
	rig_open_with(&t.rig, &(struct rig_files){ .config = config,
				  .agreement = parties,
				  .permits = rules,
				  .policy = policy });
}

static int
set_up(void **state)
{
	(void)state;
	tcalls_init(&calls, &t);
	open_with(TCALL_PARTIES(""), local);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	rig_close(&t.rig);
	return 0;
}

static void
expect(const char *name, unsigned status, const char *says)
{
	char line[32];
	unsigned hop;

	snprintf(line, sizeof(line), "SIP/2.0 %u ", status);
	if (rig_count(&t.rig) != 1)
		fail_msg("%s: %zu messages", name, rig_count(&t.rig));
	const char *out = rig_sent(&t.rig, 0, &hop);
	bool ok = status == 0 ?
		      hop == 5090 && strncmp(out, "INVITE ", 7) == 0 :
		      hop == 0 && strncmp(out, line, strlen(line)) == 0;
	if (!ok || strstr(out, says) == NULL)
		fail_msg("%s:\n%s", name, out);
	if (status == 403 && strstr(says, "key") == NULL)
		return;
	talk_lacks(out, "10.9.8.7");
}

static void
each_check_passes_and_fails(void **state)
{
	size_t n;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(table); i++) {
		tcall_in(&calls, &table[i].call);
		expect(table[i].name, table[i].status, table[i].says);
		rig_wait(&t.rig, 1000, &n); /* rates are another matter */
	}
}

/* ---- what a table cannot say ---- */

static void
one_nobody_knows_is_refused(void **state)
{
	struct core_flow flow = rig_flow(&t.rig, RIG_ALPHA);

	(void)state;
	flow.system = GW_SYSTEM_NONE;
	tcall_in(&calls, &(struct tcall){ 0 });
	expect("1 pass", 0, "INVITE");
	memcpy(strstr(t.text, "z9hG4bK"), "z9hG4bX", 7);
	rig_on(&t.rig, &flow, t.text);
	expect("1 fail", 403, "SIP/2.0 403");
}

static void
an_agreement_is_in_force_or_not(void **state)
{
	static const char *const marks[] = { "2026-01-01T00:00:00Z",
		"2030-01-01T00:00:00Z" };
	static const char *const dates[][2] = {
		{ "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z" },
		{ "2029-01-01T00:00:00Z", "2030-01-01T00:00:00Z" },
	};
	static char text[4096];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(dates); i++) {
		rig_close(&t.rig);
		snprintf(text, sizeof(text), "%s", TCALL_PARTIES(""));
		for (int k = 0; k < 2; k++)
			memcpy(strstr(text, k == 0 ? "valid-from=\"" :
						     "valid-until=\"") +
				   (k == 0 ? 12 : 13),
			    dates[i][k], strlen(marks[k]));
		open_with(text, local);
		tcall_in(&calls, &(struct tcall){ 0 });
		expect("4 fail: time", 403, "no-agreement");
	}
	rig_close(&t.rig);
	open_with(TCALL_PARTIES("suspended=\"yes\""), local);
	tcall_in(&calls, &(struct tcall){ 0 });
	expect("4 fail: suspended", 403, "\"179 service not authorized");
}

static void
who_is_encrypted_is_judged_by_what_is_asserted(void **state)
{
	struct tcall c = { .session = "prearranged",
		.calling = "",
		.asserted = TCALL_ALICE,
		.damage = TCALL_NO_KEY,
		.info = OPAQUE };

	(void)state;
	tcall_in(&calls, &c);
	expect("5 fail: may be mallory", 403, "not-permitted");
	rig_close(&t.rig);
	open_with(TCALL_PARTIES(""), POLICY(""));
	tcall_in(&calls, &c);
	expect("6 pass: opaque", 0, "INVITE");
	c.asserted = NULL;
	tcall_in(&calls, &c);
	expect("2 fail: asserted of no system", 403, "source-not-of-peer");
	c.asserted = TCALL_ALICE;
	c.session = "chat";
	tcall_in(&calls, &c);
	expect("6 fail: opaque", 403, "opaque-info");
}

static void
a_revoked_domain_is_none(void **state)
{
	(void)state;
	rig_close(&t.rig);
	open_with(TCALL_PARTIES(""), revoking);
	tcall_in(&calls, &(struct tcall){ 0 });
	expect("8 fail: revoked", 488, "initiator-domain");
	talk_lacks(t.rig.sent, RECEIVERS);
	talk_has(t.rig.sent, "receiver domains:\"");
	talk_lacks(t.rig.sent, "<KmsUri>");
	rig_close(&t.rig);
	open_with(TCALL_PARTIES(""), revoking_receiver);
	tcall_in(&calls, &(struct tcall){ 0 });
	expect("10 fail: revoked", 488,
	    "receiver domains: kms.bravo-tac.example\"");
	talk_has(t.rig.sent,
	    "<ReceiverKmsUriList><KmsUri>kms.bravo-tac.example</KmsUri>"
	    "</ReceiverKmsUriList>");
	tcall_in(&calls, &(struct tcall){ .kmsr = "kms.bravo-tac.example" });
	expect("10 pass: the other", 0, "INVITE");
}

static void
a_key_message_serves_one_call(void **state)
{
	const struct tcall one = { 0 };

	(void)state;
	tcall_with(&calls, &one, 7, "first");
	expect("7 pass", 0, "INVITE");
	tcall_with(&calls, &one, 7, "first"); /* the same call once more */
	expect("7 pass: the same call", 0, "INVITE");
	tcall_with(&calls, &one, 7, "second");
	expect("7 fail: replayed", 403, "key-replayed");
	tcall_with(&calls, &one, 8, "second");
	expect("7 pass: a new one", 0, "INVITE");
	/* A forged one does not use up the true one's name. */
	tcall_with(
	    &calls, &(struct tcall){ .damage = TCALL_TAMPERED }, 9, "third");
	expect("7 fail: forged", 403, "key-signature");
	tcall_with(&calls, &one, 9, "fourth");
	expect("7 pass: the true one", 0, "INVITE");
}

static void
limits_hold_and_let_go(void **state)
{
	const struct tcall chat = { .session = "chat", .damage = TCALL_NO_KEY };
	const struct tcall adhoc = { .session = "adhoc",
		.damage = TCALL_NO_KEY };
	size_t n;

	(void)state;
	for (int i = 0; i < 3; i++) {
		tcall_in(&calls, &chat);
		expect("11 pass: rate", 0, "INVITE");
	}
	tcall_in(&calls, &chat);
	expect("11 fail: rate", 503, "Retry-After: ");
	talk_has(t.rig.sent, "over-rate");
	rig_wait(&t.rig, 1100, &n);
	tcall_in(&calls, &chat);
	expect("11 pass: later", 0, "INVITE");

	tcall_in(&calls, &adhoc);
	expect("11 pass: first", 0, "INVITE");
	tcall_in(&calls, &adhoc);
	expect("11 pass: second", 0, "INVITE");
	tcall_in(&calls, &adhoc);
	expect("11 fail: third", 503, "over-concurrent");
	rig_wait(&t.rig, 3 * 32000, &n);
	/* What is answered is open no more. */
	for (int i = 0; i < 5; i++) {
		tcall_in(&calls, &adhoc);
		expect("11 pass: when they are gone", 0, "INVITE");
		snprintf(
		    t.sent, sizeof(t.sent), "%s", rig_sent(&t.rig, 0, NULL));
		talk_answer(&t, RIG_BRAVO, i % 2 == 0 ? 200 : 404,
		    "Contact: <sip:b@10.9.8.7>\n", NULL);
	}
}

/* ---- in the dialog of a call that had to have a key ---- */

#define SDP "v=0\r\no=- 0 1 IN IP4 10.0.0.1\r\ns=-\r\nt=0 0\r\n"

static void
what_belongs_to_a_call_needs_no_key_again(void **state)
{
	static char ok[RIG_TEXT_MAX], left[RIG_TEXT_MAX], key[16384];
	static char body[32768];
	const struct talk_request hold = { .method = "INVITE",
		.branch = "hold",
		.call_id = "id",
		.more = "Contact: <sip:me@10.9.8.7>\n",
		.type = "application/sdp",
		.body = SDP "a=sendonly\r\n" };
	struct talk_request r = hold;

	(void)state;
	tcall_with(&calls, &(struct tcall){ 0 }, 70, "id");
	expect("call", 0, "INVITE");
	snprintf(left, sizeof(left), "%s", rig_sent(&t.rig, 0, NULL));
	snprintf(t.sent, sizeof(t.sent), "%s", left);
	talk_answer(&t, RIG_BRAVO, 200, "Contact: <sip:b@10.9.8.7>\n", NULL);
	talk_back(&t, 200);
	snprintf(ok, sizeof(ok), "%s", t.rig.sent);

	talk_inside(&t, RIG_ALPHA, ok, &hold);
	talk_crossed(&t, 5090);
	talk_inside(&t, RIG_BRAVO, left, &hold);
	talk_crossed(&t, 5080);
	r.method = "UPDATE";
	talk_inside(&t, RIG_ALPHA, ok, &r);
	talk_crossed(&t, 5090);
	r.method = "PRACK";
	talk_inside(&t, RIG_BRAVO, left, &r);
	talk_crossed(&t, 5080);

	/* The call's own key message again is no replay, */
	tcall_key(&calls, &(struct tcall){ 0 }, 70, key);
	snprintf(body, sizeof(body), SDP "a=key-mgmt:mikey %s\r\n", key);
	r = hold;
	r.branch = "same";
	r.body = body;
	talk_inside(&t, RIG_ALPHA, ok, &r);
	talk_crossed(&t, 5090);
	/* a new good one may come, from either side; */
	tcall_key(&calls, &(struct tcall){ 0 }, 71, key);
	snprintf(body, sizeof(body), SDP "a=key-mgmt:mikey %s\r\n", key);
	r.branch = "new";
	talk_inside(&t, RIG_ALPHA, ok, &r);
	talk_crossed(&t, 5090);
	/* a new bad one may not; */
	tcall_key(&calls, &(struct tcall){ .damage = TCALL_TAMPERED }, 72, key);
	snprintf(body, sizeof(body), SDP "a=key-mgmt:mikey %s\r\n", key);
	r.branch = "bad";
	talk_inside(&t, RIG_ALPHA, ok, &r);
	expect("bad key in a dialog", 403, "key-signature");
	r.method = "UPDATE";
	talk_inside(&t, RIG_ALPHA, ok, &r);
	expect("bad key in an UPDATE", 403, "key-signature");
	r.method = "ACK";
	talk_inside(&t, RIG_ALPHA, ok, &r);
	talk_nothing(&t);
	r.method = "INVITE";
	talk_inside(&t, RIG_BRAVO, left, &r);
	expect("of the other side", 403, "key-not-of-source");
	/* and one that another call had neither. */
	tcall_with(&calls, &(struct tcall){ 0 }, 73, "other");
	expect("another call", 0, "INVITE");
	tcall_key(&calls, &(struct tcall){ 0 }, 73, key);
	snprintf(body, sizeof(body), SDP "a=key-mgmt:mikey %s\r\n", key);
	r.branch = "replay";
	talk_inside(&t, RIG_ALPHA, ok, &r);
	expect("replayed in a dialog", 403, "key-replayed");
}

/* What a dialog's 200 says, with the Contact of a later one. */
static void
take_contact(char *ok, size_t size, const char *later)
{
	char contact[4096], route[4096];

	rig_field(later, "Contact", contact, sizeof(contact));
	rig_field(ok, "Record-Route", route, sizeof(route));
	snprintf(ok, size, "\r\nContact: %s\r\nRecord-Route: %s\r\n", contact,
	    route);
}

/* A call gets a new key in its course; when the dialog is refreshed long
 * after, either key may stand there, as nobody makes a third one for that. */
static void
a_key_of_the_dialog_does_not_grow_stale(void **state)
{
	static char ok[RIG_TEXT_MAX], keys[2][16384], body[32768];
	struct talk_request r = { .method = "INVITE",
		.call_id = "id",
		.more = "Contact: <sip:me@10.9.8.7>\n",
		.type = "application/sdp",
		.body = body };
	size_t n;

	(void)state;
	tcall_key(&calls, &(struct tcall){ 0 }, 80, keys[0]);
	tcall_key(&calls, &(struct tcall){ 0 }, 81, keys[1]);
	calls.ready_key = keys[0];
	tcall_with(&calls, &(struct tcall){ 0 }, 0, "id");
	expect("call", 0, "INVITE");
	snprintf(t.sent, sizeof(t.sent), "%s", rig_sent(&t.rig, 0, NULL));
	for (int i = 0; i < 2; i++) {
		talk_answer(
		    &t, RIG_BRAVO, 200, "Contact: <sip:b@10.9.8.7>\n", NULL);
		talk_back(&t, 200);
		if (i == 0) /* the route set stays that of the first */
			snprintf(ok, sizeof(ok), "%s", t.rig.sent);
		else
			take_contact(ok, sizeof(ok), t.rig.sent);
		if (i == 1)
			break;
		r.branch = "new";
		snprintf(
		    body, sizeof(body), SDP "a=key-mgmt:mikey %s\r\n", keys[1]);
		talk_inside(&t, RIG_ALPHA, ok, &r);
		talk_crossed(&t, 5090);
	}
	rig_wait(&t.rig, 1800 * 1000, &n);
	for (int i = 0; i < 2; i++) {
		r.branch = i == 0 ? "first" : "second";
		snprintf(
		    body, sizeof(body), SDP "a=key-mgmt:mikey %s\r\n", keys[i]);
		talk_inside(&t, RIG_ALPHA, ok, &r);
		talk_crossed(&t, 5090);
	}
	/* Outside of it they are old. */
	tcall_with(&calls, &(struct tcall){ 0 }, 0, "id");
	calls.ready_key = NULL;
	expect("another dialog", 403, "key-stale");
}

#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENARIO(each_check_passes_and_fails),
		SCENARIO(one_nobody_knows_is_refused),
		SCENARIO(an_agreement_is_in_force_or_not),
		SCENARIO(who_is_encrypted_is_judged_by_what_is_asserted),
		SCENARIO(a_revoked_domain_is_none),
		SCENARIO(a_key_message_serves_one_call),
		SCENARIO(limits_hold_and_let_go),
		SCENARIO(a_key_of_the_dialog_does_not_grow_stale),
		SCENARIO(what_belongs_to_a_call_needs_no_key_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
