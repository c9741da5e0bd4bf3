/*
 * test_sip_msg.c: the grammar of a message, mistake by mistake.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/sip/sip_msg.h"

#define START "OPTIONS sip:b@example.com SIP/2.0\r\n"
#define VIA   "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n"
#define FROM  "From: <sip:a@example.com>;tag=1\r\n"
#define TO    "To: <sip:b@example.com>\r\n"
#define ID    "Call-ID: 1@a\r\n"
#define CSEQ  "CSeq: 1 OPTIONS\r\n"
#define FIVE  VIA FROM TO ID CSEQ

static struct sip_msg msg;
static struct gw_fault fault;

static enum gw_err
parse_span(struct gw_span in)
{
	fault = (struct gw_fault){ 0, NULL };
	return sip_msg_parse(in, &msg, &fault);
}

static enum gw_err
parse(const char *text)
{
	return parse_span(gw_span_of(text));
}

/* A case names the text in front of the fault, so that offsets need no
 * counting. */
struct bad {
	const char *before, *after;
	const char *why;
	enum gw_err err;
	bool answerable;
};

static void
check_bad(const struct bad *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char text[4096];
		snprintf(
		    text, sizeof(text), "%s%s", rows[i].before, rows[i].after);
		enum gw_err err = parse(text);
		if (err != rows[i].err || fault.why == NULL ||
		    strstr(fault.why, rows[i].why) == NULL)
			fail_msg("row %zu: error %d at %zu: %s", i, (int)err,
			    fault.at, fault.why == NULL ? "" : fault.why);
		assert_int_equal(fault.at, strlen(rows[i].before));
		assert_int_equal(msg.answerable, rows[i].answerable);
	}
}

static void
a_request_is_read_into_spans_of_the_input(void **state)
{
	static const char text[] =
	    "INVITE sip:b@example.com SIP/2.0\r\n" VIA FROM TO ID
	    "CSeq: 2147483647 INVITE\r\nMax-Forwards: 255\r\n"
	    "Subject :  two\r\n\twords \r\nContent-Length: 4\r\n\r\nbody";
	struct gw_span in = gw_span_of(text);

	(void)state;
	assert_int_equal(parse_span(in), GW_OK);
	assert_true(msg.is_request && msg.answerable);
	assert_int_equal(msg.method, SIP_METHOD_INVITE);
	assert_true(gw_span_eq(msg.uri, GW_SPAN("sip:b@example.com")));
	assert_int_equal(msg.cseq, 2147483647);
	assert_int_equal(msg.max_forwards, 255);
	assert_int_equal(msg.n_hdrs, 8);
	assert_true(gw_span_eq(msg.body, GW_SPAN("body")));
	assert_true(gw_span_eq(msg.raw, in));
	assert_true(gw_span_eq(
	    msg.start, GW_SPAN("INVITE sip:b@example.com SIP/2.0\r\n")));
	assert_true(gw_span_eq(
	    sip_msg_value(&msg, SIP_HDR_SUBJECT), GW_SPAN("two\r\n\twords")));
	assert_true(gw_span_eq(msg.hdrs[6].name, GW_SPAN("Subject")));
	assert_false(sip_msg_in_dialog(&msg));
	assert_string_equal(sip_method_name(msg.method), "INVITE");
	assert_string_equal(sip_method_name(SIP_METHOD_OTHER), "OTHER");
}

static void
a_response_takes_its_method_from_cseq(void **state)
{
	(void)state;
	assert_int_equal(
	    parse("SIP/2.0 183 Session Progress\r\n" VIA FROM
		  "To: <sip:b>;tag=2\r\n" ID "CSeq: 5\r\n UPDATE\r\n\r\n"),
	    GW_OK);
	assert_false(msg.is_request || msg.answerable);
	assert_int_equal(msg.status, 183);
	assert_true(gw_span_eq(msg.reason, GW_SPAN("Session Progress")));
	assert_int_equal(msg.method, SIP_METHOD_UPDATE);
	assert_true(sip_msg_in_dialog(&msg));
	assert_null(sip_msg_hdr(&msg, SIP_HDR_MAX_FORWARDS));
}

