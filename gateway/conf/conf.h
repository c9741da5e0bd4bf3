/*
 * conf.h: mcxgw.xml as values: systems, listeners, TLS material, keys,
 * limits, admin.
 *
 * Immutable after loading; part of the snapshot.  Strings are
 * NUL-terminated and live in the conf's arena.  File names in the document
 * are relative to the document's folder; here they are complete.
 */
#ifndef CONF_H
#define CONF_H

#include "mcxgw/clock.h"
#include "mcxgw/diag.h"
#include "policy/policy.h"

#define CONF_SYSTEMS_MAX   20000
#define CONF_LISTENERS_MAX 256
#define CONF_HOPS_MAX	   16 /* next hops of one system */
#define CONF_REACH_MAX	   64 /* address ranges of one system */
#define CONF_NAMES_MAX	   1024 /* domains, identities, users of one system */
#define CONF_TLS_MAX	   4096
#define CONF_AUTHORS_MAX   64 /* of redirect responses of one system */
#define CONF_ENDPOINTS_MAX 16 /* of one service */
#define CONF_KMS_MAX	   16 /* KMSs of one system */
#define CONF_ADDR_TEXT	   64

enum conf_transport { CONF_UDP, CONF_TCP, CONF_TLS, CONF_TRANSPORT_N };

