/*
 * conf_set.h: read one setting, report one mistake.  Private to this folder.
 *
 * A reader holds what loading needs.  Nothing here stops at a mistake: it is
 * reported, the caller gets NULL or the default, and reading goes on, so that
 * one run shows all of them.  Only at the end is the count of errors asked.
 */
#ifndef CONF_SET_H
#define CONF_SET_H

#include "conf/conf.h"
#include "mcxgw/xml.h"

/* The ids of all elements of one name, in document order. */
struct conf_ids {
	size_t n;
	const char **id; /* NULL where it is missing or wrong */
	unsigned *line;
	struct conf_index *index; /* the first of each id */
};

struct conf_reader {
	struct conf *c;
	struct gw_diag *d;
	struct gw_arena *a;
	const char *dir; /* folder of the document, with '/' at its end */
	int64_t wall_us;
	bool no_memory; /* an allocation failed; results are incomplete */
	/* While reading; the arrays have room for all elements. */
	struct conf_tls *tls;
	struct conf_listener *listeners;
	struct conf_system *systems;
	struct gw_system *bases;
	uint8_t *tls_roles; /* CONF_ROLE_*, what each is used for */
	struct conf_http_listener *https;
	uint16_t n_https; /* that were read so far */
	struct conf_service *services;
	const struct conf_service **service_at; /* by id */
	const struct conf_endpoint **endpoint_at; /* by id */
	uint32_t n_hops, n_services, n_endpoints;
	struct conf_ids tls_ids, listener_ids, http_ids, system_ids;
	struct conf_index *by_domain, *by_identity, *by_kms;
};

#define CONF_ROLE_SERVER 1
#define CONF_ROLE_CLIENT 2

enum conf_unit {
	CONF_UNIT_WORD,
	CONF_UNIT_ID,
	CONF_UNIT_HOST,
	CONF_UNIT_HOSTPORT,
	CONF_UNIT_URI,
	CONF_UNIT_KMS,
	CONF_UNIT_PREFIX,
	CONF_UNIT_ADDRESS,
	CONF_UNIT_RANGE,
	CONF_UNIT_PORT,
	CONF_UNIT_PORTS,
	CONF_UNIT_FILE,
	CONF_UNIT_FOLDER,
	CONF_UNIT_NUMBER,
	CONF_UNIT_OCTETS,
	CONF_UNIT_SECONDS,
	CONF_UNIT_MS
};

#define CONF_REQUIRED NULL
#define CONF_NONE     ""

struct conf_setting {
	const char *element, *attribute;
	enum conf_unit unit;
	uint32_t least, most;
	const char *value; /* the default, CONF_REQUIRED or CONF_NONE */
	const char *want, *help;
};

enum conf_set {
#define CONF_SET(id, ...) CONF_SET_##id,
#include "conf/conf.def"
#undef CONF_SET
	CONF_SET_N
};

enum conf_code {
#define CONF_CODE(id, ...) CONF_E_##id,
#include "conf/conf_code.def"
#undef CONF_CODE
	CONF_CODE_N
};

extern const struct conf_setting conf_settings[CONF_SET_N];
extern const struct conf_code_row {
	const char *code, *want;
} conf_codes[CONF_CODE_N];

/* Report a mistake: reader, struct gw_where, code, format ... */
#define CONF_ERROR(r, at, id, ...)                                             \
	gw_diag_error((r)->d, (at), conf_codes[CONF_E_##id].code,              \
	    conf_codes[CONF_E_##id].want, __VA_ARGS__)
#define CONF_WARN(r, at, id, ...)                                              \
	gw_diag_warning((r)->d, (at), conf_codes[CONF_E_##id].code,            \
	    conf_codes[CONF_E_##id].want, __VA_ARGS__)

/** n zeroed objects in the reader's arena; NULL (and no_memory) if full. */
void *conf_set_alloc(struct conf_reader *r, size_t n, size_t size);
/** A copy with a NUL, or NULL. */
char *conf_set_copy(struct conf_reader *r, struct gw_span s);
/** The same in lower case. */
char *conf_set_lower(struct conf_reader *r, struct gw_span s);

/** Was the setting written, be it wrong?  n may be NULL. */
bool
conf_set_written(struct conf_reader *r, const xmlNode *n, enum conf_set id);

/** Where an element stands; the file name is the configuration's. */
struct gw_where conf_set_where(const struct conf_reader *r, const xmlNode *n);

/** Report that there are more than max; false if so. */
bool conf_set_few(struct conf_reader *r, const xmlNode *parent,
    const char *name, size_t n, size_t max);
/** How many children of that name. */
size_t conf_set_count(const xmlNode *parent, const char *name);

/**
 * The text of a setting, checked by its unit: names are lower case, file
 * names complete.  NULL if it is absent or wrong (then reported).
 */
const char *
conf_set_text(struct conf_reader *r, const xmlNode *n, enum conf_set id);

/** A number in the row's unit; the default if it is absent (n may be NULL)
 * or wrong (then reported). */
uint32_t
conf_set_num(struct conf_reader *r, const xmlNode *n, enum conf_set id);

/** Does the setting, default included, read as word?  n may be NULL. */
bool conf_set_is(struct conf_reader *r, const xmlNode *n, enum conf_set id,
    const char *word);

/** The transport that the setting names; CONF_TRANSPORT_N if none. */
enum conf_transport
conf_set_transport(struct conf_reader *r, const xmlNode *n, enum conf_set id);

#endif
