/*
 * test_mime.c: header fields of parts, media types, and where parts end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "codec/mime/mime_head.h"
#include "codec/mime/mime_parts.h"

#define PARTS_MAX 4

struct refusal {
	const char *text;
	size_t at;
	const char *why;
};

static struct gw_fault fault;

static void
assert_span(struct gw_span s, const char *want)
{
	if (!gw_span_eq(s, gw_span_of(want)))
		fail_msg("\"%.*s\" is not \"%s\"", GW_FMT(s), want);
}

static void
assert_refused(const struct refusal *r, enum gw_err err)
{
	if (err != GW_EMALFORMED || fault.at != r->at ||
	    strstr(fault.why, r->why) == NULL)
		fail_msg("\"%s\": %d at %zu: %s", r->text, (int)err, fault.at,
		    fault.why);
}

static void
a_media_type_is_read_with_its_boundary(void **state)
{
	static const struct {
		const char *text, *main, *sub, *boundary;
	} rows[] = {
		{ "application/sdp", "application", "sdp", "" },
		{ " multipart / mixed ;boundary=b", "multipart", "mixed", "b" },
		{ "Multipart/Mixed ; BOUNDARY = \"a b\" ; x=y", "Multipart",
		    "Mixed", "a b" },
		{ "multipart/mixed\r\n ;boundary=\"--=_a/b:c\"", "multipart",
		    "mixed", "--=_a/b:c" },
		{ "multipart/mixed;boundary=----=_Part/1", "multipart", "mixed",
		    "----=_Part/1" },
		{ "multipart/related;type=\"a/b;boundary=x\";boundary=y",
		    "multipart", "related", "y" },
		{ "a/b;x=\"\\\"\";boundary=c", "a", "b", "c" },
	};
	struct mime_type t;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		if (mime_type_read(gw_span_of(rows[i].text), &t, &fault) !=
		    GW_OK)
			fail_msg("%s: %s", rows[i].text, fault.why);
		assert_span(t.main, rows[i].main);
		assert_span(t.sub, rows[i].sub);
		assert_span(t.boundary, rows[i].boundary);
	}
}

#define TEN  "0123456789"
#define LONG TEN TEN TEN TEN TEN TEN TEN

static void
a_wrong_media_type_is_refused_with_its_place(void **state)
{
	static const struct refusal rows[] = {
		{ "", 0, "not a media type" },
		{ "application", 0, "not a media type" },
		{ "/sdp", 0, "not a media type" },
		{ "application/", 12, "not a media type" },
		{ "application/sdp x", 16, "behind the media type" },
		{ "application/sdp, a/b", 15, "behind the media type" },
		{ "a/b;", 4, "not a parameter" },
		{ "a/b;;x=y", 4, "not a parameter" },
		{ "a/b;x", 4, "not a parameter" },
		{ "a/b;x=", 6, "without a value" },
		{ "a/b;x=;y=z", 6, "without a value" },
		{ "a/b;x=\"y", 6, "quoted string" },
		{ "a/b;x=\"y\\\"", 6, "quoted string" },
		{ "a/b;x=\"y\"z", 9, "behind the media type" },
		{ "m/m;boundary=\"\"", 13, "not a boundary" },
		{ "m/m;boundary=\"a \"", 13, "not a boundary" },
		{ "m/m;boundary=\"a\\b\"", 13, "not a boundary" },
		{ "m/m;boundary=a\xc3\xa4", 13, "not a boundary" },
		{ "m/m;boundary=" LONG "x", 13, "not a boundary" },
		{ "m/m;boundary=a;boundary=a", 24, "two boundaries" },
		{ "m/m;boundary=a;Boundary=\"b\"", 24, "two boundaries" },
	};
	struct mime_type t;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		fault = (struct gw_fault){ 99, "" };
		assert_refused(&rows[i],
		    mime_type_read(gw_span_of(rows[i].text), &t, &fault));
	}
	assert_int_equal(
	    mime_type_read(GW_SPAN("m/m;boundary=" LONG), &t, &fault), GW_OK);
}

static void
the_fields_of_a_part_are_found_in_any_case_and_folded(void **state)
{
	struct mime_head h;

	(void)state;
	assert_int_equal(
	    mime_head_read(GW_SPAN("CONTENT-TYPE :\ta/b\r\n ;x=y \r\n"
				   "X-Other: Content-Type: z\r\n"
				   "c: not/this\r\n"
				   "content-id: <k@x>\r\n"
				   "Content-Transfer-Encoding: Base64\r\n"
				   "Content-Encoding:gzip\r\n"
				   "Content-Disposition: recipient-list;"
				   "handling=optional\r\n"),
		&h, &fault),
	    GW_OK);
	assert_span(h.type, "a/b\r\n ;x=y");
	assert_span(h.id, "<k@x>");
	assert_span(h.transfer, "Base64");
	assert_span(h.coding, "gzip");
	assert_span(mime_value(h.disposition), "recipient-list");
	assert_int_equal(mime_head_read(GW_SPAN(""), &h, &fault), GW_OK);
	assert_null(h.type.p);
}

static void
wrong_fields_of_a_part_are_refused_with_their_place(void **state)
{
	static const struct refusal rows[] = {
		{ " Content-Type: a/b\r\n", 0, "not a header field" },
		{ "Content-Type a/b\r\n", 0, "not a header field" },
		{ "A: b\r\n: c\r\n", 6, "not a header field" },
		{ "A(b): c\r\n", 0, "not a header field" },
		{ "A\r\n: b\r\n", 0, "not a header field" },
		{ "A: b\nB: c\r\n", 4, "bare LF" },
		{ "A: b\rB: c\r\n", 4, "bare CR" },
		{ "A: b\x01\r\n", 4, "control" },
		{ "A: b", 4, "without its CRLF" },
		{ "Content-Type: a/b\r\nContent-Type: a/b\r\n", 19, "once" },
		{ "Content-Type:\r\ncontent-type: a/b\r\n", 15, "once" },
		{ "Content-Transfer-Encoding: binary\r\n"
		  "Content-Transfer-Encoding: base64\r\n",
		    35, "once" },
		{ "Content-ID: <a>\r\nContent-ID: <b>\r\n", 17, "once" },
	};
	struct mime_head h;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		fault = (struct gw_fault){ 99, "" };
		assert_refused(&rows[i],
		    mime_head_read(gw_span_of(rows[i].text), &h, &fault));
	}
}

/* How many parts, or the error; the parts are noted in out. */
static enum gw_err
cut(struct gw_span in, struct mime_part *out, size_t *n)
{
	struct mime_parts w;
	enum gw_err err;

	fault = (struct gw_fault){ 99, "" };
	mime_parts_init(&w, in, GW_SPAN("b"));
	for (*n = 0; *n < PARTS_MAX; ++*n)
		if ((err = mime_parts_next(&w, &out[*n], &fault)) != GW_OK)
			return err;
	return GW_OK;
}

