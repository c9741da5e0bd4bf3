/*
 * post.h: what is posted between threads.
 */
#ifndef POST_H
#define POST_H

#include "core/core.h"
#include "net/mbox.h"

enum post_kind {
	/* to a worker */
	POST_MESSAGE, /* a message that belongs to a transaction of its */
	POST_SEND, /* octets for one of its connections */
	POST_SNAPSHOT, /* new settings */
	POST_DRAIN,
	POST_WHY,
	POST_LOOKUP,
	POST_END,
	/* to the main thread */
	POST_SWAPPED, /* a worker uses the new settings */
	POST_ANSWER, /* to POST_WHY */
	POST_LOOKED, /* to POST_LOOKUP */
};

struct post_message {
	struct mbox_item item;
	struct snapshot *snap; /* that flow speaks of */
	struct core_flow flow;
	uint8_t rounds;
	size_t len;
	uint8_t octets[];
};

/* Sockets that the main thread has opened: by port (ports.h), -1: you have
 * it. */
struct post_snapshot {
	struct mbox_item item;
	struct snapshot *snap;
	size_t n_fds;
	int fds[];
};

struct post_why {
	struct mbox_item item;
	uint64_t question, id;
	bool json, found;
	struct gw_buf text; /* POST_ANSWER */
};

/* Of what a worker knows from lookups. */
enum post_lookup_what { POST_LOOKUP_FLUSH, POST_LOOKUP_SHOW, POST_LOOKUP_FIND };

struct lookup_once;

struct post_lookup {
	struct mbox_item item;
	enum post_lookup_what what;
	uint64_t question;
	struct lookup_once *once; /* FIND; borrowed */
	bool json;
	/* POST_LOOKED */
	unsigned worker;
	bool found;
	size_t n; /* forgotten */
	struct gw_buf text;
	/* The question's, of any spelling; empty: all. */
	size_t user_len;
	uint8_t user[];
};

struct post_note {
	struct mbox_item item;
	unsigned worker;
	uint64_t generation;
};

/** POST_MESSAGE or POST_SEND with a copy of iov; NULL: no memory. */
struct post_message *post_message_new(
    enum post_kind kind, const struct core_action *a, uint8_t rounds);
/** POST_SNAPSHOT: takes a reference; all sockets -1. */
struct post_snapshot *post_snapshot_new(struct snapshot *s, size_t n_fds);
struct post_why *
post_why_new(enum post_kind kind, uint64_t question, uint64_t id, bool json);
struct post_lookup *post_lookup_new(enum post_lookup_what what,
    uint64_t question, struct gw_span user, bool json);
/** One of the others. */
struct post_note *
post_note_new(enum post_kind kind, unsigned worker, uint64_t generation);

#endif
