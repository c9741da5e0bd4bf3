/*
 * conf_load.c: from the document to the configuration.
 *
 * Where the schema already has objections the document is read once more
 * without it, so that one run shows mistakes of form and of meaning.
 */
#include "conf/conf.h"

#include <sys/un.h>
#include <unistd.h>

#include "conf/conf_addr.h"
#include "conf/conf_file.h"
#include "conf/conf_http.h"
#include "conf/conf_ids.h"
#include "conf/conf_index.h"
#include "conf/conf_listener.h"
#include "conf/conf_lookups.h"
#include "conf/conf_redirect.h"
#include "conf/conf_service.h"
#include "conf/conf_system.h"
#include "conf/conf_tls.h"
#include "mcxgw/log.h"

#define ARENA_CAP ((size_t)256 << 20)

/* What is asked of the children of the root. */
static const struct {
	const char *name;
	size_t least, most;
} children[] = {
	{ "run", 0, 1 },
	{ "log", 0, 1 },
	{ "redirect", 0, 1 },
	{ "tls", 0, CONF_TLS_MAX },
	{ "listener", 1, CONF_LISTENERS_MAX },
	{ "http-listener", 0, CONF_LISTENERS_MAX },
	{ "system", 1, CONF_SYSTEMS_MAX },
	{ "topology", 1, 1 },
	{ "policy", 1, 1 },
	{ "limits", 0, 1 },
	{ "lookups", 0, 1 },
	{ "admin", 0, 1 },
	{ "control", 0, 1 },
};

static void
check_children(struct conf_reader *r, const xmlNode *root)
{
	struct gw_where at = conf_set_where(r, root);

	for (size_t i = 0; i < GW_COUNT(children); i++) {
		const char *name = children[i].name;
		size_t n = conf_set_count(root, name);
		if (n < children[i].least)
			CONF_ERROR(
			    r, &at, MISSING, "there is no %s element", name);
		if (n <= 1 || children[i].most > 1) {
			conf_set_few(r, root, name, n, children[i].most);
			continue;
		}
		struct gw_where second = conf_set_where(
		    r, gw_xml_next(gw_xml_child(root, name), name));
		CONF_ERROR(r, &second, TWICE, "%s stands twice", name);
	}
}

static size_t
at_most(size_t n, size_t max)
{
	return n < max ? n : max;
}

/* Arrays for all elements, and their ids. */
static bool
make_room(struct conf_reader *r, const xmlNode *root)
{
	size_t n_tls = at_most(conf_set_count(root, "tls"), CONF_TLS_MAX);
	size_t n_listeners =
	    at_most(conf_set_count(root, "listener"), CONF_LISTENERS_MAX);
	size_t n_systems =
	    at_most(conf_set_count(root, "system"), CONF_SYSTEMS_MAX);

	if (!conf_ids_read(
		r, root, "tls", CONF_SET_TLS_ID, n_tls, &r->tls_ids) ||
	    !conf_ids_read(r, root, "listener", CONF_SET_LISTENER_ID,
		n_listeners, &r->listener_ids) ||
	    !conf_ids_read(r, root, "system", CONF_SET_SYSTEM_ID, n_systems,
		&r->system_ids))
		return false;
	r->tls = conf_set_alloc(r, n_tls, sizeof(*r->tls));
	r->tls_roles = conf_set_alloc(r, n_tls, 1);
	r->listeners = conf_set_alloc(r, n_listeners, sizeof(*r->listeners));
	r->systems = conf_set_alloc(r, n_systems, sizeof(*r->systems));
	r->bases = conf_set_alloc(r, n_systems, sizeof(*r->bases));
	return !r->no_memory && conf_http_make_room(r, root) &&
	       conf_service_make_room(r, root);
}

/* Indexes of what stands in the systems. */
static bool
make_indexes(struct conf_reader *r, const xmlNode *root)
{
	size_t domains = 0, identities = 0;

	for (const xmlNode *n = gw_xml_child(root, "system"); n != NULL;
	     n = gw_xml_next(n, "system")) {
		domains += conf_set_count(n, "domain");
		identities += conf_set_count(n, "identity");
	}
	r->by_domain = conf_index_new(r->a, domains);
	r->by_identity = conf_index_new(r->a, identities);
	if (r->by_domain == NULL || r->by_identity == NULL)
		r->no_memory = true;
	return !r->no_memory;
}

