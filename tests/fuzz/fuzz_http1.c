/*
 * fuzz_http1.c: for any octets, as server and as client,
 *   1. the events are the same, octet by octet or all at once
 *   2. a question has one end: an answer, or a failure
 *   3. a body is as long as its head says, and within its cap
 *   4. two requests never come out of what is one by its first length: what
 *      is left when the first message is cut out gives the rest
 *   5. what the server writes, the client reads, and the other way
 *
 * The first octet of the input chooses the role and the answers.
 */
#include <stdlib.h>

#include "support/thttp.h"

#define BODY_MAX   4096
#define INPUT_MAX  65536
#define ROUNDS_MAX 64

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct gw_http_request question = { .method = GW_HTTP_POST,
	.path = GW_LIT("/q"),
	.authority = GW_LIT("h"),
	.body = GW_LIT("who?") };

static void
run(struct thttp *t, bool server, struct gw_span in, size_t step)
{
	thttp_init(t, &http1_class, server, BODY_MAX);
	t->answers = server;
	if (!server) {
		CHECK(t->class->ask(t->p, 7, &question, true) == GW_OK);
		thttp_pull(t);
	}
	thttp_feed(t, in, step);
	thttp_eof(t);
	t->out.len = 0;
	thttp_pull(t);
	CHECK(t->err == GW_OK || t->why != NULL);
	CHECK(server || t->n_responses + t->n_failed == 1);
	CHECK(!server || t->n_responses + t->n_failed == 0);
	CHECK(t->n_gone == 0); /* all were answered at once */
	CHECK(t->class->done(t->p));
}

/* The value of the first field of that name in a head, by the plainest of
 * readings; empty: none. */
static struct gw_span
plain_field(struct gw_span head, struct gw_span name)
{
	for (size_t at = 0; at < head.len;) {
		size_t end = gw_span_find(head, at, '\n');
		struct gw_span line = gw_span_sub(head, at, end - at);
		if (gw_span_istarts(line, name))
			return gw_span_trim(
			    gw_span_sub(line, name.len, line.len));
		at = end + 1;
	}
	return (struct gw_span){ NULL, 0 };
}

/* Octets of a chunked body from its first chunk to its end. */
static size_t
plain_chunks(struct gw_span in)
{
	size_t at = 0;

	for (;;) {
		size_t end = at + gw_span_search(gw_span_sub(in, at, in.len),
				      GW_SPAN("\r\n"));
		size_t n = 0;
		CHECK(end < in.len);
		for (size_t i = at; i < end && in.p[i] != ';'; i++) {
			uint8_t c = gw_lower(in.p[i]);
			n = n * 16 +
			    (size_t)(c <= '9' ? c - '0' : c - 'a' + 10);
		}
		at = end + 2;
		if (n == 0)
			break;
		at += n + 2;
		CHECK(at <= in.len);
	}
	while (
	    gw_span_search(gw_span_sub(in, at, in.len), GW_SPAN("\r\n")) > 0) {
		at += gw_span_search(
			  gw_span_sub(in, at, in.len), GW_SPAN("\r\n")) +
		      2;
		CHECK(at < in.len);
	}
	return at + 2;
}

/* Where the first message ends, by a reader that knows nothing but what the
 * standard says of correct messages. */
static size_t
plain_end(struct gw_span in, size_t *body)
{
	size_t head = gw_span_search(in, GW_SPAN("\r\n\r\n")) + 4;
	struct gw_span fields = gw_span_sub(in, 0, head);
	struct gw_span len = plain_field(fields, GW_SPAN("content-length:"));
	struct gw_span coding =
	    plain_field(fields, GW_SPAN("transfer-encoding:"));
	uint64_t n = 0;

	CHECK(head <= in.len);
	if (coding.p != NULL)
		return head + plain_chunks(gw_span_sub(in, head, in.len));
	CHECK(len.p == NULL || gw_span_to_u64(len, BODY_MAX, &n) == GW_OK);
	*body = (size_t)n;
	CHECK(head + n <= in.len);
	return head + (size_t)n;
}

/* Each request that was taken is one by the plain reading too. */
static void
check_ends(struct gw_span in)
{
	static struct thttp one;

	for (int i = 0; i < ROUNDS_MAX && in.len > 0; i++) {
		size_t body = 0, end;
		thttp_init(&one, &http1_class, true, BODY_MAX);
		/* Up to the octet with which the first request is whole. */
		for (end = 0;
		     end < in.len && one.n_requests == 0 && one.err == GW_OK;
		     end++)
			thttp_feed(&one, gw_span_sub(in, end, 1), 0);
		bool took = one.n_requests == 1;
		CHECK(!took || plain_end(in, &body) == end);
		CHECK(one.log.len <= end + BODY_MAX + 64);
		thttp_clear(&one);
		if (!took)
			return;
		in = gw_span_sub(in, end, in.len);
	}
}

/* What one of us writes, the other takes: each answer, and a refusal.  No
 * client of ours sends a HEAD. */
static void
check_written(const struct thttp *server)
{
	static struct thttp client;
	unsigned want = server->n_requests + (server->err != GW_OK);
	struct gw_span out = gw_buf_span(&server->out);

	if (gw_span_search(gw_buf_span(&server->log), GW_SPAN(" OTHER ")) <
	    server->log.len)
		return;
	thttp_init(&client, &http1_class, false, BODY_MAX);
	for (size_t at = 0; at < out.len; at++) {
		if (client.class->room(client.p) == 1) {
			CHECK(client.class->ask(client.p, 1, &question, true) ==
			      GW_OK);
			thttp_pull(&client);
		}
		thttp_feed(&client, gw_span_sub(out, at, 1), 0);
		CHECK(client.err == GW_OK);
	}
	CHECK(client.n_responses == want && client.n_failed == 0);
	thttp_clear(&client);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct thttp a, b;

	if (size < 1 || size > INPUT_MAX)
		return 0;
	bool server = (data[0] & 1) == 0;
	struct gw_span in = { data + 1, size - 1 };
	run(&a, server, in, 0);
	run(&b, server, in, 1);
	CHECK((a.err == GW_OK) == (b.err == GW_OK));
	CHECK(gw_span_eq(gw_buf_span(&a.log), gw_buf_span(&b.log)));
	if (server) {
		check_ends(in);
		check_written(&a);
	}
	thttp_clear(&a);
	thttp_clear(&b);
	return 0;
}
