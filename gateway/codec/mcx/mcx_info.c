/*
 * mcx_info.c: from elements of an info document to facts, by one table.
 */
#include "codec/mcx/mcx_info.h"

#include "mcxgw/xmlpull.h"

enum fact {
	F_NONE, /* known, of no interest here */
	F_SESSION_TYPE,
	F_REQUEST_URI,
	F_CALLING_USER,
	F_CALLED_PARTY,
	F_CALLING_GROUP,
	F_EMERGENCY,
	F_ALERT,
	F_IMMINENT_PERIL,
	F_BROADCAST,
	F_ANY_EXT
};

enum kind { K_NONE, K_URI, K_STRING, K_BOOLEAN };

/* Where an element may stand and give its fact. */
#define IN_PARAMS 1
#define IN_EXT	  2

struct service {
	const char *name;
	struct gw_span media_type, ns, root, params, prefix;
	struct gw_span value[K_BOOLEAN + 1]; /* by kind */
};

#define SERVICE(word)                                                          \
	{                                                                      \
		word, GW_LIT("application/vnd.3gpp." word "-info+xml"),        \
		    GW_LIT("urn:3gpp:ns:" word "Info:1.0"),                    \
		    GW_LIT(word "info"), GW_LIT(word "-Params"),               \
		    GW_LIT(word "-"),                                          \
		{                                                              \
			[K_URI] = GW_LIT(word "URI"),                          \
			[K_STRING] = GW_LIT(word "String"),                    \
			[K_BOOLEAN] = GW_LIT(word "Boolean")                   \
		}                                                              \
	}

/* The names of the three schemas differ in the service's word alone. */
static const struct service services[] = {
	[MCX_NONE] = { .name = "none" },
	[MCX_MCPTT] = SERVICE("mcptt"),
	[MCX_MCVIDEO] = SERVICE("mcvideo"),
	[MCX_MCDATA] = SERVICE("mcdata"),
};

struct element {
	struct gw_span name; /* without the service's prefix */
	bool prefixed;
	uint8_t fact, kind, place;
};

/*
 * TS 24.379 annex F.1, TS 24.281 annex F.1, TS 24.282 annex D.1, release 18.
 * MCData says request-type where the others say session-type, and has its
 * indicators in anyExt.
 */
