/*
 * test_kms_pass.c: which KMS traffic crosses, what of it, and where the token
 * of an asker goes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "mcxgw/log.h"
#include "support/tasked.h"
#include "support/tfile.h"

#define ROOT  "/keymanagement/identity/v1/"
#define TOKEN "Bearer 3q2-7wSECRETxyz"
#define KMS_AGREED                                                             \
	"<kms from=\"alpha\" to=\"bravo\" cert=\"yes\" certcache=\"yes\""      \
	" redirect=\"yes\"/>"
#define KMS_NO "<kms from=\"alpha\" to=\"bravo\"/>"
#define RESPONSE(inner)                                                        \
	"<KmsResponse xmlns=\"urn:3gpp:ns:mcsecKMSInterface:1.0\">"            \
	"<KmsMessage><KmsCertCache>" inner                                     \
	"</KmsCertCache></KmsMessage></KmsResponse>"
#define CERT(kms) "<KmsCertificate><KmsUri>" kms "</KmsUri></KmsCertificate>"
#define REQUEST(kms, user)                                                     \
	"<KmsRequest "                                                         \
	"xmlns=\"urn:3gpp:ns:mcsecKMSInterface:1.0\"><UserUri>" user           \
	"</UserUri><KmsUri>" kms "</KmsUri></KmsRequest>"

static struct tasked *t;
static FILE *log_file;
static int stderr_was;

static const struct tasked_settings agreed = {
	.rules = TASKED_PERMIT TASKED_TELL_ALPHA KMS_AGREED
};

static int
set_up(void **state)
{
	(void)state;
	if ((t = calloc(1, sizeof(*t))) == NULL ||
	    (log_file = tmpfile()) == NULL)
		return -1;
	tasked_open(t, &agreed);
	gw_log_set_level(GW_LOG_DEBUG);
	stderr_was = dup(STDERR_FILENO);
	return dup2(fileno(log_file), STDERR_FILENO) < 0;
}

static int
tear_down(void **state)
{
	(void)state;
	dup2(stderr_was, STDERR_FILENO);
	close(stderr_was);
	fclose(log_file);
	gw_log_set_level(GW_LOG_ERROR);
	tasked_close(t);
	free(t);
	return 0;
}

static uint64_t
send(const char *system, const char *authority, const char *path,
    const char *body)
{
	const struct gw_http_request r = { .method = GW_HTTP_POST,
		.path = gw_span_of(path),
		.authority = gw_span_of(authority),
		.content_type = GW_SPAN("application/xml"),
		.authorization = GW_SPAN(TOKEN),
		.body = gw_span_of(body) };

	return tasked_in(t, system, &r);
}

static void
respond(unsigned status, const char *body)
{
	tasked_respond(t, tasked_question(t),
	    &(struct gw_http_response){ .status = status,
		.content_type = GW_SPAN("application/xml"),
		.body = gw_span_of(body) });
}

static const char *
service_of(const struct tasked_question *q)
{
	return t->rig.snap->conf->services[q->service]->kms;
}

/* ---- what may cross ---- */

