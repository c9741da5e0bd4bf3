/*
 * lookup_json.h: read a small JSON text (RFC 8259) whose form is known.
 *
 * In place, without recursion of its own and without a tree: whoever reads
 * says what comes next, and what does not is malformed.  Strings hold names
 * and URIs here, so they are visible ASCII; escapes are resolved.
 */
#ifndef LOOKUP_JSON_H
#define LOOKUP_JSON_H

#include "mcxgw/arena.h"

#define LOOKUP_JSON_MEMBERS_MAX 8 /* of one object */

struct lookup_json {
	struct gw_span in;
	size_t pos;
	struct gw_arena *a;
	struct gw_fault *fault;
};

/* One member that an object may have; read() takes the value. */
struct lookup_json_member {
	struct gw_span name;
	enum gw_err (*read)(struct lookup_json *j, void *arg);
	bool required;
};

/*
 * The fault of every failure is set:
 *
 * GW_EMALFORMED  something else stands here
 * GW_ENOMEM      the arena is full
 */

/** An object: members in any order, each at most once, no others. */
enum gw_err lookup_json_object(struct lookup_json *j,
    const struct lookup_json_member *members, size_t n, void *arg) GW_NODISCARD;
/** An array; read() takes each element. */
enum gw_err lookup_json_array(struct lookup_json *j,
    enum gw_err (*read)(struct lookup_json *j, void *arg),
    void *arg) GW_NODISCARD;
enum gw_err
lookup_json_string(struct lookup_json *j, struct gw_span *out) GW_NODISCARD;
/** A whole number from 1 to max. */
enum gw_err lookup_json_number(
    struct lookup_json *j, uint64_t max, uint64_t *out) GW_NODISCARD;
/** Nothing but white space may follow. */
enum gw_err lookup_json_end(struct lookup_json *j) GW_NODISCARD;

/** Say what is wrong where it stands. */
enum gw_err
lookup_json_refuse(struct lookup_json *j, const char *why) GW_NODISCARD;

#endif