static const struct element elements[] = {
	{ GW_LIT("session-type"), false, F_SESSION_TYPE, K_STRING, IN_PARAMS },
	{ GW_LIT("request-type"), false, F_SESSION_TYPE, K_STRING, IN_PARAMS },
	{ GW_LIT("request-uri"), true, F_REQUEST_URI, K_URI, IN_PARAMS },
	{ GW_LIT("calling-user-id"), true, F_CALLING_USER, K_URI, IN_PARAMS },
	{ GW_LIT("called-party-id"), true, F_CALLED_PARTY, K_URI, IN_PARAMS },
	{ GW_LIT("calling-group-id"), true, F_CALLING_GROUP, K_URI, IN_PARAMS },
	{ GW_LIT("emergency-ind"), false, F_EMERGENCY, K_BOOLEAN,
	    IN_PARAMS | IN_EXT },
	{ GW_LIT("alert-ind"), false, F_ALERT, K_BOOLEAN, IN_PARAMS | IN_EXT },
	{ GW_LIT("imminentperil-ind"), false, F_IMMINENT_PERIL, K_BOOLEAN,
	    IN_PARAMS | IN_EXT },
	{ GW_LIT("broadcast-ind"), false, F_BROADCAST, K_BOOLEAN,
	    IN_PARAMS | IN_EXT },
	{ GW_LIT("anyExt"), false, F_ANY_EXT, K_NONE, IN_PARAMS },
	{ GW_LIT("client-id"), true, F_NONE, K_NONE, IN_PARAMS },
	{ GW_LIT("controller-psi"), true, F_NONE, K_NONE, IN_PARAMS },
	{ GW_LIT("required"), false, F_NONE, K_NONE, IN_PARAMS },
	{ GW_LIT("mc-org"), false, F_NONE, K_NONE, IN_PARAMS | IN_EXT },
	{ GW_LIT("floor-state"), false, F_NONE, K_NONE, IN_PARAMS },
	{ GW_LIT("associated-group-id"), false, F_NONE, K_NONE, IN_PARAMS },
	{ GW_LIT("originated-by"), false, F_NONE, K_NONE, IN_PARAMS },
	{ GW_LIT("MKFC-GKTPs"), false, F_NONE, K_NONE, IN_PARAMS },
	{ GW_LIT("alert-ind-rcvd"), false, F_NONE, K_NONE, IN_PARAMS | IN_EXT },
	{ GW_LIT("gw-mcptt-usage"), false, F_NONE, K_NONE, IN_PARAMS },
	{ GW_LIT("PrivateCallKMSURI"), false, F_NONE, K_NONE, IN_EXT },
	{ GW_LIT("functional-alias-URI"), false, F_NONE, K_NONE, IN_EXT },
	{ GW_LIT("called-functional-alias-URI"), false, F_NONE, K_NONE,
	    IN_EXT },
	{ GW_LIT("call-to-functional-alias-ind"), false, F_NONE, K_NONE,
	    IN_EXT },
	{ GW_LIT("partner-mcptt-id"), false, F_NONE, K_NONE, IN_EXT },
	{ GW_LIT("primary-mcptt-id"), false, F_NONE, K_NONE, IN_EXT },
	{ GW_LIT("migration-auth-result"), false, F_NONE, K_NONE, IN_EXT },
	{ GW_LIT("selected-user-profile-index"), false, F_NONE, K_NONE,
	    IN_EXT },
	{ GW_LIT("end-to-end-security"), false, F_NONE, K_NONE, IN_EXT },
	{ GW_LIT("req-type"), false, F_NONE, K_NONE, IN_EXT },
	{ GW_LIT("resp-type"), false, F_NONE, K_NONE, IN_EXT },
	{ GW_LIT("emergency-ind-rcvd"), false, F_NONE, K_NONE, IN_EXT },
	{ GW_LIT("multiple-devices-ind"), false, F_NONE, K_NONE, IN_EXT },
};

static const struct gw_span tokens[] = {
	GW_LIT("mcptt-access-token"),
	GW_LIT("mcvideo-access-token"),
	GW_LIT("mcdata-access-token"),
};

struct reader {
	struct gw_xp x;
	unsigned level; /* of the element we are in; the root is 1 */
	const struct service *service;
	struct gw_span ns; /* of the root */
	struct gw_arena *arena;
	struct mcx_info *out;
	struct gw_fault *fault;
	unsigned seen; /* facts, by bit */
};

struct value {
	bool there, is_cdata, encrypted;
	struct gw_span raw;
};

static enum gw_err
malformed(struct reader *r, size_t at, const char *why)
{
	*r->fault = (struct gw_fault){ at, why };
	return GW_EMALFORMED;
}

/* Where text of this document begins. */
static size_t
offset_of(const struct reader *r, struct gw_span s)
{
	return s.p == NULL ? 0 : (size_t)(s.p - r->x.in.p);
}

/* Is the current element in the namespace of the root?  Then the name of that
 * is mostly the same octets. */
static bool
is_ours(const struct reader *r)
{
	struct gw_span ns = r->x.ns;

	return ns.len == r->ns.len &&
	       (ns.p == r->ns.p || gw_span_eq(ns, r->ns));
}

static bool
is_named(const struct reader *r, struct gw_span name)
{
	return gw_span_eq(r->x.name, name) && is_ours(r);
}

/* After GW_XP_START we are in that element, after GW_XP_END no more. */
static enum gw_err
step(struct reader *r, enum gw_xp_event *event)
{
	enum gw_err err = gw_xp_next(&r->x, event, r->fault);

	if (err == GW_OK && *event == GW_XP_START)
		r->level++;
	else if (err == GW_OK && *event == GW_XP_END)
		r->level--;
	return err;
}