static const struct {
	const char *name, *rules, *asker, *authority, *path, *body;
	const char *kms; /* it goes to that one; NULL: refused */
	unsigned status; /* of a refusal */
} rows[] = {
	{ "cert, by authority", KMS_AGREED, "alpha", "kms.bravo.example",
	    ROOT "cert/kms.bravo.example", "", "kms.bravo.example", 0 },
	{ "by authority and port", KMS_AGREED, "alpha",
	    "kms.bravo.example:8443", ROOT "cert/kms.bravo.example", "",
	    "kms.bravo.example", 0 },
	{ "by the authority of the service", KMS_AGREED, "alpha",
	    "tac.example:99", ROOT "certcache", "", "kms.tac.example", 0 },
	{ "by body", KMS_AGREED, "alpha", "gw.example:8080", ROOT "certcache/3",
	    REQUEST("kms.tac.example", "sip:a@alpha.example"),
	    "kms.tac.example", 0 },
	{ "by the certificate", KMS_AGREED, "alpha", "gw.example:8080",
	    ROOT "cert/kms.tac.example", "", "kms.tac.example", 0 },
	{ "the certificate of the other one", KMS_AGREED, "alpha",
	    "kms.bravo.example", ROOT "cert/kms.tac.example", "",
	    "kms.bravo.example", 0 },
	{ "two names", KMS_AGREED, "alpha", "kms.bravo.example",
	    ROOT "certcache", REQUEST("kms.tac.example", "sip:a@alpha.example"),
	    NULL, 403 },
	{ "no name", KMS_AGREED, "alpha", "gw.example:8080", ROOT "certcache",
	    "", NULL, 403 },
	{ "the gateway beside a KMS", KMS_AGREED, "alpha", "127.0.0.1:8080",
	    ROOT "certcache", "", NULL, 403 },
	{ "an unknown name", KMS_AGREED, "alpha", "kms.x.example",
	    ROOT "certcache", "", NULL, 403 },
	{ "its own KMS", KMS_AGREED, "alpha", "kms.alpha.example",
	    ROOT "certcache", "", NULL, 403 },
	{ "upload", KMS_AGREED, "alpha", "kms.bravo.example", ROOT "redirect",
	    REQUEST("kms.bravo.example", "sip:a@alpha.example"),
	    "kms.bravo.example", 0 },
	{ "a hidden certificate", KMS_AGREED, "alpha", "kms.bravo.example",
	    ROOT "cert/kms.hidden.example", "", NULL, 403 },
	{ "a certificate of a third", KMS_AGREED, "alpha", "kms.bravo.example",
	    ROOT "cert/kms.alpha.example", "", NULL, 403 },
	{ "init", KMS_AGREED, "alpha", "kms.bravo.example", ROOT "init",
	    REQUEST("kms.bravo.example", "sip:a@alpha.example"), NULL, 403 },
	{ "init of a user of the KMS", KMS_AGREED, "alpha", "kms.bravo.example",
	    ROOT "init", REQUEST("kms.bravo.example", "sip:bob@bravo.example"),
	    NULL, 403 },
	{ "init for nobody", KMS_AGREED, "bravo", "kms.alpha.example",
	    ROOT "init", "", NULL, 403 },
	{ "keyprov", KMS_AGREED, "alpha", "kms.bravo.example",
	    ROOT "keyprov/sip%3Abob%40bravo.example", "", NULL, 403 },
	{ "init of a user who has migrated", KMS_AGREED, "bravo",
	    "kms.alpha.example", ROOT "init",
	    REQUEST("kms.alpha.example", "sip:roam@alpha.example"),
	    "kms.alpha.example", 0 },
	{ "keyprov of the same", KMS_AGREED, "bravo", "kms.alpha.example",
	    ROOT "keyprov/sip%3Aroam%40alpha.example", "", "kms.alpha.example",
	    0 },
	{ "keyprov of another", KMS_AGREED, "bravo", "kms.alpha.example",
	    ROOT "keyprov/sip%3Aalice%40alpha.example", "", NULL, 403 },
	{ "two users", KMS_AGREED, "bravo", "kms.alpha.example",
	    ROOT "keyprov/sip%3Aroam%40alpha.example",
	    REQUEST("kms.alpha.example", "sip:alice@alpha.example"), NULL,
	    400 },
	{ "the other direction", KMS_AGREED, "bravo", "kms.alpha.example",
	    ROOT "certcache", "", NULL, 403 },
	{ "cert, not agreed", KMS_NO, "alpha", "kms.bravo.example",
	    ROOT "cert/kms.bravo.example", "", NULL, 403 },
	{ "certcache, not agreed", KMS_NO, "alpha", "kms.bravo.example",
	    ROOT "certcache", "", NULL, 403 },
	{ "upload, not agreed", KMS_NO, "alpha", "kms.bravo.example",
	    ROOT "redirect", "", NULL, 403 },
	{ "without a word", "", "alpha", "kms.bravo.example", ROOT "redirect",
	    "", NULL, 403 },
	{ "without an agreement", KMS_AGREED, "charlie", "kms.bravo.example",
	    ROOT "certcache", "", NULL, 403 },
	{ "an unreadable body", KMS_AGREED, "alpha", "kms.bravo.example",
	    ROOT "redirect", "<x>", NULL, 400 },
	{ "an unreadable path", KMS_AGREED, "alpha", "kms.bravo.example",
	    ROOT "certcache/x", "", NULL, 400 },
};

