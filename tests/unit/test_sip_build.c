/*
 * test_sip_build.c: responses, ACK and CANCEL, octet by octet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "codec/sip/sip_build.h"

static struct sip_msg msg;
static struct gw_buf out;
static struct gw_fault fault;

static int
set_up(void **state)
{
	(void)state;
	gw_buf_init(&out, 65536);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	gw_buf_clear(&out);
	return 0;
}

static void
read_request(const char *text)
{
	enum gw_err err = sip_msg_parse(gw_span_of(text), &msg, &fault);

	if (err != GW_OK)
		fail_msg("at %zu: %s", fault.at, fault.why);
}

static void
assert_out(const char *want)
{
	struct gw_span got = gw_buf_span(&out);

	assert_true(gw_buf_ok(&out));
	if (!gw_span_eq(got, gw_span_of(want)))
		fail_msg("got:\n%.*s\nwant:\n%s", GW_FMT(got), want);
}

static void
a_reply_copies_fields_and_adds_to_the_top_via(void **state)
{
	struct sip_reply r = { .status = 403,
		.to_tag = GW_LIT("gw7"),
		.received = GW_LIT("192.0.2.9"),
		.rport = 4321,
		.headers = GW_LIT("Warning: 399 gw \"no\"\r\n") };

	(void)state;
	read_request("INVITE sip:b SIP/2.0\r\n"
		     "v : SIP/2.0/UDP h1 ; rport;branch=z9hG4bK1,\r\n"
		     " SIP/2.0/TCP h2;rport\r\n"
		     "f: \"A\"\r\n <sip:a>;tag=1\r\nSubject: x\r\n"
		     "To: sip:b  \r\nVIA: SIP/2.0/TLS h3;rport\r\n"
		     "i: 1\r\ncseq:  5   INVITE\r\nTimestamp: 7\r\n\r\n");
	sip_reply_build(&out, &msg, &r);
	assert_out("SIP/2.0 403 Forbidden\r\n"
		   "v : SIP/2.0/UDP h1 ;rport=4321;branch=z9hG4bK1"
		   ";received=192.0.2.9,\r\n SIP/2.0/TCP h2;rport\r\n"
		   "VIA: SIP/2.0/TLS h3;rport\r\n"
		   "f: \"A\"\r\n <sip:a>;tag=1\r\n"
		   "To: sip:b;tag=gw7\r\n"
		   "i: 1\r\ncseq:  5   INVITE\r\n"
		   "Warning: 399 gw \"no\"\r\n"
		   "Content-Length: 0\r\n\r\n");
}

static void
a_100_has_no_tag_but_the_timestamp(void **state)
{
	struct sip_reply r = { .status = 100, .to_tag = GW_LIT("gw7") };

	(void)state;
	read_request("INVITE sip:b SIP/2.0\r\nVia: SIP/2.0/UDP h1;rport\r\n"
		     "From: <sip:a>;tag=1\r\nTo: <sip:b>\r\n"
		     "Call-ID: 1\r\nCSeq: 5 INVITE\r\nTimestamp: 7\r\n\r\n");
	sip_reply_build(&out, &msg, &r);
	assert_out("SIP/2.0 100 Trying\r\nVia: SIP/2.0/UDP h1;rport\r\n"
		   "From: <sip:a>;tag=1\r\nTo: <sip:b>\r\n"
		   "Call-ID: 1\r\nCSeq: 5 INVITE\r\nTimestamp: 7\r\n"
		   "Content-Length: 0\r\n\r\n");
}

static void
a_tag_that_is_there_stays_and_a_claimed_received_does_not(void **state)
{
	struct sip_reply r = { .status = 488,
		.reason = "No",
		.to_tag = GW_LIT("gw7"),
		.received = GW_LIT("2001:db8::1"),
		.rport = 99,
		.content_type = GW_LIT("text/plain"),
		.body = GW_LIT("why") };

	(void)state;
	read_request("BYE sip:b SIP/2.0\r\n"
		     "Via: SIP/2.0/UDP h1;received=10.0.0.1;x\r\n"
		     "From: <sip:a>;tag=1\r\nTo: <sip:b>;TAG=2\r\n"
		     "Call-ID: 1\r\nCSeq: 5 BYE\r\n\r\n");
	sip_reply_build(&out, &msg, &r);
	/* Without an rport flag, none is added (RFC 3581, 4). */
	assert_out("SIP/2.0 488 No\r\n"
		   "Via: SIP/2.0/UDP h1;x;received=2001:db8::1\r\n"
		   "From: <sip:a>;tag=1\r\nTo: <sip:b>;TAG=2\r\n"
		   "Call-ID: 1\r\nCSeq: 5 BYE\r\n"
		   "Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nwhy");
}

