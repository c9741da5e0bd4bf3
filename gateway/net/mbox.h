/*
 * mbox.h: the only way between threads: a bounded queue and an eventfd.
 *
 * Any thread posts, one thread takes.  What is posted belongs to the mailbox,
 * then to the one who takes it.  A full mailbox refuses and never waits;
 * urgent items (settings, the end) are always accepted: there are few.
 */
#ifndef MBOX_H
#define MBOX_H

#include <stdbool.h>
#include <stddef.h>

#define MBOX_MAX 8192

/* The first member of everything that is posted. */
struct mbox_item {
	struct mbox_item *next;
	int kind;
	void (*free)(struct mbox_item *item);
};

struct mbox;

/** An empty mailbox for at most max items; NULL: refused by the system. */
struct mbox *mbox_new(size_t max);
/** Free it with all that is in it; nobody may post any more. */
void mbox_free(struct mbox *m);

/** Readable while there is something to take. */
int mbox_fd(const struct mbox *m);

/** False when it is full; then the item is still the caller's. */
bool mbox_post(struct mbox *m, struct mbox_item *item);
void mbox_post_urgent(struct mbox *m, struct mbox_item *item);

/** The oldest item, or NULL. */
struct mbox_item *mbox_take(struct mbox *m);

#endif
