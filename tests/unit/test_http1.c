/*
 * test_http1.c: HTTP/1.1 in memory, as server and as client.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/thttp.h"

#define BODY_MAX 1000
#define GET_A	 "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
#define POST	 "POST /p HTTP/1.1\r\nHost: h\r\n"
#define OK_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static struct thttp t;

static void
server(void)
{
	thttp_init(&t, &http1_class, true, BODY_MAX);
}

static void
client(void)
{
	thttp_init(&t, &http1_class, false, BODY_MAX);
}

static enum gw_err
ask(uint64_t ticket)
{
	const struct gw_http_request r = { .method = GW_HTTP_POST,
		.path = GW_LIT("/q"),
		.authority = GW_LIT("svc:1"),
		.content_type = GW_LIT("text/q"),
		.body = GW_LIT("who?") };

	return t.class->ask(t.p, ticket, &r, false);
}

static void
answer(uint64_t stream, const char *body)
{
	const struct gw_http_response r = { .status = 200,
		.content_type = GW_LIT("text/a"),
		.body = gw_span_of(body) };

	assert_int_equal(t.class->answer(t.p, stream, &r), GW_OK);
}

/* ---- requests that are taken ---- */

static void
requests_are_read_however_they_arrive(void **state)
{
	static const char text[] =
	    "GET /a?x=%20y HTTP/1.1\r\nHost: gw.example:8443\r\n\r\n" POST
	    "Content-Type:text/b\t\r\nContent-Length:  5 \r\n\r\nhello"
	    "POST http://H/c HTTP/1.1\r\nhost: h\r\n"
	    "transfer-encoding: Chunked\r\n\r\n"
	    "3;a=\"b\"\r\nabc\r\n0A\r\n0123456789\r\n0\r\n"
	    "X-Trailer: 1\r\nContent-Type: text/evil\r\n\r\n"
	    "HEAD / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\n"
	    "Connection: upgrade\r\n\r\n"
	    "DELETE /d HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
	static const char want[] = "request 1 GET gw.example:8443 /a?x=%20y |\n"
				   "request 2 POST h /p text/b|hello\n"
				   "request 3 POST H /c |abc0123456789\n"
				   "request 4 OTHER h / |\n"
				   "request 5 OTHER h /d |\n";

	(void)state;
	for (size_t step = 0; step < sizeof(text); step++) {
		server();
		thttp_feed(&t, gw_span_of(text), step);
		assert_int_equal(t.err, GW_OK);
		assert_string_equal(thttp_events(&t), want);
		thttp_clear(&t);
	}
}

/* ---- requests that another reader could take for something else ---- */