/* Skip the rest of an access token and remember it as a cut. */
static enum gw_err
cut(struct reader *r)
{
	unsigned outer = r->level - 1;
	size_t from = r->x.at;
	enum gw_xp_event event;

	if (r->out->n_cuts == MCX_CUTS_MAX) {
		*r->fault =
		    (struct gw_fault){ from, "more access tokens than we cut" };
		return GW_ELIMIT;
	}
	do {
		enum gw_err err = step(r, &event);
		if (err != GW_OK)
			return err;
	} while (r->level > outer);
	r->out->cuts[r->out->n_cuts++] =
	    gw_span_sub(r->x.in, from, r->x.end - from);
	return GW_OK;
}

static bool
is_token(struct gw_span name)
{
	for (size_t i = 0; i < GW_COUNT(tokens); i++)
		if (gw_span_eq(name, tokens[i]))
			return true;
	return false;
}

/*
 * Step inside the current element: tokens are cut on the way, *event is
 * GW_XP_END only for the end of the element itself.
 */
static inline enum gw_err
step_inside(struct reader *r, enum gw_xp_event *event)
{
	for (;;) {
		enum gw_err err = step(r, event);
		if (err != GW_OK || *event != GW_XP_START ||
		    !is_token(r->x.name))
			return err;
		err = cut(r);
		if (err != GW_OK)
			return err;
	}
}

/* Skip the rest of the current element, except what must be cut. */
static enum gw_err
skip(struct reader *r)
{
	unsigned outer = r->level - 1;
	enum gw_xp_event event;

	while (r->level > outer) {
		enum gw_err err = step_inside(r, &event);
		if (err != GW_OK)
			return err;
	}
	return GW_OK;
}

/* A comment in a value splits it, and readers differ on what it is then. */
static enum gw_err
take_text(struct reader *r, struct value *v)
{
	struct gw_span text = gw_span_trim(r->x.text);

	if (text.len == 0)
		return GW_OK;
	if (v->there)
		return malformed(
		    r, offset_of(r, text), "a value in more than one piece");
	v->there = true;
	v->is_cdata = r->x.is_cdata;
	v->raw = text;
	return GW_OK;
}

/* The text of mcpttURI and its like, up to its end. */
static enum gw_err
read_child(struct reader *r, struct value *v)
{
	size_t at = r->x.at;
	struct value inner = { 0 };

	if (v->there)
		return malformed(r, at, "two values in one element");
	for (;;) {
		enum gw_xp_event event;
		enum gw_err err = step(r, &event);
		if (err == GW_OK && event == GW_XP_START)
			err = malformed(r, r->x.at, "an element in a value");
		else if (err == GW_OK && event == GW_XP_TEXT)
			err = take_text(r, &inner);
		if (err != GW_OK)
			return err;
		if (event == GW_XP_END)
			break;
	}
	v->there = true;
	v->is_cdata = inner.is_cdata;
	v->raw = inner.raw;
	return GW_OK;
}

/* An element in an element that has a value. */
static enum gw_err
read_inner(struct reader *r, enum kind kind, struct value *v)
{
	for (unsigned k = K_URI; k <= K_BOOLEAN; k++) {
		if (!is_named(r, r->service->value[k]))
			continue;
		if (k != (unsigned)kind)
			return malformed(
			    r, r->x.at, "a value of the wrong kind");
		return read_child(r, v);
	}
	if (gw_span_eq(r->x.name, GW_SPAN("EncryptedData")))
		v->encrypted = true;
	return skip(r);
}