static void
rows_of_one_id_are_linked_in_order(void **state)
{
	(void)state;
	assert_int_equal(parse(START VIA "Z: 1\r\nv: SIP/2.0/TCP b\r\n" FROM TO
					 "y: 2\r\nZ: 3\r\n" ID CSEQ
					 "VIA: SIP/2.0/TLS c\r\n\r\n"),
	    GW_OK);
	const struct sip_hdr *h = sip_msg_hdr(&msg, SIP_HDR_VIA);
	assert_ptr_equal(h, &msg.hdrs[0]);
	h = sip_msg_next(&msg, h);
	assert_ptr_equal(h, &msg.hdrs[2]);
	h = sip_msg_next(&msg, h);
	assert_ptr_equal(h, &msg.hdrs[9]);
	assert_null(sip_msg_next(&msg, h));
	h = sip_msg_hdr(&msg, SIP_HDR_OTHER);
	assert_ptr_equal(h, &msg.hdrs[1]);
	assert_ptr_equal(sip_msg_next(&msg, h), &msg.hdrs[6]);
}

static void
ack_is_never_answerable(void **state)
{
	(void)state;
	assert_int_equal(
	    parse("ACK sip:b SIP/2.0\r\n" VIA FROM TO ID "CSeq: 1 ACK\r\n\r\n"),
	    GW_OK);
	assert_false(msg.answerable);
}

static void
a_wrong_start_line_is_refused_with_its_place(void **state)
{
	static const struct bad rows[] = {
		{ "OPTIONS", "\tsip:b SIP/2.0\r\n" FIVE "\r\n", "not a method",
		    GW_EMALFORMED, true },
		{ "", " OPTIONS sip:b SIP/2.0\r\n" FIVE "\r\n", "not a method",
		    GW_EMALFORMED, true },
		{ "OPTIONS", " sip:b\r\n" FIVE "\r\n", "without a version",
		    GW_EMALFORMED, true },
		{ "OPTIONS sip:b ", "SIP/2.0 \r\n" FIVE "\r\n",
		    "not a SIP version", GW_EMALFORMED, true },
		{ "OPTIONS sip:b ", "SIP/2\r\n" FIVE "\r\n",
		    "not a SIP version", GW_EMALFORMED, true },
		{ "OPTIONS sip:b ", "HTTP/1.1\r\n" FIVE "\r\n",
		    "not a SIP version", GW_EMALFORMED, true },
		{ "OPTIONS sip:b ", "SIP/3.0\r\n" FIVE "\r\n",
		    "version is not 2.0", GW_EUNSUPPORTED, true },
		{ "OPTIONS sip:b ", "SIP/2.1\r\n" FIVE "\r\n",
		    "version is not 2.0", GW_EUNSUPPORTED, true },
		{ "OPTIONS sip:", "<b> SIP/2.0\r\n" FIVE "\r\n",
		    "not allowed in a URI", GW_EMALFORMED, true },
		{ "OPTIONS sip:b SIP/2.0", "\n" FIVE "\r\n", "without CRLF",
		    GW_EMALFORMED, false },
		{ "OPTIONS sip:b SIP/2.0", "\r" FIVE "\r\n", "without CRLF",
		    GW_EMALFORMED, false },
		{ "", "\r\n" START FIVE "\r\n", "not a method", GW_EMALFORMED,
		    true },
		{ "SIP/2.0 ", "99 Low\r\n" FIVE "\r\n", "status", GW_EMALFORMED,
		    false },
		{ "SIP/2.0 ", "700 High\r\n" FIVE "\r\n", "status",
		    GW_EMALFORMED, false },
		{ "SIP/2.0 20", "0\r\n" FIVE "\r\n", "no blank", GW_EMALFORMED,
		    false },
		{ "SIP/2.0 20", "00 OK\r\n" FIVE "\r\n", "no blank",
		    GW_EMALFORMED, false },
		{ "SIP/2.0 ", " 200 OK\r\n" FIVE "\r\n", "status",
		    GW_EMALFORMED, false },
	};
	(void)state;
	check_bad(rows, GW_COUNT(rows));
}