static void
only_the_first_of_fields_that_stand_twice_is_copied(void **state)
{
	struct sip_reply r = { .status = 400, .to_tag = GW_LIT("g") };

	(void)state;
	assert_int_equal(
	    sip_msg_parse(
		gw_span_of("BYE sip:b SIP/2.0\r\nVia: SIP/2.0/UDP;;\r\n"
			   "From: <sip:a>\r\nTo: \"b\r\nTo: <sip:c>\r\n"
			   "Call-ID: 1\r\nCall-ID: 2\r\nCSeq: 5 BYE\r\n\r\n"),
		&msg, &fault),
	    GW_EMALFORMED);
	assert_true(msg.answerable);
	sip_reply_build(&out, &msg, &r);
	assert_out("SIP/2.0 400 Bad Request\r\nVia: SIP/2.0/UDP;;\r\n"
		   "From: <sip:a>\r\nTo: \"b;tag=g\r\nCall-ID: 1\r\n"
		   "CSeq: 5 BYE\r\nContent-Length: 0\r\n\r\n");
}

#define SENT                                                                   \
	"INVITE sip:b@c;x SIP/2.0\r\n"                                         \
	"Via: SIP/2.0/UDP gw;branch=z9hG4bK9, SIP/2.0/UDP h\r\n"               \
	"Via: SIP/2.0/UDP i\r\nRoute: <sip:r1;lr>\r\nMax-Forwards: 9\r\n"      \
	"From: <sip:a>;tag=1\r\nTo: <sip:b>\r\nRoute: <sip:r2;lr>\r\n"         \
	"Call-ID: 1\r\nCSeq: 5 INVITE\r\nContact: <sip:a>\r\n"                 \
	"Content-Length: 1\r\n\r\nx"

static void
an_ack_follows_its_invite(void **state)
{
	(void)state;
	read_request(SENT);
	sip_ack_build(&out, &msg, GW_SPAN("<sip:b>;tag=7"));
	assert_out("ACK sip:b@c;x SIP/2.0\r\n"
		   "Via: SIP/2.0/UDP gw;branch=z9hG4bK9\r\n"
		   "Max-Forwards: 9\r\n"
		   "Route: <sip:r1;lr>\r\nRoute: <sip:r2;lr>\r\n"
		   "From: <sip:a>;tag=1\r\nTo: <sip:b>;tag=7\r\n"
		   "Call-ID: 1\r\nCSeq: 5 ACK\r\n"
		   "Content-Length: 0\r\n\r\n");
}

static void
a_cancel_follows_its_invite(void **state)
{
	(void)state;
	read_request(SENT);
	sip_cancel_build(&out, &msg);
	assert_out("CANCEL sip:b@c;x SIP/2.0\r\n"
		   "Via: SIP/2.0/UDP gw;branch=z9hG4bK9\r\n"
		   "Max-Forwards: 9\r\n"
		   "Route: <sip:r1;lr>\r\nRoute: <sip:r2;lr>\r\n"
		   "From: <sip:a>;tag=1\r\nTo: <sip:b>\r\n"
		   "Call-ID: 1\r\nCSeq: 5 CANCEL\r\n"
		   "Content-Length: 0\r\n\r\n");
}

static void
each_status_has_its_phrase(void **state)
{
	(void)state;
	assert_string_equal(sip_reason(100), "Trying");
	assert_string_equal(sip_reason(505), "Version Not Supported");
	assert_string_equal(sip_reason(608), "Rejected");
	assert_string_equal(sip_reason(599), "Unknown");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_reply_copies_fields_and_adds_to_the_top_via),
		TEST(a_100_has_no_tag_but_the_timestamp),
		TEST(a_tag_that_is_there_stays_and_a_claimed_received_does_not),
		TEST(only_the_first_of_fields_that_stand_twice_is_copied),
		TEST(an_ack_follows_its_invite),
		TEST(a_cancel_follows_its_invite),
		TEST(each_status_has_its_phrase),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