static void
what_may_cross(void **state)
{
	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		char rules[4096];
		size_t asked = t->n_questions;
		snprintf(
		    rules, sizeof(rules), "%s%s", TASKED_PERMIT, rows[i].rules);
		tasked_reload(t, &(struct tasked_settings){ .rules = rules });
		uint64_t stream = send(rows[i].asker, rows[i].authority,
		    rows[i].path, rows[i].body);
		const struct tasked_answer *a = tasked_answer(t, stream);
		bool sent = t->n_questions > asked;
		if (sent != (rows[i].kms != NULL) || sent != (a == NULL) ||
		    (sent && strcmp(service_of(tasked_question(t)),
				 rows[i].kms) != 0) ||
		    (!sent && a->status != rows[i].status))
			fail_msg("%s: %s %u", rows[i].name,
			    sent ? service_of(tasked_question(t)) : "refused",
			    a == NULL ? 0 : a->status);
	}
}

static void
it_goes_as_it_came(void **state)
{
	const char *body = REQUEST("kms.bravo.example", "sip:a@alpha.example");
	const struct tasked_question *q;

	(void)state;
	(void)send("alpha", "kms.bravo.example", ROOT "redirect", body);
	q = tasked_question(t);
	assert_true(gw_span_eq(q->r.path, GW_SPAN("/b" ROOT "redirect")));
	assert_true(gw_span_eq(q->r.authority, GW_SPAN("127.0.0.1:8191")));
	assert_true(gw_span_eq(q->r.body, gw_span_of(body)));
	assert_true(gw_span_eq(q->r.authorization, GW_SPAN(TOKEN)));
	assert_int_equal(q->r.method, GW_HTTP_POST);
	/* What has begun must not be sent again elsewhere. */
	assert_false(q->safe);
}

/* ---- what comes back ---- */

static const struct {
	const char *name;
	unsigned status;
	const char *body;
	unsigned status_out;
	const char *out; /* NULL: an error of ours */
} backs[] = {
	{ "what may be held", 200, RESPONSE(CERT("kms.bravo.example")), 200,
	    RESPONSE(CERT("kms.bravo.example")) },
	{ "one that may not", 200,
	    RESPONSE(CERT("kms.hidden.example") CERT("kms.tac.example")), 200,
	    RESPONSE(CERT("kms.tac.example")) },
	{ "those of others", 200,
	    RESPONSE(CERT("kms.alpha.example") CERT("kms.x.example")), 200,
	    RESPONSE("") },
	{ "nothing", 200, "", 200, "" },
	{ "an error of the KMS", 404,
	    "<KmsResponse><KmsError><ErrorCode>4</ErrorCode></KmsError>"
	    "</KmsResponse>",
	    404,
	    "<KmsResponse><KmsError><ErrorCode>4</ErrorCode></KmsError>"
	    "</KmsResponse>" },
	{ "an error with a certificate", 403,
	    "<x>" CERT("kms.hidden.example") "</x>", 403, "<x></x>" },
	{ "an error page", 500, "<html><br></html>", 500, "" },
	{ "a page that is none", 200, "<html><br></html>", 503, NULL },
	{ "a lookup", 200, RESPONSE("<KmsLookup/>"), 503, NULL },
	{ "a lookup in an error", 404, RESPONSE("<KmsLookup/>"), 503, NULL },
	{ "keys", 200, RESPONSE("<KmsKeySet/>"), 503, NULL },
	{ "keys of another namespace", 200,
	    RESPONSE("<x><y:KmsKeySet xmlns:y=\"urn:y\"/></x>"), 503, NULL },
	{ "a transport key", 200, RESPONSE("<NewTransportKey/>"), 503, NULL },
	{ "under a signature", 200,
	    "<SignedKmsResponse>" CERT(
		"kms.hidden.example") "<Signature/>"
				      "</SignedKmsResponse>",
	    503, NULL },
	{ "a way elsewhere", 302, "", 503, NULL },
};

