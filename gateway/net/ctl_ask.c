/*
 * ctl_ask.c: a question, an answer, blocking: this is the side of the
 * command line.
 */
#include "net/ctl_ask.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CHUNK 4096

static int
dial(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (len >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(addr.sun_path, path, len + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)(const void *)&addr,
		sizeof(addr)) != 0) {
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

static enum gw_err
send_all(int fd, struct gw_span text)
{
	while (text.len > 0) {
		ssize_t n = send(fd, text.p, text.len, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return GW_EIO;
		if (n > 0)
			text = gw_span_sub(text, (size_t)n, text.len);
	}
	return GW_OK;
}

static enum gw_err
read_all(int fd, struct gw_buf *out)
{
	for (;;) {
		struct pollfd p = { fd, POLLIN, 0 };
		int ready = poll(&p, 1, CTL_ASK_DEADLINE_S * 1000);
		if (ready == 0)
			return GW_ETIMEOUT;
		if (ready < 0 && errno == EINTR)
			continue;
		uint8_t *room = gw_buf_room(out, CHUNK);
		if (room == NULL)
			return GW_ELIMIT;
		ssize_t n = read(fd, room, CHUNK);
		if (n == 0)
			return GW_OK;
		if (n < 0)
			return GW_EIO;
		gw_buf_took(out, (size_t)n);
	}
}

/* The first line says yes or no. */
static enum gw_err
take_verdict(struct gw_buf *b, bool *yes)
{
	struct gw_span all = gw_buf_span(b);
	size_t end = gw_span_find(all, 0, '\n');
	struct gw_span word = gw_span_sub(all, 0, end);

	if (end == all.len || (!gw_span_eq(word, GW_SPAN("yes")) &&
				  !gw_span_eq(word, GW_SPAN("no"))))
		return GW_EMALFORMED;
	*yes = gw_span_eq(word, GW_SPAN("yes"));
	gw_buf_drop(b, end + 1);
	return GW_OK;
}

enum gw_err
ctl_ask(const char *path, struct gw_span line, bool *yes, struct gw_buf *answer)
{
	int fd = dial(path);

	if (fd < 0)
		return GW_EIO;
	enum gw_err err = send_all(fd, line);
	if (err == GW_OK)
		err = send_all(fd, GW_SPAN("\n"));
	if (err == GW_OK)
		err = read_all(fd, answer);
	close(fd);
	return err == GW_OK ? take_verdict(answer, yes) : err;
}
