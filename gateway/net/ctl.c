/*
 * ctl.c: see ctl.h.  A session is in one of three steps: reading the
 * question, waiting for the answer, writing it; one deadline covers all.
 */
#define _GNU_SOURCE /* struct ucred */

#include "net/ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "mcxgw/json.h"
#include "mcxgw/log.h"

#define ANSWER_MAX (1u << 20)

struct session {
	struct ctl *c;
	uint64_t id; /* 0: free */
	int fd;
	struct event *on_io;
	bool asked, json;
	size_t len, at;
	char line[CTL_LINE_MAX];
	struct gw_buf out;
};

struct ctl {
	struct event_base *base;
	void (*ask)(void *arg, const struct ctl_question *q);
	void *arg;
	int fd;
	struct event *on_accept;
	struct sockaddr_un path;
	uint64_t last_id;
	struct session sessions[CTL_SESSIONS_MAX];
};

static const char *const verbs[CTL_VERB_N] = {
	[CTL_STATUS] = "status",
	[CTL_RELOAD] = "reload",
	[CTL_DRAIN] = "drain",
	[CTL_WHY] = "why",
	[CTL_LOOKUP] = "lookup",
	[CTL_HELP] = "help",
};

static const char help[] =
    "status   generation, open transactions, connections\n"
    "reload   load the configuration again and swap it\n"
    "drain    take no new dialogs; what is open goes on\n"
    "why ID   how the decision of that id was reached\n"
    "lookup show [USER]   what is remembered of a user, of the services\n"
    "lookup flush [USER]  forget it, or everything\n"
    "help     this\n"
    "A last word \"json\" asks for JSON.\n";

/* ---- questions ---- */

static struct gw_span
next_word(struct gw_span line, size_t *at)
{
	while (*at < line.len && line.p[*at] == ' ')
		++*at;
	size_t end = gw_span_find(line, *at, ' ');
	struct gw_span word = gw_span_sub(line, *at, end - *at);
	*at = end;
	return word;
}

static bool
parse_id(struct gw_span s, uint64_t *out)
{
	uint64_t id = 0;

	if (s.len == 0 || s.len > 16)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = gw_lower(s.p[i]);
		if (c >= '0' && c <= '9')
			id = id << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			id = id << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*out = id;
	return true;
}

/* "show" or "flush", and a user if there is one. */
static const char *
take_lookup(struct gw_span line, size_t *at, struct ctl_question *q)
{
	struct gw_span word = next_word(line, at);
	size_t next = *at;

	q->flush = gw_span_eq(word, GW_SPAN("flush"));
	if (!q->flush && !gw_span_eq(word, GW_SPAN("show")))
		return "lookup needs show or flush; try help";
	word = next_word(line, &next);
	if (word.len == 0 || gw_span_eq(word, GW_SPAN("json")))
		return NULL;
	if (word.len > CTL_USER_MAX)
		return "the user is too long";
	memcpy(q->user, word.p, word.len);
	*at = next;
	return NULL;
}

const char *
ctl_parse(struct gw_span line, struct ctl_question *out)
{
	struct ctl_question q = { 0 };
	size_t at = 0, verb = 0;
	const char *why = NULL;
	struct gw_span word;

	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	word = next_word(line, &at);
	while (verb < CTL_VERB_N && !gw_span_eq(word, gw_span_of(verbs[verb])))
		verb++;
	if (verb == CTL_VERB_N)
		return "unknown verb; try help";
	q.verb = (enum ctl_verb)verb;
	if (q.verb == CTL_WHY && !parse_id(next_word(line, &at), &q.why))
		return "why needs an id of hexadecimal digits";
	if (q.verb == CTL_LOOKUP)
		why = take_lookup(line, &at, &q);
	if (why != NULL)
		return why;
	word = next_word(line, &at);
	q.json = gw_span_eq(word, GW_SPAN("json"));
	if (q.json)
		word = next_word(line, &at);
	if (word.len > 0)
		return "too many words; try help";
	*out = q;
	return NULL;
}

/* ---- sessions ---- */

/* Off the loop; the slot is free.  Events of slots are freed with them, not
 * within their own callback's caller: event_free() allows it. */
static void
end(struct session *s)
{
	event_free(s->on_io);
	(void)close(s->fd);
	gw_buf_clear(&s->out);
	s->on_io = NULL;
	s->id = 0;
}

static void on_io(int fd, short what, void *arg);

static bool
wait_for(struct session *s, short what)
{
	static const struct timeval deadline = { CTL_DEADLINE_S, 0 };

	if (event_del(s->on_io) != 0 ||
	    event_assign(s->on_io, s->c->base, s->fd, what, on_io, s) != 0)
		return false;
	return event_add(s->on_io, &deadline) == 0;
}

void
ctl_answer(struct ctl *c, uint64_t id, bool yes, struct gw_span text)
{
	for (size_t i = 0; c != NULL && id != 0 && i < CTL_SESSIONS_MAX; i++) {
		struct session *s = &c->sessions[i];
		if (s->id != id)
			continue;
		gw_buf_text(&s->out, yes ? "yes\n" : "no\n");
		gw_buf_add(&s->out, text);
		if (text.len == 0 || text.p[text.len - 1] != '\n')
			gw_buf_text(&s->out, "\n");
		if (!wait_for(s, EV_WRITE))
			end(s);
		return;
	}
}

static void
refuse(struct session *s, const char *why)
{
	gw_buf_text(&s->out, "no\n");
	if (s->json) {
		struct gw_json j;
		gw_json_init(&j, &s->out);
		gw_json_open(&j, NULL, '{');
		gw_json_text(&j, "error", why);
		gw_json_close(&j, '}');
	} else {
		gw_buf_text(&s->out, why);
	}
	gw_buf_text(&s->out, "\n");
	if (!wait_for(s, EV_WRITE))
		end(s);
}

