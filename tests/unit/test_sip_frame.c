/*
 * test_sip_frame.c: messages and keep-alives in a stream.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/sip/sip_frame.h"
#include "codec/sip/sip_msg.h"

#define MAX 65536

static struct gw_fault fault;

/* The first frame of the stream, offered whole. */
static enum gw_err
frame(struct gw_span in, size_t max, struct sip_frame *out)
{
	struct sip_framer f = { 0 };

	return sip_frame_next(&f, in, max, out, &fault);
}

static void
the_frames_do_not_depend_on_how_the_stream_arrives(void **state)
{
	static const char text[] =
	    "\r\n\r\nA\r\nl : 3\r\n\r\nxyz\r\nB\r\nCONTENT-length:\r\n 0\r\n"
	    "\r\n\r\n\r\n\r\nC\r\nContent-Length: 5\r\n\r\n\r\n\r\nz";
	static const struct sip_frame want[] = {
		{ SIP_FRAME_PING, 4 },
		{ SIP_FRAME_MESSAGE, 15 },
		{ SIP_FRAME_PONG, 2 },
		{ SIP_FRAME_MESSAGE, 26 },
		{ SIP_FRAME_PING, 4 },
		{ SIP_FRAME_PONG, 2 },
		{ SIP_FRAME_MESSAGE, 29 },
	};
	size_t total = sizeof(text) - 1;

	(void)state;
	/* Two cuts, every pair of them. */
	for (size_t a = 0; a <= total; a++) {
		for (size_t b = a; b <= total; b++) {
			const size_t cuts[] = { a, b, total };
			struct sip_framer f = { 0 };
			struct sip_frame got;
			size_t from = 0, n = 0;
			for (size_t k = 0; k < 3; k++) {
				struct gw_span in = { (const uint8_t *)text +
							  from,
					cuts[k] - from };
				while (sip_frame_next(&f, in, MAX, &got,
					   &fault) == GW_OK) {
					assert_in_range(
					    n, 0, GW_COUNT(want) - 1);
					assert_int_equal(
					    got.kind, want[n].kind);
					assert_int_equal(got.len, want[n].len);
					n++;
					from += got.len;
					in = gw_span_sub(in, got.len, in.len);
					f = (struct sip_framer){ 0 };
				}
			}
			assert_int_equal(n, GW_COUNT(want));
			assert_int_equal(from, total);
		}
	}
}

static void
an_incomplete_stream_asks_for_more(void **state)
{
	static const char *const rows[] = { "", "\r", "\r\n", "\r\n\r", "I",
		"I\r\nl: 1\r\n\r", "I\r\nl: 1\r\n\r\n", "I\r\nl: 2\r\n\r\nx" };
	struct sip_frame got;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++)
		assert_int_equal(
		    frame(gw_span_of(rows[i]), MAX, &got), GW_EMORE);
}

static void
lost_framing_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text;
		enum gw_err err;
		size_t at;
		const char *why;
	} rows[] = {
		{ "\n", GW_EMALFORMED, 0, "bare LF" },
		{ "I\nl: 1", GW_EMALFORMED, 1, "bare LF" },
		{ "\rI", GW_EMALFORMED, 1, "CR without LF" },
		{ "I\r\n\r\n", GW_EMALFORMED, 4, "no Content-Length" },
		{ "I\r\nl: 1\r\nContent-Length: 1\r\n\r\n", GW_EMALFORMED, 9,
		    "two" },
		{ "I\r\nl: 1\r\nL: 1\r\n\r\n", GW_EMALFORMED, 9, "two" },
		{ "I\r\nl: -1\r\n\r\n", GW_EMALFORMED, 3, "not a number" },
		{ "I\r\nl: 1, 1\r\n\r\n", GW_EMALFORMED, 3, "not a number" },
		{ "I\r\nl:\r\n\r\n", GW_EMALFORMED, 3, "not a number" },
		{ "I\r\nl: 65536\r\n\r\n", GW_ELIMIT, 14, "too long" },
		{ "I\r\nl: 18446744073709551616\r\n\r\n", GW_ELIMIT, 3,
		    "too long" },
		{ "I\r\nl: 18446744073709551615\r\n\r\n", GW_ELIMIT, 3,
		    "too long" },
	};
	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct gw_span in = gw_span_of(rows[i].text);
		struct sip_framer f = { 0 };
		struct sip_frame got;
		/* Asked again, it does not change its mind. */
		for (int again = 0; again < 2; again++) {
			fault = (struct gw_fault){ 99, "" };
			enum gw_err err =
			    sip_frame_next(&f, in, MAX, &got, &fault);
			if (err != rows[i].err || fault.at != rows[i].at ||
			    strstr(fault.why, rows[i].why) == NULL)
				fail_msg("row %zu: %d at %zu: %s", i, (int)err,
				    fault.at, fault.why);
		}
	}
}

static void
size_limits_hold_to_the_octet(void **state)
{
	struct gw_span in = GW_LIT("I\r\nl: 5\r\n\r\nabcde");
	static char head[SIP_HEAD_MAX + 16];
	struct sip_frame got;

	(void)state;
	assert_int_equal(frame(in, 16, &got), GW_OK);
	assert_int_equal(got.len, 16);
	assert_int_equal(frame(in, 15, &got), GW_ELIMIT);

	for (size_t more = 0; more < 2; more++) {
		size_t len = SIP_HEAD_MAX + more;
		memset(head, 'x', len);
		memcpy(head, "I\r\nl: 0\r\nX: ", 12);
		memcpy(head + len - 4, "\r\n\r\n", 4);
		in = (struct gw_span){ (uint8_t *)head, len };
		assert_int_equal(
		    frame(in, MAX, &got), more == 0 ? GW_OK : GW_ELIMIT);
		in.len = SIP_HEAD_MAX - 1;
		assert_int_equal(frame(in, MAX, &got), GW_EMORE);
	}
}

static void
the_stream_of_the_corpus_has_a_ping_and_two_messages(void **state)
{
	static uint8_t octets[8192];
	static struct sip_msg msg;
	struct sip_frame got;

	(void)state;
	FILE *file = fopen(
	    GW_TESTS_DIR "/corpus/sip/o-s10-tcp-stream-two-messages.sip", "rb");
	assert_non_null(file);
	struct gw_span in = { octets, fread(octets, 1, sizeof(octets), file) };
	fclose(file);
	assert_int_equal(frame(in, MAX, &got), GW_OK);
	assert_int_equal(got.kind, SIP_FRAME_PING);
	for (int i = 0; i < 2; i++) {
		in = gw_span_sub(in, got.len, in.len);
		assert_int_equal(frame(in, MAX, &got), GW_OK);
		assert_int_equal(got.kind, SIP_FRAME_MESSAGE);
		assert_int_equal(
		    sip_msg_parse(gw_span_sub(in, 0, got.len), &msg, &fault),
		    GW_OK);
		assert_int_equal(msg.method, SIP_METHOD_MESSAGE);
		assert_int_equal(msg.raw.len, got.len);
	}
	assert_int_equal(got.len, in.len);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_frames_do_not_depend_on_how_the_stream_arrives),
		cmocka_unit_test(an_incomplete_stream_asks_for_more),
		cmocka_unit_test(lost_framing_is_refused_with_its_place),
		cmocka_unit_test(size_limits_hold_to_the_octet),
		cmocka_unit_test(
		    the_stream_of_the_corpus_has_a_ping_and_two_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