static void
read_limits(struct conf_reader *r, const xmlNode *n)
{
	struct conf_limits *l = &r->c->limits;

	l->message_max = conf_set_num(r, n, CONF_SET_MESSAGE);
	l->transactions = conf_set_num(r, n, CONF_SET_TRANSACTIONS);
	l->system_transactions = conf_set_num(r, n, CONF_SET_SYS_TRANSACTIONS);
	if (l->system_transactions == 0)
		l->system_transactions = l->transactions / 2;
	l->connections = conf_set_num(r, n, CONF_SET_CONNECTIONS);
	l->system_connections = conf_set_num(r, n, CONF_SET_SYS_CONNECTIONS);
	if (l->system_connections == 0)
		l->system_connections = l->connections / 2;
	l->idle_s = conf_set_num(r, n, CONF_SET_IDLE);
	l->message_s = conf_set_num(r, n, CONF_SET_MESSAGE_TIME);
	l->handshake_s = conf_set_num(r, n, CONF_SET_HANDSHAKE);
	l->t1_ms = conf_set_num(r, n, CONF_SET_T1);
	l->t2_ms = conf_set_num(r, n, CONF_SET_T2);
	l->t4_ms = conf_set_num(r, n, CONF_SET_T4);
	l->timer_c_s = conf_set_num(r, n, CONF_SET_TIMER_C);
	l->failover_ms = conf_set_num(r, n, CONF_SET_FAILOVER);
	l->hop_down_s = conf_set_num(r, n, CONF_SET_HOP_REST);
	l->drain_s = conf_set_num(r, n, CONF_SET_DRAIN);
	l->write_max = conf_set_num(r, n, CONF_SET_WRITE);
}

static void
check_limits(struct conf_reader *r, const xmlNode *n)
{
	const struct conf_limits *l = &r->c->limits;

	if (n == NULL)
		return;
	struct gw_where at = conf_set_where(r, n);
	if (l->system_transactions > l->transactions)
		CONF_ERROR(r, &at, LIMITS,
		    "system-transactions %u is more than transactions %u",
		    l->system_transactions, l->transactions);
	if (l->system_connections > l->connections)
		CONF_ERROR(r, &at, LIMITS,
		    "system-connections %u is more than connections %u",
		    l->system_connections, l->connections);
	if (l->t1_ms > l->t2_ms)
		CONF_ERROR(r, &at, LIMITS, "t1 %ums is more than t2 %ums",
		    l->t1_ms, l->t2_ms);
	if (l->failover_ms > 64 * l->t1_ms)
		CONF_ERROR(r, &at, LIMITS,
		    "failover %ums is more than 64 times t1, when the "
		    "transaction ends",
		    l->failover_ms);
	if (l->write_max < l->message_max)
		CONF_ERROR(r, &at, LIMITS,
		    "write-buffer %u is less than one message of %u",
		    l->write_max, l->message_max);
	if (l->timer_c_s <= 180) /* RFC 3261, 16.6, step 11 */
		CONF_WARN(r, &at, LIMITS,
		    "timer-c %us is not more than 3 minutes", l->timer_c_s);
}

static void
read_admin(struct conf_reader *r, const xmlNode *n)
{
	struct conf *c = r->c;

	if (n == NULL)
		return;
	struct gw_where at = conf_set_where(r, n);
	const char *text = conf_set_text(r, n, CONF_SET_ADMIN_ADDRESS);
	uint32_t port = conf_set_num(r, n, CONF_SET_ADMIN_PORT);
	if (text == NULL)
		text = conf_settings[CONF_SET_ADMIN_ADDRESS].value;
	c->admin_on = true;
	if (!conf_addr_parse(gw_span_of(text), &c->admin) || c->admin.port != 0)
		gw_diag_error(r->d, &at, conf_codes[CONF_E_ADDRESS].code,
		    conf_settings[CONF_SET_ADMIN_ADDRESS].want,
		    "admin address=\"%s\" is not an IP address alone", text);
	else if (!conf_addr_is_loopback(&c->admin))
		CONF_ERROR(r, &at, ADMIN_LOOPBACK,
		    "admin address=\"%s\" is not loopback", text);
	c->admin.port = (uint16_t)port;
	if (port != 0 && conf_listener_on(r, CONF_TCP, &c->admin))
		CONF_ERROR(r, &at, LISTENER_TWICE,
		    "admin port %u collides with a listener", port);
}

static void
read_control(struct conf_reader *r, const xmlNode *n)
{
	const struct sockaddr_un *un = NULL;

	if (n == NULL)
		return;
	struct gw_where at = conf_set_where(r, n);
	const char *path = conf_set_text(r, n, CONF_SET_CONTROL_SOCKET);
	if (path == NULL)
		return;
	r->c->control_socket = path;
	if (strlen(path) >= sizeof(un->sun_path)) {
		CONF_ERROR(r, &at, CONTROL_PATH,
		    "control socket \"%s\" has %zu octets", path, strlen(path));
		return;
	}
	const char *slash = strrchr(path, '/');
	if (slash == NULL || slash == path)
		return;
	const char *folder = conf_set_copy(r,
	    (struct gw_span){ (const uint8_t *)path, (size_t)(slash - path) });
	if (folder != NULL && access(folder, F_OK) != 0)
		CONF_WARN(r, &at, CONTROL_FOLDER,
		    "control socket \"%s\": its folder does not exist", path);
}

static int
log_level(struct conf_reader *r, const xmlNode *n)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };

	for (int i = 0; i < (int)GW_COUNT(names); i++)
		if (conf_set_is(r, n, CONF_SET_LOG_LEVEL, names[i]))
			return i;
	return GW_LOG_INFO;
}

