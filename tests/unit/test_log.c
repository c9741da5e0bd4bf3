/*
 * test_log.c: one line an event, whatever is in it and whoever writes it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "mcxgw/clock.h"
#include "mcxgw/log.h"

#define SEEN_MAX (1 << 20)
#define THREADS	 4
#define LINES	 500

static char seen[SEEN_MAX];

/* Run fn with standard error in a file; what it wrote is in seen. */
static void
capture(void (*fn)(void))
{
	FILE *f = tmpfile();
	int keep = dup(STDERR_FILENO);
	size_t n;

	assert_non_null(f);
	dup2(fileno(f), STDERR_FILENO);
	fn();
	dup2(keep, STDERR_FILENO);
	close(keep);
	rewind(f);
	n = fread(seen, 1, sizeof(seen) - 1, f);
	seen[n] = '\0';
	fclose(f);
}

static size_t
count(const char *part)
{
	size_t n = 0;

	for (const char *p = strstr(seen, part); p != NULL;
	     p = strstr(p + 1, part))
		n++;
	return n;
}

static void
write_kinds(void)
{
	errno = 77;
	LOG_INFO("txn.refused", kv_id("txn", 0x8f3a21c0),
	    kv_text("peer", "north"), kv_num("status", 403),
	    kv_secret("key", GW_SPAN("top secret")),
	    kv_span("none", (struct gw_span){ NULL, 0 }));
	assert_int_equal(errno, 77);
}

static void
a_line_is_time_level_thread_event_and_fields(void **state)
{
	int64_t us;

	(void)state;
	capture(write_kinds);
	assert_string_equal(seen + 24,
	    " info main txn.refused txn=000000008f3a21c0 peer=north "
	    "status=403 key=hidden:10 none=\"\"\n");
	seen[24] = '\0';
	assert_int_equal(gw_time_parse(gw_span_of(seen), &us), GW_OK);
	assert_null(strstr(seen, "secret"));
}

static void
write_hostile(void)
{
	LOG_WARN("sip.malformed", kv_text("a", "x\r\n2026 info main forged"),
	    kv_text("b", "say \"no\" \\"), kv_text("c", "k=v"),
	    kv_span("d", GW_SPAN("\0\x1b[2J\x7f\xc3\xa4")));
}

static void
a_peer_cannot_forge_a_line_or_a_field(void **state)
{
	(void)state;
	capture(write_hostile);
	assert_non_null(strstr(seen, " a=\"x\\r\\n2026 info main forged\" "
				     "b=\"say \\\"no\\\" \\\\\" c=\"k=v\" "
				     "d=\"\\x00\\x1b[2J\\x7f\\xc3\\xa4\"\n"));
	assert_int_equal(count("\n"), 1);
}

static void
write_long(void)
{
	static uint8_t text[100000];
	struct gw_kv kv[50];

	memset(text, '\n', sizeof(text));
	for (size_t i = 0; i < GW_COUNT(kv); i++)
		kv[i] = kv_span("k", (struct gw_span){ text, sizeof(text) });
	gw_log(GW_LOG_WARN, "test.long", kv, 1);
	gw_log(GW_LOG_WARN, "test.long", kv, GW_COUNT(kv));
}

static void
a_long_line_is_cut_and_still_one_line(void **state)
{
	(void)state;
	capture(write_long);
	assert_int_equal(count("\n"), 2);
	assert_int_equal(count("...\""), 1 + 3);
	assert_true(strlen(seen) < 2 * 4096 + 1);
	assert_int_equal(seen[strlen(seen) - 1], '\n');
}

static void
write_levels(void)
{
	gw_log_set_level(GW_LOG_WARN);
	LOG_ERROR("test.error", kv_num("n", 1));
	LOG_WARN("test.warn", kv_num("n", 1));
	LOG_INFO("test.info", kv_num("n", 1));
	gw_log(GW_LOG_INFO, "test.direct", NULL, 0);
	gw_log_set_level(GW_LOG_DEBUG);
	LOG_DEBUG("test.debug", kv_num("n", 1));
	gw_log_set_level(GW_LOG_INFO);
	LOG_DEBUG("test.quiet", kv_num("n", 1));
}

static void
the_level_decides_what_is_written(void **state)
{
	(void)state;
	capture(write_levels);
	assert_int_equal(count("\n"), 3);
	assert_int_equal(count(" error main test.error "), 1);
	assert_int_equal(count(" warn main test.warn "), 1);
	assert_int_equal(count(" debug main test.debug "), 1);
}

static void
write_repeats(void)
{
	int64_t second = gw_now_read().wall_us / 1000000;

	for (unsigned i = 0; i < 1000; i++)
		LOG_WARN("test.flood", kv_num("i", i));
	LOG_WARN("test.other", kv_num("i", 0));
	while (gw_now_read().wall_us / 1000000 == second)
		;
	LOG_WARN("test.flood", kv_text("last", "yes"));
}

static void
repeats_are_folded_and_counted(void **state)
{
	unsigned long folded = 0;
	size_t lines;

	(void)state;
	capture(write_repeats);
	lines = count(" test.flood ");
	assert_in_range(lines, 21, 100);
	for (const char *p = strstr(seen, "suppressed="); p != NULL;
	     p = strstr(p + 1, "suppressed="))
		folded += strtoul(p + strlen("suppressed="), NULL, 10);
	assert_int_equal(lines + folded, 1001);
	assert_int_equal(count(" test.other "), 1);
	assert_int_equal(count("last=yes suppressed="), 1);
}

static void
write_outcomes(void)
{
	for (unsigned i = 0; i < 1000; i++)
		LOG_INFO("txn.done", kv_num("i", i));
}

static void
outcomes_are_never_folded(void **state)
{
	(void)state;
	capture(write_outcomes);
	assert_int_equal(count("\n"), 1000);
	assert_int_equal(count("suppressed"), 0);
}

static void *
write_lines(void *name)
{
	gw_log_set_thread(name);
	for (unsigned i = 0; i < LINES; i++) {
		LOG_INFO("txn.done", kv_text("x", "aaaaaaaaaaaaaaaaaaaaaaaa"));
		LOG_WARN("test.many", kv_text("x", "bbbbbbbbbbbbbbbbbbbbbb"));
	}
	return NULL;
}

static void
write_from_threads(void)
{
	static char name[THREADS][4] = { "w0", "w1", "w2", "w3" };
	pthread_t thread[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&thread[i], NULL, write_lines, name[i]), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

static void
lines_of_threads_do_not_mix(void **state)
{
	(void)state;
	capture(write_from_threads);
	assert_int_equal(
	    count(" txn.done x=aaaaaaaaaaaaaaaaaaaaaaaa\n"), THREADS * LINES);
	assert_int_equal(count(" info w0 "), LINES);
	assert_int_equal(count(" info w3 "), LINES);
	assert_int_equal(count("\n"),
	    THREADS * LINES + count(" test.many x=bbbbbbbbbbbbbbbbbbbbbb"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_time_level_thread_event_and_fields),
		cmocka_unit_test(a_peer_cannot_forge_a_line_or_a_field),
		cmocka_unit_test(a_long_line_is_cut_and_still_one_line),
		cmocka_unit_test(the_level_decides_what_is_written),
		cmocka_unit_test(repeats_are_folded_and_counted),
		cmocka_unit_test(outcomes_are_never_folded),
		cmocka_unit_test(lines_of_threads_do_not_mix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
