/*
 * sock.h: sockets, from and to the addresses of the configuration.
 *
 * All are non-blocking and close-on-exec.  IPv6 sockets take IPv6 only, so
 * that the two families can be bound apart.  Functions that return a socket
 * return -1 with errno set when the system refuses.
 */
#ifndef SOCK_H
#define SOCK_H

#include <sys/socket.h>

#include "conf/conf.h"

/* What one UDP socket may hold in each direction: bursts of some thousand
 * messages between two turns of the loop. */
#define SOCK_UDP_BUFFER (4 * 1024 * 1024)
#define SOCK_BACKLOG	1024

/** Write a in the kernel's form; the length of what was written. */
socklen_t sock_put(const struct conf_addr *a, struct sockaddr_storage *out);
/** Read what the kernel wrote; false: neither IPv4 nor IPv6. */
bool sock_get(const struct sockaddr_storage *from, struct conf_addr *out);

bool sock_addr_eq(const struct conf_addr *a, const struct conf_addr *b);
/** Is it 0.0.0.0 or ::? */
bool sock_is_any(const struct conf_addr *a);

/** Listen on a, which several sockets of this process may share
 * (SO_REUSEPORT). */
int sock_listen(const struct conf_addr *a);
/** A datagram socket on a, shared in the same way. */
int sock_udp(const struct conf_addr *a);
/** Can a be bound alone?  If not, somebody else has it, and sharing a port
 * would silently share its traffic. */
bool sock_is_free(const struct conf_addr *a, bool stream);

/** Begin to connect to `to`, from the address of `from` if that is one. */
int sock_connect(const struct conf_addr *from, const struct conf_addr *to);
/** What became of a connect: 0 or an errno. */
int sock_result(int fd);
/** The settings of a stream socket: no delay, keep-alive. */
void sock_tune(int fd);
/** Keep what is written until `on` is false again: then it leaves at once. */
void sock_cork(int fd, bool on);
/** The next connection of a listening socket. */
int sock_accept(int fd, struct conf_addr *peer);

/** The text of an errno, safe in threads. */
const char *sock_error(int err, char *buf, size_t len);

#endif
