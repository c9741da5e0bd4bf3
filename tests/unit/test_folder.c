/*
 * The XML files of a folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mcxgw/folder.h"

static char folder[] = "/tmp/mcxgw-folder-XXXXXX";
static const char *const made[] = { "b.xml", "a.xml", ".hidden.xml", "c.xml~",
	"c.txt", ".xml", "B.xml" };
static struct gw_arena *arena;
static const char **files;
static size_t n;

static int
start(void **state)
{
	char path[64];

	(void)state;
	arena = gw_arena_new(1 << 16);
	if (arena == NULL || mkdtemp(folder) == NULL)
		return -1;
	for (size_t i = 0; i < GW_COUNT(made); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, made[i]);
		FILE *f = fopen(path, "w");
		if (f == NULL || fclose(f) != 0)
			return -1;
	}
	return 0;
}

static int
stop(void **state)
{
	char path[64];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(made); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, made[i]);
		(void)unlink(path);
	}
	gw_arena_free(arena);
	return rmdir(folder);
}

static void
lists_what_is_xml_in_order(void **state)
{
	static const char *const want[] = { "B.xml", "a.xml", "b.xml" };

	(void)state;
	assert_int_equal(gw_folder_xml(arena, folder, 3, &files, &n), GW_OK);
	assert_int_equal(n, GW_COUNT(want));
	for (size_t i = 0; i < n; i++) {
		assert_memory_equal(files[i], folder, sizeof(folder) - 1);
		assert_string_equal(files[i] + sizeof(folder), want[i]);
	}
}

static void
refuses_too_many(void **state)
{
	(void)state;
	assert_int_equal(
	    gw_folder_xml(arena, folder, 2, &files, &n), GW_ELIMIT);
	assert_int_equal(n, 0);
}

static void
tells_what_is_no_folder(void **state)
{
	(void)state;
	assert_int_equal(
	    gw_folder_xml(arena, "/nowhere/at/all", 9, &files, &n), GW_EIO);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(n, 0);
}

static void
tells_that_there_is_no_room(void **state)
{
	struct gw_arena *small = gw_arena_new(16);

	(void)state;
	assert_int_equal(
	    gw_folder_xml(small, folder, 9, &files, &n), GW_ENOMEM);
	assert_int_equal(n, 0);
	gw_arena_free(small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_what_is_xml_in_order),
		cmocka_unit_test(refuses_too_many),
		cmocka_unit_test(tells_what_is_no_folder),
		cmocka_unit_test(tells_that_there_is_no_room),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
