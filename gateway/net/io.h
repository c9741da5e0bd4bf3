/*
 * io.h: octets in and out of one non-blocking stream, plain or TLS.
 *
 * What is to be written waits in a buffer with a cap until the socket takes
 * it; the cap refuses a whole message, never a part of one.  While much (half
 * of the cap unless it is set otherwise) waits, nothing is read from that
 * peer: one that does not read shall not make us read.
 *
 * Two events of the loop share one callback.  The struct lives in its
 * connection; nothing is freed before io_clear().
 */
#ifndef IO_H
#define IO_H

#include <sys/uio.h>

#include "mcxgw/buf.h"
#include "net/tls.h"

struct event;
struct event_base;

struct io {
	int fd;
	struct event *on_read, *on_write;
	struct tls *tls; /* NULL: plain; owned */
	struct gw_buf out;
	size_t out_at; /* octets of out that were written */
	size_t write_max;
	size_t high; /* more waits: nothing is read until half of it is gone */
	uint64_t queued, written; /* octets since the beginning */
	bool reads, writes; /* which event is armed */
	bool paused; /* not reading until out has drained */
	bool deaf; /* not reading ever again */
};

/** Take fd.  on_event(fd, EV_READ or EV_WRITE, arg) comes from the loop.
 * False: no memory; fd is closed. */
bool io_open(struct io *io, struct event_base *base, int fd, size_t write_max,
    void (*on_event)(int, short, void *), void *arg);
/** Nothing more will be written: tell the peer, go on reading. */
void io_end(struct io *io);
/** Off the loop, socket closed.  May be called twice. */
void io_close(struct io *io);
/** Release the memory, after io_close() and outside its callback. */
void io_clear(struct io *io);

/** Wait for octets; for room (connect, TLS). */
void io_want_read(struct io *io);
void io_want_write(struct io *io);

/** Read at most len octets.  IO_OK: *got > 0. */
enum io_status io_read(struct io *io, uint8_t *p, size_t len, size_t *got);
/** Read nothing more: the peer has ended its side. */
void io_stop_reading(struct io *io);
/** May it be read? */
static inline bool
io_reads(const struct io *io)
{
	return !io->paused && !io->deaf;
}
/** Is there something to read that the loop will not tell of? */
bool io_pending(const struct io *io);

/**
 * Add one message of len octets to what waits.
 *
 * GW_ELIMIT  the cap would be passed; nothing was added
 * GW_ENOMEM
 */
enum gw_err io_queue(struct io *io, const struct iovec *iov, size_t n_iov,
    size_t len) GW_NODISCARD;
/** The same for one run, of which what the socket takes is written at once. */
enum gw_err io_put(struct io *io, struct gw_span octets) GW_NODISCARD;
/** Write what the socket takes.  IO_OK: nothing waits any more. */
enum io_status io_flush(struct io *io);

static inline size_t
io_waiting(const struct io *io)
{
	return io->out.len - io->out_at;
}

#endif
