/*
 * test_kms_watch.c: certificates of KMSs are fetched and compared; what
 * changed raises an alarm and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/tasked.h"
#include "support/tfile.h"

#define CORPUS GW_TESTS_DIR "/corpus/kms"
#define FILE_  CORPUS "/bravo/certificate.xml"
/* The SHA-256 of that file. */
#define PIN                                                                    \
	"certificate-sha256=\"7bc57270ffb64ccbf001659a66aacbdb"                \
	"cd4be42c66f7a27b3556ec1969130fee\""
#define WATCH "watch=\"1h\""
#define HOUR  3600000u
/* 2030-12-15T00:00:00Z, two weeks before it lapses; and after that. */
#define SOON  INT64_C(1923523200000000)
#define AFTER INT64_C(1930000000000000)

static struct tasked *t;
static char text[65536];

static void
open_with(const struct tasked_settings *s)
{
	t = calloc(1, sizeof(*t));
	assert_non_null(t);
	tasked_open(t, s);
}

static int
tear_down(void **state)
{
	(void)state;
	if (t != NULL)
		tasked_close(t);
	free(t);
	t = NULL;
	return 0;
}

static const char *
file(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), CORPUS "/%s", name);
	text[tfile_read(path, (uint8_t *)text, sizeof(text) - 1)] = '\0';
	return text;
}

/* alpha's keys under bravo's name. */
static const char *
forged(void)
{
	static char out[65536];
	const char *in = file("alpha/certificate.xml");
	const char *at = strstr(in, "kms.alpha.example");

	assert_non_null(at);
	snprintf(out, sizeof(out), "%.*skms.bravo.example%s", (int)(at - in),
	    in, at + strlen("kms.alpha.example"));
	return out;
}

static void
answer(const char *body)
{
	tasked_respond(t, tasked_question(t),
	    &(struct gw_http_response){ .status = 200,
		.content_type = GW_SPAN("application/xml"),
		.body = gw_span_of(body) });
}

static enum kms_watch_state
state_now(void)
{
	assert_int_equal(t->rig.snap->kms_watch->n, 1);
	return (enum kms_watch_state)atomic_load(
	    &t->rig.snap->kms_watch->at[0].seen->state);
}

static uint64_t
counted(enum metric m)
{
	return atomic_load(&core_metrics(t->rig.core)->at[m]);
}

static bool
stands_in(void)
{
	return kms_watch_find(t->rig.snap->kms_watch,
		   GW_SPAN("KMS.bravo.example")) != NULL;
}

static bool
status_says(const char *what)
{
	struct gw_buf out;

	gw_buf_init(&out, 65536);
	kms_watch_text(t->rig.snap->kms_watch, t->rig.now.wall_us, &out);
	bool found = what == NULL ? out.len == 0 :
				    gw_span_search(gw_buf_span(&out),
					gw_span_of(what)) < out.len;
	gw_buf_clear(&out);
	return found;
}

static void
it_is_fetched_now_and_then(void **state)
{
	(void)state;
	open_with(
	    &(struct tasked_settings){ .kms_bravo = WATCH, .watches = true });
	tasked_wait(t, 1100);
	assert_int_equal(t->n_questions, 1);
	const struct tasked_question *q = tasked_question(t);
	assert_true(gw_span_eq(q->r.path,
	    GW_SPAN("/b/keymanagement/identity/v1/cert/kms.bravo.example")));
	assert_true(q->safe);
	assert_true(
	    gw_span_search(q->r.body,
		GW_SPAN("<KmsUri>kms.bravo.example</KmsUri>")) < q->r.body.len);
	tasked_wait(t, HOUR - 2000);
	assert_int_equal(t->n_questions, 1);
	tasked_wait(t, 2000);
	assert_int_equal(t->n_questions, 2);
}

static void
only_one_worker_does_it(void **state)
{
	(void)state;
	open_with(&(struct tasked_settings){ .kms_bravo = WATCH });
	tasked_wait(t, 5000);
	assert_int_equal(t->n_questions, 0);
}

