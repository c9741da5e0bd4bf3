/*
 * test_ctl.c: questions of the control socket, and a session over it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/ctl.h"

static void
questions_are_read_strictly(void **state)
{
	static const struct {
		const char *line;
		const char *why; /* part of it; NULL: good */
		enum ctl_verb verb;
		uint64_t id;
		bool json;
	} cases[] = {
		{ "status", NULL, CTL_STATUS, 0, false },
		{ "status json", NULL, CTL_STATUS, 0, true },
		{ "  reload  ", NULL, CTL_RELOAD, 0, false },
		{ "drain\r", NULL, CTL_DRAIN, 0, false },
		{ "why 8f3a21c0", NULL, CTL_WHY, 0x8f3a21c0, false },
		{ "why FFFFFFFFFFFFFFFF json", NULL, CTL_WHY, UINT64_MAX,
		    true },
		{ "lookup show", NULL, CTL_LOOKUP, 0, false },
		{ "lookup show json", NULL, CTL_LOOKUP, 0, true },
		{ " lookup flush sip:a@b.example json", NULL, CTL_LOOKUP, 0,
		    true },
		{ "lookup", "show or flush", CTL_STATUS, 0, false },
		{ "lookup all", "show or flush", CTL_STATUS, 0, false },
		{ "lookup show a b", "too many", CTL_STATUS, 0, false },
		{ "lookup show json json", "too many", CTL_STATUS, 0, false },
		{ "help", NULL, CTL_HELP, 0, false },
		{ "", "unknown verb", CTL_STATUS, 0, false },
		{ "STATUS", "unknown verb", CTL_STATUS, 0, false },
		{ "stat", "unknown verb", CTL_STATUS, 0, false },
		{ "why", "hexadecimal", CTL_STATUS, 0, false },
		{ "why json", "hexadecimal", CTL_STATUS, 0, false },
		{ "why 0x12", "hexadecimal", CTL_STATUS, 0, false },
		{ "why 12345678123456781", "hexadecimal", CTL_STATUS, 0,
		    false },
		{ "status now", "too many", CTL_STATUS, 0, false },
		{ "status json json", "too many", CTL_STATUS, 0, false },
	};
	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct ctl_question q = { 0 };
		const char *why = ctl_parse(gw_span_of(cases[i].line), &q);
		if (cases[i].why != NULL) {
			assert_non_null(why);
			assert_non_null(strstr(why, cases[i].why));
			continue;
		}
		assert_null(why);
		assert_int_equal(q.verb, cases[i].verb);
		assert_int_equal(q.why, cases[i].id);
		assert_int_equal(q.json, cases[i].json);
	}
}

static void
users_are_read_whole(void **state)
{
	char line[CTL_USER_MAX + 64];
	struct ctl_question q;

	(void)state;
	assert_null(ctl_parse(GW_SPAN("lookup show sip:a@b.example"), &q));
	assert_string_equal(q.user, "sip:a@b.example");
	assert_false(q.flush);
	assert_null(ctl_parse(GW_SPAN("lookup flush"), &q));
	assert_string_equal(q.user, "");
	assert_true(q.flush);
	for (unsigned extra = 0; extra < 2; extra++) {
		int n = snprintf(line, sizeof(line), "lookup show %0*d",
		    (int)(CTL_USER_MAX + extra), 7);
		const char *why = ctl_parse(
		    (struct gw_span){ (const uint8_t *)line, (size_t)n }, &q);
		assert_int_equal(why == NULL, extra == 0);
	}
	assert_int_equal(strlen(q.user), CTL_USER_MAX);
}

struct rig {
	struct event_base *base;
	struct ctl *ctl;
	char dir[64], path[96];
	struct ctl_question last;
	int asked;
};

static void
on_ask(void *arg, const struct ctl_question *q)
{
	struct rig *r = arg;

	r->last = *q;
	r->asked++;
}

