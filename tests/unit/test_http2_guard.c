/*
 * test_http2_guard.c: an HTTP/2 server against clients made of frames: bad
 * requests, slow ones, and attacks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/th2.h"

#define STREAMS 16
#define BODY	(64u << 10)

static const struct gw_span none = { NULL, 0 };

struct raw {
	struct th2 *server;
	struct gw_buf in;
};

static struct raw
raw_new(uint32_t streams, uint32_t body)
{
	struct raw r = { .server = th2_new(&http2_class, true, streams, body) };

	gw_buf_init(&r.in, 16u << 20);
	th2_hello(&r.in);
	return r;
}

/* Let the server have all that was built, and speak. */
static void
go(struct raw *r)
{
	assert_true(gw_buf_ok(&r->in));
	th2_feed(r->server, gw_buf_span(&r->in));
	gw_buf_reset(&r->in);
	th2_pull(r->server);
}

static void
raw_free(struct raw *r)
{
	th2_free(r->server);
	gw_buf_clear(&r->in);
}

static unsigned
answer_to(const struct raw *r, uint32_t id)
{
	return th2_status(gw_buf_span(&r->server->out), id);
}

static bool
was_reset(const struct raw *r, uint32_t id, uint8_t code)
{
	struct gw_span p;

	return th2_find(gw_buf_span(&r->server->out), TH2_RST, id, &p) &&
	       p.len == 4 && p.p[3] == code;
}

static bool
was_sent_away(const struct raw *r, uint8_t code)
{
	struct gw_span p;

	return th2_find(gw_buf_span(&r->server->out), TH2_GOAWAY, 0, &p) &&
	       p.len >= 8 && p.p[7] == code;
}

static void
bad_requests_are_refused_alone(void **state)
{
	char path[GW_HTTP_PATH_MAX + 2], token[GW_HTTP_TOKEN_MAX + 2],
	    type[GW_HTTP_FIELD_MAX + 2];
	struct {
		const char *path, *name, *value, *again;
		unsigned status; /* 0: reset */
	} cases[] = {
		{ path, NULL, NULL, NULL, 414 },
		{ "/", "authorization", token, NULL, 431 },
		{ "/", "content-type", type, NULL, 431 },
		{ "/", "content-type", "a/b", "a/c", 400 },
		{ "/", "authorization", "Bearer a", "Bearer b", 400 },
		{ "/", "host", "other.example", NULL, 400 },
		{ "/", "Upper", "case", NULL, 0 },
		{ "/", "connection", "close", NULL, 0 },
		{ "/", "transfer-encoding", "chunked", NULL, 0 },
		{ "/", "authorization",
		    "a\x01"
		    "b",
		    NULL, 0 },
		{ "/", "accept", "a\r\nb", NULL, 0 },
		{ "/", "a b", "c", NULL, 0 },
		{ "/", "x-any", " a", NULL, 0 },
		{ "/", ":path", "/twice", NULL, 0 },
		{ "/", "content-length", "5", NULL, 0 },
		{ "nowhere", NULL, NULL, NULL, 0 },
	};
	struct raw r = raw_new(STREAMS, BODY);
	struct gw_buf block;
	uint32_t id = 1;

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	path[0] = '/';
	memset(token, 't', sizeof(token) - 1);
	memset(type, 't', sizeof(type) - 1);
	path[sizeof(path) - 1] = token[sizeof(token) - 1] =
	    type[sizeof(type) - 1] = '\0';
	gw_buf_init(&block, 1u << 20);
	for (size_t i = 0; i < GW_COUNT(cases); i++, id += 2) {
		gw_buf_reset(&block);
		if (cases[i].name != NULL)
			th2_field(&block, cases[i].name, cases[i].value);
		if (cases[i].again != NULL)
			th2_field(&block, cases[i].name, cases[i].again);
		th2_get(&r.in, id, cases[i].path, gw_buf_span(&block));
		go(&r);
		if (cases[i].status != 0)
			assert_int_equal(answer_to(&r, id), cases[i].status);
		else
			assert_true(was_reset(&r, id, 1));
	}
	assert_int_equal(r.server->n, 0);
	/* Others are served. */
	gw_buf_reset(&block);
	th2_field(&block, "host", "GW.example"); /* names have no case */
	th2_field(&block, "accept", "a/b");
	th2_field(&block, "accept", "c/d");
	r.server->answers = true;
	th2_get(&r.in, id, "/good", gw_buf_span(&block));
	go(&r);
	assert_int_equal(answer_to(&r, id), 200);
	assert_string_equal(r.server->at[0].path, "/good");
	assert_int_equal(r.server->err, GW_OK);
	gw_buf_clear(&block);
	raw_free(&r);
}