static void
a_wrong_row_is_refused_with_its_place(void **state)
{
	static const struct bad rows[] = {
		{ START, " fold: 1\r\n" FIVE "\r\n", "without a name",
		    GW_EMALFORMED, true },
		{ START VIA, "no colon\r\n" FROM TO ID CSEQ "\r\n",
		    "without a colon", GW_EMALFORMED, true },
		{ START VIA, ": no name\r\n" FROM TO ID CSEQ "\r\n",
		    "without a name", GW_EMALFORMED, true },
		{ START VIA "Z: a", "\nY: b\r\n" FROM TO ID CSEQ "\r\n",
		    "control character", GW_EMALFORMED, true },
		{ START VIA "Z: a", "\rY: b\r\n" FROM TO ID CSEQ "\r\n",
		    "control character", GW_EMALFORMED, true },
		{ START VIA "Z: a", "\x01\r\n" FROM TO ID CSEQ "\r\n",
		    "control character", GW_EMALFORMED, true },
		{ START VIA "Z: aaaaaaaaaaaaaaaaaaaaaaaaaaa",
		    "\x7f\r\n" FROM TO ID CSEQ "\r\n", "control character",
		    GW_EMALFORMED, true },
		/* quoted pairs: only in quotes, and only behind one '\' */
		{ START VIA "Z: a\\", "\x01\r\n" FROM TO ID CSEQ "\r\n",
		    "control character", GW_EMALFORMED, true },
		{ START VIA "Z: \"a\\\\", "\x01\"\r\n" FROM TO ID CSEQ "\r\n",
		    "control character", GW_EMALFORMED, true },
		/* a damaged Via is not copied into a reply */
		{ START "Via: SIP/2.0/UDP a", "\x01\r\n" FROM TO ID CSEQ "\r\n",
		    "control character", GW_EMALFORMED, false },
		{ START FIVE "Z: a\r\n", " \r\nY: b\r\n\r\n", "fold",
		    GW_EMALFORMED, true },
		{ START FIVE "Z: a\r\n", "\t\r\n\r\n", "fold", GW_EMALFORMED,
		    true },
		{ START FIVE "Z: a\r", "\n", "no empty line", GW_EMALFORMED,
		    true },
		{ START FIVE "Z:", "a", "no empty line", GW_EMALFORMED, true },
	};
	(void)state;
	check_bad(rows, GW_COUNT(rows));
	/* These are allowed. */
	assert_int_equal(
	    parse(START FIVE "Z: \"\\\x01\\\\\"\t\r\n\r\n"), GW_OK);
	assert_int_equal(parse(START FIVE "Z:\r\nY: \xc3\xa4\r\n\r\n"), GW_OK);
}

static void
a_field_value_that_breaks_its_grammar_is_refused(void **state)
{
	static const struct bad rows[] = {
		{ "", START FROM TO ID CSEQ "\r\n", "Via is missing",
		    GW_EMALFORMED, false },
		{ "", START "Via:\r\n" FROM TO ID CSEQ "\r\n", "Via is missing",
		    GW_EMALFORMED, false },
		{ "", START VIA TO ID CSEQ "\r\n", "From is missing",
		    GW_EMALFORMED, false },
		{ "", START VIA FROM ID CSEQ "\r\n", "To is missing",
		    GW_EMALFORMED, false },
		{ "", START VIA FROM TO CSEQ "\r\n", "Call-ID is missing",
		    GW_EMALFORMED, false },
		{ "", START VIA FROM TO ID "\r\n", "CSeq is missing",
		    GW_EMALFORMED, false },
		{ START VIA FROM TO ID "CSeq: ", "2147483648 OPTIONS\r\n\r\n",
		    "2^31", GW_EMALFORMED, true },
		{ START VIA FROM TO ID "CSeq: ", "-1 OPTIONS\r\n\r\n", "2^31",
		    GW_EMALFORMED, true },
		{ START VIA FROM TO ID "CSeq: 1", "OPTIONS\r\n\r\n",
		    "without a method", GW_EMALFORMED, true },
		{ START VIA FROM TO ID "CSeq: ", "1\r\n\r\n",
		    "without a method", GW_EMALFORMED, true },
		{ START VIA FROM TO ID "CSeq: 1 ", "options\r\n\r\n",
		    "another method", GW_EMALFORMED, true },
		{ START VIA FROM TO "Call-ID: a", " b\r\n" CSEQ "\r\n",
		    "not allowed in a Call-ID", GW_EMALFORMED, true },
		{ START VIA "From: <sip:a@b>,",
		    "<sip:c@d>\r\n" TO ID CSEQ "\r\n", "exactly one",
		    GW_EMALFORMED, true },
		{ START VIA "From: <sip:a@b>;tag=1;",
		    "tag=2\r\n" TO ID CSEQ "\r\n", "tag", GW_EMALFORMED, true },
		{ START VIA FROM "To: <sip:b@c>;", "tag\r\n" ID CSEQ "\r\n",
		    "tag", GW_EMALFORMED, true },
		{ START VIA FROM "To: ", "*\r\n" ID CSEQ "\r\n", "exactly one",
		    GW_EMALFORMED, true },
		{ START FIVE, "Max-Forwards: 256\r\n\r\n", "0 to 255",
		    GW_EMALFORMED, true },
		{ START FIVE, "Max-Forwards: +1\r\n\r\n", "0 to 255",
		    GW_EMALFORMED, true },
		{ START FIVE, "l: 1 2\r\n\r\n", "not a number", GW_EMALFORMED,
		    true },
		{ START FIVE, "l:\r\n\r\n", "not a number", GW_EMALFORMED,
		    true },
		{ START FIVE, "l: 1\r\n\r\n", "more than there is",
		    GW_EMALFORMED, true },
		{ START FIVE, "l: 99999999999999999999999999\r\n\r\n",
		    "more than there is", GW_EMALFORMED, true },
		{ START FIVE "l: 0\r\n", "Content-Length: 0\r\n\r\n",
		    "only once", GW_EMALFORMED, true },
		{ START FIVE "m: <sip:a>\r\nm: <sip:b>, ", "c\r\n\r\n",
		    "neither a URI", GW_EMALFORMED, true },
	};
	(void)state;
	check_bad(rows, GW_COUNT(rows));
}

