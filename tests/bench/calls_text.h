/*
 * calls_text.h: the texts of a call: templates with keywords in brackets, the
 * table of callers and callees, and what is read of a message that came.
 *
 * A keyword is one of SIPp's; lib/messages.py writes the files.  A keyword
 * that is alone in its line goes with its line when it stands for nothing.
 */
#ifndef CALLS_TEXT_H
#define CALLS_TEXT_H

#include "mcxgw/span.h"

#define CALLS_MSG_MAX	8192 /* octets of a message */
#define CALLS_PARTS	32 /* of a template */
#define CALLS_FIELDS	4 /* of a line of the table */
#define CALLS_LINES_MAX 2048 /* octets of all fields of one name */
#define CALLS_ROUTES	8 /* elements of Record-Route */

enum calls_key {
	CALLS_NONE,
	CALLS_PID,
	CALLS_NUMBER,
	CALLS_VARIED,
	CALLS_LEN, /* of the body; calls_text_write knows it */
	CALLS_URL,
	CALLS_TAG,
	CALLS_ROUTE,
	CALLS_VIA,
	CALLS_RECORD_ROUTE,
	CALLS_FROM,
	CALLS_TO,
	CALLS_CALL_ID,
	CALLS_CSEQ,
	CALLS_FIELD, /* the first of CALLS_FIELDS */
	CALLS_KEYS = CALLS_FIELD + CALLS_FIELDS
};

/* What each keyword stands for in one message. */
struct calls_values {
	struct gw_span of[CALLS_KEYS];
};

/* Some text, and the keyword behind it. */
struct calls_part {
	struct gw_span text;
	enum calls_key key;
	bool line; /* the end of the line belongs to the keyword */
};

struct calls_text {
	uint8_t raw[CALLS_MSG_MAX];
	struct calls_part parts[CALLS_PARTS];
	size_t n_parts;
	size_t body; /* index of the part with which the body begins */
};

struct calls_row {
	struct gw_span fields[CALLS_FIELDS];
};

struct calls_table {
	uint8_t *raw;
	struct calls_row *rows;
	size_t n_rows;
};

/* All header fields of one name, as lines. */
struct calls_lines {
	uint8_t text[CALLS_LINES_MAX];
	size_t len;
};

/* A message that came.  Spans point into it; fields have their name. */
struct calls_msg {
	unsigned status; /* of a response, else 0 */
	struct gw_span method; /* of CSeq */
	struct gw_span from, to, call_id, cseq, contact;
	struct calls_lines via, record_route;
};

/** Read the template at path; a mistake in it ends the program. */
void calls_text_read(const char *path, struct calls_text *t);

/**
 * Read the table at path: a line that is skipped, then lines of fields that
 * end with ';'.  A mistake in it ends the program.
 */
void calls_table_read(const char *path, struct calls_table *table);

void calls_table_free(struct calls_table *table);

/** Write t with its keywords replaced.  How long; 0: longer than max. */
size_t calls_text_write(const struct calls_text *t,
    const struct calls_values *values, uint8_t *out, size_t max);

/** Read a datagram.  False: not a message that a call can use. */
bool calls_msg_read(struct gw_span raw, struct calls_msg *m);

/** What stands behind the name of a field. */
struct gw_span calls_value(struct gw_span field);

/** The URI of m's Contact, or nothing. */
struct gw_span calls_contact(const struct calls_msg *m);

/** The tag parameter of To, with its semicolon, or nothing. */
struct gw_span calls_to_tag(const struct calls_msg *m);

/**
 * The Route field of requests within the dialog that m, a response, began:
 * its Record-Route elements backwards.  Without any *len is 0.  False: more
 * than CALLS_ROUTES, or longer than max.
 */
bool
calls_route(const struct calls_msg *m, uint8_t *out, size_t max, size_t *len);

#endif