static void
what_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < GW_COUNT(backs); i++) {
		uint64_t stream =
		    send("alpha", "kms.bravo.example", ROOT "certcache", "");
		respond(backs[i].status, backs[i].body);
		const struct tasked_answer *a = tasked_answer(t, stream);
		if (a == NULL || a->status != backs[i].status_out ||
		    (backs[i].out != NULL &&
			!gw_span_eq(a->body, gw_span_of(backs[i].out))))
			fail_msg("%s: %u %.*s", backs[i].name,
			    a == NULL ? 0 : a->status,
			    a == NULL ? 0 : (int)a->body.len,
			    a == NULL ? "" : (const char *)a->body.p);
	}
}

/* What was read as XML is not to be read as something else. */
static void
it_is_xml_both_ways(void **state)
{
	const char *body = REQUEST("kms.bravo.example", "sip:a@alpha.example");
	uint64_t stream = tasked_in(t, "alpha",
	    &(struct gw_http_request){ .method = GW_HTTP_POST,
		.path = GW_SPAN(ROOT "redirect"),
		.authority = GW_SPAN("kms.bravo.example"),
		.content_type = GW_SPAN("text/xml; charset=utf-16"),
		.body = gw_span_of(body) });

	(void)state;
	assert_true(gw_span_eq(
	    tasked_question(t)->r.content_type, GW_SPAN("application/xml")));
	tasked_respond(t, tasked_question(t),
	    &(struct gw_http_response){ .status = 200,
		.content_type = GW_SPAN("multipart/mixed; boundary=x"),
		.body = GW_SPAN(RESPONSE("")) });
	assert_string_equal(tasked_answer(t, stream)->type, "application/xml");
	/* Nor is there a token that the asker has not sent. */
	assert_int_equal(tasked_question(t)->r.authorization.len, 0);
}

static void
keys_come_to_who_may_ask_for_them(void **state)
{
	uint64_t stream = send("bravo", "kms.alpha.example",
	    ROOT "keyprov/sip%3Aroam%40alpha.example", "");

	(void)state;
	respond(200, RESPONSE("<KmsKeySet/>"));
	assert_true(gw_span_eq(
	    tasked_answer(t, stream)->body, GW_SPAN(RESPONSE("<KmsKeySet/>"))));
}

static void
what_comes_late(void **state)
{
	uint64_t stream =
	    send("alpha", "kms.bravo.example", ROOT "certcache", "");
	const struct tasked_question *q = tasked_question(t);

	(void)state;
	tasked_gone(t, stream);
	assert_true(q->dropped);
	respond(200, RESPONSE(""));
	assert_null(tasked_answer(t, stream));
	stream = send("alpha", "kms.bravo.example", ROOT "certcache", "");
	tasked_fail(t, tasked_question(t));
	assert_int_equal(tasked_answer(t, stream)->status, 503);
	assert_true(tasked_answer(t, stream)->retry_after_s > 0);
	respond(200, RESPONSE(""));
	assert_int_equal(t->n_answers, 1);
}

static void
what_never_comes(void **state)
{
	uint64_t stream =
	    send("alpha", "kms.bravo.example", ROOT "certcache", "");

	(void)state;
	tasked_wait(t, tasked_question(t)->deadline_ms - 10);
	assert_null(tasked_answer(t, stream));
	tasked_wait(t, 20);
	assert_int_equal(tasked_answer(t, stream)->status, 503);
	assert_true(tasked_question(t)->dropped);
	respond(200, RESPONSE(""));
	assert_int_equal(t->n_answers, 1);
}

static void
a_slow_kms_leaves_room_for_others(void **state)
{
	const struct tasked_settings few = { .rules = agreed.rules,
		.lookups = "waiting=\"4\"" };
	uint64_t streams[3];

	(void)state;
	tasked_reload(t, &few);
	for (size_t i = 0; i < GW_COUNT(streams); i++)
		streams[i] =
		    send("alpha", "kms.bravo.example", ROOT "certcache", "");
	assert_int_equal(tasked_answer(t, streams[2])->status, 503);
	assert_int_equal(t->n_questions, 2);
	(void)send("alpha", "tac.example:99", ROOT "certcache", "");
	assert_int_equal(t->n_questions, 3);
	/* Those who are gone, and those who are answered, make room. */
	tasked_gone(t, streams[0]);
	(void)send("alpha", "kms.bravo.example", ROOT "certcache", "");
	respond(200, RESPONSE(""));
	(void)send("alpha", "kms.bravo.example", ROOT "certcache", "");
	assert_int_equal(t->n_questions, 5);
}