static void
read_files(struct conf_reader *r, const xmlNode *root)
{
	const xmlNode *topology = gw_xml_child(root, "topology");
	const xmlNode *policy = gw_xml_child(root, "policy");
	struct conf *c = r->c;

	if (topology != NULL) {
		struct gw_where at = conf_set_where(r, topology);
		c->token_keys =
		    conf_set_text(r, topology, CONF_SET_TOPOLOGY_KEYS);
		conf_file_secret(r, &at, "token keys", c->token_keys);
	}
	if (policy == NULL)
		return;
	struct gw_where at = conf_set_where(r, policy);
	c->policy_file = conf_set_text(r, policy, CONF_SET_POLICY_FILE);
	c->agreements_dir =
	    conf_set_text(r, policy, CONF_SET_POLICY_AGREEMENTS);
	conf_file_check(r, &at, "policy", c->policy_file);
	conf_file_folder(r, &at, "agreements", c->agreements_dir);
}

/* Move what was read to the configuration. */
static void
publish(struct conf_reader *r)
{
	struct conf *c = r->c;

	c->n_tls = r->tls_ids.n;
	c->tls = r->tls;
	c->n_listeners = r->listener_ids.n;
	c->listeners = r->listeners;
	c->n_systems = r->system_ids.n;
	c->systems = r->systems;
	c->policy_systems = r->bases;
	c->n_hops = r->n_hops;
	c->n_http_listeners = r->n_https;
	c->http_listeners = r->https;
	c->n_services = r->n_services;
	c->services = r->service_at;
	c->n_endpoints = r->n_endpoints;
	c->endpoints = r->endpoint_at;
	c->by_id = r->system_ids.index;
	c->by_identity = r->by_identity;
}

static void
read_root(struct conf_reader *r, const xmlNode *root)
{
	struct conf *c = r->c;

	check_children(r, root);
	if (!make_room(r, root) || !make_indexes(r, root))
		return;
	c->name = conf_set_text(r, root, CONF_SET_NAME);
	c->workers =
	    conf_set_num(r, gw_xml_child(root, "run"), CONF_SET_WORKERS);
	c->log_level = log_level(r, gw_xml_child(root, "log"));
	read_limits(r, gw_xml_child(root, "limits"));
	check_limits(r, gw_xml_child(root, "limits"));
	conf_listener_read_tls(r, root);
	conf_lookups_read(r, gw_xml_child(root, "lookups"));
	conf_listener_read(r, root);
	conf_http_read(r, root);
	conf_system_read(r, root);
	conf_listener_check(r);
	conf_service_check(r);
	for (uint16_t i = 0; i < r->tls_ids.n; i++)
		conf_tls_check(r, i);
	conf_redirect_read(r, root);
	read_files(r, root);
	read_admin(r, gw_xml_child(root, "admin"));
	read_control(r, gw_xml_child(root, "control"));
	publish(r);
}

/* A configuration with nothing in it but its name. */
static bool
start(struct conf_reader *r, const char *path)
{
	const char *slash = strrchr(path, '/');

	if ((r->a = gw_arena_new(ARENA_CAP)) == NULL ||
	    (r->c = gw_arena_alloc(r->a, 1, sizeof(*r->c))) == NULL)
		return false;
	r->c->arena = r->a;
	r->c->path = conf_set_copy(r, gw_span_of(path));
	size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	r->dir =
	    conf_set_copy(r, (struct gw_span){ (const uint8_t *)path, len });
	return !r->no_memory;
}

static struct conf *
load(const struct gw_xml_source *src, const char *schema_dir, struct gw_now now,
    struct gw_diag *d)
{
	struct conf_reader r = { .d = d, .wall_us = now.wall_us };
	struct gw_where at = { src->path, 0 };
	size_t errors = gw_diag_errors(d);
	struct conf *c = NULL;

	xmlDoc *doc = gw_xml_open(src, schema_dir, "mcxgw.xsd", d);
	if (doc == NULL)
		return NULL;
	if (!start(&r, src->path))
		r.no_memory = true;
	else if (strcmp(gw_xml_name(gw_xml_root(doc)), "mcxgw") == 0)
		read_root(&r, gw_xml_root(doc));
	if (r.no_memory || !gw_xml_ok(doc))
		CONF_ERROR(&r, &at, MEMORY, "out of memory");
	if (gw_diag_errors(d) == errors)
		c = r.c;
	else if (r.c != NULL)
		conf_free(r.c);
	else
		gw_arena_free(r.a);
	gw_xml_free(doc);
	return c;
}

struct conf *
conf_load(const char *path, const char *schema_dir, struct gw_diag *d)
{
	return conf_load_at(path, schema_dir, gw_now_read(), d);
}

struct conf *
conf_load_at(const char *path, const char *schema_dir, struct gw_now now,
    struct gw_diag *d)
{
	struct gw_xml_source src = { path, NULL };

	return load(&src, schema_dir, now, d);
}

struct conf *
conf_parse(struct gw_span text, const char *name, const char *schema_dir,
    struct gw_now now, struct gw_diag *d)
{
	struct gw_xml_source src = { name, &text };

	return load(&src, schema_dir, now, d);
}

void
conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	conf_service_wipe(c);
	gw_arena_free(c->arena);
}
