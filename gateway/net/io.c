/*
 * io.c: see io.h.
 */
#include "net/io.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "net/sock.h"

/* An idle connection keeps no more than this. */
#define KEEP_MAX 8192
/* Sent octets in front are dropped when they are more than this. */
#define DROP_MIN   65536
#define RECORD_MAX 16384 /* octets of one TLS record */

bool
io_open(struct io *io, struct event_base *base, int fd, size_t write_max,
    void (*on_event)(int, short, void *), void *arg)
{
	*io = (struct io){
		.fd = fd, .write_max = write_max, .high = write_max / 2
	};
	gw_buf_init(&io->out, write_max + DROP_MIN + KEEP_MAX);
	io->on_read = event_new(base, fd, EV_READ | EV_PERSIST, on_event, arg);
	io->on_write = event_new(base, fd, EV_WRITE, on_event, arg);
	if (io->on_read != NULL && io->on_write != NULL)
		return true;
	io_close(io);
	io_clear(io);
	return false;
}

void
io_end(struct io *io)
{
	if (io->fd < 0)
		return;
	if (io->tls != NULL)
		tls_close(io->tls);
	(void)shutdown(io->fd, SHUT_WR);
}

void
io_close(struct io *io)
{
	if (io->fd < 0)
		return;
	if (io->on_read != NULL)
		(void)event_del(io->on_read);
	if (io->on_write != NULL)
		(void)event_del(io->on_write);
	io->reads = io->writes = false;
	if (io->tls != NULL)
		tls_close(io->tls);
	(void)close(io->fd);
	io->fd = -1;
}

void
io_clear(struct io *io)
{
	if (io->on_read != NULL)
		event_free(io->on_read);
	if (io->on_write != NULL)
		event_free(io->on_write);
	io->on_read = io->on_write = NULL;
	tls_free(io->tls);
	io->tls = NULL;
	gw_buf_clear(&io->out);
}

void
io_want_read(struct io *io)
{
	if (io->fd < 0 || io->reads || !io_reads(io))
		return;
	io->reads = event_add(io->on_read, NULL) == 0;
}

void
io_want_write(struct io *io)
{
	/* Not persistent: the loop forgets it when it tells. */
	if (io->fd >= 0 && event_add(io->on_write, NULL) == 0)
		io->writes = true;
}

static void
disarm(struct io *io)
{
	if (io->reads)
		(void)event_del(io->on_read);
	io->reads = false;
}

void
io_stop_reading(struct io *io)
{
	io->deaf = true;
	disarm(io);
}

static enum io_status
from_errno(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ?
		   IO_AGAIN :
		   IO_BROKEN;
}

enum io_status
io_read(struct io *io, uint8_t *p, size_t len, size_t *got)
{
	if (io->fd < 0)
		return IO_BROKEN;
	if (io->tls != NULL) {
		enum io_status st = tls_read(io->tls, p, len, got);
		if (st == IO_AGAIN && io->tls->wants_write)
			io_want_write(io);
		return st;
	}
	ssize_t n = recv(io->fd, p, len, 0);
	if (n == 0)
		return IO_EOF;
	if (n < 0)
		return from_errno();
	*got = (size_t)n;
	return IO_OK;
}

bool
io_pending(const struct io *io)
{
	return io->fd >= 0 && io->tls != NULL && tls_pending(io->tls);
}

/* Room for len octets in what waits. */
static enum gw_err
reserve(struct io *io, size_t len)
{
	if (len > io->write_max - io_waiting(io))
		return GW_ELIMIT;
	if (io->out_at > DROP_MIN) {
		gw_buf_drop(&io->out, io->out_at);
		io->out_at = 0;
	}
	if (gw_buf_room(&io->out, len) != NULL)
		return GW_OK;
	io->out.bad = false;
	return GW_ENOMEM;
}

static void
added(struct io *io, size_t len)
{
	io->queued += len;
	if (io_waiting(io) <= io->high)
		return;
	io->paused = true;
	disarm(io);
}

enum gw_err
io_queue(struct io *io, const struct iovec *iov, size_t n_iov, size_t len)
{
	enum gw_err err = reserve(io, len);

	if (err != GW_OK)
		return err;
	for (size_t i = 0; i < n_iov; i++)
		gw_buf_add(&io->out,
		    (struct gw_span){ iov[i].iov_base, iov[i].iov_len });
	added(io, len);
	return GW_OK;
}

static enum io_status
write_some(struct io *io, const uint8_t *p, size_t len, size_t *put)
{
	if (io->tls != NULL)
		return tls_write(
		    io->tls, p, len < RECORD_MAX ? len : RECORD_MAX, put);
	ssize_t n = send(io->fd, p, len, MSG_NOSIGNAL);
	if (n < 0)
		return from_errno();
	*put = (size_t)n;
	return IO_OK;
}

/* Several records leave as one run: each alone would wake the peer. */
static void
gather(const struct io *io, size_t len, bool on)
{
	if (io->tls != NULL && io->fd >= 0 && len > RECORD_MAX)
		sock_cork(io->fd, on);
}

enum gw_err
io_put(struct io *io, struct gw_span octets)
{
	size_t put = 0, len = octets.len;

	gather(io, len, true);
	while (io_waiting(io) == 0 && octets.len > 0 && io->fd >= 0 &&
	       write_some(io, octets.p, octets.len, &put) == IO_OK) {
		octets = gw_span_sub(octets, put, octets.len);
		io->queued += put;
		io->written += put;
	}
	gather(io, len, false);
	if (octets.len == 0)
		return GW_OK;
	/* What broke the connection, the next flush meets again. */
	enum gw_err err = reserve(io, octets.len);
	if (err != GW_OK)
		return err;
	gw_buf_add(&io->out, octets);
	added(io, octets.len);
	return GW_OK;
}

static void
drained(struct io *io)
{
	io->out_at = 0;
	if (io->out.size > KEEP_MAX) {
		gw_buf_clear(&io->out);
		gw_buf_init(&io->out, io->write_max + DROP_MIN + KEEP_MAX);
	} else {
		gw_buf_reset(&io->out);
	}
}

enum io_status
io_flush(struct io *io)
{
	enum io_status st = IO_OK;
	size_t put = 0, len = io_waiting(io);

	if (io->fd < 0)
		return IO_BROKEN;
	gather(io, len, true);
	while (io_waiting(io) > 0) {
		if ((st = write_some(io, io->out.p + io->out_at, io_waiting(io),
			 &put)) != IO_OK)
			break;
		io->out_at += put;
		io->written += put;
	}
	gather(io, len, false);
	if (st == IO_OK)
		drained(io);
	/* A TLS write that waits for octets goes on when some are read. */
	if (st == IO_AGAIN && (io->tls == NULL || io->tls->wants_write))
		io_want_write(io);
	if (io->paused && io_waiting(io) <= io->high / 2) {
		io->paused = false;
		io_want_read(io);
	}
	return st;
}
