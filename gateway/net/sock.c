/*
 * sock.c: see sock.h.
 */
#define _GNU_SOURCE /* accept4 */

#include "net/sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

static const uint8_t v4_mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
	0xff };

static bool
is_v4(const struct conf_addr *a)
{
	return memcmp(a->ip, v4_mapped, sizeof(v4_mapped)) == 0;
}

socklen_t
sock_put(const struct conf_addr *a, struct sockaddr_storage *out)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (is_v4(a)) {
		memcpy(&v4.sin_addr, a->ip + 12, 4);
		v4.sin_port = htons(a->port);
		memcpy(out, &v4, sizeof(v4));
		return sizeof(v4);
	}
	memcpy(&v6.sin6_addr, a->ip, 16);
	v6.sin6_port = htons(a->port);
	memcpy(out, &v6, sizeof(v6));
	return sizeof(v6);
}

bool
sock_get(const struct sockaddr_storage *from, struct conf_addr *out)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (from->ss_family == AF_INET) {
		memcpy(&v4, from, sizeof(v4));
		memcpy(out->ip, v4_mapped, sizeof(v4_mapped));
		memcpy(out->ip + 12, &v4.sin_addr, 4);
		out->port = ntohs(v4.sin_port);
		return true;
	}
	if (from->ss_family == AF_INET6) {
		memcpy(&v6, from, sizeof(v6));
		memcpy(out->ip, &v6.sin6_addr, 16);
		out->port = ntohs(v6.sin6_port);
		return true;
	}
	return false;
}

bool
sock_addr_eq(const struct conf_addr *a, const struct conf_addr *b)
{
	return a->port == b->port && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

bool
sock_is_any(const struct conf_addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->ip, zero, 16) == 0 ||
	       (is_v4(a) && memcmp(a->ip + 12, zero, 4) == 0);
}

static void
set_option(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

static int
open_bound(const struct conf_addr *a, int type, bool shared)
{
	struct sockaddr_storage ss;
	socklen_t len = sock_put(a, &ss);
	int fd = socket(ss.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (ss.ss_family == AF_INET6)
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (type == SOCK_STREAM)
		set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (shared)
		set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (bind(fd, (const struct sockaddr *)&ss, len) == 0)
		return fd;
	int err = errno;
	(void)close(fd);
	errno = err;
	return -1;
}

int
sock_listen(const struct conf_addr *a)
{
	int fd = open_bound(a, SOCK_STREAM, true);

	if (fd < 0 || listen(fd, SOCK_BACKLOG) == 0)
		return fd;
	int err = errno;
	(void)close(fd);
	errno = err;
	return -1;
}

int
sock_udp(const struct conf_addr *a)
{
	int fd = open_bound(a, SOCK_DGRAM, true);
	struct sockaddr_storage ss;

	if (fd < 0)
		return -1;
	/* The second form goes past net.core.rmem_max, if we may. */
	set_option(fd, SOL_SOCKET, SO_RCVBUF, SOCK_UDP_BUFFER);
	set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCK_UDP_BUFFER);
	set_option(fd, SOL_SOCKET, SO_SNDBUF, SOCK_UDP_BUFFER);
	set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCK_UDP_BUFFER);
	(void)sock_put(a, &ss);
	if (ss.ss_family == AF_INET)
		set_option(fd, IPPROTO_IP, IP_RECVERR, 1);
	else
		set_option(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	return fd;
}

bool
sock_is_free(const struct conf_addr *a, bool stream)
{
	int fd = open_bound(a, stream ? SOCK_STREAM : SOCK_DGRAM, false);

	/* A bound stream socket in the way shows only at listen(). */
	bool ok = fd >= 0 && (!stream || listen(fd, 1) == 0);
	int err = errno;
	if (fd >= 0)
		(void)close(fd);
	errno = err;
	return ok;
}

void
sock_tune(int fd)
{
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

int
sock_connect(const struct conf_addr *from, const struct conf_addr *to)
{
	struct conf_addr local = { 0 };
	struct sockaddr_storage ss;
	socklen_t len;
	int fd, err;

	if (from != NULL && is_v4(from) == is_v4(to) && !sock_is_any(from))
		local = *from;
	else if (is_v4(to))
		memcpy(local.ip, v4_mapped, sizeof(v4_mapped));
	local.port = 0;
	if ((fd = open_bound(&local, SOCK_STREAM, false)) < 0)
		return -1;
	sock_tune(fd);
	len = sock_put(to, &ss);
	if (connect(fd, (const struct sockaddr *)&ss, len) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	err = errno;
	(void)close(fd);
	errno = err;
	return -1;
}

int
sock_result(int fd)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
		return errno;
	return err;
}

void
sock_cork(int fd, bool on)
{
	set_option(fd, IPPROTO_TCP, TCP_CORK, on);
}

int
sock_accept(int fd, struct conf_addr *peer)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);
	int got = accept4(
	    fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (got >= 0 && !sock_get(&ss, peer)) {
		(void)close(got);
		errno = EAFNOSUPPORT;
		return -1;
	}
	if (got >= 0)
		sock_tune(got);
	return got;
}

const char *
sock_error(int err, char *buf, size_t len)
{
	/* The GNU variant returns the text, which may be static. */
	return strerror_r(err, buf, len);
}
