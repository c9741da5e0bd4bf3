/*
 * test_core_rows.c: every check of the decision, passed and failed, by calls
 * with key messages that are signed on the spot, through the whole engine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "codec/mikey/mikey_imsg.h"
#include "codec/mikey/mikey_uid.h"
#include "support/talk.h"
#include "support/tmikey.h"

#define CORPUS	 GW_TESTS_DIR "/corpus/kms/"
#define NTP_UNIX UINT64_C(2208988800)

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

#define PARTIES(more)                                                          \
	"<agreement xmlns=\"urn:mcxgw:agreement:1\" id=\"ab\" serial=\"1\"\n"  \
	" valid-from=\"2026-01-01T00:00:00Z\""                                 \
	" valid-until=\"2030-01-01T00:00:00Z\" " more ">\n"                    \
	"<party system=\"alpha\"><domain name=\"mcptt.alpha.example\"/>"       \
	"<security-domain kms=\"kms.alpha.example\" certificate=\"" CORPUS     \
	"alpha/certificate.xml\"/>"                                            \
	"<security-domain kms=\"kms.alpha-new.example\"/></party>\n"           \
	"<party system=\"bravo\"><domain name=\"mcptt.bravo.example\"/>"       \
	"<security-domain kms=\"kms.bravo.example\" certificate=\"" CORPUS     \
	"bravo/certificate.xml\"/>"                                            \
	"<security-domain kms=\"kms.bravo-tac.example\"/>"                     \
	"<security-domain kms=\"kms.bravo-old.example\"/></party>\n"

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

enum damage {
	GOOD,
	NO_KEY,
	TAMPERED, /* one bit of the signature */
	CUT, /* ends in the middle of a payload */
	OTHERS /* signed by another KMS's user */
};

/* A call; NULL: what is good. */
struct call {
	const char *calling; /* in the info document */
	const char *asserted;
	const char *uri, *target; /* Request-URI; in the info document */
	const char *session;
	const char *idri, *idrr, *kmsi, *kmsr;
	enum damage damage;
	int made_s; /* off the time of the call */
	const char *info; /* more in the document */
	const char *more; /* more lines */
	const char *body; /* instead of all */
};

struct row {
	const char *name;
	struct call call;
	unsigned status; /* 0: it crosses */
	const char *says; /* in the refusal; of what crosses */
};

#define ALICE "sip:alice@mcptt.alpha.example"
#define BOB   "sip:bob@mcptt.bravo.example"
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
		.damage = NO_KEY,
		.info = "<emergency-ind>true</emergency-ind>" },
	    403, "\"179 service not authorized" },
	{ "5 fail: target", { .target = "sip:bob@other.example" }, 403,
	    "not-permitted" },
	{ "5 fail: local",
	    { .calling = "sip:mallory@mcptt.alpha.example",
		.idri = "sip:mallory@mcptt.alpha.example" },
	    403, "not-permitted" },
	/* 6: end to end */
	{ "6 pass: none wanted", { .session = "chat", .damage = NO_KEY }, 0,
	    "INVITE" },
	{ "6 fail: missing", { .damage = NO_KEY }, 403, "key-missing" },
	{ "6 fail: forbidden", { .session = "adhoc" }, 403, "not-permitted" },
	{ "6 fail: unreadable", { .body = "--b\r\n\r\nx\r\n" }, 400,
	    "body-malformed" },
	/* 7: key messages */
	{ "7 pass: off", { .session = "chat", .damage = TAMPERED }, 0,
	    "INVITE" },
	{ "7 pass: unverifiable where checked",
	    { .session = "prearranged",
		.kmsi = "kms.alpha-new.example",
		.damage = OTHERS },
	    488, "initiator-domain" },
	{ "7 pass: checked", { .session = "prearranged" }, 0, "INVITE" },
	{ "7 fail: checked", { .session = "prearranged", .damage = TAMPERED },
	    403, "key-signature" },
	{ "7 fail: tampered", { .damage = TAMPERED }, 403, "key-signature" },
	{ "7 fail: unverifiable",
	    { .kmsi = "kms.alpha-new.example", .damage = OTHERS }, 403,
	    "key-signature" },
	{ "7 fail: other KMS", { .damage = OTHERS }, 403, "key-signature" },
	{ "7 fail: cut", { .damage = CUT }, 400, "key-malformed" },
	{ "7 pass: a little old", { .made_s = -55 }, 0, "INVITE" },
	{ "7 fail: old", { .made_s = -70 }, 403, "key-stale" },
	{ "7 fail: to come", { .made_s = 70 }, 403, "key-stale" },
	{ "7 fail: not of the caller",
	    { .idri = "sip:adam@mcptt.alpha.example" }, 403,
	    "key-not-of-source" },
	/* 8: initiator domain */
	{ "8 fail: of the target's system",
	    { .kmsi = "kms.bravo.example", .damage = OTHERS }, 488, RECEIVERS },
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
		.damage = NO_KEY,
		.more = "Resource-Priority: mcpttp.9\n" },
	    0, "Resource-Priority: mcpttp.4\r\n" },
	{ "11 pass: not capped",
	    { .session = "chat",
		.damage = NO_KEY,
		.more = "Resource-Priority: mcpttp.3\n" },
	    0, "Resource-Priority: mcpttp.3\r\n" },
};

