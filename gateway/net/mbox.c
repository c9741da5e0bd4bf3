/*
 * mbox.c: see mbox.h.  The eventfd is written when the queue becomes non-empty
 * and read when it becomes empty, both under the lock: one system call each
 * for a burst.
 */
#include "net/mbox.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mbox {
	pthread_mutex_t lock;
	struct mbox_item *first, **last;
	size_t n, max;
	int fd;
};

struct mbox *
mbox_new(size_t max)
{
	struct mbox *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (m->fd < 0 || pthread_mutex_init(&m->lock, NULL) != 0) {
		if (m->fd >= 0)
			(void)close(m->fd);
		free(m);
		return NULL;
	}
	m->last = &m->first;
	m->max = max;
	return m;
}

void
mbox_free(struct mbox *m)
{
	struct mbox_item *item;

	if (m == NULL)
		return;
	while ((item = mbox_take(m)) != NULL)
		item->free(item);
	(void)pthread_mutex_destroy(&m->lock);
	(void)close(m->fd);
	free(m);
}

int
mbox_fd(const struct mbox *m)
{
	return m->fd;
}

static bool
post(struct mbox *m, struct mbox_item *item, size_t max)
{
	uint64_t one = 1;
	bool room;

	(void)pthread_mutex_lock(&m->lock);
	room = m->n < max;
	if (room) {
		item->next = NULL;
		*m->last = item;
		m->last = &item->next;
		/* Cannot fail: the counter is 0. */
		if (m->n++ == 0 && write(m->fd, &one, sizeof(one)) < 0)
			room = true;
	}
	(void)pthread_mutex_unlock(&m->lock);
	return room;
}

bool
mbox_post(struct mbox *m, struct mbox_item *item)
{
	return post(m, item, m->max);
}

void
mbox_post_urgent(struct mbox *m, struct mbox_item *item)
{
	(void)post(m, item, SIZE_MAX);
}

struct mbox_item *
mbox_take(struct mbox *m)
{
	struct mbox_item *item;
	uint64_t count;

	(void)pthread_mutex_lock(&m->lock);
	item = m->first;
	if (item != NULL) {
		m->first = item->next;
		if (--m->n == 0) {
			m->last = &m->first;
			if (read(m->fd, &count, sizeof(count)) < 0)
				count = 0; /* it was readable: not reached */
		}
		item->next = NULL;
	}
	(void)pthread_mutex_unlock(&m->lock);
	return item;
}
