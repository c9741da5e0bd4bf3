/*
 * test_sip_corpus.c: whole messages: the torture tests of RFC 4475, those of
 * RFC 5118 (written anew after its rules), and the SIP files of the corpus.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/sip/sip_build.h"
#include "codec/sip/sip_msg.h"

#define FILE_MAX 65536

enum answer {
	PASS, /* accepted */
	A400, /* malformed, a 400 can be written */
	A505, /* unsupported, a 505 can be written */
	DROP, /* malformed, and nothing to answer with or to */
};

struct row {
	const char *file;
	enum answer answer;
	const char *why; /* part of the reason of a refusal */
};

static uint8_t file_octets[FILE_MAX];
static struct sip_msg msg;
static struct gw_fault fault;

static struct gw_span
read_file(const char *folder, const char *name)
{
	char path[512];

	snprintf(
	    path, sizeof(path), "%s/corpus/%s/%s", GW_TESTS_DIR, folder, name);
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("cannot open %s", path);
	size_t len = fread(file_octets, 1, sizeof(file_octets), f);
	fclose(f);
	return (struct gw_span){ file_octets, len };
}

static enum answer
answer_of(enum gw_err err)
{
	if (err == GW_OK)
		return PASS;
	if (!msg.answerable)
		return DROP;
	return err == GW_EUNSUPPORTED ? A505 : A400;
}

static void
check(const struct row *r, struct gw_span in)
{
	enum answer got;

	fault = (struct gw_fault){ 0, "nothing" };
	got = answer_of(sip_msg_parse(in, &msg, &fault));
	if (got != r->answer)
		fail_msg("%s: answer %d, should be %d (at %zu: %s)", r->file,
		    (int)got, (int)r->answer, fault.at, fault.why);
	if (r->why != NULL && strstr(fault.why, r->why) == NULL)
		fail_msg("%s: at %zu: %s, should be %s", r->file, fault.at,
		    fault.why, r->why);
	if (got != PASS)
		assert_true(fault.at < in.len);
}

static void
each_rfc4475_message_is_accepted_or_refused_as_the_rfc_says(void **state)
{
	static const struct row rows[] = {
		/* 3.1.1: valid */
		{ "wsinv.dat", PASS, NULL },
		{ "intmeth.dat", PASS, NULL },
		{ "esc01.dat", PASS, NULL },
		{ "escnull.dat", PASS, NULL },
		{ "esc02.dat", PASS, NULL },
		{ "lwsdisp.dat", PASS, NULL },
		{ "longreq.dat", PASS, NULL },
		{ "dblreq.dat", PASS, NULL },
		{ "semiuri.dat", PASS, NULL },
		{ "transports.dat", PASS, NULL },
		{ "mpart01.dat", PASS, NULL },
		{ "unreason.dat", PASS, NULL },
		{ "noreason.dat", PASS, NULL },
		/* 3.1.2: invalid */
		{ "badinv01.dat", A400, "parameter" },
		{ "clerr.dat", A400, "Content-Length is more" },
		{ "ncl.dat", A400, "Content-Length is not a number" },
		{ "scalar02.dat", A400, "CSeq number" },
		{ "scalarlg.dat", DROP, "CSeq number" },
		{ "quotbal.dat", A400, "quoted string" },
		{ "ltgtruri.dat", A400, "without a scheme" },
		{ "lwsruri.dat", A400, "not a SIP version" },
		{ "lwsstart.dat", A400, "not a SIP version" },
		{ "trws.dat", A400, "not a SIP version" },
		{ "escruri.dat", A400, "headers in a Request-URI" },
		{ "baddate.dat", A400, "GMT" },
		{ "regbadct.dat", A400, "without brackets" },
		{ "badaspec.dat", A400, "not allowed in a URI" },
		{ "baddn.dat", A400, "no empty line" },
		{ "baddn-terminated.dat", A400, "neither a URI" },
		{ "badvers.dat", A505, "version is not 2.0" },
		{ "mismatch01.dat", A400, "another method" },
		{ "mismatch02.dat", A400, "another method" },
		{ "bigcode.dat", DROP, "status code" },
		/* 3.2 and 3.3: for the layers above, save what is missing
		 * or stands twice */
		{ "badbranch.dat", PASS, NULL },
		{ "insuf.dat", DROP, "From is missing" },
		{ "unkscm.dat", PASS, NULL },
		{ "novelsc.dat", PASS, NULL },
		{ "unksm2.dat", PASS, NULL },
		{ "bext01.dat", PASS, NULL },
		{ "invut.dat", PASS, NULL },
		{ "regaut01.dat", PASS, NULL },
		{ "multi01.dat", A400, "only once" },
		{ "mcl01.dat", A400, "only once" },
		{ "bcast.dat", PASS, NULL },
		{ "zeromf.dat", PASS, NULL },
		{ "cparam01.dat", PASS, NULL },
		{ "cparam02.dat", PASS, NULL },
		{ "regescrt.dat", PASS, NULL },
		{ "sdp01.dat", PASS, NULL },
		/* 3.4: as in RFC 2543 */
		{ "inv2543.dat", PASS, NULL },
		/* not in the RFC */
		{ "test.dat", DROP, "without a version" },
	};
	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++)
		check(&rows[i], read_file("rfc4475", rows[i].file));
	assert_int_equal(GW_COUNT(rows), 51);
}

