/*
 * io_status.h: what a read or write on a non-blocking stream came to.
 */
#ifndef IO_STATUS_H
#define IO_STATUS_H

enum io_status {
	IO_OK, /* done, or as much as was asked */
	IO_AGAIN, /* nothing now; the loop will tell when to go on */
	IO_EOF, /* the peer has ended its side */
	IO_BROKEN, /* the connection is of no more use */
};

#endif