static void
fields_of_any_name_count(void **state)
{
	struct raw r = raw_new(STREAMS, BODY);
	struct gw_buf block;
	char value[600];

	(void)state;
	gw_buf_init(&block, 1u << 20);
	for (int i = 0; i < HTTP_FIELDS_MAX - 4; i++)
		th2_field(&block, "x", "1");
	th2_get(&r.in, 1, "/", gw_buf_span(&block));
	th2_field(&block, "x", "1");
	th2_get(&r.in, 3, "/", gw_buf_span(&block));
	gw_buf_reset(&block);
	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	for (int i = 0; i < 26; i++)
		th2_field(&block, "x", value);
	th2_get(&r.in, 5, "/", gw_buf_span(&block));
	r.server->answers = true;
	go(&r);
	assert_int_equal(answer_to(&r, 1), 200);
	assert_int_equal(answer_to(&r, 3), 431);
	assert_int_equal(answer_to(&r, 5), 431);
	gw_buf_clear(&block);
	raw_free(&r);
}

/* A field of the dynamic table that costs one octet to repeat. */
static void
a_header_bomb_is_cheap(void **state)
{
	struct raw r = raw_new(STREAMS, BODY);
	struct gw_buf block;
	static uint8_t again[15000];
	uint8_t literal[] = { 0x40, 1, 'b', 127, 0x81, 0x1d }; /* 3856 + 127 */
	char value[4096];

	(void)state;
	memset(value, 'v', sizeof(value));
	gw_buf_init(&block, 1u << 20);
	gw_buf_add(&block, (struct gw_span){ literal, sizeof(literal) });
	gw_buf_add(&block,
	    (struct gw_span){ (const uint8_t *)value, 127 + 1 + (0x1d << 7) });
	memset(again, 0xbe, sizeof(again)); /* index 62 */
	gw_buf_add(&block, (struct gw_span){ again, 10000 });
	th2_get(&r.in, 1, "/", gw_buf_span(&block));
	go(&r);
	assert_int_equal(answer_to(&r, 1), 431);
	assert_int_equal(r.server->n, 0);
	gw_buf_clear(&block);
	raw_free(&r);
}

static void
bodies_have_their_length(void **state)
{
	struct raw r = raw_new(STREAMS, 1000);
	static const uint8_t octets[1001];
	const struct gw_span all = { octets, 1001 };

	(void)state;
	r.server->answers = true;
	th2_post(&r.in, 1, "4");
	th2_frame(&r.in, TH2_DATA, 1, 1, gw_span_sub(all, 0, 5));
	th2_post(&r.in, 3, "4");
	th2_frame(&r.in, TH2_DATA, 1, 3, gw_span_sub(all, 0, 3));
	th2_post(&r.in, 5, "4");
	th2_frame(&r.in, TH2_DATA, 1, 5, gw_span_sub(all, 0, 4));
	th2_post(&r.in, 7, NULL);
	th2_frame(&r.in, TH2_DATA, 1, 7, gw_span_sub(all, 0, 1000));
	th2_post(&r.in, 9, NULL);
	th2_frame(&r.in, TH2_DATA, 0, 9, all);
	go(&r);
	assert_true(was_reset(&r, 1, 1));
	assert_true(was_reset(&r, 3, 1));
	assert_int_equal(answer_to(&r, 5), 200);
	assert_int_equal(answer_to(&r, 7), 200);
	assert_int_equal(answer_to(&r, 9), 413);
	assert_true(was_reset(&r, 9, 0)); /* the rest is not wanted */
	assert_int_equal(r.server->n, 2);
	assert_int_equal(http2_class.phase(r.server->p), HTTP_IDLE);
	raw_free(&r);
}