static void
the_odd_but_valid_messages_are_read_right(void **state)
{
	(void)state;
	check(&(struct row){ "wsinv.dat", PASS, NULL },
	    read_file("rfc4475", "wsinv.dat"));
	assert_int_equal(msg.cseq, 9);
	assert_int_equal(msg.max_forwards, 68);
	assert_int_equal(msg.method, SIP_METHOD_INVITE);
	assert_int_equal(msg.body.len, 150);
	assert_true(sip_msg_in_dialog(&msg));
	assert_non_null(sip_msg_next(&msg, sip_msg_hdr(&msg, SIP_HDR_VIA)));
	assert_non_null(sip_msg_hdr(&msg, SIP_HDR_SUBJECT));

	check(&(struct row){ "intmeth.dat", PASS, NULL },
	    read_file("rfc4475", "intmeth.dat"));
	assert_int_equal(msg.method, SIP_METHOD_OTHER);
	assert_int_equal(msg.method_name.p[0], '!');
	assert_int_equal(msg.max_forwards, 255);

	check(&(struct row){ "dblreq.dat", PASS, NULL },
	    read_file("rfc4475", "dblreq.dat"));
	assert_int_equal(msg.body.len, 0);
	assert_true(msg.raw.len < 750);

	check(&(struct row){ "noreason.dat", PASS, NULL },
	    read_file("rfc4475", "noreason.dat"));
	assert_int_equal(msg.status, 100);
	assert_int_equal(msg.reason.len, 0);
	assert_false(msg.is_request);
	assert_false(msg.answerable);
	assert_int_equal(msg.method, SIP_METHOD_INVITE);

	check(&(struct row){ "zeromf.dat", PASS, NULL },
	    read_file("rfc4475", "zeromf.dat"));
	assert_non_null(sip_msg_hdr(&msg, SIP_HDR_MAX_FORWARDS));
	assert_int_equal(msg.max_forwards, 0);
}

#define REST                                                                   \
	"Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=81x2\r\n"           \
	"Call-ID: x@[2001:db8::20]\r\nCSeq: 7 OPTIONS\r\nl: 0\r\n"

