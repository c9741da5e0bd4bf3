/*
 * test_http2.c: HTTP/2 server and client, against each other and against
 * frames that were made by hand.
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

struct pair {
	struct th2 *server, *client;
};

static struct pair
pair_new(uint32_t streams, uint32_t body)
{
	return (struct pair){ th2_new(&http2_class, true, streams, body),
		th2_new(&http2_class, false, streams, body) };
}

static void
pair_free(struct pair *p)
{
	th2_free(p->server);
	th2_free(p->client);
}

static enum gw_err
ask(struct th2 *client, uint64_t ticket, struct gw_span body)
{
	const struct gw_http_request r = {
		.method = body.len > 0 ? GW_HTTP_POST : GW_HTTP_GET,
		.path = GW_SPAN("/keymanagement/identity/v1/lookup/sip%3Aa"),
		.authority = GW_SPAN("kms.example:8443"),
		.content_type = GW_SPAN("application/xml"),
		.authorization = GW_SPAN("Bearer abc"),
		.body = body,
	};

	return http2_class.ask(client->p, ticket, &r, true);
}

static void
questions_come_whole_and_answers_too(void **state)
{
	static const size_t sizes[] = { 0, 1, 1500, 16384, 16385, 65535, BODY };
	static const size_t pieces[] = { 1, 7, 4096, 1u << 20 };

	(void)state;
	for (size_t k = 0; k < GW_COUNT(pieces); k++) {
		struct pair p = pair_new(STREAMS, BODY);
		p.server->answers = true;
		for (size_t i = 0; i < GW_COUNT(sizes); i++)
			assert_int_equal(
			    ask(p.client, i + 100, th2_octets(sizes[i])),
			    GW_OK);
		th2_talk(p.client, p.server, pieces[k]);
		assert_int_equal(p.server->n, GW_COUNT(sizes));
		assert_int_equal(p.client->n, GW_COUNT(sizes));
		for (size_t i = 0; i < GW_COUNT(sizes); i++) {
			const struct th2_event *e =
			    th2_about(p.client, i + 100);
			assert_non_null(e);
			assert_int_equal(e->kind, TH2_RESPONSE);
			assert_int_equal(e->status, 200);
			assert_string_equal(e->type, "text/plain");
			assert_int_equal(e->body_len, sizes[i]);
			assert_int_equal(
			    e->body_sum, th2_sum(th2_octets(sizes[i])));
		}
		const struct th2_event *q = &p.server->at[0];
		assert_int_equal(q->kind, TH2_REQUEST);
		assert_string_equal(
		    q->path, "/keymanagement/identity/v1/lookup/sip%3Aa");
		assert_string_equal(q->authority, "kms.example:8443");
		assert_string_equal(q->type, "application/xml");
		assert_string_equal(q->token, "Bearer abc");
		assert_int_equal(http2_class.phase(p.server->p), HTTP_IDLE);
		assert_int_equal(http2_class.phase(p.client->p), HTTP_IDLE);
		pair_free(&p);
	}
}

static void
many_rounds_use_the_same_streams_again(void **state)
{
	struct pair p = pair_new(STREAMS, BODY);
	uint64_t ticket = 1;

	(void)state;
	p.server->answers = true;
	for (int round = 0; round < 50; round++) {
		p.server->n = p.client->n = 0;
		while (
		    ask(p.client, ticket, th2_octets(ticket % 3000)) == GW_OK)
			ticket++;
		th2_talk(p.client, p.server, 8192);
		assert_int_equal(p.client->n, STREAMS);
		assert_int_equal(th2_count(p.client, TH2_RESPONSE), STREAMS);
	}
	assert_int_equal(ticket, 50 * STREAMS + 1);
	pair_free(&p);
}

static void
no_more_is_asked_than_the_peer_takes(void **state)
{
	struct pair p = { th2_new(&http2_class, true, 4, BODY),
		th2_new(&http2_class, false, STREAMS, BODY) };

	(void)state;
	th2_talk(p.client, p.server, 4096); /* its TH2_SETTINGS come */
	assert_int_equal(http2_class.room(p.client->p), 4);
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(ask(p.client, i, none), GW_OK);
	assert_int_equal(ask(p.client, 9, none), GW_ELIMIT);
	th2_talk(p.client, p.server, 4096);
	assert_int_equal(p.server->n, 4);
	assert_int_equal(p.client->n, 0);
	assert_int_equal(http2_class.phase(p.client->p), HTTP_WORKING);
	pair_free(&p);
}