static void
trailers_say_nothing(void **state)
{
	struct raw r = raw_new(STREAMS, BODY);
	struct gw_buf block;

	(void)state;
	gw_buf_init(&block, 4096);
	th2_field(&block, "authorization", "Bearer late");
	th2_post(&r.in, 1, NULL);
	th2_frame(&r.in, TH2_DATA, 0, 1, GW_SPAN("abc"));
	th2_frame(&r.in, TH2_HEADERS, 5, 1, gw_buf_span(&block));
	go(&r);
	assert_int_equal(r.server->n, 1);
	assert_string_equal(r.server->at[0].token, "");
	assert_int_equal(r.server->at[0].body_len, 3);
	gw_buf_clear(&block);
	raw_free(&r);
}

static void
a_head_has_an_answer_without_a_body(void **state)
{
	struct raw r = raw_new(STREAMS, BODY);
	struct gw_buf block;
	struct gw_span data = none;
	const struct gw_http_response no = { .status = 405,
		.allow = GW_SPAN("GET"),
		.body = GW_SPAN("use GET") };

	(void)state;
	gw_buf_init(&block, 4096);
	th2_field(&block, ":method", "HEAD");
	th2_field(&block, ":scheme", "https");
	th2_field(&block, ":authority", "gw.example");
	th2_field(&block, ":path", "/");
	th2_frame(&r.in, TH2_HEADERS, 5, 1, gw_buf_span(&block));
	go(&r);
	assert_int_equal(r.server->at[0].method, GW_HTTP_OTHER);
	assert_int_equal(http2_class.answer(r.server->p, 1, &no), GW_OK);
	th2_pull(r.server);
	assert_int_equal(answer_to(&r, 1), 405);
	assert_false(
	    th2_find(gw_buf_span(&r.server->out), TH2_DATA, UINT32_MAX, &data));
	gw_buf_clear(&block);
	raw_free(&r);
}

static void
answers_wait_for_the_window(void **state)
{
	struct raw r = raw_new(STREAMS, BODY);
	/* SETTINGS_INITIAL_WINDOW_SIZE 10 */
	static const uint8_t tiny[6] = { 0, 4, 0, 0, 0, 10 };
	static const uint8_t more[4] = { 0, 0, 0, 90 };
	const struct gw_http_response ok = { .status = 200,
		.body = th2_octets(100) };
	struct gw_span data = none;

	(void)state;
	th2_frame(&r.in, TH2_SETTINGS, 0, 0, (struct gw_span){ tiny, 6 });
	th2_get(&r.in, 1, "/", none);
	go(&r);
	assert_int_equal(http2_class.answer(r.server->p, 1, &ok), GW_OK);
	th2_pull(r.server);
	assert_true(th2_find(gw_buf_span(&r.server->out), TH2_DATA, 1, &data));
	assert_int_equal(data.len, 10);
	assert_int_equal(http2_class.phase(r.server->p), HTTP_WORKING);
	th2_frame(&r.in, TH2_WINDOW, 0, 1, (struct gw_span){ more, 4 });
	go(&r);
	assert_true(th2_find(gw_buf_span(&r.server->out), TH2_DATA, 1, &data));
	assert_int_equal(data.len, 90);
	assert_int_equal(http2_class.phase(r.server->p), HTTP_IDLE);
	raw_free(&r);
}