static void
asked(struct session *s, struct gw_span line)
{
	struct ctl_question q;
	const char *why = ctl_parse(line, &q);

	s->asked = true;
	s->json = gw_span_search(line, GW_SPAN(" json")) < line.len;
	if (why != NULL) {
		refuse(s, why);
		return;
	}
	q.id = s->id;
	LOG_INFO("ctl.asked", kv_text("verb", verbs[q.verb]));
	if (q.verb == CTL_HELP)
		ctl_answer(s->c, s->id, true, gw_span_of(help));
	else if (wait_for(s, 0))
		s->c->ask(s->c->arg, &q);
	else
		end(s);
}

static void
read_line(struct session *s)
{
	ssize_t n = recv(s->fd, s->line + s->len, sizeof(s->line) - s->len, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end(s);
		return;
	}
	s->len += (size_t)n;
	struct gw_span got = { (const uint8_t *)s->line, s->len };
	size_t lf = gw_span_find(got, 0, '\n');
	if (lf < got.len)
		asked(s, gw_span_sub(got, 0, lf));
	else if (s->len == sizeof(s->line))
		refuse(s, "the line is too long");
}

static void
write_answer(struct session *s)
{
	ssize_t n = send(s->fd, s->out.p + s->at, s->out.len - s->at,
	    MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		end(s);
	else if (n > 0 && (s->at += (size_t)n) == s->out.len)
		end(s);
	else if (!wait_for(s, EV_WRITE))
		end(s);
}

static void
on_io(int fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	if (what & EV_TIMEOUT) {
		LOG_WARN(
		    "ctl.late", kv_text("step", s->out.len > 0 ? "writing" :
						s->asked       ? "waiting" :
								 "reading"));
		end(s);
	} else if (what & EV_WRITE) {
		write_answer(s);
	} else if (!s->asked) {
		read_line(s);
	}
}

/* ---- the socket ---- */

static bool
is_allowed(int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0)
		return false;
	return who.uid == 0 || who.uid == geteuid();
}

static bool
begin(struct ctl *c, struct session *s, int fd)
{
	*s = (struct session){ .c = c, .fd = fd };
	s->on_io = event_new(c->base, fd, EV_READ | EV_PERSIST, on_io, s);
	if (s->on_io == NULL)
		return false;
	s->id = ++c->last_id;
	gw_buf_init(&s->out, ANSWER_MAX);
	if (wait_for(s, EV_READ | EV_PERSIST))
		return true;
	event_free(s->on_io);
	*s = (struct session){ 0 };
	return false;
}

static void
on_accept(int fd, short what, void *arg)
{
	struct ctl *c = arg;
	size_t i = 0;
	int got = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (got < 0)
		return;
	while (i < CTL_SESSIONS_MAX && c->sessions[i].id != 0)
		i++;
	if (i == CTL_SESSIONS_MAX || !is_allowed(got) ||
	    !begin(c, &c->sessions[i], got)) {
		LOG_WARN("ctl.refused",
		    kv_text("why", i == CTL_SESSIONS_MAX ?
				       "too many sessions" :
				       "not the gateway's user"));
		(void)close(got);
	}
}

/* A socket that nobody listens on is what a crash left behind. */
static bool
remove_stale(const struct sockaddr_un *path)
{
	struct stat st;
	int fd;
	bool stale;

	if (lstat(path->sun_path, &st) != 0)
		return errno == ENOENT;
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return false;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	stale =
	    connect(fd, (const struct sockaddr *)path, sizeof(*path)) != 0 &&
	    errno == ECONNREFUSED;
	(void)close(fd);
	if (!stale)
		errno = EADDRINUSE;
	return stale && unlink(path->sun_path) == 0;
}

static bool
open_socket(struct ctl *c, const char *path)
{
	size_t len = strlen(path);

	c->path.sun_family = AF_UNIX;
	if (len >= sizeof(c->path.sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(c->path.sun_path, path, len);
	if (!remove_stale(&c->path))
		return false;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return false;
	/* Nobody else may connect even before the first chmod. */
	mode_t mask = umask(0177);
	int ok =
	    bind(c->fd, (const struct sockaddr *)&c->path, sizeof(c->path));
	(void)umask(mask);
	return ok == 0 && chmod(path, 0600) == 0 &&
	       listen(c->fd, CTL_SESSIONS_MAX) == 0;
}

struct ctl *
ctl_new(struct event_base *base, const char *path,
    void (*ask)(void *arg, const struct ctl_question *q), void *arg)
{
	struct ctl *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->base = base;
	c->ask = ask;
	c->arg = arg;
	c->fd = -1;
	if (open_socket(c, path) &&
	    (c->on_accept = event_new(
		 base, c->fd, EV_READ | EV_PERSIST, on_accept, c)) != NULL &&
	    event_add(c->on_accept, NULL) == 0)
		return c;
	int err = errno;
	if (c->on_accept == NULL) /* what is there may not be ours */
		c->path.sun_path[0] = '\0';
	ctl_free(c);
	errno = err;
	return NULL;
}

void
ctl_free(struct ctl *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < CTL_SESSIONS_MAX; i++)
		if (c->sessions[i].id != 0)
			end(&c->sessions[i]);
	if (c->on_accept != NULL)
		event_free(c->on_accept);
	if (c->fd >= 0)
		(void)close(c->fd);
	if (c->path.sun_path[0] != '\0')
		(void)unlink(c->path.sun_path);
	free(c);
}