static void
a_dropped_question_brings_no_event(void **state)
{
	struct pair p = pair_new(STREAMS, BODY);

	(void)state;
	/* Before it was written, and after. */
	assert_int_equal(ask(p.client, 1, none), GW_OK);
	http2_class.drop(p.client->p, 1);
	assert_int_equal(ask(p.client, 2, none), GW_OK);
	th2_talk(p.client, p.server, 4096);
	assert_int_equal(p.server->n, 1);
	assert_int_equal(p.server->at[0].kind, TH2_REQUEST);
	http2_class.drop(p.client->p, 2);
	th2_talk(p.client, p.server, 4096);
	assert_int_equal(p.client->n, 0);
	assert_int_equal(p.server->n, 2);
	assert_int_equal(p.server->at[1].kind, TH2_GONE);
	/* Nobody is there to be answered. */
	const struct gw_http_response r = { .status = 200 };
	assert_int_equal(
	    http2_class.answer(p.server->p, p.server->at[0].id, &r), GW_OK);
	th2_talk(p.client, p.server, 4096);
	assert_int_equal(p.client->n, 0);
	assert_int_equal(http2_class.phase(p.server->p), HTTP_IDLE);
	assert_int_equal(http2_class.phase(p.client->p), HTTP_IDLE);
	pair_free(&p);
}

static void
the_end_of_a_server_lets_finish_what_is_open(void **state)
{
	struct pair p = pair_new(STREAMS, BODY);
	const struct gw_http_response r = { .status = 404 };

	(void)state;
	assert_int_equal(ask(p.client, 1, none), GW_OK);
	th2_talk(p.client, p.server, 4096);
	http2_class.end(p.server->p);
	assert_false(http2_class.done(p.server->p));
	/* What was sent before the client knew is taken still. */
	assert_int_equal(ask(p.client, 2, none), GW_OK);
	th2_talk(p.client, p.server, 4096);
	assert_int_equal(ask(p.client, 3, none), GW_EUNSUPPORTED);
	assert_int_equal(th2_count(p.server, TH2_REQUEST), 2);
	assert_false(http2_class.done(p.server->p));
	assert_false(http2_class.done(p.client->p));
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
		    http2_class.answer(p.server->p, p.server->at[i].id, &r),
		    GW_OK);
	th2_talk(p.client, p.server, 4096);
	assert_int_equal(th2_count(p.client, TH2_RESPONSE), 2);
	assert_true(http2_class.done(p.server->p));
	assert_true(http2_class.done(p.client->p));
	pair_free(&p);
}

static void
the_end_of_a_client_waits_for_its_answers(void **state)
{
	struct pair p = pair_new(STREAMS, BODY);
	const struct gw_http_response r = { .status = 200,
		.body = th2_octets(50000) };

	(void)state;
	assert_int_equal(ask(p.client, 1, none), GW_OK);
	http2_class.end(p.client->p);
	assert_int_equal(ask(p.client, 2, none), GW_EUNSUPPORTED);
	assert_int_equal(http2_class.room(p.client->p), 0);
	th2_talk(p.client, p.server, 4096);
	assert_false(http2_class.done(p.client->p));
	assert_int_equal(
	    http2_class.answer(p.server->p, p.server->at[0].id, &r), GW_OK);
	th2_talk(p.client, p.server, 4096);
	assert_int_equal(th2_about(p.client, 1)->body_len, 50000);
	assert_true(http2_class.done(p.client->p));
	assert_true(http2_class.done(p.server->p));
	pair_free(&p);
}

static void
a_lost_connection_settles_everything_once(void **state)
{
	struct pair p = pair_new(STREAMS, BODY);

	(void)state;
	assert_int_equal(ask(p.client, 1, none), GW_OK);
	th2_talk(p.client, p.server, 4096);
	assert_int_equal(ask(p.client, 2, none), GW_OK); /* not written */
	http2_class.cut(p.client->p, "gone");
	http2_class.cut(p.server->p, "gone");
	http2_class.cut(p.client->p, "again");
	assert_int_equal(p.client->n, 2);
	assert_false(th2_about(p.client, 1)->untouched);
	assert_true(th2_about(p.client, 2)->untouched);
	assert_string_equal(th2_about(p.client, 2)->why, "gone");
	assert_int_equal(th2_count(p.server, TH2_GONE), 1);
	pair_free(&p);
}

