/*
 * wheel.h: many timers at constant cost: a hierarchical timing wheel.
 *
 * Nodes stand in the objects that own them.  Times are monotonic
 * microseconds; a timer fires at its time or up to one tick (4 ms) later,
 * never earlier.  Timers that are further away than the wheel reaches (five
 * days) fire at its end.
 */
#ifndef WHEEL_H
#define WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_LEVELS  5
#define WHEEL_BITS    6 /* slots of a level: 64, one bit each in a word */
#define WHEEL_SLOTS   (1u << WHEEL_BITS)
#define WHEEL_TICK_US 4096

struct wheel_node {
	struct wheel_node *next, *prev; /* NULL: not armed */
	uint64_t due; /* tick */
	uint8_t kind; /* the owner's: which of its timers it is */
	uint8_t slot, level;
};

struct wheel {
	uint64_t now; /* tick up to which everything has fired */
	size_t armed;
	uint64_t used[WHEEL_LEVELS]; /* a bit for each slot with nodes */
	struct wheel_node slots[WHEEL_LEVELS][WHEEL_SLOTS]; /* list heads */
};

void wheel_init(struct wheel *w, uint64_t now_us);

static inline bool
wheel_is_armed(const struct wheel_node *n)
{
	return n->next != NULL;
}

/** Arm n for at_us; an armed node is moved. */
void wheel_arm(struct wheel *w, struct wheel_node *n, uint64_t at_us);
/** Disarm n; nothing if it is not armed. */
void wheel_stop(struct wheel *w, struct wheel_node *n);

/** The next node that is due at now_us, disarmed; NULL when there is none.
 * Call until NULL. */
struct wheel_node *wheel_take(struct wheel *w, uint64_t now_us);

/** When to call wheel_take() next; UINT64_MAX if nothing is armed.  May be
 * too early (a far timer moves down a level then), never too late. */
uint64_t wheel_next_us(const struct wheel *w);

#endif