static void
slow_ones_are_given_up_alone(void **state)
{
	struct raw r = raw_new(STREAMS, BODY);
	static const uint8_t closed[6] = { 0, 4, 0, 0, 0, 0 };
	const struct gw_http_response ok = { .status = 200,
		.body = th2_octets(100) };

	(void)state;
	th2_frame(&r.in, TH2_SETTINGS, 0, 0, (struct gw_span){ closed, 6 });
	th2_post(&r.in, 1, NULL); /* a body that drips */
	th2_get(&r.in, 3, "/", none); /* an answer that is not taken */
	th2_get(&r.in, 5, "/", none); /* one that we owe */
	go(&r);
	assert_int_equal(http2_class.phase(r.server->p), HTTP_READING);
	assert_int_equal(http2_class.answer(r.server->p, 3, &ok), GW_OK);
	for (int i = 0; i < HTTP_LAPSES; i++) {
		th2_frame(&r.in, TH2_DATA, 0, 1, GW_SPAN("x"));
		go(&r);
		http2_class.lapse(r.server->p);
	}
	th2_pull(r.server);
	assert_false(was_reset(&r, 1, 8));
	http2_class.lapse(r.server->p);
	th2_pull(r.server);
	assert_true(was_reset(&r, 1, 8));
	assert_true(was_reset(&r, 3, 8));
	assert_false(was_reset(&r, 5, 8));
	assert_int_equal(http2_class.phase(r.server->p), HTTP_WORKING);
	assert_int_equal(http2_class.answer(r.server->p, 5,
			     &(struct gw_http_response){ .status = 404 }),
	    GW_OK);
	th2_pull(r.server);
	assert_int_equal(answer_to(&r, 5), 404);
	raw_free(&r);
}

static void
a_slow_header_ends_the_connection(void **state)
{
	struct raw r = raw_new(STREAMS, BODY);

	(void)state;
	th2_frame(
	    &r.in, TH2_HEADERS, 1, 1, GW_SPAN("\x82")); /* no END_HEADERS */
	go(&r);
	for (int i = 0; i <= HTTP_LAPSES; i++)
		http2_class.lapse(r.server->p);
	th2_pull(r.server);
	assert_true(was_sent_away(&r, 11));
	assert_true(http2_class.done(r.server->p));
	raw_free(&r);
}

static void
as_many_streams_as_the_limit_says(void **state)
{
	struct raw r = raw_new(4, BODY);

	(void)state;
	go(&r);
	th2_frame(&r.in, TH2_SETTINGS, 1, 0, none); /* it knows of the limit */
	for (uint32_t id = 1; id <= 9; id += 2)
		th2_get(&r.in, id, "/", none);
	go(&r);
	assert_int_equal(th2_count(r.server, TH2_REQUEST), 4);
	raw_free(&r);
}

/* ---- attacks ---- */

static void
rapid_reset_ends_the_connection(void **state)
{
	struct raw r = raw_new(STREAMS, BODY);
	static const uint8_t cancel[4] = { 0, 0, 0, 8 };
	size_t asked;

	(void)state;
	for (uint32_t id = 1; id < 4000; id += 2) {
		th2_get(&r.in, id, "/", none);
		th2_frame(&r.in, TH2_RST, 0, id, (struct gw_span){ cancel, 4 });
	}
	go(&r);
	asked = th2_count(r.server, TH2_REQUEST);
	assert_in_range(asked, 1, 700);
	assert_int_equal(th2_count(r.server, TH2_GONE), asked);
	assert_true(http2_class.done(r.server->p));
	raw_free(&r);
}

/* The peer makes us reset what it has asked: a window that overflows, a length
 * that is wrong, an answer that it does not want any more. */