/* Certificates are cut by the agreement of the moment. */
static void
a_reload_counts_for_what_is_under_way(void **state)
{
	uint64_t stream =
	    send("alpha", "kms.bravo.example", ROOT "certcache", "");

	(void)state;
	tasked_reload(t, &(struct tasked_settings){ .rules = KMS_AGREED });
	respond(200, RESPONSE(CERT("kms.bravo.example")));
	assert_true(
	    gw_span_eq(tasked_answer(t, stream)->body, GW_SPAN(RESPONSE(""))));
	/* What may not be asked any more is not answered either. */
	stream = send("alpha", "kms.bravo.example", ROOT "certcache", "");
	tasked_reload(t, &(struct tasked_settings){ .rules = TASKED_PERMIT });
	respond(200, RESPONSE(""));
	assert_int_equal(tasked_answer(t, stream)->status, 503);
}

static void
what_a_real_kms_says(void **state)
{
	static uint8_t text[65536];
	size_t len =
	    tfile_read(GW_TESTS_DIR "/corpus/kms/bravo/certcache-response.xml",
		text, sizeof(text));
	uint64_t stream =
	    send("alpha", "kms.bravo.example", ROOT "certcache", "");
	struct gw_span body;

	(void)state;
	tasked_respond(t, tasked_question(t),
	    &(struct gw_http_response){ .status = 200,
		.content_type = GW_SPAN("application/xml"),
		.body = { text, len } });
	body = tasked_answer(t, stream)->body;
	assert_true(
	    gw_span_search(body, GW_SPAN("kms.bravo.example")) < body.len);
	assert_int_equal(
	    gw_span_search(body, GW_SPAN("kms.charlie.example")), body.len);
	assert_true(body.len > 0 && body.len < len);
}

/* ---- the token ---- */

static bool
log_holds(const char *text)
{
	static char all[1 << 20];

	fflush(stderr);
	rewind(log_file);
	size_t len = fread(all, 1, sizeof(all) - 1, log_file);
	all[len] = '\0';
	return strstr(all, text) != NULL;
}

static void
the_token_goes_nowhere_else(void **state)
{
	struct gw_buf why;

	(void)state;
	(void)send("alpha", "kms.bravo.example", ROOT "certcache", "");
	respond(200, RESPONSE(CERT("kms.hidden.example")));
	(void)send("alpha", "kms.bravo.example", ROOT "init", "");
	(void)send("charlie", "kms.bravo.example", ROOT "init", "<x>");
	(void)send("alpha", "gw.example:8080", "/x", "");
	/* A lookup is asked in the gateway's own name. */
	(void)send("alpha", "gw.example:8080",
	    ROOT "lookup/sip%3Abob%40bravo.example", "");
	assert_int_equal(t->n_questions, 2);
	assert_int_equal(tasked_question(t)->r.authorization.len, 0);
	tasked_fail(t, tasked_question(t));
	tasked_wait(t, 300);
	assert_true(log_holds("kms.passed"));
	assert_true(log_holds("kms.refused"));
	assert_true(log_holds("lookup.asked"));
	assert_false(log_holds("SECRET"));
	gw_buf_init(&why, 1u << 20);
	for (uint64_t id = 0; id < 4096; id++)
		(void)core_why(t->rig.core, id, false, &why);
	assert_int_equal(why.len, 0);
	gw_buf_clear(&why);
	for (size_t i = 0; i < t->n_answers; i++)
		assert_int_equal(
		    gw_span_search(t->answers[i].body, GW_SPAN("SECRET")),
		    t->answers[i].body.len);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: after some lines a second the log folds. */
		TEST(the_token_goes_nowhere_else),
		TEST(what_may_cross),
		TEST(it_goes_as_it_came),
		TEST(what_comes_back),
		TEST(it_is_xml_both_ways),
		TEST(keys_come_to_who_may_ask_for_them),
		TEST(what_comes_late),
		TEST(what_never_comes),
		TEST(a_slow_kms_leaves_room_for_others),
		TEST(a_reload_counts_for_what_is_under_way),
		TEST(what_a_real_kms_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