static void
each_ipv6_message_is_accepted_or_refused_after_rfc5118(void **state)
{
	static const struct {
		const char *text;
		enum answer answer;
		const char *why;
	} rows[] = {
		/* 4.1 */
		{ "OPTIONS sip:[2001:db8::10] SIP/2.0\r\n"
		  "To: <sip:u@example.com>\r\n"
		  "Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKa\r\n"
		  "Contact: \"Caller\" <sip:caller@[2001:db8::1]>\r\n" REST,
		    PASS, NULL },
		/* 4.2: no brackets */
		{ "OPTIONS sip:2001:db8::10 SIP/2.0\r\n"
		  "To: <sip:u@example.com>\r\n"
		  "Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKa\r\n" REST,
		    A400, "not a port" },
		/* 4.3: the port is inside, legal if not what was meant */
		{ "OPTIONS sip:[2001:db8::10:5070] SIP/2.0\r\n"
		  "To: <sip:u@example.com>\r\n"
		  "Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKa\r\n" REST,
		    PASS, NULL },
		/* 4.4 */
		{ "OPTIONS sip:[2001:db8::10]:5070 SIP/2.0\r\n"
		  "To: <sip:u@example.com>\r\n"
		  "Via: SIP/2.0/UDP "
		  "[2001:db8::9:1]:5061;branch=z9hG4bKa\r\n" REST,
		    PASS, NULL },
		/* 4.5: received with and without brackets */
		{ "OPTIONS sip:[2001:db8::9:255] SIP/2.0\r\n"
		  "To: <sip:u@example.com>\r\n"
		  "Via: SIP/2.0/UDP [2001:db8::9:1];"
		  "received=[2001:db8::9:255];branch=z9hG4bKa\r\n" REST,
		    PASS, NULL },
		{ "OPTIONS sip:[2001:db8::9:255] SIP/2.0\r\n"
		  "To: <sip:u@example.com>\r\n"
		  "Via: SIP/2.0/UDP [2001:db8::9:1];"
		  "received=2001:db8::9:255;branch=z9hG4bKa\r\n" REST,
		    PASS, NULL },
		/* 4.7: both families */
		{ "OPTIONS sip:u@[2001:db8::10] SIP/2.0\r\n"
		  "To: <sip:u@example.com>\r\n"
		  "Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKa\r\n"
		  "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKb\r\n" REST,
		    PASS, NULL },
		/* 4.9: mapped addresses */
		{ "OPTIONS sip:u@[::ffff:192.0.2.10]:19823 SIP/2.0\r\n"
		  "To: <sip:u@example.com>\r\n"
		  "Via: SIP/2.0/UDP "
		  "[::ffff:192.0.2.2];branch=z9hG4bKa\r\n" REST,
		    PASS, NULL },
		/* 4.10: three colons are no address (RFC 5954, 3.1) */
		{ "OPTIONS sip:u@[2001:db8:::192.0.2.1] SIP/2.0\r\n"
		  "To: <sip:u@example.com>\r\n"
		  "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n" REST,
		    A400, "not an IPv6 address" },
		{ "OPTIONS sip:u@[2001:db8::192.0.2.1] SIP/2.0\r\n"
		  "To: <sip:u@example.com>\r\n"
		  "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n" REST,
		    PASS, NULL },
		/* a sent-by without brackets */
		{ "OPTIONS sip:u@[2001:db8::1] SIP/2.0\r\n"
		  "To: <sip:u@example.com>\r\n"
		  "Via: SIP/2.0/UDP 2001:db8::9:1;branch=z9hG4bKa\r\n" REST,
		    A400, "not a port" },
	};
	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		char text[1024];
		int len = snprintf(text, sizeof(text), "%s\r\n", rows[i].text);
		struct row r = { rows[i].text, rows[i].answer, rows[i].why };
		check(&r, (struct gw_span){ (uint8_t *)text, (size_t)len });
	}
}

static void
each_mcx_message_is_accepted_or_refused(void **state)
{
	static const struct row rows[] = {
		{ "o-s01-invite-private-session-keymgmt.sip", PASS, NULL },
		{ "o-s02-invite-media-keymgmt.sip", PASS, NULL },
		{ "o-s03-invite-compact-folded.sip", PASS, NULL },
		{ "o-s04-message-mikey-binary.sip", PASS, NULL },
		{ "o-s05-message-mikey-part-base64.sip", PASS, NULL },
		{ "o-s06-register-csk-binary.sip", PASS, NULL },
		{ "o-s07-publish-mikey-tail-crlf.sip", PASS, NULL },
		{ "o-s08-message-preamble-epilogue.sip", PASS, NULL },
		{ "o-s09-invite-nested-multipart.sip", PASS, NULL },
		{ "o-s11-invite-two-mikey.sip", PASS, NULL },
		{ "o-s12-invite-two-keymgmt-lines.sip", PASS, NULL },
		{ "o-s13-invite-keymgmt-other-and-uppercase.sip", PASS, NULL },
		{ "o-s14-invite-sdp-only-lf.sip", PASS, NULL },
		{ "o-s15-invite-no-mikey.sip", PASS, NULL },
		{ "o-s16-neg-kmsi-altered.sip", PASS, NULL },
		/* wrong in their bodies, not in their heads */
		{ "o-s17-neg-base64-char.sip", PASS, NULL },
		{ "o-s18-neg-base64-short.sip", PASS, NULL },
		{ "o-s19-neg-keymgmt-empty.sip", PASS, NULL },
		{ "o-s20-neg-no-close-delimiter.sip", PASS, NULL },
		{ "o-s21-neg-content-length-short.sip", PASS, NULL },
		{ "o-s23-neg-wrong-boundary.sip", PASS, NULL },
		{ "o-s24-neg-no-boundary.sip", PASS, NULL },
		{ "o-s27-neg-cte-unknown.sip", PASS, NULL },
		{ "o-s28-neg-nesting-40.sip", PASS, NULL },
		{ "o-s29-response-488-krr.sip", PASS, NULL },
		/* wrong in their heads */
		{ "o-s22-neg-content-length-long.sip", A400,
		    "Content-Length is more" },
		{ "o-s25-neg-two-content-types.sip", A400, "only once" },
		{ "o-s26-neg-two-content-lengths.sip", A400, "only once" },
	};
	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++)
		check(&rows[i], read_file("sip", rows[i].file));
}

