/*
 * test_io.c: the write buffer of a stream over a socket pair.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/io.h"

#define WRITE_MAX 400000
#define MESSAGE	  10000

struct rig {
	struct event_base *base;
	struct io io;
	int peer;
	int reads, writes;
};

static void
on_event(int fd, short what, void *arg)
{
	struct rig *r = arg;

	(void)fd;
	if (what & EV_WRITE) {
		r->io.writes = false;
		r->writes++;
	}
	if (what & EV_READ)
		r->reads++;
}

static int
set_up(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	int fds[2];

	assert_non_null(r);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	r->base = event_base_new();
	assert_true(io_open(&r->io, r->base, fds[0], WRITE_MAX, on_event, r));
	r->peer = fds[1];
	*state = r;
	return 0;
}

static int
tear_down(void **state)
{
	struct rig *r = *state;

	io_close(&r->io);
	io_close(&r->io); /* may be called twice */
	io_clear(&r->io);
	(void)close(r->peer);
	event_base_free(r->base);
	free(r);
	return 0;
}

/* Message n is made of octets n, in two pieces. */
static enum gw_err
queue(struct rig *r, int n)
{
	static uint8_t octets[MESSAGE];
	struct iovec iov[2] = { { octets, 7 }, { octets + 7, MESSAGE - 7 } };

	memset(octets, n, sizeof(octets));
	return io_queue(&r->io, iov, 2, MESSAGE);
}

static void
turn(struct rig *r)
{
	(void)event_base_loop(r->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static void
what_is_queued_leaves_at_the_flush(void **state)
{
	struct rig *r = *state;
	uint8_t got[MESSAGE + 1];

	assert_int_equal(queue(r, 1), GW_OK);
	assert_int_equal(io_waiting(&r->io), MESSAGE);
	assert_int_equal(recv(r->peer, got, sizeof(got), 0), -1);
	assert_int_equal(io_flush(&r->io), IO_OK);
	assert_int_equal(io_waiting(&r->io), 0);
	assert_int_equal(recv(r->peer, got, sizeof(got), 0), MESSAGE);
	assert_int_equal(got[0], 1);
	assert_int_equal(got[MESSAGE - 1], 1);
	assert_int_equal(r->io.written, MESSAGE);
}

static void
the_cap_refuses_whole_messages(void **state)
{
	struct rig *r = *state;
	int n = 0;

	while (queue(r, n) == GW_OK)
		n++;
	assert_int_equal(n, WRITE_MAX / MESSAGE);
	assert_int_equal(io_waiting(&r->io), n * MESSAGE);
	assert_int_equal(queue(r, n), GW_ELIMIT);
	assert_int_equal(io_waiting(&r->io), n * MESSAGE);
}

/* A peer that does not read: nothing is lost, nothing is read from it, and
 * it goes on where it stopped. */
static void
a_peer_that_does_not_read_is_not_read(void **state)
{
	struct rig *r = *state;
	static uint8_t got[MESSAGE];
	size_t seen = 0, n = 0;

	io_want_read(&r->io);
	assert_true(r->io.reads);
	while (queue(r, (int)n & 0xff) == GW_OK)
		n++;
	assert_true(r->io.paused);
	assert_false(r->io.reads);
	assert_int_equal(send(r->peer, "x", 1, 0), 1);
	turn(r);
	assert_int_equal(r->reads, 0);

	for (int i = 0; seen < n * MESSAGE && i < 100000; i++) {
		(void)io_flush(&r->io);
		ssize_t k = recv(r->peer, got, sizeof(got), 0);
		for (ssize_t at = 0; at < k; at++, seen++)
			assert_int_equal(got[at], seen / MESSAGE & 0xff);
	}
	assert_int_equal(seen, n * MESSAGE);
	assert_int_equal(io_flush(&r->io), IO_OK);
	assert_false(r->io.paused);
	turn(r);
	assert_int_equal(r->reads, 1);
}

static void
room_is_told_when_the_socket_was_full(void **state)
{
	struct rig *r = *state;
	static uint8_t got[MESSAGE];
	int n = 0;

	while (io_flush(&r->io) == IO_OK && queue(r, n) == GW_OK)
		n++;
	assert_int_equal(io_flush(&r->io), IO_AGAIN);
	assert_true(r->io.writes);
	turn(r);
	assert_int_equal(r->writes, 0);
	while (recv(r->peer, got, sizeof(got), 0) > 0)
		continue;
	turn(r);
	assert_int_equal(r->writes, 1);
	assert_int_equal(io_flush(&r->io), IO_OK);
}

static void
ends_are_told_apart(void **state)
{
	struct rig *r = *state;
	uint8_t octet;
	size_t got = 0;

	assert_int_equal(io_read(&r->io, &octet, 1, &got), IO_AGAIN);
	assert_int_equal(send(r->peer, "x", 1, 0), 1);
	assert_int_equal(io_read(&r->io, &octet, 1, &got), IO_OK);
	assert_int_equal(got, 1);
	(void)shutdown(r->peer, SHUT_WR);
	assert_int_equal(io_read(&r->io, &octet, 1, &got), IO_EOF);
	(void)shutdown(r->peer, SHUT_RD);
	assert_int_equal(queue(r, 1), GW_OK);
	assert_int_equal(io_flush(&r->io), IO_BROKEN);
	io_close(&r->io);
	assert_int_equal(io_read(&r->io, &octet, 1, &got), IO_BROKEN);
	assert_int_equal(io_flush(&r->io), IO_BROKEN);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_queued_leaves_at_the_flush),
		TEST(the_cap_refuses_whole_messages),
		TEST(a_peer_that_does_not_read_is_not_read),
		TEST(room_is_told_when_the_socket_was_full),
		TEST(ends_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