static void
limits_are_reported_as_limits(void **state)
{
	static char text[SIP_HEAD_MAX + 4096];
	char *p = text;

	(void)state;
	p += snprintf(p, sizeof(text), "%s", START FIVE);
	for (int i = 5; i < SIP_HDRS_MAX; i++)
		p += snprintf(p, 16, "Z: %d\r\n", i);
	memcpy(p, "\r\n", 3);
	assert_int_equal(parse(text), GW_OK);
	assert_int_equal(msg.n_hdrs, SIP_HDRS_MAX);
	size_t at = (size_t)(p - text);
	memcpy(p, "Z: 1\r\n\r\n", 9);
	assert_int_equal(parse(text), GW_ELIMIT);
	assert_int_equal(fault.at, at);
	assert_true(msg.answerable);

	/* A head of exactly SIP_HEAD_MAX is read, one octet more is not. */
	for (size_t more = 0; more < 3; more++) {
		p = text + snprintf(text, sizeof(text), "%s", START FIVE "Z: ");
		size_t fill = SIP_HEAD_MAX + more - (size_t)(p - text) - 4;
		memset(p, 'x', fill);
		memcpy(p + fill, "\r\n\r\n", 5);
		assert_int_equal(parse(text), more == 0 ? GW_OK : GW_ELIMIT);
		assert_true(msg.answerable);
	}
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(parse(text), GW_ELIMIT);

	uint8_t *big = calloc(1, SIP_MSG_MAX + 1);
	assert_non_null(big);
	struct gw_span in = { big, SIP_MSG_MAX + 1 };
	assert_int_equal(parse_span(in), GW_ELIMIT);
	assert_false(msg.answerable);
	in.len = 0;
	assert_int_equal(parse_span(in), GW_EMALFORMED);
	free(big);
}

static void
every_prefix_is_refused_without_reading_beyond_it(void **state)
{
	static const char text[] =
	    START FIVE "m: \"a\\\"b\" <sip:c@d>\r\n ;q=1\r\nl: 2\r\n\r\nxy";

	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		uint8_t *copy = malloc(n + 1);
		assert_non_null(copy);
		memcpy(copy, text, n);
		struct gw_span in = { copy, n };
		assert_int_equal(parse_span(in), GW_EMALFORMED);
		assert_true(n == 0 || fault.at < n);
		free(copy);
	}
	assert_int_equal(parse(text), GW_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_read_into_spans_of_the_input),
		cmocka_unit_test(a_response_takes_its_method_from_cseq),
		cmocka_unit_test(rows_of_one_id_are_linked_in_order),
		cmocka_unit_test(ack_is_never_answerable),
		cmocka_unit_test(a_wrong_start_line_is_refused_with_its_place),
		cmocka_unit_test(a_wrong_row_is_refused_with_its_place),
		cmocka_unit_test(
		    a_field_value_that_breaks_its_grammar_is_refused),
		cmocka_unit_test(limits_are_reported_as_limits),
		cmocka_unit_test(
		    every_prefix_is_refused_without_reading_beyond_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