static struct talk t;
static struct tmikey_kms alpha, bravo;
static const char *ready_key; /* of the next calls, if it was made before */
static unsigned serial; /* of calls: no two are the same */

static const char *
either(const char *given, const char *usual)
{
	return given != NULL ? given : usual;
}

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
	tmikey_kms_load(&alpha, CORPUS "alpha/material.json");
	tmikey_kms_load(&bravo, CORPUS "bravo/material.json");
	open_with(PARTIES(""), local);
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
idr(struct tmikey *m, uint8_t role, const char *text)
{
	tmikey_idr(m, role, 1, gw_span_of(text));
}

/* The I_MESSAGE of a call in base64. */
static void
make_key(const struct call *c, unsigned number, char out[16384])
{
	static struct tmikey m;
	const struct tmikey_kms *kms = c->damage == OTHERS ? &bravo : &alpha;
	const char *idri = either(c->idri, ALICE);
	const char *kmsi = either(c->kmsi, "kms.alpha.example");
	uint64_t ntp =
	    (uint64_t)(t.rig.now.wall_us / 1000000 + c->made_s) + NTP_UNIX;
	uint8_t uid[MIKEY_UID_LEN];

	assert_int_equal(mikey_uid(gw_span_of(idri), gw_span_of(kmsi),
			     kms->period, kms->offset, ntp, uid),
	    GW_OK);
	tmikey_start(&m, 0x10000000 + number); /* a PCK */
	tmikey_time(&m, ntp);
	tmikey_rand(&m, 16);
	idr(&m, MIKEY_IDRI, idri);
	idr(&m, MIKEY_IDRR, either(c->idrr, BOB));
	idr(&m, MIKEY_IDRKMSI, kmsi);
	idr(&m, MIKEY_IDRKMSR, either(c->kmsr, "kms.bravo.example"));
	tmikey_sakke(&m);
	tmikey_sign(&m, kms, (struct gw_span){ uid, sizeof(uid) }, true);
	if (c->damage == TAMPERED)
		m.octets[m.len - 100] ^= 1;
	if (c->damage == CUT)
		m.len -= 40;
	assert_true(
	    EVP_EncodeBlock((unsigned char *)out, m.octets, (int)m.len) > 0);
}