static const struct {
	const char *text, *status;
} vectors[] = {
	{ POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
	    "400" },
	{ POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n",
	    "400" },
	{ POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "400" },
	{ POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400" },
	{ POST "Content-Length: 3, 3\r\n\r\nabc", "400" },
	{ POST "Content-Length: +3\r\n\r\nabc", "400" },
	{ POST "Content-Length: -3\r\n\r\nabc", "400" },
	{ POST "Content-Length: 0x3\r\n\r\nabc", "400" },
	{ POST "Content-Length: 3 4\r\n\r\nabc", "400" },
	{ POST "Content-Length: 18446744073709551619\r\n\r\nabc", "400" },
	{ POST "Content-Length:\r\n\r\nabc", "400" },
	{ POST "Content-Length: 1001\r\n\r\n", "413" },
	{ POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "400" },
	{ POST "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n", "400" },
	{ POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "400" },
	{ POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", "400" },
	{ POST "Transfer-Encoding: chunked\r\n"
	       "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
	    "400" },
	{ POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", "400" },
	{ POST "Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n", "400" },
	{ POST "Transfer-Encoding:\r\n\r\n0\r\n\r\n", "400" },
	{ POST "Transfer-Encoding:\x0b"
	       "chunked\r\n\r\n0\r\n\r\n",
	    "400" },
	{ POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "400" },
	{ POST "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n", "400" },
	{ POST " Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400" },
	{ POST "X: y\r\n Transfer-Encoding: chunked\r\n\r\n", "400" },
	{ POST "X: y\r\n\tz\r\n\r\n", "400" },
	{ "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
	    "400" },
	/* Chunks. */
	{ POST "Transfer-Encoding: chunked\r\n\r\n5\rXhelloXX0\r\n\r\n",
	    "400" },
	{ POST "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
	    "400" },
	{ POST "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
	    "400" },
	{ POST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n",
	    "400" },
	{ POST "Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n",
	    "400" },
	{ POST "Transfer-Encoding: chunked\r\n\r\n 5\r\nhello\r\n0\r\n\r\n",
	    "400" },
	{ POST "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
	    "400" },
	{ POST "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
	    "400" },
	{ POST "Transfer-Encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n",
	    "400" },
	{ POST "Transfer-Encoding: chunked\r\n\r\n5;a\nb\r\nhello\r\n0\r\n\r\n",
	    "400" },
	{ POST "Transfer-Encoding: chunked\r\n\r\n"
	       "10000000000000005\r\nhello\r\n0\r\n\r\n",
	    "413" },
	{ POST "Transfer-Encoding: chunked\r\n\r\n3e9\r\n", "413" },
	{ POST "Transfer-Encoding: chunked\r\n\r\n0\r\nX y: z\r\n\r\n", "400" },
	{ POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\nGET", "400" },
	/* Lines. */
	{ "GET / HTTP/1.1\nHost: h\n\n", "400" },
	{ "GET / HTTP/1.1\r\nHost: h\n\r\n", "400" },
	{ "GET / HTTP/1.1\r\nHost: h\r\n\n", "400" },
	{ "GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", "400" },
	{ "GET / HTTP/1.1\rHost: h\r\n\r\n", "400" },
	{ "GET / HTTP/1.1\r\nHost: h\r\n: v\r\n\r\n", "400" },
	{ "GET / HTTP/1.1\r\nHost: h\r\nnocolon\r\n\r\n", "400" },
	{ "GET / HTTP/1.1\r\nHost: h\r\nX: a\x01"
	  "b\r\n\r\n",
	    "400" },
	{ "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ " GET / HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ "GET /  HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", "400" },
	{ "GET / x HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ "GET /\r\n\r\n", "400" },
	{ "GET / HTTP/1.10\r\nHost: h\r\n\r\n", "400" },
	{ "GET / HTTP/1.2\r\nHost: h\r\n\r\n", "505" },
	{ "GET / HTTP/2.0\r\nHost: h\r\n\r\n", "505" },
	{ "GET / ICE/1.1\r\nHost: h\r\n\r\n", "400" },
	{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400" },
	{ "get / HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	/* Where to. */
	{ "GET / HTTP/1.1\r\n\r\n", "400" },
	{ "GET / HTTP/1.1\r\nHost:\r\n\r\n", "400" },
	{ "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", "400" },
	{ "GET / HTTP/1.1\r\nHost: h\r\nHOST: i\r\n\r\n", "400" },
	{ "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", "400" },
	{ "GET / HTTP/1.1\r\nHost: u:p@h\r\n\r\n", "400" },
	{ "GET / HTTP/1.1\r\nHost: h, i\r\n\r\n", "400" },
	{ "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", "400" },
	{ "GET http://i/ HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ "GET http://h:80/ HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ "GET http://u@h/ HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ "GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ "GET h/ HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", "400" },
	{ "GET /\x01 HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ "GET /\x7f HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ "GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ "GET /a\\b HTTP/1.1\r\nHost: h\r\n\r\n", "400" },
	{ POST "Expect: 200-ok\r\nContent-Length: 1\r\n\r\n", "417" },
	{ POST "Content-Type: a\r\nContent-Type: b\r\n\r\n", "400" },
	{ POST "Authorization: a\r\nAuthorization: b\r\n\r\n", "400" },
};

/* However it arrives: no request comes out of it, it is refused with that
 * status, and nothing after it is heard. */
static void
refused(struct gw_span text, const char *status, size_t step)
{
	char line[32];

	server();
	thttp_feed(&t, text, step);
	if (t.err == GW_OK || t.why == NULL || t.n_requests != 0)
		print_error("taken: %.*s\n", GW_FMT(text));
	assert_int_not_equal(t.err, GW_OK);
	assert_non_null(t.why);
	assert_int_equal(t.n_requests, 0);
	t.err = GW_OK;
	thttp_say(&t, GET_A);
	assert_int_equal(t.n_requests, 0);
	thttp_pull(&t);
	(void)snprintf(line, sizeof(line), "HTTP/1.1 %s ", status);
	if (strncmp(thttp_wrote(&t), line, strlen(line)) != 0)
		print_error("%s for: %.*s\n", thttp_wrote(&t), GW_FMT(text));
	assert_memory_equal(thttp_wrote(&t), line, strlen(line));
	assert_non_null(strstr(thttp_wrote(&t), "Connection: close\r\n"));
	assert_true(t.class->done(t.p));
	thttp_clear(&t);
}

static void
what_is_ambiguous_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < GW_COUNT(vectors); i++) {
		refused(gw_span_of(vectors[i].text), vectors[i].status, 0);
		refused(gw_span_of(vectors[i].text), vectors[i].status, 1);
	}
	refused(GW_SPAN("GET / HTTP/1.1\r\nHost: h\0i\r\n\r\n"), "400", 0);
	refused(GW_SPAN("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n"), "400", 0);
}

/* A text of n times one piece between two others. */
static void
grown(struct gw_buf *b, const char *before, const char *piece, size_t n,
    const char *after)
{
	gw_buf_init(b, 1 << 20);
	gw_buf_text(b, before);
	for (size_t i = 0; i < n; i++)
		gw_buf_text(b, piece);
	gw_buf_text(b, after);
	assert_true(gw_buf_ok(b));
}

static void
what_is_too_large_is_refused(void **state)
{
	static const struct {
		const char *before, *piece, *after;
		size_t last, first; /* that is taken; that is not */
		const char *status;
	} rows[] = {
		{ "GET /", "p", " HTTP/1.1\r\nHost: h\r\n\r\n",
		    GW_HTTP_PATH_MAX - 1, GW_HTTP_PATH_MAX, "414" },
		{ "GET / HTTP/1.1\r\nHost: h\r\n", "X: y\r\n", "\r\n",
		    HTTP_FIELDS_MAX - 1, HTTP_FIELDS_MAX, "431" },
		{ "GET / HTTP/1.1\r\nHost: h\r\nX: ", "y", "\r\n\r\n",
		    HTTP_FIELDS_OCTETS, 2 * HTTP_FIELDS_OCTETS, "431" },
		{ "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: ", "y",
		    "\r\n\r\n", GW_HTTP_TOKEN_MAX, GW_HTTP_TOKEN_MAX + 1,
		    "431" },
		{ "GET / HTTP/1.1\r\nHost: h\r\nAccept: ", "y", "\r\n\r\n",
		    GW_HTTP_FIELD_MAX, GW_HTTP_FIELD_MAX + 1, "431" },
		{ POST "Transfer-Encoding: chunked\r\n\r\n1;", "e",
		    "\r\nx\r\n0\r\n\r\n", 200, 300, "413" },
		{ POST "Transfer-Encoding: chunked\r\n\r\n", "0",
		    "1\r\nx\r\n0\r\n\r\n", 200, 300, "413" },
		{ POST "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n",
		    "0\r\n\r\n", BODY_MAX, BODY_MAX + 1, "413" },
		{ POST "Transfer-Encoding: chunked\r\n\r\n0\r\n",
		    "Trailer: 0123456789\r\n", "\r\n", 10, HTTP_FIELDS_MAX + 1,
		    "413" },
		{ POST "Transfer-Encoding: chunked\r\n\r\n0\r\nT: ", "t",
		    "\r\n\r\n", 4000, 5000, "413" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct gw_buf b;
		grown(&b, rows[i].before, rows[i].piece, rows[i].last,
		    rows[i].after);
		server();
		thttp_feed(&t, gw_buf_span(&b), 7);
		assert_int_equal(t.err, GW_OK);
		assert_int_equal(t.n_requests, 1);
		thttp_clear(&t);
		gw_buf_clear(&b);
		grown(&b, rows[i].before, rows[i].piece, rows[i].first,
		    rows[i].after);
		refused(gw_buf_span(&b), rows[i].status, 0);
		refused(gw_buf_span(&b), rows[i].status, 5);
		gw_buf_clear(&b);
	}
}

/* ---- the server's answers ---- */

static void
answers_keep_the_order_of_requests(void **state)
{
	(void)state;
	server();
	thttp_say(&t, GET_A GET_A GET_A);
	assert_int_equal(t.n_requests, 3);
	answer(3, "three");
	answer(2, "two");
	thttp_pull(&t);
	assert_string_equal(thttp_wrote(&t), "");
	answer(1, "one");
	answer(1, "once more"); /* not owed */
	answer(9, "nobody");
	thttp_pull(&t);
	assert_string_equal(thttp_wrote(&t),
	    "HTTP/1.1 200 OK\r\nContent-Type: text/a\r\n"
	    "Content-Length: 3\r\n\r\none"
	    "HTTP/1.1 200 OK\r\nContent-Type: text/a\r\n"
	    "Content-Length: 3\r\n\r\ntwo"
	    "HTTP/1.1 200 OK\r\nContent-Type: text/a\r\n"
	    "Content-Length: 5\r\n\r\nthree");
	assert_int_equal(t.class->phase(t.p), HTTP_IDLE);
	assert_false(t.class->done(t.p));
	thttp_clear(&t);
}

static void
a_pipeline_is_bounded(void **state)
{
	(void)state;
	server();
	for (int i = 0; i < 40; i++)
		thttp_say(&t, GET_A);
	assert_int_equal(t.err, GW_OK);
	assert_in_range(t.n_requests, 2, 20);
	for (unsigned i = 1; i <= t.n_requests; i++)
		answer(i, "x");
	assert_false(t.class->done(t.p));
	thttp_pull(&t);
	/* The last one says that the rest was not taken. */
	const char *close = strstr(thttp_wrote(&t), "Connection: close");
	assert_non_null(close);
	assert_null(strstr(close, "HTTP/1.1"));
	assert_true(t.class->done(t.p));
	thttp_clear(&t);
	/* Who is answered at once may go on for ever. */
	server();
	t.answers = true;
	for (int i = 0; i < 1000; i++) {
		thttp_say(&t, GET_A GET_A);
		thttp_pull(&t);
	}
	assert_int_equal(t.n_requests, 2000);
	thttp_clear(&t);
}

static void
a_refusal_is_no_answer_to_an_older_request(void **state)
{
	(void)state;
	server();
	thttp_say(&t, GET_A GET_A);
	answer(1, "one");
	thttp_say(&t, "GET / HTTP/1.1\nHost: h\n\n");
	assert_int_equal(t.err, GW_EMALFORMED);
	assert_int_equal(t.n_gone, 1);
	thttp_pull(&t);
	assert_non_null(strstr(thttp_wrote(&t), "one"));
	assert_null(strstr(thttp_wrote(&t), "400"));
	assert_true(t.class->done(t.p));
	thttp_clear(&t);
}

static void
a_head_has_no_body_in_its_answer(void **state)
{
	(void)state;
	server();
	thttp_say(&t, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
	answer(1, "text");
	thttp_pull(&t);
	assert_string_equal(thttp_wrote(&t),
	    "HTTP/1.1 200 OK\r\nContent-Type: text/a\r\n"
	    "Content-Length: 4\r\n\r\n");
	thttp_clear(&t);
}

static void
what_is_told_of_an_error_is_written(void **state)
{
	const struct gw_http_response r = {
		.status = 405, .allow = GW_LIT("POST"), .retry_after_s = 5
	};
	const struct gw_http_response evil = { .status = 200,
		.content_type = GW_LIT("a\r\nX: y") };

	(void)state;
	server();
	thttp_say(&t, GET_A);
	assert_int_equal(t.class->answer(t.p, 1, &r), GW_OK);
	thttp_pull(&t);
	assert_string_equal(thttp_wrote(&t),
	    "HTTP/1.1 405 Method Not Allowed\r\nAllow: POST\r\n"
	    "Retry-After: 5\r\nContent-Length: 0\r\n\r\n");
	thttp_say(&t, GET_A);
	assert_int_equal(t.class->answer(t.p, 2, &evil), GW_EMALFORMED);
	assert_true(t.class->done(t.p));
	thttp_clear(&t);
}

static void
a_continue_is_said_when_it_is_waited_for(void **state)
{
	static const char head[] =
	    POST "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n";

	(void)state;
	server();
	thttp_say(&t, head);
	thttp_pull(&t);
	thttp_pull(&t);
	assert_string_equal(thttp_wrote(&t), "HTTP/1.1 100 Continue\r\n\r\n");
	thttp_say(&t, "hi");
	assert_int_equal(t.n_requests, 1);
	thttp_clear(&t);
	/* Not to one who does not wait, nor before an older answer. */
	server();
	thttp_say(&t, GET_A);
	thttp_say(&t, head);
	thttp_pull(&t);
	assert_string_equal(thttp_wrote(&t), "");
	thttp_say(&t, "hi");
	answer(1, "");
	answer(2, "");
	thttp_pull(&t);
	assert_null(strstr(thttp_wrote(&t), "100"));
	thttp_clear(&t);
}

static void
a_connection_closes_when_either_side_says_so(void **state)
{
	static const char *const last[] = {
		"GET / HTTP/1.1\r\nHost: h\r\nConnection: x, close\r\n\r\n",
		"GET / HTTP/1.0\r\nHost: h\r\n\r\n",
		"GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(last); i++) {
		server();
		thttp_say(&t, last[i]);
		thttp_say(&t, GET_A);
		assert_int_equal(t.n_requests, 1);
		assert_false(t.class->done(t.p));
		answer(1, "");
		thttp_pull(&t);
		assert_non_null(
		    strstr(thttp_wrote(&t), "Connection: close\r\n"));
		assert_true(t.class->done(t.p));
		thttp_clear(&t);
	}
	server();
	thttp_say(&t, "GET / HT");
	t.class->end(t.p);
	assert_false(t.class->done(t.p)); /* what has begun is finished */
	thttp_say(&t, "TP/1.1\r\nHost: h\r\n\r\n" GET_A);
	assert_int_equal(t.n_requests, 1);
	answer(1, "");
	thttp_pull(&t);
	assert_non_null(strstr(thttp_wrote(&t), "Connection: close\r\n"));
	assert_true(t.class->done(t.p));
	thttp_clear(&t);
	server();
	t.class->end(t.p);
	assert_true(t.class->done(t.p));
	thttp_clear(&t);
}

static void
a_half_closed_asker_gets_its_answer(void **state)
{
	(void)state;
	server();
	thttp_say(&t, GET_A "GET /unfinished");
	assert_int_equal(t.class->phase(t.p), HTTP_READING);
	thttp_eof(&t);
	assert_int_equal(t.err, GW_OK);
	assert_int_equal(t.n_requests, 1);
	assert_false(t.class->done(t.p));
	assert_int_equal(t.class->phase(t.p), HTTP_WORKING);
	answer(1, "x");
	thttp_pull(&t);
	assert_true(t.class->done(t.p));
	thttp_clear(&t);
}

/* ---- the client ---- */

static void
a_question_is_written_whole(void **state)
{
	const struct gw_http_request get = { .method = GW_HTTP_GET,
		.path = GW_LIT("/x?y"),
		.authority = GW_LIT("[::1]:80"),
		.accept = GW_LIT("a/b"),
		.authorization = GW_LIT("Bearer T") };
	struct gw_http_request bad[] = { get, get, get, get, get, get };

	(void)state;
	client();
	assert_int_equal(t.class->room(t.p), 1);
	assert_int_equal(ask(7), GW_OK);
	assert_int_equal(t.class->room(t.p), 0);
	assert_int_equal(ask(8), GW_ELIMIT);
	thttp_pull(&t);
	assert_string_equal(thttp_wrote(&t),
	    "POST /q HTTP/1.1\r\nHost: svc:1\r\nContent-Type: text/q\r\n"
	    "Content-Length: 4\r\n\r\nwho?");
	thttp_clear(&t);
	client();
	assert_int_equal(t.class->ask(t.p, 1, &get, true), GW_OK);
	thttp_pull(&t);
	assert_string_equal(thttp_wrote(&t),
	    "GET /x?y HTTP/1.1\r\nHost: [::1]:80\r\nAccept: a/b\r\n"
	    "Authorization: Bearer T\r\n\r\n");
	thttp_clear(&t);
	bad[0].path = GW_SPAN("/ HTTP/1.1\r\nX: y");
	bad[1].authority = GW_SPAN("h\r\nX: y");
	bad[2].authorization = GW_SPAN("Bearer\nT");
	bad[3].accept = GW_SPAN("a\0b");
	bad[4].path = GW_SPAN("");
	bad[5].method = GW_HTTP_OTHER;
	client();
	for (size_t i = 0; i < GW_COUNT(bad); i++)
		assert_int_equal(
		    t.class->ask(t.p, 1, &bad[i], true), GW_EMALFORMED);
	thttp_pull(&t);
	assert_string_equal(thttp_wrote(&t), "");
	assert_int_equal(t.class->room(t.p), 1);
	thttp_clear(&t);
}

static void
answers_are_read_however_they_arrive(void **state)
{
	static const struct {
		const char *text, *want;
		bool at_end, goes_on;
	} rows[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Type: a\r\n"
		  "Content-Length: 2\r\n\r\nhi",
		    "response 7 200 a|hi\n", false, true },
		{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nL: x\r\n"
		  "\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
		    "response 7 404 |\n", false, true },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "2\r\nhi\r\n0\r\n\r\n",
		    "response 7 200 |hi\n", false, true },
		{ "HTTP/1.1 204 \r\nContent-Length: 5\r\n\r\n",
		    "response 7 204 |\n", false, true },
		{ "HTTP/1.1 200\r\nContent-Length: 0\r\n"
		  "Connection: close\r\n\r\n",
		    "response 7 200 |\n", false, false },
		{ "HTTP/1.1 200 OK\r\n\r\nuntil the end",
		    "response 7 200 |until the end\n", true, false },
		{ "HTTP/1.0 200 OK\r\n\r\n", "response 7 200 |\n", true,
		    false },
		{ "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
		    "response 7 200 |hi\n", false, false },
		{ "HTTP/1.1 599 Odd\r\nRetry-After: 9\r\n"
		  "Content-Length: 0\r\n\r\n",
		    "response 7 599 |\n", false, true },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		for (size_t step = 0; step < 20; step++) {
			client();
			assert_int_equal(ask(7), GW_OK);
			thttp_pull(&t);
			thttp_feed(&t, gw_span_of(rows[i].text), step);
			assert_int_equal(t.n_responses, !rows[i].at_end);
			if (rows[i].at_end)
				thttp_eof(&t);
			assert_int_equal(t.err, GW_OK);
			assert_string_equal(thttp_events(&t), rows[i].want);
			assert_int_equal(t.class->room(t.p), rows[i].goes_on);
			assert_int_equal(t.class->done(t.p), !rows[i].goes_on);
			assert_int_equal(
			    ask(8), rows[i].goes_on ? GW_OK : GW_EUNSUPPORTED);
			thttp_clear(&t);
		}
	}
}

static void
answers_that_cannot_be_trusted_fail(void **state)
{
	static const char *const rows[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		"Content-Length: 2\r\n\r\nhi",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
		"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
		"HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: y\r\n z\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
		"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"\x16\x03\x01",
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		client();
		assert_int_equal(ask(7), GW_OK);
		thttp_pull(&t);
		thttp_say(&t, rows[i]);
		if (t.err == GW_OK)
			print_error("taken: %s\n", rows[i]);
		assert_int_not_equal(t.err, GW_OK);
		assert_int_equal(t.n_responses, 0);
		assert_int_equal(t.n_failed, 1);
		assert_null(strstr(thttp_events(&t), "untouched"));
		assert_true(t.class->done(t.p));
		t.out.len = 0;
		thttp_pull(&t);
		assert_string_equal(thttp_wrote(&t), "");
		thttp_clear(&t);
	}
}

static void
interim_answers_are_bounded(void **state)
{
	(void)state;
	client();
	assert_int_equal(ask(7), GW_OK);
	thttp_pull(&t);
	for (int i = 0; i < 100; i++)
		thttp_say(&t, "HTTP/1.1 102 Processing\r\n\r\n");
	assert_int_equal(t.err, GW_EMALFORMED);
	assert_int_equal(t.n_failed, 1);
	thttp_clear(&t);
}

static void
nobody_answers_without_being_asked(void **state)
{
	(void)state;
	client();
	thttp_say(&t, OK_EMPTY);
	assert_int_equal(t.err, GW_EMALFORMED);
	thttp_clear(&t);
	/* Before the question has left: it cannot be its answer. */
	client();
	assert_int_equal(ask(7), GW_OK);
	thttp_say(&t, OK_EMPTY);
	assert_int_equal(t.err, GW_EMALFORMED);
	assert_non_null(strstr(thttp_events(&t), "failed 7 untouched"));
	thttp_clear(&t);
	/* Twice. */
	client();
	assert_int_equal(ask(7), GW_OK);
	thttp_pull(&t);
	thttp_say(&t, OK_EMPTY OK_EMPTY);
	assert_int_equal(t.n_responses, 1);
	assert_int_equal(t.err, GW_EMALFORMED);
	assert_true(t.class->done(t.p));
	thttp_clear(&t);
}

static void
a_question_fails_once_when_the_peer_goes(void **state)
{
	static const char *const heard[] = { "", "HTTP/1.1 200",
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
		("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "2\r\nhi\r\n0\r\n") };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(heard); i++) {
		client();
		assert_int_equal(ask(7), GW_OK);
		thttp_pull(&t);
		thttp_say(&t, heard[i]);
		thttp_eof(&t);
		assert_int_equal(t.n_responses, 0);
		assert_int_equal(t.n_failed, 1);
		assert_null(strstr(thttp_events(&t), "untouched"));
		assert_true(t.class->done(t.p));
		thttp_clear(&t);
	}
	client();
	assert_int_equal(ask(7), GW_OK);
	thttp_eof(&t); /* not a single octet has left */
	assert_non_null(strstr(thttp_events(&t), "failed 7 untouched"));
	thttp_clear(&t);
}

static void
a_dropped_question_ends_the_connection(void **state)
{
	(void)state;
	client();
	assert_int_equal(ask(7), GW_OK);
	thttp_pull(&t);
	t.class->drop(t.p, 8);
	assert_false(t.class->done(t.p));
	t.class->drop(t.p, 7);
	assert_true(t.class->done(t.p));
	thttp_say(&t, OK_EMPTY);
	thttp_eof(&t);
	assert_string_equal(thttp_events(&t), "");
	assert_int_equal(ask(8), GW_EUNSUPPORTED);
	thttp_clear(&t);
}

static void
an_ended_client_finishes_what_is_open(void **state)
{
	(void)state;
	client();
	assert_int_equal(ask(7), GW_OK);
	thttp_pull(&t);
	t.class->end(t.p);
	assert_false(t.class->done(t.p));
	assert_int_equal(t.class->room(t.p), 0);
	thttp_say(&t, OK_EMPTY);
	assert_int_equal(t.n_responses, 1);
	assert_true(t.class->done(t.p));
	thttp_clear(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_read_however_they_arrive),
		cmocka_unit_test(what_is_ambiguous_is_refused),
		cmocka_unit_test(what_is_too_large_is_refused),
		cmocka_unit_test(answers_keep_the_order_of_requests),
		cmocka_unit_test(a_pipeline_is_bounded),
		cmocka_unit_test(a_refusal_is_no_answer_to_an_older_request),
		cmocka_unit_test(a_head_has_no_body_in_its_answer),
		cmocka_unit_test(what_is_told_of_an_error_is_written),
		cmocka_unit_test(a_continue_is_said_when_it_is_waited_for),
		cmocka_unit_test(a_connection_closes_when_either_side_says_so),
		cmocka_unit_test(a_half_closed_asker_gets_its_answer),
		cmocka_unit_test(a_question_is_written_whole),
		cmocka_unit_test(answers_are_read_however_they_arrive),
		cmocka_unit_test(answers_that_cannot_be_trusted_fail),
		cmocka_unit_test(interim_answers_are_bounded),
		cmocka_unit_test(nobody_answers_without_being_asked),
		cmocka_unit_test(a_question_fails_once_when_the_peer_goes),
		cmocka_unit_test(a_dropped_question_ends_the_connection),
		cmocka_unit_test(an_ended_client_finishes_what_is_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