/* An IP address and port, in network-neutral form. */
struct conf_addr {
	uint8_t ip[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
};

/* Certificate, key and trust for one role toward some peers. */
struct conf_tls {
	const char *id;
	const char *certificate, *key; /* PEM files; chain in certificate */
	const char *ca; /* PEM file of trust anchors */
	const char *crl; /* PEM file, or NULL */
	bool tls13_only;
	struct gw_where at;
};

struct conf_listener {
	const char *id;
	enum conf_transport transport;
	struct conf_addr addr;
	/* Shown in Via, Record-Route and Contact: "gw.alpha.example:5061". */
	const char *advertise; /* host[:port] as it is written */
	uint16_t system; /* plain links: who is behind it; TLS: may be
	                               GW_SYSTEM_NONE, the certificate decides */
	uint16_t tls; /* index, UINT16_MAX for none */
	struct gw_where at;
};

struct conf_hop {
	enum conf_transport transport;
	struct conf_addr addr;
	const char *text; /* "127.0.0.1:5080", for logs */
	uint16_t priority; /* lower first */
	uint16_t weight;
	uint16_t listener; /* whose address and name we use toward it */
	uint16_t tcp_listener; /* for UDP messages that grow too large, or
	                         UINT16_MAX */
	uint32_t udp_limit; /* octets; larger goes over TCP (18.1.1) */
	uint16_t tls; /* index, UINT16_MAX for none */
	const char *tls_name; /* identity the peer must show; NULL: any of the
	                         system's identities */
	uint32_t options_s; /* OPTIONS every so many seconds; 0: never */
	uint32_t id; /* unique in the conf: index over all hops */
};

struct conf_reach {
	uint8_t ip[16];
	uint8_t prefix; /* bits of 128 */
	uint16_t port_from, port_to;
};

/* Redirect responses that come from, or go to, one system. */
struct conf_krr {
	const char *dialect; /* id, "3gpp" by default */
	const char *ca, *crl; /* NULL: signatures of this system cannot be
	                         verified */
	/* Hosts of which an author's certificate must name one: those that are
	 * written, else the system's TLS identities.  With ca at least one and
	 * at most CONF_AUTHORS_MAX. */
	size_t n_authors;
	const char *const *authors;
	struct gw_where at; /* the system, if there is no element */
};

struct conf_system {
	struct gw_system base;
	struct gw_where at;
	size_t n_hops;
	const struct conf_hop *hops; /* by priority */
	size_t n_reach;
	const struct conf_reach *reach; /* hops are part of it anyway */
	uint16_t warn_code; /* 179 */
	bool understands_krr;
	struct conf_krr krr;
	const struct conf_service *lookup; /* its lookup service, or NULL */
	size_t n_kms; /* its KMSs that can be reached */
	const struct conf_service *const *kms;
	uint32_t max_transactions; /* of this system at once; 0: the default */
	uint32_t max_connections;
};

/* Redirect responses that the gateway itself writes. */
struct conf_redirect {
	const char *author; /* URI; "sip:" and the gateway's name by default */
	const char *certificate, *key; /* PEM files, P-256; both or neither */
	const char *dialects; /* folder, or NULL */
	struct gw_where at; /* the document's root, if there is no element */
};

/* A listener for lookups and KMS traffic over HTTP. */
struct conf_http_listener {
	const char *id;
	struct conf_addr addr;
	const char *authority; /* host[:port] that askers may use; else its
	                          address and the gateway's name */
	uint16_t system; /* plain: who is behind it; TLS: may be
	                    GW_SYSTEM_NONE, the certificate decides */
	uint16_t tls; /* index, UINT16_MAX: plain, and then loopback only */
	struct gw_where at;
};

/* One address of a service over HTTP. */
struct conf_endpoint {
	struct conf_addr addr;
	const char *text; /* "127.0.0.1:8443", for logs */
	uint16_t tls; /* index, UINT16_MAX: plain */
	const char *tls_name; /* identity it must show; NULL: any of the
	                         system's */
	uint16_t priority; /* lower first */
	uint16_t weight;
	uint32_t id; /* unique in the conf: index over all endpoints */
	uint32_t service; /* id of its service */
	struct gw_where at;
};

/* What a system offers over HTTP: a lookup service, or a KMS whose
 * certificates and uploads may cross. */
struct conf_service {
	bool is_kms; /* <kms>, else <lookup> */
	const char
	    *adapter; /* of a <lookup>: "static" or as gw_lookup_adapter()
	                        knows it; of a <kms>: "kms" */
	const char
	    *kms; /* KMS URI of the service, lower case; NULL: not told */
	const char *authority; /* host[:port] it is addressed as */
	const char *prefix; /* of paths; "" or "/x/y" */
	const char *file; /* static: the table */
	const char *token_file; /* bearer token that we ask with; or NULL */
	const char *token; /* what it holds; secret */
	uint32_t deadline_ms; /* of one question */
	uint32_t watch_s; /* <kms>: fetch its certificate so often; 0: never */
	uint16_t system; /* whose it is */
	size_t n_endpoints; /* 0 for static; at most CONF_ENDPOINTS_MAX */
	const struct conf_endpoint *endpoints; /* by priority */
	uint32_t id; /* unique in the conf: index over all services */
	struct gw_where at;
};

/* Lookups: the cache of each worker, and what askers get. */
struct conf_lookups {
	uint32_t cache; /* users that one worker remembers */
	uint32_t ttl_s, ttl_max_s; /* an answer that tells no time; the longest
	                              that is believed */
	uint32_t negative_s; /* how long "no such user" is remembered */
	uint32_t waiting; /* requests of one worker that wait for answers */
	uint32_t down_s; /* a service that failed is left alone so long */
	uint32_t failures; /* in a row, until it counts as failed */
	uint32_t none_after_ms; /* "nothing to tell" leaves so long after the
	                           question, known user or not */
	uint32_t asks; /* per second of one asking system; 0: no limit */
	/* of connections */
	uint32_t streams; /* at once on one connection */
	uint32_t idle_s, request_s; /* silent; from first octet to a whole
	                               request */
	uint32_t http_connections; /* per worker */
};

/* Limits and times; the unit is in the name. */
struct conf_limits {
	uint32_t message_max; /* octets of one SIP message */
	uint32_t transactions; /* open at once, per worker */
	uint32_t system_transactions; /* of one system, over all workers */
	uint32_t connections; /* per worker */
	uint32_t system_connections;
	uint32_t idle_s; /* a silent connection is closed */
	uint32_t message_s; /* from first octet to the whole message */
	uint32_t handshake_s;
	uint32_t t1_ms, t2_ms, t4_ms, timer_c_s; /* RFC 3261 17 */
	uint32_t failover_ms; /* no answer from a hop: try the next */
	uint32_t hop_down_s; /* a failed hop rests so long */
	uint32_t drain_s; /* longest drain at SIGTERM */
	uint32_t write_max; /* octets waiting on one connection */
};

struct conf_index;

struct conf {
	struct gw_arena *arena;
	const char *path;
	const char *name; /* host the gateway calls itself in Warning */
	unsigned workers; /* 0: one per core */
	size_t n_systems;
	const struct conf_system *systems;
	const struct gw_system *policy_systems; /* the same, for policy */
	size_t n_listeners;
	const struct conf_listener *listeners;
	size_t n_tls;
	const struct conf_tls *tls;
	size_t n_hops; /* of all systems */
	const char *token_keys; /* file */
	const char *policy_file, *agreements_dir;
	bool admin_on;
	struct conf_addr admin; /* loopback only */
	const char *control_socket; /* NULL: none */
	int log_level; /* enum gw_log_level */
	struct conf_redirect redirect;
	size_t n_http_listeners;
	const struct conf_http_listener *http_listeners;
	size_t n_services, n_endpoints; /* of all systems, by id */
	const struct conf_service *const *services;
	const struct conf_endpoint *const *endpoints;
	struct conf_lookups lookups;
	struct conf_limits limits;
	const struct conf_index *by_id, *by_identity; /* private */
};

/**
 * Load and check the file at path against schema_dir/mcxgw.xsd.  Every
 * mistake goes to d; NULL if there was an error.
 */
struct conf *
conf_load(const char *path, const char *schema_dir, struct gw_diag *d);
/** The same as it is at now: certificates and revocation lists lapse. */
struct conf *conf_load_at(const char *path, const char *schema_dir,
    struct gw_now now, struct gw_diag *d);
/** The same for a document in memory; name stands for the file, and names of
 * other files are relative to its folder. */
struct conf *conf_parse(struct gw_span text, const char *name,
    const char *schema_dir, struct gw_now now, struct gw_diag *d);
void conf_free(struct conf *c);

/** Is the address inside what the system may be reached at: one of its next
 * hops or its reach? */
bool
conf_system_reaches(const struct conf_system *s, const struct conf_addr *addr);

/** The system that may show this TLS identity (without case), or
 * GW_SYSTEM_NONE.  Cost does not depend on the number of systems. */
uint16_t conf_system_by_identity(const struct conf *c, struct gw_span name);
uint16_t conf_system_by_id(const struct conf *c, struct gw_span id);

/** Read "127.0.0.1:5060", "[::1]:5060" or an address alone (port 0). */
bool conf_addr_parse(struct gw_span text, struct conf_addr *out);
/** Write it the same way with a NUL. */
void conf_addr_text(const struct conf_addr *a, char out[CONF_ADDR_TEXT]);

/** "udp", "tcp", "tls". */
const char *conf_transport_name(enum conf_transport t);

#endif