/* What each answer means under each pin. */
static const char with_file[] = "certificate=\"" FILE_ "\" " PIN;

enum body { SAME, INIT, FORGED, OTHERS, PAGE, NOTHING };

static const struct {
	const char *name, *pin;
	enum body body;
	enum kms_watch_state state;
	bool stands_in;
} rows[] = {
	{ "as the file", with_file, SAME, KMS_WATCH_SAME, false },
	{ "as the file, in a response", with_file, INIT, KMS_WATCH_SAME,
	    false },
	{ "not as the file", with_file, FORGED, KMS_WATCH_CHANGED, false },
	{ "as the pin", PIN, SAME, KMS_WATCH_SAME, true },
	{ "not as the pin", PIN, FORGED, KMS_WATCH_CHANGED, false },
	{ "no pin", "", SAME, KMS_WATCH_UNPINNED, false },
	{ "that of another", PIN, OTHERS, KMS_WATCH_FAILED, false },
	{ "no certificate", PIN, PAGE, KMS_WATCH_FAILED, false },
	{ "nothing", PIN, NOTHING, KMS_WATCH_FAILED, false },
};

static const char *
body_of(enum body b)
{
	switch (b) {
	case SAME: return file("bravo/certificate.xml");
	case INIT: return file("bravo/init-response.xml");
	case FORGED: return forged();
	case OTHERS: return file("alpha/certificate.xml");
	case PAGE: return "<html/>";
	case NOTHING: break;
	}
	return "";
}

static void
it_is_compared(void **state)
{
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		open_with(&(struct tasked_settings){
		    .kms_bravo = WATCH, .pin = rows[i].pin, .watches = true });
		assert_int_equal(state_now(), KMS_WATCH_NOT_YET);
		tasked_wait(t, 1100);
		answer(body_of(rows[i].body));
		if (state_now() != rows[i].state ||
		    stands_in() != rows[i].stands_in)
			fail_msg("%s: %s", rows[i].name,
			    kms_watch_word(state_now()));
		assert_int_equal(counted(METRIC_KMS_WATCH_SAME),
		    rows[i].state == KMS_WATCH_SAME);
		assert_int_equal(counted(METRIC_KMS_WATCH_CHANGED),
		    rows[i].state == KMS_WATCH_CHANGED);
		assert_true(
		    status_says(rows[i].state == KMS_WATCH_CHANGED ? "changed" :
				rows[i].state == KMS_WATCH_FAILED  ? "failed" :
								     NULL));
		tear_down(state);
	}
}

/* A KmsCertificate as it stands in its file. */
static struct gw_span
element(const char *in)
{
	struct gw_span s = gw_span_of(in);
	size_t from = gw_span_search(s, GW_SPAN("<KmsCertificate"));

	s = gw_span_sub(s, from, s.len);
	return gw_span_sub(s, 0,
	    gw_span_search(s, GW_SPAN("</KmsCertificate>")) +
		strlen("</KmsCertificate>"));
}

/* certificate-sha256="..." of a text. */
static const char *
pin_of(struct gw_span of)
{
	static char out[128];
	uint8_t sum[KMS_SHA256_LEN];
	size_t n = (size_t)snprintf(out, sizeof(out), "certificate-sha256=\"");

	assert_true(kms_cert_sha256(of, sum));
	for (size_t i = 0; i < sizeof(sum); i++)
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%02x", sum[i]);
	snprintf(out + n, sizeof(out) - n, "\"");
	return out;
}

/* The one that is pinned stands where it says nothing, and in its place one
 * whose name is in two pieces, which some readers join. */