/* The rest of the current element, as a value. */
static enum gw_err
read_value(struct reader *r, enum kind kind, struct value *v)
{
	unsigned outer = r->level - 1;
	const struct gw_xp_attr *type = gw_xp_attr(&r->x, "type");

	if (type != NULL && gw_span_eq(type->value, GW_SPAN("Encrypted")))
		v->encrypted = true;
	else if (type != NULL && !gw_span_eq(type->value, GW_SPAN("Normal")))
		return malformed(r, offset_of(r, type->value),
		    "type is neither Normal nor Encrypted");
	while (r->level > outer) {
		enum gw_xp_event event;
		enum gw_err err = step_inside(r, &event);
		if (err == GW_OK && event == GW_XP_START)
			err = read_inner(r, kind, v);
		else if (err == GW_OK && event == GW_XP_TEXT)
			err = take_text(r, v);
		if (err != GW_OK)
			return err;
	}
	return GW_OK;
}

static struct gw_span *
span_of(struct mcx_info *i, enum fact fact, bool **encrypted)
{
	switch ((int)fact) {
	case F_REQUEST_URI:
		*encrypted = &i->request_uri_encrypted;
		return &i->request_uri;
	case F_CALLING_USER:
		*encrypted = &i->calling_user_encrypted;
		return &i->calling_user;
	case F_CALLED_PARTY:
		*encrypted = &i->called_party_encrypted;
		return &i->called_party;
	case F_CALLING_GROUP:
		*encrypted = &i->calling_group_encrypted;
		return &i->calling_group;
	default: *encrypted = &i->any_encrypted; return &i->session_type;
	}
}

static bool *
flag_of(struct mcx_info *i, enum fact fact)
{
	switch ((int)fact) {
	case F_EMERGENCY: return &i->emergency;
	case F_ALERT: return &i->alert;
	case F_IMMINENT_PERIL: return &i->imminent_peril;
	default: return &i->broadcast;
	}
}

/* xs:boolean; an empty element says nothing. */
static bool
read_boolean(struct gw_span s, bool *out)
{
	*out = gw_span_eq(s, GW_SPAN("true")) || gw_span_eq(s, GW_SPAN("1"));
	return *out || s.len == 0 || gw_span_eq(s, GW_SPAN("false")) ||
	       gw_span_eq(s, GW_SPAN("0"));
}

static enum gw_err
store(struct reader *r, const struct element *e, const struct value *v)
{
	enum fact fact = (enum fact)e->fact;
	bool *encrypted, is_flag = e->kind == K_BOOLEAN;

	if (v->encrypted) {
		r->out->any_encrypted = true;
		if (!is_flag) {
			(void)span_of(r->out, fact, &encrypted);
			*encrypted = true;
		}
		return GW_OK;
	}
	if (is_flag)
		return read_boolean(v->raw, flag_of(r->out, fact)) ?
			   GW_OK :
			   malformed(r, offset_of(r, v->raw), "not a boolean");
	struct gw_span *to = span_of(r->out, fact, &encrypted);
	*to = v->raw;
	if (v->is_cdata || v->raw.len == 0)
		return GW_OK;
	enum gw_err err = gw_xp_unescape(r->arena, v->raw, to);
	if (err != GW_OK)
		*r->fault = (struct gw_fault){ offset_of(r, v->raw),
			err == GW_ENOMEM ? "out of memory" :
					   "a reference in a value" };
	return err;
}

static const struct element *
find_element(const struct reader *r, unsigned place)
{
	struct gw_span name = r->x.name, prefix = r->service->prefix, bare;

	if (!is_ours(r))
		return NULL;
	bare = gw_span_eq(gw_span_sub(name, 0, prefix.len), prefix) ?
		   gw_span_sub(name, prefix.len, name.len) :
		   (struct gw_span){ NULL, 0 };
	for (size_t i = 0; i < GW_COUNT(elements); i++)
		if ((elements[i].place & place) != 0 &&
		    gw_span_eq(
			elements[i].prefixed ? bare : name, elements[i].name))
			return &elements[i];
	return NULL;
}

static enum gw_err
skip_unknown(struct reader *r)
{
	if (r->out->n_unknown < UINT8_MAX)
		r->out->n_unknown++;
	return skip(r);
}