static void
a_short_content_length_cuts_the_body(void **state)
{
	struct gw_span in =
	    read_file("sip", "o-s21-neg-content-length-short.sip");

	(void)state;
	assert_int_equal(sip_msg_parse(in, &msg, &fault), GW_OK);
	assert_int_equal(msg.body.len, 344);
	assert_int_equal(msg.raw.len + 300, in.len);
}

static void
compact_and_folded_fields_are_found_by_their_long_names(void **state)
{
	struct gw_span in = read_file("sip", "o-s03-invite-compact-folded.sip");

	(void)state;
	assert_int_equal(sip_msg_parse(in, &msg, &fault), GW_OK);
	assert_int_equal(msg.cseq, 1);
	assert_int_equal(msg.max_forwards, 70);
	assert_int_equal(msg.body.len, 1925);
	assert_true(gw_span_eq(sip_msg_value(&msg, SIP_HDR_CALL_ID),
	    GW_SPAN("c3-compact@192.0.2.10")));
	assert_true(gw_span_eq(sip_msg_value(&msg, SIP_HDR_ACCEPT_CONTACT),
	    GW_SPAN("*;+g.3gpp.mcptt\r\n ;require;explicit")));
}

static void
each_answerable_torture_message_gets_a_reply_that_can_be_read(void **state)
{
	static const char *const files[] = { "scalar02.dat", "clerr.dat",
		"badvers.dat", "multi01.dat", "mismatch01.dat", "trws.dat",
		"wsinv.dat", "intmeth.dat", "esc02.dat" };
	static struct sip_msg reply_msg;
	struct gw_buf out;

	(void)state;
	gw_buf_init(&out, FILE_MAX);
	for (size_t i = 0; i < GW_COUNT(files); i++) {
		struct sip_reply r = { .status = 400,
			.to_tag = GW_LIT("gw1"),
			.received = GW_LIT("192.0.2.77") };
		enum gw_err err =
		    sip_msg_parse(read_file("rfc4475", files[i]), &msg, &fault);
		assert_true(err == GW_OK || fault.why != NULL);
		assert_true(msg.answerable);
		gw_buf_reset(&out);
		sip_reply_build(&out, &msg, &r);
		assert_true(gw_buf_ok(&out));
		err = sip_msg_parse(gw_buf_span(&out), &reply_msg, &fault);
		/* A number that is too large goes back as it came. */
		if (strcmp(files[i], "scalar02.dat") == 0)
			assert_int_equal(err, GW_EMALFORMED);
		else
			assert_int_equal(err, GW_OK);
		assert_int_equal(reply_msg.status, 400);
		assert_int_equal(reply_msg.body.len, 0);
	}
	gw_buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    each_rfc4475_message_is_accepted_or_refused_as_the_rfc_says),
		cmocka_unit_test(the_odd_but_valid_messages_are_read_right),
		cmocka_unit_test(
		    each_ipv6_message_is_accepted_or_refused_after_rfc5118),
		cmocka_unit_test(each_mcx_message_is_accepted_or_refused),
		cmocka_unit_test(a_short_content_length_cuts_the_body),
		cmocka_unit_test(
		    compact_and_folded_fields_are_found_by_their_long_names),
		cmocka_unit_test(
		    each_answerable_torture_message_gets_a_reply_that_can_be_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