static void
parts_are_cut_at_delimiter_lines_only(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *head, *body; /* of the last part */
	} rows[] = {
		{ "--b\r\n\r\nx\r\n--b--", 1, "", "x" },
		{ "--b\r\n\r\nx\r\n--b--\r\n", 1, "", "x" },
		{ "pre --b\r\n--b \t\r\nA: b\r\n\r\nx\r\n--b-- \r\nepi", 1,
		    "A: b\r\n", "x" },
		{ "\r\n--b\r\n\r\n\r\n--b--", 1, "", "" },
		{ "--b\r\nA: b\r\n\r\n--b--", 1, "A: b\r\n", "" },
		{ "--b\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--", 2, "", "y" },
		/* Octets of a binary part are nobody's business. */
		{ "--b\r\n\r\nx\r\n\r\n--b--", 1, "", "x\r\n" },
		{ "--b\r\n\r\nx\n\r\n--b--", 1, "", "x\n" },
		{ "--b\r\n\r\n-\r\n-b --b\r\n--b--", 1, "", "-\r\n-b --b" },
		{ "--b\r\n\r\n\r\n--c--\r\n--b--", 1, "", "\r\n--c--" },
		/* A false delimiter behind the closing one. */
		{ "--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\ny", 1, "", "x" },
		{ "--b\r\n\r\nx\r\n--b--\r\n--bogus", 1, "", "x" },
	};
	struct mime_part p[PARTS_MAX];
	size_t n;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		if (cut(gw_span_of(rows[i].text), p, &n) != GW_ENOTFOUND)
			fail_msg("%s: at %zu: %s", rows[i].text, fault.at,
			    fault.why);
		assert_int_equal(n, rows[i].n);
		assert_span(p[n - 1].head, rows[i].head);
		assert_span(p[n - 1].body, rows[i].body);
	}
}

static void
a_multipart_that_readers_could_cut_differently_is_refused(void **state)
{
	static const struct refusal rows[] = {
		{ "", 0, "no delimiter" },
		{ "x --b\r\n", 7, "no delimiter" },
		{ "--b--\r\n", 0, "before any part" },
		{ "--b\r\n\r\nx", 8, "closing delimiter is missing" },
		{ "--b\r\n\r\nx\r\n--b\r\n", 15,
		    "closing delimiter is missing" },
		{ "--b\r\n\r\nx\r\n--b-", 13, "boundary goes on" },
		{ "--b\r\n\r\nx\r\n--b--y", 15, "boundary goes on" },
		{ "--b\r\n\r\nx\r\n--bb\r\n", 13, "boundary goes on" },
		{ "--bb\r\n\r\nx\r\n--b--", 3, "boundary goes on" },
		{ "--b\n\r\nx\r\n--b--", 3, "boundary goes on" },
		{ "--b\r\n\r\nx\r\n--b--\n", 15, "boundary goes on" },
		{ "--b\r\n\r\nx\n--b--", 9, "bare LF" },
		{ "\n--b\r\n\r\nx\r\n--b--", 1, "bare LF" },
		{ "--b\r\n--b--", 5, "without an empty line" },
		{ "--b\r\nA: b\r\n--b--", 11, "without an empty line" },
		{ "--b\r\nA: b\r\n", 11, "closing delimiter is missing" },
	};
	struct mime_part p[PARTS_MAX];
	size_t n;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++)
		assert_refused(&rows[i], cut(gw_span_of(rows[i].text), p, &n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_media_type_is_read_with_its_boundary),
		cmocka_unit_test(a_wrong_media_type_is_refused_with_its_place),
		cmocka_unit_test(
		    the_fields_of_a_part_are_found_in_any_case_and_folded),
		cmocka_unit_test(
		    wrong_fields_of_a_part_are_refused_with_their_place),
		cmocka_unit_test(parts_are_cut_at_delimiter_lines_only),
		cmocka_unit_test(
		    a_multipart_that_readers_could_cut_differently_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
