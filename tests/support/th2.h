/*
 * th2.h: HTTP/2 for tests: a protocol with all its events written down, and
 * frames made by hand.
 */
#ifndef TH2_H
#define TH2_H

#include "mcxgw/buf.h"
#include "net/http/http_proto.h"

#define TH2_EVENTS_MAX 4096

enum th2_kind { TH2_REQUEST, TH2_GONE, TH2_RESPONSE, TH2_FAILED };

struct th2_event {
	enum th2_kind kind;
	uint64_t id; /* stream or ticket */
	bool untouched;
	unsigned status;
	enum gw_http_method method;
	char path[64], authority[64], type[64], token[64], why[96];
	size_t path_len, body_len;
	uint32_t body_sum;
};

/* One side of a connection. */
struct th2 {
	const struct http_proto_class *class;
	struct http_proto *p;
	struct gw_buf out;
	size_t n;
	struct th2_event at[TH2_EVENTS_MAX];
	bool answers; /* each request at once, with its own body */
	enum gw_err err; /* of feed, the first that was not GW_OK */
	const char *why;
};

struct th2 *th2_new(const struct http_proto_class *class, bool server,
    uint32_t streams, uint32_t body);
void th2_free(struct th2 *t);

void th2_feed(struct th2 *t, struct gw_span octets);
/** Pull into out until nothing comes. */
void th2_pull(struct th2 *t);
/** Carry octets both ways, in pieces of at most `piece`, until it is quiet. */
void th2_talk(struct th2 *a, struct th2 *b, size_t piece);
/** Events of that kind. */
size_t th2_count(const struct th2 *t, enum th2_kind kind);
/** The last event about id, or NULL. */
const struct th2_event *th2_about(const struct th2 *t, uint64_t id);

/** A checksum, for bodies. */
uint32_t th2_sum(struct gw_span body);

/** Some len octets, at most 131072; until the next call. */
struct gw_span th2_octets(size_t len);

/* Frames by hand (RFC 9113, 6). */
enum {
	TH2_DATA,
	TH2_HEADERS,
	TH2_PRIORITY,
	TH2_RST,
	TH2_SETTINGS,
	TH2_PUSH,
	TH2_PING,
	TH2_GOAWAY,
	TH2_WINDOW,
	TH2_CONT
};
void th2_frame(struct gw_buf *out, uint8_t type, uint8_t flags, uint32_t id,
    struct gw_span payload);
/** Preface and empty SETTINGS. */
void th2_hello(struct gw_buf *out);
/** HEADERS of a GET for path, with END_STREAM; extra: more of the block. */
void th2_get(
    struct gw_buf *out, uint32_t id, const char *path, struct gw_span extra);
/** HEADERS of a POST, of which the body is to come; length: content-length, or
 * NULL. */
void th2_post(struct gw_buf *out, uint32_t id, const char *length);
/** One literal field, not indexed. */
void th2_field(struct gw_buf *block, const char *name, const char *value);
/** Is there a frame of that type (and stream, unless UINT32_MAX) in octets?
 * *payload is that of the last one. */
bool th2_find(
    struct gw_span octets, uint8_t type, uint32_t id, struct gw_span *payload);

/** The status of the answer on that stream; 0: there is none. */
unsigned th2_status(struct gw_span octets, uint32_t id);

#endif