static void
what_is_pinned_is_what_is_read(void **state)
{
	static char body[65536], good[8192], bad[8192];
	struct gw_span other;

	(void)state;
	snprintf(good, sizeof(good), "%.*s",
	    GW_FMT(element(file("bravo/certificate.xml"))));
	other = element(forged());
	size_t at = gw_span_search(other, GW_SPAN(".bravo.example"));
	snprintf(bad, sizeof(bad), "%.*s<!-- -->%.*s", (int)at, other.p,
	    (int)(other.len - at), other.p + at);
	snprintf(body, sizeof(body),
	    "<KmsResponse xmlns=\"urn:3gpp:ns:mcsecKMSInterface:1.0\">"
	    "<KmsUri>kms.bravo.example</KmsUri><KmsMessage><KmsInit>%s"
	    "</KmsInit></KmsMessage><x xmlns=\"urn:x\">%s</x></KmsResponse>",
	    bad, good);
	open_with(&(struct tasked_settings){ .kms_bravo = WATCH,
	    .pin = pin_of(gw_span_of(good)),
	    .watches = true });
	tasked_wait(t, 1100);
	answer(body);
	assert_int_equal(state_now(), KMS_WATCH_FAILED);
	assert_false(stands_in());
	/* Alone, or in an answer that says so, it is good. */
	tasked_wait(t, HOUR);
	answer(good);
	assert_int_equal(state_now(), KMS_WATCH_SAME);
	assert_true(stands_in());
}

/* What changed does not take effect, nor does it undo what is in force. */
static void
a_change_takes_nothing_away(void **state)
{
	const struct tasked_settings s = {
		.kms_bravo = WATCH, .pin = PIN, .watches = true
	};
	const struct tasked_settings other = { .kms_bravo = WATCH,
		.pin = "certificate-sha256=\"00000000000000000000000000000000"
		       "00000000000000000000000000000000\"",
		.watches = true };

	(void)state;
	open_with(&s);
	tasked_wait(t, 1100);
	answer(body_of(SAME));
	assert_true(stands_in());
	tasked_wait(t, HOUR);
	answer(forged());
	assert_int_equal(state_now(), KMS_WATCH_CHANGED);
	assert_true(stands_in());
	/* The next snapshot takes it over, unless the pin is another one. */
	tasked_reload(t, &s);
	assert_true(stands_in());
	assert_int_equal(state_now(), KMS_WATCH_CHANGED);
	tasked_reload(t, &other);
	assert_false(stands_in());
	tasked_reload(t, &s);
	assert_false(stands_in());
	tasked_wait(t, 1100);
	answer(body_of(SAME));
	assert_true(stands_in());
	assert_int_equal(state_now(), KMS_WATCH_SAME);
}

static void
none_comes(void **state)
{
	(void)state;
	open_with(&(struct tasked_settings){
	    .kms_bravo = WATCH, .pin = PIN, .watches = true });
	tasked_wait(t, 1100);
	const struct tasked_question q = *tasked_question(t);
	tasked_fail(t, &q);
	assert_int_equal(state_now(), KMS_WATCH_FAILED);
	tasked_respond(t, &q,
	    &(struct gw_http_response){
		.status = 200, .body = gw_span_of(body_of(SAME)) });
	assert_int_equal(state_now(), KMS_WATCH_FAILED); /* too late */
	tasked_wait(t, HOUR);
	answer(body_of(SAME));
	assert_int_equal(state_now(), KMS_WATCH_SAME);
}

static void
its_end_is_seen_coming(void **state)
{
	(void)state;
	open_with(&(struct tasked_settings){
	    .kms_bravo = WATCH, .pin = PIN, .watches = true });
	t->rig.now.wall_us = SOON;
	tasked_wait(t, 1100);
	answer(body_of(SAME));
	assert_int_equal(state_now(), KMS_WATCH_SAME);
	assert_true(status_says("lapses soon"));
	t->rig.now.wall_us = AFTER;
	tasked_wait(t, HOUR);
	answer(body_of(SAME));
	assert_int_equal(state_now(), KMS_WATCH_FAILED);
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_fetched_now_and_then),
		TEST(only_one_worker_does_it),
		TEST(it_is_compared),
		TEST(what_is_pinned_is_what_is_read),
		TEST(a_change_takes_nothing_away),
		TEST(none_comes),
		TEST(its_end_is_seen_coming),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
