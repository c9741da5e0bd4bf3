/*
 * test_http_ask.c: the copy of a question, and the lists it moves through.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "net/http/http_ask.h"

static struct http_ask *
make(const struct gw_http_request *r, const struct conf_service *v)
{
	const struct core_action a = { .kind = CORE_ASK,
		.ticket = 7,
		.deadline_ms = 3,
		.http.request = r };
	struct http_ask *q = http_ask_new(&a, v, 1000);

	assert_non_null(q);
	assert_int_equal(q->deadline_us, 4000);
	return q;
}

static void
a_question_is_a_copy(void **state)
{
	char path[] = "/p", body[] = "who";
	const struct gw_http_request r = { .method = GW_HTTP_POST,
		.path = gw_span_of(path),
		.authority = GW_LIT("h:1"),
		.content_type = GW_LIT("a/b"),
		.accept = GW_LIT("c/d"),
		.body = gw_span_of(body) };
	const struct conf_service v = { .id = 5 };
	struct http_ask *q = make(&r, &v);

	(void)state;
	path[1] = body[0] = 'X';
	assert_int_equal(q->service, 5);
	assert_int_equal(q->request.method, GW_HTTP_POST);
	assert_true(gw_span_eq(q->request.path, GW_SPAN("/p")));
	assert_true(gw_span_eq(q->request.authority, GW_SPAN("h:1")));
	assert_true(gw_span_eq(q->request.content_type, GW_SPAN("a/b")));
	assert_true(gw_span_eq(q->request.accept, GW_SPAN("c/d")));
	assert_true(gw_span_eq(q->request.body, GW_SPAN("who")));
	assert_int_equal(q->request.authorization.len, 0);
	http_ask_free(q);
}

/* A request that is passed on is not asked in the gateway's name. */
static void
the_token_is_that_of_the_request_or_none(void **state)
{
	const struct gw_http_request none = { .path = GW_LIT("/x") };
	const struct gw_http_request own = { .path = GW_LIT("/x"),
		.authorization = GW_LIT("Bearer y") };
	const struct conf_service v = { .token = "SECRET" };
	struct http_ask *q = make(&none, &v);

	(void)state;
	assert_int_equal(q->request.authorization.len, 0);
	assert_true(gw_span_eq(q->request.path, GW_SPAN("/x")));
	http_ask_free(q);
	q = make(&own, &v);
	assert_true(gw_span_eq(q->request.authorization, GW_SPAN("Bearer y")));
	http_ask_free(q);
	q = make(&own, NULL);
	assert_int_equal(q->service, HTTP_ASK_NO_SERVICE);
	http_ask_free(q);
}

static void
a_question_is_in_one_list(void **state)
{
	const struct gw_http_request r = { .path = GW_LIT("/x") };
	struct http_ask_list a = { NULL, NULL, 0 }, b = a;
	struct http_ask *q[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		q[i] = make(&r, NULL);
		http_ask_move(q[i], &a);
	}
	http_ask_move(q[1], &b);
	http_ask_move(q[0], &b);
	assert_int_equal(a.n, 1);
	assert_ptr_equal(a.first, q[2]);
	assert_ptr_equal(a.last, q[2]);
	assert_ptr_equal(b.first, q[1]);
	assert_ptr_equal(b.last, q[0]);
	http_ask_move(q[1], &b); /* to its end */
	assert_ptr_equal(b.first, q[0]);
	assert_int_equal(b.n, 2);
	for (int i = 0; i < 3; i++)
		http_ask_free(q[i]);
	assert_null(a.first);
	assert_null(b.first);
	assert_null(b.last);
	assert_int_equal(a.n + b.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_is_a_copy),
		cmocka_unit_test(the_token_is_that_of_the_request_or_none),
		cmocka_unit_test(a_question_is_in_one_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