static void
make_info(const struct call *c, char *out, size_t size)
{
	const char *calling = either(c->calling, ALICE);
	char user[256] = "";

	if (calling[0] != '\0')
		snprintf(user, sizeof(user),
		    "<mcptt-calling-user-id><mcpttURI>%s</mcpttURI>"
		    "</mcptt-calling-user-id>",
		    calling);
	snprintf(out, size,
	    "<mcpttinfo xmlns=\"urn:3gpp:ns:mcpttInfo:1.0\"><mcptt-Params>"
	    "<session-type>%s</session-type>"
	    "<mcptt-request-uri><mcpttURI>%s</mcpttURI></mcptt-request-uri>"
	    "%s%s</mcptt-Params></mcpttinfo>",
	    either(c->session, "private"), either(c->target, BOB), user,
	    either(c->info, ""));
}

/* number: of the key message, so that one may come again. */
static void
call_with(const struct call *c, unsigned number, const char *call_id)
{
	static char key[16384], info[4096], body[32768];
	char more[1024], branch[32], sdp_key[16500] = "";

	make_info(c, info, sizeof(info));
	if (c->damage != NO_KEY) {
		if (ready_key == NULL)
			make_key(c, number, key);
		else
			snprintf(key, sizeof(key), "%s", ready_key);
		snprintf(
		    sdp_key, sizeof(sdp_key), "a=key-mgmt:mikey %s\r\n", key);
	}
	snprintf(body, sizeof(body),
	    "--b\r\nContent-Type: application/vnd.3gpp.mcptt-info+xml\r\n\r\n"
	    "%s\r\n--b\r\nContent-Type: application/sdp\r\n\r\n"
	    "v=0\r\no=- 0 0 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\n"
	    "t=0 0\r\n%sm=audio 9000 RTP/AVP 99\r\n\r\n--b--\r\n",
	    info, sdp_key);
	snprintf(more, sizeof(more),
	    "Contact: <sip:me@10.9.8.7>;+g.3gpp.mcptt\n"
	    "P-Asserted-Identity: <%s>\n" TALK_ICSI "%s",
	    either(c->asserted, "sip:mcptt.ims.alpha.example"),
	    either(c->more, ""));
	snprintf(branch, sizeof(branch), "r%u", ++serial);
	talk_in(&t, RIG_ALPHA,
	    &(struct talk_request){ .uri = either(c->uri, BOB),
		.branch = branch,
		.call_id = call_id,
		.more = more,
		.type = "multipart/mixed;boundary=b",
		.body = either(c->body, body) });
}

static void
call(const struct call *c)
{
	char call_id[32];

	snprintf(call_id, sizeof(call_id), "id%u", serial);
	call_with(c, serial + 1, call_id);
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
		call(&table[i].call);
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
	call(&(struct call){ 0 });
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
		snprintf(text, sizeof(text), "%s", PARTIES(""));
		for (int k = 0; k < 2; k++)
			memcpy(strstr(text, k == 0 ? "valid-from=\"" :
						     "valid-until=\"") +
				   (k == 0 ? 12 : 13),
			    dates[i][k], strlen(marks[k]));
		open_with(text, local);
		call(&(struct call){ 0 });
		expect("4 fail: time", 403, "no-agreement");
	}
	rig_close(&t.rig);
	open_with(PARTIES("suspended=\"yes\""), local);
	call(&(struct call){ 0 });
	expect("4 fail: suspended", 403, "\"179 service not authorized");
}

static void
who_is_encrypted_is_judged_by_what_is_asserted(void **state)
{
	struct call c = { .session = "prearranged",
		.calling = "",
		.asserted = ALICE,
		.damage = NO_KEY,
		.info = OPAQUE };

	(void)state;
	call(&c);
	expect("5 fail: may be mallory", 403, "not-permitted");
	rig_close(&t.rig);
	open_with(PARTIES(""), POLICY(""));
	call(&c);
	expect("6 pass: opaque", 0, "INVITE");
	c.asserted = NULL;
	call(&c);
	expect("2 fail: asserted of no system", 403, "source-not-of-peer");
	c.asserted = ALICE;
	c.session = "chat";
	call(&c);
	expect("6 fail: opaque", 403, "opaque-info");
}