static void
ask_in_vain(struct raw *r, uint32_t id, int how)
{
	static const uint8_t cancel[4] = { 0, 0, 0, 8 };
	const struct gw_http_response ok = { .status = 200,
		.body = th2_octets(1000) };

	switch (how) {
	case 0:
		th2_get(&r->in, id, "/", none);
		th2_frame(
		    &r->in, TH2_WINDOW, 0, id, GW_SPAN("\x7f\xff\xff\xff"));
		th2_frame(&r->in, TH2_WINDOW, 0, id, GW_SPAN("\0\0\0\1"));
		break;
	case 1:
		th2_post(&r->in, id, "4");
		th2_frame(&r->in, TH2_DATA, 1, id, GW_SPAN("abc"));
		break;
	default:
		th2_get(&r->in, id, "/", none);
		go(r);
		if (http2_class.answer(r->server->p, id, &ok) != GW_OK)
			fail();
		th2_pull(r->server);
		th2_frame(
		    &r->in, TH2_RST, 0, id, (struct gw_span){ cancel, 4 });
	}
	go(r);
}

static void
resets_of_our_own_count_too(void **state)
{
	static const uint8_t closed[6] = { 0, 4, 0, 0, 0, 0 };

	(void)state;
	for (int how = 0; how < 3; how++) {
		struct raw r = raw_new(STREAMS, BODY);
		uint32_t id = 1;
		th2_frame(
		    &r.in, TH2_SETTINGS, 0, 0, (struct gw_span){ closed, 6 });
		for (; id < 4000 && r.server->err == GW_OK &&
		       !http2_class.done(r.server->p);
		     id += 2) {
			ask_in_vain(&r, id, how);
			gw_buf_reset(&r.server->out);
		}
		if (id >= 2 * 700)
			fail_msg("%d: still there after %u", how, id);
		raw_free(&r);
	}
}

static void
floods_end_the_connection(void **state)
{
	static const struct {
		const char *name;
		uint8_t type, flags;
		uint32_t id;
		struct gw_span payload;
	} cases[] = {
		{ "ping", TH2_PING, 0, 0, GW_LIT("12345678") },
		{ "settings", TH2_SETTINGS, 0, 0, { NULL, 0 } },
		{ "window", TH2_WINDOW, 0, 0, GW_LIT("\0\0\0\1") },
		{ "empty data", TH2_DATA, 0, 1, { NULL, 0 } },
		{ "continuation", TH2_CONT, 0, 3, GW_LIT("\x82") },
		{ "unasked resets", TH2_RST, 0, 1, GW_LIT("\0\0\0\2") },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct raw r = raw_new(STREAMS, BODY);
		th2_post(&r.in, 1, NULL);
		if (cases[i].type == TH2_CONT)
			th2_frame(&r.in, TH2_HEADERS, 1, 3, GW_SPAN("\x82"));
		/* It reads what is sent to it. */
		for (int k = 0; k < 100 && r.server->err == GW_OK &&
				!http2_class.done(r.server->p);
		     k++) {
			for (int j = 0; j < 100; j++)
				th2_frame(&r.in, cases[i].type, cases[i].flags,
				    cases[i].id, cases[i].payload);
			go(&r);
			gw_buf_reset(&r.server->out);
		}
		if (r.server->err == GW_OK && !http2_class.done(r.server->p))
			fail_msg("%s: still there", cases[i].name);
		raw_free(&r);
	}
}

static void
acknowledgements_do_not_pile_up(void **state)
{
	struct raw r = raw_new(STREAMS, BODY);

	(void)state;
	for (int i = 0; i < 1000; i++)
		th2_frame(&r.in, TH2_PING, 0, 0, GW_SPAN("12345678"));
	go(&r);
	assert_int_equal(r.server->err, GW_ELIMIT);
	raw_free(&r);
}

static void
too_many_mistakes_end_the_connection(void **state)
{
	struct raw r = raw_new(STREAMS, BODY);
	uint32_t id = 1;

	(void)state;
	for (; id < 1000 && r.server->err == GW_OK; id += 2) {
		th2_get(&r.in, id, "nowhere", none);
		go(&r);
	}
	assert_in_range(id, 100, 300);
	assert_true(was_sent_away(&r, 11));
	raw_free(&r);
}

