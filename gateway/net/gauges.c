/*
 * gauges.c: see gauges.h.
 */
#include "net/gauges.h"

#include <stdio.h>
#include <unistd.h>

#define DAY_US INT64_C(86400000000)

static void
head(struct gw_buf *out, const char *name, const char *kind, const char *help)
{
	gw_buf_fmt(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void
one(struct gw_buf *out, const char *name, const char *kind, const char *help,
    uint64_t value)
{
	head(out, name, kind, help);
	gw_buf_fmt(out, "%s %llu\n", name, (unsigned long long)value);
}

/* A label value: backslash, quote and line end are escaped. */
static void
label(struct gw_buf *out, const char *name, const char *value)
{
	gw_buf_fmt(out, "%s=\"", name);
	for (const char *c = value; *c != '\0'; c++) {
		if (*c == '\\' || *c == '"')
			gw_buf_text(out, "\\");
		if (*c == '\n')
			gw_buf_text(out, "\\n");
		else
			gw_buf_add(
			    out, (struct gw_span){ (const uint8_t *)c, 1 });
	}
	gw_buf_text(out, "\"");
}

static void
certificates(const struct snapshot *s, struct gw_now now, struct gw_buf *out)
{
	const struct netset *set = netset_of(s);
	static const char name[] = "mcxgw_certificate_expiry_days";

	head(out, name, "gauge",
	    "Days until the gateway's own certificate expires");
	for (size_t i = 0; i < set->n_tls; i++) {
		int64_t left = set->tls[i].expires_us - now.wall_us;
		gw_buf_fmt(out, "%s{", name);
		label(out, "tls", s->conf->tls[i].id);
		gw_buf_fmt(out, "} %.2f\n", (double)left / (double)DAY_US);
	}
}

static void
hops(const struct snapshot *s, struct gw_now now, struct gw_buf *out)
{
	const struct netset *set = netset_of(s);
	static const char name[] = "mcxgw_next_hop_up";
	size_t up = 0;

	head(out, name, "gauge", "Is the next hop believed to be usable");
	for (size_t i = 0; i < set->n_hops; i++) {
		const struct netset_hop *h = &set->hops[i];
		bool is_up = health_is_up(s->health, (uint32_t)i, now.mono_us);
		up += is_up;
		if (i >= GAUGES_HOPS_MAX)
			continue;
		gw_buf_fmt(out, "%s{", name);
		label(out, "system", s->conf->systems[h->system].base.id);
		gw_buf_text(out, ",");
		label(out, "address", h->hop->text);
		gw_buf_text(out, ",");
		label(out, "transport", conf_transport_name(h->hop->transport));
		gw_buf_fmt(out, "} %d\n", is_up ? 1 : 0);
	}
	one(out, "mcxgw_next_hops", "gauge", "Next hops that are configured",
	    set->n_hops);
	one(out, "mcxgw_next_hops_up", "gauge",
	    "Next hops that are believed to be usable", up);
}

static void
redirects_of(struct gw_buf *out, const char *name, const char *what,
    const char *value, const struct meter *m)
{
	for (unsigned i = 0; i < METER_TRIGGERS; i++) {
		uint64_t n = atomic_load_explicit(
		    &m->redirects[i], memory_order_relaxed);
		gw_buf_fmt(out, "%s{", name);
		label(out, what, value);
		gw_buf_fmt(out, ",trigger=\"%c\"} %llu\n", (char)('A' + i),
		    (unsigned long long)n);
	}
}

static void
redirects(const struct snapshot *s, struct gw_buf *out)
{
	static const char of_systems[] = "mcxgw_system_redirects_total";
	static const char of_domains[] = "mcxgw_domain_redirects_total";
	const struct meters *m = s->meters;

	head(out, of_systems, "counter",
	    "Redirects that the gateway decided, by the caller's system");
	for (size_t i = 0; i < m->n_systems && i < GAUGES_SYSTEMS_MAX; i++)
		redirects_of(out, of_systems, "system",
		    s->conf->systems[i].base.id, m->systems[i]);
	head(out, of_domains, "counter",
	    "Redirects that the gateway decided, by the refused domain");
	for (size_t i = 0; i < m->n_domains && i < GAUGES_DOMAINS_MAX; i++)
		redirects_of(out, of_domains, "domain",
		    policy_domain_at(s->policy, i)->kms, m->domains[i]);
	redirects_of(out, of_domains, "domain", "", m->domains[m->n_domains]);
}

/* Resident octets of the process; 0 where /proc is not there. */
static uint64_t
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	char line[128];
	struct gw_span text = { NULL, 0 };
	uint64_t pages = 0;
	long page = sysconf(_SC_PAGESIZE);

	if (f == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) != NULL)
		text = gw_span_of(line);
	size_t from = gw_span_find(text, 0, ' ') + 1;
	size_t to = gw_span_find(text, from, ' ');
	if (to > from && gw_span_to_u64(gw_span_sub(text, from, to - from),
			     UINT32_MAX, &pages) != GW_OK)
		pages = 0;
	(void)fclose(f);
	return page > 0 ? pages * (uint64_t)page : 0;
}

void
gauges_text(const struct snapshot *s, struct worker *const *workers, unsigned n,
    bool draining, struct gw_now now, struct gw_buf *out)
{
	const struct metrics *all[2 * CORE_WORKERS_MAX];
	uint64_t lost = 0;

	for (unsigned i = 0; i < n; i++) {
		all[2 * i] = core_metrics(workers[i]->core);
		all[2 * i + 1] = &workers[i]->metrics;
		lost += atomic_load(&workers[i]->lost_posts);
	}
	metrics_text(all, 2 * (size_t)n, out);
	one(out, "mcxgw_lost_posts_total", "counter",
	    "Messages for another worker that its mailbox had no room for",
	    lost);
	one(out, "mcxgw_generation", "gauge",
	    "Generation of the settings in force", s->generation);
	one(out, "mcxgw_workers", "gauge", "Worker threads", n);
	one(out, "mcxgw_draining", "gauge", "No new dialogs are taken",
	    draining);
	one(out, "mcxgw_resident_bytes", "gauge",
	    "Memory of the process that is resident", resident());
	certificates(s, now, out);
	hops(s, now, out);
	redirects(s, out);
}