static void
a_revoked_domain_is_none(void **state)
{
	(void)state;
	rig_close(&t.rig);
	open_with(PARTIES(""), revoking);
	call(&(struct call){ 0 });
	expect("8 fail: revoked", 488, "initiator-domain");
	talk_lacks(t.rig.sent, "kms.bravo");
	rig_close(&t.rig);
	open_with(PARTIES(""), revoking_receiver);
	call(&(struct call){ 0 });
	expect("10 fail: revoked", 488, "receiver domains: kms.bravo-tac");
	call(&(struct call){ .kmsr = "kms.bravo-tac.example" });
	expect("10 pass: the other", 0, "INVITE");
}

static void
a_key_message_serves_one_call(void **state)
{
	const struct call one = { 0 };

	(void)state;
	call_with(&one, 7, "first");
	expect("7 pass", 0, "INVITE");
	call_with(&one, 7, "first"); /* the same call once more */
	expect("7 pass: the same call", 0, "INVITE");
	call_with(&one, 7, "second");
	expect("7 fail: replayed", 403, "key-replayed");
	call_with(&one, 8, "second");
	expect("7 pass: a new one", 0, "INVITE");
	/* A forged one does not use up the true one's name. */
	call_with(&(struct call){ .damage = TAMPERED }, 9, "third");
	expect("7 fail: forged", 403, "key-signature");
	call_with(&one, 9, "fourth");
	expect("7 pass: the true one", 0, "INVITE");
}

static void
limits_hold_and_let_go(void **state)
{
	const struct call chat = { .session = "chat", .damage = NO_KEY };
	const struct call adhoc = { .session = "adhoc", .damage = NO_KEY };
	size_t n;

	(void)state;
	for (int i = 0; i < 3; i++) {
		call(&chat);
		expect("11 pass: rate", 0, "INVITE");
	}
	call(&chat);
	expect("11 fail: rate", 503, "Retry-After: ");
	talk_has(t.rig.sent, "over-rate");
	rig_wait(&t.rig, 1100, &n);
	call(&chat);
	expect("11 pass: later", 0, "INVITE");

	call(&adhoc);
	expect("11 pass: first", 0, "INVITE");
	call(&adhoc);
	expect("11 pass: second", 0, "INVITE");
	call(&adhoc);
	expect("11 fail: third", 503, "over-concurrent");
	rig_wait(&t.rig, 3 * 32000, &n);
	/* What is answered is open no more. */
	for (int i = 0; i < 5; i++) {
		call(&adhoc);
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
	call_with(&(struct call){ 0 }, 70, "id");
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
	make_key(&(struct call){ 0 }, 70, key);
	snprintf(body, sizeof(body), SDP "a=key-mgmt:mikey %s\r\n", key);
	r = hold;
	r.branch = "same";
	r.body = body;
	talk_inside(&t, RIG_ALPHA, ok, &r);
	talk_crossed(&t, 5090);
	/* a new good one may come, from either side; */
	make_key(&(struct call){ 0 }, 71, key);
	snprintf(body, sizeof(body), SDP "a=key-mgmt:mikey %s\r\n", key);
	r.branch = "new";
	talk_inside(&t, RIG_ALPHA, ok, &r);
	talk_crossed(&t, 5090);
	/* a new bad one may not; */
	make_key(&(struct call){ .damage = TAMPERED }, 72, key);
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
	call_with(&(struct call){ 0 }, 73, "other");
	expect("another call", 0, "INVITE");
	make_key(&(struct call){ 0 }, 73, key);
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
	make_key(&(struct call){ 0 }, 80, keys[0]);
	make_key(&(struct call){ 0 }, 81, keys[1]);
	ready_key = keys[0];
	call_with(&(struct call){ 0 }, 0, "id");
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
	call_with(&(struct call){ 0 }, 0, "id");
	ready_key = NULL;
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
