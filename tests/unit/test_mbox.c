/*
 * test_mbox.c: what is posted arrives once, in order, and within bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>

#include "mcxgw/err.h"
#include "net/mbox.h"

#define SENDERS 4
#define EACH	20000
#define FEW	3
#define WAIT_MS 10000

struct item {
	struct mbox_item item;
	int sender, number;
};

static void
free_item(struct mbox_item *item)
{
	free(item);
}

static struct mbox_item *
make(int sender, int number)
{
	struct item *i = calloc(1, sizeof(*i));

	if (i == NULL)
		abort();
	i->item.free = free_item;
	i->sender = sender;
	i->number = number;
	return &i->item;
}

static bool
is_readable(const struct mbox *m, int wait_ms)
{
	struct pollfd p = { .fd = mbox_fd(m), .events = POLLIN };

	return poll(&p, 1, wait_ms) == 1;
}

static int
take_number(struct mbox *m)
{
	struct item *i = (struct item *)mbox_take(m);
	int n = i == NULL ? -1 : i->number;

	free(i);
	return n;
}

static void
items_come_in_order(void **state)
{
	struct mbox *m = mbox_new(10);

	(void)state;
	assert_non_null(m);
	assert_null(mbox_take(m));
	for (int i = 0; i < 5; i++)
		assert_true(mbox_post(m, make(0, i)));
	for (int i = 0; i < 5; i++)
		assert_int_equal(take_number(m), i);
	assert_null(mbox_take(m));
	mbox_free(m);
}

static void
it_is_readable_exactly_while_it_is_not_empty(void **state)
{
	struct mbox *m = mbox_new(10);

	(void)state;
	for (int round = 0; round < 3; round++) {
		assert_false(is_readable(m, 0));
		assert_true(mbox_post(m, make(0, 0)));
		assert_true(mbox_post(m, make(0, 1)));
		assert_true(is_readable(m, 0));
		assert_int_equal(take_number(m), 0);
		assert_true(is_readable(m, 0));
		assert_int_equal(take_number(m), 1);
		assert_false(is_readable(m, 0));
	}
	mbox_free(m);
}

static void
a_full_one_refuses_all_but_the_urgent(void **state)
{
	struct mbox *m = mbox_new(FEW);
	struct mbox_item *more = make(0, 99);

	(void)state;
	for (int i = 0; i < FEW; i++)
		assert_true(mbox_post(m, make(0, i)));
	assert_false(mbox_post(m, more));
	mbox_post_urgent(m, make(0, FEW));
	assert_int_equal(take_number(m), 0);
	assert_false(mbox_post(m, more)); /* the urgent one counts too */
	assert_int_equal(take_number(m), 1);
	assert_true(mbox_post(m, more));
	mbox_free(m); /* with what is left in it */
}

struct sender {
	struct mbox *m;
	int id;
};

static void *
send_all(void *arg)
{
	const struct sender *s = arg;

	for (int i = 0; i < EACH; i++) {
		struct mbox_item *item = make(s->id, i);
		while (!mbox_post(s->m, item))
			(void)poll(NULL, 0, 1);
	}
	return NULL;
}

static void
many_threads_lose_nothing(void **state)
{
	struct mbox *m = mbox_new(100);
	struct sender senders[SENDERS];
	pthread_t threads[SENDERS];
	int next[SENDERS] = { 0 };

	(void)state;
	for (int i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){ m, i };
		assert_int_equal(
		    pthread_create(&threads[i], NULL, send_all, &senders[i]),
		    0);
	}
	for (int n = 0; n < SENDERS * EACH; n++) {
		assert_true(is_readable(m, WAIT_MS));
		struct item *i = (struct item *)mbox_take(m);
		assert_non_null(i);
		assert_int_equal(i->number, next[i->sender]++);
		free(i);
	}
	assert_false(is_readable(m, 0));
	for (int i = 0; i < SENDERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	mbox_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_come_in_order),
		cmocka_unit_test(it_is_readable_exactly_while_it_is_not_empty),
		cmocka_unit_test(a_full_one_refuses_all_but_the_urgent),
		cmocka_unit_test(many_threads_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