static int
set_up(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	snprintf(r->dir, sizeof(r->dir), "/tmp/test-ctl-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->path, sizeof(r->path), "%s/sock", r->dir);
	r->base = event_base_new();
	r->ctl = ctl_new(r->base, r->path, on_ask, r);
	assert_non_null(r->ctl);
	*state = r;
	return 0;
}

static int
tear_down(void **state)
{
	struct rig *r = *state;

	ctl_free(r->ctl);
	event_base_free(r->base);
	assert_int_equal(rmdir(r->dir), 0); /* the socket is gone */
	free(r);
	return 0;
}

static int
dial(const struct rig *r)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	memcpy(to.sun_path, r->path, strlen(r->path));
	assert_int_equal(
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void
turns(struct rig *r)
{
	for (int i = 0; i < 10; i++)
		(void)event_base_loop(r->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static const char *
answer_of(int fd)
{
	static char text[4096];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void
a_session_asks_once_and_ends(void **state)
{
	struct rig *r = *state;
	int fd = dial(r);

	assert_int_equal(send(fd, "stat", 4, 0), 4);
	turns(r);
	assert_int_equal(r->asked, 0);
	assert_int_equal(send(fd, "us\nstatus\n", 10, 0), 10);
	turns(r);
	assert_int_equal(r->asked, 1);
	assert_int_equal(r->last.verb, CTL_STATUS);
	ctl_answer(r->ctl, r->last.id + 1, true, GW_SPAN("not yours"));
	ctl_answer(r->ctl, r->last.id, true, GW_SPAN("all is well"));
	turns(r);
	assert_string_equal(answer_of(fd), "yes\nall is well\n");
	assert_int_equal(recv(fd, &(char){ 0 }, 1, 0), 0); /* the end */
	assert_int_equal(r->asked, 1);
	(void)close(fd);
}

static void
what_is_wrong_is_answered_here(void **state)
{
	struct rig *r = *state;
	char line[CTL_LINE_MAX + 10];
	int fd = dial(r);

	assert_int_equal(send(fd, "frob json\n", 10, 0), 10);
	turns(r);
	assert_string_equal(
	    answer_of(fd), "no\n{\"error\":\"unknown verb; try help\"}\n");
	(void)close(fd);
	fd = dial(r);
	memset(line, 'x', sizeof(line));
	assert_true(send(fd, line, sizeof(line), 0) > 0);
	turns(r);
	assert_string_equal(answer_of(fd), "no\nthe line is too long\n");
	(void)close(fd);
	assert_int_equal(r->asked, 0);
}

static void
sessions_are_bounded_and_those_that_left_are_forgotten(void **state)
{
	struct rig *r = *state;
	int fds[CTL_SESSIONS_MAX], more;

	for (size_t i = 0; i < CTL_SESSIONS_MAX; i++)
		fds[i] = dial(r);
	turns(r);
	turns(r);
	more = dial(r);
	turns(r);
	assert_int_equal(recv(more, &(char){ 0 }, 1, 0), 0);
	(void)close(more);
	(void)close(fds[0]);
	turns(r);
	fds[0] = dial(r);
	assert_int_equal(send(fds[0], "help\n", 5, 0), 5);
	turns(r);
	assert_non_null(strstr(answer_of(fds[0]), "yes\nstatus"));
	for (size_t i = 0; i < CTL_SESSIONS_MAX; i++)
		(void)close(fds[i]);
	turns(r);
}

static void
the_socket_is_private_and_not_taken_from_another(void **state)
{
	struct rig *r = *state;
	struct stat st;

	assert_int_equal(stat(r->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_null(ctl_new(r->base, r->path, on_ask, r));
	assert_int_equal(stat(r->path, &st), 0); /* still the first one's */
	(void)close(dial(r));
}

static void
a_file_in_the_way_is_left_alone(void **state)
{
	struct rig *r = *state;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/file", r->dir);
	f = fopen(path, "w");
	assert_non_null(f);
	(void)fclose(f);
	assert_null(ctl_new(r->base, path, on_ask, r));
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(unlink(path), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_are_read_strictly),
		cmocka_unit_test(users_are_read_whole),
		TEST(a_session_asks_once_and_ends),
		TEST(what_is_wrong_is_answered_here),
		TEST(sessions_are_bounded_and_those_that_left_are_forgotten),
		TEST(the_socket_is_private_and_not_taken_from_another),
		TEST(a_file_in_the_way_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
