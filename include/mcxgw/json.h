/*
 * mcxgw/json.h: write JSON (RFC 8259) into a buffer.
 *
 * Commas and nesting are kept by the writer.  Text is taken as UTF-8; octets
 * that are not are written as U+FFFD.  Depth is capped at GW_JSON_DEPTH_MAX.
 */
#ifndef MCXGW_JSON_H
#define MCXGW_JSON_H

#include "mcxgw/buf.h"

#define GW_JSON_DEPTH_MAX 32

struct gw_json {
	struct gw_buf *out;
	unsigned depth;
	bool more[GW_JSON_DEPTH_MAX]; /* a comma is due */
};

void gw_json_init(struct gw_json *j, struct gw_buf *out);

/* key is NULL inside arrays and for the outermost value. */
void gw_json_open(struct gw_json *j, const char *key, char bracket); /* { [ */
void gw_json_close(struct gw_json *j, char bracket); /* } ] */
void gw_json_span(struct gw_json *j, const char *key, struct gw_span text);
void gw_json_text(struct gw_json *j, const char *key, const char *text);
void gw_json_num(struct gw_json *j, const char *key, int64_t n);
void gw_json_bool(struct gw_json *j, const char *key, bool b);
void gw_json_null(struct gw_json *j, const char *key);
void gw_json_hex(struct gw_json *j, const char *key, struct gw_span octets);

#endif
