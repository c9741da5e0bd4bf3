/*
 * wheel.c: level k has 64 slots of 64^k ticks.  A timer stands on the level
 * where its distance fits, and moves down when its slot is reached.
 */
#include "core/wheel.h"

#define MASK (WHEEL_SLOTS - 1)
#define LINE ((uintptr_t)64) /* octets; of a cache */

static uint64_t
span_of(unsigned level)
{
	return (uint64_t)1 << (WHEEL_BITS * level);
}

static void
insert(struct wheel *w, struct wheel_node *n)
{
	uint64_t delta = n->due - w->now;
	unsigned level = 0;

	while (level < WHEEL_LEVELS - 1 && delta >= span_of(level + 1))
		level++;
	uint64_t due = n->due;
	if (delta >= span_of(WHEEL_LEVELS))
		due = w->now + span_of(WHEEL_LEVELS) - 1;
	unsigned slot = (unsigned)(due >> (WHEEL_BITS * level)) & MASK;

	struct wheel_node *head = &w->slots[level][slot];
	n->level = (uint8_t)level;
	n->slot = (uint8_t)slot;
	n->next = head;
	n->prev = head->prev;
	head->prev->next = n;
	head->prev = n;
	w->used[level] |= (uint64_t)1 << slot;
}

static void
unlink_node(struct wheel *w, struct wheel_node *n)
{
	struct wheel_node *head = &w->slots[n->level][n->slot];

	n->prev->next = n->next;
	n->next->prev = n->prev;
	n->next = n->prev = NULL;
	if (head->next == head)
		w->used[n->level] &= ~((uint64_t)1 << n->slot);
}

void
wheel_init(struct wheel *w, uint64_t now_us)
{
	w->now = now_us / WHEEL_TICK_US;
	w->armed = 0;
	for (unsigned l = 0; l < WHEEL_LEVELS; l++) {
		w->used[l] = 0;
		for (unsigned s = 0; s < WHEEL_SLOTS; s++)
			w->slots[l][s].next = w->slots[l][s].prev =
			    &w->slots[l][s];
	}
}

void
wheel_arm(struct wheel *w, struct wheel_node *n, uint64_t at_us)
{
	if (wheel_is_armed(n))
		wheel_stop(w, n);
	n->due = at_us / WHEEL_TICK_US + 1;
	if (n->due <= w->now)
		n->due = w->now + 1;
	insert(w, n);
	w->armed++;
}

void
wheel_stop(struct wheel *w, struct wheel_node *n)
{
	if (!wheel_is_armed(n))
		return;
	unlink_node(w, n);
	w->armed--;
}

/* Slots after `from` that are in use, as a distance of 1 to 64; 0: none. */
static unsigned
distance(uint64_t used, unsigned from)
{
	unsigned turn = (from + 1) & MASK;
	uint64_t rotated =
	    turn == 0 ? used : (used >> turn) | (used << (WHEEL_SLOTS - turn));

	return rotated == 0 ? 0 : (unsigned)__builtin_ctzll(rotated) + 1;
}

/* The next tick at which a slot of any level is reached; 0: none. */
static uint64_t
next_tick(const struct wheel *w)
{
	uint64_t best = 0;

	for (unsigned l = 0; l < WHEEL_LEVELS; l++) {
		uint64_t turn = w->now >> (WHEEL_BITS * l);
		unsigned d = distance(w->used[l], (unsigned)turn & MASK);
		if (d == 0)
			continue;
		uint64_t tick = (turn + d) << (WHEEL_BITS * l);
		if (best == 0 || tick < best)
			best = tick;
	}
	return best;
}

/* The wheel stands at w->now: timers of higher levels whose slot begins here
 * move down. */
static void
cascade(struct wheel *w)
{
	for (unsigned l = 1; l < WHEEL_LEVELS; l++) {
		if ((w->now & (span_of(l) - 1)) != 0)
			return;
		unsigned slot = (unsigned)(w->now >> (WHEEL_BITS * l)) & MASK;
		struct wheel_node *head = &w->slots[l][slot];
		struct wheel_node *n = head->next;

		head->next = head->prev = head;
		w->used[l] &= ~((uint64_t)1 << slot);
		while (n != head) {
			struct wheel_node *next = n->next;
			insert(w, n);
			n = next;
		}
	}
}

/* The timers behind one that fires were armed long ago: they, and what they
 * stand in, are far from the CPU by now.  Let the next come near meanwhile. */
static void
prefetch(const struct wheel_node *n)
{
	uintptr_t at = (uintptr_t)n;

	for (uintptr_t from = at - 2 * LINE; from <= at + 2 * LINE;
	     from += LINE)
		__builtin_prefetch((const void *)from, 1);
	__builtin_prefetch(n->next, 1);
}

struct wheel_node *
wheel_take(struct wheel *w, uint64_t now_us)
{
	uint64_t target = now_us / WHEEL_TICK_US;

	for (;;) {
		struct wheel_node *head = &w->slots[0][(unsigned)w->now & MASK];
		if (head->next != head && head->next->due <= w->now) {
			struct wheel_node *n = head->next;
			wheel_stop(w, n);
			prefetch(head->next);
			return n;
		}
		uint64_t next = next_tick(w);
		if (next == 0 || next > target) {
			if (target > w->now)
				w->now = target;
			return NULL;
		}
		w->now = next;
		cascade(w);
	}
}

uint64_t
wheel_next_us(const struct wheel *w)
{
	const struct wheel_node *head = &w->slots[0][(unsigned)w->now & MASK];

	if (w->armed == 0)
		return UINT64_MAX;
	if (head->next != head)
		return w->now * WHEEL_TICK_US;
	return next_tick(w) * WHEEL_TICK_US;
}