/* A child of the parameters, or of their anyExt; anyExt itself is left to
 * the caller. */
static enum gw_err
read_element(struct reader *r, unsigned place, bool *is_ext)
{
	const struct element *e = find_element(r, place);
	struct value v = { 0 };

	*is_ext = e != NULL && e->fact == F_ANY_EXT;
	if (e == NULL)
		return skip_unknown(r);
	if (e->fact != F_NONE && (r->seen & 1u << e->fact) != 0)
		return malformed(r, r->x.at, "the same element twice");
	r->seen |= 1u << e->fact;
	if (*is_ext)
		return GW_OK;
	if (e->fact == F_NONE)
		return skip(r);
	enum gw_err err = read_value(r, (enum kind)e->kind, &v);
	return err == GW_OK ? store(r, e, &v) : err;
}

/* The children of the parameters and of the anyExt among them. */
static enum gw_err
read_params(struct reader *r)
{
	unsigned outer = r->level - 1, ext = 0; /* the level of anyExt */

	while (r->level > outer) {
		enum gw_xp_event event;
		bool is_ext = false;
		enum gw_err err = step_inside(r, &event);
		if (err == GW_OK && event == GW_XP_START)
			err = read_element(
			    r, ext != 0 ? IN_EXT : IN_PARAMS, &is_ext);
		if (err != GW_OK)
			return err;
		if (is_ext)
			ext = r->level;
		else if (r->level < ext)
			ext = 0;
	}
	return GW_OK;
}

/* A child of the root. */
static enum gw_err
read_top(struct reader *r, bool *has_params)
{
	if (is_named(r, GW_SPAN("anyExt")))
		return skip(r);
	if (!is_named(r, r->service->params))
		return skip_unknown(r);
	if (*has_params)
		return malformed(r, r->x.at, "the same element twice");
	*has_params = true;
	return read_params(r);
}

/* The root's start tag has been read. */
static enum gw_err
read_root(struct reader *r)
{
	bool has_params = false;

	if (!gw_span_eq(r->x.name, r->service->root))
		return malformed(
		    r, r->x.at, "the root is not that of the media type");
	if (!gw_span_eq(r->x.ns, r->service->ns))
		return malformed(
		    r, r->x.at, "the namespace is not that of the media type");
	r->ns = r->x.ns;
	while (r->level > 0) {
		enum gw_xp_event event;
		enum gw_err err = step_inside(r, &event);
		if (err == GW_OK && event == GW_XP_START)
			err = read_top(r, &has_params);
		if (err != GW_OK)
			return err;
	}
	return GW_OK;
}

enum mcx_service
mcx_info_type(struct gw_span media_type)
{
	for (size_t i = MCX_MCPTT; i < GW_COUNT(services); i++)
		if (gw_span_ieq(media_type, services[i].media_type))
			return (enum mcx_service)i;
	return MCX_NONE;
}

const char *
mcx_service_name(enum mcx_service s)
{
	return services[s].name;
}

enum gw_err
mcx_info_read(struct gw_span doc, enum mcx_service service, struct gw_arena *a,
    struct mcx_info *out, struct gw_fault *fault)
{
	struct mcx_info info = { .service = service };
	struct reader r;
	enum gw_xp_event event;

	if (service == MCX_NONE) {
		*fault = (struct gw_fault){ 0, "not an info document" };
		return GW_EMALFORMED;
	}
	gw_xp_init(&r.x, doc);
	r.level = r.seen = 0;
	r.service = &services[service];
	r.ns = (struct gw_span){ NULL, 0 };
	r.arena = a;
	r.out = &info;
	r.fault = fault;
	for (bool in_root = false;;) {
		enum gw_err err = step(&r, &event);
		if (err == GW_OK && event == GW_XP_START && !in_root) {
			in_root = true;
			err = read_root(&r);
		}
		if (err != GW_OK)
			return err;
		if (event == GW_XP_EOF)
			break;
	}
	*out = info;
	return GW_OK;
}