static void
unfinished_bodies_are_bounded(void **state)
{
	struct raw r = raw_new(64, BODY);
	static const uint8_t octets[16384];
	size_t refused = 0;

	(void)state;
	for (uint32_t id = 1; id < 128; id += 2)
		th2_post(&r.in, id, NULL);
	for (int k = 0; k < 3; k++)
		for (uint32_t id = 1; id < 128; id += 2) {
			th2_frame(&r.in, TH2_DATA, 0, id,
			    (struct gw_span){ octets, sizeof(octets) });
			go(&r);
		}
	for (uint32_t id = 1; id < 128; id += 2)
		refused += answer_to(&r, id) == 503;
	/* 1 MiB holds 64 of 16 KiB. */
	assert_in_range(refused, 32, 63);
	assert_int_equal(r.server->err, GW_OK);
	raw_free(&r);
}

/* Fields that are kept, of requests whose bodies never come. */
static void
unfinished_headers_are_bounded_too(void **state)
{
	struct raw r = raw_new(HTTP_STREAMS_MAX, BODY);
	char token[GW_HTTP_TOKEN_MAX + 1];
	struct gw_buf block;
	size_t refused = 0;

	(void)state;
	gw_buf_init(&block, 1u << 20);
	memset(token, 't', sizeof(token) - 1);
	token[sizeof(token) - 1] = '\0';
	th2_field(&block, ":method", "POST");
	th2_field(&block, ":scheme", "https");
	th2_field(&block, ":authority", "gw.example");
	th2_field(&block, ":path", "/");
	th2_field(&block, "authorization", token);
	for (uint32_t id = 1; id < 400; id += 2) {
		th2_frame(&r.in, TH2_HEADERS, 4, id, gw_buf_span(&block));
		go(&r);
	}
	for (uint32_t id = 1; id < 400; id += 2)
		refused += answer_to(&r, id) == 503;
	/* 1 MiB holds fewer than 128 of 8 KiB. */
	assert_in_range(refused, 73, 90);
	assert_int_equal(r.server->err, GW_OK);
	/* What is refused holds nothing, what is reset neither. */
	for (uint32_t id = 1; id < 400; id += 2)
		th2_frame(&r.in, TH2_RST, 0, id, GW_SPAN("\0\0\0\x08"));
	th2_post(&r.in, 401, NULL);
	th2_frame(&r.in, TH2_DATA, 1, 401, GW_SPAN("abc"));
	r.server->answers = true;
	go(&r);
	assert_int_equal(answer_to(&r, 401), 200);
	gw_buf_clear(&block);
	raw_free(&r);
}

static void
no_client_is_refused_at_once(void **state)
{
	struct th2 *s = th2_new(&http2_class, true, STREAMS, BODY);

	(void)state;
	th2_feed(s, GW_SPAN("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_int_equal(s->err, GW_EMALFORMED);
	assert_int_equal(s->n, 0);
	th2_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_requests_are_refused_alone),
		cmocka_unit_test(fields_of_any_name_count),
		cmocka_unit_test(a_header_bomb_is_cheap),
		cmocka_unit_test(bodies_have_their_length),
		cmocka_unit_test(trailers_say_nothing),
		cmocka_unit_test(a_head_has_an_answer_without_a_body),
		cmocka_unit_test(answers_wait_for_the_window),
		cmocka_unit_test(slow_ones_are_given_up_alone),
		cmocka_unit_test(a_slow_header_ends_the_connection),
		cmocka_unit_test(as_many_streams_as_the_limit_says),
		cmocka_unit_test(rapid_reset_ends_the_connection),
		cmocka_unit_test(resets_of_our_own_count_too),
		cmocka_unit_test(floods_end_the_connection),
		cmocka_unit_test(acknowledgements_do_not_pile_up),
		cmocka_unit_test(too_many_mistakes_end_the_connection),
		cmocka_unit_test(unfinished_bodies_are_bounded),
		cmocka_unit_test(unfinished_headers_are_bounded_too),
		cmocka_unit_test(no_client_is_refused_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