static void
what_a_goaway_leaves_out_is_untouched(void **state)
{
	struct th2 *client = th2_new(&http2_class, false, STREAMS, BODY);
	static const uint8_t last[8] = { 0, 0, 0, 1 };
	struct gw_buf in;

	(void)state;
	gw_buf_init(&in, 1000);
	assert_int_equal(ask(client, 1, none), GW_OK);
	assert_int_equal(ask(client, 2, none), GW_OK);
	th2_pull(client);
	th2_frame(&in, TH2_SETTINGS, 0, 0, none);
	th2_frame(&in, TH2_GOAWAY, 0, 0, (struct gw_span){ last, 8 });
	th2_feed(client, gw_buf_span(&in));
	th2_pull(client);
	assert_int_equal(client->n, 1);
	assert_int_equal(client->at[0].id, 2);
	assert_true(client->at[0].untouched);
	assert_int_equal(ask(client, 3, none), GW_EUNSUPPORTED);
	/* The end of its side leaves nothing to wait for. */
	th2_feed(client, none);
	assert_int_equal(client->n, 2);
	assert_false(th2_about(client, 1)->untouched);
	th2_pull(client);
	assert_true(http2_class.done(client->p));
	gw_buf_clear(&in);
	th2_free(client);
}

/* ---- a server made of frames ---- */

static void
answers_that_are_none_fail_their_question(void **state)
{
	static const uint8_t big[70000];
	struct th2 *c = th2_new(&http2_class, false, STREAMS, 60000);
	struct gw_buf in, block;

	(void)state;
	gw_buf_init(&in, 1u << 20);
	gw_buf_init(&block, 4096);
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(ask(c, i, none), GW_OK);
	th2_pull(c);
	th2_frame(&in, TH2_SETTINGS, 0, 0, none);
	/* 0: an interim answer, then the true one */
	th2_field(&block, ":status", "103");
	th2_frame(&in, TH2_HEADERS, 4, 1, gw_buf_span(&block));
	gw_buf_reset(&block);
	th2_field(&block, ":status", "503");
	th2_field(&block, "retry-after", "7");
	th2_frame(&in, TH2_HEADERS, 5, 1, gw_buf_span(&block));
	/* 1: too large */
	gw_buf_reset(&block);
	th2_field(&block, ":status", "200");
	th2_frame(&in, TH2_HEADERS, 4, 3, gw_buf_span(&block));
	for (size_t at = 0; at < 60001; at += 16000)
		th2_frame(&in, TH2_DATA, 0, 3,
		    gw_span_sub((struct gw_span){ big, 60001 }, at, 16000));
	/* 2: refused before it was looked at; 3: reset halfway */
	th2_frame(&in, TH2_RST, 0, 5, GW_SPAN("\0\0\0\7"));
	th2_frame(&in, TH2_HEADERS, 4, 7, gw_buf_span(&block));
	th2_frame(&in, TH2_RST, 0, 7, GW_SPAN("\0\0\0\2"));
	th2_feed(c, gw_buf_span(&in));
	th2_pull(c);
	assert_int_equal(c->err, GW_OK);
	assert_int_equal(c->n, 4);
	assert_int_equal(th2_about(c, 0)->kind, TH2_RESPONSE);
	assert_int_equal(th2_about(c, 0)->status, 503);
	assert_int_equal(th2_about(c, 1)->kind, TH2_FAILED);
	assert_false(th2_about(c, 1)->untouched);
	assert_true(th2_about(c, 2)->untouched);
	assert_int_equal(th2_about(c, 3)->kind, TH2_FAILED);
	assert_false(th2_about(c, 3)->untouched);
	gw_buf_clear(&in);
	gw_buf_clear(&block);
	th2_free(c);
}

static void
a_ping_is_answered(void **state)
{
	struct pair p = pair_new(STREAMS, BODY);
	struct gw_span pong = none;

	(void)state;
	th2_talk(p.client, p.server, 4096);
	assert_true(http2_class.ping(p.client->p));
	th2_pull(p.client);
	th2_feed(p.server, gw_buf_span(&p.client->out));
	th2_pull(p.server);
	assert_true(th2_find(gw_buf_span(&p.server->out), TH2_PING, 0, &pong));
	pair_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_come_whole_and_answers_too),
		cmocka_unit_test(many_rounds_use_the_same_streams_again),
		cmocka_unit_test(no_more_is_asked_than_the_peer_takes),
		cmocka_unit_test(a_dropped_question_brings_no_event),
		cmocka_unit_test(the_end_of_a_server_lets_finish_what_is_open),
		cmocka_unit_test(the_end_of_a_client_waits_for_its_answers),
		cmocka_unit_test(a_lost_connection_settles_everything_once),
		cmocka_unit_test(what_a_goaway_leaves_out_is_untouched),
		cmocka_unit_test(answers_that_are_none_fail_their_question),
		cmocka_unit_test(a_ping_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
